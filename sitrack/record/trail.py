"""The trail: what was written, by whom and when, of any span; for auditors.

It shows headers alone: keys, codes, times and hashes, and never what was written.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, false, or_, select, tuple_

from sitrack.errors import BadInput, NotFound, repeated
from sitrack.journey.entries import CORRECTED, RETRACTED
from sitrack.journey.patient import patient_stream
from sitrack.record import codec, tables

COLUMNS: Final = (
    "recorded",
    "stream",
    "seq",
    "entry_id",
    "kind",
    "stage_from",
    "stage_to",
    "occurred",
    "performer",
    "recorder",
    "source",
    "protocol",
    "corrects",
    "batch",
    "commitment",
    "previous",
    "hash",
)
"""What an entry's header says: by each of them a trail can be sorted."""

GROUPS: Final = {"corrections": (CORRECTED, RETRACTED), "exports": ("exported",)}
"""Words for several kinds at once."""

_ORDER: Final = ("recorded", "stream", "seq")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in which entries were written; None leaves an end open.

    Attributes:
        since: from this instant on.
        until: up to this instant, and with it.
    """

    since: dt.datetime | None = None
    until: dt.datetime | None = None

    def holds(self) -> list[ColumnElement[bool]]:
        """Return the conditions on an entry."""
        recorded = tables.entry.c.recorded
        found = []
        if self.since is not None:
            found.append(recorded >= codec.instant_text(self.since))
        if self.until is not None:
            found.append(recorded <= codec.instant_text(self.until))
        return found


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries a trail shows.

    Attributes:
        span: when they were written.
        key: of this patient, or this episode; None for everybody.
        who: by this person, as performer or recorder.
        kinds: of one of these kinds, or words of `GROUPS`; empty for all.
        stage: changes into or out of this stage.
        more: further entries (stream, number) that are about the key.
    """

    span: Span = Span()
    key: str | None = None
    who: str | None = None
    kinds: Sequence[str] = ()
    stage: str | None = None
    more: Sequence[tuple[str, int]] = ()


def trail(
    connection: Connection,
    wanted: Wanted,
    sort: str = "recorded",
    *,
    reverse: bool = False,
) -> list[dict[str, Any]]:
    """Return the headers of every entry that is wanted, in an order.

    Raises:
        BadInput: nothing can be sorted by that, or no entry is of that kind.
        NotFound: nobody of that name ever wrote anything.
    """
    if sort not in COLUMNS:
        near = difflib.get_close_matches(sort, COLUMNS, n=2)
        hint = (
            f"did you mean {' or '.join(near)}?"
            if near
            else f"one of {', '.join(COLUMNS)}"
        )
        raise BadInput(f"a trail has no column {repeated(sort, 'of that name')}", hint)
    entries = tables.entry.c
    query = (
        select(*(entries[name] for name in COLUMNS))
        .where(*wanted.span.holds(), *_conditions(wanted))
        .order_by(*(entries[name] for name in _ORDER))
    )
    rows = [_plain(dict(row)) for row in connection.execute(query).mappings()]
    if not rows:
        _refuse_unknown(connection, wanted)
    return sorted(rows, key=lambda row: _rank(row[sort]), reverse=reverse)


def _rank(value: Any) -> tuple[bool, Any]:
    """What is missing stands first."""
    return value is not None, value


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    hashes = ("commitment", "previous", "hash")
    return row | {name: bytes(row[name]).hex() for name in hashes}


def _conditions(wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    entries = tables.entry.c
    if wanted.key is not None:
        yield or_(of_key(wanted.key), _among(wanted.more))
    if wanted.who is not None:
        yield or_(entries.performer == wanted.who, entries.recorder == wanted.who)
    if wanted.kinds:
        yield entries.kind.in_(_kinds(wanted.kinds))
    if wanted.stage is not None:
        yield or_(entries.stage_from == wanted.stage, entries.stage_to == wanted.stage)


def of_key(key: str) -> ColumnElement[bool]:
    """Return the condition on an entry to stand on a patient, or on an episode."""
    stream, heads = tables.entry.c.stream, tables.stream.c.stream
    if "-" in key:
        return stream == f"episode/{key}"
    # By the heads, and not by the copies: an auditor asks the record itself.
    episodes = select(heads).where(heads.startswith(f"episode/{key}-"))
    return or_(stream == patient_stream(key), stream.in_(episodes))


def _among(more: Sequence[tuple[str, int]]) -> ColumnElement[bool]:
    entries = tables.entry.c
    return tuple_(entries.stream, entries.seq).in_(more) if more else false()


def _kinds(words: Sequence[str]) -> list[str]:
    return [kind for word in words for kind in GROUPS.get(word, (word,))]


def _refuse_unknown(connection: Connection, wanted: Wanted) -> None:
    """An empty answer is no answer where the question was misspelt."""
    entries = tables.entry.c
    if wanted.who is not None:
        by = or_(entries.performer == wanted.who, entries.recorder == wanted.who)
        on_list = select(tables.staff.c.id).where(tables.staff.c.id == wanted.who)
        ever = select(entries.seq).where(by).limit(1)
        if not (
            connection.execute(on_list).first() or connection.execute(ever).first()
        ):
            raise NotFound(
                "nobody of that name ever wrote anything", "sitrack staff list"
            )
    unknown = set(wanted.kinds) - set(GROUPS)
    if unknown:
        known = set(connection.execute(select(entries.kind).distinct()).scalars())
        known |= set(GROUPS)
        for word in sorted(unknown - known):
            near = difflib.get_close_matches(word, sorted(known), n=3, cutoff=0.4)
            raise BadInput(
                f"no entry is of the kind {repeated(word, 'that was named')}",
                f"did you mean {' or '.join(near)}?" if near else "sitrack audit trail",
            )
