"""Erases by law: what was written of a patient goes, and that it was there stays.

The contents of the patient's entries are deleted with their salts, and the name with
them; the entries, their hashes and their order stand, and an entry says that, why and
by whom it was done. Without the salt no guess at a content can be tried.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from sitrack.errors import Unavailable
from sitrack.journey.entries import Draft, Entry, Provenance
from sitrack.journey.patient import patient_stream
from sitrack.record import appending, tables
from sitrack.record.connection import file_of, translated
from sitrack.record.erasure import ERASED
from sitrack.record.journal import Work
from sitrack.record.ledger import Ledger

_TRIES: Final = 40


def erase(
    work: Work, key: str, who: Provenance, said: dict[str, Any]
) -> tuple[Entry, int]:
    """Delete every content of a patient's streams; return (entry, how many went).

    Args:
        work: the transaction; nothing stands unless it ends well.
        key: the patient.
        who: who does it.
        said: why, and who asked for it.
    """
    if work.connection.dialect.name == "sqlite":
        # What is deleted is overwritten, and not only forgotten.
        work.connection.exec_driver_sql("PRAGMA secure_delete=ON")
    query = select(tables.stream.c.stream, tables.stream.c.seq).where(
        (tables.stream.c.stream == patient_stream(key))
        | tables.stream.c.stream.startswith(f"episode/{key}-")
    )
    streams = {row.stream: row.seq for row in work.connection.execute(query)}
    up_to = [{"stream": name, "up_to": last} for name, last in sorted(streams.items())]
    payload = {**said, "streams": up_to}
    entry = work.append(
        patient_stream(key), Draft(ERASED, work.today, who, payload=payload)
    )
    gone = 0
    for stream, last in streams.items():
        gone += _delete_contents(work.connection, stream, last)
    _forget_person(work, key)
    return entry, gone


def _delete_contents(connection: Connection, stream: str, last: int) -> int:
    if connection.dialect.name == "postgresql":
        return appending.erase(connection, stream, last)
    contents = tables.payload.c
    statement = delete(tables.payload).where(
        contents.stream == stream, contents.seq <= last
    )
    return connection.execute(statement).rowcount


def _forget_person(work: Work, key: str) -> None:
    """The name, and every address that is nobody else's."""
    points, stops = tables.contact_point.c, tables.opt_out.c
    mine = select(points.channel, points.address).where(points.patient == key)
    for channel, address in work.connection.execute(mine).all():
        shared = select(points.id).where(
            points.channel == channel, points.address == address, points.patient != key
        )
        if work.connection.execute(shared).first() is None:
            work.connection.execute(
                delete(tables.opt_out).where(
                    stops.channel == channel, stops.address == address
                )
            )
    work.connection.execute(delete(tables.contact_point).where(points.patient == key))
    nobody = {"given": "", "family": "", "born": None, "mrn": None, "payer": None}
    statement = update(tables.patient).where(tables.patient.c.key == key)
    work.connection.execute(statement.values(**nobody, zone=None))


def sweep(ledger: Ledger) -> None:
    """Leave no byte of what was deleted in the database's own files.

    A file is written anew, and its log is emptied; on a server the tables are.

    Raises:
        Unavailable: somebody holds the file open; what was deleted is in its log. Or
            this login of a server may not sweep.
    """
    path = file_of(ledger.url)
    if path is None:
        _sweep_server(ledger)
        return
    with closing(sqlite3.connect(path, isolation_level=None, timeout=15)) as run:
        run.execute("PRAGMA secure_delete=ON")
        for _ in range(_TRIES):
            try:
                run.execute("VACUUM")
                busy, _, _ = run.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.OperationalError:
                busy = 1
            if not busy:
                return
            time.sleep(0.25)
    raise Unavailable(
        "it is erased, and others hold the file open: its log still holds the bytes",
        "when nobody works, type the same command again",
    )


def _sweep_server(ledger: Ledger) -> None:
    """Write the tables anew; a server that does not let this login do so only warns."""
    warnings: list[str] = []
    with translated(), ledger.engine(write=True).connect() as connection:
        plain = connection.execution_options(isolation_level="AUTOCOMMIT")
        driver: Any = plain.connection.dbapi_connection

        def note(said: Any) -> None:
            warnings.append(str(said.sqlstate))

        driver.add_notice_handler(note)
        try:
            for name in tables.ERASED_FROM:
                plain.exec_driver_sql(f"VACUUM FULL {name}")
        finally:
            driver.remove_notice_handler(note)
    if warnings:
        raise Unavailable(
            "it is erased, and this login may not sweep the bytes away",
            f"as the owner: VACUUM FULL {', '.join(tables.ERASED_FROM)}",
        )
