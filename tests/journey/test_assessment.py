"""One evaluator: what it cannot judge is unknown, and unknown lets nothing pass."""

from __future__ import annotations

import pytest

from sitrack.journey.assessment import JUDGES, NOT_BUILT, assess, is_judged
from sitrack.pathway.loading import load, shipped_text
from sitrack.pathway.requirements import KINDS
from tests.journey.notation import (
    JUDGEMENT,
    Story,
    answer_of,
    failed_injection,
    in_conservative_care,
    in_diagnostic_block,
    in_fusion_evaluation,
    shipped_with,
    unknown,
)

PROTOCOL = load(shipped_text())
MOVES = PROTOCOL.moves + PROTOCOL.status_moves
UNJUDGED = [
    (move, rule) for move in MOVES for rule in move.requirements if not is_judged(rule)
]


def test_only_kinds_that_the_protocol_may_name_are_judged():
    assert set(JUDGES) <= set(KINDS)


@pytest.mark.parametrize(
    ("move", "rule"), UNJUDGED, ids=[f"{m.id}-{r.kind}" for m, r in UNJUDGED]
)
def test_a_kind_without_a_judge_is_unknown(move, rule):
    assessment = assess(Story().case(0), move)
    [finding] = [f for f in assessment.findings if f.requirement == rule.id]
    assert answer_of(finding) == unknown(f"{NOT_BUILT}({rule.kind})")
    assert not assessment.allowed


def test_a_kind_without_a_judge_lets_nothing_pass_not_even_with_a_variance():
    asks = 'kind = "negative-block"'
    protocol = shipped_with(
        (asks, f'kind = "patient-contact"\n[[moves.requirements]]\n{asks}')
    )
    story = in_diagnostic_block(protocol=protocol)
    named = {"NOT_YET_JUDGED(patient-contact)"}
    asked = ("re-evaluation", 80, "technical-doubt")
    assert story.refused(*asked) == named
    assert story.refused(*asked, variance=JUDGEMENT) == named


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.id)
def test_every_requirement_answers_at_least_once_and_in_the_protocols_order(move):
    findings = assess(Story().case(0), move).findings
    order = list(dict.fromkeys(finding.requirement for finding in findings))
    assert order == [rule.id for rule in move.requirements]


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.id)
def test_an_unmet_requirement_says_what_it_is_called_and_what_was_seen(move):
    for finding in assess(Story().case(0), move).findings:
        assert finding.seen
        assert finding.asks
        assert bool(finding.code) is not finding.is_met


def test_each_code_and_item_stands_once_among_what_is_unmet():
    assessment = in_conservative_care().assessed("diagnostic-block", 70)
    labels = [finding.label() for finding in assessment.unmet]
    assert len(labels) == len(set(labels))
    assert len(assessment.unmet) < len([f for f in assessment.findings if not f.is_met])


def test_an_assessment_rests_on_the_entries_of_what_is_met_only():
    story = failed_injection()
    assert story.assessed("re-evaluation", 14).rests_on == (2, 3, 4)
    assert story.assessed("relief", 14).rests_on == ()


def test_before_surgery_the_tests_that_confirmed_the_source_still_count():
    story = in_fusion_evaluation()
    move = PROTOCOL.move_between("fusion-evaluation", "post-fusion")
    findings = {f.requirement: f for f in assess(story.case(210), move).findings}
    assert findings["provocation-tests"].is_met


def test_a_surgery_without_any_test_on_record_is_unknown():
    story = Story()
    story.placed("fusion-evaluation", 1)
    answer = story.asked("post-fusion", 2, "provocation-tests")
    assert answer == unknown("EVIDENCE_MISSING(tests)")
