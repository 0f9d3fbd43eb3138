"""One episode under amendment: what stood, what is being written, and every effect.

Every act shows its effects before it is kept: the same transaction is run dry first,
and once more at the version that was looked at.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sitrack.coordination.episodes import (
    load_episode,
    protocol_on,
    refuse_second_open,
    settled,
)
from sitrack.coordination.people import Author, provenance
from sitrack.errors import NotEligible
from sitrack.journey import coherence
from sitrack.journey.agenda import Due, agenda
from sitrack.journey.amendments import effective, is_amendable
from sitrack.journey.assessment.case import Case
from sitrack.journey.decisions import MoveRequest, decide_move
from sitrack.journey.desk import Desk
from sitrack.journey.entries import Draft, Entry
from sitrack.journey.episode import Episode
from sitrack.journey.folding import fold
from sitrack.journey.patient import EpisodeKey
from sitrack.pathway.protocol import Protocol
from sitrack.pathway.stages import Stage
from sitrack.record import agenda_lines, library
from sitrack.record.journal import Work
from sitrack.record.registry import Patient

Versions = Mapping[EpisodeKey, int]
"""The versions at which somebody looked at the effects."""


@dataclass(frozen=True, slots=True)
class Because:
    """Why something is amended: a coded reason, and words for what it does not say."""

    reason: str
    text: str | None = None

    def payload(self, author: Author) -> dict[str, Any]:
        """What the entry keeps of it."""
        said = {"text": self.text} if self.text else {}
        return {**author.payload(), "reason": self.reason, **said}


@dataclass(frozen=True, slots=True)
class Amended:
    """What an amendment wrote to one episode, and every effect of it.

    Attributes:
        patient: whose it is.
        before: where the episode stood.
        after: where it stands.
        written: the entries.
        amended: what they amend, as it stood before, by number.
        due_before: what was due.
        due: what is due now.
        cancelled: how many reminders not yet sent lost their reason.
        protocol: the one it is pinned to.
    """

    patient: Patient
    before: Episode
    after: Episode
    written: Sequence[Entry]
    amended: Mapping[int, Entry]
    due_before: Sequence[Due]
    due: Sequence[Due]
    cancelled: int
    protocol: Protocol


class Page:
    """An episode loaded for amending: what was, and what is being written."""

    def __init__(
        self, work: Work, author: Author, patient: Patient, desk: Desk
    ) -> None:
        self.work, self.author, self.patient = work, author, patient
        self.before = desk
        self.desk = desk
        self.open_reminders = agenda_lines.open_reminders(
            work.connection, str(desk.key)
        )

    @classmethod
    def of(
        cls, work: Work, author: Author, key: EpisodeKey, seen: Versions | None
    ) -> Page:
        """Load an episode, at the version that was looked at."""
        who = provenance(work, author)
        version = (seen or {}).get(key)
        patient, entries, episode, protocol = load_episode(work, key, version)
        desk = Desk(
            key=key,
            entries=entries,
            known=len(entries),
            episode=episode,
            protocol=protocol,
            protocol_of=functools.partial(library.pinned, work.connection),
            provenance=who,
            today=work.today,
            zone=work.ledger.zone,
            born=patient.person.born,
        )
        return cls(work, author, patient, desk)

    def write(self, draft: Draft) -> Entry:
        """Append an entry; what follows is judged with it."""
        entry = self.work.append(self.desk.key.stream, draft)
        self.desk = self.desk.with_written(entry)
        return entry

    def finish(self, said: Mapping[str, Any]) -> None:
        """Finish an episode whose opening is taken back: it was opened in error.

        Raises:
            NotEligible: something still stands on it.
        """
        desk = self.desk
        standing_on = [e.seq for e in effective(desk.entries) if is_amendable(e)]
        if standing_on:
            raise NotEligible(
                f"#{standing_on[-1]} stands on {desk.key}: take that back first",
                f"sitrack history {desk.key}",
            )
        # Moves were taken back in the same command: it ends where it began.
        episode = fold(desk.key, desk.entries, desk.zone)
        case = Case(episode, desk.protocol, desk.today, "opened-in-error")
        request = MoveRequest(
            target=Stage.CLOSED.value,
            command="episode finish",
            occurred=desk.today,
            provenance=desk.provenance,
            variance=None,
            payload=said,
        )
        self.write(decide_move(case, request)[0])

    def settled(self, *, dry_run: bool) -> Amended:
        """Bring the copies up to date, and tell every effect.

        Raises:
            NotEligible: what would be left is no legal journey.
        """
        was = self.before
        coherence.refuse_illegal(self.desk)
        after = fold(was.key, self.desk.entries, was.zone)
        if was.episode.stage == Stage.CLOSED and after.stage != Stage.CLOSED:
            # What was finished is not brought back beside a later one that is open.
            refuse_second_open(self.work, was.episode)
        protocol = protocol_on(self.work, after, was.protocol)
        done = settled(
            self.work,
            self.patient,
            was.key,
            self.desk.entries,
            protocol,
            dry_run=dry_run,
        )
        coherence.refuse_torn(done.episode, self.desk.written)
        left = agenda_lines.open_reminders(self.work.connection, str(was.key))
        return Amended(
            patient=self.patient,
            before=was.episode,
            after=done.episode,
            written=self.desk.written,
            amended={entry.seq: entry for entry in effective(was.entries)},
            due_before=agenda(was.episode, was.protocol),
            due=done.due,
            cancelled=max(0, self.open_reminders - left),
            protocol=protocol,
        )
