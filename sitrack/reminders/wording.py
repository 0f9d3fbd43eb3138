"""What a reminder says: a key and a date, and how to see the rest.

A message leaves the house, so it names no person, stage, procedure or speciality and
carries no link. Whoever may know more asks `sitrack show`, which logs who asked. A
patient reads who asks to be called, and not even a key. The words are the clinic's
own; what they may name is not.
"""

from __future__ import annotations

import datetime as dt
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sitrack.journey.patient import EpisodeKey, read_episode_key
from sitrack.settings import STAFF_TEXT, Settings

_FIELDS: Final = frozenset({"episode", "due"})
_MOST_LINES: Final = 200
"""Lines of one digest; whoever has more to do than that reads the worklist."""
_HEX: Final = re.compile(r"[0-9a-f]{8,128}\Z")


@dataclass(frozen=True, slots=True)
class Message:
    """One reminder to one person, ready for a channel.

    Attributes:
        recipient_address: where it goes; kept out of `repr`, and so out of logs.
        subject: one line.
        body: the text.
        key: the idempotency key, in lower-case hex; the same for every attempt.
    """

    recipient_address: str = field(repr=False)
    subject: str
    body: str
    key: str

    def __post_init__(self) -> None:
        if not _HEX.match(self.key):
            raise ValueError("an idempotency key is 8 to 128 hex digits")
        if not self.subject.isprintable():
            raise ValueError("a subject is one line")


def staff_message(
    episode: str,
    due: dt.date,
    *,
    recipient_address: str,
    key: str,
    template: str = STAFF_TEXT,
) -> Message:
    """Return the reminder that a coordinator or lead gets about one episode.

    Args:
        episode: the key of the episode.
        due: the day by which it should be answered.
        recipient_address: where it goes.
        key: the idempotency key of the message, in lower-case hex.
        template: the clinic's words.

    Raises:
        NotFound: `episode` is not an episode key, so that nothing else can slip out.
        ValueError: the template names more than key and date.
    """
    line = staff_line(episode, due, template)
    body = f"{line}\nsitrack show {read_episode_key(episode)}\n"
    return Message(recipient_address, line, body, key)


def staff_line(episode: str, due: dt.date, template: str = STAFF_TEXT) -> str:
    """Return what a reminder says about one episode; see `staff_message`."""
    return filled(template, read_episode_key(episode), due)


def digest_message(
    lines: Sequence[str], episodes: int, *, recipient_address: str, key: str
) -> Message:
    """Return the digest of a day.

    Args:
        lines: made by `staff_line`, the earliest due first.
        episodes: how many of them they are about.
        recipient_address: where it goes.
        key: the idempotency key of the message, in lower-case hex.
    """
    many = "1 episode needs" if episodes == 1 else f"{episodes} episodes need"
    shown = list(lines[:_MOST_LINES])
    if len(lines) > len(shown):
        shown.append(f"and {len(lines) - len(shown)} more")
    body = "\n".join([*shown, "sitrack worklist --mine", ""])
    return Message(recipient_address, f"sitrack: {many} attention", body, key)


def undeliverable_message(count: int, *, recipient_address: str, key: str) -> Message:
    """Return what the lead reads of reminders that could not be delivered."""
    many = "1 reminder" if count == 1 else f"{count} reminders"
    text = f"sitrack: {many} could not be delivered"
    return Message(recipient_address, text, f"{text}\nsitrack reminder dead\n", key)


def patient_message(settings: Settings, *, recipient_address: str, key: str) -> Message:
    """Return what a patient reads: who asks, and nothing of why."""
    template = string.Template(settings["reminders.patient_text"])
    text = template.substitute(clinic=settings["clinic.name"])
    return Message(recipient_address, text, f"{text}\n", key)


def filled(template: str, episode: EpisodeKey, due: dt.date) -> str:
    """Return the template with `$episode` and `$due` put in.

    Raises:
        ValueError: the template names anything else, or is malformed.
    """
    text = string.Template(template)
    if not text.is_valid() or not _FIELDS.issuperset(text.get_identifiers()):
        raise ValueError("a reminder names $episode and $due, and nothing else")
    return text.substitute(episode=str(episode), due=f"{due:%Y-%m-%d}")
