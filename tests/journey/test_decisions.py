"""Evidence is refused only where it cannot be so; moves only where the table says."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from sitrack.errors import BadInput, NotFound
from sitrack.journey.decisions import Variance, ways_on
from sitrack.journey.findings import Refused
from sitrack.journey.plausibility import EvidenceForm, decide_evidence
from tests.journey.notation import (
    BORN,
    JUDGEMENT,
    NURSE,
    ZONE,
    Story,
    after_rfa,
    failed_injection,
    in_conservative_care,
    in_diagnostic_block,
    in_re_evaluation,
    on,
    shipped_with,
)


def refused(story: Story, kind: str, day, *readings, **more) -> list[str]:
    """The codes with which evidence is refused; nothing may be written."""
    before = len(story.entries)
    with pytest.raises(Refused) as refusal:
        story.record(kind, day, *readings, **more)
    assert len(story.entries) == before
    return [finding.label() for finding in refusal.value.findings]


# --- evidence that cannot be so


def test_nothing_happens_tomorrow():
    story = failed_injection()
    assert refused(story, "score", 15, nrs=3, written=14) == ["FUTURE_DATED"]
    late = dt.datetime(2025, 1, 21, 0, 5, tzinfo=ZONE)
    assert refused(story, "score", late, nrs=3, written=14) == ["FUTURE_DATED"]


@pytest.mark.parametrize("name", ["start", "stop"])
def test_a_course_neither_begins_nor_ends_tomorrow(name):
    story = in_conservative_care()
    values = {"drug": "naproxen", name: str(on(31))}
    assert refused(story, "medication", 30, **values) == ["FUTURE_DATED"]
    story.record("medication", 31, **values)


def test_a_diary_reading_of_tomorrow_is_refused():
    story = Story()
    block = story.block(0)
    named = refused(story, "diary", 22, "1h=2", about=block, written=14)
    assert named == ["FUTURE_DATED"]


@pytest.mark.founding(2)
@pytest.mark.parametrize("kind", ["injection", "exam", "consent"])
def test_what_is_said_of_the_other_side_is_refused(kind):
    forms = {
        "injection": {"guidance": "ct", "nrs": 8},
        "exam": {"positive": "faber"},
        "consent": {"procedure": "rfa"},
    }
    story = Story(side="left")
    assert refused(story, kind, 1, side="right", **forms[kind]) == ["SIDE_MISMATCH"]
    story.record(kind, 1, side="left", **forms[kind])


def test_nothing_happens_before_birth():
    day = BORN - dt.timedelta(days=1)
    assert refused(Story(), "score", day, nrs=3) == ["OUT_OF_ORDER"]
    Story().record("score", BORN, nrs=3)


def test_without_a_known_birth_nothing_is_before_it():
    form = EvidenceForm(
        "score", dt.date(1900, 1, 1), None, None, {"nrs": 3}, (), NURSE, {}
    )
    draft = decide_evidence(Story().episode(), form, today=on(0), zone=ZONE, born=None)
    assert draft.occurred == dt.date(1900, 1, 1)


@pytest.mark.parametrize("kind", ["score", "diary"])
def test_a_follow_up_is_not_older_than_its_procedure(kind):
    story = Story()
    injection = story.injection(5)
    values = {"nrs": 3} if kind == "score" else {}
    readings = ("1h=2",) if kind == "diary" else ()
    named = refused(story, kind, 4, *readings, about=injection, **values)
    assert named == ["OUT_OF_ORDER"]
    story.record(kind, 5, *readings, about=injection, **values)


def test_before_and_after_are_measured_on_one_scale():
    story = Story()
    story.injection(0, nrs=8)
    assert refused(story, "score", 14, vas=70) == ["SCALE_MISMATCH"]
    assert refused(story, "diary", 0, "1h=70", scale="vas") == ["SCALE_MISMATCH"]
    other = Story()
    other.injection(0, vas=80)
    assert refused(other, "score", 14, nrs=7) == ["SCALE_MISMATCH"]
    other.score(14, vas=70)
    other.score(14, odi=40, pgic=3)


def test_a_diary_speaks_the_scale_of_its_procedure():
    story = Story()
    story.injection(0, vas=80)
    diary = story.diary(None, "1h=20")
    assert story.episode().entry(diary).values["scale"] == "vas"


def test_before_any_baseline_every_scale_is_taken():
    story = Story()
    story.score(0, vas=70)
    story.score(1, nrs=7)
    assert len(story.episode().of_kind("score")) == 2


@pytest.mark.parametrize("kind", ["injection", "block", "rfa"])
@pytest.mark.parametrize("baseline", [{}, {"nrs": 0}, {"vas": 0}])
def test_a_procedure_without_a_baseline_is_refused(kind, baseline):
    forms = {
        "injection": {"guidance": "ct"},
        "block": {},
        "rfa": {"guidance": "ct", "technique": "cooled"},
    }
    named = refused(Story(), kind, 0, **forms[kind], **baseline)
    assert named == ["EVIDENCE_MISSING(baseline)"]


def test_every_reason_is_named_at_once():
    named = refused(
        Story(side="left"), "injection", 5, side="right", guidance="ct", written=3
    )
    assert named == ["FUTURE_DATED", "SIDE_MISMATCH", "EVIDENCE_MISSING(baseline)"]


# --- evidence that cannot be understood


def test_a_score_is_on_one_scale_or_the_other():
    with pytest.raises(BadInput, match="--nrs or --vas, not both"):
        Story().score(0, nrs=3, vas=30)


def test_a_diary_without_a_reading_is_not_understood():
    story = Story()
    story.injection(0)
    with pytest.raises(BadInput, match="at least one --reading"):
        story.diary(0)


def test_a_diary_needs_a_procedure_to_belong_to():
    assert refused(Story(), "diary", 0, "1h=2") == ["EVIDENCE_MISSING(procedure)"]


def test_a_diary_belongs_to_the_latest_procedure_and_to_its_day():
    story = Story()
    story.injection(0)
    block = story.block(20)
    seq = story.diary(None, "1h=2", written=25)
    diary = story.episode().entry(seq)
    assert (diary.about, diary.day, diary.written) == (block, on(20), on(25))


def test_only_injections_and_blocks_have_diaries():
    story = after_rfa()
    rfa = story.episode().of_kind("rfa")[0].seq
    with pytest.raises(BadInput, match="it has no diary"):
        story.diary(100, "1h=2", about=rfa)


def test_an_entry_that_does_not_exist_is_not_found():
    with pytest.raises(NotFound, match="P01428-R has no evidence #7"):
        Story().score(0, nrs=3, about=7)


def test_a_form_that_belongs_to_nothing_takes_no_entry():
    story = Story()
    injection = story.injection(0)
    with pytest.raises(BadInput, match="consent takes no --for"):
        story.record("consent", 0, procedure="rfa", about=injection)


def test_what_is_not_dated_is_of_today():
    story = failed_injection()
    seq = story.record("score", None, nrs=3)
    assert story.episode().entry(seq).day == on(14)


def test_evidence_is_taken_down_whatever_the_rules_think_of_it():
    story = Story()
    story.rfa(0)
    story.consent(0, procedure="fusion")
    story.exam(0, positive=0)
    assert len(story.episode().evidence) == 3
    assert story.stage == "injection"


# --- moves


@pytest.mark.founding(15)
def test_a_move_outside_the_table_stands_alone_and_says_where_the_stage_leads():
    story = Story()
    with pytest.raises(Refused) as refusal:
        story.move("rfa", 1)
    [finding] = refusal.value.findings
    assert finding.label() == "NOT_ALLOWED_FROM_STATE"
    assert finding.seen == "Injection leads to Re-evaluation, Relief, Closed only"
    assert refusal.value.hint == "see what is possible: sitrack why P01428-R"


def test_a_move_answers_to_its_own_command_only():
    story = Story()
    with pytest.raises(Refused) as refusal:
        story.move("closed", 1)
    [finding] = refusal.value.findings
    assert finding.seen == "that is done with: sitrack episode finish"


def test_a_move_is_not_made_before_the_stage_changed_last():
    story = in_conservative_care()
    assert story.refused("re-evaluation", 19, "improved") == {"OUT_OF_ORDER"}
    assert story.refused("re-evaluation", 14) == {"OUT_OF_ORDER"}
    story.move("re-evaluation", 20, "improved")


def test_a_move_made_late_is_judged_by_what_was_true_on_its_day():
    story = failed_injection()
    story.score(40, nrs=1)
    assert story.refused("re-evaluation", 40) == {"RELIEF_ABOVE_THRESHOLD"}
    story.move("re-evaluation", 20)
    assert story.episode().visit.entered == on(20)


def test_a_move_keeps_what_every_requirement_said():
    story = in_conservative_care()
    move = story.entries[-1]
    assert (move.stage_from, move.stage_to) == ("re-evaluation", "conservative-care")
    assert move.protocol == story.protocol.hash
    said = {row["requirement"]: row["result"] for row in move.payload["findings"]}
    assert said == {
        "provocation-tests": "met",
        "differential-screens": "met",
        "source-response": "met",
    }


def test_a_reason_is_kept_with_the_move():
    story = in_conservative_care()
    story.move("re-evaluation", 21, "improved")
    assert story.entries[-1].payload["reason"] == "improved"


def test_a_reason_that_the_move_does_not_take_is_not_understood():
    with pytest.raises(BadInput, match="--reason takes none"):
        failed_injection().move("re-evaluation", 14, "improved")
    with pytest.raises(BadInput, match="--reason takes recurrence, persistent-pain"):
        in_conservative_care().move("re-evaluation", 21, "boredom")


# --- variances


def test_a_variance_lifts_what_is_unmet_and_shows_what_that_was():
    story = in_re_evaluation()
    story.move("conservative-care", 20, variance=JUDGEMENT)
    findings = story.entries[-1].payload["findings"]
    assert [row.get("code") for row in findings] == [
        "EVIDENCE_MISSING(tests)",
        "EVIDENCE_MISSING(lumbar screen)",
        "EVIDENCE_MISSING(hip screen)",
        "EVIDENCE_MISSING(soft tissue screen)",
        None,
    ]


def test_a_variance_never_makes_a_move_that_the_table_lacks():
    named = failed_injection().refused("conservative-care", 14, variance=JUDGEMENT)
    assert named == {"NOT_ALLOWED_FROM_STATE"}


def test_a_variance_never_lifts_a_hard_requirement():
    named = in_diagnostic_block().refused("rfa", 80, variance=JUDGEMENT)
    assert named == {"EVIDENCE_MISSING(block)"}


def test_a_soft_requirement_does_not_hide_a_hard_one_with_the_same_code():
    # Both name the missing exit score; the second of the two is hard here.
    severity = 'kind = "pain-severity"'
    protocol = shipped_with((severity, f"{severity}\nhard = true"))
    story = in_conservative_care(protocol=protocol)
    named = story.refused("diagnostic-block", 70, variance=JUDGEMENT)
    assert named == {"EVIDENCE_MISSING(exit NRS)"}


def test_there_is_nothing_to_lift_where_everything_is_met():
    with pytest.raises(BadInput, match="nothing to lift"):
        failed_injection().move("re-evaluation", 14, variance=JUDGEMENT)


def test_a_variance_that_the_move_does_not_take_is_not_understood():
    with pytest.raises(BadInput, match="--variance takes clinical-judgement"):
        Story().move("re-evaluation", 1, variance=Variance("pt-intolerable", "o", "x"))


@pytest.mark.parametrize(("clinician", "text"), [("", "because"), ("osei", " ")])
def test_a_variance_names_who_decided_and_why(clinician, text):
    variance = Variance("clinical-judgement", clinician, text)
    with pytest.raises(BadInput, match="names the clinician"):
        Story().move("re-evaluation", 1, variance=variance)


# --- the ways on


def test_the_ways_on_are_every_move_but_the_end():
    targets = [way.move.target for way in ways_on(in_conservative_care().case(20))]
    assert targets == [
        "relief",
        "diagnostic-block",
        "re-evaluation",
        "fusion-evaluation",
    ]


def test_a_finished_episode_has_no_ways_on():
    story = Story()
    story.placed("closed", 3)
    assert ways_on(story.case(3)) == []


def test_the_same_case_can_be_asked_with_a_reason():
    case = in_conservative_care().case(21)
    [move] = [way.move for way in ways_on(case) if way.move.id == "reassess"]
    asked = {way.move.id: way for way in ways_on(replace(case, reason="improved"))}
    assert asked[move.id].allowed
    assert not {w.move.id: w for w in ways_on(case)}[move.id].allowed


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("exam", {"positive": "faber,yeoman", "negative": "yeoman"}),
        ("therapy", {"type": "passive", "start": "2025-01-05", "stop": "2025-01-02"}),
        ("score", {"nrs": "3", "vas": "30"}),
    ],
)
def test_a_form_that_contradicts_itself_is_not_understood(kind, values):
    story = Story()
    with pytest.raises(BadInput):
        story.record(kind, 30, **values)


def test_an_attestation_of_a_diary_is_about_the_latest_procedure():
    story = Story()
    block = story.block(10)
    seq = story.attest(12, "diary")
    assert story.episode(12).entry(seq).about == block


def test_two_readings_of_one_time_are_not_understood():
    story = Story()
    story.injection(0)
    with pytest.raises(BadInput, match="one time"):
        story.diary(0, "1h=7", "60m=1")
