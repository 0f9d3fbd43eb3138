"""One session on both sides: one transaction and one batch, both entries or none."""

import threading

import pytest

from sitrack.errors import BadInput, NotFound, WrittenFirst
from sitrack.journey.findings import Refused
from sitrack.pathway.stages import Side
from sitrack.record.journal import load_stream
from sitrack.record.ledger import reading
from tests.clinic import Clinic, codes_of, everything

OTHER = {Side.LEFT: "right", Side.RIGHT: "left"}
GUIDED = {"guidance": "fluoroscopy", "contrast": "in-joint"}


@pytest.fixture
def clinic(ledger):
    return Clinic(ledger)


@pytest.fixture
def pair(clinic):
    """One patient, both of whose sides are open: (patient, left key, right key)."""
    patient = clinic.enrolled()
    left, right = (clinic.opened(patient, side) for side in Side)
    return patient, left, right


def entries_of(ledger, key):
    with reading(ledger) as connection:
        return load_stream(connection, key.stream)


def test_a_session_is_one_batch_with_an_entry_on_each_side(clinic, ledger, pair):
    patient, left, right = pair
    own = {"left": {"nrs": "8"}, "right": {"nrs": "6"}}
    done = clinic.both(patient, "injection", **GUIDED, **own)
    assert [each.episode.key for each in done] == [left, right]
    one, two = (entries_of(ledger, key)[-1] for key in (left, right))
    assert one.batch == two.batch
    assert one.occurred == two.occurred
    assert [each.payload["values"]["nrs"] for each in (one, two)] == ["8", "6"]
    assert [each.payload["values"]["contrast"] for each in (one, two)] == [
        "in-joint",
        "in-joint",
    ]
    assert codes_of(ledger) == set()


def test_each_diary_belongs_to_the_procedure_of_its_own_side(clinic, ledger, pair):
    patient, left, right = pair
    clinic.record(left, "score", nrs="7")  # so that the numbers differ
    clinic.both(patient, "injection", **GUIDED, nrs="8")
    clinic.both(patient, "diary", readings=("1h=2",))
    about = [entries_of(ledger, key)[-1].payload["about"] for key in (left, right)]
    assert about == [3, 2]


@pytest.mark.parametrize("side", Side)
def test_what_one_side_cannot_take_down_is_written_on_neither(
    clinic, ledger, pair, side
):
    before = everything(ledger)
    with pytest.raises(Refused) as refusal:
        clinic.both(pair[0], "injection", **GUIDED, **{OTHER[side]: {"nrs": "8"}})
    assert everything(ledger) == before
    [finding] = refusal.value.findings
    assert finding.label() == "EVIDENCE_MISSING(baseline)"
    assert finding.seen == f"{side} side: no pain score with it"
    assert refusal.value.message.endswith(f" on the {side}")


def test_what_neither_side_can_take_down_is_told_of_both(clinic, pair):
    with pytest.raises(Refused) as refusal:
        clinic.both(pair[0], "diary", readings=("1h=2",))
    assert [finding.seen.partition(":")[0] for finding in refusal.value.findings] == [
        "left side",
        "right side",
    ]


def test_a_value_that_cannot_be_understood_is_named_with_its_side(clinic, ledger, pair):
    before = everything(ledger)
    with pytest.raises(BadInput, match=r"^right side: score: --nrs takes a score"):
        clinic.both(pair[0], "score", left={"nrs": "8"}, right={"nrs": "80"})
    with pytest.raises(BadInput, match=r"^score: --nrs takes a score"):
        clinic.both(pair[0], "score", nrs="80")
    assert everything(ledger) == before


def test_what_cannot_be_understood_goes_before_what_is_refused(clinic, pair):
    with pytest.raises(
        BadInput, match=r"^right side: injection: --guidance is missing"
    ):
        clinic.both(pair[0], "injection", left={"guidance": "ct"}, right={"nrs": "8"})


def test_both_sides_must_be_open(clinic, ledger):
    patient = clinic.enrolled()
    with pytest.raises(NotFound, match=r"on the left and none on the right$"):
        clinic.both(patient, "score", nrs="7")
    clinic.opened(patient, Side.RIGHT)
    before = everything(ledger)
    with pytest.raises(NotFound, match=f"{patient} has no open episode on the left$"):
        clinic.both(patient, "score", nrs="7")
    assert everything(ledger) == before


def test_a_side_that_is_finished_is_not_open_and_its_second_episode_is(
    clinic, ledger, pair
):
    patient, left, right = pair
    clinic.advance(left, "closed", command="episode finish", reason="declined")
    with pytest.raises(NotFound, match=r"on the left$"):
        clinic.both(patient, "score", nrs="7")
    second = clinic.opened(patient, Side.LEFT)
    done = clinic.both(patient, "score", nrs="7")
    assert [each.episode.key for each in done] == [second, right]


def test_each_side_may_be_expected_at_its_own_version(clinic, ledger, pair):
    patient, left, right = pair
    clinic.record(left, "score", nrs="7")
    versions = {Side.LEFT: 2, Side.RIGHT: 1}
    clinic.both(patient, "score", nrs="7", versions=versions)
    before = everything(ledger)
    with pytest.raises(WrittenFirst, match=f"{left} is at #3, not at #2"):
        clinic.both(patient, "score", nrs="7", versions={Side.LEFT: 2})
    with pytest.raises(WrittenFirst, match=f"{right} is at #2, not at #1"):
        clinic.both(patient, "score", nrs="7", versions={Side.RIGHT: 1})
    assert everything(ledger) == before


def test_a_dry_run_says_what_it_would_write_and_keeps_nothing(clinic, ledger, pair):
    before = everything(ledger)
    done = clinic.both(pair[0], "score", nrs="7", dry_run=True)
    assert [each.dry_run for each in done] == [True, True]
    assert everything(ledger) == before


def test_who_is_not_on_the_staff_list_writes_on_neither_side(clinic, ledger, pair):
    before = everything(ledger)
    with pytest.raises(NotFound):
        clinic.both(pair[0], "score", nrs="7", performer="stranger")
    assert everything(ledger) == before


def test_sessions_and_single_entries_at_once_never_wait_for_each_other_for_ever(
    clinic, ledger, pair
):
    """Whoever writes on both sides takes the locks in the order of all others."""
    patient, left, right = pair
    rounds, failed = 5, []

    def repeat(act):
        try:
            for _ in range(rounds):
                act()
        except Exception as error:  # noqa: BLE001 - told below, by the main thread
            failed.append(error)

    acts = [
        lambda: clinic.both(patient, "score", nrs="7"),
        lambda: clinic.both(patient, "score", nrs="6"),
        lambda: clinic.record(right, "score", nrs="5"),
        lambda: clinic.record(left, "score", nrs="4"),
    ]
    threads = [threading.Thread(target=repeat, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    for key in (left, right):
        assert len(entries_of(ledger, key)) == 1 + 3 * rounds
    assert codes_of(ledger) == set()
