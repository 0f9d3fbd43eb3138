"""The day on which something is said to have happened: no later than it is told."""

from __future__ import annotations

import datetime as dt

from sitrack.journey.findings import Refused, frame_finding


def refuse_impossible(
    day: dt.date, today: dt.date, born: dt.date | None = None
) -> None:
    """Refuse a day that nothing of a patient can have happened on.

    The codes are those with which evidence of such a day is refused.

    Args:
        day: the day that was given.
        today: the clinical day on which it is written.
        born: the patient's date of birth, where it is known and matters.

    Raises:
        Refused: the day lies ahead, or before the patient's birth.
    """
    if day > today:
        finding = frame_finding("FUTURE_DATED", f"{day} is after {today}")
        raise Refused("it cannot have happened on that day", [finding])
    if born is not None and day < born:
        finding = frame_finding("OUT_OF_ORDER", f"{day} is before the patient's birth")
        raise Refused("it cannot have happened on that day", [finding])
