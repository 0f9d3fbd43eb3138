"""What holds however a record is amended: undo gives back, and the past stays known."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, event, given, settings
from hypothesis import strategies as st

from sitrack.coordination.undo import undo
from sitrack.errors import BadInput, NotEligible, SitrackError
from sitrack.journey.amendments import FRAME, effective, fault_of_timeline
from sitrack.journey.entries import (
    CORRECTED,
    HELD,
    HOLD_RENEWED,
    LOST,
    MOVE,
    OPENED,
    RESUMED,
    RETRACTED,
    RETURNED,
    Draft,
    Entry,
)
from sitrack.journey.forms import KINDS
from sitrack.journey.machine import machine_for
from sitrack.record import history
from sitrack.record.ledger import Ledger, reading
from tests.clinic import RIVERA
from tests.journey.notation import NURSE, ZONE, Story, on
from tests.properties.commands import COMMANDS
from tests.properties.kept import (
    Kept,
    Template,
    copies_of,
    entries_of,
    faults_of,
    kept,
)
from tests.properties.walks import PROTOCOL, walked, walks

RECORDED = settings(
    deadline=None,
    max_examples=30,
    print_blob=True,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return Template(tmp_path_factory.mktemp("template"))


def as_known_at_every_entry(story: Kept) -> dict[dt.datetime, Any]:
    """Where the episode stood, by what was known when each entry had been written."""
    with reading(story.ledger) as connection:
        return {
            entry.recorded: history.episode_at(
                connection, story.ledger, story.key, as_known=entry.recorded
            )
            for entry in story.entries
        }


def told_in(ledger: Ledger, walk: Any) -> Kept:
    """The story of a walk on the right side, beside an injection on the left."""
    right, left = Story(side="right"), Story(side="left")
    last = max([0, *walked(right, walk)])
    left.injection(last + 1)
    story = kept(ledger, right)
    kept(ledger, left, story.key.patient)
    return story


@pytest.mark.complaint(14)
@RECORDED
@given(walks(20), st.data())
def test_what_is_done_and_undone_leaves_everybody_where_they_were(template, walk, data):
    ledger = template.copy("undone.db")
    try:
        story = told_in(ledger, walk)
        for _ in range(data.draw(st.integers(1, 4), label="commands")):
            _done_and_undone(story, data)
        assert faults_of(ledger) == []
    finally:
        ledger.close()


def _done_and_undone(story: Kept, data: Any) -> None:
    ledger = story.ledger
    story.reload()
    before, entries = copies_of(ledger), entries_of(ledger)
    known = as_known_at_every_entry(story)
    command = data.draw(st.sampled_from(COMMANDS))
    try:
        command(story, data)
    except SitrackError as error:
        event(f"{command.__name__}: {type(error).__name__}")
        assert (copies_of(ledger), entries_of(ledger)) == (before, entries)
        return
    event(f"{command.__name__}: done")
    done, written = copies_of(ledger), entries_of(ledger)
    assert _grew(entries, written)

    undo(ledger, RIVERA, _batch(entries, written))
    undone = entries_of(ledger)
    assert copies_of(ledger) == before
    assert _grew(written, undone)

    undo(ledger, RIVERA, _batch(written, undone))
    assert copies_of(ledger) == done
    assert _grew(undone, entries_of(ledger))

    now = as_known_at_every_entry(story)
    assert {at: now[at] for at in known} == known


def _grew(before: dict[Any, Any], after: dict[Any, Any]) -> bool:
    """Nothing that was written changed, and something was added."""
    return before.items() < after.items()


def _batch(before: dict[Any, Any], after: dict[Any, Any]) -> str:
    """The name of the one command that was typed in between."""
    [batch] = {row.batch for name, row in after.items() if name not in before}
    return str(batch)


# --- what stands, against a model of its own


@dataclasses.dataclass(frozen=True)
class Told:
    """What one entry says, to the model."""

    day: dt.date
    performer: str | None
    values: Any
    readings: Any
    about: Any


def _told(entry: Entry, first: Told | None = None) -> Told:
    """What an entry says; of what an amendment does not say, the first word holds."""
    said = entry.payload
    return Told(
        day=entry.occurred,
        performer=entry.provenance.performer,
        values=said.get("values", first and first.values),
        readings=said.get("readings", first and first.readings),
        about=said.get("about", first and first.about),
    )


def _modelled(entries: list[Entry]) -> dict[int, Told]:
    """What stands, as a dict that every entry changes in its turn."""
    firsts: dict[int, Told] = {}
    stands: dict[int, Told] = {}
    for entry in entries:
        if entry.corrects is None:
            firsts[entry.seq] = stands[entry.seq] = _told(entry)
        elif entry.kind == "retracted":
            del stands[entry.corrects]
        else:
            stands[entry.corrects] = _told(entry, firsts[entry.corrects])
    return stands


@settings(max_examples=200, print_blob=True)
@given(walks(12), st.data())
def test_what_stands_is_what_a_dict_says_that_every_amendment_changes(walk, data):
    story = Story()
    last = max([0, *walked(story, walk)])
    for _ in range(data.draw(st.integers(1, 12), label="amendments")):
        with contextlib.suppress(SitrackError):
            _amend_at_random(story, last, data)
    model = _modelled(story.entries)
    standing = {entry.seq: _told(entry) for entry in effective(story.entries)}
    assert standing == model

    evidence = {fact.seq: fact for fact in story.episode().evidence}
    kinds = {entry.seq: entry.kind for entry in story.entries}
    assert evidence.keys() == {seq for seq in model if kinds[seq] in KINDS}
    for seq, fact in evidence.items():
        said = model[seq]
        assert (fact.day, fact.performer, fact.about) == (
            said.day,
            said.performer,
            said.about,
        )
    days = [(fact.day, fact.seq) for fact in story.episode().evidence]
    assert days == sorted(days)


FIELDS = ("nrs=3", "nrs=", "pgic=5", "performer=", "performer=osei", "reading=1h=9")


def _amend_at_random(story: Story, last: int, data: Any) -> None:
    number = data.draw(st.integers(1, len(story.entries)), label="number")
    act = data.draw(st.sampled_from(["correct", "correct", "retract", "undo"]))
    if act == "retract":
        story.retract(last, number)
    elif act == "undo":
        story.undo(last, number)
    else:
        moved = data.draw(st.integers(0, last), label="day")
        field = data.draw(st.sampled_from([f"on={on(moved)}", *FIELDS]))
        story.correct(last, number, field)


# --- what is a journey, against a model of its own


def _is_a_journey(entries: list[Entry]) -> bool:
    """Walk the changes that stand through the one state machine of the protocol."""
    changes = [e for e in effective(entries) if e.kind in (*FRAME, OPENED)]
    changes.sort(key=lambda entry: (entry.occurred, entry.seq))
    if not changes or [e for e in changes if e.kind == OPENED] != changes[:1]:
        return False
    stage, holds, lost = changes[0].stage_to, {}, False
    for entry in changes[1:]:
        hold = (entry.payload or {}).get("hold")
        idle = not holds and not lost
        under_way = stage not in ("closed", "referred-out")
        legal = {
            HELD: under_way and not lost,
            HOLD_RENEWED: hold in holds,
            RESUMED: hold in holds,
            LOST: under_way and idle,
            RETURNED: lost,
            MOVE: idle or entry.stage_to == "closed",
        }[entry.kind]
        if not legal or entry.stage_from not in (None, stage):
            return False
        if entry.kind == MOVE and not _fires(stage, entry.stage_to):
            return False
        if entry.kind == HELD:
            holds[entry.seq] = True
        if entry.kind == RESUMED or entry.kind == MOVE:
            holds = {} if hold is None else {h: 1 for h in holds if h != hold}
        lost = entry.kind == LOST
        stage = entry.stage_to or stage
    return True


def _fires(stage: str, target: str) -> bool:
    machine = machine_for(PROTOCOL)
    moves = [m for m in PROTOCOL.moves if m.trigger in machine.moves_from(stage)]
    return any(
        machine.fire(stage, move, allowed=True) == target
        for move in moves
        if move.target == target
    )


@settings(max_examples=150, print_blob=True)
@given(walks(20), st.data())
def test_no_amendment_leaves_what_is_no_journey(walk, data):
    story = Story()
    last = max([0, *walked(story, walk)])
    assert fault_of_timeline(story.entries, ZONE, lambda _: PROTOCOL) is None
    changes = [e.seq for e in story.entries if e.kind in FRAME]
    assume(changes)
    chosen = data.draw(st.sets(st.sampled_from(changes), min_size=1, max_size=3))
    for act in ("retract", "correct"):
        trial = Story()
        trial.entries = list(story.entries)
        try:
            if act == "retract":
                trial.retract(last, *chosen)
            else:
                days = [on(data.draw(st.integers(0, last))) for _ in chosen]
                moved = [f"{n}.on={d}" for n, d in zip(chosen, days, strict=True)]
                trial.correct(last, min(chosen), *moved)
        except NotEligible as error:
            refused = [each.code for each in getattr(error, "findings", ())]
            event(f"{act}: refused {refused}")
            continue
        except BadInput:
            continue  # the day that it had
        event(f"{act}: done")
        assert _is_a_journey(trial.entries)
        assert trial.episode().version == len(trial.entries)


@settings(max_examples=150, print_blob=True)
@given(walks(20), st.data())
def test_the_walked_timeline_agrees_with_the_machine_whatever_is_taken_out(walk, data):
    story = Story()
    last = max([0, *walked(story, walk)])
    changes = [e for e in story.entries if e.kind in FRAME]
    assume(changes)
    for _ in range(data.draw(st.integers(1, 4), label="amendments")):
        entry = data.draw(st.sampled_from(changes))
        kind = data.draw(st.sampled_from([RETRACTED, CORRECTED]))
        day = on(data.draw(st.integers(0, last)))
        if entry.seq not in {e.seq for e in effective(story.entries)}:
            continue
        told = {"kind": entry.kind}
        draft = Draft(kind, day, NURSE, corrects=entry.seq, payload=told)
        story.write(draft, last)
    fault = fault_of_timeline(story.entries, ZONE, lambda _: PROTOCOL)
    event("a journey" if fault is None else "no journey")
    assert (fault is None) is _is_a_journey(story.entries)
