"""Receipts: what a write printed, held against what the record says now.

A receipt names an entry and the start of its hash: `P01428-R#9 4f1c 9ab2 0d3e 77c1`.
Whoever kept it can tell a record in which that entry, or any before it in its stream,
was changed or taken away: also one that was never sealed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from sitrack.errors import BadInput, repeated
from sitrack.record import tables
from sitrack.record.faults import Fault

EXAMPLE: Final = "P01428-R#9 4f1c 9ab2 0d3e 77c1"
"""What one looks like, for who typed something else."""

_SHAPE: Final = re.compile(
    r"(?:recorded )?([A-Za-z0-9/.-]{1,80})#([0-9]{1,9})((?: ?[0-9a-f]{4}){4,16})\Z"
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was said of one entry when it was written.

    Attributes:
        name: what the stream is called: an episode, a patient, or the stream itself.
        seq: the number of the entry.
        start: of its hash, in hex.
    """

    name: str
    seq: int
    start: str

    @property
    def stream(self) -> str:
        """The name of the stream."""
        if not self.name.startswith("P"):
            return self.name
        return f"{'episode' if '-' in self.name else 'patient'}/{self.name}"


def read_receipt(line: str) -> Receipt:
    """Return the receipt that a write printed, with or without its `recorded`.

    Raises:
        BadInput: it is none.
    """
    match = _SHAPE.match(line.strip())
    if not match:
        raise BadInput(
            f"{repeated(line.strip(), 'that')} is no receipt",
            f"as it was printed: --receipt '{EXAMPLE}'",
        )
    return Receipt(match[1], int(match[2]), match[3].replace(" ", ""))


def read_receipts(text: str) -> list[Receipt]:
    """Return the receipts of a file: the lines that writes printed, or their JSON.

    Raises:
        BadInput: there is none in it.
    """
    found = list(_found(text))
    if not found:
        raise BadInput("there is no receipt in the file")
    return found


def _found(text: str) -> Iterator[Receipt]:
    for line in text.splitlines():
        match = _SHAPE.search(line.strip())
        if match:
            yield read_receipt(match[0])
    try:
        yield from _in_json(json.loads(text))
    except (ValueError, RecursionError):
        return


def _in_json(value: Any) -> Iterator[Receipt]:
    if isinstance(value, list):
        for each in value:
            yield from _in_json(each)
    elif isinstance(value, dict):
        if value.get("entry") and value.get("receipt"):
            yield read_receipt(f"{value['entry']} {value['receipt']}")
        for each in value.values():
            yield from _in_json(each)


def receipt_faults(
    connection: Connection, receipts: Iterable[Receipt]
) -> Iterator[Fault]:
    """The receipts that the record does not bear out."""
    for each in receipts:
        query = select(tables.entry.c.hash).where(
            tables.entry.c.stream == each.stream, tables.entry.c.seq == each.seq
        )
        found = connection.execute(query).scalar()
        if found is None:
            seen = "a receipt was given for it, and it is gone"
            yield Fault("RECEIPT", each.stream, each.seq, seen)
        elif not bytes(found).hex().startswith(each.start):
            seen = "it is not what its receipt says"
            yield Fault("RECEIPT", each.stream, each.seq, seen)
