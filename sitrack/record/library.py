"""Protocol texts by content hash: what every episode is pinned to, kept for ever."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, insert, select

from sitrack.errors import NotFound, Unavailable
from sitrack.pathway.loading import load
from sitrack.pathway.protocol import Protocol
from sitrack.record import codec, tables
from sitrack.record.journal import Work

_PINNED = select(tables.protocol.c.text).where(
    tables.protocol.c.hash == bindparam("of")
)


def adopt(work: Work, protocol: Protocol) -> None:
    """Keep a protocol; episodes opened from now on are pinned to it."""
    row = {
        "hash": protocol.hash,
        "id": protocol.id,
        "text": protocol.text,
        "adopted": codec.instant_text(work.now),
    }
    work.connection.execute(insert(tables.protocol), row)


def pinned(connection: Connection, content_hash: str) -> Protocol:
    """Return the protocol of that content hash.

    Raises:
        NotFound: the record does not hold it.
        Unavailable: its text is not what it was when it was adopted.
    """
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


def all_adopted(connection: Connection) -> list[tuple[str, str, str]]:
    """Return (id, content hash, adopted) of every protocol kept, latest first."""
    query = select(
        tables.protocol.c.id, tables.protocol.c.hash, tables.protocol.c.adopted
    ).order_by(tables.protocol.c.adopted.desc())
    return [(row.id, row.hash, row.adopted) for row in connection.execute(query)]
