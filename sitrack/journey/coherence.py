"""Does what amendments leave still go together? Pure.

One amendment alone may make no sense, and two in one command do: what they leave is
looked at once, when all of them are written.
"""

from __future__ import annotations

from collections.abc import Sequence

from sitrack.errors import NotEligible
from sitrack.journey.amendments import fault_of_amendment, first_hanging
from sitrack.journey.desk import Desk
from sitrack.journey.entries import CORRECTED, Entry
from sitrack.journey.episode import Episode
from sitrack.journey.evidence import Evidence
from sitrack.journey.findings import Refused, frame_finding


def refuse_torn(episode: Episode, entries: Sequence[Entry]) -> None:
    """Refuse what tears apart a procedure and what belongs to it.

    A diary is not kept before its procedure, nor on another scale; nor does it stay
    behind where its procedure is taken out.

    Args:
        episode: as it would stand.
        entries: what would be written.

    Raises:
        Refused: the two do not go together any more.
        NotEligible: the procedure would be gone.
    """
    amended = {entry.corrects for entry in entries}
    for fact in episode.evidence:
        if fact.about is None or fact.values.get("about") == "move":
            continue
        of = episode.entry(fact.about)
        if of is None and fact.about in amended:
            _refuse_left_behind(episode, fact.about)
        if of is not None and amended & {of.seq, fact.seq}:
            _refuse_unlike(fact, of)


def _refuse_left_behind(episode: Episode, number: int) -> None:
    own = [fact for fact in episode.evidence if fact.about == number]
    named = ", ".join(f"{fact.kind} #{fact.seq}" for fact in own)
    numbers = " ".join(str(seq) for seq in [number, *(fact.seq for fact in own)])
    raise NotEligible(
        f"#{number} cannot go alone: what belongs to it would be left ({named})",
        f"take it all out: sitrack entry retract {episode.key} {numbers}",
    )


def _refuse_unlike(fact: Evidence, of: Evidence) -> None:
    told = f"{fact.kind} #{fact.seq} of {fact.day}"
    scale = fact.values.get("scale") or fact.scale
    if fact.day < of.day:
        code, field = "OUT_OF_ORDER", "on=DATE"
        seen = f"{told} is before {of.kind} #{of.seq} of {of.day}"
    elif scale is not None and of.scale is not None and scale != of.scale:
        code, field = "SCALE_MISMATCH", f"scale={of.scale}"
        seen = f"{told} is {scale.upper()}, {of.kind} #{of.seq} {of.scale.upper()}"
    else:
        return
    raise Refused(
        f"#{fact.seq} belongs to #{of.seq}, and would not fit any more",
        [frame_finding(code, seen)],
        f"set both right in one command: --set {fact.seq}.{field}",
    )


def refuse_illegal(desk: Desk) -> None:
    """Refuse amendments that leave no legal journey.

    Args:
        desk: with the amendments as what is written.

    Raises:
        NotEligible: with the change that would hang in the air.
    """
    entries = desk.entries
    for place in range(desk.known, len(entries)):
        if entries[place].corrects is not None:
            seen = fault_of_amendment(entries[:place], entries[place])
            if seen:
                raise NotEligible(f"it cannot be amended so: {seen}")
    left = first_hanging(entries, desk.zone, desk.protocol_of)
    if left is not None:
        raise NotEligible(
            f"what would be left is no journey: #{left.seq} of {left.day(desk.zone)} "
            f"({left.kind}) would follow from nothing",
            _together(desk, left),
        )


def _together(desk: Desk, left: Entry) -> str:
    """How to amend what would hang in the air in the same command."""
    named = [e.corrects for e in desk.written if e.corrects is not None]
    if left.seq in named:
        return f"see what stands before and after it: sitrack history {desk.key}"
    if all(entry.kind == CORRECTED for entry in desk.written):
        return f"set it right in the same command: --set {left.seq}.on=DATE"
    numbers = " ".join(map(str, dict.fromkeys([*named, left.seq])))
    return f"take out both: sitrack entry retract {desk.key} {numbers}"
