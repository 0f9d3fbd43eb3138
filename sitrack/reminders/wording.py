"""What a reminder says: a key and a date, and how to see the rest.

A message leaves the house, so it names no person, stage, procedure or speciality and
carries no link. Whoever may know more asks `sitrack show`, which logs who asked.
"""

from __future__ import annotations

import datetime as dt
import re
import string
from dataclasses import dataclass, field
from typing import Final

from sitrack.journey.patient import EpisodeKey, read_episode_key

_FIELDS: Final = frozenset({"episode", "due"})
_SUBJECT: Final = "sitrack: $episode needs attention, due $due"
_BODY: Final = f"{_SUBJECT}\nsitrack show $episode\n"
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
    episode: str, due: dt.date, *, recipient_address: str, key: str
) -> Message:
    """Return the reminder that a coordinator or lead gets about one episode.

    Args:
        episode: the key of the episode.
        due: the day by which it should be answered.
        recipient_address: where it goes.
        key: the idempotency key of the reminder, in lower-case hex.

    Raises:
        NotFound: `episode` is not an episode key, so that nothing else can slip out.
    """
    named = read_episode_key(episode)
    return Message(
        recipient_address=recipient_address,
        subject=filled(_SUBJECT, named, due),
        body=filled(_BODY, named, due),
        key=key,
    )


def filled(template: str, episode: EpisodeKey, due: dt.date) -> str:
    """Return the template with `$episode` and `$due` put in.

    Raises:
        ValueError: the template names anything else, or is malformed.
    """
    text = string.Template(template)
    if not text.is_valid() or not _FIELDS.issuperset(text.get_identifiers()):
        raise ValueError("a reminder names $episode and $due, and nothing else")
    return text.substitute(episode=str(episode), due=f"{due:%Y-%m-%d}")
