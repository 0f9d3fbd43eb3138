"""Which keys the record says it is sealed by: entries of the `office` stream.

`key-made` names a key and the size of the log after which it signs; `key-rotated`
also names the key before it, and holds that one's signature. What stands there is
told to auditors, and compared with what they brought along; it is never believed.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from sitrack.errors import NotFound, NotPermitted
from sitrack.journey.entries import Draft, Entry, Provenance
from sitrack.record import tables
from sitrack.record.journal import Work
from sitrack.record.keys import Rotation, Signer, Trusted, statement
from sitrack.record.notes import NotANote, PublicKey, read_key

KEY_MADE: Final = "key-made"
KEY_ROTATED: Final = "key-rotated"
SEALED: Final = "sealed"
OFFICE: Final = "office"


@dataclass(frozen=True, slots=True)
class Registered:
    """One key as the record tells it.

    Attributes:
        trusted: the key, and the heads it may sign.
        since: when it was written down.
        rotation: what its predecessor signed; None for a key that has none.
    """

    trusted: Trusted
    since: dt.datetime
    rotation: Rotation | None


def registered(connection: Connection) -> list[Registered]:
    """Return the keys that the record tells of, in their order; what is none is left out."""
    query = (
        select(tables.entry.c.kind, tables.entry.c.recorded, tables.payload.c.body)
        .join(
            tables.payload,
            (tables.payload.c.stream == tables.entry.c.stream)
            & (tables.payload.c.seq == tables.entry.c.seq),
        )
        .where(
            tables.entry.c.stream == OFFICE,
            tables.entry.c.kind.in_((KEY_MADE, KEY_ROTATED)),
        )
        .order_by(tables.entry.c.seq)
    )
    found: list[Registered] = []
    for kind, recorded, body in connection.execute(query):
        try:
            told = _told(kind, json.loads(body), dt.datetime.fromisoformat(recorded))
        except (NotANote, ValueError, LookupError, TypeError, AttributeError):
            continue
        if found:
            last = found[-1]
            ended = Trusted(last.trusted.key, last.trusted.after, told.trusted.after)
            found[-1] = Registered(ended, last.since, last.rotation)
        found.append(told)
    return found


def _told(kind: str, body: Mapping[str, Any], since: dt.datetime) -> Registered:
    key, after = read_key(body["key"]), int(body["after"])
    rotation = None
    if kind == KEY_ROTATED:
        signature = base64.b64decode(body["signature"])
        rotation = Rotation(read_key(body["old"]), key, after, signature)
    return Registered(Trusted(key, after), since, rotation)


def last_announced(connection: Connection) -> tuple[int, int | None] | None:
    """Return (number, entry) of the last seal that `office` announces.

    (0, None) where it announces none; None where the announcement cannot be read.
    """
    query = (
        select(tables.payload.c.seq, tables.payload.c.body)
        .join(
            tables.entry,
            (tables.payload.c.stream == tables.entry.c.stream)
            & (tables.payload.c.seq == tables.entry.c.seq),
        )
        .where(tables.entry.c.stream == OFFICE, tables.entry.c.kind == SEALED)
        .order_by(tables.entry.c.seq.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return 0, None
    try:
        return int(json.loads(row.body)["number"]), row.seq
    except (ValueError, LookupError, TypeError):
        return None


def rotations(connection: Connection) -> list[Rotation]:
    """Return what old keys signed of those that followed them, in their order."""
    return [each.rotation for each in registered(connection) if each.rotation]


def current(connection: Connection) -> PublicKey | None:
    """Return the key that seals now, as the record tells it; None where none does."""
    known = registered(connection)
    return known[-1].trusted.key if known else None


def write_made(work: Work, key: PublicKey, size: int, who: Provenance) -> Entry:
    """Write down that this key signs the heads of more than `size` leaves."""
    payload = {"key": str(key), "after": size}
    return work.append(OFFICE, Draft(KEY_MADE, work.now, who, payload=payload))


def write_rotated(
    work: Work, old: Signer, new: PublicKey, size: int, who: Provenance
) -> Entry:
    """Write down that the old key hands over to the new one.

    Raises:
        NotFound: there is no key yet.
        NotPermitted: the old key is not the one that seals now.
    """
    refuse_other(work.connection, old.public)
    signature = old.sign(statement(old.public, new, size))
    payload = {
        "key": str(new),
        "after": size,
        "old": str(old.public),
        "signature": base64.b64encode(signature).decode(),
    }
    return work.append(OFFICE, Draft(KEY_ROTATED, work.now, who, payload=payload))


def refuse_none(connection: Connection) -> None:
    """Refuse a record for which no key was ever made.

    Raises:
        NotFound: it has none.
    """
    if current(connection) is None:
        raise NotFound("this record has no key yet", "sitrack audit key make")


def refuse_other(connection: Connection, key: PublicKey) -> None:
    """Refuse a key that the record does not know as the one that seals now.

    Raises:
        NotFound: there is none yet.
        NotPermitted: it is another.
    """
    refuse_none(connection)
    if current(connection) != key:
        raise NotPermitted(
            "that is not the key by which this record is sealed",
            "see which one is: sitrack audit key show",
        )
