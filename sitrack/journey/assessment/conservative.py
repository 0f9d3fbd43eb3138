"""Judges of conservative care: how long, how active, and with what medication."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

from sitrack.journey.assessment.case import Case
from sitrack.journey.evidence import Evidence, drug_class
from sitrack.journey.findings import Finding, met, not_met, unknown
from sitrack.pathway.requirements import Requirement
from sitrack.pathway.stages import Stage

Span = tuple[dt.date, dt.date]


def days(case: Case, rule: Requirement) -> list[Finding]:
    """Documented days: the stays in this stage and dated care around them, as a union.

    A day counts once, however many treatments it saw; days further back than the
    credit allows do not count.
    """
    least = rule.number("min_days")
    oldest = _days_before(case.today, rule.number("credit_days"))
    stays = [
        (visit.entered, visit.left or case.today)
        for visit in case.episode.visits
        if visit.stage == Stage.CONSERVATIVE_CARE
    ]
    courses = [
        (span, each.seq)
        for kind in ("therapy", "medication")
        for each in case.episode.of_kind(kind)
        if (span := _course(each, case.today)) is not None
    ]
    spans = [*stays, *(span for span, _ in courses)]
    total = union_days(spans, oldest, case.today, case.episode.active_days)
    seen, needs = f"{total} d", f"{least} d"
    entries = [seq for _, seq in courses]
    if total >= least:
        return [met(rule, seen, entries, needs=needs)]
    here = case.episode.stage == Stage.CONSERVATIVE_CARE
    earliest = case.today + dt.timedelta(days=least - total) if here else None
    return [
        not_met(
            rule,
            "TRIAL_PERIOD_NOT_MET",
            seen,
            entries,
            needs=needs,
            earliest=earliest,
        )
    ]


def _days_before(day: dt.date, count: int) -> dt.date:
    try:
        return day - dt.timedelta(days=count)
    except OverflowError:
        return dt.date.min


def _course(fact: Evidence, today: dt.date) -> Span | None:
    """The dated part of a treatment: from its start to its stop, or to its entry."""
    start = fact.values.get("start")
    if start is None or fact.values.get("contraindicated"):
        return None
    return start, min(fact.values.get("stop") or fact.day, today)


def union_days(
    spans: Iterable[Span],
    oldest: dt.date,
    today: dt.date,
    count: Callable[[dt.date, dt.date], int] = lambda first, last: (last - first).days,
) -> int:
    """Return how many days the spans cover together, clipped to the two days."""
    total, covered = 0, oldest
    for start, end in sorted(spans):
        first, last = max(start, covered), min(end, today)
        if last > first:
            total += count(first, last)
            covered = last
    return total


def therapy(case: Case, rule: Requirement) -> list[Finding]:
    """Active therapy with enough visits, an attested home programme, or intolerance."""
    least = rule.number("min_visits")
    needs = f"{least} active visits, an attested home programme, or intolerance"
    courses = case.episode.of_kind("therapy")
    active = [c for c in courses if c.values["type"] == "active-stabilisation"]
    most_visits = _visits_by_course(active)
    visits = sum(count for count, _ in most_visits.values())
    if visits >= least:
        entries = [seq for count, seq in most_visits.values() if count]
        return [
            met(rule, f"{visits} visits", entries, needs=needs, warning=_doubt(courses))
        ]
    for each in courses:
        if each.values.get("intolerance"):
            return [met(rule, "not tolerated", [each.seq], needs=needs)]
    home = [c for c in courses if c.values["type"] == "home-programme"]
    attestation = case.attested("home-programme")
    if home and attestation is not None:
        entries = [home[-1].seq, attestation.seq]
        return [met(rule, "home programme, attested", entries, needs=needs)]
    seen = f"{visits} active visits" if active else _passive(courses)
    say = not_met if courses else unknown
    entries = [each.seq for each in courses]
    return [say(rule, "EVIDENCE_MISSING", seen, entries, needs=needs, item="active PT")]


def _visits_by_course(
    courses: list[Evidence],
) -> dict[dt.date | None, tuple[int, int]]:
    """The most visits of each course, with their entry; visits are "so far".

    An entry without a start goes on with the course before it.
    """
    found: dict[dt.date | None, tuple[int, int]] = {}
    start: dt.date | None = None
    for each in courses:
        start = each.values.get("start", start)
        visits = (each.values.get("visits", 0), each.seq)
        found[start] = max(visits, found.get(start, (0, 0)))
    return found


def _passive(courses: list[Evidence]) -> str:
    return "no active therapy" if courses else "no therapy recorded"


def _doubt(courses: list[Evidence]) -> str | None:
    """General stretching can worsen instability (founding sentence 20)."""
    if any(each.values["type"] == "stretching-only" for each in courses):
        return "stretching alone can worsen instability"
    return None


def nsaid(case: Case, rule: Requirement) -> list[Finding]:
    """An NSAID was started, or must not be taken."""
    for each in reversed(case.episode.of_kind("medication")):
        if drug_class(each.values) != "nsaid":
            continue
        if each.values.get("contraindicated"):
            return [met(rule, "contraindicated", [each.seq])]
        if each.values.get("start"):
            return [met(rule, f"from {each.values['start']}", [each.seq])]
    seen = "no NSAID with a start date, no contraindication"
    return [not_met(rule, "EVIDENCE_MISSING", seen, item="NSAID trial")]
