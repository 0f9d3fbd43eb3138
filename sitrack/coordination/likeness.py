"""Finds the same person twice: certainly, perhaps, or not.

The same record number is the same person. The same name and birth date may be: of an
import somebody says so, in the column `same-as`; of a person enrolled at the desk it is
told. What is only near is told, for a review afterwards.
Names and birth dates are compared in memory, some 400 bytes for each person.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz, process

from sitrack.record.intake import everybody
from sitrack.record.ledger import Ledger, reading
from sitrack.record.registry import Patient, Person

_NEAR: Final = 80
"""Percent of likeness from which two names of one birth date are told."""

_LETTERS: Final = re.compile(r"[a-z0-9]+")

_PLACEHOLDER: Final = 200
"""So many people of one birth date are no coincidence: it stands for `unknown`."""


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody who is there already.

    Attributes:
        where: a patient's key, or `row 12` of the same file.
        name: the name, folded.
        born: the birth date, if it is known.
        mrn: the record number, if there is one.
    """

    where: str
    name: str
    born: dt.date | None
    mrn: str | None


@dataclass(frozen=True, slots=True)
class Likeness:
    """Who looks like a person.

    Attributes:
        same: of the same record number, or of the same name and birth date.
        near: of a similar name or birth date.
    """

    same: tuple[Known, ...]
    near: tuple[Known, ...]


class People:
    """Everybody who is there, by what makes two people look like one."""

    def __init__(self, patients: Iterable[tuple[str, Patient]]) -> None:
        self._by_birth: dict[dt.date, list[Known]] = defaultdict(list)
        self._by_name: dict[str, list[Known]] = defaultdict(list)
        self._by_mrn: dict[str, Known] = {}
        self._keys: set[str] = set()
        for owner, patient in patients:
            self.add(owner, patient.person)
            self._keys.add(patient.key)

    def add(self, where: str, person: Person) -> None:
        """Remember somebody, under a key or a row."""
        known = Known(where, folded(person), person.born, person.mrn)
        if person.born is not None:
            self._by_birth[person.born].append(known)
        # Whoever was erased has no name, and is like nobody.
        if known.name:
            self._by_name[known.name].append(known)
        if person.mrn is not None:
            self._by_mrn[person.mrn] = known

    def has_key(self, key: str) -> bool:
        """Whether that key was a patient's when the import began."""
        return key in self._keys

    def of_mrn(self, mrn: str) -> Known | None:
        """Return who has that record number."""
        return self._by_mrn.get(mrn)

    def like(self, person: Person) -> Likeness:
        """Return who looks like a person who is not among them yet."""
        name = folded(person)
        same: list[Known] = []
        near: list[Known] = []
        for each in self._by_name.get(name, ()):
            if not _alike_born(each.born, person.born):
                continue
            told_apart = None not in (each.mrn, person.mrn) and each.mrn != person.mrn
            is_same = person.born is not None and each.born == person.born
            (same if is_same and not told_apart else near).append(each)
        return Likeness(tuple(same), (*near, *self._near_names(name, person)))

    def _near_names(self, name: str, person: Person) -> list[Known]:
        """Others of the same birth date, by how much their names are alike."""
        if person.born is None or person.born not in self._by_birth:
            return []
        others = self._by_birth[person.born]
        if len(others) > _PLACEHOLDER:
            return []
        found = process.extract(
            name,
            [each.name for each in others],
            scorer=fuzz.token_sort_ratio,
            score_cutoff=_NEAR,
            limit=5,
        )
        return [others[place] for other, _, place in found if other != name]


def who_looks_like(ledger: Ledger, person: Person) -> list[str]:
    """Return the keys under which those are cared for who look like somebody new."""
    with reading(ledger) as connection:
        like = People(everybody(connection)).like(person)
    return list(dict.fromkeys(each.where for each in (*like.same, *like.near)))


def folded(person: Person) -> str:
    """Return a name as it is compared: no case, no accents, letters and digits only."""
    spelled = f"{person.given} {person.family}"
    if spelled.isascii():
        return " ".join(_LETTERS.findall(spelled.casefold()))
    spelled = unicodedata.normalize("NFKD", spelled)
    letters = [
        char if char.isalnum() else " "
        for char in spelled.casefold()
        if not unicodedata.combining(char)
    ]
    return " ".join("".join(letters).split())


def _alike_born(one: dt.date | None, other: dt.date | None) -> bool:
    """Whether two birth dates may be one: unknown, or one slip of a finger apart.

    A slip is a day and month that changed places, one digit mistyped, or two
    neighbouring digits swapped.
    """
    if one is None or other is None or one == other:
        return True
    if one.year == other.year and (one.month, one.day) == (other.day, other.month):
        return True
    ours, theirs = (str(day).replace("-", "") for day in (one, other))
    differ = [at for at in range(len(ours)) if ours[at] != theirs[at]]
    if len(differ) == 1:
        return True
    first, last = differ[0], differ[-1] + 1
    return last - first == 2 and ours[first:last] == theirs[first:last][::-1]
