"""Patients who are one person: whom a key stands for, now and as known at a moment.

A merge says that two keys are one person's. It moves no entry and changes no key: the
episodes of the one are counted and shown with those of the other, and it can be taken
back. Both streams say so. Whoever was merged stands under one survivor, never two deep.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, Select, bindparam, func, select, update

from sitrack.journey.entries import MERGED, UNMERGED, Entry
from sitrack.journey.patient import EpisodeKey, patient_stream
from sitrack.record import codec, tables
from sitrack.record.journal import Work, load_stream

_PEOPLE: Final = tables.patient.c
_OWNER: Final = select(func.coalesce(_PEOPLE.merged_into, _PEOPLE.key)).where(
    _PEOPLE.key == bindparam("of")
)
_OTHERS: Final = (
    select(_PEOPLE.key)
    .where(_PEOPLE.merged_into == bindparam("of"))
    .order_by(_PEOPLE.number)
)
_SAYS: Final = (
    select(tables.entry.c.seq)
    .where(
        tables.entry.c.stream == bindparam("stream"),
        tables.entry.c.kind.in_((MERGED, UNMERGED)),
    )
    .limit(1)
)


def owner(connection: Connection, key: str) -> str:
    """Return the key under which a person is cared for now: their own, or a survivor's."""
    found: str | None = connection.execute(_OWNER, {"of": key}).scalar()
    return found or key


def others(connection: Connection, key: str) -> list[str]:
    """Return the keys that were merged into this one."""
    return [str(name) for name in connection.execute(_OTHERS, {"of": key}).scalars()]


# --- what the entries say


def owner_told(
    connection: Connection, key: str, as_known: dt.datetime | None = None
) -> str:
    """Return the same by the entries, as known at a moment."""
    into = key
    for said, is_merge in _links(connection, key, as_known):
        if said["from"] == key:
            into = said["into"] if is_merge else key
    return into


def keys_told(
    connection: Connection, key: str, as_known: dt.datetime | None = None
) -> frozenset[str]:
    """Return every key of a person by the entries, as known at a moment."""
    survivor = owner_told(connection, key, as_known)
    keys = {survivor}
    for said, is_merge in _links(connection, survivor, as_known):
        if said["into"] == survivor:
            (keys.add if is_merge else keys.discard)(said["from"])
    return frozenset(keys)


def _links(
    connection: Connection, key: str, as_known: dt.datetime | None
) -> Iterator[tuple[dict[str, str], bool]]:
    """What a patient's stream says of merges: (from and into, whether it is one)."""
    stream = patient_stream(key)
    query: Select[tuple[int]] = _SAYS
    if as_known is not None:
        query = query.where(tables.entry.c.recorded <= codec.instant_text(as_known))
    if connection.execute(query, {"stream": stream}).first() is None:
        return  # as most people's: nothing has to be read
    for entry in load_stream(connection, stream, as_known):
        if entry.kind in {MERGED, UNMERGED} and entry.payload:
            yield dict(entry.payload), entry.kind == MERGED


def last_merge(connection: Connection, key: str) -> Entry | None:
    """Return the entry by which somebody was merged, if it still holds."""
    if owner_told(connection, key) == key:
        return None
    entries = load_stream(connection, patient_stream(key))
    return [e for e in entries if e.kind == MERGED and _is_from(e, key)][-1]


def _is_from(entry: Entry, key: str) -> bool:
    return (entry.payload or {}).get("from") == key


# --- keeping it


def merge(work: Work, key: str, into: str) -> None:
    """Keep that a person is cared for under another key."""
    _stand(work, key, into)
    _follow(work, tables.episode.c.patient == key, into)


def unmerge(work: Work, key: str) -> None:
    """Keep that a person is cared for under their own key again."""
    _stand(work, key, None)
    # An episode's own key says whose it was from the beginning.
    _follow(work, tables.episode.c.key.startswith(f"{key}-", autoescape=True), key)


def follow(connection: Connection, key: EpisodeKey) -> None:
    """Write down whose an episode is, where the copy says otherwise than the entries."""
    episodes = tables.episode
    patient = owner_told(connection, key.patient)
    statement = update(episodes).where(
        episodes.c.key == str(key), episodes.c.patient != patient
    )
    connection.execute(statement.values(patient=patient))


def _stand(work: Work, key: str, into: str | None) -> None:
    statement = update(tables.patient).where(tables.patient.c.key == key)
    work.connection.execute(statement.values(merged_into=into))


def _follow(work: Work, which: object, into: str) -> None:
    statement = update(tables.episode).where(which)  # type: ignore[arg-type]
    work.connection.execute(statement.values(patient=into))
