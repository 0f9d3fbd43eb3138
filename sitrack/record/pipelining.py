"""Sends several writes in one journey to the server.

Each statement is a journey there and back, and an advance is mostly journeys. Writes
that nobody asks anything of need not wait for one another: they are sent together, and
the server carries them out in their order, in the same transaction.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError


@contextlib.contextmanager
def in_one_journey(connection: Connection) -> Iterator[None]:
    """Send what the block writes together; a file has no journeys, and is as ever.

    So it is where the driver's library is older than journeys of several statements.

    Only for writes that return no rows: how many rows each was about is not known in
    the block either. All of them are done when it ends.

    Raises:
        DBAPIError: the server refused one of them, as without the block.
    """
    psycopg: Any = connection.dialect.loaded_dbapi
    if connection.dialect.name != "postgresql" or not psycopg.Pipeline.is_supported():
        yield
        return
    driver: Any = connection.connection.driver_connection
    try:
        with driver.pipeline():
            yield
    except psycopg.Error as error:
        # What comes back at the end of the block passes SQLAlchemy by.
        raise DBAPIError.instance(
            None,
            None,
            error,
            psycopg.Error,
            hide_parameters=True,
            dialect=connection.dialect,
        ) from error
