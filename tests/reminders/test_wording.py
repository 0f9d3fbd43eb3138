"""A reminder says a key and a date, and nothing that anybody could learn from."""

import dataclasses
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitrack.errors import NotFound
from sitrack.journey.patient import EpisodeKey, patient_key
from sitrack.pathway.stages import Side
from sitrack.reminders.wording import Message, filled, staff_message

KEY = "6f1ed002ab5595859014ebf0951522d9"
DUE = dt.date(2025, 5, 22)
CANARY = ("Quillfeather", "MRN-90017", "1961-03-04", "+44 20 7946 0018", "zebra note")


def _patient(digits: int = 142) -> str:
    return patient_key(digits)


def _message(episode: str, due: dt.date = DUE) -> Message:
    return staff_message(episode, due, recipient_address="amy@clinic.example", key=KEY)


def test_the_text_is_exactly_key_date_and_command():
    episode = f"{_patient()}-R"
    message = _message(episode)
    assert message.subject == f"sitrack: {episode} needs attention, due 2025-05-22"
    assert message.body == (
        f"sitrack: {episode} needs attention, due 2025-05-22\nsitrack show {episode}\n"
    )
    assert message.recipient_address == "amy@clinic.example"
    assert message.key == KEY


def test_an_instant_is_told_as_its_date():
    message = _message(
        f"{_patient()}-L2", dt.datetime(2025, 5, 22, 9, 30, tzinfo=dt.UTC)
    )
    assert message.subject.endswith("-L2 needs attention, due 2025-05-22")


@given(number=st.integers(1, 99_999), side=st.sampled_from(Side), due=st.dates())
def test_whatever_the_episode_nothing_but_key_and_date_varies(number, side, due):
    episode = EpisodeKey(patient_key(number), side, 1)
    body = _message(str(episode), due).body
    rest = body.replace(str(episode), "KEY").replace(f"{due:%Y-%m-%d}", "DATE")
    assert rest == "sitrack: KEY needs attention, due DATE\nsitrack show KEY\n"


@pytest.mark.parametrize("token", CANARY)
def test_canary_words_cannot_stand_where_the_key_stands(token):
    with pytest.raises(NotFound) as refusal:
        _message(token)
    assert token not in str(refusal.value)
    assert token not in str(refusal.value.hint)


@pytest.mark.parametrize(
    "template",
    [
        "$name has an appointment",
        "$episode in ${stage}",
        "${episode.__class__.__init__.__globals__}",
        "${episode[0]}",
        "$episode costs $",
        "${}",
    ],
)
def test_a_template_may_name_episode_and_due_alone(template):
    with pytest.raises(ValueError, match="nothing else"):
        filled(template, EpisodeKey(_patient(), Side.RIGHT, 1), DUE)


@pytest.mark.parametrize("payload", [".__class__", ".__init__.__globals__", "[0]"])
def test_an_attribute_after_a_field_is_only_text(payload):
    key = EpisodeKey(_patient(), Side.RIGHT, 1)
    assert filled(f"$episode{payload}", key, DUE) == f"{key}{payload}"
    assert (
        filled("{episode.patient} {due:%Y}", key, DUE) == "{episode.patient} {due:%Y}"
    )


def test_a_message_keeps_its_address_out_of_logs():
    assert "amy@clinic.example" not in repr(_message(f"{_patient()}-R"))


@pytest.mark.parametrize(
    "change",
    [
        {"key": ""},
        {"key": "not hex at all"},
        {"key": "6f1ed002\r\nBcc: x@y.example"},
        {"key": "6f1ed002\n"},
        {"subject": "two\r\nBcc: x@y.example"},
    ],
)
def test_a_message_with_a_forged_key_or_subject_cannot_be_made(change):
    with pytest.raises(ValueError):
        dataclasses.replace(_message(f"{_patient()}-R"), **change)
