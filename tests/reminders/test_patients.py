"""Patients are reminded with their consent alone, in their own hours, and told nothing."""

import datetime as dt

import pytest

from sitrack.coordination import consent, people
from sitrack.coordination.episodes import open_episode
from sitrack.errors import BadInput, NotFound
from sitrack.pathway.stages import Side
from sitrack.record.journal import load_stream
from sitrack.record.ledger import reading
from sitrack.record.registry import Person
from sitrack.record.staff import Staff
from sitrack.reminders.plan import plan_round
from tests.clinic import RIVERA, codes_of, everything, settings_of

from .conftest import Memory, events, outbox, round_of

PHONE, OTHER = "+442079460018", "+442079460199"


@pytest.fixture
def settings(tmp_path):
    return settings_of(tmp_path, **{"clinic.name": "Spine desk"})


@pytest.fixture
def go(clinic, settings):
    """Run a round with a channel for staff and one for patients."""

    def go(settings=settings):
        staff, patients = Memory(), Memory(name="webhook")
        report = round_of(clinic, settings, staff, for_patients=patients)
        return report, patients.sent

    return go


def gives(clinic, patient, channel="sms", address=PHONE, **more):
    return consent.give(clinic.ledger, RIVERA, patient, channel, address, **more)


def injected(clinic, patient=None, side=Side.RIGHT, zone=None):
    """An episode whose diary is due on 7 January."""
    clinic.at("2025-01-06")
    if zone:
        person = Person("Mary", "King", None, None, zone)
        patient = people.enrol(clinic.ledger, RIVERA, person)[0].key
    key = open_episode(
        clinic.ledger, RIVERA, patient or clinic.enrolled(), side
    ).episode.key
    clinic.inject(key)
    return key


def to_patients(clinic):
    return [row for row in outbox(clinic.ledger) if row.recipient.startswith("P")]


# --- consent


def test_without_consent_nothing_goes_to_a_patient_and_the_row_says_so(clinic, go):
    injected(clinic)
    clinic.at("2025-01-07")
    report, sent = go()
    assert sent == []
    [row] = to_patients(clinic)
    assert (row.status, row.last_error, row.attempts) == ("cancelled", "consent", 0)
    assert [
        each.reason for each in report.happenings if each.outcome == "suppressed"
    ] == ["consent"]
    for _ in range(10):  # one row, not one a round
        go()
    assert len(to_patients(clinic)) == 1


def test_with_consent_the_patient_is_asked_to_get_in_touch_and_told_nothing_else(
    clinic, go
):
    key = injected(clinic)
    gives(clinic, key.patient, address="+44 20 7946-0018")
    clinic.at("2025-01-07")
    _, [message] = go()
    assert message.recipient_address == PHONE
    text = "Spine desk asks you to get in touch. Reply STOP for no more messages."
    assert (message.subject, message.body) == (text, f"{text}\n")
    [row] = to_patients(clinic)
    assert (row.recipient, row.channel, row.status) == (key.patient, "webhook", "done")


def test_only_what_waits_for_the_patient_goes_to_the_patient(clinic, go):
    key = clinic.opened()
    gives(clinic, key.patient)
    clinic.at("2025-01-20")
    report, sent = go()
    assert report.count("sent") == 1  # INJ-SCHED waits for the staff
    assert sent == []


def test_patients_are_not_reminded_where_no_channel_is_set(clinic, settings):
    key = injected(clinic)
    gives(clinic, key.patient)
    clinic.at("2025-01-07")
    round_of(clinic, settings, Memory())
    assert to_patients(clinic) == []


def test_consent_to_one_way_is_not_consent_to_another(clinic, settings):
    key = injected(clinic)
    gives(clinic, key.patient)
    clinic.at("2025-01-07")
    by_mail = Memory(name="email")
    round_of(clinic, settings, Memory(), for_patients=by_mail)
    assert by_mail.sent == []
    [row] = to_patients(clinic)
    assert row.last_error == "consent"


def test_the_latest_number_is_used(clinic, go):
    key = injected(clinic)
    gives(clinic, key.patient)
    gives(clinic, key.patient, address=OTHER)
    clinic.at("2025-01-07")
    _, [message] = go()
    assert message.recipient_address == OTHER


@pytest.mark.parametrize("how", ["withdrawn", "stopped"])
def test_what_is_withdrawn_between_claim_and_send_is_not_sent(clinic, settings, how):
    key = injected(clinic)
    gives(clinic, key.patient)
    clinic.at("2025-01-07")

    def withdraw(message):
        if how == "withdrawn":
            consent.withdraw(clinic.ledger, RIVERA, key.patient, "sms")
        else:
            consent.stop(clinic.ledger, RIVERA, "sms", PHONE)

    # The staff's message goes first, when the patient's row is made already.
    patients = Memory(name="webhook")
    report = round_of(clinic, settings, Memory(withdraw), for_patients=patients)
    assert patients.sent == []
    assert [
        each.reason for each in report.happenings if each.outcome == "suppressed"
    ] == ["consent"]
    assert events(clinic.ledger)[-1][2:] == ("suppressed", "consent")


def test_a_wrong_number_gets_nothing_more(clinic, go):
    key = injected(clinic)
    gives(clinic, key.patient)
    gives(clinic, key.patient, "email", "mary@home.example")
    clinic.contact(key, "wrong-number")
    ways = consent.ways_to(clinic.ledger, key.patient)
    assert {(way.channel, way.consent) for way in ways} == {
        ("sms", "wrong-number"),
        ("email", "given"),
    }
    clinic.at("2025-01-08")
    assert go()[1] == []
    [row] = to_patients(clinic)
    assert row.last_error == "consent"


def test_a_stop_silences_a_number_for_everybody_who_uses_it(clinic, go):
    first, second = injected(clinic), injected(clinic)
    for key in (first, second):
        gives(clinic, key.patient)
    points = consent.stop(clinic.ledger, RIVERA, "sms", "+44 20 7946 0018")
    assert {point.patient for point in points} == {first.patient, second.patient}
    clinic.at("2025-01-07")
    _, sent = go()
    assert sent == []
    third = injected(clinic)
    with pytest.raises(BadInput, match="said STOP") as refusal:
        gives(clinic, third.patient)
    assert PHONE not in str(refusal.value)
    gives(clinic, third.patient, after_stop=True)
    clinic.at("2025-01-07", "10:00")
    _, [message] = go()
    assert message.recipient_address == PHONE


def test_a_stop_from_a_number_that_nobody_gave_is_kept_for_later(clinic):
    assert consent.stop(clinic.ledger, RIVERA, "sms", PHONE) == []
    with pytest.raises(BadInput, match="said STOP"):
        gives(clinic, clinic.enrolled())


def test_withdrawing_is_per_channel_and_number(clinic):
    patient = clinic.enrolled()
    gives(clinic, patient)
    gives(clinic, patient, address=OTHER)
    gives(clinic, patient, "email", "mary@home.example")
    consent.withdraw(clinic.ledger, RIVERA, patient, "sms", OTHER)

    def given():
        ways = consent.ways_to(clinic.ledger, patient)
        return {way.address for way in ways if way.consent == "given"}

    assert given() == {PHONE, "mary@home.example"}
    consent.withdraw(clinic.ledger, RIVERA, patient)
    assert given() == set()
    with pytest.raises(NotFound, match="no such consent"):
        consent.withdraw(clinic.ledger, RIVERA, patient)


def test_what_was_said_stands_in_the_patients_stream_without_the_address(clinic):
    patient = clinic.enrolled()
    point = gives(clinic, patient).points[0]
    consent.withdraw(clinic.ledger, RIVERA, patient)
    with reading(clinic.ledger) as connection:
        entries = load_stream(connection, f"patient/{patient}")
    said = [entry for entry in entries if entry.kind == "contact-consent"]
    assert [entry.payload["consent"] for entry in said] == ["given", "withdrawn"]
    assert {entry.payload["point"] for entry in said} == {point.id}
    assert PHONE not in str(entries)
    assert codes_of(clinic.ledger) == set()


@pytest.mark.parametrize(
    ("channel", "text"),
    [
        ("sms", "020 7946 0018"),
        ("sms", "+0207946001"),
        ("sms", "+44"),
        ("sms", "+4420794600181234567"),
        ("sms", "mary@home.example"),
        ("email", PHONE),
        ("email", "a@b.example, c@d.example"),
        ("email", "mary@home.example\nBcc: x@y.example"),
    ],
)
def test_what_is_no_address_is_refused_and_not_repeated(clinic, channel, text):
    patient = clinic.enrolled()
    before = everything(clinic.ledger)
    with pytest.raises(BadInput) as refusal:
        gives(clinic, patient, channel, text)
    assert text not in str(refusal.value)
    assert everything(clinic.ledger) == before


# --- hours, zones, and how often


@pytest.mark.parametrize(
    ("zone", "opens"),
    [
        # Nine in the patient's morning, on 7 January 2025.
        (None, "2025-01-07T09:00"),
        ("America/New_York", "2025-01-07T14:00"),
        ("Asia/Kathmandu", "2025-01-07T03:15"),
        ("Australia/Lord_Howe", "2025-01-07T00:00"),  # eleven in the morning there
        ("Pacific/Apia", "2025-01-07T00:00"),  # one in the afternoon
        ("Asia/Tokyo", "2025-01-07T00:00"),  # nine sharp
        ("Asia/Vladivostok", "2025-01-07T00:00"),  # ten
    ],
)
def test_a_message_leaves_in_the_patients_own_hours(clinic, settings, zone, opens):
    key = injected(clinic, zone=zone)
    gives(clinic, key.patient)
    clinic.at("2025-01-07", "00:00")
    planned = plan_round(
        clinic.ledger,
        settings,
        "file",
        dt.date(2025, 1, 8),
        for_patients="webhook",
    )
    [leaves] = [each.at for each in planned if each.recipient == key.patient]
    assert leaves == dt.datetime.fromisoformat(opens).replace(tzinfo=dt.UTC)


def test_a_coordinator_elsewhere_is_reminded_by_the_clock_there(clinic, settings):
    tokyo = Staff("sato", "coordinator", "sato@clinic.example", "Asia/Tokyo")
    people.add_staff(clinic.ledger, RIVERA, tokyo)
    clinic.opened(coordinator="sato")
    clinic.at("2025-01-20", "00:30")
    channel = Memory()
    report = round_of(clinic, settings, channel)
    assert report.count("sent") == 1
    clinic.at("2025-01-21", "09:30")  # half past six in the evening there
    clinic.opened(coordinator="sato", on=dt.date(2024, 12, 20))
    planned = plan_round(clinic.ledger, settings, "file")
    assert [each.at.isoformat() for each in planned] == ["2025-01-21T23:00:00+00:00"]


def test_a_patient_gets_one_message_a_day_whatever_is_due(clinic, go):
    patient = clinic.enrolled()
    gives(clinic, patient)
    for side in (Side.LEFT, Side.RIGHT):
        injected(clinic, patient, side)
    clinic.at("2025-01-07", "09:00")
    _, sent = go()
    assert len(sent) == 1
    assert {row.status for row in to_patients(clinic)} == {"done"}


def test_a_second_one_on_the_same_day_would_say_the_same_and_is_dropped(clinic, go):
    patient = clinic.enrolled()
    gives(clinic, patient)
    injected(clinic, patient, Side.LEFT)
    clinic.at("2025-01-07", "09:00")
    go()
    clinic.at("2025-01-07", "11:00")
    late = clinic.opened(patient, Side.RIGHT, on=dt.date(2025, 1, 6))
    clinic.record(
        late,
        "injection",
        occurred=dt.date(2025, 1, 6),
        guidance="fluoroscopy",
        contrast="in-joint",
        nrs="8",
    )
    report, sent = go()
    assert sent == []
    reasons = [e.reason for e in report.happenings if e.outcome == "suppressed"]
    assert reasons == ["duplicate"]


def test_what_is_days_late_is_not_told_to_the_patient(clinic, go):
    key = injected(clinic)
    gives(clinic, key.patient)
    clinic.at("2025-01-13")
    _, sent = go()
    assert sent == []
    [row] = to_patients(clinic)
    assert (row.status, row.last_error) == ("cancelled", "stale")


def test_the_plan_says_to_whom_when_and_why_not_the_rest(clinic, settings):
    silent, spoken = injected(clinic), injected(clinic)
    gives(clinic, spoken.patient)
    clinic.at("2025-01-07", "07:00")
    planned = plan_round(clinic.ledger, settings, "file", for_patients="webhook")
    found = {
        (each.recipient, each.outcome, each.reason, each.at.hour) for each in planned
    }
    assert found == {
        ("rivera", "planned", None, 8),
        (spoken.patient, "planned", None, 9),
        (silent.patient, "suppressed", "consent", 9),
    }
