"""What every request to amend the record is judged by. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sitrack.errors import NotEligible, NotFound
from sitrack.journey.amendments import effective, is_amendable
from sitrack.journey.entries import OPENED, Entry, Provenance
from sitrack.journey.episode import Episode
from sitrack.journey.folding import fold
from sitrack.journey.forms import KINDS
from sitrack.journey.patient import EpisodeKey
from sitrack.pathway.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Desk:
    """The page that lies open when somebody asks to amend an entry.

    Attributes:
        key: the episode.
        entries: its stream, as far as it is written.
        known: how many of them were written before the command.
        episode: what they tell of; see `with_written`.
        protocol: the one it is pinned to.
        protocol_of: finds a protocol by its content hash; each change of stage was made
            by one.
        provenance: who amends.
        today: the clinical day.
        zone: the clinic's zone.
        born: the patient's date of birth, where it is known.
    """

    key: EpisodeKey
    entries: Sequence[Entry]
    known: int
    episode: Episode
    protocol: Protocol
    protocol_of: Callable[[str], Protocol]
    provenance: Provenance
    today: dt.date
    zone: dt.tzinfo
    born: dt.date | None

    @property
    def written(self) -> Sequence[Entry]:
        """What the command has written so far."""
        return self.entries[self.known :]

    def with_written(self, entry: Entry) -> Desk:
        """Return the desk with one more entry; what follows is judged with it.

        A change of stage may make no sense before the next amendment is written: only
        evidence is seen at once, on the stages of before.
        """
        entries = [*self.entries, entry]
        known = entries[: self.known]
        facts = [e for e in entries[self.known :] if _is_about_evidence(e)]
        story = fold(self.key, [*known, *facts], self.zone)
        story = replace(story, broken=self.episode.broken)
        return replace(self, entries=entries, episode=story)

    def standing(self, number: int) -> Entry:
        """Return an entry as it stands, if it can be amended.

        Raises:
            NotFound: there is no such entry.
            NotEligible: it cannot be amended, or was retracted already.
        """
        first = next((e for e in self.entries if e.seq == number), None)
        hint = f"see the numbers: sitrack history {self.key}"
        if first is None:
            raise NotFound(f"{self.key} has no entry #{number}", hint)
        if first.kind == OPENED:
            raise NotEligible(
                f"#{number} opened the episode, which is finished and not retracted",
                f"sitrack episode finish {self.key} --disposition opened-in-error",
            )
        if first.corrects is not None:
            raise NotEligible(
                f"#{number} amends #{first.corrects}: amend that one again, or take "
                "this back",
                f"sitrack undo {self.key}#{number}",
            )
        if not is_amendable(first):
            raise NotEligible(
                f"#{number} is neither evidence nor a change of stage or status", hint
            )
        found = next((e for e in effective(self.entries) if e.seq == number), None)
        if found is None:
            raise NotEligible(f"#{number} was retracted already", hint)
        return found


def _is_about_evidence(entry: Entry) -> bool:
    return entry.kind in KINDS or (entry.payload or {}).get("kind") in KINDS
