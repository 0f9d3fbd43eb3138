"""The keys by which people and episodes are called, and what may be shown of a name.

A patient key is `P`, a number of at least four digits, and a Damm check digit, so that
one wrong digit or two swapped ones never name another patient. An episode key adds
the side, on purpose: `P01428-R`, and `P01428-R2` for the second episode on the right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sitrack.errors import NotFound
from sitrack.pathway.stages import Side

_PATIENT: Final = re.compile(r"[Pp]([0-9]{5,12})\Z", re.ASCII)
_EPISODE: Final = re.compile(
    r"[Pp]([0-9]{5,12})-([LlRr])([2-9]|[1-9][0-9])?\Z", re.ASCII
)


@dataclass(frozen=True, slots=True)
class EpisodeKey:
    """The name of one side's journey.

    Attributes:
        patient: the patient's key.
        side: left or right.
        ordinal: 1 for the first episode of that side.
    """

    patient: str
    side: Side
    ordinal: int

    def __str__(self) -> str:
        more = "" if self.ordinal == 1 else str(self.ordinal)
        return f"{self.patient}-{self.side.value[0].upper()}{more}"

    @property
    def stream(self) -> str:
        """The name of the episode's stream in the record."""
        return f"episode/{self}"


def patient_stream(key: str) -> str:
    """Return the name of a patient's stream in the record."""
    return f"patient/{key}"


def patient_key(number: int) -> str:
    """Return the key of the patient with that running number (1, 2, …)."""
    from stdnum import damm

    digits = f"{number:04d}"
    return f"P{digits}{damm.calc_check_digit(digits)}"


def read_patient_key(text: str) -> str:
    """Return the patient key that was typed, in its one spelling.

    Raises:
        NotFound: it is not a key, or its check digit does not fit.
    """
    match = _PATIENT.match(text)
    if match is None:
        raise NotFound("that is not a patient key", "a patient key looks like P01428")
    return _checked(match.group(1))


def read_episode_key(text: str) -> EpisodeKey:
    """Return the episode key that was typed.

    Raises:
        NotFound: it is not a key, or its check digit does not fit.
    """
    match = _EPISODE.match(text)
    if match is None:
        raise NotFound(
            "that is not an episode key", "an episode key looks like P01428-R"
        )
    side = Side.LEFT if match.group(2) in "Ll" else Side.RIGHT
    return EpisodeKey(_checked(match.group(1)), side, int(match.group(3) or 1))


def is_patient_key(text: str) -> bool:
    """Whether the text has the shape of a patient key (its digits are not checked)."""
    return _PATIENT.match(text) is not None


def is_episode_key(text: str) -> bool:
    """Whether the text has the shape of an episode key (its digits are not checked)."""
    return _EPISODE.match(text) is not None


def _checked(digits: str) -> str:
    from stdnum import damm

    # A number of five digits or more has no leading zero: a key has one spelling.
    padded = len(digits) > 5 and digits.startswith("0")
    if padded or not damm.is_valid(digits):
        raise NotFound(
            f"P{digits} is nobody's key: its last digit does not fit the others",
            "look the key up with: sitrack patient find",
        )
    return f"P{digits}"


def initials(given: str, family: str) -> str:
    """Return what screens show of a name: `M.K.`."""
    letters = [name.strip()[:1].upper() for name in (given, family) if name.strip()]
    return "".join(f"{letter}." for letter in letters if letter.isprintable()) or "-"
