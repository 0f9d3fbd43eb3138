"""The steps of a reminder: which one comes next, and on which day. Pure.

What waits for staff gets a notice, and one repeat. Of what waits for the patient, the
earliest carries the ladder: a step for each attempt to reach the patient that should
be on record by then, counted from the due date [O6]. An attempt that is logged takes
its step away. Only the next step of a line is ever written down.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

NOTICE: Final = "notice"
REPEAT: Final = "repeat"
_CONTACT: Final = "contact-"

Next = tuple[str | None, dt.date | None]
"""A step and its day, or (None, None) after the last."""

_NOTHING: Final[Next] = (None, None)


def rung_of(step: str) -> int | None:
    """Return which attempt a step asks for, from 1; None where it asks for none."""
    number = step.removeprefix(_CONTACT)
    return int(number) if number != step and number.isdecimal() else None


def rungs(steps: Mapping[str, int]) -> dict[int, int]:
    """Return the days after the due date of each attempt, by its number."""
    found = {rung_of(name): days for name, days in steps.items()}
    return {number: found[number] for number in sorted(n for n in found if n)}


def exhausted(tries: int | None, steps: Mapping[str, int]) -> bool:
    """Whether every attempt of the ladder was made, and somebody has to decide."""
    ladder = rungs(steps)
    return tries is not None and bool(ladder) and tries >= max(ladder)


def following(
    step: str,
    due: dt.date,
    today: dt.date,
    steps: Mapping[str, int],
    *,
    waits_for: str,
    tries: int | None,
) -> Next:
    """Return the step after `step`, which is made today.

    What is late, because its line was, keeps its distance to the next: a notice that
    went today is not repeated tomorrow.

    Args:
        step: the one that is made.
        due: the day by which the line was due.
        today: the clinical day.
        steps: days after the due date, by step.
        waits_for: `patient` or `staff`.
        tries: attempts to reach the patient since the due date; None where the ladder
            does not run on this line.
    """
    name = _name_after(step, steps, waits_for, tries)
    if name is None:
        return _NOTHING
    gap = max(steps[name] - steps.get(step, 0), 1)
    on_time = due + dt.timedelta(days=steps[name])
    return name, max(on_time, today + dt.timedelta(days=gap))


def _name_after(
    step: str, steps: Mapping[str, int], waits_for: str, tries: int | None
) -> str | None:
    if tries is not None:
        least = max(tries, rung_of(step) or 0)
        return next((f"{_CONTACT}{n}" for n in rungs(steps) if n > least), None)
    if waits_for == "staff" and step == NOTICE and REPEAT in steps:
        return REPEAT
    return None


def counted_again(
    step: str | None, due: dt.date, steps: Mapping[str, int], tries: int | None
) -> Next | None:
    """Return the step that waits, after the attempts of a line were counted anew.

    None where what waits may stay: the notice comes first in any case, and a step
    whose attempt is still owed keeps its day.
    """
    if step == NOTICE:
        return None
    rung = rung_of(step or "") or 0
    if tries is not None and rung > tries:
        return None
    owed = [n for n in rungs(steps) if tries is not None and n > tries]
    if not owed:
        return _NOTHING
    return f"{_CONTACT}{owed[0]}", due + dt.timedelta(days=rungs(steps)[owed[0]])
