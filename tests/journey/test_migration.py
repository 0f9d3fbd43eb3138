"""What another protocol would mean for an episode: unchanged, moved, illegal, a person."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sitrack.journey.agenda import agenda
from sitrack.journey.assessment.case import Case
from sitrack.journey.decisions import Variance
from sitrack.journey.folding import fold
from sitrack.journey.migration import Asked, Shift, Verdict, migrated, rehearse
from sitrack.pathway import derivation
from sitrack.pathway.loading import load, shipped_text
from tests.journey.notation import (
    NURSE,
    ZONE,
    Story,
    exhausted,
    in_conservative_care,
    in_diagnostic_block,
    in_re_evaluation,
    in_relief_after_rfa,
    in_rfa,
    on,
    sought,
)

BASE = load(shipped_text())
HEAD = 'derives = "si-2026.1"\nid = "north-2026.1"\ntitle = "North"\n'


def clinic(text):
    return derivation.read(HEAD + text, lambda _: BASE)


def rehearsed(story, new, day, *, alert=None):
    """What `new` (a derived file, or a protocol) would mean on that day."""
    if isinstance(new, str):
        new = clinic(new)
    episode = story.episode()
    visit = episode.visit
    move = next(entry for entry in story.entries if entry.seq == visit.seq)
    way_in = None
    if visit.move is not None:
        known = story.entries[: visit.seq - 1]
        before = fold(story.key, known, ZONE, visit.entered)
        way_in = Case(before, new, visit.entered, visit.reason)
    lifted = (move.payload or {}).get("variance") or {}
    code = lifted.get("code")
    asked = Asked(episode, story.protocol, new, on(day), way_in, code, alert)
    return rehearse(asked)


OFFSET = "[[follow_ups]]\nid = '{}'\noffset = {}\n"


# --- unchanged, and due dates that move


def test_what_the_episode_does_not_meet_leaves_it_unchanged():
    for text in (
        "",
        "[numbers]\nfusion_min_odi = { value = 40 }\n",
        OFFSET.format("RFA-OUTCOME", 120),
        "[[follow_ups]]\nid = 'CON-TRIAL'\ntitle = 'the trial ends'\n",
    ):
        found = rehearsed(in_conservative_care(), text, 30)
        assert (found.verdict, found.shifts, found.why) == (Verdict.UNCHANGED, (), ())


def test_each_due_date_that_moves_is_told_with_its_days():
    found = rehearsed(
        in_conservative_care(),
        OFFSET.format("CON-TRIAL", 56) + OFFSET.format("CON-CHECK", 21),
        30,
    )
    assert found.verdict is Verdict.MOVES
    assert found.shifts == (
        Shift("CON-CHECK", on(48), on(41)),
        Shift("CON-TRIAL", on(62), on(76)),
    )
    assert [each.days for each in found.shifts] == [-7, 14]


def test_a_new_line_that_is_not_due_yet_is_a_due_date_that_moves():
    new = (
        "[[follow_ups]]\nid = 'CON-CALL'\ntitle = 'ring'\nstages = "
        "['conservative-care']\nanchor = 'entry'\noffset = 20\nwaits_for = 'staff'\n"
    )
    found = rehearsed(in_conservative_care(), new, 30)
    assert found.verdict is Verdict.MOVES
    assert found.shifts == (Shift("CON-CALL", None, on(40)),)
    assert found.shifts[0].days is None


def test_a_repeating_line_is_compared_with_itself_whatever_its_number():
    story = in_relief_after_rfa()
    text = "[[follow_ups]]\nid = 'REL-CHECK'\noffset = 60\nevery = 60\n"
    found = rehearsed(story, text, 200)
    assert found.shifts == (Shift("REL-CHECK", on(280), on(250)),)


# --- illegal


def test_a_stage_that_is_not_there_makes_it_illegal():
    stages = tuple(each for each in BASE.stages if each.id != "conservative-care")
    found = rehearsed(in_conservative_care(), replace(BASE, stages=stages), 30)
    assert found.verdict is Verdict.ILLEGAL
    assert found.why == ("si-2026.1 has no stage conservative-care",)


def test_a_past_move_that_is_not_there_makes_it_illegal():
    moves = tuple(each for each in BASE.moves if each.id != "fail-injection")
    found = rehearsed(in_conservative_care(), replace(BASE, moves=moves), 30)
    assert found.verdict is Verdict.ILLEGAL
    assert found.why == ("si-2026.1 has no move fail-injection to re-evaluation",)


def test_a_past_move_that_leads_elsewhere_makes_it_illegal():
    moves = tuple(
        replace(each, sources=("rfa",)) if each.id == "confirm-source" else each
        for each in BASE.moves
    )
    found = rehearsed(in_conservative_care(), replace(BASE, moves=moves), 30)
    assert found.why == ("si-2026.1 has no move confirm-source to conservative-care",)


def test_a_way_in_that_would_have_been_refused_makes_it_illegal():
    found = rehearsed(in_rfa(), "[numbers]\nblocks_required = { value = 2 }\n", 90)
    assert found.verdict is Verdict.ILLEGAL
    [why] = found.why
    assert why.startswith(f"block-positive of {on(82)}: ")
    assert found.shifts == ()


def test_an_earlier_move_is_not_judged_again():
    # The trial would have been too short; that was decided two moves ago.
    text = "[numbers]\nconservative_before_procedure_days = { value = 56 }\n"
    assert rehearsed(in_diagnostic_block(), text, 72).verdict is Verdict.ILLEGAL
    assert rehearsed(in_rfa(), text, 90).verdict is Verdict.UNCHANGED


def test_a_variance_lifts_what_it_lifted_then():
    story = exhausted(in_conservative_care(), 40)
    variance = Variance("clinical-judgement", "osei", "agreed")
    story.move("diagnostic-block", 40, variance=variance)
    text = "[numbers]\nmin_therapy_visits = { value = 12 }\n"
    assert rehearsed(story, text, 45).verdict is Verdict.UNCHANGED


def test_what_was_written_later_does_not_make_the_way_in_legal():
    story = in_rfa()
    story.block(96)
    story.diary(96, "1h=1", "2h=1")
    text = "[numbers]\nblocks_required = { value = 2 }\n"
    assert rehearsed(story, text, 100).verdict is Verdict.ILLEGAL


# --- a person


def test_on_hold_it_needs_a_person():
    story = in_conservative_care()
    story.hold(30)
    found = rehearsed(story, OFFSET.format("CON-TRIAL", 56), 35)
    assert (found.verdict, found.why) == (Verdict.PERSON, ("it is on hold",))


def test_lost_to_follow_up_it_needs_a_person():
    story = sought(in_conservative_care(), 110, 120, 130)
    story.lose(140)
    found = rehearsed(story, "", 141)
    assert found.why == ("the patient is lost to follow-up",)


@pytest.mark.parametrize("outcome", ["deceased", "moved", "declined"])
def test_stopped_for_good_it_needs_a_person(outcome):
    story = in_conservative_care()
    story.contact(30, outcome)
    found = rehearsed(story, "", 31)
    assert found.verdict is Verdict.PERSON
    assert found.why == (f"its reminders are stopped: {outcome}",)


def test_with_an_alert_it_needs_a_person():
    found = rehearsed(in_conservative_care(), "", 30, alert="guard-no-longer-met")
    assert found.why == ("alert: guard-no-longer-met",)


def test_a_line_that_would_vanish_needs_a_person():
    text = "[[follow_ups]]\nid = 'CON-CHECK'\nremove = true\n"
    found = rehearsed(in_conservative_care(), text, 30)
    assert found.verdict is Verdict.PERSON
    assert found.why == (f"CON-CHECK, due {on(48)}, would not be asked any more",)
    assert found.shifts == (Shift("CON-CHECK", on(48), None),)


@pytest.mark.parametrize(
    ("day", "verdict"),
    [
        (41, Verdict.MOVES),  # due on the day itself: not overdue
        (42, Verdict.PERSON),
        (49, Verdict.MOVES),  # overdue under both
    ],
)
def test_a_line_that_would_be_overdue_at_once_needs_a_person(day, verdict):
    found = rehearsed(in_conservative_care(), OFFSET.format("CON-CHECK", 21), day)
    assert found.verdict is verdict
    if verdict is Verdict.PERSON:
        assert found.why == (f"CON-CHECK would be overdue at once, since {on(41)}",)


def test_what_is_illegal_is_not_left_to_a_person():
    story = in_rfa()
    story.hold(90)
    text = "[numbers]\nblocks_required = { value = 2 }\n"
    assert rehearsed(story, text, 95).verdict is Verdict.ILLEGAL


def test_an_episode_that_no_move_brought_where_it_is_has_no_way_in_to_judge():
    text = "[numbers]\nresponse_pct = { value = 90 }\n"
    assert rehearsed(Story(), text, 3).verdict is Verdict.UNCHANGED
    assert rehearsed(in_re_evaluation(), text, 20).verdict is Verdict.UNCHANGED


# --- a rehearsal tells what then happens

STORIES = {
    "conservative care": (in_conservative_care, 30),
    "diagnostic block": (in_diagnostic_block, 75),
    "rfa": (in_rfa, 90),
    "relief": (in_relief_after_rfa, 200),
}
OFFSETS = st.sampled_from(["5", "21", "60", "'5bd'", "'30bd'", "'9w'"])


@settings(max_examples=60)
@given(
    where=st.sampled_from(sorted(STORIES)),
    lengths=st.dictionaries(
        st.sampled_from(
            ["CON-CHECK", "CON-TRIAL", "BLK-SCHED", "BLK-ESC", "RFA-SCHED"]
        ),
        OFFSETS,
        max_size=3,
    ),
    every=st.sampled_from([None, 30, 120]),
    closed=st.dates(on(0), on(300)),
)
def test_what_was_rehearsed_is_what_happens(where, lengths, every, closed):
    tell, day = STORIES[where]
    story = tell()
    text = "".join(OFFSET.format(*each) for each in lengths.items())
    if every:
        text += OFFSET.format("REL-CHECK", every) + f"every = {every}\n"
    text += f"[calendar]\nclosed = [{{ day = {closed}, name = 'closed' }}]\n"
    new = clinic(text)
    found = rehearsed(story, new, day)
    before = {
        (e.rule, e.counted_from): e.due for e in agenda(story.episode(), story.protocol)
    }
    old = story.protocol
    story.write(migrated(old, new, on(day), NURSE, {}), day)
    assert story.episode().protocol == new.hash
    assert story.episode(day - 1).protocol == old.hash
    story.protocol = new
    after = {
        (e.rule, e.counted_from): e.due for e in agenda(story.episode(), story.protocol)
    }
    changed = {
        name[0]: (before.get(name), after.get(name))
        for name in before.keys() | after.keys()
        if before.get(name) != after.get(name)
    }
    assert {each.rule: (each.was, each.now) for each in found.shifts} == changed
    assert (found.verdict is Verdict.UNCHANGED) is (not changed)
