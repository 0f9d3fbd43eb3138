"""Moves whose requirements no longer hold, because their evidence was corrected. Pure.

Evidence never moves a stage by itself. Where a correction takes away what a move
rested on, the move stays, and says so until a clinician attests it, the correction is
mended, or the episode is re-evaluated (clinical reference, 2.11.4).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from sitrack.journey.amendments import FRAME, amended_since, effective
from sitrack.journey.assessment import assess
from sitrack.journey.assessment.case import Case
from sitrack.journey.entries import Entry
from sitrack.journey.episode import Broken, Episode, Visit, fold
from sitrack.journey.patient import EpisodeKey
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
    found = (
        _broken(episode, visit, entries, protocol_of, zone)
        for visit in _since_re_evaluation(episode)
    )
    return replace(episode, broken=tuple(each for each in found if each is not None))


def _since_re_evaluation(episode: Episode) -> list[Visit]:
    """The stays from the last re-evaluation on: it looks at everything anew."""
    visits: list[Visit] = []
    for visit in reversed(episode.visits):
        visits.insert(0, visit)
        if visit.stage == Stage.REEVALUATION:
            break
    return visits


def _broken(
    episode: Episode,
    visit: Visit,
    entries: Sequence[Entry],
    protocol_of: Callable[[str], Protocol],
    zone: dt.tzinfo,
) -> Broken | None:
    amendments = amended_since(entries, visit.seq)
    if visit.move is None or not amendments:
        return None
    if _is_attested(episode, visit, amendments[-1].seq):
        return None
    # What the move rested on, as amended since; then with all that is known now, for
    # the right evidence may have been written down in the meantime.
    before = [e for e in entries if (e.corrects or e.seq) < visit.seq]
    now = [e for e in entries if e in before or e.kind not in FRAME]
    made = next(e for e in effective(entries) if e.seq == visit.seq)
    protocol = protocol_of(made.protocol or "")
    codes: tuple[str, ...] = ()
    for known in (before, now):
        codes = _unmet(episode.key, visit, made, known, protocol, zone)
        if not codes:
            return None
    return Broken(visit.seq, visit.entered, codes)


def _is_attested(episode: Episode, visit: Visit, since: int) -> bool:
    return any(
        each.values["about"] == "move" and each.about == visit.seq and each.seq > since
        for each in episode.of_kind("attestation")
    )


def _unmet(
    key: EpisodeKey,
    visit: Visit,
    made: Entry,
    known: Sequence[Entry],
    protocol: Protocol,
    zone: dt.tzinfo,
) -> tuple[str, ...]:
    """What the move that began a stay would lack on its day, by what is `known`."""
    move = protocol.move_named(str(visit.move))
    if move is None:
        return ()
    story = fold(key, known, zone, visit.entered)
    payload = made.payload or {}
    payer = Payer.thawed(payload.get("payer"))
    case = Case(story, protocol, visit.entered, visit.reason, payer=payer)
    variance = payload.get("variance") or {}
    unmet = assess(case, move).unmet_despite(variance.get("code"))
    return tuple(dict.fromkeys(finding.label() for finding in unmet))
