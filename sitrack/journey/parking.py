"""Holds, losses to follow-up, and the ways back: changes of status, not of stage. Pure.

A hold stops the clock and always has a day on which it is looked at again, so that it
never silently becomes a loss. After too long a time away the evidence is stale, and
the way back leads to re-evaluation (clinical reference, 2.10).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sitrack.errors import BadInput, NotFound
from sitrack.journey.agenda import agenda
from sitrack.journey.entries import (
    HELD,
    HOLD_RENEWED,
    LOST,
    RESUMED,
    RETURNED,
    Draft,
    Provenance,
)
from sitrack.journey.episode import Episode, Hold
from sitrack.journey.findings import Finding, Refused, frame_finding
from sitrack.pathway.protocol import Protocol
from sitrack.pathway.requirements import Requirement
from sitrack.pathway.stages import NOT_UNDER_WAY, Stage, Status


@dataclass(frozen=True, slots=True)
class Parking:
    """A request to change an episode's status.

    Attributes:
        episode: as of the day of the change.
        protocol: the one it is pinned to.
        day: when it happens.
        provenance: who asks.
        payload: more to keep with the entry.
    """

    episode: Episode
    protocol: Protocol
    day: dt.date
    provenance: Provenance
    payload: Mapping[str, Any]

    def rule(self, move_id: str, kind: str) -> Requirement:
        """Return the requirement of that kind of a change of status."""
        move = self.protocol.move_named(move_id)
        for rule in move.requirements if move else ():
            if rule.kind == kind:
                return rule
        raise BadInput(f"{self.protocol.id} does not say when to {move_id}")

    def draft(self, kind: str, **payload: Any) -> Draft:
        """Return the entry of the change; a stage only where it begins a new stay."""
        stage = payload.pop("stage_to", None)
        return Draft(
            kind,
            self.day,
            self.provenance,
            stage_from=self.episode.stage if stage else None,
            stage_to=stage,
            protocol=self.protocol.hash,
            payload={**self.payload, **payload},
        )


def hold(asked: Parking, reason: str, review: dt.date) -> Draft:
    """Put an episode on hold, or on one more hold.

    Raises:
        BadInput: the reason is not one of the protocol's.
        Refused: it is lost or not under way, or the review lies too far ahead.
    """
    move = asked.protocol.move_named("hold")
    reasons = move.reasons if move else ()
    if reason not in reasons:
        raise BadInput(
            f"the reason is not one of a hold: --reason {', '.join(reasons)}"
        )
    _refuse_unless(asked, {Status.ACTIVE, Status.ON_HOLD}, "put on hold")
    _refuse_far_review(asked, review)
    return asked.draft(HELD, reason=reason, review=review.isoformat())


def renew(asked: Parking, number: int, review: dt.date) -> Draft:
    """Look at a hold and keep it, until another review.

    Raises:
        NotFound: there is no such open hold.
        Refused: the review lies too far ahead.
    """
    kept = _open_hold(asked.episode, number)
    _refuse_far_review(asked, review)
    return asked.draft(HOLD_RENEWED, hold=kept.seq, review=review.isoformat())


def resume(asked: Parking, number: int | None) -> Draft:
    """Release one hold; the last one brings the clock back.

    Raises:
        NotFound: there is no such open hold, or several and none is named.
    """
    released = _open_hold(asked.episode, number)
    stage = None
    if len(asked.episode.open_holds) == 1 and _is_stale(asked, "resume", released):
        stage = Stage.REEVALUATION.value
    return asked.draft(RESUMED, hold=released.seq, stage_to=stage)


def _is_stale(asked: Parking, move_id: str, released: Hold) -> bool:
    """Too long on hold, over every hold that ran on without a gap."""
    most = asked.rule(move_id, "return-window").number("max_days")
    since = released.since
    for each in sorted(asked.episode.holds, key=lambda h: h.since, reverse=True):
        if (each.until or asked.day) >= since:
            since = min(since, each.since)
    return (asked.day - since).days > most


def lose(asked: Parking) -> Draft:
    """Mark an episode as lost to follow-up, once the patient was sought enough.

    Raises:
        Refused: it is not active, nothing is overdue that waits for the patient, or
            too few attempts were made since.
    """
    _refuse_unless(asked, {Status.ACTIVE}, "marked lost")
    rule = asked.rule("mark-lost", "contact-attempts")
    waiting = [
        line
        for line in agenda(asked.episode, asked.protocol)
        if line.waits_for == "patient" and line.due < asked.day
    ]
    since = min((line.due for line in waiting), default=None)
    if since is not None:
        # Whoever came back was found: attempts from before do not count again.
        since = max(since, asked.episode.visit.entered)
    findings = _seeking(asked, rule, since)
    if findings:
        raise Refused(
            f"{asked.episode.key} may not be marked lost yet",
            findings,
            f"sitrack contact {asked.episode.key} no-answer --channel phone",
        )
    return asked.draft(LOST)


def _seeking(asked: Parking, rule: Requirement, since: dt.date | None) -> list[Finding]:
    least = rule.number("overdue_days")
    if since is None:
        seen = "nothing that waits for the patient is overdue"
        return [frame_finding("LTFU_WINDOW_NOT_MET", seen)]
    findings = []
    overdue = (asked.day - since).days
    if overdue < least:
        seen = f"overdue since {since}, {overdue} d of {least}"
        findings.append(frame_finding("LTFU_WINDOW_NOT_MET", seen))
    tried = [c for c in asked.episode.of_kind("contact") if c.day >= since]
    channels = {c.values["channel"] for c in tried}
    attempts, ways = rule.number("attempts"), rule.number("channels")
    if len(tried) < attempts or len(channels) < ways:
        seen = (
            f"{len(tried)} of {attempts} attempts, "
            f"{len(channels)} of {ways} channels since {since}"
        )
        findings.append(frame_finding("CONTACT_ATTEMPTS_INSUFFICIENT", seen))
    return findings


def come_back(asked: Parking) -> Draft:
    """Return a lost patient to care: where it was left, or to re-evaluation.

    Raises:
        Refused: it is not lost, or nothing shows that the patient is back.
    """
    _refuse_unless(asked, {Status.LOST}, "returned to care")
    lost = asked.episode.lost or asked.day
    signs = [
        fact
        for fact in asked.episode.evidence
        if fact.day >= lost
        and (
            fact.kind in {"visit", "score"}
            or (fact.kind == "contact" and fact.values["outcome"] == "reached")
        )
    ]
    if not signs:
        seen = "no visit, score or reached contact since"
        finding = frame_finding("EVIDENCE_MISSING", seen, "patient contact")
        raise Refused(f"{asked.episode.key} may not return to care yet", [finding])
    most = asked.rule("return-to-care", "return-window").number("max_days")
    away = (asked.day - lost).days
    stage = asked.episode.stage if away <= most else Stage.REEVALUATION.value
    return asked.draft(RETURNED, stage_to=stage, rests_on=[signs[-1].seq])


# --- what all of them ask


def _refuse_unless(asked: Parking, allowed: set[Status], what: str) -> None:
    status = asked.episode.status
    if status in allowed and asked.episode.stage not in NOT_UNDER_WAY:
        return
    codes = {Status.ON_HOLD: "ON_HOLD", Status.LOST: "LOST"}
    code = codes.get(status, "NOT_ALLOWED_FROM_STATE")
    seen = f"{asked.episode.stage}, {status}"
    raise Refused(f"{asked.episode.key} may not be {what}", [frame_finding(code, seen)])


def _refuse_far_review(asked: Parking, review: dt.date) -> None:
    most = asked.rule("hold", "hold-review").number("max_days")
    ahead = (review - asked.day).days
    if ahead < 1:
        raise BadInput("--review lies ahead, on a later day than the hold")
    if ahead > most:
        seen = f"{ahead} d ahead, at most {most} d"
        finding = frame_finding("HOLD_REVIEW_TOO_FAR", seen)
        last = asked.day + dt.timedelta(days=most)
        raise Refused(
            "the review of the hold lies too far ahead", [finding], f"--review {last}"
        )


def _open_hold(episode: Episode, number: int | None) -> Hold:
    holds = episode.open_holds
    found = [each for each in holds if number is None or each.seq == number]
    if len(found) == 1:
        return found[0]
    named = ", ".join(f"#{each.seq} {each.reason}" for each in holds) or "none"
    raise NotFound(
        f"{episode.key}: name one open hold ({named})",
        f"sitrack history {episode.key}",
    )


def _day(payload: Mapping[str, Any]) -> dt.date:
    return dt.date.fromisoformat(payload["review"])


DECIDES: Final[Mapping[str, Callable[[Parking, Mapping[str, Any]], Draft]]] = {
    HELD: lambda asked, said: hold(asked, said["reason"], _day(said)),
    HOLD_RENEWED: lambda asked, said: renew(asked, said["hold"], _day(said)),
    RESUMED: lambda asked, said: resume(asked, said["hold"]),
    LOST: lambda asked, _said: lose(asked),
    RETURNED: lambda asked, _said: come_back(asked),
}
"""How an entry of each kind is decided again, from what it says."""
