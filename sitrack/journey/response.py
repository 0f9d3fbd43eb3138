"""What a procedure's readings say: the class of a failed injection, a block's verdict.

Classes and verdicts are derived, never typed in, so that a late diary or a corrected
score changes them. Percentages are compared unrounded, and only on one scale.
"""

from __future__ import annotations

import datetime as dt
import enum
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from sitrack.journey.episode import Episode
from sitrack.journey.evidence import Evidence, Reading
from sitrack.pathway.protocol import Protocol
from sitrack.pathway.requirements import Requirement


class InjectionClass(enum.StrEnum):
    """Why an injection failed (clinical reference, 2.2), in the order they are tried."""

    TECHNICAL = "technical"
    INDETERMINATE = "indeterminate"
    NEGATIVE = "negative"
    MECHANICAL = "mechanical"
    SHORT_LIVED = "short-lived"
    DISCORDANT = "discordant"


class Phase(enum.StrEnum):
    """What one phase of an injection showed.

    ABSENT: nothing was measured. LOW: below the threshold. REACHED: at or above it,
    the last time it was measured. LOST: reached once, below it later.
    """

    ABSENT = "absent"
    LOW = "low"
    REACHED = "reached"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class InjectionResponse:
    """The two results of one injection, and the class that follows from them.

    Attributes:
        anaesthetic: the first hours, by the best diary reading in the window.
        steroid: from two weeks on, by the scores on the same scale.
        failure: the class, or None where relief holds or a score is missing.
        entries: the entries it rests on.
    """

    anaesthetic: Phase
    steroid: Phase
    failure: InjectionClass | None
    entries: tuple[int, ...]


class Verdict(enum.StrEnum):
    """What a diagnostic block showed.

    INDETERMINATE: too few readings. RECALL: a late diary that nobody attests. INVALID:
    steroid blurs it, under rules that count no such block.
    """

    POSITIVE = "positive"
    NEGATIVE = "negative"
    INDETERMINATE = "indeterminate"
    RECALL = "recall"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class BlockResponse:
    """A block's verdict and the entries it rests on (diaries, attestations)."""

    verdict: Verdict
    entries: tuple[int, ...]
    readings: tuple[Reading, ...]


def percent_relief(baseline: Decimal, score: Decimal) -> Fraction:
    """Return the improvement against `baseline` in percent, unrounded.

    Raises:
        ValueError: the baseline is 0, from which nothing can improve.
    """
    if baseline <= 0:
        raise ValueError("relief cannot be measured against a baseline of 0")
    return Fraction(baseline - score) / Fraction(baseline) * 100


def diaries_about(episode: Episode, procedure: Evidence) -> list[Evidence]:
    """Return the diaries kept after a procedure, in the order of their days."""
    return [each for each in episode.of_kind("diary") if each.about == procedure.seq]


def readings_in_window(
    protocol: Protocol, procedure: Evidence, diaries: list[Evidence]
) -> tuple[Reading, ...]:
    """Return the readings taken while the anaesthetic can act, earliest first.

    One for each time: where two diaries speak of it, the later entry counts.
    """
    window = protocol.window(procedure.values.get("anaesthetic"))
    found = {
        reading.minutes: reading
        for diary in diaries
        for reading in diary.readings
        if reading.minutes <= window
    }
    return tuple(found[minutes] for minutes in sorted(found))


def injection_response(
    episode: Episode,
    protocol: Protocol,
    injection: Evidence,
    *,
    response_pct: int,
    steroid_pct: int,
    from_day: int,
) -> InjectionResponse:
    """Return what an injection showed.

    Args:
        episode: the journey it belongs to.
        protocol: for the anaesthetic's window.
        injection: the procedure.
        response_pct: relief that makes the anaesthetic phase positive.
        steroid_pct: relief that makes the steroid phase a success.
        from_day: scores count from this day after the injection.
    """
    diaries = diaries_about(episode, injection)
    readings = readings_in_window(protocol, injection, diaries)
    first = _anaesthetic_phase(injection, readings, response_pct)
    scores = _scores_after(episode, injection, from_day)
    second = _steroid_phase(injection, scores, steroid_pct)
    return InjectionResponse(
        anaesthetic=first,
        steroid=second,
        failure=_failure(injection, first, second),
        entries=(injection.seq, *(e.seq for e in diaries), *(e.seq for e in scores)),
    )


def _anaesthetic_phase(
    injection: Evidence, readings: tuple[Reading, ...], threshold: int
) -> Phase:
    if not readings or injection.pain is None:
        return Phase.ABSENT
    best = min(reading.score for reading in readings)
    reached = percent_relief(injection.pain, best) >= threshold
    return Phase.REACHED if reached else Phase.LOW


def _scores_after(
    episode: Episode, injection: Evidence, from_day: int
) -> list[Evidence]:
    """The scores that judge an injection: on its scale, until its stage was left."""
    first = episode.day_after(injection.day, from_day)
    last = dt.date.max
    for visit in episode.visits:
        if visit.stage == "injection" and episode.belongs(injection, visit):
            last = visit.left or dt.date.max
    return [
        each
        for each in episode.of_kind("score")
        if each.scale == injection.scale and first <= each.day <= last
    ]


def _steroid_phase(
    injection: Evidence, scores: list[Evidence], threshold: int
) -> Phase:
    reached = [
        percent_relief(injection.pain, each.pain) >= threshold
        for each in scores
        if injection.pain is not None and each.pain is not None
    ]
    if not reached:
        return Phase.ABSENT
    if reached[-1]:
        return Phase.REACHED
    return Phase.LOST if any(reached) else Phase.LOW


def _failure(injection: Evidence, first: Phase, second: Phase) -> InjectionClass | None:
    """Try the classes in their order; relief that holds is no failure."""
    if second is Phase.REACHED:
        return None
    contrast = injection.values.get("contrast", "unknown")
    missed = contrast == "not-in-joint"
    in_joint = contrast == "in-joint" or (not missed and first is Phase.REACHED)
    if missed or (not in_joint and first is Phase.LOW):
        return InjectionClass.TECHNICAL
    if first is Phase.LOW:
        lost = second is Phase.LOST
        return InjectionClass.DISCORDANT if lost else InjectionClass.NEGATIVE
    if second is Phase.ABSENT:
        return None
    if first is Phase.ABSENT:
        return InjectionClass.INDETERMINATE
    lost = second is Phase.LOST
    return InjectionClass.SHORT_LIVED if lost else InjectionClass.MECHANICAL


@dataclass(frozen=True, slots=True)
class Strictness:
    """The strict modes by which a block may be judged; none of them by default.

    Attributes:
        recall_counts: a late diary counts once it is attested; else never.
        lower_minutes: by agent, while it surely acts; then relief is asked for at every
            reading up to there. `other` stands for an agent that is not recorded.
        steroid_days: steroid in the block, or in the joint fewer days before, makes it
            invalid; None where that is only a doubt.
    """

    recall_counts: bool = True
    lower_minutes: Mapping[str, int] | None = None
    steroid_days: int | None = None

    @classmethod
    def of(cls, rule: Requirement) -> Strictness:
        """Return the modes that a requirement about blocks asks for."""
        long = rule.number("bupivacaine_minutes")
        lower = {"lidocaine": rule.number("lidocaine_minutes"), "other": long}
        return cls(
            recall_counts=rule.flag("recall_counts"),
            lower_minutes=lower if rule.flag("throughout") else None,
            steroid_days=(
                None
                if rule.flag("steroid_counts")
                else rule.number("after_steroid_days")
            ),
        )


def judged_block(
    episode: Episode, protocol: Protocol, block: Evidence, rule: Requirement
) -> BlockResponse:
    """Return a block's verdict by a requirement about blocks."""
    return block_response(
        episode,
        protocol,
        block,
        response_pct=rule.number("response_pct"),
        recall_after_days=rule.number("recall_after_days"),
        strictness=Strictness.of(rule),
    )


def block_response(
    episode: Episode,
    protocol: Protocol,
    block: Evidence,
    *,
    response_pct: int,
    recall_after_days: int,
    strictness: Strictness | None = None,
) -> BlockResponse:
    """Return a block's verdict.

    Positive: the threshold is reached at two consecutive readings within the agent's
    window. A diary written more than `recall_after_days` after the block counts only
    with a clinician's attestation. No diary is indeterminate, never negative. The
    strict modes ask for more (clinical reference, 2.5).
    """
    strict = strictness or Strictness()
    kept = diaries_about(episode, block)
    if strict.steroid_days is not None and steroid_doubt(
        episode, block, strict.steroid_days
    ):
        return BlockResponse(Verdict.INVALID, tuple(d.seq for d in kept), ())
    prompt = [d for d in kept if (d.written - block.day).days <= recall_after_days]
    vouched = _vouched(episode, block, kept) if strict.recall_counts else []
    counted = kept if vouched else prompt
    readings = readings_in_window(protocol, block, counted)
    cited = tuple(d.seq for d in counted)
    if vouched and len(counted) > len(prompt):
        cited += tuple(each.seq for each in vouched)
    if not readings or block.pain is None:
        late = bool(kept) and not counted and strict.recall_counts
        verdict = Verdict.RECALL if late else Verdict.INDETERMINATE
        return BlockResponse(verdict, tuple(d.seq for d in kept), ())
    verdict = _read(block, readings, response_pct, _lower(block, strict))
    return BlockResponse(verdict, cited, readings)


def steroid_doubt(episode: Episode, block: Evidence, days: int) -> str | None:
    """Say how steroid in the block, or in the joint shortly before, blurs its verdict."""
    if block.values.get("steroid"):
        return f"block #{block.seq} held steroid"
    for injection in episode.of_kind("injection"):
        gap = (block.day - injection.day).days
        if 0 <= gap < days and injection.values.get("steroid") != "none":
            return f"block #{block.seq} came {gap} d after an injection"
    return None


def _vouched(episode: Episode, block: Evidence, kept: list[Evidence]) -> list[Evidence]:
    """The attestations that a late diary of the block can be relied on."""
    return [
        each
        for each in episode.of_kind("attestation")
        if each.values.get("about") == "diary"
        and (each.about in {block.seq, *(d.seq for d in kept)})
    ]


def _lower(block: Evidence, strict: Strictness) -> int | None:
    if strict.lower_minutes is None:
        return None
    agent = str(block.values.get("anaesthetic"))
    return strict.lower_minutes.get(agent, strict.lower_minutes["other"])


def _read(
    block: Evidence, readings: tuple[Reading, ...], threshold: int, lower: int | None
) -> Verdict:
    """Read the diary: two good readings in a row, and none that fails while it acts."""
    reached = [
        percent_relief(block.pain or Decimal(0), reading.score) >= threshold
        for reading in readings
    ]
    early = [
        good
        for reading, good in zip(readings, reached, strict=True)
        if lower is not None and reading.minutes <= lower
    ]
    twice = any(a and b for a, b in itertools.pairwise(reached))
    if not all(early):
        return Verdict.NEGATIVE
    if (not twice and all(reached)) or (lower is not None and not early):
        return Verdict.INDETERMINATE
    return Verdict.POSITIVE if twice else Verdict.NEGATIVE
