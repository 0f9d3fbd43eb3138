"""People on record: keys, duplicates, and whatever somebody types into a name."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sitrack.coordination.people import Author, add_staff, enrol
from sitrack.errors import BadInput, NotFound, NotPermitted
from sitrack.journey.patient import read_patient_key
from sitrack.record import registry, staff
from sitrack.record.journal import writing
from sitrack.record.ledger import reading
from sitrack.record.registry import Person, read_person
from sitrack.record.staff import Staff
from tests.clinic import RIVERA, Clinic, codes_of, everything

BORN = dt.date(1970, 5, 31)


@pytest.fixture
def clinic(ledger):
    return Clinic(ledger)


@pytest.fixture(scope="module")
def open_clinic(shared_ledger):
    """A clinic of the whole module, for those who mind nobody."""
    return Clinic(shared_ledger)


def found(ledger, **wanted):
    with reading(ledger) as connection:
        return [each.key for each in registry.find_patients(connection, wanted)]


# --- patients


def test_patients_are_numbered_and_their_keys_check_themselves(clinic):
    keys = [clinic.enrolled() for _ in range(3)]
    for number, key in enumerate(keys, start=1):
        assert read_patient_key(key) == key
        assert key[1:5] == f"{number:04d}"


def test_a_patient_reads_back_as_registered(clinic):
    person = Person("Zoë", "O'Hara-Łukasz", BORN, "MRN 7/1")
    patient, entry = enrol(clinic.ledger, RIVERA, person)
    assert (entry.stream, entry.seq) == (f"patient/{patient.key}", 1)
    with reading(clinic.ledger) as connection:
        assert registry.patient(connection, patient.key).person == person


def test_the_record_itself_holds_no_name(clinic):
    """Identity lives in one table; entries and payloads know the key alone."""
    person = Person("Ermintrude", "Quux", BORN, "MRN-4711")
    enrol(clinic.ledger, RIVERA, person)
    rows = everything(clinic.ledger)
    rest = str({name: rows[name] for name in rows if name != "patient"})
    for word in ("Ermintrude", "Quux", "MRN-4711", f"{BORN:%Y-%m}"):
        assert word not in rest
    assert "Ermintrude" in str(rows["patient"])


def test_an_unknown_patient_is_not_found(clinic):
    with reading(clinic.ledger) as connection, pytest.raises(NotFound):
        registry.patient(connection, "P99994")


def test_a_record_number_belongs_to_one_patient(clinic):
    key = clinic.enrolled(mrn="123")
    before = everything(clinic.ledger)
    with pytest.raises(BadInput, match=key) as refusal:
        clinic.enrolled(mrn="123")
    assert "123" not in refusal.value.message.replace(key, "")
    assert everything(clinic.ledger) == before


def test_patients_without_a_record_number_do_not_collide(clinic):
    assert clinic.enrolled() != clinic.enrolled()


def test_nobody_is_born_tomorrow(clinic):
    clinic.at("2025-01-06")
    assert clinic.enrolled(born=dt.date(2025, 1, 6))
    with pytest.raises(BadInput, match="future"):
        clinic.enrolled(born=dt.date(2025, 1, 7))


# --- the form


def test_a_form_is_read_as_a_person():
    raw = {"given": " Mary ", "family": "King", "born": "1970-05-31", "mrn": ""}
    assert read_person(raw) == Person("Mary", "King", BORN, None)


def test_names_are_kept_in_one_normal_form():
    twins = [
        read_person({"given": n, "family": "K"}) for n in ("Zoe\u0308", "Zo\u00eb")
    ]
    assert twins[0] == twins[1]


SECRET = "Ermintrude"


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"given": SECRET},
        {"given": SECRET, "family": ""},
        {"given": SECRET, "family": "  "},
        {"given": SECRET, "family": "a\x00b"},
        {"given": SECRET, "family": "a\nb"},
        {"given": SECRET, "family": "a\x1b[2Jb"},
        {"given": SECRET, "family": "a\u202eb"},
        {"given": SECRET, "family": "\ud800"},
        {"given": SECRET, "family": "x" * 101},
        {"given": SECRET, "family": 7},
        {"given": SECRET, "family": ["K"]},
        {"given": SECRET, "family": "K", "born": "31.5.1970"},
        {"given": SECRET, "family": "K", "born": "1970-02-30"},
        {"given": SECRET, "family": "K", "born": 19700531},
        {"given": SECRET, "family": "K", "nickname": "E"},
    ],
    ids=str,
)
def test_a_form_that_is_wrong_is_refused_without_repeating_it(raw):
    with pytest.raises(BadInput) as refusal:
        read_person(raw)
    said = f"{refusal.value.message} {refusal.value.hint}"
    assert SECRET not in said
    assert "\n" not in said


# --- finding


def test_patients_are_found_by_the_beginning_of_a_name_in_any_case(clinic):
    king = clinic.enrolled("Mary", "King")
    clinic.enrolled("Mary", "Viking")
    assert found(clinic.ledger, family="kIN") == [king]
    assert found(clinic.ledger, given="mar", family="KING") == [king]
    assert found(clinic.ledger, family="kings") == []


@pytest.mark.parametrize("typed", ["éM", "ÉM", "E\u0301m"])
def test_letters_beyond_ascii_are_found_in_any_case_on_either_database(clinic, typed):
    key = clinic.enrolled("Émile", "Łukasz")
    assert found(clinic.ledger, given=typed) == [key]
    assert found(clinic.ledger, family="łU") == [key]


def test_the_wildcards_of_sql_are_plain_letters(clinic):
    clinic.enrolled("Mary", "King")
    percent = clinic.enrolled("100%", "_under")
    assert found(clinic.ledger, given="%") == []
    assert found(clinic.ledger, given="1%") == []
    assert found(clinic.ledger, given="100%") == [percent]
    assert found(clinic.ledger, family="_") == [percent]


def test_patients_are_found_by_birth_and_by_record_number(clinic):
    key = clinic.enrolled(born=BORN, mrn="A1")
    clinic.enrolled(born=dt.date(1971, 1, 1), mrn="A2")
    assert found(clinic.ledger, born="1970-05-31") == [key]
    assert found(clinic.ledger, mrn=" A1 ") == [key]
    assert found(clinic.ledger, mrn="A") == []
    assert found(clinic.ledger, mrn="A1", born="1971-01-01") == []


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"given": ""},
        {"given": " "},
        {"given": "a\x00"},
        {"mrn": "\ud800"},
        {"born": "yesterday"},
        {"born": 7},
        {"town": "x"},
    ],
)
def test_what_cannot_be_looked_for_is_refused(open_clinic, wanted):
    with pytest.raises(BadInput):
        found(open_clinic.ledger, **wanted)


def test_at_most_a_hundred_patients_are_shown(ledger):
    with writing(ledger) as work:
        for _ in range(101):
            registry.add_patient(work, Person("Mary", "King", None, None))
    assert len(found(ledger, given="Mary")) == 100


HOSTILE = (
    "Robert'); DROP TABLE patient;--",
    '" OR 1=1 --',
    "%s%(x)s{0}:name?",
    "$$;SELECT pg_sleep(9)$$",
    "\\",
    "=cmd|' /C calc'!A0",
    "[bold red]x[/]",
    "\N{CJK UNIFIED IDEOGRAPH-4E2D}\N{GRINNING FACE}",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_text(open_clinic, text):
    key = open_clinic.enrolled(text, text, mrn=text)
    with reading(open_clinic.ledger) as connection:
        person = registry.patient(connection, key).person
    assert (person.given, person.family, person.mrn) == (text, text, text)
    assert found(open_clinic.ledger, given=text) == [key]
    assert found(open_clinic.ledger, mrn=text) == [key]
    assert codes_of(open_clinic.ledger) == set()


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=120), st.text(max_size=5))
def test_any_text_is_registered_and_found_again_or_refused(open_clinic, given, family):
    try:
        person = read_person({"given": given, "family": family})
    except BadInput:
        return
    patient, _ = enrol(open_clinic.ledger, RIVERA, person)
    with reading(open_clinic.ledger) as connection:
        assert registry.patient(connection, patient.key).person == person
        wanted = {"given": given, "family": family}
        keys = {each.key for each in registry.find_patients(connection, wanted)}
    assert patient.key in keys


# --- staff


def test_staff_read_back_in_the_order_of_their_ids(clinic):
    add_staff(clinic.ledger, RIVERA, Staff("amy", "auditor", "amy@clinic.example"))
    with reading(clinic.ledger) as connection:
        assert [each.id for each in staff.everybody(connection)] == [
            "amy",
            "osei",
            "rivera",
        ]
        amy = staff.member(connection, "amy")
        assert amy == Staff("amy", "auditor", "amy@clinic.example")
        assert staff.member(connection, "nobody") is None


@pytest.mark.parametrize(
    ("staff_id", "role", "email"),
    [
        ("rivera", "coordinator", None),
        ("nurse", "clinician", None),
        ("admin", "admin", None),
        ("Amy", "clinician", None),
        ("a", "clinician", None),
        ("amy smith", "clinician", None),
        ("amy\n", "clinician", None),
        ("\N{CYRILLIC SMALL LETTER A}my", "clinician", None),
        ("x" * 32, "clinician", None),
        ("amy", "surgeon", None),
        ("amy", "", None),
        ("amy", "clinician", "amy"),
        ("amy", "clinician", "a@b.example,c@d.example"),
        ("amy", "clinician", "a@b.example\nBcc: c@d.example"),
        ("amy", "clinician", "a@exämple.example"),
        ("amy", "clinician", ""),
    ],
)
def test_a_staff_id_names_one_person_with_one_role_and_address(
    open_clinic, staff_id, role, email
):
    before = everything(open_clinic.ledger)
    with pytest.raises(BadInput):
        add_staff(open_clinic.ledger, RIVERA, Staff(staff_id, role, email))
    assert everything(open_clinic.ledger) == before


def test_the_first_member_of_staff_lets_the_others_in(ledger):
    stranger = Author("stranger", "account")
    add_staff(ledger, stranger, Staff("rivera", "coordinator", None))
    with pytest.raises(NotPermitted):
        add_staff(ledger, stranger, Staff("osei", "clinician", None))
    add_staff(ledger, RIVERA, Staff("osei", "clinician", None))


def test_a_stranger_writes_nothing(clinic):
    before = everything(clinic.ledger)
    person = Person("Mary", "King", None, None)
    for author in (Author("stranger", "account"), Author("", "account")):
        with pytest.raises(NotPermitted) as refusal:
            enrol(clinic.ledger, author, person)
        assert refusal.value.code == 16
    assert everything(clinic.ledger) == before


def test_the_account_stands_in_for_a_name_that_is_not_given(clinic):
    patient, entry = enrol(
        clinic.ledger, Author("", "rivera"), Person("Mary", "King", None, None)
    )
    assert entry.provenance.recorder == "rivera"
    assert entry.stream == f"patient/{patient.key}"
