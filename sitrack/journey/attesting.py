"""What an attestation stands for: the entries that it names, and who wrote them. Pure.

Nobody attests what they wrote down themselves: a second person has to have looked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sitrack.journey.amendments import effective
from sitrack.journey.entries import CORRECTED, Draft, Entry

ATTESTATION: Final = "attestation"


def written_by_attester(entries: Sequence[Entry], draft: Draft) -> list[int]:
    """Return the numbers of what an attestation names that its attester wrote down.

    Who attests is the performer; where nobody else is named, whoever writes. A
    correction is by whoever corrected.

    Args:
        entries: those of the episode.
        draft: an attestation, or the correction of one.
    """
    named = _named(entries, draft.payload or {})
    attester = draft.provenance.performer or draft.provenance.recorder
    return sorted(
        {
            entry.seq
            for entry in entries
            if _states(entry) in named and entry.provenance.recorder == attester
        }
    )


def _named(entries: Sequence[Entry], payload: Mapping[str, Any]) -> set[int]:
    """The entries that it is about: of a diary all that were kept of the procedure."""
    about = payload.get("about")
    stands = {entry.seq: entry for entry in effective(entries)}
    if about not in stands:
        return set()
    if payload["values"]["about"] != "diary" or stands[about].kind == "diary":
        return {about}
    return {
        entry.seq
        for entry in stands.values()
        if entry.kind == "diary" and (entry.payload or {}).get("about") == about
    }


def _states(entry: Entry) -> int | None:
    """The number of the entry whose content this one gives; none of a retraction."""
    if entry.corrects is None:
        return entry.seq
    return entry.corrects if entry.kind == CORRECTED else None
