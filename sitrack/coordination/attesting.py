"""Two people for an attestation: who wrote an entry down, and who stands for it."""

from __future__ import annotations

from collections.abc import Sequence

from sitrack.errors import NotPermitted
from sitrack.journey.attesting import written_by_attester
from sitrack.journey.entries import Draft, Entry
from sitrack.record import staff
from sitrack.record.journal import Work


def refuse_own(work: Work, entries: Sequence[Entry], draft: Draft) -> None:
    """Refuse a clinician who attests an entry that they wrote down themselves.

    A clinic with one clinician has nobody else: there it stands, and the record says
    who wrote what.

    Raises:
        NotPermitted: which entry, and that another clinician attests it.
    """
    own = written_by_attester(entries, draft)
    if not own:
        return
    attester = draft.provenance.performer or draft.provenance.recorder
    if any(
        each.role == "clinician" and each.retired is None and each.id != attester
        for each in staff.everybody(work.connection)
    ):
        raise NotPermitted(
            f"{attester} wrote #{own[0]} down, and another clinician attests it",
            "see who is one: sitrack staff list",
        )
