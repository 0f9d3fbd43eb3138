"""Every kind of requirement has tests that name it: met, not met, and at its boundary.

This reads the tests, and does not run them: a kind whose tests go away is found here.
"""

import pytest

from sitrack.pathway.requirements import KINDS
from tests.docs.told import Told, told_under

TOLD = told_under("tests/pathway")
NOT_MET = {"not_met", "unknown", "refused", "refusal", "missing"}
MET = {"MET", "is_met", "standing"}
LED_ELSEWHERE = {"return-window": "re-evaluation"}
"""Too long away is no refusal: the way back leads to another stage."""


def naming(kind: str) -> list[Told]:
    return [told for told in TOLD if kind in told.words]


def shows_it_met(told: Told) -> bool:
    return bool(told.names & MET)


def shows_it_unmet(told: Told, kind: str) -> bool:
    return bool(told.names & NOT_MET) or LED_ELSEWHERE.get(kind) in told.words


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_shown_met_and_not_met(kind):
    assert any(shows_it_met(told) for told in naming(kind))
    assert any(shows_it_unmet(told, kind) for told in naming(kind))


@pytest.mark.parametrize(
    "kind",
    [name for name, kind in KINDS.items() if "number" in kind.parameters.values()],
)
def test_a_number_is_tried_on_both_sides_of_its_boundary_in_one_test(kind):
    assert any(
        shows_it_met(told) and shows_it_unmet(told, kind) for told in naming(kind)
    )
