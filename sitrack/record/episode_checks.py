"""Replays every episode: decisions, amendments, and the copies that follow from them.

Episodes are loaded one by one, so that memory stays flat. What content can raise that
is well-formed, and yet makes no sense, is a finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, Table, bindparam, select, text

from sitrack.journey.agenda import agenda
from sitrack.journey.entries import Entry
from sitrack.journey.folding import fold
from sitrack.journey.patient import EpisodeKey
from sitrack.record import (
    agenda_lines,
    corrections,
    history,
    library,
    persons,
    replay,
    standing,
    tables,
)
from sitrack.record.erasure import Erased
from sitrack.record.faults import Fault
from sitrack.record.journal import load_stream
from sitrack.record.ledger import Ledger

_EPISODES: Final = """
SELECT stream, max(seq) FROM entry WHERE stream LIKE 'episode/%'
GROUP BY stream ORDER BY stream
"""
_PIECES: Final = {"yield_per": 500}


def _copy_of(table: Table, key: str) -> tuple[list[str], Select[Any]]:
    """The columns of a copy that entries tell, and the query for those of an episode.

    Which step a reminder has reached, no entry tells.
    """
    told = [each for each in table.columns if each.name not in {"step", "step_on"}]
    query = select(*told).where(table.c[key] == bindparam("key"))
    return [each.name for each in told], query


_COPIES: Final = {
    "episode": _copy_of(tables.episode, "key"),
    "stage_span": _copy_of(tables.stage_span, "episode"),
    "agenda": _copy_of(tables.agenda, "episode"),
}


def episodes(connection: Connection) -> Iterator[tuple[str, int]]:
    """Every episode's stream, and its last number."""
    rows = connection.execute(text(_EPISODES), execution_options=_PIECES)
    return ((str(row[0]), row[1]) for row in rows)


def episode_faults(
    connection: Connection, ledger: Ledger, stream: str, erased: Erased
) -> Iterator[Fault]:
    """What does not follow in one episode whose chain holds."""
    if erased.covers(stream, 1):
        return  # what it was decided by is gone, by law
    try:
        key = history.key_of_stream(stream)
        entries = load_stream(connection, stream)
        wrong = replay.first_wrong(connection, ledger, key, entries)
        if wrong is not None:
            yield Fault("REPLAY", stream, *wrong)
        wrong = corrections.first_wrong(connection, ledger, entries)
        if wrong is not None:
            yield Fault("CORRECTS", stream, *wrong)
        yield from _copy_faults(connection, ledger, key, entries)
    except Exception:  # noqa: BLE001 - whatever it is, the entries gave rise to it
        yield Fault("INTEGRITY", stream, None, "its entries tell no journey")


# --- the copies: standing, spans and agenda follow from the entries


def _copy_faults(
    connection: Connection, ledger: Ledger, key: EpisodeKey, entries: Sequence[Entry]
) -> Iterator[Fault]:
    episode = fold(key, entries, ledger.zone)
    episode = history.told(connection, ledger, episode, entries)
    patient = persons.owner_told(connection, key.patient)
    wanted = {
        "episode": [{**standing.standing_row(episode), "patient": patient}],
        "stage_span": standing.span_rows(episode),
        "agenda": [
            agenda_lines.agenda_row(str(key), line)
            for line in agenda(episode, library.pinned(connection, episode.protocol))
        ],
    }
    for table, (names, query) in _COPIES.items():
        there = sorted(
            tuple(map(str, row)) for row in connection.execute(query, {"key": str(key)})
        )
        if there != sorted(_spelled(row, names) for row in wanted[table]):
            seen = f"{table} does not follow from the entries"
            yield Fault("STANDING", key.stream, None, seen)


def _spelled(row: dict[str, Any], names: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in names)
