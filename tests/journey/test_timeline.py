"""A journey laid out over time: each stay, procedure and score on its day."""

from decimal import Decimal

from sitrack.journey.timeline import timeline
from tests.journey.notation import Story, in_conservative_care, on


def laid_out(story, day):
    return timeline(story.episode(day), on(day))


def test_stays_follow_each_other_and_the_last_one_lasts():
    found = laid_out(in_conservative_care(), 40)
    stays = [(each.name, each.since, each.until) for each in found.stays]
    assert stays == [
        ("injection", on(0), on(14)),
        ("re-evaluation", on(14), on(20)),
        ("conservative-care", on(20), None),
    ]
    assert (found.first, found.last) == (on(0), on(40))


def test_what_happened_after_the_day_is_not_there_yet():
    story = in_conservative_care()
    found = laid_out(story, 17)
    assert [each.name for each in found.stays] == ["injection", "re-evaluation"]
    assert all(fact.day <= on(17) for fact in found.facts)


def test_it_begins_with_what_was_told_of_earlier_days():
    story = Story(5)
    story.injection(0)
    assert laid_out(story, 10).first == on(0)


def test_a_diary_stands_on_the_day_of_its_procedure_with_its_lowest_reading():
    story = Story()
    number = story.injection(3)
    story.diary(4, "1h=4", "2h=1.5", "6h=3", about=number)
    found = laid_out(story, 10)
    facts = [(f.kind, f.day, f.scale, f.pain) for f in found.facts]
    assert facts == [
        ("injection", on(3), "nrs", Decimal(8)),
        ("diary", on(3), "nrs", Decimal("1.5")),
    ]
    assert [fact.is_procedure for fact in found.facts] == [True, False]


def test_pain_is_told_on_the_scale_that_was_used_most():
    story = Story()
    story.injection(0, vas=70)
    story.score(10, vas=60)
    story.placed("re-evaluation", 14)
    story.placed("injection", 20)
    story.injection(20)
    found = laid_out(story, 30)
    assert found.scale == "vas"
    assert [(day, pain) for day, pain, _ in found.pain()] == [
        (on(0), Decimal(70)),
        (on(10), Decimal(60)),
    ]


def test_holds_are_laid_out_with_their_reason():
    story = in_conservative_care()
    story.hold(30, 45)
    [hold] = laid_out(story, 40).holds
    assert (hold.name, hold.since, hold.until) == ("hospitalised", on(30), None)


def test_before_anything_was_told_there_is_no_scale():
    found = laid_out(Story(), 0)
    assert (found.scale, list(found.pain()), found.facts) == (None, [], [])
