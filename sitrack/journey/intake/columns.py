"""The columns of an import, and which kinds of row take them.

One row is one thing that was so: a person, an episode that was opened, a fact, a move,
a change of status. The columns of facts are those of `forms.KINDS`, so that whatever
can be recorded can be brought along.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sitrack.journey.forms import KINDS, Field, option_of

PATIENT: Final = "patient"
EPISODE: Final = "episode"
MOVE: Final = "move"
HOLD: Final = "hold"
RESUME: Final = "resume"
LOST: Final = "lost"
RETURN: Final = "return"
CHANGES: Final = (HOLD, RESUME, LOST, RETURN)
"""Kinds of row that change whether an episode's clock runs."""
FRAME: Final = (PATIENT, EPISODE, MOVE, *CHANGES)
ROW_KINDS: Final = (*FRAME, *KINDS)
"""Every word that may stand in the column `kind`."""

NEW: Final = "new"
"""In `same-as`: a person of their own, though somebody looks the same."""

IDENTIFYING: Final = frozenset({"patient", "given", "family", "born", "mrn"})
"""Columns that say who somebody is: no digest is made of them."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file.

    Attributes:
        name: as it stands in the first row.
        about: what belongs into it, in a few words.
        kinds: the kinds of row that take it.
        needed: those of them in which it may not be empty.
        field: the value of a fact that it holds, by the kind of row; else empty.
    """

    name: str
    about: str
    kinds: tuple[str, ...]
    needed: tuple[str, ...] = ()
    fields: Mapping[str, Field] | None = None


_FACTS: Final = tuple(KINDS)
_ON_A_SIDE: Final = tuple(kind for kind in ROW_KINDS if kind != PATIENT)
_DATED: Final = tuple(kind for kind in _ON_A_SIDE if kind != "diary")

_FIXED: Final = (
    Column(
        "id",
        "the row's own name, unique, the same in every file that repeats it",
        ROW_KINDS,
        ROW_KINDS,
    ),
    Column("kind", "what the row tells of", ROW_KINDS, ROW_KINDS),
    Column(
        PATIENT,
        "whose it is: a name of the file's own, the same in every row of the person; "
        "of somebody who is enrolled already, the key or the record number",
        ROW_KINDS,
        ROW_KINDS,
    ),
    Column("side", "left or right", _ON_A_SIDE, _ON_A_SIDE),
    Column("on", "the day on which it happened, as 2025-04-03", _ON_A_SIDE, _DATED),
    Column("given", "given name", (PATIENT,), (PATIENT,)),
    Column("family", "family name", (PATIENT,), (PATIENT,)),
    Column("born", "date of birth, as 1970-05-31", (PATIENT,)),
    Column("mrn", "the clinic's record number", (PATIENT,)),
    Column("zone", "time zone, where it is not the clinic's", (PATIENT,)),
    Column("payer", "who pays: one word, as a policy's", (PATIENT,)),
    Column(
        "same-as",
        "where somebody looks the same: that patient's key, or new",
        (PATIENT,),
    ),
    Column("coordinator", "who looks after it (a staff id)", (EPISODE,)),
    Column("stage", "the stage that is entered", (MOVE,), (MOVE,)),
    Column("reason", "the coded reason", (MOVE, HOLD), (HOLD,)),
    Column("variance", "the code that lifts what is unmet", (MOVE,)),
    Column("clinician", "who decided the variance (a staff id)", (MOVE,)),
    Column("review", "the day on which the hold is looked at", (HOLD,), (HOLD,)),
    Column("performer", "who did it (a staff id)", (MOVE, *_FACTS)),
    Column(
        "for",
        "the id of the row that it belongs to",
        tuple(k.name for k in KINDS.values() if k.about_entry),
    ),
    Column("readings", "the readings, with spaces: 1h=2 2h=3", ("diary",), ("diary",)),
    Column("text", "more words; may hold line breaks", _ON_A_SIDE, ("note",)),
)


def _of_facts() -> list[Column]:
    """A column for each field of the facts, shared by the kinds that have it."""
    taken: dict[str, dict[str, Field]] = {}
    for kind in KINDS.values():
        for field in kind.fields:
            taken.setdefault(option_of(field.name), {})[kind.name] = field
    return [
        Column(
            name,
            "; ".join(dict.fromkeys(field.about for field in fields.values())),
            tuple(fields),
            tuple(kind for kind, field in fields.items() if field.required),
            fields,
        )
        for name, fields in taken.items()
    ]


COLUMNS: Final[Mapping[str, Column]] = {
    column.name: column for column in (*_FIXED, *_of_facts())
}
"""Every column, by its name, in the order of the template."""

NEEDED: Final = ("id", "kind", PATIENT)
"""Columns without which no row can be read."""

NEEDED_IN: Final[Mapping[str, tuple[str, ...]]] = {
    kind: tuple(
        name
        for name, column in COLUMNS.items()
        if kind in column.needed and name not in NEEDED
    )
    for kind in ROW_KINDS
}
"""Which further columns a row of each kind may not leave empty."""
