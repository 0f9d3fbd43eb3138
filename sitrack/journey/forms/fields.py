"""What a kind of evidence is made of, and the scores that several of them hold.

NRS 0 to 10 in half points, VAS 0 to 100 mm, ODI 0 to 100 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

FieldType = Literal[
    "choice", "choices", "score", "amount", "whole", "date", "flag", "word"
]


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a kind of evidence.

    Attributes:
        name: the key in the payload; its option is the same word in lower-kebab.
        type: how it is read.
        about: what it is, in a few words, for the help.
        choices: the words allowed, for `choice` and `choices`.
        low: the least value allowed.
        high: the greatest value allowed.
        step: scores are multiples of this.
        required: a command without it is not understood.
        default: taken where it is not given.
    """

    name: str
    type: FieldType
    about: str
    choices: tuple[str, ...] = ()
    low: int = 0
    high: int = 1000
    step: str = "1"
    required: bool = False
    default: Any = None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of evidence.

    Attributes:
        name: `injection`.
        title: as a history shows it.
        example: the options of a typical command, for the help.
        fields: in the order of the form.
        one_of: names of which at least one must be given.
        procedure: it is done to the joint, on a side, and anchors follow-ups.
        clinician: only a clinician may be its performer.
        about_entry: it may say with `--for` which entry it belongs to.
        own_command: it is written by a command of its own, not by `record`.
        one_side: it is signed, or happened, on one side: no session writes it to both.
    """

    name: str
    title: str
    example: str
    fields: tuple[Field, ...]
    one_of: tuple[str, ...] = ()
    procedure: bool = False
    clinician: bool = False
    about_entry: bool = False
    own_command: bool = False
    one_side: bool = False


NRS: Final = Field("nrs", "score", "pain, 0 to 10", high=10, step="0.5")
VAS: Final = Field("vas", "score", "pain, 0 to 100 mm", high=100)
ODI: Final = Field("odi", "score", "disability, 0 to 100 %", high=100)


def option_of(name: str) -> str:
    """Return the option of a field: `soft_tissue` is typed `--soft-tissue`."""
    return name.replace("_", "-")
