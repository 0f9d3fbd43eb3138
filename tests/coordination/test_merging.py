"""Two patients who are one person: counted together, told apart, and two again."""

import datetime as dt

import pytest

from sitrack.coordination import episodes, people, questions
from sitrack.coordination.importing.taking import check
from sitrack.coordination.merging import merge, merged_into, unmerge
from sitrack.coordination.questions import When
from sitrack.coordination.undo import undo
from sitrack.errors import BadInput, NotEligible, NotFound
from sitrack.journey.intake.rows import Row
from sitrack.pathway.stages import Side
from sitrack.record import history, persons, rebuilding, registry, worklist
from sitrack.record.journal import load_stream, writing
from sitrack.record.ledger import reading
from tests.clinic import RIVERA, Clinic, codes_of, faults_of
from tests.conftest import clock_at

BORN = dt.date(1951, 7, 23)
ONE, OTHER = "P00013", "P00021"


@pytest.fixture
def clinic(ledger):
    """Mary King, enrolled twice: her right side under the one key, her left by the other."""
    made = Clinic(ledger)
    made.at("2025-01-06")
    one = made.enrolled("Mary", "King", BORN, "M-1")
    other = made.enrolled("Marie", "King", BORN, "M-2")
    assert (one, other) == (ONE, OTHER)
    for patient, side in ((one, Side.RIGHT), (other, Side.LEFT)):
        made.inject(made.opened(patient, side))
    made.at("2025-01-20")
    return made


def episodes_of(ledger, patient):
    found = questions.person(ledger, patient)
    return found[0].key, [row.episode for row in found[2]]


def test_the_episodes_follow_and_both_keys_find_the_person(clinic, ledger):
    done = merge(ledger, RIVERA, OTHER, ONE)
    assert [row.episode for row in done.episodes] == [f"{OTHER}-L"]
    both = [f"{ONE}-R", f"{OTHER}-L"]
    assert episodes_of(ledger, ONE) == (ONE, both)
    assert episodes_of(ledger, OTHER) == (ONE, both)
    assert merged_into(ledger, ONE) == [OTHER]
    assert str(episodes.find_key(ledger, f"{OTHER}-L")) == f"{OTHER}-L"
    assert faults_of(ledger) == []


def test_both_streams_say_so_and_nothing_was_moved(clinic, ledger):
    with reading(ledger) as connection:
        before = load_stream(connection, f"episode/{OTHER}-L")
    merge(ledger, RIVERA, OTHER, ONE)
    with reading(ledger) as connection:
        assert load_stream(connection, f"episode/{OTHER}-L") == before
        for key in (ONE, OTHER):
            *_, last = load_stream(connection, f"patient/{key}")
            assert last.kind == "merged"
            assert (last.payload["from"], last.payload["into"]) == (OTHER, ONE)


def test_the_worklist_and_the_search_show_the_survivor(clinic, ledger):
    merge(ledger, RIVERA, OTHER, ONE)
    clinic.at("2025-02-10")
    rows = worklist.who_waits(ledger).rows
    assert {row.patient for row in rows} == {ONE}
    assert {row.episode for row in rows} == {f"{ONE}-R", f"{OTHER}-L"}
    for known in ({"mrn": "M-2"}, {"given": "Marie"}, {"mrn": "M-1"}):
        assert [p.key for p in questions.people_like(ledger, known)] == [ONE]
    assert [p.key for p in questions.people_like(ledger, {"family": "King"})] == [ONE]
    past = worklist.who_waits(ledger, as_of=dt.date(2025, 2, 3)).rows
    assert {row.patient for row in past} == {ONE}


def test_work_goes_on_under_either_key(clinic, ledger):
    merge(ledger, RIVERA, OTHER, ONE)
    done = clinic.both(OTHER, "score", left={"nrs": "7"}, right={"nrs": "6"})
    assert [str(each.episode.key) for each in done] == [f"{OTHER}-L", f"{ONE}-R"]
    moved = clinic.advance(done[0].episode.key, "re-evaluation")
    assert moved.patient.key == ONE
    clinic.contact(done[0].episode.key, "deceased")
    with reading(ledger) as connection:
        for name in (f"{ONE}-R", f"{OTHER}-L"):
            entries = load_stream(connection, f"episode/{name}")
            assert entries[-1].kind == "contact"
    assert faults_of(ledger) == []


def test_a_side_that_is_open_under_one_key_is_not_opened_under_the_other(
    clinic, ledger
):
    merge(ledger, RIVERA, OTHER, ONE)
    with pytest.raises(BadInput, match=f"{OTHER}-L is open already"):
        clinic.opened(ONE, Side.LEFT)
    with pytest.raises(BadInput, match=f"{ONE}-R is open already"):
        clinic.opened(OTHER, Side.RIGHT)


def test_the_other_side_counts_from_the_merge_on(clinic, ledger):
    key = episodes.read_episode_key(f"{ONE}-R")
    before = ledger.clock()
    clinic.at("2025-01-21")
    merge(ledger, RIVERA, OTHER, ONE)
    clinic.at("2025-01-22")
    unmerged = ledger.clock()
    unmerge(ledger, RIVERA, OTHER)

    def others(as_known):
        with reading(ledger) as connection:
            day = dt.date(2025, 1, 20)
            found = history.sibling_episodes(connection, ledger, key, day, as_known)
        return [str(each.key) for each in found]

    assert others(before) == []
    assert others(unmerged - dt.timedelta(seconds=1)) == [f"{OTHER}-L"]
    assert others(None) == others(unmerged + dt.timedelta(hours=1)) == []


def test_a_merge_is_taken_back(clinic, ledger):
    merge(ledger, RIVERA, OTHER, ONE)
    done = unmerge(ledger, RIVERA, OTHER)
    assert [row.episode for row in done.episodes] == [f"{OTHER}-L"]
    assert episodes_of(ledger, ONE) == (ONE, [f"{ONE}-R"])
    assert episodes_of(ledger, OTHER) == (OTHER, [f"{OTHER}-L"])
    assert merged_into(ledger, ONE) == []
    assert faults_of(ledger) == []
    with pytest.raises(NotEligible, match="was not merged"):
        unmerge(ledger, RIVERA, OTHER)
    merge(ledger, RIVERA, ONE, OTHER)  # and the other way round
    assert episodes_of(ledger, ONE)[0] == OTHER
    assert faults_of(ledger) == []


def test_what_was_opened_since_stays_with_the_survivor(clinic, ledger):
    merge(ledger, RIVERA, OTHER, ONE)
    left = episodes.read_episode_key(f"{OTHER}-L")
    step = episodes.Step("closed", "episode finish", reason="declined")
    episodes.advance(ledger, RIVERA, left, step)
    opened = clinic.opened(OTHER, Side.LEFT)
    assert str(opened) == f"{ONE}-L2"
    unmerge(ledger, RIVERA, OTHER)
    assert episodes_of(ledger, ONE)[1] == [f"{ONE}-L2", f"{ONE}-R"]
    assert episodes_of(ledger, OTHER)[1] == [f"{OTHER}-L"]
    assert faults_of(ledger) == []


def test_undo_says_what_takes_it_back(clinic, ledger):
    merge(ledger, RIVERA, OTHER, ONE)
    with pytest.raises(NotEligible) as refusal:
        undo(ledger, RIVERA, None)
    assert refusal.value.hint == f"sitrack patient unmerge {OTHER}"
    unmerge(ledger, RIVERA, OTHER)
    # Taken back, it is no last command any more.
    assert undo(ledger, RIVERA, None, dry_run=True)


def test_two_open_episodes_of_one_side_are_no_one_person(clinic, ledger):
    clinic.opened(OTHER, Side.RIGHT)
    with pytest.raises(NotEligible) as refusal:
        merge(ledger, RIVERA, OTHER, ONE)
    assert f"{ONE}-R and {OTHER}-R are both open" in refusal.value.message
    assert f"sitrack episode finish {OTHER}-R" in refusal.value.hint
    assert episodes_of(ledger, OTHER)[0] == OTHER
    step = episodes.Step("closed", "episode finish", reason="opened-in-error")
    episodes.advance(ledger, RIVERA, episodes.read_episode_key(f"{OTHER}-R"), step)
    merge(ledger, RIVERA, OTHER, ONE)
    assert faults_of(ledger) == []


def test_nobody_stands_two_deep(clinic, ledger):
    third = clinic.enrolled("Mary", "Kinge")
    merge(ledger, RIVERA, OTHER, ONE)
    for key, into in ((OTHER, third), (third, OTHER), (ONE, third), (ONE, OTHER)):
        with pytest.raises(NotEligible) as refusal:
            merge(ledger, RIVERA, key, into)
        assert refusal.value.hint
    merge(ledger, RIVERA, third, ONE)
    assert merged_into(ledger, ONE) == [OTHER, third]
    with pytest.raises(BadInput):
        merge(ledger, RIVERA, ONE, ONE)
    with pytest.raises(NotFound):
        merge(ledger, RIVERA, "P00045", ONE)
    assert faults_of(ledger) == []


def test_a_rehearsal_keeps_nothing(clinic, ledger):
    merge(ledger, RIVERA, OTHER, ONE, dry_run=True)
    assert episodes_of(ledger, OTHER)[0] == OTHER


def test_who_is_merged_is_not_erased_in_one_piece(clinic, ledger):
    from sitrack.coordination.erasing import erase

    merge(ledger, RIVERA, OTHER, ONE)
    for key in (ONE, OTHER):
        with pytest.raises(NotEligible) as refusal:
            erase(ledger, RIVERA, key, "objection", 10)
        assert f"sitrack patient unmerge {OTHER}" in refusal.value.hint


def test_a_patient_gets_what_is_on_record_under_every_key(clinic, ledger):
    import json

    from sitrack.exchange.person import document

    merge(ledger, RIVERA, OTHER, ONE)
    with reading(ledger) as connection:
        told = json.loads(document(connection, ONE))
    assert [each["patient"] for each in told["merged"]] == [OTHER]
    assert told["merged"][0]["record_number"] == "M-2"
    assert [each["episode"] for each in told["episodes"]] == [f"{ONE}-R", f"{OTHER}-L"]


def test_the_survivors_payer_pays_from_the_merge_on(clinic, ledger):
    people.set_payer(ledger, RIVERA, ONE, "bcbs-al")
    clinic.at("2025-01-21")
    before = ledger.clock()
    clinic.at("2025-01-22")
    merge(ledger, RIVERA, OTHER, ONE)
    day = dt.date(2025, 1, 22)
    with reading(ledger) as connection:
        assert history.payer_at(connection, ledger, OTHER, day) == "bcbs-al"
        assert history.payer_at(connection, ledger, OTHER, day, before) is None
    shown = questions.person(ledger, OTHER, When(as_known=before))
    assert shown[0].payer == "bcbs-al"


def test_an_import_finds_the_person_by_what_either_was_registered_with(clinic, ledger):
    merge(ledger, RIVERA, OTHER, ONE)
    cells = {"kind": "patient", "given": "Marie", "family": "King", "mrn": "M-2"}
    rows = [
        Row(2, {"id": "1", "patient": "a", **cells, "born": str(BORN)}),
        Row(
            3,
            {
                "id": "2",
                "patient": "a",
                "kind": "score",
                "side": "left",
                "on": "2025-01-15",
                "nrs": "6",
            },
        ),
    ]
    found = check(ledger, RIVERA, rows)
    assert (found.problems, found.known, found.written["score"]) == ([], 1, 1)


# --- what somebody does to the copies


def test_a_copy_that_does_not_follow_is_found_and_mended(clinic, ledger):
    merge(ledger, RIVERA, OTHER, ONE)
    with writing(ledger) as work:
        work.connection.exec_driver_sql(
            "UPDATE episode SET patient = substr(key, 1, 6)"
        )
    assert codes_of(ledger) == {"STANDING"}
    with writing(ledger) as work:
        assert rebuilding.rebuild(work.connection) == [f"{OTHER}-L"]
    assert faults_of(ledger) == []
    with writing(ledger) as work:
        work.connection.exec_driver_sql("UPDATE patient SET merged_into = NULL")
    assert "STANDING" in codes_of(ledger)


def test_a_key_that_is_nobodys_stays_nobodys(clinic, ledger):
    with reading(ledger) as connection:
        assert persons.owner(connection, "P00099") == "P00099"
        with pytest.raises(NotFound):
            registry.patient(connection, "P00099")
    assert clock_at("2025-01-06")() < ledger.clock()
