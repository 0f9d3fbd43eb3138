"""J6 once more, as payers see it: sessions and joints, and both sides on one day."""

from .test_two_sides import INJECTION, both_evaluated, injected, morning, worked_up

MEDICARE, EVICORE = "medicare-lcd-2023", "evicore-cigna"


def counted(side, policy):
    """The diagnostic sessions of the last year, as a payer counts them."""
    return side.payers_requirement("injection", "injection-sessions", policy)["seen"]


def in_january(url, folder):
    """Injected in one session; the left has failed."""
    left, right = injected(url, folder)
    morning(left, right, "2025-01-27", left_fires=["CHECK"], right_fires=["CHECK"])
    left.record("score", nrs=8)
    left.advance("re-evaluation")
    return left, right


def test_one_session_on_both_sides_is_one_for_medicare_and_one_for_each_joint(
    ledger_url, tmp_path
):
    left, right = in_january(ledger_url, tmp_path)
    morning(left, right, "2025-01-31")
    assert counted(left, MEDICARE) == "1 diagnostic in 365 d"
    assert counted(left, EVICORE) == "1 diagnostic in 365 d, this joint"


def test_on_another_day_it_is_a_second_session_and_still_one_for_each_joint(
    ledger_url, tmp_path
):
    left, right = in_january(ledger_url, tmp_path)
    morning(left, right, "2025-01-30")
    right.record("injection", **INJECTION, nrs=6)
    morning(left, right, "2025-01-31", right_fires=["DIARY"])
    assert counted(left, MEDICARE) == "2 diagnostic in 365 d"
    assert counted(left, EVICORE) == "1 diagnostic in 365 d, this joint"


def treated_as_evicore_asks(side):
    """What that payer asks of a fusion besides: two good injections, no nicotine."""
    for day in ("2024-08-01", "2024-09-02"):
        number = side.record("injection", **INJECTION, nrs=8, on=day)
        side.diary("1h=2", for_=number, on=day)
    side.record("lab", cotinine=4)


def test_both_sides_on_one_day_are_forbidden_to_the_second_by_a_policy_alone(
    ledger_url, tmp_path
):
    left, right = both_evaluated(ledger_url, tmp_path)
    worked_up(left, right)
    for side in (left, right):
        treated_as_evicore_asks(side)
    left.both(right, "fusion", approach="lateral", implant="titanium-triangular")
    assert left.second_verdict("post-fusion", EVICORE) == []
    left.advance("post-fusion")

    limit = ["LIMIT_REACHED(same_day_bilateral)"]
    assert right.second_verdict("post-fusion", EVICORE) == limit
    surgery = right.requirement("post-fusion", "fusion-surgery")
    assert (surgery["result"], surgery["code"]) == ("met", None)
    other = f"the other side was fused the same day ({left.key})"
    assert surgery["warning"] == other

    asked = ("why", right.key, "post-fusion", "--exit-code")
    assert right.type(*asked).code == 0
    assert right.type(*asked, "--policy", EVICORE).code == 10
    right.advance("post-fusion")
    left.is_verified()
