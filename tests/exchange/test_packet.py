"""The checklists of part 4: each line, by what is on record, missing, not met or stale."""

import dataclasses
import datetime as dt

import pytest

from sitrack.exchange.checklists import CHECKLISTS, filled
from sitrack.exchange.packet import State, Subject
from sitrack.pathway.policy import policy_named
from tests.docs.readme import ROOT
from tests.journey.notation import (
    Story,
    after_rfa,
    in_diagnostic_block,
    in_fusion_evaluation,
    in_rfa,
    on,
    shipped_with,
    worked_up,
)

MARY = Subject("Mary", "King", dt.date(1970, 5, 1), "A-1", None)
MET, MISSING = State.MET, State.MISSING
NOT_MET, STALE, ATTACH = State.NOT_MET, State.STALE, State.ATTACH


def packet(story, target, day, policy=None, subject=MARY):
    named = policy_named(policy) if policy else None
    known = [e for e in story.entries if e.day(dt.UTC) <= on(day)]
    return filled(target, subject, story.case(day), known, dt.UTC, policy=named)


def part(story, target, day, number, asks, **more):
    """The one part of a line whose title begins so."""
    line = packet(story, target, day, **more).lines[number - 1]
    assert line.number == number
    [found] = [each for each in line.parts if each.asks.startswith(asks)]
    return found


def state(*args, **more):
    return part(*args, **more).state


def rfa(story, day, number, asks, **more):
    return part(story, "rfa", day, number, asks, **more)


def fusion(story, day, number, asks, **more):
    return part(story, "post-fusion", day, number, asks, **more)


def blocked(**values):
    """A block of day 80 with its diary; everything before it."""
    story = in_diagnostic_block(**values)
    block = story.block(80)
    story.diary(80, "1h=2", "2h=2", "4h=5", about=block)
    return story


# --- the whole of it


@pytest.mark.parametrize(("target", "count"), [("rfa", 10), ("post-fusion", 13)])
def test_a_packet_has_the_lines_of_its_checklist_in_order(target, count):
    lines = packet(blocked(), target, 82).lines
    assert [line.number for line in lines] == list(range(1, count + 1))
    assert all(line.parts for line in lines)


@pytest.mark.parametrize("target", CHECKLISTS)
def test_nothing_on_record_is_no_error_and_meets_next_to_nothing(target):
    empty = packet(Story(), target, 0)
    counts = empty.counts()
    assert counts[MISSING] > counts[MET]
    assert len(empty.lacking()) == counts[MISSING] + counts[NOT_MET] + counts[STALE]


@pytest.mark.parametrize("target", CHECKLISTS)
def test_the_same_record_gives_the_same_packet(target):
    assert packet(blocked(), target, 82) == packet(blocked(), target, 82)


@pytest.mark.parametrize("target", CHECKLISTS)
def test_every_source_of_a_line_is_explained(target):
    page = (ROOT / "docs/reference/sources.md").read_text(encoding="utf-8")
    for line in packet(Story(), target, 0).lines:
        assert line.sources
        for key in line.sources:
            assert f"| {key} |" in page or key.startswith("founding"), key


def test_a_line_stands_as_badly_as_its_worst_part():
    [line] = [n for n in packet(blocked(), "rfa", 82).lines if n.number == 3]
    assert {p.state for p in line.parts} == {MET, MISSING, ATTACH}
    assert line.state is MISSING


def test_each_fact_says_its_day_its_entry_its_author_and_how_late_it_was_written():
    story = in_diagnostic_block()
    block = story.block(80)
    diary = story.diary(80, "1h=2", "2h=2", about=block, written=83)
    [found] = [
        f for f in rfa(story, 84, 7, "Positive blocks").facts if f.entry == diary
    ]
    assert (found.day, found.author, found.late_days) == (on(80), "osei", 3)
    assert "1h 2, 2h 2" in found.said
    assert not found.corrected


# --- RFA


def test_who_it_is_stands_on_it_and_a_missing_birth_is_missing():
    assert rfa(blocked(), 82, 1, "Name").state is MET
    unborn = dataclasses.replace(MARY, born=None)
    assert rfa(blocked(), 82, 1, "Date of birth", subject=unborn).state is MISSING
    assert rfa(blocked(), 82, 1, "Side").seen == "right sacroiliac joint"


def test_the_plan_is_named_and_its_number_is_to_be_attached():
    assert rfa(blocked(), 82, 1, "Plan").seen.startswith("no payer set")
    insured = dataclasses.replace(MARY, payer="bcbs-al")
    plan = rfa(blocked(), 82, 1, "Plan", subject=insured)
    assert (plan.state, plan.seen) == (ATTACH, "bcbs-al; the member number: attach")


def test_coverage_is_that_of_the_policy_and_a_notice_stands_in_for_it():
    story = blocked()
    assert rfa(story, 82, 1, "Coverage").state is MET
    assert rfa(story, 82, 1, "Coverage", policy="bcbs-al").state is MISSING
    story.record("notice", 82, procedure="rfa")
    covered = rfa(story, 82, 1, "Coverage", policy="bcbs-al")
    assert covered.state is MET
    assert "the patient pays" in covered.seen


@pytest.mark.parametrize(
    ("policy", "day", "expected"),
    [
        (None, 89, MISSING),
        (None, 90, MET),
        ("trial-rct", 179, MISSING),
        ("trial-rct", 180, MET),
    ],
)
def test_pain_has_lasted_as_long_as_is_asked_for(policy, day, expected):
    found = rfa(blocked(), day, 2, "Duration", policy=policy)
    assert found.state is expected
    if policy and expected is MISSING:
        assert "540 d where a pregnancy brought it on" in found.needs


@pytest.mark.parametrize(
    ("nrs", "day", "expected"),
    [(4, 81, MET), (3.5, 81, NOT_MET), (7, 111, MET), (7, 112, STALE)],
)
def test_pain_is_severe_and_lately_measured(nrs, day, expected):
    story = blocked()
    story.score(81, nrs=nrs)
    assert rfa(story, day, 2, "Pain").state is expected


def test_disability_is_shown_once_it_was_measured():
    story = blocked()
    assert rfa(story, 81, 2, "Limits").state is MISSING
    story.score(81, odi=44)
    assert rfa(story, 81, 2, "Limits").state is MET


def test_tests_are_named_and_signs_are_shown_as_they_are():
    story = blocked()
    tests = rfa(story, 82, 3, "Provocation tests")
    assert tests.state is MET
    assert "positive faber gaenslen thigh-thrust" in tests.facts[0].said
    assert rfa(story, 82, 3, "Fortin").state is MISSING
    story.record("exam", 82, positive="faber", fortin="no")
    assert rfa(story, 82, 3, "Fortin").state is NOT_MET
    assert rfa(story, 82, 3, "Provocation tests").state is MISSING
    story.record("exam", 83, positive="faber,gaenslen,yeoman", fortin="yes")
    assert rfa(story, 83, 3, "Fortin").state is MET


def test_each_other_source_is_excluded_by_itself():
    story = blocked()
    for region in ("Lumbar", "Hip", "Soft tissue"):
        assert rfa(story, 82, 4, region).state is MET
    story.screens(82, hip="positive")
    assert rfa(story, 82, 4, "Hip").state is NOT_MET
    four = "Inflammatory, infection, fracture, tumour"
    assert rfa(story, 82, 4, four).state is MISSING
    story.record("screen", 82, excluded="inflammatory,infection,fracture,tumour")
    assert rfa(story, 82, 4, four).state is MET
    story.record("screen", 83, red_flags="infection")
    found = rfa(story, 83, 4, four)
    assert (found.state, found.seen) == (NOT_MET, "found: infection")
    assert rfa(story, 83, 4, "Imaging").state is MISSING
    story.imaging(83)
    assert rfa(story, 83, 4, "Imaging").state is MET


@pytest.mark.parametrize(
    ("policy", "expected"), [(None, MET), ("bcbs-al", NOT_MET), ("trial-rct", MET)]
)
def test_conservative_care_has_lasted_as_the_payer_asks(policy, expected):
    assert rfa(blocked(), 82, 5, "Days", policy=policy).state is expected


@pytest.mark.parametrize(("age", "expected"), [(182, MET), (183, STALE)])
def test_therapy_belongs_to_the_present_episode_of_pain(age, expected):
    assert rfa(blocked(), 70 + age, 5, "Of the present").state is expected


def test_drugs_are_named_with_their_dose_and_their_days():
    story = blocked()
    found = rfa(story, 82, 5, "Drugs")
    assert (found.state, found.needs) == (MISSING, "dose of naproxen")
    story.naproxen(82, dose="500mg-bd")
    assert rfa(story, 82, 5, "Drugs").state is MET
    story.record("medication", 83, drug="gabapentin", neuropathic=True)
    lacking = rfa(story, 83, 5, "Drugs").needs
    assert lacking == "dose of gabapentin, start of gabapentin"
    story.record("medication", 84, drug="gabapentin", contraindicated=True)
    assert rfa(story, 84, 5, "Drugs").state is MET


def test_an_injection_shows_where_it_went_and_what_it_relieved():
    story = blocked(anaesthetic="lidocaine")
    found = rfa(story, 82, 6, "Injection of 2025-01-06")
    assert found.state is MET
    assert found.seen == (
        "NRS 8, then 1h 2 (75 %) 2h 2 (75 %); 50 % until 2h of 2h expected; "
        "later NRS 7 (12.5 %) on 2025-01-20"
    )


def test_what_an_injection_lacks_is_named():
    story = Story()
    story.record("injection", 0, guidance="none", contrast="unknown", nrs=8)
    found = rfa(story, 1, 6, "Injection of")
    assert found.state is MISSING
    assert found.needs == (
        "image guidance, where the contrast went, the anaesthetic, "
        "a score after, on the same scale"
    )


def test_a_block_shows_its_nerves_its_times_and_how_long_it_lasted():
    found = rfa(blocked(), 82, 7, "Block of 2025-03-27")
    assert found.state is MET
    assert found.seen == (
        "NRS 8, then 1h 2 (75 %) 2h 2 (75 %) 4h 5 (37.5 %); "
        "50 % until 2h of 8h expected; no steroid"
    )
    assert "nerves l5 s1 s2 s3" in found.facts[0].said
    strict = rfa(blocked(), 82, 7, "Block of", policy="medicare-lcd-2023")
    assert "75 % until 2h" in strict.seen


def test_how_long_a_block_lasted_ends_where_it_first_failed():
    story = in_diagnostic_block()
    block = story.block(80)
    story.diary(80, "30m=8", "1h=2", "2h=2", "4h=8", "6h=2", about=block)
    assert "50 % until 2h of" in rfa(story, 82, 7, "Block of").seen


def test_a_block_with_steroid_is_not_met_and_one_without_a_diary_is_missing():
    story = in_diagnostic_block()
    story.block(80, steroid=True)
    story.diary(80, "1h=2", "2h=2")
    assert rfa(story, 82, 7, "Block of").state is NOT_MET
    story = in_diagnostic_block()
    story.block(80)
    assert rfa(story, 82, 7, "Block of").needs == "timed scores after"
    assert rfa(story, 82, 7, "Positive blocks").state is MISSING
    assert rfa(story, 82, 7, "diary").state is MISSING


def test_the_packet_asks_for_as_many_blocks_as_the_payer():
    assert rfa(blocked(), 82, 7, "Positive blocks").state is MET
    two = rfa(blocked(), 82, 7, "Positive blocks", policy="bcbs-al")
    assert (two.state, two.needs) == (NOT_MET, "1 more of 50 % or more")


def test_function_is_shown_before_and_after():
    story = blocked()
    assert rfa(story, 82, 8, "ODI").seen == "none recorded"
    story.score(81, odi=50)
    assert rfa(story, 82, 8, "ODI").seen == "only once"
    story.score(82, odi=44, pgic=3)
    assert rfa(story, 82, 8, "ODI").state is MET
    assert rfa(story, 82, 8, "The patient's own").state is MET
    assert rfa(story, 82, 8, "Rehabilitation").state is MET


def test_rehabilitation_that_was_stopped_goes_on_elsewhere():
    story = Story()
    story.therapy(1, start=str(on(0)), stop=str(on(1)))
    assert rfa(story, 2, 8, "Rehabilitation").state is ATTACH


def test_a_first_rfa_repeats_none_and_a_second_shows_what_the_first_did():
    assert rfa(blocked(), 82, 9, "Earlier RFA").seen == "none of this side"
    story = after_rfa()
    story.score(190, nrs=4)
    assert rfa(story, 279, 9, "Days since").state is NOT_MET
    assert rfa(story, 280, 9, "Days since").state is MET
    assert rfa(story, 280, 9, "Its relief").state is MET
    assert rfa(story, 280, 9, "In a year").state is MET


def test_the_packet_says_which_entries_were_written_late():
    story = in_diagnostic_block()
    block = story.block(80)
    diary = story.diary(80, "1h=2", "2h=2", about=block, written=83)
    said = rfa(story, 84, 10, "Dated").seen
    assert f"{len(story.entries)} entries" in said
    assert f"written late: #{diary};" in said


def test_the_packet_can_be_made_after_the_move_as_well():
    story = in_rfa()
    assert rfa(story, 90, 7, "Positive blocks").state is MET


# --- fusion


def worked(**without):
    return worked_up(in_fusion_evaluation(), 210, **without)


def test_pain_and_disability_are_those_of_the_evaluation():
    story = in_fusion_evaluation()
    assert fusion(story, 201, 1, "Disability").state is MISSING
    story = worked()
    assert fusion(story, 240, 1, "Pain").state is MET
    assert fusion(story, 241, 1, "Pain").state is STALE
    assert fusion(story, 241, 1, "Disability").state is STALE


def test_care_without_surgery_is_itemised():
    story = worked()
    for asks in ("Days", "Home programme", "Supervised", "Therapeutic", "RFA"):
        assert fusion(story, 210, 2, asks).state is MET, asks
    assert fusion(story, 210, 2, "Activity").state is MISSING
    assert fusion(story, 210, 2, "Bracing").state is MISSING
    story.record("note", 210, topic="activity")
    story.record("belt", 210, start=str(on(30)))
    assert fusion(story, 210, 2, "Activity").state is MET
    assert fusion(story, 210, 2, "Bracing").state is MET


def test_the_place_of_the_pain_is_shown_by_its_signs():
    story = worked()
    story.record("exam", 210, positive="faber,gaenslen,aslr", fortin="yes", sulcus="no")
    assert fusion(story, 210, 3, "Fortin").state is MET
    assert fusion(story, 210, 3, "Sacral sulcus").state is NOT_MET
    assert fusion(story, 210, 4, "Positive on this side").state is MET


@pytest.mark.parametrize(
    ("policy", "age", "expected"),
    [
        (None, 365, MET),
        (None, 366, STALE),
        ("evicore-cigna", 182, MET),
        ("evicore-cigna", 183, STALE),
    ],
)
def test_images_are_as_fresh_as_is_asked_for(policy, age, expected):
    story = worked(imaging=True)
    story.imaging(210)
    for asks in ("SI joint, CT", "Pelvis", "Lumbar"):
        assert fusion(story, 210 + age, 5, asks, policy=policy).state is expected
    assert fusion(story, 210, 5, "SI joint, plain film").state is MISSING


def test_a_plain_film_of_the_joint_is_asked_for_besides():
    story = worked()
    story.record("imaging", 210, modality="x-ray", regions="si-joint,lumbar")
    assert fusion(story, 210, 5, "SI joint, plain film").state is MET
    story = worked(imaging=True)
    story.record("imaging", 210, modality="x-ray", regions="si-joint,lumbar")
    assert fusion(story, 210, 5, "Lumbar spine, CT").state is MISSING


def test_exclusions_are_those_of_the_evaluation():
    assert fusion(worked(), 210, 6, "Inflammatory").state is MET
    left = fusion(worked(exclusions=True), 210, 6, "Inflammatory")
    assert left.state is MISSING
    assert "pain-disorder" in left.seen


@pytest.mark.parametrize(
    ("policy", "expected"), [(None, MET), ("evicore-cigna", NOT_MET)]
)
def test_injections_are_as_many_and_as_good_as_is_asked_for(policy, expected):
    found = fusion(worked(), 210, 7, "Positive injections", policy=policy)
    assert found.state is expected


def test_what_a_payer_asks_of_injections_besides_has_a_title_of_its_own():
    found = fusion(worked(), 210, 7, "Given as treatment", policy="evicore-cigna")
    assert found.state is MET


@pytest.mark.parametrize(
    ("said", "expected"),
    [("unremarkable", MET), ("managed", MET), ("unmanaged", NOT_MET), (None, MISSING)],
)
def test_behaviour_is_screened_in_the_evaluation(said, expected):
    story = worked(behaviour=True)
    if said:
        story.record("screen", 210, behavioural=said)
    assert fusion(story, 210, 8, "Behavioural").state is expected


@pytest.mark.parametrize(
    ("lab", "day", "expected"),
    [
        ({"cotinine": "10"}, 252, MET),
        ({"cotinine": "10"}, 253, STALE),
        ({"cotinine": "11"}, 210, MISSING),
        ({"smoker": "never"}, 400, MET),
        (None, 210, MISSING),
    ],
)
def test_nicotine_is_shown_whoever_asks(lab, day, expected):
    story = worked()
    if lab:
        story.record("lab", 210, **lab)
    assert fusion(story, day, 9, "No nicotine").state is expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"approach": "lateral", "implant": "titanium-triangular"}, MET),
        ({"approach": "lateral", "implant": "allograft"}, NOT_MET),
        ({"approach": "posterior", "implant": "screw"}, NOT_MET),
        ({"approach": "lateral"}, MISSING),
    ],
)
def test_the_implant_and_its_approach_are_flagged_unless_they_transfix(
    values, expected
):
    story = worked()
    assert fusion(story, 210, 10, "Planned implant").state is ATTACH
    story.fusion(210, **values)
    assert fusion(story, 210, 10, "Implant and approach").state is expected


def test_the_surgeon_calls_the_patient_a_candidate():
    assert fusion(worked(), 210, 10, "The surgeon's opinion").state is MET
    story = worked()
    story.opinion(211, "optimise")
    assert fusion(story, 211, 10, "The surgeon's opinion").state is NOT_MET


def booked(story, day, status="made"):
    story.booking(211, "fusion", day, status)
    return story


def test_the_other_side_is_told_and_one_day_for_both_only_where_it_is_allowed():
    story, left = booked(worked(), 230), in_fusion_evaluation(side="left")
    assert fusion(story, 212, 11, "The other side").seen == "no episode"
    story.others = (booked(left, 231),)
    other = fusion(story, 212, 11, "The other side").seen
    assert other == f"P01428-L: Fusion evaluation since {on(200)}"
    assert fusion(story, 212, 11, "Not both").state is MET
    booked(left, 230, "moved")
    assert fusion(story, 212, 11, "Not both").seen.endswith(", and P01428-L too")
    forbidden = fusion(story, 212, 11, "Not both", policy="evicore-cigna")
    assert forbidden.state is NOT_MET
    booked(left, 230, "cancelled")
    again = fusion(story, 212, 11, "Not both", policy="evicore-cigna")
    assert again.state is MET


def test_consent_shared_decision_and_permanence_stand_by_themselves():
    story = worked()
    assert fusion(story, 210, 12, "Shared").state is MET
    assert fusion(story, 210, 12, "Consent").state is MET
    assert fusion(story, 210, 12, "Permanence").state is MISSING
    story.record("consent", 210, procedure="fusion", permanence=True)
    assert fusion(story, 210, 12, "Permanence").state is MET
    assert fusion(worked(consent=True), 210, 12, "Consent").state is MISSING
    assert fusion(worked(decision=True), 210, 12, "Shared").state is MISSING


def test_after_the_surgery_the_packet_still_shows_the_evaluation():
    story = worked()
    story.fusion(210, implant="titanium-triangular")
    story.move("post-fusion", 210)
    for number, asks in ((1, "Pain"), (6, "Inflammatory"), (12, "Shared")):
        assert fusion(story, 212, number, asks).state is MET


# --- older protocols


def test_a_number_that_an_older_protocol_lacks_is_the_shipped_one():
    older = shipped_with(
        ('min_pain_duration_days = { value = 90, unit = "d", sources = ["C4"] }\n', "")
    )
    assert rfa(blocked(protocol=older), 89, 2, "Duration").needs.startswith("90 d")


def test_what_a_policy_asks_and_an_older_protocol_does_not_know_is_said():
    older = shipped_with(
        ('cotinine_max = { value = 10, unit = "ng/mL", sources = ["P3"] }\n', ""),
        ('cotinine_max = "cotinine_max"\n', ""),
    )
    made = packet(blocked(protocol=older), "rfa", 82, policy="evicore-cigna")
    assert made.not_asked == ("cotinine_max",)
