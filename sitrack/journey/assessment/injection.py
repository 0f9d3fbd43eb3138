"""Judges of the injection: its failure class, and whether it may be repeated."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from sitrack.journey.assessment.case import Case, percent
from sitrack.journey.evidence import Evidence
from sitrack.journey.findings import Finding, met, not_met, unknown
from sitrack.journey.response import (
    InjectionClass,
    InjectionResponse,
    Phase,
    injection_response,
    percent_relief,
)
from sitrack.pathway.requirements import Requirement


def classified(case: Case, rule: Requirement) -> list[Finding]:
    """A class can be derived; most need a score of the steroid phase (2.2)."""
    injection = case.episode.procedure(case.episode.visit)
    needs = "a failure class"
    if injection is None:
        return [
            unknown(
                rule,
                "EVIDENCE_MISSING",
                "no injection recorded",
                needs=needs,
                item="injection",
            )
        ]
    response = _response(case, rule, injection)
    if response.failure is not None:
        return [met(rule, response.failure.value, response.entries, needs=needs)]
    if response.steroid is Phase.REACHED:
        seen = "relief holds"
        return [
            not_met(rule, "RELIEF_ABOVE_THRESHOLD", seen, response.entries, needs=needs)
        ]
    from_day = rule.number("score_from_day")
    day = case.episode.day_after(injection.day, from_day)
    return [
        unknown(
            rule,
            "EVIDENCE_MISSING",
            f"no score {from_day} days or more after the injection",
            response.entries,
            needs=needs,
            item=f"{from_day}-day score",
            earliest=day if day > case.today else None,
        )
    ]


def repeatable(case: Case, rule: Requirement) -> list[Finding]:
    """The failed injection was technical or indeterminate, or a clinician attests."""
    attestation = case.attested("repeat")
    if attestation is not None:
        return [met(rule, "attested", [attestation.seq])]
    failed = _failed_injection(case)
    response = _response(case, rule, failed) if failed else None
    allowed = rule.words("classes")
    needs = f"{' or '.join(allowed)}, or attested"
    failure = response.failure if response else None
    if response and failure in {InjectionClass(word) for word in allowed}:
        return [met(rule, str(failure), response.entries, needs=needs)]
    return [
        not_met(
            rule,
            "ATTESTATION_REQUIRED",
            str(failure) if failure else "no failure class",
            response.entries if response else (),
            needs=needs,
        )
    ]


def spacing(case: Case, rule: Requirement) -> list[Finding]:
    """Days between the last injection of this side and the new one, or today."""
    last, renewed_by = _failed_injection(case), _new_injection(case)
    days = rule.number("min_days")
    if last is None:
        return [met(rule, "no earlier injection")]
    end = renewed_by.day if renewed_by else case.today
    gap = (end - last.day).days
    seen, needs = f"{gap} d since #{last.seq}", f"{days} d"
    if gap >= days:
        return [met(rule, seen, [last.seq], needs=needs)]
    return [
        not_met(
            rule,
            "SPACING_NOT_MET",
            seen,
            [last.seq],
            needs=needs,
            earliest=last.day + dt.timedelta(days=days),
        )
    ]


def repeats(case: Case, rule: Requirement) -> list[Finding]:
    """How many repeats this journey has used already."""
    used = [v for v in case.episode.visits if v.move == "repeat-injection"]
    most = rule.number("max")
    seen, needs = f"{len(used)} used", f"fewer than {most}"
    entries = [visit.seq for visit in used]
    if len(used) < most:
        return [met(rule, seen, entries, needs=needs)]
    return [
        not_met(
            rule, "LIMIT_REACHED", seen, entries, needs=needs, item="technical repeats"
        )
    ]


def sessions(case: Case, rule: Requirement) -> list[Finding]:
    """A session is all procedures of one patient on one day; both sides count.

    Where a payer counts by joint, this side's alone. Without a new injection the limits
    are judged for a diagnostic one today.
    """
    new = _new_injection(case)
    day = new.day if new else case.today
    purpose = new.values.get("purpose", "diagnostic") if new else "diagnostic"
    findings = []
    if purpose in {"diagnostic", "both"}:
        findings.append(_yearly(case, rule, day, "diagnostic"))
    if purpose in {"therapeutic", "both"}:
        findings.append(_yearly(case, rule, day, "therapeutic"))
        findings.append(_therapeutic_spacing(case, rule, day))
        if new and rule.flag("needs_relief"):
            findings.append(_earlier_relief(case, rule, new))
    return findings


def renewed(case: Case, rule: Requirement) -> list[Finding]:
    """The repeat is done under image guidance and with contrast, and is recorded."""
    new = _new_injection(case)
    needs = "guided, with contrast"
    if new is None:
        seen = "not recorded"
        return [
            not_met(rule, "EVIDENCE_MISSING", seen, needs=needs, item="new injection")
        ]
    guided = new.values.get("guidance") != "none"
    contrast = new.values.get("contrast") in {"in-joint", "not-in-joint"}
    if guided and contrast:
        return [met(rule, f"#{new.seq} of {new.day}", [new.seq], needs=needs)]
    lacking = "no contrast" if guided else "no image guidance"
    return [
        not_met(
            rule,
            "EVIDENCE_MISSING",
            f"#{new.seq} of {new.day}: {lacking}",
            [new.seq],
            needs=needs,
            item="guidance and contrast",
        )
    ]


def _response(case: Case, rule: Requirement, injection: Evidence) -> InjectionResponse:
    return injection_response(
        case.episode,
        case.protocol,
        injection,
        response_pct=rule.number("response_pct"),
        steroid_pct=rule.number("steroid_pct"),
        from_day=rule.number("score_from_day"),
    )


def _is_new(case: Case, injection: Evidence) -> bool:
    """Done since the re-evaluation began, and not the one that led to it."""
    visit = case.episode.visit
    if injection.day == visit.entered:
        return injection.seq > visit.seq
    return injection.day > visit.entered


def _new_injection(case: Case) -> Evidence | None:
    found = [e for e in case.episode.of_kind("injection") if _is_new(case, e)]
    return found[-1] if found else None


def _failed_injection(case: Case) -> Evidence | None:
    found = [e for e in case.episode.of_kind("injection") if not _is_new(case, e)]
    return found[-1] if found else None


def _is_for(injection: Evidence, purpose: str) -> bool:
    return injection.values.get("purpose", "both") in {purpose, "both"}


def _session_days(case: Case, rule: Requirement, purpose: str) -> set[dt.date]:
    others = () if rule.flag("per_joint") else case.others
    episodes = (case.episode, *others)
    days = {
        each.day
        for episode in episodes
        for each in episode.of_kind("injection")
        if _is_for(each, purpose)
    }
    if purpose == "diagnostic" and rule.flag("blocks_count"):
        days |= {each.day for one in episodes for each in one.of_kind("block")}
    return days


def _earlier(days: Iterable[dt.date], day: dt.date) -> list[dt.date]:
    return sorted(each for each in days if each < day)


def _yearly(case: Case, rule: Requirement, day: dt.date, purpose: str) -> Finding:
    most = rule.number(f"{purpose}_max")
    window = rule.number("window_days")
    used = [
        each
        for each in _earlier(_session_days(case, rule, purpose), day)
        if (day - each).days < window
    ]
    counted = ", this joint" if rule.flag("per_joint") else ""
    seen = f"{len(used)} {purpose} in {window} d{counted}"
    needs = f"fewer than {most}"
    if len(used) < most:
        return met(rule, seen, needs=needs)
    return not_met(
        rule,
        "LIMIT_REACHED",
        seen,
        needs=needs,
        item=f"{purpose} sessions",
        earliest=used[-most] + dt.timedelta(days=window) if most else None,
    )


def _therapeutic_spacing(case: Case, rule: Requirement, day: dt.date) -> Finding:
    days = rule.number("therapeutic_spacing_days")
    earlier = _earlier(_session_days(case, rule, "therapeutic"), day)
    gap = (day - earlier[-1]).days if earlier else None
    needs = f"{days} d between therapeutic sessions"
    if gap is None or gap >= days:
        return met(rule, "none before" if gap is None else f"{gap} d", needs=needs)
    return not_met(
        rule,
        "SPACING_NOT_MET",
        f"{gap} d",
        needs=needs,
        earliest=earlier[-1] + dt.timedelta(days=days),
    )


def _earlier_relief(case: Case, rule: Requirement, new: Evidence) -> Finding:
    """The treatment that is repeated relieved enough, and for long enough [C5][P1]."""
    least, from_day = rule.number("relief_pct"), rule.number("relief_from_day")
    needs = f"{least} % at day {from_day} or later"
    earlier = [
        each
        for each in case.episode.of_kind("injection")
        if each.day < new.day and _is_for(each, "therapeutic")
    ]
    if not earlier or not earlier[-1].pain:
        return met(rule, "no earlier treatment", needs=needs)
    last = earlier[-1]
    first = case.episode.day_after(last.day, from_day)
    scores = [
        each
        for each in case.episode.of_kind("score")
        if each.scale == last.scale and first <= each.day <= new.day
    ]
    if not scores:
        seen, item = f"no score from day {from_day} on", f"{from_day}-day score"
        return unknown(rule, "EVIDENCE_MISSING", seen, needs=needs, item=item)
    best = min(scores, key=lambda each: each.pain or 0)
    relief = percent_relief(earlier[-1].pain, best.pain or Decimal(0))
    seen, entries = f"{percent(relief)} on {best.day}", [last.seq, best.seq]
    if relief >= least:
        warning = "whether function is better too is not judged here"
        return met(rule, seen, entries, needs=needs, warning=warning)
    return not_met(rule, "RELIEF_BELOW_THRESHOLD", seen, entries, needs=needs)
