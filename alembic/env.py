"""Runs migrations in the transaction that sitrack hands over.

`sitrack db upgrade` passes its connection; `alembic` on a developer's command line
opens the database of the settings instead.
"""

from alembic import context
from sqlalchemy import Connection

from sitrack.record.tables import metadata


def run(connection: Connection) -> None:
    """Run what was asked for, on one connection, in one transaction."""
    context.configure(
        connection=connection, target_metadata=metadata, transactional_ddl=True
    )
    with context.begin_transaction():
        context.run_migrations()


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    run(handed_over)
else:
    import os

    from sitrack import settings
    from sitrack.record.connection import engine_for, read_url

    url = settings.load({}, os.environ)["database_url"]
    engine = engine_for(read_url(url), write=True, migrates=True)
    with engine.begin() as connection:
        run(connection)
