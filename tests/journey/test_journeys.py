"""The acceptance journeys: every refusal is the whole set, every open date is named.

Told up to the point where the journey needs what is not judged yet.
"""

from __future__ import annotations

from tests.journey.notation import Story, shipped_with

FOUR_OF_FIVE = {"positive": 4, "negative": 1}


def started(day: str, side: str = "right", **values) -> Story:
    """An episode opened with its index injection."""
    story = Story(day, side=side)
    story.injection(day, **values)
    return story


def confirmed(story: Story, day: str) -> None:
    story.exam(day, **FOUR_OF_FIVE)
    story.screens(day)
    story.move("conservative-care", day)


def in_conservative_care(side: str = "right") -> Story:
    """As in the first journey, up to 30 January."""
    story = started("2025-01-06", side, odi=52)
    story.diary(None, "1h=2")
    story.score("2025-01-20", nrs=7)
    story.move("re-evaluation", "2025-01-20")
    confirmed(story, "2025-01-30")
    return story


def blocked() -> Story:
    """As in the first journey, up to the block of 1 April."""
    story = in_conservative_care()
    story.record("medication", "2025-02-17", drug="naproxen", start="2025-02-17")
    story.therapy("2025-02-20", start="2025-02-01", visits=5)
    story.score("2025-03-17", nrs=7, odi=48)
    story.therapy("2025-03-17", start="2025-02-01", visits=9)
    story.record("medication", "2025-03-17", drug="naproxen", response="none")
    story.move("diagnostic-block", "2025-03-17")
    story.block("2025-04-01", nrs=7)
    return story


def relieved_by_rfa() -> Story:
    """As in the first journey, up to the relief of 28 July."""
    story = blocked()
    readings = ("0.5h=2", "1h=1", "2h=1", "4h=2", "6h=4", "8h=6")
    story.diary("2025-04-01", *readings, written="2025-04-02")
    story.consent("2025-04-04")
    story.move("rfa", "2025-04-04")
    story.rfa("2025-04-28", nrs=7)
    story.score("2025-06-09", nrs=4, pgic=3)
    story.score("2025-07-28", nrs=2)
    story.move("relief", "2025-07-28")
    return story


class TestFullPath:
    """J1: to the RFA, relief, recurrence at ten months, and the repeat."""

    def test_the_injection_and_its_mechanical_failure(self):
        story = started("2025-01-06", odi=52)
        story.diary(None, "1h=2")
        dates = {"CHECK": "2025-01-20", "TRIAL": "2025-02-17", "ESC": "2025-03-03"}
        assert story.open("2025-01-06") == dates
        story.score("2025-01-20", nrs=7)
        story.move("re-evaluation", "2025-01-20")
        dates = {"DUE": "2025-02-03", "ESC": "2025-02-17"}
        assert story.open("2025-01-20") == dates
        named = story.refused("diagnostic-block", "2025-01-21")
        assert named == {"NOT_ALLOWED_FROM_STATE"}

    def test_conservative_care_is_not_exhausted_too_early(self):
        story = in_conservative_care()
        dates = {"CHECK": "2025-02-27", "TRIAL": "2025-03-13", "ESC": "2025-04-24"}
        assert story.open("2025-01-30") == dates
        story.record("medication", "2025-02-17", drug="naproxen", start="2025-02-17")
        assert story.open("2025-02-17") == dates | {"NSAID": "2025-03-17"}
        story.therapy("2025-02-20", start="2025-02-01", visits=5)
        [finding] = story.findings(
            "diagnostic-block", "2025-02-20", "conservative-days"
        )
        assert finding.seen == "21 d"
        assert str(finding.earliest) == "2025-03-13"
        assert story.refused("diagnostic-block", "2025-02-20") == {
            "TRIAL_PERIOD_NOT_MET",
            "EVIDENCE_MISSING(exit NRS)",
        }
        del dates["CHECK"]
        assert story.open("2025-02-27") == dates | {"NSAID": "2025-03-17"}
        assert story.open("2025-03-13") == dates | {"NSAID": "2025-03-17"}

    def test_the_block_and_its_diary(self):
        story = blocked()
        dates = {"SCHED": "2025-04-07", "ESC": "2025-04-28"}
        assert story.open("2025-03-17") == dates
        dates = {"DIARY": "2025-04-02", "REVIEW": "2025-04-08", "ESC": "2025-04-28"}
        assert story.open("2025-04-01") == dates
        story.diary("2025-04-01", "0.5h=2", "1h=1", "2h=1", written="2025-04-02")
        del dates["DIARY"]
        assert story.open("2025-04-02") == dates
        story.consent("2025-04-04")
        story.move("rfa", "2025-04-04")
        assert story.open("2025-04-04") == {"SCHED": "2025-06-03"}

    def test_the_rfa_and_its_outcome(self):
        story = relieved_by_rfa()
        dates = {"CHECK": "2025-06-09", "OUTCOME": "2025-07-27", "ESC": "2025-08-26"}
        assert story.open("2025-04-28") == dates
        del dates["CHECK"]
        assert story.open("2025-06-09") == dates
        assert story.open("2025-07-27") == dates
        dates = {"CHECK": "2025-10-26", "ESC": "2025-11-25"}
        assert story.open("2025-07-28") == dates

    def test_neither_failure_nor_relief_is_called_too_early(self):
        story = blocked()
        story.diary(None, "1h=1", "2h=1")
        story.consent("2025-04-04")
        story.move("rfa", "2025-04-04")
        story.rfa("2025-04-28", nrs=7)
        story.score("2025-05-12", nrs=6)
        named = story.refused("fusion-evaluation", "2025-05-12")
        assert named == {"TRIAL_PERIOD_NOT_MET"}
        story.score("2025-06-09", nrs=4, pgic=3)
        assert story.refused("relief", "2025-06-09") == {"RELIEF_BELOW_THRESHOLD"}

    def test_surveillance_and_the_repeat_without_a_new_block(self):
        story = relieved_by_rfa()
        story.score("2025-10-27", nrs=2)
        dates = {"CHECK": "2026-01-24", "ESC": "2026-02-23"}
        assert story.open("2025-10-27") == dates
        story.score("2026-01-26", nrs=3)
        dates = {"CHECK": "2026-04-24", "ESC": "2026-05-24"}
        assert story.open("2026-01-26") == dates
        story.score("2026-03-02", nrs=7, pattern="same")
        story.consent("2026-03-02")
        story.move("rfa", "2026-03-02")
        assert story.open("2026-03-02") == {"SCHED": "2026-05-01"}
        story.rfa("2026-03-30", nrs=7)
        dates = {"CHECK": "2026-05-11", "OUTCOME": "2026-06-28", "ESC": "2026-07-28"}
        assert story.open("2026-03-30") == dates

    def test_a_repeat_that_comes_too_early(self):
        story = relieved_by_rfa()
        story.score("2025-09-15", nrs=7)
        story.consent("2025-09-15")
        assert story.refused("rfa", "2025-09-15") == {"SPACING_NOT_MET"}
        [finding] = story.findings("rfa", "2025-09-15", "rfa-spacing")
        assert finding.seen == "140 d"
        assert str(finding.earliest) == "2025-10-25"


class TestTechnicalFailure:
    """J2: the injection missed the joint; the repeat helps, or misses again."""

    def missed(self) -> Story:
        story = started(
            "2025-02-03", "left", nrs=7, contrast="not-in-joint", purpose="both"
        )
        story.diary(None, "1h=6")
        return story

    def repeated(self, contrast: str, reading: str) -> Story:
        story = self.missed()
        story.move("re-evaluation", "2025-02-05")
        injection = story.injection(
            "2025-02-24", nrs=7, guidance="ct", contrast=contrast, purpose="diagnostic"
        )
        story.diary(None, reading, about=injection)
        story.move("injection", "2025-02-24")
        return story

    def test_the_failure_needs_no_score(self):
        story = self.missed()
        dates = {"CHECK": "2025-02-17", "TRIAL": "2025-03-17", "ESC": "2025-03-31"}
        assert story.open("2025-02-03") == dates
        story.move("re-evaluation", "2025-02-05")
        dates = {"DUE": "2025-02-19", "ESC": "2025-03-05"}
        assert story.open("2025-02-05") == dates

    def test_the_source_cannot_be_confirmed_by_it(self):
        story = self.missed()
        story.move("re-evaluation", "2025-02-05")
        story.exam("2025-02-06", positive=3)
        story.screens("2025-02-06")
        named = story.refused("conservative-care", "2025-02-06")
        assert named == {"SOURCE_NOT_CONFIRMED"}

    def test_the_repeat_comes_first_and_not_too_early(self):
        story = self.missed()
        story.move("re-evaluation", "2025-02-05")
        assert story.refused("injection", "2025-02-12") == {
            "SPACING_NOT_MET",
            "EVIDENCE_MISSING(new injection)",
        }
        [finding] = story.findings("injection", "2025-02-12", "injection-spacing")
        assert str(finding.earliest) == "2025-02-17"

    def test_the_repeat_helps(self):
        story = self.repeated("in-joint", "1h=1")
        dates = {"CHECK": "2025-03-10", "TRIAL": "2025-04-07", "ESC": "2025-04-21"}
        assert story.open("2025-02-24") == dates
        story.score("2025-03-10", nrs=3)
        assert story.refused("relief", "2025-03-10") == {"TRIAL_PERIOD_NOT_MET"}
        del dates["CHECK"]
        assert story.open("2025-03-10") == dates
        story.score("2025-04-07", nrs=2)
        story.move("relief", "2025-04-07")
        dates = {"CHECK": "2025-07-06", "ESC": "2025-08-05"}
        assert story.open("2025-04-07") == dates

    def test_the_repeat_misses_too_and_uses_the_limits_up(self):
        story = self.repeated("not-in-joint", "1h=6")
        story.move("re-evaluation", "2025-02-26")
        dates = {"DUE": "2025-03-12", "ESC": "2025-03-26"}
        assert story.open("2025-02-26") == dates
        assert story.refused("injection", "2025-03-10") == {
            "LIMIT_REACHED(technical repeats)",
            "LIMIT_REACHED(diagnostic sessions)",
            "EVIDENCE_MISSING(new injection)",
        }


class TestReferral:
    """J3: anaesthetic-negative, referred to the hip, answered, reopened."""

    def re_evaluated(self) -> Story:
        story = started("2025-03-10")
        story.diary(None, "1h=7")
        dates = {"CHECK": "2025-03-24", "TRIAL": "2025-04-21", "ESC": "2025-05-05"}
        assert story.open("2025-03-10") == dates
        story.score("2025-03-24", nrs=7)
        story.move("re-evaluation", "2025-03-24")
        return story

    def referred(self) -> Story:
        story = self.re_evaluated()
        story.exam("2025-03-28", positive=2, negative=3)
        story.screens("2025-03-28", hip="positive")
        story.move("referred-out", "2025-04-02", "hip")
        return story

    def test_the_source_is_not_confirmed(self):
        story = self.re_evaluated()
        dates = {"DUE": "2025-04-07", "ESC": "2025-04-21"}
        assert story.open("2025-03-24") == dates
        story.exam("2025-03-28", positive=2, negative=3)
        story.screens("2025-03-28", hip="positive")
        assert story.refused("conservative-care", "2025-03-28") == {
            "SOURCE_NOT_CONFIRMED",
            "EVIDENCE_MISSING(tests)",
        }

    def test_the_referral_is_followed_until_it_is_answered_and_decided(self):
        story = self.referred()
        dates = {"LOOP": "2025-05-02", "ESC": "2025-07-01"}
        assert story.open("2025-04-02") == dates
        assert story.open("2025-05-02") == dates
        reply = {"from": "hip", "verdict": "other-source"}
        story.record("opinion", "2025-05-20", **reply)
        assert story.open("2025-05-20") == {"DECIDE": "2025-06-03"}

    def test_pain_that_persists_reopens_it(self):
        story = self.referred()
        story.score("2025-06-20", nrs=6)
        reopen = {"command": "episode reopen"}
        story.move("re-evaluation", "2025-06-20", "new-pain-report", **reopen)
        dates = {"DUE": "2025-07-04", "ESC": "2025-07-18"}
        assert story.open("2025-06-20") == dates
        named = story.refused("diagnostic-block", "2025-06-25")
        assert named == {"NOT_ALLOWED_FROM_STATE"}


class TestDelayedDiary:
    """J5: the diary of a block is handed in eleven days late."""

    def blocked(self) -> Story:
        story = Story("2025-05-05")
        story.placed("diagnostic-block", "2025-05-05")
        return story

    def test_what_is_open_until_it_comes(self):
        story = self.blocked()
        dates = {"SCHED": "2025-05-26", "ESC": "2025-06-16"}
        assert story.open("2025-05-05") == dates
        story.block("2025-05-19")
        dates = {"DIARY": "2025-05-20", "REVIEW": "2025-05-26", "ESC": "2025-06-16"}
        assert story.open("2025-05-19") == dates
        assert story.open("2025-05-26") == dates
        story.diary("2025-05-19", "1h=2", "2h=2", "4h=3", written="2025-05-30")
        del dates["DIARY"]
        assert story.open("2025-05-30") == dates

    def test_the_way_to_the_rfa(self):
        story = self.blocked()
        story.block("2025-05-19")
        assert story.refused("rfa", "2025-05-22") == {
            "BLOCK_INDETERMINATE",
            "EVIDENCE_MISSING(diary)",
            "CONSENT_MISSING",
        }
        diary = story.diary(
            "2025-05-19", "1h=2", "2h=2", "4h=3", method="paper", written="2025-05-30"
        )
        assert story.refused("rfa", "2025-05-30") == {
            "ATTESTATION_REQUIRED",
            "CONSENT_MISSING",
        }
        attestation = story.attest("2025-06-02", "diary", diary)
        story.consent("2025-06-02")
        move = story.entries[story.move("rfa", "2025-06-02") - 1]
        assert attestation in move.payload["rests_on"]
        assert "variance" not in move.payload
        assert story.open("2025-06-02") == {"SCHED": "2025-08-01"}


class TestBothSides:
    """J6: two episodes of one patient go at their own speeds."""

    def both(self) -> tuple[Story, Story]:
        left = started("2025-01-13", "left", nrs=8)
        right = started("2025-01-13", "right", nrs=6)
        left.others, right.others = (right,), (left,)
        for story in (left, right):
            story.diary(None, "1h=2")
        return left, right

    def test_the_injections_of_one_session(self):
        left, right = self.both()
        dates = {"CHECK": "2025-01-27", "TRIAL": "2025-02-24", "ESC": "2025-03-10"}
        assert left.open("2025-01-13") == right.open("2025-01-13") == dates
        left.score("2025-01-27", nrs=8)
        left.move("re-evaluation", "2025-01-27")
        assert left.open("2025-01-27") == {"DUE": "2025-02-10", "ESC": "2025-02-24"}
        assert right.open("2025-01-27") == dates
        right.score("2025-01-29", nrs=3, method="phone")
        del dates["CHECK"]
        assert right.open("2025-01-29") == dates

    def left_in_conservative_care(self) -> Story:
        left, _ = self.both()
        left.score("2025-01-27", nrs=8)
        left.move("re-evaluation", "2025-01-27")
        confirmed(left, "2025-02-06")
        return left

    def test_an_examination_of_the_right_says_nothing_about_the_left(self):
        left, right = self.both()
        left.score("2025-01-27", nrs=8)
        left.move("re-evaluation", "2025-01-27")
        left.screens("2025-02-06")
        right.exam("2025-02-06", **FOUR_OF_FIVE)
        named = left.refused("conservative-care", "2025-02-06")
        assert named == {"EVIDENCE_MISSING(tests)"}

    def test_the_left_goes_on_to_the_rfa(self):
        left = self.left_in_conservative_care()
        dates = {"CHECK": "2025-03-06", "TRIAL": "2025-03-20", "ESC": "2025-05-01"}
        assert left.open("2025-02-06") == dates
        left.therapy("2025-03-24", start="2025-02-10", visits=6)
        left.record("medication", "2025-03-24", drug="naproxen", contraindicated=True)
        left.score("2025-03-24", nrs=8)
        left.move("diagnostic-block", "2025-03-24")
        dates = {"SCHED": "2025-04-14", "ESC": "2025-05-05"}
        assert left.open("2025-03-24") == dates
        left.block("2025-04-03")
        left.diary("2025-04-03", "1h=1", "2h=1")
        left.consent("2025-04-03")
        dates = {"REVIEW": "2025-04-10", "ESC": "2025-05-05"}
        assert left.open("2025-04-03") == dates
        left.move("rfa", "2025-04-07")
        assert left.open("2025-04-07") == {"SCHED": "2025-06-06"}
        left.rfa("2025-05-05")
        dates = {"CHECK": "2025-06-16", "OUTCOME": "2025-08-03", "ESC": "2025-09-02"}
        assert left.open("2025-05-05") == dates

    def test_the_right_is_relieved_recurs_and_is_confirmed_again(self):
        _, right = self.both()
        right.score("2025-01-29", nrs=3)
        right.score("2025-02-24", nrs=2)
        right.move("relief", "2025-02-24")
        dates = {"CHECK": "2025-05-25", "ESC": "2025-06-24"}
        assert right.open("2025-02-24") == dates
        assert right.refused("rfa", "2025-04-07") == {"NOT_ALLOWED_FROM_STATE"}
        right.score("2025-05-19", nrs=6)
        right.move("re-evaluation", "2025-05-19", "recurrence")
        dates = {"DUE": "2025-06-02", "ESC": "2025-06-16"}
        assert right.open("2025-05-19") == dates
        assert right.refused("rfa", "2025-05-20") == {"NOT_ALLOWED_FROM_STATE"}
        confirmed(right, "2025-06-02")
        dates = {"CHECK": "2025-06-30", "TRIAL": "2025-07-14", "ESC": "2025-08-25"}
        assert right.open("2025-06-02") == dates


class TestFailedRfa:
    """J7: the RFA fails, up to the fusion evaluation."""

    def after_rfa(self) -> Story:
        story = started("2024-06-03", "left", nrs=8)
        story.diary(None, "1h=3")
        story.score("2024-06-17", nrs=8)
        story.move("re-evaluation", "2024-06-17")
        story.exam("2024-07-01", **FOUR_OF_FIVE)
        story.screens("2024-07-01")
        story.move("conservative-care", "2024-07-01")
        story.therapy("2024-09-30", start="2024-07-01", visits=12)
        story.naproxen("2024-09-30", start="2024-07-01", response="none")
        story.score("2024-09-30", nrs=8)
        story.move("diagnostic-block", "2024-09-30")
        story.block("2024-10-14")
        story.diary("2024-10-14", "1h=1", "2h=2")
        story.consent("2024-10-21")
        story.move("rfa", "2024-10-21")
        story.rfa("2024-11-04")
        return story

    def test_failure_is_not_called_after_a_month(self):
        story = self.after_rfa()
        dates = {"CHECK": "2024-12-16", "OUTCOME": "2025-02-02", "ESC": "2025-03-04"}
        assert story.open("2024-11-04") == dates
        story.score("2024-12-02", nrs=7)
        named = story.refused("fusion-evaluation", "2024-12-02")
        assert named == {"TRIAL_PERIOD_NOT_MET"}
        del dates["CHECK"]
        assert story.open("2024-12-02") == dates
        assert story.open("2025-02-02") == dates

    def test_failure_is_called_after_three_months(self):
        story = self.after_rfa()
        story.score("2025-02-10", nrs=7, odi=46)
        story.move("fusion-evaluation", "2025-02-10")
        dates = {"DUE": "2025-04-11", "ESC": "2025-05-11"}
        assert story.open("2025-02-10") == dates


def test_a_second_block_is_followed_up_where_the_protocol_asks_for_two():
    two = ("blocks_required = { value = 1,", "blocks_required = { value = 2,")
    story = Story("2025-05-05", protocol=shipped_with(two))
    story.placed("diagnostic-block", "2025-05-05")
    story.block("2025-05-19")
    story.diary("2025-05-19", "1h=1", "2h=1")
    open_on = story.open("2025-05-19")
    assert open_on["2ND"] == "2025-06-16"
    story.block("2025-06-03")
    assert "2ND" not in story.open("2025-06-03")
