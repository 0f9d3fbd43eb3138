"""What every person of an import shares: who writes, by which protocol, who is there."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sitrack.coordination.likeness import People
from sitrack.coordination.people import Author
from sitrack.journey.entries import Provenance
from sitrack.journey.intake.rows import Act
from sitrack.pathway.protocol import Protocol
from sitrack.record import library, staff
from sitrack.record.intake import Found, Intake, row_name
from sitrack.record.staff import Staff


@dataclass
class Desk:
    """One transaction of an import, and what it looks things up in.

    Attributes:
        work: the transaction.
        author: who imports.
        recorder: the same, from the staff list.
        protocol: the one to which new episodes are pinned.
        people: everybody who is there, and everybody of the file so far.
        found: which rows of this batch are entries already.
        file: tells the file from others; stands in every entry with the row.
        keeps: whether what is decided is written.
    """

    work: Intake
    author: Author
    recorder: Staff
    protocol: Protocol
    people: People
    found: Mapping[str, Found]
    file: str
    keeps: bool

    def name_of(self, row_id: str) -> str:
        """Return the id of the entry that a row becomes."""
        return row_name(self.work.ledger.ledger_id, row_id)

    def known(self, row_id: str) -> Found | None:
        """Return what a row became in an earlier import."""
        return self.found.get(self.name_of(row_id))

    @functools.cached_property
    def _staff(self) -> dict[str, Staff]:
        return {each.id: each for each in staff.everybody(self.work.connection)}

    def member(self, staff_id: str) -> Staff | None:
        """Return somebody on the staff list, retired or not."""
        return self._staff.get(staff_id)

    def active(self, staff_id: str) -> Staff | None:
        """Return somebody who works with the record today."""
        found = self._staff.get(staff_id)
        return found if found is not None and found.retired is None else None

    @functools.cached_property
    def _protocols(self) -> dict[str, Protocol]:
        return {self.protocol.hash: self.protocol}

    def protocol_of(self, content_hash: str) -> Protocol:
        """Return the protocol that an episode is pinned to."""
        if content_hash not in self._protocols:
            found = library.pinned(self.work.connection, content_hash)
            self._protocols[content_hash] = found
        return self._protocols[content_hash]

    def provenance(self, act: Act) -> Provenance:
        """Return who did it, who writes it, and from which row of which file."""
        performer = act.said.get("performer")
        source = f"import:{self.file}:{act.row}"
        return Provenance(performer, self.recorder.id, source)

    def payload(self, act: Act) -> dict[str, Any]:
        """Return what every entry keeps of its row, beside what it says."""
        told = {"row": act.id, "digest": act.digest}
        words = {"text": act.said["text"]} if "text" in act.said else {}
        return {**self.author.payload(), **words, "import": told}
