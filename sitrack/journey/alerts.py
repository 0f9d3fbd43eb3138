"""Moves whose requirements no longer hold, because their evidence was corrected. Pure.

Evidence never moves a stage by itself. Where a correction takes away what a move
rested on, the move stays, and says so until a clinician attests it, the correction is
mended, or the episode is re-evaluated (clinical reference, 2.11.4). So does a loss to
follow-up, and a return from one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sitrack.journey import parking
from sitrack.journey.amendments import FRAME, amended_since, effective
from sitrack.journey.assessment import assess
from sitrack.journey.assessment.case import Case
from sitrack.journey.entries import LOST, MOVE, RETURNED, Entry
from sitrack.journey.episode import Broken, Episode
from sitrack.journey.findings import Finding, Refused
from sitrack.journey.folding import fold
from sitrack.journey.parking import Parking
from sitrack.pathway.policy import Payer
from sitrack.pathway.protocol import Protocol
from sitrack.pathway.stages import Stage, Status

GUARD: Final = "guard-no-longer-met"
"""The alert, as standing and the command line write it."""


RED_FLAG: Final = "red-flag"
"""A screen of the present stay names a red flag: somebody has to look at it now."""


def alert_of(episode: Episode) -> str | None:
    """Return why an episode needs somebody before anything else, as a code."""
    if episode.broken:
        return GUARD
    screens = [s for s in episode.of_kind("screen") if s.day >= episode.visit.entered]
    flagged = bool(screens and screens[-1].values.get("red_flags"))
    away = {Stage.REFERRED_OUT, Stage.CLOSED}
    return RED_FLAG if flagged and episode.stage not in away else None


def marked(
    episode: Episode,
    entries: Sequence[Entry],
    protocol_of: Callable[[str], Protocol],
    zone: dt.tzinfo,
) -> Episode:
    """Return the episode with the moves whose requirements no longer hold.

    Args:
        episode: folded from `entries`.
        entries: its stream, as known.
        protocol_of: finds a protocol by its content hash; each move is judged by the
            one it was made under.
        zone: the clinic's zone.
    """
    if episode.status is Status.FINISHED or not amended_since(entries, 0):
        return episode
    again = _Again(episode, entries, protocol_of, zone)
    return replace(episode, broken=tuple(again.broken()))


@dataclass(frozen=True, slots=True)
class _Again:
    """The changes of an episode, judged again by what its amendments left of it."""

    episode: Episode
    entries: Sequence[Entry]
    protocol_of: Callable[[str], Protocol]
    zone: dt.tzinfo

    def broken(self) -> Iterator[Broken]:
        for made in self._since_re_evaluation():
            reaching = self._reaching(made)
            lacks = self._lacks(made) if reaching else ()
            if lacks and not self._is_attested(made):
                yield Broken(
                    seq=made.seq,
                    day=made.day(self.zone),
                    what=str(made.stage_to) if made.kind == MOVE else made.kind,
                    lacks=lacks,
                    by=self._culprit(made, reaching),
                )

    def _reaching(self, made: Entry) -> list[Entry]:
        """The amendments, written since, of a change itself and of what was before."""
        since = amended_since(self.entries, made.seq)
        return [entry for entry in since if (entry.corrects or 0) <= made.seq]

    def _culprit(self, made: Entry, reaching: Sequence[Entry]) -> int:
        """The number of the amendment with which the change lost its ground."""
        for entry in reversed(reaching):
            if not self._judged(made, entry.seq):
                return entry.seq
        return reaching[-1].seq

    def _since_re_evaluation(self) -> list[Entry]:
        """The changes from the last re-evaluation on: it looks at everything anew."""
        names: list[int] = []
        for visit in reversed(self.episode.visits):
            names.append(visit.seq)
            if visit.stage == Stage.REEVALUATION:
                break
        return [
            entry
            for entry in effective(self.entries)
            if (entry.seq in names and entry.kind in {MOVE, RETURNED})
            or (entry.kind == LOST and entry.day(self.zone) == self.episode.lost)
        ]

    def _lacks(self, made: Entry) -> tuple[Finding, ...]:
        """What a change lacks both by what it rested on, and by all that is known now.

        What it rested on may have been amended since; and the right evidence may have
        been written down in the meantime.
        """
        if not self._judged(made):
            return ()
        kept = {entry.seq for entry in self._rested_on(made)}
        known = [e for e in self.entries if e.seq in kept or e.kind not in FRAME]
        return self._unmet(made, known)

    def _judged(self, made: Entry, until: int | None = None) -> tuple[Finding, ...]:
        """What it lacks by what it rested on, as that stood before entry `until`."""
        if until is not None:
            then = effective([e for e in self.entries if e.seq < until])
            made = next((e for e in then if e.seq == made.seq), made)
        return self._unmet(made, self._rested_on(made, until))

    def _rested_on(self, made: Entry, until: int | None = None) -> list[Entry]:
        """What was written before it, as amended since, or before entry `until`."""
        return [
            entry
            for entry in self.entries
            if (entry.corrects or entry.seq) < made.seq
            and (until is None or entry.seq < until)
        ]

    def _is_attested(self, made: Entry) -> bool:
        """Whether a clinician stood for it, seeing of it what is seen now."""
        now = self._judged(made)
        cited = {seq for finding in now for seq in finding.entries}
        amended = [e.seq for e in self.entries if e.corrects in cited]
        return any(
            self._judged(made, each.seq) == now
            for each in self.episode.of_kind("attestation")
            if each.values["about"] == "move"
            and each.about == made.seq
            and each.seq > max(amended, default=0)
        )

    def _unmet(self, made: Entry, known: Sequence[Entry]) -> tuple[Finding, ...]:
        """What a change would lack on its day, by what is `known`."""
        day, payload = made.day(self.zone), made.payload or {}
        story = fold(self.episode.key, known, self.zone, day)
        protocol = self.protocol_of(made.protocol or "")
        if made.kind != MOVE:
            return _unmet_status(
                made, Parking(story, protocol, day, made.provenance, {})
            )
        move = protocol.move_named(str(payload.get("move")))
        if move is None:
            return ()
        payer = Payer.thawed(payload.get("payer"))
        case = Case(story, protocol, day, payload.get("reason"), payer=payer)
        lifted = _lifted(payload)
        return tuple(
            finding
            for finding in assess(case, move).unmet
            if finding.hard or (finding.requirement, finding.label()) not in lifted
        )


def _unmet_status(made: Entry, asked: Parking) -> tuple[Finding, ...]:
    """What a loss, or a return from one, would lack."""
    try:
        parking.DECIDES[made.kind](asked, made.payload or {})
    except Refused as refusal:
        return refusal.findings
    return ()


def _lifted(payload: Any) -> set[tuple[str, str | None]]:
    """What a variance lifted when the move was made; nothing else is lifted by it."""
    if "variance" not in payload:
        return set()
    return {
        (row["requirement"], row.get("code"))
        for row in payload.get("findings", ())
        if row["result"] != "met"
    }
