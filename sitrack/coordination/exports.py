"""Writing down that the record, or a part of it, leaves the house: before it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sitrack.coordination.people import Author, provenance
from sitrack.journey.entries import EXPORTED, Draft, Entry
from sitrack.record.journal import writing
from sitrack.record.ledger import Ledger

OFFICE = "office"


def note_export(
    ledger: Ledger,
    author: Author,
    said: Mapping[str, Any],
    *,
    stream: str = OFFICE,
    dry_run: bool = False,
) -> Entry:
    """Write down what leaves: its form, how much of what, and its digest.

    Raises:
        NotPermitted: the author is not on the staff list, or may not do that.
    """
    with writing(ledger, dry_run=dry_run) as work:
        who = provenance(work, author)
        payload = {**author.payload(), **said}
        return work.append(stream, Draft(EXPORTED, work.today, who, payload=payload))
