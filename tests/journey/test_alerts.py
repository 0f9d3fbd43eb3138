"""A change that lost its ground says so, until it is mended: and only then."""

import dataclasses

import pytest

from sitrack.journey.decisions import ways_on
from sitrack.journey.findings import Refused
from sitrack.pathway.stages import Status

from .notation import (
    JUDGEMENT,
    Story,
    after_rfa,
    exhausted,
    failed_injection,
    in_conservative_care,
    in_diagnostic_block,
    in_fusion_evaluation,
    in_re_evaluation,
    in_rfa,
    on,
    sought,
    worked_up,
)


def last(story, kind):
    """The number of the last entry of a kind."""
    return [e.seq for e in story.entries if e.kind == kind][-1]


def into(story, stage):
    """The number of the move into a stage."""
    return [e.seq for e in story.entries if e.stage_to == stage][-1]


# --- what raises it, for each kind of thing that a move rests on


CORRECTED = [
    # told up to the move, what is corrected and how, what the move lacks then
    (in_rfa, "diary", ["reading=1h=6", "reading=2h=6"], "RELIEF_BELOW_THRESHOLD"),
    (in_rfa, "block", ["nrs=3"], "RELIEF_BELOW_THRESHOLD"),
    # Its diary was written on the day of the move then, which is late.
    (in_rfa, "block", [f"on={on(66)}"], "ATTESTATION_REQUIRED"),
    (in_conservative_care, "exam", ["positive=faber"], "EVIDENCE_MISSING(tests)"),
    (in_conservative_care, "screen", ["hip=positive"], "SOURCE_NOT_CONFIRMED"),
]


@pytest.mark.parametrize(("tell", "kind", "sets", "lacks"), CORRECTED)
def test_what_a_move_rests_on_is_corrected(tell, kind, sets, lacks):
    story = tell()
    move, stage = story.episode().visit.seq, story.stage
    story.correct(120, last(story, kind), *sets)
    assert story.broken == {move: [lacks]}
    assert story.stage == stage
    [amendment] = story.undo(121, story.entries[-1].seq)
    assert story.broken == {}
    assert story.entries[-1].seq == amendment


@pytest.mark.parametrize(
    ("tell", "kind", "lacks"),
    [
        (in_rfa, "consent", ["CONSENT_MISSING"]),
        (in_conservative_care, "exam", ["EVIDENCE_MISSING(tests)"]),
        (in_re_evaluation, "score", ["EVIDENCE_MISSING(14-day score)"]),
    ],
)
def test_what_a_move_rests_on_is_taken_out(tell, kind, lacks):
    story = tell()
    move = story.episode().visit.seq
    [retraction] = story.retract(120, last(story, kind))
    assert story.broken == {move: lacks}
    [broken] = story.episode().broken
    assert (broken.by, broken.what, broken.day) == (
        retraction,
        story.stage,
        story.episode().visit.entered,
    )
    story.undo(121, retraction)
    assert story.broken == {}


def test_a_move_that_is_dated_before_its_evidence_loses_its_ground():
    story = exhausted(in_conservative_care(), 62)
    move = story.move("diagnostic-block", 62)
    story.correct(70, move, f"on={on(40)}")
    assert move in story.broken
    assert "TRIAL_PERIOD_NOT_MET" in story.broken[move]
    story.correct(71, move, f"on={on(63)}")
    assert story.broken == {}


def test_a_fusion_dated_across_its_consent_loses_its_ground():
    story = worked_up(in_fusion_evaluation(), 210)
    surgery = story.fusion(215)
    move = story.move("post-fusion", 215)
    story.correct(220, surgery, f"on={on(211)}")
    assert story.broken == {}
    story.correct(220, surgery, f"on={on(209)}")
    assert "CONSENT_MISSING" in story.broken[move]
    consent = last(story, "consent")
    story.correct(221, consent, f"on={on(208)}")
    assert story.broken == {}


def test_each_move_that_rested_on_it_says_so():
    story = in_rfa()
    story.retract(120, last(story, "exam"))
    story.retract(121, last(story, "consent"))
    assert story.broken == {
        into(story, "conservative-care"): ["EVIDENCE_MISSING(tests)"],
        into(story, "rfa"): ["CONSENT_MISSING"],
    }
    by = [each.by for each in story.episode().broken]
    assert by == [story.entries[-2].seq, story.entries[-1].seq]


def test_the_amendment_that_did_it_is_named_and_not_a_later_one():
    story = in_rfa()
    [culprit] = story.retract(120, last(story, "consent"))
    story.correct(121, last(story, "exam"), "fortin=yes")
    assert [each.by for each in story.episode().broken] == [culprit]


def test_what_was_recorded_after_a_move_never_takes_its_ground():
    story = in_rfa()
    later = story.score(90, nrs=5)
    story.correct(91, later, "nrs=1")
    story.retract(92, later)
    assert story.broken == {}


def test_the_right_evidence_written_down_later_gives_the_ground_back():
    story = in_rfa()
    diary = last(story, "diary")
    story.retract(83, diary)
    assert story.broken
    story.diary(80, "1h=2", "2h=2", about=last(story, "block"), written=83)
    assert story.broken == {}


# --- variances


def test_what_a_variance_lifted_stays_lifted_and_nothing_else_is():
    story = in_conservative_care()
    story.therapy(30, visits=8, start=str(on(20)))
    story.naproxen(30, start=str(on(20)), response="none")
    score = story.score(30, nrs=7)
    move = story.move("diagnostic-block", 30, variance=JUDGEMENT)
    # It lifted the length of the trial: less of it is lifted as well.
    story.correct(40, last(story, "therapy"), f"start={on(25)}")
    assert story.broken == {}
    # That the pain was low was nobody's judgement.
    story.correct(41, score, "nrs=3")
    assert story.broken == {
        move: ["RELIEF_ABOVE_THRESHOLD", "SEVERITY_BELOW_THRESHOLD"]
    }
    story.undo(42, story.entries[-1].seq)
    assert story.broken == {}


def test_no_variance_lifted_what_is_hard():
    story = worked_up(in_fusion_evaluation(), 210, imaging=True)
    story.fusion(212)
    move = story.move("post-fusion", 212, variance=JUDGEMENT)
    story.retract(220, last(story, "consent"))
    assert story.broken == {move: ["CONSENT_MISSING"]}


# --- what stops, and what mends it


@pytest.fixture
def broken():
    """An RFA whose block was never positive, with the alert standing."""
    story = after_rfa()
    story.move_number = into(story, "rfa")
    diary = last(story, "diary")
    [story.amendment] = story.correct(110, diary, "reading=1h=7", "reading=2h=7")
    assert story.broken == {story.move_number: ["RELIEF_BELOW_THRESHOLD"]}
    return story


def test_nothing_but_re_evaluation_and_the_end_leads_on(broken):
    broken.score(200, nrs=7)
    for target in ("relief", "fusion-evaluation", "conservative-care"):
        assert broken.refused(target, 200) == {"GUARD_NO_LONGER_MET"}
    ways = ways_on(broken.case(200))
    assert {way.move.target for way in ways} == {"re-evaluation"}
    other = copy_of(broken)
    other.finish(200, "declined")
    assert other.episode().broken == ()
    broken.move("re-evaluation", 200, "technical-doubt")
    assert broken.broken == {}


def copy_of(story):
    other = Story()
    other.entries = list(story.entries)
    return other


@pytest.mark.parametrize("tell", [in_rfa, after_rfa, in_conservative_care])
def test_asking_and_doing_agree_while_it_stands(tell):
    story = tell()
    story.retract(150, last(story, "exam"))
    assert story.broken
    asked = {way.move.target: way for way in ways_on(story.case(150))}
    for target in ("re-evaluation", "relief", "fusion-evaluation", "diagnostic-block"):
        if target in asked and asked[target].allowed:
            trial = copy_of(story)
            trial.move(target, 150)
        elif target in asked:
            labels = {finding.label() for finding in asked[target].unmet}
            assert story.refused(target, 150) == labels
        else:
            assert story.refused(target, 150) <= {
                "GUARD_NO_LONGER_MET",
                "NOT_ALLOWED_FROM_STATE",
            }


def test_a_clinician_stands_for_it_until_what_was_seen_changes(broken):
    number = broken.move_number
    attested = broken.attest(111, "move", number)
    assert broken.broken == {}
    # Whatever else is amended is no reason to ask again.
    broken.correct(112, last(broken, "exam"), "fortin=yes")
    broken.correct(112, last(broken, "rfa"), "lesions=6")
    assert broken.broken == {}
    broken.correct(113, last(broken, "diary"), "reading=1h=8", "reading=2h=8")
    assert list(broken.broken) == [number]
    broken.undo(114, broken.entries[-1].seq)
    assert list(broken.broken) == [number]
    assert attested < broken.attest(115, "move", number)
    assert broken.broken == {}


def test_an_attestation_can_be_corrected_and_taken_out_again(broken):
    number = broken.move_number
    attested = broken.attest(112, "move")
    broken.correct(113, attested, f"on={on(111)}")
    assert broken.broken == {}
    assert broken.episode().entry(attested).about == number
    [retraction] = broken.retract(114, attested)
    assert list(broken.broken) == [number]
    broken.undo(115, retraction)
    assert broken.broken == {}


def test_another_kind_of_attestation_stands_for_no_move(broken):
    broken.attest(112, "source")
    broken.attest(112, "early-failure")
    assert list(broken.broken) == [broken.move_number]


# --- where it looks


def test_re_evaluation_looks_at_everything_anew():
    story = in_conservative_care()
    story.score(40, nrs=7)
    story.move("re-evaluation", 40, "persistent-pain")
    story.retract(50, last(story, "exam"))
    assert story.broken == {}


def test_the_way_into_re_evaluation_itself_can_lose_its_ground():
    story = in_re_evaluation()
    move = into(story, "re-evaluation")
    story.correct(20, last(story, "score"), "nrs=3")
    assert story.broken == {move: ["RELIEF_ABOVE_THRESHOLD"]}
    story.exam(20)
    story.screens(20)
    assert story.refused("conservative-care", 20) == {"GUARD_NO_LONGER_MET"}
    # The way back: the patient never failed.
    story.retract(21, move)
    assert (story.stage, story.broken) == ("injection", {})


def test_it_stands_on_hold_too_and_the_hold_says_why_it_stays():
    story = in_rfa()
    story.hold(90)
    story.retract(91, last(story, "consent"))
    assert story.episode().status is Status.ON_HOLD
    assert story.broken
    assert story.refused("relief", 92) == {"ON_HOLD"}
    story.resume(95)
    assert story.refused("relief", 96) == {"GUARD_NO_LONGER_MET"}


def test_what_is_finished_is_not_asked_about_and_reopened_begins_anew():
    story = in_rfa()
    finish = story.finish(100, "declined")
    story.retract(101, last(story, "consent"))
    assert story.broken == {}
    story.undo(102, finish)
    assert list(story.broken) == [into(story, "rfa")]
    story.finish(103, "declined")
    story.score(104, nrs=7)
    story.reopen(105)
    assert story.broken == {}


def test_a_loss_that_rested_on_attempts_loses_its_ground():
    story = failed_injection()
    sought(story, 60, 65, 70)
    lost = story.lose(120)
    number = last(story, "contact")
    [retraction] = story.retract(121, number)
    assert story.broken == {lost: ["CONTACT_ATTEMPTS_INSUFFICIENT"]}
    assert story.episode().status is Status.LOST
    assert story.refused("re-evaluation", 122) == {"LOST"}
    [each] = story.episode().broken
    assert (each.what, each.by) == ("lost", retraction)
    story.retract(122, lost)
    assert (story.broken, story.episode().status) == ({}, Status.ACTIVE)


def test_a_return_that_rested_on_a_visit_loses_its_ground():
    story = failed_injection()
    sought(story, 60, 65, 70)
    story.lose(120)
    visit = story.record("visit", 130)
    back = story.come_back(130)
    assert story.broken == {}
    story.retract(131, visit)
    assert story.broken == {back: ["EVIDENCE_MISSING(patient contact)"]}
    story.contact(131, "reached")
    assert story.broken == {back: ["EVIDENCE_MISSING(patient contact)"]}
    story.contact(130, "reached")
    assert story.broken == {}


def test_the_other_side_neither_raises_nor_clears_it():
    right, left = in_rfa(), Story(side="left")
    left.injection(0)
    right.others, left.others = (left,), (right,)
    right.retract(90, last(right, "consent"))
    left.consent(82)
    assert right.broken == {into(right, "rfa"): ["CONSENT_MISSING"]}
    assert left.broken == {}


def test_what_was_true_on_an_earlier_day_is_told_without_it():
    story = in_diagnostic_block()
    before = story.episode(75)
    block = story.block(80)
    story.diary(80, "1h=2", "2h=2", about=block)
    story.consent(82)
    story.move("rfa", 82)
    story.retract(90, last(story, "consent"))
    assert story.episode(81).broken == ()
    assert story.episode(82).broken != ()
    assert dataclasses.replace(story.episode(75), version=0, moved=on(0)) == (
        dataclasses.replace(before, version=0, moved=on(0))
    )


def test_only_a_move_without_ground_can_be_attested(broken):
    with pytest.raises(Exception, match="lost its ground"):
        broken.attest(112, "move", into(broken, "diagnostic-block"))
    with pytest.raises(Refused):
        broken.move("relief", 112)
