"""Giving an entry other values: what is checked anew, and what goes together."""

import datetime as dt

import pytest

from sitrack.errors import BadInput, NotEligible, NotFound
from sitrack.journey.findings import Refused
from sitrack.journey.forms import KINDS

from .notation import (
    Story,
    after_rfa,
    failed_injection,
    in_conservative_care,
    in_diagnostic_block,
    on,
)

SCREEN = {"lumbar": "negative"}
EVERY_KIND = {
    # kind: as it was written, what is set, and the value that stands then
    "injection": ({"guidance": "ct", "nrs": 8}, "nrs=7.5", ("nrs", "7.5")),
    "diary": ({}, "method=phone", ("method", "phone")),
    "score": ({"nrs": 7}, "pgic=2", ("pgic", 2)),
    "exam": ({"positive": "faber"}, "negative=aslr,yeoman", ("negative", None)),
    "screen": (SCREEN, "soft-tissue=positive", ("soft_tissue", "positive")),
    "therapy": ({"type": "passive"}, "visits=12", ("visits", 12)),
    "medication": ({"drug": "naproxen"}, "dose=500mg", ("dose", "500mg")),
    "block": ({"nrs": 8}, "nerves=s1", ("nerves", ("s1",))),
    "rfa": (
        {"technique": "cooled", "guidance": "ct", "nrs": 8},
        "lesions=6",
        ("lesions", 6),
    ),
    "consent": ({"procedure": "rfa"}, "procedure=fusion", ("procedure", "fusion")),
    "opinion": (
        {"from": "hip", "verdict": "unclear"},
        "verdict=other-source",
        ("verdict", "other-source"),
    ),
    "note": ({"topic": "general"}, "topic=safety", ("topic", "safety")),
    "attestation": ({"about": "source"}, "about=repeat", ("about", "repeat")),
    "fusion": ({"approach": "lateral"}, "implant=screw", ("implant", "screw")),
    "visit": ({"by": "clinic"}, "wound=well", ("wound", "well")),
    "imaging": (
        {"modality": "ct", "regions": "pelvis"},
        "bridging=absent",
        ("bridging", "absent"),
    ),
    "lab": ({"cotinine": "4"}, "cotinine=14.5", ("cotinine", "14.5")),
    "belt": ({"start": "2025-01-06"}, "stop=2025-01-07", ("stop", dt.date(2025, 1, 7))),
    "notice": ({"procedure": "rfa"}, "procedure=block", ("procedure", "block")),
    "booking": (
        {"what": "rfa", "day": "2025-03-01"},
        "day=2025-03-08",
        ("day", dt.date(2025, 3, 8)),
    ),
    "authorisation": (
        {"what": "rfa", "status": "requested"},
        "status=denied",
        ("status", "denied"),
    ),
    "contact": (
        {"outcome": "no-answer", "channel": "phone"},
        "outcome=reached",
        ("outcome", "reached"),
    ),
    "adverse": (
        {"event": "burn", "severity": "mild"},
        "severity=severe",
        ("severity", "severe"),
    ),
}


def told(kind):
    """A story with one entry of a kind on day 3, and its number."""
    story = Story()
    values, sets, expected = EVERY_KIND[kind]
    readings = ()
    if kind == "diary":
        story.injection(0)
        readings = ("1h=2",)
    if kind == "attestation":
        return story, story.attest(3, values["about"]), sets, expected
    return story, story.record(kind, 3, *readings, **values), sets, expected


def fact(story, number):
    return story.episode().entry(number)


def test_every_kind_of_evidence_is_among_those_that_are_amended_here():
    assert EVERY_KIND.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_one_field_is_set_right_and_the_others_stay(kind):
    story, number, sets, (name, value) = told(kind)
    before = dict(fact(story, number).values)
    story.correct(5, number, sets)
    after = dict(fact(story, number).values)
    if value is not None:
        wanted = after.pop(name)
        assert wanted == (type(wanted)(value) if isinstance(value, str) else value)
    else:
        assert after.pop(name) != before.get(name)
    before.pop(name, None)
    assert after == before
    assert fact(story, number).day == on(3)


@pytest.mark.parametrize("kind", KINDS)
def test_the_day_is_set_right_and_the_values_stay(kind):
    story, number, *_ = told(kind)
    before = fact(story, number)
    story.correct(5, number, f"on={on(4)}")
    after = fact(story, number)
    assert (after.day, after.seq, after.kind) == (on(4), number, kind)
    assert (after.values, after.readings) == (before.values, before.readings)
    assert (after.about, after.recorded) == (before.about, before.recorded)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_retracted_counts_for_nothing_and_what_is_undone_stands_again(kind):
    story, number, *_ = told(kind)
    before = fact(story, number)
    [retraction] = story.retract(5, number)
    assert fact(story, number) is None
    with pytest.raises(NotEligible, match="retracted already"):
        story.retract(6, number)
    with pytest.raises(NotEligible, match="retracted already"):
        story.correct(6, number, f"on={on(4)}")
    story.undo(6, retraction)
    assert fact(story, number) == before


@pytest.mark.parametrize("kind", KINDS)
def test_undoing_a_correction_gives_back_what_stood_before_it(kind):
    story, number, sets, _ = told(kind)
    first = fact(story, number)
    [one] = story.correct(5, number, sets)
    second = fact(story, number)
    [two] = story.correct(6, number, f"on={on(4)}")
    assert fact(story, number) not in (first, second)
    with pytest.raises(NotEligible, match=f"amended again by #{two}"):
        story.undo(7, one)
    [back] = story.undo(7, two)
    assert fact(story, number) == second
    story.undo(8, back)
    assert fact(story, number).day == on(4)


# --- what can be typed


def test_a_flag_is_set_and_taken_back_by_yes_and_no():
    story = Story()
    number = story.injection(0)
    story.correct(1, number, "sedation=yes")
    assert fact(story, number).values["sedation"] is True
    story.correct(2, number, "sedation=no")
    assert "sedation" not in fact(story, number).values
    for wrong in ("sedation=maybe", "sedation=true", "sedation=1"):
        with pytest.raises(BadInput, match="takes yes or no"):
            story.correct(3, number, wrong)


def test_an_empty_value_takes_a_field_away_or_leaves_its_default():
    story = Story()
    number = story.injection(0, odi=52, steroid="other")
    story.correct(1, number, "odi=", "contrast=", "steroid=")
    values = fact(story, number).values
    assert not {"odi", "steroid"} & values.keys()
    assert values["contrast"] == "unknown"
    with pytest.raises(BadInput, match="--guidance is missing"):
        story.correct(2, number, "guidance=")
    with pytest.raises(Refused) as refusal:
        story.correct(2, number, "nrs=")
    assert refusal.value.findings[0].label() == "EVIDENCE_MISSING(baseline)"


def test_what_a_score_belongs_to_is_set_changed_and_taken_away():
    story = Story()
    one, two = story.injection(0), story.injection(20)
    number = story.score(30, nrs=5)
    [first] = story.correct(31, number, f"for={one}")
    assert fact(story, number).about == one
    story.correct(32, number, f"for={two}", "nrs=4")
    [away] = story.correct(33, number, "for=")
    assert fact(story, number).about is None
    story.correct(34, number, "nrs=3")
    assert fact(story, number).about is None
    story.undo(35, story.entries[-1].seq)
    assert (fact(story, number).about, fact(story, number).pain) == (None, 4)
    assert first < away


def test_a_performer_is_named_changed_and_taken_away():
    story = Story()
    number = story.score(3, nrs=5)
    assert fact(story, number).performer == "osei"
    story.correct(4, number, "performer=okafor")
    assert fact(story, number).performer == "okafor"
    story.correct(4, number, "performer=")
    assert fact(story, number).performer is None


def test_readings_replace_all_readings_and_their_order_is_no_change():
    story = Story()
    story.injection(0)
    number = story.diary(0, "1h=2", "2h=3")
    story.correct(1, number, "reading=30m=4", "reading=4h=5")
    assert [(r.minutes, r.score) for r in fact(story, number).readings] == [
        (30, 4),
        (240, 5),
    ]
    with pytest.raises(BadInput, match="nothing would change"):
        story.correct(2, number, "reading=4h=5", "reading=30m=4")
    for wrong in ("reading=", "reading=1h", "reading=1h=11", "reading=99h=2"):
        with pytest.raises(BadInput, match="reading"):
            story.correct(2, number, wrong)


def test_what_would_change_nothing_is_said_and_not_written():
    story = failed_injection()
    for number, *sets in (
        (2, "nrs=8"),
        (2, "nrs=8.0", f"on={on(0)}"),
        (3, "reading=1h=2", "reading=2h=2"),
        (4, "performer=osei"),
    ):
        before = list(story.entries)
        with pytest.raises(BadInput, match="nothing would change"):
            story.correct(20, number, *sets)
        assert story.entries == before


@pytest.mark.parametrize(
    ("sets", "says", "hints"),
    [
        (["nsr=3"], "has no field 'nsr'", "it has on, for, performer, nrs"),
        (["side=left"], "has no field 'side'", "entry transfer"),
        (["text=words"], "has no field 'text'", "entry retract"),
        (["reading=1h=2"], "has no field 'reading'", "it has on"),
        (["nrs=3", "nrs=4"], "nrs is set twice", "once"),
        (["nrs=11"], "takes a score from 0 to 10", "record score --help"),
        (["nrs=3", "vas=30"], "--nrs or --vas", None),
        (["on=soon"], "on= takes a day", None),
        (["for=block"], "takes the number of an entry", None),
        (["nrs="], "give at least one of", None),
    ],
)
def test_what_cannot_be_understood_is_named(sets, says, hints):
    story = failed_injection()
    before = list(story.entries)
    with pytest.raises(BadInput) as refusal:
        story.correct(20, 4, *sets)
    assert says in refusal.value.message
    assert hints is None or hints in refusal.value.hint
    assert story.entries == before


def test_what_is_not_there_is_not_found():
    story = failed_injection()
    for number in (0, 5, 99):
        with pytest.raises(NotFound, match=f"has no entry #{number}"):
            story.correct(20, number, "nrs=3")
    with pytest.raises(NotFound, match="has no evidence #99"):
        story.correct(20, 4, "for=99")


def test_the_opening_and_amendments_themselves_are_not_amended():
    story = failed_injection()
    [amendment] = story.correct(20, 4, "nrs=6")
    with pytest.raises(NotEligible) as refusal:
        story.retract(20, 1)
    assert "--disposition opened-in-error" in refusal.value.hint
    for act in (
        lambda: story.retract(20, amendment),
        lambda: story.correct(20, amendment, "nrs=5"),
    ):
        with pytest.raises(NotEligible, match="amends #4") as refusal:
            act()
        assert refusal.value.hint == f"sitrack undo {story.key}#{amendment}"


# --- what cannot be so


def refused(story, day, number, *sets):
    return story.refusal(lambda: story.correct(day, number, *sets))


def test_a_correction_is_never_of_the_future_nor_of_before_birth():
    story = failed_injection()
    assert refused(story, 20, 4, f"on={on(21)}") == {"FUTURE_DATED"}
    assert refused(story, 20, 4, "on=1969-12-31") == {"OUT_OF_ORDER"}
    therapy = story.therapy(20, start=str(on(0)))
    assert refused(story, 20, therapy, f"stop={on(21)}") == {"FUTURE_DATED"}
    story.move("re-evaluation", 20)
    assert refused(story, 20, story.entries[-1].seq, f"on={on(21)}") == {"FUTURE_DATED"}


def test_a_score_is_judged_on_the_scale_of_its_own_days():
    story = after_rfa_on_vas()
    early, late = story.early, story.late
    story.correct(120, early, "nrs=6")
    assert refused(story, 120, early, "nrs=", "vas=60") == {"SCALE_MISMATCH"}
    story.correct(120, late, "vas=55")
    assert refused(story, 120, late, "vas=", "nrs=5") == {"SCALE_MISMATCH"}
    # The day decides: in the days of the injection it was NRS that was asked.
    assert refused(story, 120, late, f"on={on(13)}") == {"SCALE_MISMATCH"}


def after_rfa_on_vas():
    """NRS until the block, VAS from the RFA of day 100 on."""
    story = in_diagnostic_block()
    story.early = next(e.seq for e in story.entries if e.kind == "score")
    story.block(80)
    story.diary(80, "1h=2", "2h=2")
    story.consent(82)
    story.move("rfa", 82)
    story.rfa(100, vas=80)
    story.late = story.score(110, vas=60)
    return story


def test_a_score_from_before_the_procedure_is_not_measured_on_its_scale():
    story = in_diagnostic_block()
    before = story.score(70, nrs=7)
    story.block(80, nrs=None, vas=70)
    story.correct(90, before, "nrs=6")
    assert fact(story, before).pain == 6


def test_a_late_diary_that_is_corrected_stays_as_late_as_it_was():
    story = in_diagnostic_block()
    block = story.block(80)
    diary = story.diary(80, "1h=2", "2h=2", about=block, written=91)
    story.correct(95, diary, "reading=1h=1", "reading=2h=1")
    story.consent(96)
    assert story.refused("rfa", 96) == {"ATTESTATION_REQUIRED"}


# --- what belongs together


@pytest.fixture
def blocked():
    """A block of day 80 with its diary of that day."""
    story = in_diagnostic_block()
    story.number = story.block(80)
    story.own = story.diary(80, "1h=2", "2h=2", about=story.number)
    return story


def test_a_procedure_does_not_come_after_its_diary(blocked):
    number, own = blocked.number, blocked.own
    assert refused(blocked, 90, number, f"on={on(81)}") == {"OUT_OF_ORDER"}
    assert refused(blocked, 90, own, f"on={on(79)}") == {"OUT_OF_ORDER"}
    blocked.correct(90, number, f"on={on(79)}")
    assert fact(blocked, own).day == on(80)


@pytest.mark.parametrize("day", [70, 85])
def test_both_are_moved_in_one_command_whichever_way(blocked, day):
    number, own = blocked.number, blocked.own
    blocked.correct(90, number, f"on={on(day)}", f"{own}.on={on(day)}")
    assert fact(blocked, number).day == fact(blocked, own).day == on(day)


def test_the_scale_of_a_procedure_and_of_its_diary_change_together(blocked):
    number, own = blocked.number, blocked.own
    assert refused(blocked, 90, number, "nrs=", "vas=80") == {"SCALE_MISMATCH"}
    vas = (f"{own}.scale=vas", f"{own}.reading=1h=20", f"{own}.reading=2h=20")
    assert refused(blocked, 90, own, *vas) == {"SCALE_MISMATCH"}
    blocked.correct(90, number, "nrs=", "vas=80", *vas)
    assert (fact(blocked, number).scale, fact(blocked, number).pain) == ("vas", 80)
    assert [reading.score for reading in fact(blocked, own).readings] == [20, 20]


def test_a_procedure_is_not_taken_out_from_under_its_diary(blocked):
    number, own = blocked.number, blocked.own
    with pytest.raises(NotEligible, match=rf"#{number} cannot go alone") as refusal:
        blocked.retract(90, number)
    assert refusal.value.hint.endswith(f"{blocked.key} {number} {own}")
    blocked.retract(90, number, own)
    assert fact(blocked, number) is fact(blocked, own) is None


def test_a_diary_is_given_to_another_block_and_the_wrong_one_taken_out(blocked):
    number, own = blocked.number, blocked.own
    right = blocked.block(80)
    blocked.correct(90, own, f"for={right}")
    blocked.retract(90, number)
    assert (fact(blocked, own).about, fact(blocked, number)) == (right, None)


def test_an_attestation_of_a_diary_goes_with_the_block(blocked):
    vouched = blocked.attest(85, "diary", blocked.number)
    with pytest.raises(NotEligible, match=f"attestation #{vouched}"):
        blocked.retract(90, blocked.number, blocked.own)
    blocked.retract(90, blocked.number, blocked.own, vouched)
    with pytest.raises(Refused):
        blocked.move("rfa", 90)


# --- changes of stage and status


def test_of_a_change_only_the_day_is_corrected():
    story = in_conservative_care()
    move = story.entries[-1].seq
    for sets in (["reason=recurrence"], ["nrs=3"], [f"on={on(20)}", "performer=osei"]):
        with pytest.raises(BadInput, match="only the day can be corrected"):
            story.correct(30, move, *sets)


def test_a_move_stays_between_its_neighbours():
    story = in_conservative_care()
    first, second = (e.seq for e in story.entries if e.kind == "move")
    story.correct(30, first, f"on={on(20)}")
    assert story.episode().visits[1].entered == on(20)
    with pytest.raises(NotEligible, match="no journey") as refusal:
        story.correct(30, first, f"on={on(21)}")
    assert refusal.value.hint.endswith(f"--set {second}.on=DATE")
    with pytest.raises(NotEligible, match="no journey") as refusal:
        story.correct(30, second, f"on={on(19)}")
    assert refusal.value.hint.endswith(f"sitrack history {story.key}")
    with pytest.raises(NotEligible):
        story.correct(30, first, "on=2025-01-05")  # before the opening
    story.correct(30, first, f"on={on(24)}", f"{second}.on={on(26)}")
    assert [visit.entered for visit in story.episode().visits] == [
        on(0),
        on(24),
        on(26),
    ]


def test_two_moves_are_taken_out_together_and_neither_from_the_middle():
    story = in_conservative_care()
    first, second = (e.seq for e in story.entries if e.kind == "move")
    with pytest.raises(NotEligible, match="no journey") as refusal:
        story.retract(30, first)
    assert refusal.value.hint.endswith(f"entry retract {story.key} {first} {second}")
    story.retract(30, second, first)
    assert (story.stage, len(story.episode().visits)) == ("injection", 1)
    # What was recorded in between stands.
    assert story.episode().of_kind("exam")


def test_a_hold_is_looked_at_again_after_it_was_set_and_soon_enough():
    story = in_conservative_care()
    hold = story.hold(100, review=150)
    renewal = story.renew(hold, 140, 200)
    assert refused(story, 210, hold, f"on={on(50)}") == {"HOLD_REVIEW_TOO_FAR"}
    assert refused(story, 210, renewal, f"on={on(100)}") == {"HOLD_REVIEW_TOO_FAR"}
    assert refused(story, 210, renewal, f"on={on(205)}") == {"OUT_OF_ORDER"}
    story.correct(210, hold, f"on={on(60)}")
    assert story.episode().held_days(on(0), on(100)) == 40


def test_a_hold_does_not_end_up_on_a_closed_episode():
    story = in_conservative_care()
    hold = story.hold(30)
    story.resume(40, hold)
    close = story.finish(50, "declined")
    with pytest.raises(NotEligible, match="no journey"):
        story.correct(60, close, f"on={on(25)}")
    story.correct(60, close, f"on={on(35)}", f"{close - 1}.on={on(34)}")
    assert story.stage == "closed"


def test_a_hold_and_its_release_are_taken_out_together_with_what_lies_between():
    story = in_conservative_care()
    hold = story.hold(30)
    score = story.score(35, nrs=6)
    release = story.resume(40, hold)
    for alone in (hold,):
        with pytest.raises(NotEligible, match="no journey"):
            story.retract(60, alone)
    story.retract(60, hold, score, release)
    assert story.episode().holds == ()


def test_a_death_that_was_a_mistake_is_corrected_and_everything_is_due_again():
    story = in_conservative_care()
    before = story.open(30)
    number = story.contact(30, "deceased")
    assert story.open(30) == {"DECIDE": str(on(30))}
    story.correct(31, number, "outcome=no-answer")
    assert story.open(30) == before
    assert story.episode().stopped is None


def test_a_day_that_is_an_instant_is_the_clinics_day():
    story = Story()
    number = story.injection(dt.datetime(2025, 1, 6, 23, 30, tzinfo=dt.UTC))
    diary = story.diary(None, "1h=2")
    story.correct(9, number, "nrs=7")
    assert fact(story, number).day == fact(story, diary).day == on(0)


def test_an_rfa_that_is_dated_anew_moves_what_is_due_with_it():
    story = after_rfa()
    number = next(e.seq for e in story.entries if e.kind == "rfa")
    assert story.open(110)["OUTCOME"] == str(on(190))
    story.correct(110, number, f"on={on(90)}")
    assert story.open(110)["OUTCOME"] == str(on(180))
