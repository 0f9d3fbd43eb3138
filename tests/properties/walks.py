"""Walks through the pathway: evidence and tried moves, one after another, at random.

A step that is refused leaves the story as it was, and the walk goes on. One step of
the walk prepares what the natural way on needs, so that late stages are reached too.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from hypothesis import strategies as st

from sitrack.errors import SitrackError
from sitrack.pathway.loading import load, shipped_text
from sitrack.pathway.stages import Stage
from tests.journey.notation import JUDGEMENT, Story, on, worked_up

PROTOCOL = load(shipped_text())
REASONS = sorted({reason for move in PROTOCOL.moves for reason in move.reasons})
Step = Callable[[Story, int], None]

NRS = st.integers(0, 20).map(lambda halves: halves / 2)
READINGS = st.lists(
    st.builds("{}h={}".format, st.sampled_from(["0.5", "1", "2", "4", "9"]), NRS),
    min_size=1,
    max_size=4,
).map(lambda given: [reading.replace(".0", "") for reading in given])


def _steps() -> st.SearchStrategy[Step]:
    contrast = st.sampled_from(["in-joint", "not-in-joint", "unknown"])
    purpose = st.sampled_from(["diagnostic", "therapeutic", "both"])
    nerves = st.sampled_from(["l5,s1,s2,s3", "s1,s2"])
    about = st.sampled_from(
        ["source", "repeat", "home-programme", "early-failure", "diary", "rfa-waiver"]
    )
    region = st.sampled_from(["positive", "negative", "not-done"])
    kind = st.sampled_from(["active-stabilisation", "passive", "home-programme"])
    tell = [
        st.builds(_injection, NRS, contrast, purpose),
        st.builds(_block, NRS, nerves),
        st.builds(_rfa, NRS),
        st.builds(_diary, READINGS),
        st.builds(_score, NRS, st.integers(1, 7) | st.none()),
        st.builds(_exam, st.integers(0, 5)),
        st.builds(_screens, region, region, region),
        st.builds(_therapy, kind, st.integers(0, 9), st.integers(0, 90)),
        st.builds(_naproxen, st.integers(0, 90)),
        st.builds(_consent, st.sampled_from(["rfa", "fusion"])),
        st.builds(_attest, about),
        st.builds(_contact, st.sampled_from(["no-answer", "reached"])),
    ]
    parked = [
        st.builds(_hold, st.integers(1, 90)),
        st.just(_RESUME),
        st.just(_RESUME),
        st.just(_LOSE),
        st.just(_COME_BACK),
        st.just(_REFER),
        st.builds(_finish, st.sampled_from(["declined", "transferred", "deceased"])),
    ]
    target = st.sampled_from(list(Stage))
    reason = st.integers(0, 5) | st.none()
    tried = st.builds(_try, target, reason, st.booleans())
    anything = st.one_of(*tell, tried, tried, *parked)
    # Mostly the pain stays, and mostly the walk goes on.
    pain = st.sampled_from([7.0, 7.0, 6.5, 8.0, 2.0])
    go_on = st.builds(_go_on, st.one_of(pain, NRS))
    return st.sampled_from([go_on, go_on, go_on, anything]).flatmap(lambda one: one)


def walks(longest: int = 30) -> st.SearchStrategy[list[tuple[int, Step]]]:
    """Steps, each with the days that pass before it (at least one)."""
    days = st.sampled_from([1, 2, 7, 14, 20, 30, 45, 90, 180])
    steps = st.tuples(days, _steps())
    return st.integers(1, longest).flatmap(
        lambda many: st.lists(steps, min_size=many, max_size=many)
    )


def walked(story: Story, walk: list[tuple[int, Step]]) -> Iterator[int]:
    """Take every step of the walk; yields the day after each."""
    day = 0
    for days, step in walk:
        day += days
        before = len(story.entries)
        with contextlib.suppress(SitrackError):
            step(story, day)
        # One step is one day, so that no two facts share a day but those of a step.
        assert len(story.entries) >= before
        yield day


class _Told:
    """A step with a name, so that a failing walk can be read."""

    def __init__(self, name: str, act: Step) -> None:
        self.name = name
        self.act = act

    def __call__(self, story: Story, day: int) -> None:
        self.act(story, day)

    def __repr__(self) -> str:
        return self.name


def _injection(nrs: float, contrast: str, purpose: str) -> Step:
    values = {"nrs": nrs, "contrast": contrast, "purpose": purpose}
    return _Told(f"injection({values})", lambda s, d: s.injection(d, **values))


def _block(nrs: float, nerves: str) -> Step:
    values = {"nrs": nrs, "nerves": nerves}
    return _Told(f"block({values})", lambda s, d: s.block(d, **values))


def _rfa(nrs: float) -> Step:
    return _Told(f"rfa({nrs})", lambda s, d: s.rfa(d, nrs=nrs))


def _diary(readings: list[str]) -> Step:
    return _Told(f"diary({readings})", lambda s, _: s.diary(None, *readings))


def _score(nrs: float, pgic: int | None) -> Step:
    values = {"nrs": nrs} | ({"pgic": pgic} if pgic else {})
    return _Told(f"score({values})", lambda s, d: s.score(d, **values))


def _exam(positive: int) -> Step:
    return _Told(f"exam({positive})", lambda s, d: s.exam(d, positive=positive))


def _screens(lumbar: str, hip: str, soft_tissue: str) -> Step:
    values = {"lumbar": lumbar, "hip": hip, "soft_tissue": soft_tissue}
    return _Told(f"screens({values})", lambda s, d: s.screens(d, **values))


def _therapy(kind: str, visits: int, ago: int) -> Step:
    return _Told(
        f"therapy({kind}, {visits}, {ago} d ago)",
        lambda s, d: s.therapy(d, type=kind, visits=visits, start=str(on(d - ago))),
    )


def _naproxen(ago: int) -> Step:
    return _Told(
        f"naproxen({ago} d ago)",
        lambda s, d: s.naproxen(d, start=str(on(d - ago))),
    )


def _consent(procedure: str) -> Step:
    return _Told(f"consent({procedure})", lambda s, d: s.consent(d, procedure))


def _attest(about: str) -> Step:
    def act(story: Story, day: int) -> None:
        procedures = [e for e in story.episode().evidence if e.kind == "block"]
        entry = procedures[-1].seq if about == "diary" and procedures else None
        story.attest(day, about, entry)

    return _Told(f"attest({about})", act)


def _try(target: Stage, reason: int | None, by_variance: bool) -> Step:
    """Try a move, with the reason of that number among those that it takes."""

    def act(story: Story, day: int) -> None:
        move = PROTOCOL.move_between(story.stage, target)
        reasons = move.reasons if move and reason is not None else ()
        taken = reasons[reason % len(reasons)] if reasons else None
        command = move.command if move else "advance"
        variance = JUDGEMENT if by_variance else None
        story.move(target, day, taken, variance=variance, command=command)

    return _Told(f"try({target}, {reason}, variance={by_variance})", act)


def _contact(outcome: str) -> Step:
    return _Told(f"contact({outcome})", lambda s, d: s.contact(d, outcome))


def _hold(review: int) -> Step:
    return _Told(f"hold({review})", lambda s, d: s.hold(d, review=d + review))


def _resume(story: Story, day: int) -> None:
    holds = story.episode().open_holds
    story.resume(day, holds[0].seq if holds else None)


def _lose(story: Story, day: int) -> None:
    for channel in ("phone", "sms", "letter"):
        story.contact(day, channel=channel)
    story.lose(day)


def _come_back(story: Story, day: int) -> None:
    story.record("visit", day)
    story.come_back(day)


def _refer(story: Story, day: int) -> None:
    story.screens(day, hip="positive")
    story.move("referred-out", day, "hip")


def _finish(disposition: str) -> Step:
    return _Told(f"finish({disposition})", lambda s, d: s.finish(d, disposition))


_REFER = _Told("refer out", _refer)
_RESUME = _Told("resume", _resume)
_LOSE = _Told("lose", _lose)
_COME_BACK = _Told("come back", _come_back)


def _go_on(nrs: float) -> Step:
    """Record what the natural way out of the stage needs, and try it."""
    return _Told(f"go_on({nrs})", lambda s, d: _PREPARED[s.stage](s, d, nrs))


def _from_injection(story: Story, day: int, nrs: float) -> None:
    if not story.episode().procedure(story.episode().visit):
        story.injection(day)
        story.diary(None, "1h=2")
    elif story.case(day).elapsed < 14:
        return
    else:
        story.score(day, nrs=nrs)
        story.move("re-evaluation" if nrs > 4 else "relief", day)


def _from_re_evaluation(story: Story, day: int, _nrs: float) -> None:
    story.exam(day)
    story.screens(day)
    story.attest(day, "source")
    story.move("conservative-care", day)


def _from_conservative_care(story: Story, day: int, nrs: float) -> None:
    start = str(on(day - 60))
    story.therapy(day, visits=9, start=start)
    story.naproxen(day, start=start, response="none")
    story.score(day, nrs=nrs)
    story.move("diagnostic-block", day)


def _from_diagnostic_block(story: Story, day: int, _nrs: float) -> None:
    block = story.block(day)
    story.diary(day, "1h=1", "2h=1", about=block)
    story.consent(day)
    story.move("rfa", day)


def _from_rfa(story: Story, day: int, nrs: float) -> None:
    if not story.episode().procedure(story.episode().visit):
        story.rfa(day)
        return
    story.score(day, nrs=nrs)
    story.move("fusion-evaluation" if nrs > 4 else "relief", day)


def _from_relief(story: Story, day: int, nrs: float) -> None:
    story.score(day, nrs=nrs)
    if nrs > 4:
        story.consent(day)
        story.move("rfa", day)


def _from_fusion_evaluation(story: Story, day: int, nrs: float) -> None:
    worked_up(story, day)
    if nrs > 7:
        story.move("conservative-care", day, "optimise")
        return
    story.fusion(day)
    story.move("post-fusion", day)


def _from_post_fusion(story: Story, day: int, nrs: float) -> None:
    story.record("visit", day)
    story.score(day, nrs=nrs)
    if nrs > 4:
        story.move("re-evaluation", day, "persistent-pain")
    else:
        story.finish(day, "fusion-complete")


def _from_referred_out(story: Story, day: int, nrs: float) -> None:
    story.score(day, nrs=nrs)
    story.move("re-evaluation", day, "new-pain-report", command="episode reopen")


_PREPARED = {
    Stage.INJECTION: _from_injection,
    Stage.REEVALUATION: _from_re_evaluation,
    Stage.CONSERVATIVE_CARE: _from_conservative_care,
    Stage.DIAGNOSTIC_BLOCK: _from_diagnostic_block,
    Stage.RFA: _from_rfa,
    Stage.RELIEF: _from_relief,
    Stage.FUSION_EVALUATION: _from_fusion_evaluation,
    Stage.POST_FUSION: _from_post_fusion,
    Stage.REFERRED_OUT: _from_referred_out,
    Stage.CLOSED: _from_referred_out,
}
