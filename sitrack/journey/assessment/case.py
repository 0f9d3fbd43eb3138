"""The case: one patient's side of a question, on one day, and what judges ask of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from sitrack.journey.episode import Episode
from sitrack.journey.evidence import Evidence
from sitrack.pathway.policy import Payer
from sitrack.pathway.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Case:
    """What a judge may look at.

    Attributes:
        episode: the journey, folded as of `today`.
        protocol: the one it is pinned to.
        today: the clinical day on which the move would happen.
        reason: the coded reason given with the request, or None.
        others: the same patient's other episodes, for limits per patient.
        payer: who pays for the patient on that day, where somebody is set; says no
            more than whether an RFA is covered.
    """

    episode: Episode
    protocol: Protocol
    today: dt.date
    reason: str | None = None
    others: tuple[Episode, ...] = ()
    payer: Payer | None = None

    @property
    def elapsed(self) -> int:
        """Days from the anchor of the present stay to today, holds left out."""
        return self.episode.active_days(self.anchor, self.today)

    @property
    def anchor(self) -> dt.date:
        """The day the present stay is counted from."""
        return self.episode.anchor_day(self.episode.visit)

    @property
    def scale(self) -> str:
        """The pain scale that this stay is measured on."""
        base = self.episode.baseline(self.episode.visit)
        return base[0] if base else "nrs"

    def days_since(self, day: dt.date) -> int:
        """Return whole calendar days from `day` to today."""
        return (self.today - day).days

    def pain_since(self, day: dt.date, scale: str) -> Evidence | None:
        """Return the latest pain score on `scale`, effective on `day` or later."""
        return self._last_score(day, scale)

    def pgic_since(self, day: dt.date) -> Evidence | None:
        """Return the latest global-change score, effective on `day` or later."""
        return self._last_score(day, "pgic")

    def _last_score(self, day: dt.date, name: str) -> Evidence | None:
        found = [
            each
            for each in self.episode.of_kind("score")
            if name in each.values and each.day >= day
        ]
        return found[-1] if found else None

    def attested(self, about: str) -> Evidence | None:
        """Return the latest attestation about that, made during the present stay."""
        found = [
            each
            for each in self.episode.of_kind("attestation")
            if each.values.get("about") == about
            and each.day >= self.episode.visit.entered
        ]
        return found[-1] if found else None


def on_nrs(score: Evidence) -> Decimal:
    """Return a pain score as compared with an NRS threshold: 10 mm of VAS are 1 point.

    The fusion trials and policies set NRS 5 and VAS 50 of 100 side by side [T9][T10].
    """
    pain = score.pain or Decimal(0)
    return pain / 10 if score.scale == "vas" else pain


def told(score: Evidence) -> str:
    """Return a pain score with its scale: `NRS 7`."""
    return f"{(score.scale or '').upper()} {number(score.pain or 0)}"


def number(value: Decimal | float) -> str:
    """Return a score as people write it: `7`, `6.5`."""
    return format(Decimal(value).normalize(), "f")


def percent(value: object) -> str:
    """Return a percentage to one decimal for showing; comparisons never use it."""
    return f"{round(float(value), 1):g} %"  # type: ignore[arg-type]
