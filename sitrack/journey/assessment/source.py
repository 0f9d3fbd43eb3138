"""Judges of the pain source: tests, screens, response, and the reasons people give."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

from sitrack.journey.assessment.case import Case, percent, told
from sitrack.journey.evidence import Evidence
from sitrack.journey.findings import Finding, met, not_met, unknown
from sitrack.journey.response import (
    diaries_about,
    percent_relief,
    readings_in_window,
)
from sitrack.pathway.requirements import Requirement
from sitrack.pathway.stages import Stage

_REGIONS = ("lumbar", "hip", "soft_tissue")
_REASONS_ABOUT_THE_SOURCE = "source"


def _since_entry(case: Case, kind: str) -> list[Evidence]:
    entered = case.episode.visit.entered
    return [each for each in case.episode.of_kind(kind) if each.day >= entered]


def tests(case: Case, rule: Requirement) -> list[Finding]:
    """Enough provocation tests were positive at the latest examination."""
    # Before surgery the tests that confirmed the source still count.
    deciding = case.episode.stage == Stage.REEVALUATION
    exams = _since_entry(case, "exam") if deciding else case.episode.of_kind("exam")
    least = rule.number("min_positive")
    needs = f"{least} positive"
    if not exams:
        seen = "no examination in this stage" if deciding else "no examination"
        return [unknown(rule, "EVIDENCE_MISSING", seen, needs=needs, item="tests")]
    last = exams[-1]
    positive = last.values.get("positive", ())
    tested = len(positive) + len(last.values.get("negative", ()))
    seen = f"{len(positive)} of {tested} positive"
    if len(positive) >= least:
        return [met(rule, seen, [last.seq], needs=needs)]
    return [
        not_met(rule, "EVIDENCE_MISSING", seen, [last.seq], needs=needs, item="tests")
    ]


def screens(case: Case, rule: Requirement) -> list[Finding]:
    """Lumbar spine, hip and soft tissue are screened; none is the source, no red flag."""
    found = _since_entry(case, "screen")
    results = {
        region: (each.values[region], each.seq)
        for region in _REGIONS
        for each in found
        if each.values.get(region, "not-done") != "not-done"
    }
    entries = sorted({seq for _, seq in results.values()})
    positive = [r for r, (value, _) in results.items() if value == "positive"]
    positive += found[-1].values.get("red_flags", ()) if found else ()
    missing = [region for region in _REGIONS if region not in results]
    needs = "three screens negative, no red flag"
    findings = [
        unknown(
            rule,
            "EVIDENCE_MISSING",
            f"{_spoken(region)} not screened",
            entries,
            needs=needs,
            item=f"{_spoken(region)} screen",
        )
        for region in missing
    ]
    if positive:
        seen = f"{', '.join(_spoken(each) for each in positive)} found"
        entries = sorted({*entries, found[-1].seq})
        findings.append(
            not_met(rule, "SOURCE_NOT_CONFIRMED", seen, entries, needs=needs)
        )
    return findings or [met(rule, "all negative", entries, needs=needs)]


def _spoken(region: str) -> str:
    return region.replace("_", " ")


def response(case: Case, rule: Requirement) -> list[Finding]:
    """A guided injection of this side relieved the pain at once, or it is attested."""
    least = rule.number("response_pct")
    needs = f"{least} % in the anaesthetic phase, or attested"
    seen = "no diary of a guided injection"
    for injection in reversed(case.episode.of_kind("injection")):
        best = _best_relief(case, injection)
        if best is None or injection.values.get("guidance") == "none":
            continue
        value, entries = best
        seen = f"{percent(value)} after injection #{injection.seq}"
        if value >= least:
            return [met(rule, seen, [injection.seq, *entries], needs=needs)]
    attestation = case.attested(_REASONS_ABOUT_THE_SOURCE)
    if attestation is not None:
        return [met(rule, "attested", [attestation.seq], needs=needs)]
    return [not_met(rule, "SOURCE_NOT_CONFIRMED", seen, needs=needs)]


def _best_relief(case: Case, injection: Evidence) -> tuple[Fraction, list[int]] | None:
    diaries = diaries_about(case.episode, injection)
    readings = readings_in_window(case.protocol, injection, diaries)
    if not readings or injection.pain is None:
        return None
    best = min(reading.score for reading in readings)
    return percent_relief(injection.pain, best), [diary.seq for diary in diaries]


def alternative(case: Case, rule: Requirement) -> list[Finding]:
    """Another source, or a red flag, is named by a screen of this re-evaluation."""
    for each in reversed(_since_entry(case, "screen")):
        named = [
            _spoken(r) for r in _REGIONS if each.values.get(r) == "positive"
        ] + list(each.values.get("red_flags", ()))
        if named:
            return [met(rule, ", ".join(named), [each.seq])]
    return [
        not_met(
            rule,
            "EVIDENCE_MISSING",
            "no positive screen, no red flag",
            item="alternative source",
        )
    ]


def reason(case: Case, rule: Requirement) -> list[Finding]:
    """A coded reason stands with the request."""
    if case.reason:
        return [met(rule, case.reason)]
    item = rule.word("item")
    return [
        not_met(
            rule,
            "EVIDENCE_MISSING",
            "none given",
            needs="a code, with --reason",
            item=item,
        )
    ]


def score_for_reason(case: Case, rule: Requirement) -> list[Finding]:
    """Recurrence and persistent pain are backed by a score; other reasons need none."""
    if case.reason not in rule.words("reasons"):
        return [met(rule, "not needed for this reason")]
    most = rule.number("max_age_days")
    score = case.pain_since(dt.date.min, case.scale)
    needs = f"NRS, at most {most} d old"
    if score is None:
        seen = "no score"
        return [unknown(rule, "EVIDENCE_MISSING", seen, needs=needs, item="NRS")]
    age = case.days_since(score.day)
    seen = f"{told(score)}, {age} d old"
    if age > most:
        return [
            unknown(rule, "EVIDENCE_STALE", seen, [score.seq], needs=needs, item="NRS")
        ]
    return [met(rule, seen, [score.seq], needs=needs)]


def reopening(case: Case, rule: Requirement) -> list[Finding]:
    """Since the stage was entered, the patient reports pain or a consultant replied."""
    entered = case.episode.visit.entered
    kinds = {"new-pain-report": "score", "consultant-reply": "opinion"}
    wanted = [kinds[case.reason]] if case.reason in kinds else list(kinds.values())
    found = [
        each
        for kind in wanted
        for each in case.episode.of_kind(kind)
        if each.day >= entered and (kind == "opinion" or each.pain is not None)
    ]
    if found:
        return [met(rule, f"#{found[-1].seq} of {found[-1].day}", [found[-1].seq])]
    item = " or ".join("pain score" if kind == "score" else "reply" for kind in wanted)
    return [
        not_met(
            rule, "EVIDENCE_MISSING", "nothing since the stage was entered", item=item
        )
    ]
