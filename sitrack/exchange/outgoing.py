"""Each form in which journeys leave, as the pieces of one file or of several.

What a form needs is read in one transaction of the caller's, so that an export tells of
one moment.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from sitrack import __version__
from sitrack.exchange import csv_files, ics, ocel, xes
from sitrack.exchange.fhir import bundle
from sitrack.exchange.fhir.care import Asked
from sitrack.exchange.files import new_file, new_folder
from sitrack.exchange.leaving import Journey, journeys, latest
from sitrack.record import registry, staff
from sitrack.record.acts import Act, acts
from sitrack.record.ledger import Ledger, Reader, reading

Files = Mapping[str, Iterable[bytes]]
"""The pieces of each file, by its name; of a form that is one file, under no name."""


@dataclass(frozen=True)
class Leaving:
    """What is about to leave.

    Attributes:
        found: the journeys.
        asked: what the export is to say of whom.
        as_known: by what was written until then.
        roles: the role of each member of staff, by their ids.
        ledger_id: the name of the record.
        version: of this software.
        acts: who read and what left; nothing where that is not asked for.
    """

    found: list[Journey]
    asked: Asked
    as_known: dt.datetime | None
    roles: Mapping[str, str]
    ledger_id: str
    version: str
    acts: Sequence[Act] = ()


@dataclass(frozen=True)
class Left:
    """What left.

    Attributes:
        episodes: how many.
        digest: the SHA-256 of what the files hold, in the order of their names.
    """

    episodes: int
    digest: str


@contextmanager
def left(
    ledger: Ledger,
    form: str,
    asked: Asked,
    as_known: dt.datetime | None,
    path: Path | None,
) -> Iterator[Left]:
    """Write an export; it stands only if the block ends well.

    Args:
        ledger: the record.
        form: a key of `FORMS`.
        asked: what it is to say of whom.
        as_known: by what was written until then.
        path: a file, or for a form of several a folder; None writes nothing.

    Raises:
        BadInput: there is something of that name, or it cannot be made.
    """
    with ExitStack() as stack:
        with reading(ledger) as connection:
            leaving = _gathered(connection, ledger, asked, as_known)
            files = FORMS[form](connection, leaving)
            digest = hashlib.sha256()
            for name, file in _opened(stack, files, path):
                for piece in files[name]:
                    digest.update(piece)
                    if file is not None:
                        file.write(piece)
        yield Left(len(leaving.found), digest.hexdigest())


def _opened(
    stack: ExitStack, files: Files, path: Path | None
) -> Iterator[tuple[str, BinaryIO | None]]:
    """Make the files one by one; they are gone again if the rest fails."""
    folder = None
    if path is not None and "" not in files:
        folder = stack.enter_context(new_folder(path))
    for name in sorted(files):
        if path is None:
            yield name, None
        elif folder is None:
            yield name, stack.enter_context(new_file(path))
        else:
            with folder.file(name) as file:
                yield name, file


def _gathered(
    connection: Reader,
    ledger: Ledger,
    asked: Asked,
    as_known: dt.datetime | None,
) -> Leaving:
    """Every journey that was known at a moment, ready to leave."""
    found = list(journeys(connection, ledger, asked.names, as_known))
    known = as_known or latest(found)
    if known is not None and not asked.names.are_real:
        known = known.replace(hour=0, minute=0, second=0, microsecond=0)
    roles = {each.id: each.role for each in staff.everybody(connection)}
    seen = list(acts(connection, as_known)) if asked.who_saw else []
    return Leaving(found, asked, known, roles, ledger.ledger_id, __version__, seen)


def _xes(_connection: Reader, leaving: Leaving) -> Files:
    names = leaving.asked.names
    lines = xes.lines(leaving.found, names, _called(leaving), leaving.as_known)
    return {"": _encoded(lines)}


def _ocel(_connection: Reader, leaving: Leaving) -> Files:
    log = ocel.log(leaving.found, leaving.asked.names, _called(leaving))
    return {"": [json.dumps(log, ensure_ascii=True).encode(), b"\n"]}


def _fhir(connection: Reader, leaving: Leaving) -> Files:
    keys = {journey.episode.key.patient for journey in leaving.found}
    people = {key: registry.patient(connection, key) for key in sorted(keys)}
    made = bundle.resources(
        leaving.found,
        people,
        leaving.roles,
        leaving.asked,
        leaving.version,
        leaving.acts,
    )
    return {"": _encoded(bundle.lines(made))}


def _ics(_connection: Reader, leaving: Leaving) -> Files:
    return {"": [ics.calendar(leaving.found, leaving.ledger_id)]}


def _csv(_connection: Reader, leaving: Leaving) -> Files:
    made = csv_files.tables(leaving.found)
    return {name: [text.encode()] for name, text in made.items()}


def _called(leaving: Leaving) -> dict[str, str]:
    """The roles by what the export calls people."""
    names = leaving.asked.names
    return {names.staff(name): role for name, role in leaving.roles.items()}


def _encoded(lines: Iterable[str]) -> Iterator[bytes]:
    return (f"{line}\n".encode() for line in lines)


FORMS: Final[Mapping[str, Callable[[Reader, Leaving], Files]]] = {
    "fhir": _fhir,
    "xes": _xes,
    "ocel": _ocel,
    "ics": _ics,
    "csv": _csv,
}
