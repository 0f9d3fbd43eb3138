"""What another protocol means for running episodes, on a screen: one block for each."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence

from sitrack.cli.output import counted
from sitrack.cli.screens.written import receipt
from sitrack.coordination.migration import Migration, Plan
from sitrack.journey.migration import Rehearsal, Shift, Verdict
from sitrack.pathway.stages import title_of

_WORDS = {
    Verdict.UNCHANGED: "unchanged",
    Verdict.MOVES: "due dates move",
    Verdict.PERSON: "needs a person",
    Verdict.ILLEGAL: "would be illegal",
}


def lines(
    plan: Plan, done: Sequence[Migration], outcomes: Sequence[str], width: int
) -> list[str]:
    """Return a line for each episode, what changes under it, and the counts."""
    told = [f"to {plan.to.id}  {plan.to.hash[:16]}, on {plan.today}"]
    for each, outcome in zip(done, outcomes, strict=True):
        found = each.rehearsal
        key, stage = found.episode.key, title_of(found.episode.stage)
        told.append(
            f"{key!s:<10} {stage:<18} {_WORDS[found.verdict]:<17}"
            f"{outcome.replace('-', ' ')}"
        )
        for text in _details(found):
            told += textwrap.wrap(
                text, width, initial_indent="    ", subsequent_indent="      "
            )
        if each.entry is not None:
            told.append(f"    recorded {receipt(each.entry, str(key))}")
    return [*told, _summary(plan, done)]


def _details(found: Rehearsal) -> list[str]:
    if found.verdict is Verdict.ILLEGAL:
        return list(found.why)
    # What makes it need a person says of a line what the shift says, and more.
    told = {
        each.rule for each in found.shifts if any(each.rule in w for w in found.why)
    }
    return [*found.why, *(_shift(s) for s in found.shifts if s.rule not in told)]


def _shift(shift: Shift) -> str:
    if shift.days is None:
        return f"{shift.rule} would be due {shift.now}, and is not asked now"
    return f"{shift.rule} {shift.days:+} d: due {shift.was} → {shift.now}"


def _summary(plan: Plan, done: Sequence[Migration]) -> str:
    counts = Counter(each.rehearsal.verdict for each in done)
    parts = [f"{counts[each]} {_WORDS[each]}" for each in Verdict if counts[each]]
    if plan.already:
        parts.append(f"{plan.already} on it already")
    return f"{counted(len(done), 'episode', 'episodes')}: {', '.join(parts) or 'none'}"
