"""Steps of the clock, written down in `office`: they explain the times of the record.

`recorded` never goes back within a stream, so that a clock that was set back leaves
entries a microsecond apart and later than they were. Whoever writes notices that; so
does `reminder watch`, which also sees a clock that jumps ahead. A clock that was handed
in (on a synthetic ledger) does not step.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Final

from sqlalchemy import select

from sitrack.journey.entries import Draft, Provenance
from sitrack.record import codec, tables
from sitrack.record.journal import Work, new_batch, writing
from sitrack.record.ledger import Ledger

CLOCK_STEPPED: Final = "clock-stepped"
STEP: Final = dt.timedelta(seconds=5)
"""How far a clock moves before that is a step, and no mere adjustment."""

_OFFICE: Final = "office"


def note_behind(work: Work) -> None:
    """Write down that the clock is behind what was written, where nothing says so yet.

    The entry is a command of its own: taking back what was written leaves it.
    """
    behind = work.behind
    if behind <= STEP or work.ledger.injected or _is_known(work):
        return
    last = work.written[-1].provenance
    seconds = -int(behind.total_seconds())
    until = codec.instant_text(work.now + behind)
    command, work.batch = work.batch, new_batch()
    _append(work, Provenance(None, last.recorder, "system"), seconds, until)
    work.batch = command
    work.written.pop()


def note_moved(ledger: Ledger, account: str, seconds: float) -> None:
    """Write down by how many seconds a clock that is watched has moved.

    Raises:
        Unavailable: the database cannot be written.
    """
    if ledger.injected or abs(seconds) <= STEP.total_seconds():
        return
    with writing(ledger) as work:
        _append(work, Provenance(None, account, "system"), round(seconds), None)


def _append(work: Work, who: Provenance, seconds: int, until: str | None) -> None:
    payload = {"seconds": seconds, "until": until}
    work.append(_OFFICE, Draft(CLOCK_STEPPED, work.now, who, payload=payload))


def _is_known(work: Work) -> bool:
    """Whether an entry says that this clock is behind, and it has not caught up yet."""
    entries, payloads = tables.entry, tables.payload
    is_its = (payloads.c.stream == entries.c.stream) & (payloads.c.seq == entries.c.seq)
    query = (
        select(entries.c.occurred, payloads.c.body)
        .join(payloads, is_its)
        .where(entries.c.stream == _OFFICE, entries.c.kind == CLOCK_STEPPED)
        .order_by(entries.c.seq.desc())
        .limit(1)
    )
    row = work.connection.execute(query).one_or_none()
    until = json.loads(row.body)["until"] if row else None
    if row is None or until is None:
        return False
    since = codec.read_instant(row.occurred) - STEP
    return since <= work.now < codec.read_instant(until)
