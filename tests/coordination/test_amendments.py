"""Amending through the use cases of people: all or nothing, on both databases."""

import dataclasses
import datetime as dt
import threading

import pytest

from sitrack.coordination import amendments, people
from sitrack.coordination.evidence import EvidenceRequest, record_evidence
from sitrack.coordination.page import Because
from sitrack.coordination.people import Author
from sitrack.coordination.undo import undo
from sitrack.errors import (
    BadInput,
    NotEligible,
    NotFound,
    NotPermitted,
    WrittenFirst,
)
from sitrack.journey.findings import Refused
from sitrack.journey.forms import KINDS
from sitrack.journey.patient import patient_key
from sitrack.pathway.stages import Side
from sitrack.record import history
from sitrack.record.journal import load_stream
from sitrack.record.ledger import reading
from sitrack.record.staff import Staff
from tests.clinic import RIVERA, Clinic, codes_of, everything
from tests.journey.test_corrections import EVERY_KIND

SLIP = Because("typing-error")
WRONG_SIDE = Because("wrong-side")
OKAFOR = Author("okafor", "account")
FINISHED = {"command": "episode finish"}


class Desk(Clinic):
    """The clinic, and what is amended there."""

    def correct(self, key, number, *given, by=RIVERA, **more):
        pairs = [tuple(text.split("=", 1)) for text in given]
        changes = {number: pairs}
        return amendments.correct(self.ledger, by, key, changes, SLIP, **more)

    def retract(self, key, *numbers, by=RIVERA, **more):
        return amendments.retract(self.ledger, by, key, numbers, SLIP, **more)

    def transfer(self, key, numbers, to, **more):
        return amendments.transfer(
            self.ledger, RIVERA, key, numbers, to, WRONG_SIDE, **more
        )

    def undo(self, batch=None, by=RIVERA, **more):
        return undo(self.ledger, by, batch, **more)

    def entries(self, key):
        with reading(self.ledger) as connection:
            return load_stream(connection, key.stream)

    def episode(self, key):
        with reading(self.ledger) as connection:
            return history.episode_at(connection, self.ledger, key)

    def attest(self, key, what, about=None):
        """Osei attests something."""
        told = {"about": what}
        request = EvidenceRequest("attestation", told, about=about, performer="osei")
        return record_evidence(self.ledger, RIVERA, key, request).entry.seq

    def standing(self, key):
        """The numbers of the evidence that stands."""
        return [fact.seq for fact in self.episode(key).evidence]


@pytest.fixture
def clinic(ledger):
    clinic = Desk(ledger)
    people.add_staff(ledger, RIVERA, Staff("okafor", "coordinator", None))
    return clinic


@pytest.fixture
def key(clinic):
    """An episode in conservative care; #2 is the injection, #4 the score."""
    return clinic.walked()


@pytest.fixture
def unchanged(ledger):
    """After the test nothing in the whole database is another."""
    kept = []
    yield lambda: kept.append(everything(ledger))
    assert kept
    assert everything(ledger) == kept[-1]


# --- all or nothing


def test_a_rehearsal_keeps_nothing_and_tells_what_would_be(clinic, key, unchanged):
    left = clinic.opened(key.patient, Side.LEFT)
    unchanged()
    acts = [
        lambda: clinic.correct(key, 4, "nrs=6", dry_run=True),
        lambda: clinic.retract(key, 4, dry_run=True),
        lambda: clinic.transfer(key, [2], left, dry_run=True),
        lambda: clinic.undo(dry_run=True),
        lambda: clinic.undo(f"{key}#4", dry_run=True),
    ]
    for act in acts:
        done = act()
        assert all(each.written for each in done)


def test_of_several_amendments_none_is_kept_where_one_cannot_be(clinic, key, unchanged):
    left = clinic.opened(key.patient, Side.LEFT)
    move = next(e.seq for e in clinic.entries(key) if e.kind == "move")
    unchanged()
    with pytest.raises(NotEligible, match="no journey"):
        clinic.retract(key, 4, move)
    with pytest.raises(NotFound):
        clinic.retract(key, 4, 99)
    changes = {4: [("nrs", "6")], 6: [("on", "2030-01-01")]}
    with pytest.raises(Refused):
        amendments.correct(clinic.ledger, RIVERA, key, changes, SLIP)
    with pytest.raises(NotEligible):
        clinic.transfer(key, [4, move], left)


def test_whoever_looked_at_an_older_version_changes_nothing(clinic, key, unchanged):
    left = clinic.opened(key.patient, Side.LEFT)
    seen = {key: clinic.episode(key).version}
    clinic.record(key, "note", text="meanwhile")
    unchanged()
    for act in (
        lambda: clinic.correct(key, 4, "nrs=6", seen=seen),
        lambda: clinic.retract(key, 4, seen=seen),
        lambda: clinic.transfer(key, [4], left, seen=seen),
        lambda: clinic.undo(seen=seen),
        lambda: clinic.undo(f"{key}#4", seen=seen),
    ):
        with pytest.raises(WrittenFirst):
            act()


def test_where_to_may_have_moved_on_as_well(clinic, key, unchanged):
    left = clinic.opened(key.patient, Side.LEFT)
    seen = {key: clinic.episode(key).version, left: 1}
    clinic.record(left, "note", text="meanwhile")
    unchanged()
    with pytest.raises(WrittenFirst):
        clinic.transfer(key, [4], left, seen=seen)


def test_an_undo_never_takes_back_what_was_not_looked_at(clinic, key, unchanged):
    seen = {each.before.key: each.before.version for each in clinic.undo(dry_run=True)}
    assert set(seen) == {key}
    other = clinic.opened()
    unchanged()
    with pytest.raises(WrittenFirst):
        clinic.undo(seen=seen)
    assert clinic.episode(other).stage == "injection"


def test_of_two_who_correct_the_same_version_one_wins(clinic, key):
    seen = {key: clinic.episode(key).version}
    came_in = []

    def race(act):
        try:
            act()
            came_in.append("won")
        except WrittenFirst:
            came_in.append("first")

    acts = [
        lambda: clinic.correct(key, 4, "nrs=6", seen=seen),
        lambda: clinic.retract(key, 4, seen=seen),
        lambda: clinic.correct(key, 4, "nrs=5", by=OKAFOR, seen=seen),
    ]
    threads = [threading.Thread(target=race, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(came_in) == ["first", "first", "won"]
    assert clinic.episode(key).version == seen[key] + 1
    assert codes_of(clinic.ledger) == set()


def test_transfers_to_and_fro_at_once_never_wait_for_each_other_for_ever(clinic):
    """Each takes both patients and both episodes in one order."""
    one, two = clinic.opened(), clinic.opened()
    for key in (one, two):
        for _ in range(3):
            clinic.record(key, "score", nrs="7")
    failed = []

    def carry(source, target):
        try:
            for number in (2, 3, 4):
                clinic.transfer(source, [number], target)
        except Exception as error:  # noqa: BLE001 - told below, by the main thread
            failed.append(error)

    threads = [
        threading.Thread(target=carry, args=pair) for pair in ((one, two), (two, one))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert [len(clinic.standing(key)) for key in (one, two)] == [3, 3]
    assert codes_of(clinic.ledger) == set()


# --- who and why


def test_reasons_and_performers_are_those_that_there_are(clinic, key, unchanged):
    attested = clinic.attest(key, "source")
    unchanged()
    for reason in ("because", "", "undo"):
        with pytest.raises(BadInput, match="typing-error"):
            amendments.retract(clinic.ledger, RIVERA, key, [4], Because(reason))
    with pytest.raises(NotFound, match="stranger is not on the staff list"):
        clinic.correct(key, 4, "performer=stranger")
    with pytest.raises(NotPermitted, match="needs a clinician"):
        clinic.correct(key, attested, "performer=okafor")
    with pytest.raises(NotPermitted, match="needs a clinician"):
        clinic.correct(key, attested, "performer=")
    with pytest.raises(NotPermitted):
        clinic.correct(key, 4, "nrs=6", by=Author("stranger", "account"))


def test_who_amends_and_why_is_kept_with_the_entry(clinic, key):
    because = Because("source-corrected", "the letter said six")
    [done] = amendments.correct(
        clinic.ledger, OKAFOR, key, {4: [("nrs", "6")]}, because
    )
    [entry] = done.written
    assert (entry.corrects, entry.provenance.recorder) == (4, "okafor")
    assert entry.payload["reason"] == "source-corrected"
    assert entry.payload["text"] == "the letter said six"
    assert clinic.entries(key)[3].payload["values"] == {"nrs": "7"}


# --- transfer


def test_every_kind_of_evidence_is_carried_over_and_back(clinic):
    key = clinic.injected("2025-01-06")
    left = clinic.opened(key.patient, Side.LEFT)
    for kind, (values, *_) in EVERY_KIND.items():
        told = {name: str(value) for name, value in values.items()}
        if kind == "attestation":
            clinic.attest(key, told["about"])
        else:
            readings = {"readings": ("1h=2",)} if kind == "diary" else {}
            clinic.record(key, kind, **told, **readings)
    evidence = clinic.episode(key).evidence
    assert {fact.kind for fact in evidence} == KINDS.keys()
    free = [fact.seq for fact in evidence if fact.about is None]

    clinic.at("2025-01-20")
    clinic.transfer(key, free, left)
    assert clinic.standing(key) == []
    there = clinic.episode(left).evidence
    clinic.transfer(left, [fact.seq for fact in there if fact.about is None], key)
    assert clinic.standing(left) == []
    # Written down on the first day, however often it was carried.
    for before, after in zip(evidence, clinic.episode(key).evidence, strict=True):
        renumbered = {"seq": after.seq, "about": after.about}
        assert dataclasses.replace(before, **renumbered) == after
        assert (before.about is None) is (after.about is None)
    assert codes_of(clinic.ledger) == set()
    clinic.undo()
    clinic.undo()
    assert clinic.episode(key).evidence == evidence
    assert codes_of(clinic.ledger) == set()


def test_a_transfer_to_another_patient_stands_there_and_points_both_ways(clinic):
    wrong, right = clinic.opened(), clinic.opened()
    number = clinic.inject(wrong).entry.seq
    here, there = clinic.transfer(wrong, [number], right)
    assert clinic.standing(wrong) == []
    [copy] = clinic.episode(right).evidence
    retraction, written = here.written[-1], there.written[-1]
    assert retraction.payload["to"] == f"{right}#{copy.seq}"
    assert written.payload["transferred"]["from"] == f"{wrong}#{number}"
    assert retraction.batch == written.batch
    assert clinic.episode(wrong).stage == clinic.episode(right).stage == "injection"
    assert codes_of(clinic.ledger) == set()


def test_what_cannot_be_carried_says_why_and_stays(clinic, key, unchanged):
    left = clinic.opened(key.patient, Side.LEFT)
    vas = clinic.opened(side=Side.LEFT)
    told = {"guidance": "ct", "vas": "70", "occurred": dt.date(2025, 1, 6)}
    clinic.record(vas, "injection", **told)
    move = next(e.seq for e in clinic.entries(key) if e.kind == "move")
    unchanged()
    with pytest.raises(NotEligible, match=f"#{move} is no evidence"):
        clinic.transfer(key, [move], left)
    with pytest.raises(NotEligible, match="#3 belongs to #2"):
        clinic.transfer(key, [3], left)
    with pytest.raises(NotEligible, match="opened the episode"):
        clinic.transfer(key, [1], left)
    with pytest.raises(NotFound, match="no entry #99"):
        clinic.transfer(key, [99], left)
    with pytest.raises(BadInput, match="another episode"):
        clinic.transfer(key, [4], key)
    with pytest.raises(Refused) as refusal:
        clinic.transfer(key, [4], vas)
    assert [f.code for f in refusal.value.findings] == ["SCALE_MISMATCH"]


def test_nothing_is_carried_to_before_a_patients_birth(clinic, unchanged):
    wrong = clinic.injected("2025-01-06")
    clinic.at("2025-01-31")
    baby = clinic.opened(clinic.enrolled("Al", "Ek", born=dt.date(2025, 1, 20)))
    unchanged()
    with pytest.raises(Refused) as refusal:
        clinic.transfer(wrong, [2], baby)
    assert [f.code for f in refusal.value.findings] == ["OUT_OF_ORDER"]


def test_what_a_clinician_stood_for_stays_with_its_move(clinic, key):
    left = clinic.opened(key.patient, Side.LEFT)
    exam = next(e.seq for e in clinic.entries(key) if e.kind == "exam")
    clinic.correct(key, exam, "positive=faber")
    number = clinic.attest(key, "move")
    with pytest.raises(NotEligible, match="stands for move"):
        clinic.transfer(key, [number], left)


def test_what_is_carried_away_takes_the_ground_and_gives_it_elsewhere(clinic, key):
    left = clinic.opened(key.patient, Side.LEFT)
    exam = next(e.seq for e in clinic.entries(key) if e.kind == "exam")
    here, there = sorted(
        clinic.transfer(key, [exam], left), key=lambda each: each.after.key.side.value
    )[::-1]
    assert (here.after.key, there.after.key) == (key, left)
    assert [each.codes for each in here.after.broken] == [("EVIDENCE_MISSING(tests)",)]
    assert there.after.broken == ()
    clinic.undo()
    assert clinic.episode(key).broken == ()


# --- undo: which command


def test_the_last_command_is_taken_back_then_the_one_before(clinic, key):
    clinic.record(key, "score", nrs="5")
    clinic.record(key, "score", nrs="4")
    before = clinic.standing(key)
    clinic.undo()
    assert clinic.standing(key) == before[:-1]
    clinic.undo()
    assert clinic.standing(key) == before[:-2]


def test_what_was_done_again_is_the_last_command_again(clinic, key):
    clinic.record(key, "score", nrs="5")
    clinic.record(key, "score", nrs="4")
    before = clinic.standing(key)
    clinic.undo()
    clinic.undo(clinic.entries(key)[-1].batch)
    assert clinic.standing(key) == before
    clinic.undo()
    assert clinic.standing(key) == before[:-1]
    clinic.undo()
    assert clinic.standing(key) == before[:-2]
    assert codes_of(clinic.ledger) == set()


def test_each_person_takes_back_what_that_person_did(clinic, key):
    mine = clinic.record(key, "score", nrs="5").entry.seq
    with pytest.raises(NotFound, match="okafor has written nothing"):
        clinic.undo(by=OKAFOR)
    other = clinic.opened(key.patient, Side.LEFT)
    clinic.correct(key, mine, "nrs=4", by=OKAFOR)
    clinic.undo(by=OKAFOR)
    assert clinic.episode(key).entry(mine).pain == 5
    with pytest.raises(NotFound, match="okafor has written nothing"):
        clinic.undo(by=OKAFOR)
    clinic.undo()
    assert clinic.episode(other).stage == "closed"
    clinic.undo()
    assert mine not in clinic.standing(key)


def test_what_somebody_else_took_back_is_not_taken_back_again(clinic, key):
    first = clinic.record(key, "score", nrs="5").entry.seq
    second = clinic.record(key, "score", nrs="4").entry.seq
    clinic.undo(f"{key}#{second}", by=OKAFOR)
    assert first in clinic.standing(key)
    clinic.undo()
    assert not {first, second} & set(clinic.standing(key))


def test_a_session_on_both_sides_is_taken_back_on_both(clinic, key):
    left = clinic.opened(key.patient, Side.LEFT)
    clinic.both(key.patient, "score", nrs="5")
    done = clinic.undo()
    assert {each.after.key for each in done} == {key, left}
    assert clinic.standing(left) == []
    assert len({entry.batch for each in done for entry in each.written}) == 1


def test_what_is_of_no_episode_is_not_taken_back_nor_passed_over(
    clinic, key, unchanged
):
    people.add_staff(clinic.ledger, RIVERA, Staff("smith", "clinician", None))
    unchanged()
    with pytest.raises(NotEligible, match="wrote to no episode"):
        clinic.undo()


def test_nor_is_the_enrolment_of_a_patient(clinic, key, unchanged):
    clinic.enrolled("Al", "Ek")
    unchanged()
    with pytest.raises(NotEligible, match="wrote to no episode"):
        clinic.undo()


NO_COMMAND = (
    ("{key}#99", NotFound, "has no entry #99"),
    ("{key}#0", NotFound, "has no entry #0"),
    ("{key}#", NotFound, "has no entry #"),
    ("{key}#x", NotFound, "has no entry #x"),
    ("{key}#99999999999999999999", NotFound, "has no entry #999999999"),
    (f"{patient_key(77)}-R#2", NotFound, "has no entry #2"),
    ("P00014-R#2", NotFound, "nobody's key"),
    ("office#1", NotFound, "not an episode key"),
    ("{key}", BadInput, "names no command"),
    ("9", BadInput, "names no command"),
    ("0" * 32, NotFound, "no such command"),
)


def test_a_command_that_is_not_there_is_not_found(clinic, key, unchanged):
    unchanged()
    for named, error, says in NO_COMMAND:
        with pytest.raises(error, match=says):
            clinic.undo(named.format(key=key))


def test_an_opening_is_taken_back_by_finishing_what_was_opened_in_error(clinic):
    key = clinic.opened()
    [done] = clinic.undo(f"{key}#1")
    assert (done.after.stage, done.after.visit.reason) == ("closed", "opened-in-error")
    clinic.undo(done.written[-1].batch)
    assert clinic.episode(key).stage == "injection"
    assert codes_of(clinic.ledger) == set()


def test_an_opening_under_something_stays(clinic, key, unchanged):
    unchanged()
    with pytest.raises(NotEligible, match="stands on"):
        clinic.undo(f"{key}#1")


def test_what_was_built_upon_is_not_taken_away_from_under_it(clinic, key, unchanged):
    move = next(e.seq for e in clinic.entries(key) if e.kind == "move")
    [done] = clinic.correct(key, 4, "nrs=6")
    clinic.correct(key, 4, "nrs=5")
    unchanged()
    with pytest.raises(NotEligible, match="no journey"):
        clinic.undo(f"{key}#{move}")
    with pytest.raises(NotEligible, match="cannot go alone"):
        clinic.undo(f"{key}#2")
    with pytest.raises(NotEligible, match="amended again"):
        clinic.undo(f"{key}#{done.written[0].seq}")


# --- one open episode on a side


@pytest.fixture
def reopened_elsewhere(clinic, key):
    """A right side that was finished, and a second episode of it that is open."""
    finished = clinic.advance(key, "closed", reason="declined", **FINISHED).entry
    return finished, clinic.opened(key.patient, Side.RIGHT)


def test_no_amendment_brings_a_second_episode_of_a_side_to_life(
    clinic, key, reopened_elsewhere, unchanged
):
    finished, second = reopened_elsewhere
    unchanged()
    for act in (
        lambda: clinic.undo(f"{key}#{finished.seq}"),
        lambda: clinic.retract(key, finished.seq),
    ):
        with pytest.raises(BadInput, match=f"{second} is open already"):
            act()


def test_once_the_other_is_finished_the_first_comes_back(
    clinic, key, reopened_elsewhere
):
    finished, second = reopened_elsewhere
    clinic.undo(f"{second}#1")
    clinic.undo(f"{key}#{finished.seq}")
    assert clinic.episode(key).stage == "conservative-care"
    assert codes_of(clinic.ledger) == set()


def test_evidence_of_a_finished_episode_is_amended_as_ever(
    clinic, key, reopened_elsewhere
):
    clinic.correct(key, 4, "nrs=6")
    clinic.retract(key, 4)
    assert clinic.episode(key).stage == "closed"
    assert codes_of(clinic.ledger) == set()
