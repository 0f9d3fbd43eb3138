"""Histories that come from a file: judged on their days, and written once."""

import datetime as dt

import pytest

from sitrack.coordination.importing.taking import Wish, check, take_in
from sitrack.coordination.likeness import Likeness, People, folded
from sitrack.coordination.people import Author
from sitrack.coordination.undo import undo
from sitrack.errors import NotPermitted
from sitrack.journey.folding import fold
from sitrack.journey.intake.rows import Row
from sitrack.journey.patient import read_episode_key
from sitrack.record import roles
from sitrack.record.journal import load_stream
from sitrack.record.ledger import reading
from sitrack.record.outbox import steps_due
from sitrack.record.registry import Patient, Person
from sitrack.record.worklist import HIDDEN, who_waits
from sitrack.record.worklist import Wish as Asked
from tests.clinic import RIVERA, Clinic, faults_of

BORN = dt.date(1951, 7, 23)


@pytest.fixture
def clinic(ledger, at):
    made = Clinic(ledger)
    at("2025-09-01")
    return made


class File:
    """Rows under construction: each gets a number and an id of its own."""

    def __init__(self, prefix="r"):
        self.rows, self.prefix = [], prefix

    def add(self, kind, patient="a", **cells):
        number = len(self.rows) + 2
        named = {name.replace("_", "-"): str(cell) for name, cell in cells.items()}
        named = {name.rstrip("-"): cell for name, cell in named.items()}
        name = f"{self.prefix}{number}"
        base = {"id": name, "kind": kind, "patient": patient}
        self.rows.append(Row(number, {**base, **named}))
        return name

    def person(self, patient="a", given="Mary", family="King", **cells):
        return self.add("patient", patient, given=given, family=family, **cells)

    def on(self, day, kind, side="right", patient="a", **cells):
        return self.add(kind, patient, side=side, on=day, **cells)

    def injected(self, patient="a", side="right", day="2025-01-06"):
        self.on(day, "episode", side, patient)
        about = self.on(
            day,
            "injection",
            side,
            patient,
            guidance="fluoroscopy",
            contrast="in-joint",
            nrs=8,
        )
        self.add("diary", patient, side=side, readings="1h=2", for_=about)

    def walked(self, patient="a", side="right"):
        """On to conservative care, as a clinic's own papers would tell it."""
        self.injected(patient, side)
        self.on("2025-01-20", "score", side, patient, nrs=7)
        self.on("2025-01-20", "move", side, patient, stage="re-evaluation")
        positive = "faber,gaenslen,yeoman,aslr"
        self.on("2025-01-30", "exam", side, patient, positive=positive)
        self.on(
            "2025-01-30",
            "screen",
            side,
            patient,
            lumbar="negative",
            hip="negative",
            soft_tissue="negative",
        )
        self.on("2025-01-30", "move", side, patient, stage="conservative-care")


def taken(ledger, file, quiet=None, author=RIVERA):
    found = check(ledger, author, file.rows)
    done = take_in(ledger, author, file.rows, Wish("ab" * 32, quiet), lambda _: None)
    assert [*map(str, done.problems)] == [*map(str, found.problems)]
    if not found.problems:
        assert done.written == found.written
    return done


def problems(ledger, file):
    found = check(ledger, RIVERA, file.rows).problems
    return [(each.row, each.column, each.code) for each in found]


def stage_of(ledger, name):
    key = read_episode_key(name)
    with reading(ledger) as connection:
        return fold(key, load_stream(connection, key.stream), ledger.zone)


# --- a patient who is under way


def test_a_patient_under_way_arrives_where_the_papers_say(clinic, ledger):
    file = File()
    file.person(born=BORN)
    file.walked()
    done = taken(ledger, file)
    assert (done.entries, done.problems) == (9, [])
    episode = stage_of(ledger, "P00013-R")
    assert (episode.stage, episode.visit.entered) == (
        "conservative-care",
        dt.date(2025, 1, 30),
    )
    assert episode.opened == dt.date(2025, 1, 6)
    assert faults_of(ledger) == []


def test_the_same_history_typed_by_hand_gives_the_same_episode(clinic, ledger, at):
    typed = clinic.walked()
    at("2025-09-01")
    file = File()
    file.person(given="Jo", family="Stone")
    file.walked()
    taken(ledger, file)
    mine, theirs = stage_of(ledger, "P00021-R"), stage_of(ledger, str(typed))
    assert [(v.stage, v.entered) for v in mine.visits] == [
        (v.stage, v.entered) for v in theirs.visits
    ]


def test_both_sides_are_judged_together(clinic, ledger):
    file = File()
    file.person()
    file.walked(side="left")
    file.walked(side="right")
    assert taken(ledger, file).written["move"] == 4
    assert faults_of(ledger) == []


def test_what_paper_cannot_prove_is_no_move_without_a_variance(clinic, ledger):
    def told(**more):
        file = File()
        file.person()
        file.injected()
        file.on("2025-01-20", "score", nrs=7)
        file.on("2025-01-20", "move", stage="re-evaluation")
        file.on("2025-01-30", "move", stage="conservative-care", **more)
        return file

    codes = [code for _, _, code in problems(ledger, told())]
    assert "EVIDENCE_MISSING" in codes[0]
    lifted = told(
        variance="clinical-judgement", clinician="osei", text="the exam is on paper"
    )
    done = taken(ledger, lifted)
    assert (done.variances, done.problems) == (1, [])
    episode = stage_of(ledger, "P00013-R")
    assert episode.stage == "conservative-care"
    assert faults_of(ledger) == []


def test_a_variance_names_a_clinician_and_says_why(clinic, ledger):
    for more in (
        {"clinician": "rivera", "text": "why"},
        {"clinician": "osei"},
        {"clinician": "nobody", "text": "why"},
    ):
        file = File()
        file.person()
        file.injected()
        file.on(
            "2025-01-20",
            "move",
            stage="re-evaluation",
            variance="clinical-judgement",
            **more,
        )
        assert [row for row, _, _ in problems(ledger, file)] == [6]


def test_an_attestation_is_a_clinicians_and_is_counted(clinic, ledger):
    file = File()
    file.person()
    file.injected()
    file.on("2025-01-30", "attestation", about="source", performer="osei")
    assert taken(ledger, file).written["attestation"] == 1
    file = File("q")
    file.person("b", "Jo", "Stone")
    file.injected("b")
    file.on("2025-01-30", "attestation", patient="b", about="source")
    assert problems(ledger, file) == [(6, None, "not-permitted")]


def test_no_variance_lifts_what_no_variance_may(clinic, ledger):
    file = File()
    file.person()
    file.walked()
    file.on(
        "2025-04-01",
        "move",
        stage="rfa",
        variance="clinical-judgement",
        clinician="osei",
        text="it was done",
    )
    assert problems(ledger, file) == [(11, None, "NOT_ALLOWED_FROM_STATE")]


def test_holds_and_returns_come_with_their_days(clinic, ledger):
    file = File()
    file.person()
    file.injected()
    file.on("2025-02-01", "hold", reason="pregnancy", review="2025-03-01")
    file.on("2025-02-20", "resume")
    assert taken(ledger, file).written["hold"] == 1
    episode = stage_of(ledger, "P00013-R")
    assert [(hold.since, hold.until) for hold in episode.holds] == [
        (dt.date(2025, 2, 1), dt.date(2025, 2, 20))
    ]
    assert faults_of(ledger) == []


def test_what_rests_on_a_row_that_cannot_be_taken_is_not_told_of(clinic, ledger):
    file = File()
    file.person()
    file.on("2025-01-06", "episode")
    about = file.on("2025-01-06", "injection", guidance="none", nrs=99)
    file.add("diary", side="right", readings="1h=2", for_=about)
    file.on("2025-01-20", "move", stage="re-evaluation")
    found = check(ledger, RIVERA, file.rows)
    assert [(each.row, each.column) for each in found.problems] == [(4, "nrs")]
    assert found.unjudged == 2


# --- who it is


def test_the_same_record_number_is_the_same_person(clinic, ledger):
    key = clinic.enrolled("Mary", "King", BORN, "M-1")
    file = File()
    file.person(born=BORN, mrn="M-1")
    file.on("2025-01-06", "episode")
    done = taken(ledger, file)
    assert (done.known, done.written["patient"], done.written["episode"]) == (1, 0, 1)
    assert stage_of(ledger, f"{key}-R").opened == dt.date(2025, 1, 6)
    assert faults_of(ledger) == []


def test_a_record_number_of_somebody_else_is_refused(clinic, ledger):
    clinic.enrolled("Mary", "King", BORN, "M-1")
    file = File()
    file.person(given="Jo", family="Stone", mrn="M-1")
    assert problems(ledger, file) == [(2, "mrn", "mrn-taken")]


def test_the_same_name_and_birth_date_waits_for_a_word(clinic, ledger):
    key = clinic.enrolled("Mary", "King", BORN)

    def told(**more):
        file = File()
        file.person(given="MÁRY", family="King", born=BORN, **more)
        return file

    assert problems(ledger, told()) == [(2, "same-as", "same-person")]
    assert check(ledger, RIVERA, told(same_as=key).rows).known == 1
    done = taken(ledger, told(same_as="new"))
    assert [(each.patient, each.like) for each in done.near] == [("P00021", key)]


@pytest.mark.parametrize(
    "person",
    [
        {"given": "Marie", "family": "King", "born": BORN},
        {"given": "King", "family": "Mary", "born": BORN},
        {"given": "Mary", "family": "King", "born": dt.date(1951, 7, 28)},
        {"given": "Mary", "family": "King", "born": dt.date(1915, 7, 23)},
        {"given": "Mary", "family": "King"},
        {"given": "Mary", "family": "King", "born": BORN, "mrn": "M-2"},
    ],
    ids=["spelling", "swapped", "digit", "digits", "no birth date", "other number"],
)
def test_who_is_nearly_the_same_is_told_and_taken(clinic, ledger, person):
    key = clinic.enrolled("Mary", "King", BORN, "M-1")
    file = File()
    file.person(**person)
    done = taken(ledger, file)
    assert [(each.row, each.patient, each.like) for each in done.near] == [
        (2, "P00021", key)
    ]


def test_somebody_else_is_nobodys_likeness(clinic, ledger):
    clinic.enrolled("Mary", "King", BORN, "M-1")
    file = File()
    file.person(given="Omar", family="Haddad", born=BORN)
    file.person("b", given="Mary", family="King", born=dt.date(1988, 2, 3))
    assert taken(ledger, file).near == []


def test_rows_may_name_somebody_who_is_enrolled_by_key_or_number(clinic, ledger):
    clinic.enrolled("Mary", "King", BORN, "M-1")
    clinic.enrolled("Jo", "Stone")
    file = File()
    file.on("2025-01-06", "episode", patient="M-1")
    file.on("2025-01-06", "episode", patient="P00021")
    file.on("2025-01-06", "episode", patient="P00020")
    assert problems(ledger, file) == [(4, None, "not-found")]
    file.rows.pop()
    assert taken(ledger, file).written["episode"] == 2


# --- again, and again


def test_every_row_keeps_its_file_its_place_and_its_name(clinic, ledger):
    file = File()
    file.person()
    file.injected()
    taken(ledger, file)
    with reading(ledger) as connection:
        entries = load_stream(connection, "episode/P00013-R")
    assert [entry.provenance.source for entry in entries] == [
        f"import:{'ab' * 32}:{row}" for row in (3, 4, 5)
    ]
    assert [entry.payload["import"]["row"] for entry in entries] == ["r3", "r4", "r5"]
    assert len({entry.batch for entry in entries}) == 1


def test_the_same_rows_again_write_nothing(clinic, ledger):
    file = File()
    file.person(mrn="M-1", born=BORN)
    file.walked()
    taken(ledger, file)
    again = taken(ledger, file)
    assert (again.entries, again.known, again.near) == (0, 9, [])


def test_rows_are_added_to_an_episode_that_is_there(clinic, ledger):
    file = File()
    file.person()
    file.walked()
    whole = list(file.rows)
    file.rows = whole[:6]
    taken(ledger, file)
    file.rows = whole
    done = taken(ledger, file)
    assert (done.known, done.entries) == (6, 3)
    assert stage_of(ledger, "P00013-R").stage == "conservative-care"
    assert faults_of(ledger) == []


def test_an_id_that_comes_back_with_another_content_is_refused(clinic, ledger):
    def told(nrs, given="Mary"):
        file = File()
        file.person(given=given)
        file.on("2025-01-06", "episode")
        file.on("2025-01-07", "score", nrs=nrs)
        return file

    taken(ledger, told(7))
    assert problems(ledger, told(8)) == [(4, "id", "changed")]
    assert problems(ledger, told(7, "Jo")) == [(2, "id", "changed")]


def test_an_import_that_stopped_halfway_goes_on(clinic, ledger):
    file = File()
    for number in range(2000):
        file.person(f"n{number}", given=f"Given{number}", family="Holm")

    class Stopped(Exception):
        pass

    def stop(_rows):
        raise Stopped

    with pytest.raises(Stopped):
        take_in(ledger, RIVERA, file.rows, Wish("00"), stop)
    done = take_in(ledger, RIVERA, file.rows, Wish("00"), lambda _: None)
    assert (done.known, done.entries) == (1000, 1000)
    assert faults_of(ledger) == []


# --- reminders


def test_what_was_due_before_does_not_storm(clinic, ledger):
    loud, quiet = File(), File("q")
    loud.person()
    loud.walked()
    quiet.person("b", "Jo", "Stone")
    quiet.walked("b")
    taken(ledger, loud)
    done = taken(ledger, quiet, quiet="console")
    assert done.hushed > 0
    assert faults_of(ledger) == []
    with reading(ledger) as connection:
        rows = connection.exec_driver_sql(
            "SELECT episode, status, last_error FROM reminder ORDER BY episode"
        ).all()
        due = steps_due(connection, dt.date(2025, 9, 1), 99)
    assert {tuple(row) for row in rows} == {("P00021-R", "cancelled", "imported")}
    assert {step.episode for step in due} == {"P00013-R"}
    # The worklist has both of them.
    listed = who_waits(ledger, Asked(shows=frozenset(HIDDEN))).rows
    assert {row.episode for row in listed} == {"P00013-R", "P00021-R"}


# --- who may


def test_only_who_cares_for_patients_imports(clinic, ledger):
    from sitrack.coordination import people
    from sitrack.record.staff import Staff

    people.add_staff(ledger, RIVERA, Staff("ora", "auditor", None))
    with pytest.raises(NotPermitted):
        check(ledger, Author("ora", "account", command="import"), File().rows)
    assert "auditor" not in roles.right_to("import").roles


# --- and back


def test_one_persons_import_is_taken_back_as_one_command(clinic, ledger):
    file = File()
    file.person()
    file.walked(side="left")
    file.walked(side="right")
    taken(ledger, file)
    undone = undo(ledger, RIVERA, "P00013-L#1")
    assert {(str(each.after.key), each.after.stage) for each in undone} == {
        ("P00013-L", "closed"),
        ("P00013-R", "closed"),
    }
    assert faults_of(ledger) == []


@pytest.mark.parametrize(
    "names",
    [("Mary-Ann", "O'King"), ("mary ann", "o  KING"), ("Máry Ann", "O\u2019King")],
)
def test_names_are_folded_alike_however_they_are_written(names):
    assert folded(Person(*names, None, None)) == "mary ann o king"


def test_whoever_was_erased_is_like_nobody():
    nobody, erased = Person("-", "-", None, None), Person("", "", None, None)
    known = People([("P00013", Patient("P00013", erased))])
    assert known.like(nobody) == Likeness((), ())
