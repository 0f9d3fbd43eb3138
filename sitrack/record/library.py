"""Protocol texts by content hash: what every episode is pinned to, kept for ever."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, insert, select

from sitrack.errors import NotFound, Unavailable
from sitrack.pathway.loading import load
from sitrack.pathway.protocol import Protocol
from sitrack.record import codec, tables
from sitrack.record.journal import Work

_PINNED = select(tables.protocol.c.text).where(
    tables.protocol.c.hash == bindparam("of")
)


def adopt(work: Work, protocol: Protocol, adopted: dt.datetime) -> None:
    """Keep a protocol; episodes opened from now on are pinned to it.

    Args:
        work: the open transaction.
        protocol: the one.
        adopted: the instant of the entry that says so.
    """
    row = {
        "hash": protocol.hash,
        "id": protocol.id,
        "text": protocol.text,
        "adopted": codec.instant_text(adopted),
    }
    work.connection.execute(insert(tables.protocol), row)


def pinned(connection: Connection, content_hash: str) -> Protocol:
    """Return the protocol of that content hash, read once on each connection.

    Raises:
        NotFound: the record does not hold it.
        Unavailable: its text is not what it was when it was adopted.
    """
    known: dict[str, Protocol] = connection.info.setdefault("protocols", {})
    if content_hash not in known:
        known[content_hash] = _read(connection, content_hash)
    return known[content_hash]


def read_anew(connection: Connection) -> None:
    """Forget the protocols that were read, for a check of what stands there now."""
    connection.info.pop("protocols", None)


def _read(connection: Connection, content_hash: str) -> Protocol:
    text = connection.execute(_PINNED, {"of": content_hash}).scalar()
    if text is None:
        raise NotFound("the record does not hold the protocol of that episode")
    protocol = load(text)
    if protocol.hash != content_hash:
        raise Unavailable(
            "the protocol of that episode was changed in the database",
            "sitrack audit verify",
        )
    return protocol


def current(connection: Connection) -> Protocol:
    """Return the protocol that was adopted last."""
    query = (
        select(tables.protocol.c.hash)
        .order_by(tables.protocol.c.adopted.desc(), tables.protocol.c.hash)
        .limit(1)
    )
    latest = connection.execute(query).scalar()
    if latest is None:
        raise NotFound("the record holds no protocol", "sitrack db status")
    return pinned(connection, latest)


@dataclass(frozen=True, slots=True)
class Adopted:
    """A protocol that the record keeps.

    Attributes:
        id: its name.
        hash: its content hash.
        adopted: the instant of its adoption, as the record keeps it; None where it
            is shipped and was not adopted.
        running: how many episodes that are not finished are pinned to it.
    """

    id: str
    hash: str
    adopted: str | None
    running: int


def all_adopted(connection: Connection) -> list[Adopted]:
    """Return every protocol kept, latest first."""
    query = select(
        tables.protocol.c.id, tables.protocol.c.hash, tables.protocol.c.adopted
    ).order_by(tables.protocol.c.adopted.desc(), tables.protocol.c.hash)
    counts = (
        select(tables.episode.c.protocol, func.count())
        .where(tables.episode.c.status != "finished")
        .group_by(tables.episode.c.protocol)
    )
    running = {row[0]: row[1] for row in connection.execute(counts)}
    return [
        Adopted(row.id, row.hash, row.adopted, running.get(row.hash, 0))
        for row in connection.execute(query)
    ]


@dataclass(frozen=True, slots=True)
class Running:
    """An episode that is not finished.

    Attributes:
        key: its name.
        protocol: the content hash of the protocol it is pinned to.
        alert: why it needs somebody before anything else, or None.
    """

    key: str
    protocol: str
    alert: str | None


def running(connection: Connection, key: str | None = None) -> list[Running]:
    """Return every episode that is not finished, by key, or the one of that key."""
    columns = tables.episode.c
    query = (
        select(columns.key, columns.protocol, columns.alert)
        .where(columns.status != "finished")
        .order_by(columns.key)
    )
    if key is not None:
        query = query.where(columns.key == key)
    return [Running(*row) for row in connection.execute(query)]
