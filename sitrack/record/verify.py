"""Does the record prove itself? Chains, payloads, heads, replay and standing.

Reads one consistent state, stream by stream, with flat memory. It names the first
bad entry of each stream; what stands before it can still be trusted. A chain shows a
change to anybody who holds an earlier hash of it, such as the receipt of a write.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, func, select

from sitrack.errors import SitrackError
from sitrack.journey.agenda import agenda
from sitrack.journey.entries import PAYER_SET, Entry
from sitrack.journey.episode import fold
from sitrack.journey.patient import EpisodeKey, patient_stream
from sitrack.record import (
    chain,
    codec,
    corrections,
    history,
    library,
    replay,
    standing,
    tables,
)
from sitrack.record.faults import Fault, Report
from sitrack.record.journal import Ledger, present_instant
from sitrack.record.origins import origin_faults, orphans

_AHEAD: Final = dt.timedelta(minutes=5)
"""How far a record may be ahead of this clock before that is a finding."""


def verify(
    connection: Connection, ledger: Ledger, tell: Callable[[int], None]
) -> Report:
    """Check the whole record.

    Args:
        connection: a transaction that reads one consistent state.
        ledger: the record.
        tell: called with the number of entries checked, every stream.
    """
    report = Report(0, 0, 0, [])
    heads = _heads(connection)
    now = _latest_possible(connection, ledger)
    for stream, entries in _streams(connection):
        report.streams += 1
        report.entries += len(entries)
        head = heads.pop(stream, None)
        found = list(_chain_faults(ledger, stream, entries, now))
        found = found or list(_head_faults(stream, entries, head))
        if stream.startswith("episode/"):
            report.episodes += 1
            found = found or list(_episode_faults(connection, ledger, stream, entries))
        elif stream.startswith("patient/"):
            found += _missing_episodes(connection, entries, stream)
            found = found or list(_payer_faults(connection, ledger, stream, entries))
        report.faults += found
        tell(report.entries)
    for stream in heads:
        report.faults.append(
            Fault("STREAM_MISSING", stream, None, "its entries are gone")
        )
    report.faults += _standing_without_stream(connection)
    report.faults += _payers_without_entry(connection)
    report.faults += origin_faults(connection)
    report.faults += orphans(connection)
    return report


def _latest_possible(connection: Connection, ledger: Ledger) -> dt.datetime:
    """The present, or for a synthetic ledger the time it was walked to."""
    now = max(present_instant(connection, ledger), ledger.clock())
    if ledger.synthetic and not ledger.injected:
        last = connection.execute(select(func.max(tables.entry.c.recorded))).scalar()
        with contextlib.suppress(TypeError, ValueError):
            now = max(now, codec.read_instant(str(last)))
    return now


def stream_fault(
    connection: Connection, ledger: Ledger, stream: str
) -> tuple[int, Fault | None]:
    """Return the last number of one stream, and the first fault of its chain."""
    now = _latest_possible(connection, ledger)
    found = list(_streams(connection, stream))
    rows = found[0][1] if found else []
    head = _heads(connection, stream).get(stream)
    faults = list(_chain_faults(ledger, stream, rows, now))
    if rows and not faults:
        faults = list(_head_faults(stream, rows, head))
    return (rows[-1]["seq"] if rows else 0), (faults[0] if faults else None)


def count_entries(connection: Connection) -> int:
    """Return how many entries the record holds."""
    total = connection.execute(select(tables.stream.c.seq)).scalars()
    return sum(total)


def _heads(
    connection: Connection, stream: str | None = None
) -> dict[str, tuple[int, bytes]]:
    query = select(tables.stream)
    if stream is not None:
        query = query.where(tables.stream.c.stream == stream)
    rows = connection.execute(query)
    return {row.stream: (row.seq, bytes(row.hash)) for row in rows}


def _streams(
    connection: Connection, only: str | None = None
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The raw rows, stream by stream: what cannot be decoded is a finding too."""
    query = (
        select(
            tables.entry,
            tables.payload.c.salt,
            tables.payload.c.body,
        )
        .outerjoin(
            tables.payload,
            (tables.payload.c.stream == tables.entry.c.stream)
            & (tables.payload.c.seq == tables.entry.c.seq),
        )
        .order_by(tables.entry.c.stream, tables.entry.c.seq)
    )
    if only is not None:
        query = query.where(tables.entry.c.stream == only)
    result = connection.execute(query, execution_options={"yield_per": 1000}).mappings()
    for stream, rows in itertools.groupby(result, key=lambda row: row["stream"]):
        yield str(stream), [dict(row) for row in rows]


def _chain_faults(
    ledger: Ledger, stream: str, rows: Sequence[dict[str, Any]], now: dt.datetime
) -> Iterator[Fault]:
    """The first entry of a stream that does not follow from the one before."""
    previous = chain.genesis(ledger.ledger_id, stream)
    recorded = ""
    for number, row in enumerate(rows, start=1):
        try:
            fault = _entry_fault(ledger, row, number, previous, recorded, now)
        except (ValueError, TypeError):
            fault = "INTEGRITY", "it cannot be read as text"
        if fault is not None:
            yield Fault(fault[0], stream, number, fault[1])
            return
        previous, recorded = bytes(row["hash"]), row["recorded"]


def _entry_fault(
    ledger: Ledger,
    row: dict[str, Any],
    number: int,
    previous: bytes,
    recorded: str,
    now: dt.datetime,
) -> tuple[str, str] | None:
    if row["seq"] != number:
        return "SEQ", f"number {row['seq']} stands where {number} should"
    if bytes(row["previous"]) != previous:
        return "LINK", "it is not chained to the entry before it"
    header = codec.header_of(ledger.ledger_id, row)
    if chain.entry_hash(previous, header) != bytes(row["hash"]):
        return "HASH", "its header was changed"
    if row["recorded"] <= recorded:
        return "CLOCK", "it was written before the entry before it"
    return _time_fault(ledger, row, now) or _payload_fault(row)


def _time_fault(
    ledger: Ledger, row: dict[str, Any], now: dt.datetime
) -> tuple[str, str] | None:
    try:
        written = codec.read_instant(row["recorded"])
        happened = codec.read_occurred(row["occurred"])
        if written > now + _AHEAD:
            return "FUTURE", "it was written in the future"
        if _after(happened, written, ledger):
            return "FUTURE", "it happened after it was written"
    except (ValueError, TypeError, OverflowError):
        return "INTEGRITY", "its times cannot be read"
    return None


def _payload_fault(row: dict[str, Any]) -> tuple[str, str] | None:
    if row["body"] is None:
        return "PAYLOAD_MISSING", "its content is gone"
    bound = chain.commitment(bytes(row["salt"]), row["body"].encode())
    if bound != bytes(row["commitment"]):
        return "PAYLOAD", "its content was changed"
    return None


def _after(
    happened: dt.date | dt.datetime, written: dt.datetime, ledger: Ledger
) -> bool:
    if isinstance(happened, dt.datetime):
        return happened > written
    return happened > written.astimezone(ledger.zone).date()


def _head_faults(
    stream: str, rows: Sequence[dict[str, Any]], head: tuple[int, bytes] | None
) -> Iterator[Fault]:
    last = (rows[-1]["seq"], bytes(rows[-1]["hash"]))
    if head != last:
        seen = "the head of the stream is not its last entry"
        yield Fault("HEAD", stream, rows[-1]["seq"], seen)


def _missing_episodes(
    connection: Connection, rows: Iterable[dict[str, Any]], stream: str
) -> list[Fault]:
    """Every episode that a patient's stream mentions has a stream of its own."""
    faults = []
    for row in rows:
        key = _mentioned(row)
        if key is None:
            continue
        query = select(tables.stream.c.seq).where(
            tables.stream.c.stream == f"episode/{key}"
        )
        if connection.execute(query).scalar() is None:
            seen = f"the stream of {key} is gone"
            faults.append(Fault("STREAM_MISSING", stream, row["seq"], seen))
    return faults


def _mentioned(row: dict[str, Any]) -> str | None:
    """The episode that an entry of a patient's stream says was opened."""
    if row["kind"] != "episode-opened" or row["body"] is None:
        return None
    try:
        return str(json.loads(row["body"])["episode"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return None  # its content was changed, which its commitment has shown


def _payer_faults(
    connection: Connection, ledger: Ledger, stream: str, rows: Sequence[dict[str, Any]]
) -> Iterator[Fault]:
    """Who pays for a patient is whom the patient's entries name last."""
    if all(row["kind"] != PAYER_SET for row in rows):
        return
    try:
        entries = [codec.entry_of(row) for row in rows]
        said = history.payer_told(entries, ledger.zone, dt.date.max)
    except _NO_JOURNEY:
        yield Fault("INTEGRITY", stream, None, "its entries cannot be read")
        return
    key = stream.removeprefix("patient/")
    query = select(tables.patient.c.payer).where(tables.patient.c.key == key)
    if connection.execute(query).scalar() != said:
        yield Fault("STANDING", stream, None, "the payer does not follow from them")


def _payers_without_entry(connection: Connection) -> list[Fault]:
    """Payers that no entry set."""
    people, entries = tables.patient, tables.entry
    was_set = (
        select(entries.c.seq)
        .where(
            entries.c.stream == "patient/" + people.c.key,
            entries.c.kind == PAYER_SET,
        )
        .exists()
    )
    query = select(people.c.key).where(people.c.payer.is_not(None), ~was_set)
    return [
        Fault("STANDING", patient_stream(key), None, "no entry says who pays")
        for key in connection.execute(query).scalars()
    ]


# --- what the entries of an episode tell


def _episode_faults(
    connection: Connection, ledger: Ledger, stream: str, rows: Sequence[dict[str, Any]]
) -> Iterator[Fault]:
    try:
        key = history.key_of_stream(stream)
        entries = [codec.entry_of(row) for row in rows]
        wrong = replay.first_wrong(connection, ledger, key, entries)
        if wrong is not None:
            yield Fault("REPLAY", stream, *wrong)
        wrong = corrections.first_wrong(connection, ledger, entries)
        if wrong is not None:
            yield Fault("CORRECTS", stream, *wrong)
        yield from _copy_faults(connection, ledger, key, entries)
    except _NO_JOURNEY:
        yield Fault("INTEGRITY", stream, None, "its entries tell no journey")


_NO_JOURNEY: Final = (
    SitrackError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What content can raise that is well-formed, and yet makes no sense."""


# --- the copies: standing, spans and agenda follow from the entries


def _copy_faults(
    connection: Connection, ledger: Ledger, key: EpisodeKey, entries: list[Entry]
) -> Iterator[Fault]:
    episode = fold(key, entries, ledger.zone)
    episode = history.told(connection, ledger, episode, entries)
    wanted = {
        "episode": [standing.standing_row(episode)],
        "stage_span": standing.span_rows(episode),
        "agenda": [
            _without_steps(standing.agenda_row(str(key), line))
            for line in agenda(episode, library.pinned(connection, episode.protocol))
        ],
    }
    for table in (tables.episode, tables.stage_span, tables.agenda):
        column = table.c.key if table is tables.episode else table.c.episode
        query = select(table).where(column == str(key))
        rows = [
            _without_steps(dict(row)) for row in connection.execute(query).mappings()
        ]
        if _sorted(rows) != _sorted(wanted[table.name]):
            seen = f"{table.name} does not follow from the entries"
            yield Fault("STANDING", key.stream, None, seen)


def _without_steps(row: dict[str, Any]) -> dict[str, Any]:
    """An agenda row without the reminder step it has reached, which no entry tells."""
    return {name: row[name] for name in row if name not in {"step", "step_on"}}


def _sorted(rows: list[dict[str, Any]]) -> list[list[tuple[str, str]]]:
    return sorted([sorted((k, str(v)) for k, v in row.items()) for row in rows])


def _standing_without_stream(connection: Connection) -> list[Fault]:
    """Copies that no stream stands behind."""
    streams = {
        name.removeprefix("episode/")
        for name in connection.execute(select(tables.stream.c.stream)).scalars()
        if name.startswith("episode/")
    }
    keys = connection.execute(select(tables.episode.c.key)).scalars()
    patients = {
        name.removeprefix("patient/")
        for name in connection.execute(select(tables.stream.c.stream)).scalars()
        if name.startswith("patient/")
    }
    people = connection.execute(select(tables.patient.c.key)).scalars()
    return [
        Fault("STREAM_MISSING", f"episode/{key}", None, "an episode without entries")
        for key in keys
        if key not in streams
    ] + [
        Fault("STREAM_MISSING", patient_stream(key), None, "a patient without entries")
        for key in people
        if key not in patients
    ]
