"""What the record stands on: the database library, the server, and the clock.

It asks, and changes nothing. What cannot be found out is None, and never "fine".
"""

from __future__ import annotations

import ctypes
import datetime as dt
import sqlite3
from typing import Final

from sqlalchemy import Connection

from sitrack.clock import machine_clock
from sitrack.record import adrift, codec
from sitrack.record.ledger import Ledger, real_instant

_WAL_RESET: Final = ((3, 7, 0), (3, 51, 2))
"""The first and the last version of SQLite in which two processes that write at the
same moment can damage a write-ahead log."""

_SAFE: Final = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
"""What a server needs lest it lose what it acknowledged."""

_TIME_ERROR: Final = 5
"""What the kernel answers where its clock is not held to any other."""


def library_version() -> tuple[int, int, int]:
    """Return the version of the SQLite library that this Python uses."""
    return sqlite3.sqlite_version_info


def may_damage_its_log(version: tuple[int, int, int]) -> bool:
    """Whether a version of SQLite has the fault of the reset log."""
    first, last = _WAL_RESET
    return first <= version <= last


def unsafe_settings(connection: Connection) -> list[str]:
    """Return the settings of a server by which it may lose what it acknowledged."""
    found = []
    for name, needed in _SAFE.items():
        value = connection.exec_driver_sql(f"SHOW {name}").scalar_one()
        safer = name == "synchronous_commit" and value.startswith("remote_")
        if value != needed and not safer:
            found.append(name)
    return found


def standby_names(connection: Connection) -> str:
    """Return the standbys that a server waits for; none is an empty text."""
    query = "SHOW synchronous_standby_names"
    found: str = connection.exec_driver_sql(query).scalar_one()
    return found


def apart(connection: Connection) -> dt.timedelta:
    """Return how far the database's clock is from this machine's."""
    before = machine_clock()
    told = real_instant(connection)
    after = machine_clock()
    return max(before - told, told - after, dt.timedelta(0))


def ahead_of_the_clock(connection: Connection, ledger: Ledger) -> dt.timedelta:
    """Return by how much the newest entry is later than now: a clock went back."""
    newest = adrift.newest_entry(connection)
    if newest is None or ledger.injected:
        return dt.timedelta(0)
    return max(codec.read_instant(newest) - real_instant(connection), dt.timedelta(0))


def is_synchronised() -> bool | None:
    """Whether the kernel holds its clock to another one; None where it does not say."""
    try:
        # Room for the kernel's answer; of zeros, the question changes nothing.
        answer: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    except (AttributeError, OSError, TypeError):
        return None
    return None if answer < 0 else answer != _TIME_ERROR
