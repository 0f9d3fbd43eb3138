"""Amendments that could not be made, forged with a valid hash: each is found."""

import datetime as dt

import pytest

from sitrack.coordination import amendments
from sitrack.coordination.evidence import EvidenceRequest, record_evidence
from sitrack.coordination.page import Because
from sitrack.coordination.undo import undo
from sitrack.pathway.stages import Side
from sitrack.record.journal import load_stream
from sitrack.record.ledger import reading
from tests.clinic import RIVERA, Clinic, codes_of, driver, faults_of

from .test_verify import forged

WRONG_SIDE = Because("wrong-side")
SLIP = Because("typing-error")


@pytest.fixture(scope="module")
def original(shared_ledger):
    """A right side in conservative care, with amendments, and a left one beside it."""
    clinic = Clinic(shared_ledger)
    key = clinic.walked()
    left = clinic.opened(key.patient, Side.LEFT)
    clinic.inject(left)
    diary = clinic.record(left, "diary", readings=("1h=2",)).entry.seq
    clinic.at("2025-01-31")
    amendments.correct(shared_ledger, RIVERA, key, {4: [("nrs", "6")]}, SLIP)
    amendments.transfer(shared_ledger, RIVERA, left, [diary - 1], key, WRONG_SIDE)
    note = clinic.record(key, "note", text="a slip").entry.seq
    amendments.retract(shared_ledger, RIVERA, key, [note], SLIP)
    assert faults_of(shared_ledger) == []
    shared_ledger.close()
    return shared_ledger.url, key, left, note, shared_ledger.clock


@pytest.fixture
def forge(original, copied):
    """Append a forged entry to a copy; returns what `verify` finds of that stream."""
    url, key, left, note, clock = original
    ledger = copied(url, clock)

    def append(to=key, **changes):
        changes.setdefault("occurred", "2025-01-31")
        seq = forged(ledger, to.stream, **changes)
        found = [(c, n) for c, s, n in faults_of(ledger) if s == to.stream]
        return seq, [each for each in found if each[0] != "STANDING"]

    append.key, append.left, append.note, append.ledger = key, left, note, ledger
    return append


def amending(kind, corrects, about="score", **payload):
    return {"kind": kind, "corrects": corrects, "payload": {"kind": about, **payload}}


def corrected(corrects, about="score", **values):
    return amending("corrected", corrects, about, values=values)


def test_a_correction_with_a_valid_hash_that_could_be_made_is_no_fault(forge):
    """On SQLite a legal entry under a false name cannot be told from a true one."""
    assert forge(**corrected(4, nrs="5"))[1] == []


def entries_of(forge, key=None):
    with reading(forge.ledger) as connection:
        return load_stream(connection, (key or forge.key).stream)


@pytest.mark.parametrize("kind", ["corrected", "retracted", "score"])
def test_an_amendment_of_what_is_not_there_is_found(forge, kind):
    seq, found = forge(**amending(kind, 99, values={"nrs": "5"}))
    assert found == [("CORRECTS", seq)]


@pytest.mark.parametrize("kind", ["corrected", "retracted"])
def test_an_amendment_of_itself_or_of_what_comes_later_is_found(forge, kind):
    own = len(entries_of(forge)) + 1
    seq, found = forge(**amending(kind, own, values={"nrs": "5"}))
    assert (seq, found) == (own, [("CORRECTS", own)])


@pytest.mark.parametrize("kind", ["corrected", "retracted"])
def test_an_amendment_of_nothing_is_found(forge, kind):
    seq, found = forge(**amending(kind, None))
    assert found == [("CORRECTS", seq)]


@pytest.mark.parametrize("kind", ["corrected", "retracted"])
def test_an_amendment_of_what_was_retracted_is_found(forge, kind):
    seq, found = forge(**amending(kind, forge.note, "note", values={}))
    assert found == [("CORRECTS", seq)]


@pytest.mark.parametrize("kind", ["corrected", "retracted"])
def test_an_amendment_of_an_amendment_is_found(forge, kind):
    number = next(e.seq for e in entries_of(forge) if e.kind == "corrected")
    seq, found = forge(**amending(kind, number, "corrected"))
    assert found == [("CORRECTS", seq)]


@pytest.mark.parametrize("kind", ["corrected", "retracted"])
def test_an_amendment_of_the_opening_is_found(forge, kind):
    seq, found = forge(**amending(kind, 1, "opened"))
    # Nothing is left of an episode that was never opened.
    assert found == [("CORRECTS", seq), ("INTEGRITY", None)]


def test_an_amendment_that_says_of_something_else_what_it_is_is_found(forge):
    seq, found = forge(**corrected(4, "exam", positive=["faber"]))
    assert found == [("CORRECTS", seq)]


def test_evidence_recorded_afresh_that_was_never_retracted_is_found(forge):
    seq, found = forge(kind="score", corrects=4, payload={"values": {"nrs": "1"}})
    assert found == [("CORRECTS", seq)]


def test_something_else_recorded_afresh_is_found(forge):
    told = {"values": {"nrs": "1"}}
    seq, found = forge(kind="score", corrects=forge.note, payload=told)
    assert found == [("CORRECTS", seq)]


def moves_of(forge):
    return [e for e in entries_of(forge) if e.kind == "move"]


def test_a_retraction_that_leaves_no_journey_is_found(forge):
    first, _ = moves_of(forge)
    seq, found = forge(**amending("retracted", first.seq, "move"))
    assert found == [("CORRECTS", seq)]


def test_a_correction_of_a_day_that_leaves_no_journey_is_found(forge):
    _, second = moves_of(forge)
    change = amending("corrected", second.seq, "move")
    seq, found = forge(**change, occurred="2025-01-19")
    assert found == [("CORRECTS", seq)]


def test_an_entry_behind_it_in_the_same_command_hides_no_illegal_journey(forge):
    first, _ = moves_of(forge)
    batch = "f" * 32
    seq, _ = forge(**amending("retracted", first.seq, "move"), batch=batch)
    after = {"payload": {"values": {"nrs": "6"}}, "batch": batch}
    _, found = forge(kind="score", recorded="2025-01-31T09:01:00.000000Z", **after)
    assert found == [("CORRECTS", seq)]


@pytest.mark.parametrize("values", [{"nrs": "77"}, {"nrs": "abc"}, 7, None])
def test_content_that_no_form_could_hold_is_found(forge, values):
    _, found = forge(**amending("corrected", 4, values=values))
    assert [code for code, _ in found] == ["INTEGRITY"]


# --- transfers


def transferred(origin, recorded, **more):
    values = {"guidance": "fluoroscopy", "contrast": "in-joint", "nrs": "8"}
    payload = {"values": {**values, "purpose": "both"}}
    payload["transferred"] = {"from": origin, "recorded": recorded}
    return {"kind": "injection", "payload": payload, "occurred": "2025-01-30", **more}


def origin_of(forge):
    """The transfer that was made: the entry on the left, and its copy on the right."""
    copy = next(e for e in entries_of(forge) if "transferred" in e.payload)
    first = entries_of(forge, forge.left)[1]
    assert copy.payload["transferred"]["from"] == f"{forge.left}#{first.seq}"
    return first, copy


def test_a_transfer_from_nowhere_is_found(forge):
    first, _ = origin_of(forge)
    recorded = first.recorded.isoformat()
    seq, found = forge(**transferred(f"{forge.left}#99", recorded))
    assert found == [("CORRECTS", seq)]


def test_a_transfer_from_an_episode_that_is_not_there_is_found(forge):
    seq, found = forge(**transferred("P00998-R#2", "2025-01-30T09:00:00+00:00"))
    assert found == [("CORRECTS", seq)]


def test_a_transfer_that_was_not_first_written_then_is_found(forge):
    first, copy = origin_of(forge)
    earlier = (first.recorded - dt.timedelta(days=9)).isoformat()
    origin = f"{forge.left}#{first.seq}"
    seq, found = forge(**transferred(origin, earlier, batch=copy.batch))
    assert found == [("CORRECTS", seq)]


def test_a_transfer_of_what_still_stands_is_found(forge):
    request = EvidenceRequest("injection", {"guidance": "ct", "nrs": "8"})
    done = record_evidence(forge.ledger, RIVERA, forge.left, request)
    number = done.entry.seq
    recorded = entries_of(forge, forge.left)[-1].recorded.isoformat()
    seq, found = forge(**transferred(f"{forge.left}#{number}", recorded))
    assert found == [("CORRECTS", seq)]


def test_a_copy_of_what_another_command_took_out_is_found(forge):
    """So that nobody gives something written today the age of something else."""
    first, _ = origin_of(forge)
    recorded = first.recorded.isoformat()
    seq, found = forge(**transferred(f"{forge.left}#{first.seq}", recorded))
    assert found == [("CORRECTS", seq)]


def test_a_transfer_that_says_something_else_on_the_way_is_found(forge):
    first, copy = origin_of(forge)
    change = transferred(f"{forge.left}#{first.seq}", first.recorded.isoformat())
    change["payload"]["values"]["nrs"] = "2"
    seq, found = forge(**change, batch=copy.batch)
    assert found == [("CORRECTS", seq)]


def test_a_retraction_that_points_to_no_copy_is_found(forge):
    number = next(e.seq for e in entries_of(forge) if e.kind == "exam")
    to = f"{forge.left}#2"
    seq, found = forge(**amending("retracted", number, "exam", to=to))
    assert ("CORRECTS", seq) in found


def test_what_was_transferred_twice_and_undone_holds(forge):
    ledger, key, left = forge.ledger, forge.key, forge.left
    _, copy = origin_of(forge)
    amendments.transfer(ledger, RIVERA, key, [copy.seq], left, WRONG_SIDE)
    assert codes_of(ledger) == set()
    undo(ledger, RIVERA, None)
    undo(ledger, RIVERA, None)
    assert codes_of(ledger) == set()
    batch = entries_of(forge)[-1].batch
    undo(ledger, RIVERA, batch)
    assert codes_of(ledger) == set()


def test_the_guards_let_no_amendment_be_changed_afterwards(forge):
    number = next(e.seq for e in entries_of(forge) if e.kind == "corrected")
    with (
        driver(forge.ledger) as run,
        pytest.raises(Exception, match=r"never|append|only"),
    ):
        run(
            "UPDATE entry SET corrects = 2 WHERE stream = ? AND seq = ?",
            forge.key.stream,
            number,
        )
