"""The fold: entries become one episode, in whatever order they were written."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import zoneinfo
from decimal import Decimal

import pytest

from sitrack.errors import NotFound
from sitrack.journey.entries import clinical_day
from sitrack.journey.folding import fold
from sitrack.pathway.stages import Status
from tests.journey.notation import (
    ZONE,
    Story,
    after_rfa,
    failed_injection,
    in_conservative_care,
    in_re_evaluation,
    in_relief_after_rfa,
    on,
)


def stages(story: Story, as_of: int | None = None) -> list[str]:
    return [visit.stage for visit in story.episode(as_of).visits]


# --- where it is


def test_an_episode_begins_where_it_was_opened():
    episode = Story(3).episode()
    assert (episode.stage, episode.opened, episode.moved) == ("injection", on(3), on(3))
    assert (episode.coordinator, episode.version) == ("nurse", 1)
    assert episode.status is Status.ACTIVE
    assert episode.came_from is None


def test_every_move_ends_one_visit_and_begins_another():
    first, second = in_re_evaluation().episode().visits
    assert (first.seq, first.entered, first.left, first.left_by) == (
        1,
        on(0),
        on(14),
        5,
    )
    assert (second.seq, second.entered, second.left) == (5, on(14), None)
    assert (first.move, second.move) == (None, "fail-injection")
    assert second.rests_on == (2, 3, 4)


def test_a_closed_episode_is_finished():
    story = Story()
    story.placed("closed", 5)
    assert story.episode().status is Status.FINISHED
    assert story.episode(4).status is Status.ACTIVE


def test_two_moves_on_one_day_follow_each_other_as_they_were_written():
    story = Story()
    story.injection(0, contrast="not-in-joint")
    story.move("re-evaluation", 0)
    story.screens(0, hip="positive")
    story.move("referred-out", 0, "hip")
    assert stages(story) == ["injection", "re-evaluation", "referred-out"]


# --- as of a day


def test_as_of_a_day_leaves_out_what_happened_later():
    story = in_conservative_care()
    assert stages(story, 13) == ["injection"]
    assert stages(story, 14) == ["injection", "re-evaluation"]
    assert stages(story, 19) == ["injection", "re-evaluation"]
    assert stages(story, 20) == ["injection", "re-evaluation", "conservative-care"]
    assert len(story.episode(13).of_kind("score")) == 0
    assert len(story.episode(14).of_kind("score")) == 1


def test_as_of_a_day_still_knows_when_the_stage_changed_last():
    story = in_conservative_care()
    assert story.episode(13).moved == on(20)
    assert story.episode(13).version == story.episode().version


def test_before_it_was_opened_there_is_no_episode():
    with pytest.raises(NotFound, match="P01428-R was not open yet"):
        Story(3).episode(2)


def test_what_was_known_earlier_is_the_fold_of_fewer_entries():
    story = Story()
    story.injection(0)
    story.diary(0, "1h=2", written=9)
    known = [entry for entry in story.entries if entry.recorded.date() <= on(8)]
    assert fold(story.key, known, ZONE).of_kind("diary") == []
    assert len(story.episode(0).of_kind("diary")) == 1


def test_a_day_is_counted_in_the_clinics_zone():
    story = Story()
    instant = dt.datetime(2025, 1, 6, 23, 30, tzinfo=dt.UTC)
    story.injection(instant)
    berlin = zoneinfo.ZoneInfo("Europe/Berlin")
    assert clinical_day(instant, berlin) == on(1)
    assert fold(story.key, story.entries, ZONE).evidence[0].day == on(0)
    assert fold(story.key, story.entries, berlin).evidence[0].day == on(1)


# --- in whatever order it was written


def renumbered(story: Story, order: tuple[int, ...]) -> list:
    """The story's entries as if they had been written in that order."""
    return [
        dataclasses.replace(story.entries[old - 1], seq=new)
        for new, old in enumerate(order, start=1)
    ]


def test_facts_of_different_days_tell_the_same_in_every_order_of_writing():
    story = Story()
    story.injection(0)
    story.score(14, nrs=6)
    story.score(30, nrs=7)
    told = None
    for order in itertools.permutations((2, 3, 4)):
        entries = renumbered(story, (1, *order))
        episode = fold(story.key, entries, ZONE)
        facts = [(each.kind, each.day, each.pain) for each in episode.evidence]
        assert told in (None, facts)
        told = facts


def test_an_erased_payload_leaves_the_stage_and_takes_the_fact():
    story = failed_injection()
    story.entries[3] = dataclasses.replace(story.entries[3], payload=None)
    assert story.episode().of_kind("score") == []
    assert story.stage == "injection"


def test_an_episode_whose_opening_was_erased_is_told_to_be_erased():
    story = failed_injection()
    story.entries[0] = dataclasses.replace(story.entries[0], payload=None)
    with pytest.raises(NotFound, match="erased by law"):
        story.episode()


def test_evidence_is_typed_again_when_it_is_read():
    story = Story()
    seq = story.injection(0, nrs="7.5", steroid="triamcinolone", steroid_mg="40")
    fact = story.episode().entry(seq)
    assert fact.pain == Decimal("7.5")
    assert fact.scale == "nrs"
    assert fact.values["steroid_mg"] == Decimal(40)
    assert fact.written == on(0)
    assert story.episode().entry(99) is None


# --- the procedure and the baseline of a stay


def test_the_first_stay_takes_an_injection_from_before_the_opening():
    story = Story(10)
    seq = story.injection(0, nrs=6)
    episode = story.episode()
    assert episode.procedure(episode.visit).seq == seq
    assert episode.anchor_day(episode.visit) == on(0)
    assert episode.baseline(episode.visit) == ("nrs", Decimal(6), seq)


def test_without_its_procedure_a_stay_counts_from_its_entry():
    episode = in_re_evaluation().episode()
    assert episode.procedure(episode.visit) is None
    assert episode.anchor_day(episode.visit) == on(14)
    injection = Story(5).episode()
    assert injection.anchor_day(injection.visit) == on(5)
    assert injection.baseline(injection.visit) is None


def test_a_procedure_written_late_belongs_to_the_stay_of_its_day():
    story = in_relief_after_rfa()
    late = story.rfa(120)
    rfa_visit = story.episode().visits[-2]
    assert rfa_visit.stage == "rfa"
    assert story.episode().procedure(rfa_visit).seq == late


def test_on_the_day_of_leaving_the_order_of_writing_decides():
    story = Story()
    before = story.injection(0, contrast="not-in-joint")
    story.move("re-evaluation", 0)
    after = story.injection(0, contrast="not-in-joint")
    episode = story.episode()
    first = episode.visits[0]
    assert episode.belongs(episode.entry(before), first)
    assert not episode.belongs(episode.entry(after), first)


def test_a_repeat_does_not_count_from_the_procedure_that_it_repeats():
    story = in_relief_after_rfa()
    first = story.episode().of_kind("rfa")[0].seq
    story.score(400, nrs=7)
    story.consent(400)
    story.move("rfa", 400)
    episode = story.episode()
    assert first in episode.visit.rests_on
    assert episode.procedure(episode.visit) is None


def test_a_repeat_counts_from_the_new_injection_that_the_move_rests_on():
    story = Story()
    old = story.injection(0, contrast="not-in-joint")
    story.move("re-evaluation", 2)
    new = story.injection(20, purpose="diagnostic")
    story.move("injection", 25)
    episode = story.episode()
    assert {old, new} <= set(episode.visit.rests_on)
    assert episode.procedure(episode.visit).seq == new
    assert not episode.belongs(episode.entry(old), episode.visit)


def test_relief_is_measured_against_what_it_relieved():
    episode = in_relief_after_rfa().episode()
    assert episode.baseline(episode.visit)[:2] == ("nrs", Decimal(8))
    care = in_conservative_care()
    care.score(40, nrs=3)
    assert care.episode().baseline(care.episode().visit)[:2] == ("nrs", Decimal(7))


def test_in_conservative_care_the_last_score_up_to_the_day_of_entry_counts():
    story = in_conservative_care()
    story.score(20, nrs=6.5)
    assert story.episode().baseline(story.episode().visit)[1] == Decimal("6.5")
    story.score(21, nrs=5)
    assert story.episode().baseline(story.episode().visit)[1] == Decimal("6.5")


def test_the_latest_rfa_of_a_stay_anchors_it():
    story = after_rfa()
    story.rfa(130)
    assert story.episode().anchor_day(story.episode().visit) == on(130)
