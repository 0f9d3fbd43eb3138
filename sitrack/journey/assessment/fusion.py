"""Judges of the fusion and of what precedes it: the last step, for refractory pain.

Everything is asked for by itself (founding sentence 38), so that nobody is operated
on, and no payer refuses, for one missing date. A union not yet seen is no failure
(2.9). The work-up is judged in `work_up`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sitrack.journey.assessment.case import Case, number, on_nrs, percent, told
from sitrack.journey.assessment.work_up import of_this_stay, surgeons
from sitrack.journey.episode import Episode
from sitrack.journey.evidence import Evidence
from sitrack.journey.findings import Finding, met, not_met, unknown
from sitrack.journey.response import (
    diaries_about,
    percent_relief,
    readings_in_window,
)
from sitrack.pathway.requirements import Requirement
from sitrack.pathway.stages import Stage


def prior_failure(case: Case, rule: Requirement) -> list[Finding]:
    """RFA failed or was waived on this side, at some time before.

    Where a payer does not ask for it, that it was not tried is still said.
    """
    moves = [v for v in case.episode.visits if v.move in {"rfa-failed", "waive-rfa"}]
    if moves:
        word = "failed" if moves[-1].move == "rfa-failed" else "waived"
        seen = f"RFA {word} on {moves[-1].entered}"
        return [met(rule, seen, [moves[-1].seq], warning=_untried(case, rule))]
    seen = "no RFA failed or waived on this side"
    if not rule.flag("required"):
        return [met(rule, seen, warning=_untried(case, rule))]
    return [not_met(rule, "PREREQUISITE_STAGE_MISSING", seen)]


def _untried(case: Case, rule: Requirement) -> str | None:
    asked_for = rule.flag("required")
    tried = case.episode.of_kind("rfa")
    return None if asked_for or tried else "RFA was not tried"


def waiver(case: Case, rule: Requirement) -> list[Finding]:
    """RFA is waived with a coded reason, and a clinician stands for it."""
    findings = []
    if case.reason is None:
        findings.append(
            not_met(
                rule,
                "EVIDENCE_MISSING",
                "no reason",
                needs="a code, with --reason",
                item="reason",
            )
        )
    attestation = case.attested("rfa-waiver")
    if attestation is None:
        seen = "no clinician attests the waiver"
        findings.append(not_met(rule, "ATTESTATION_REQUIRED", seen))
    if findings or attestation is None:
        return findings
    return [met(rule, str(case.reason), [attestation.seq])]


def deferral(case: Case, rule: Requirement) -> list[Finding]:
    """A shared-decision note, or the surgeon's opinion, explains the deferral."""
    notes = [
        n for n in of_this_stay(case, "note") if n.values["topic"] == "shared-decision"
    ]
    found = notes + surgeons(case)
    if found:
        last = max(found, key=lambda each: (each.day, each.seq))
        return [met(rule, f"#{last.seq} of {last.day}", [last.seq])]
    seen = "no shared-decision note, no surgeon's opinion"
    return [not_met(rule, "EVIDENCE_MISSING", seen, item="shared decision")]


def surgery(case: Case, rule: Requirement) -> list[Finding]:
    """The surgery stands on record, on this side; the other one not the same day.

    Where that is forbidden, it stands in the way of the side that comes second.
    """
    done = of_this_stay(case, "fusion")
    if not done:
        return [not_met(rule, "EVIDENCE_MISSING", "none recorded", item="surgery")]
    last = done[-1]
    same_day = [
        (other, each)
        for other in case.others
        for each in other.of_kind("fusion")
        if each.day == last.day
    ]
    warning = None
    if same_day:
        warning = f"the other side was fused the same day ({same_day[0][0].key})"
    comes_second = any(
        _comes_second(case, last, other, theirs) for other, theirs in same_day
    )
    if comes_second and not rule.flag("same_day_bilateral"):
        limit, needs = "same_day_bilateral", "the two sides on different days"
        seen = warning or ""
        return [
            not_met(rule, "LIMIT_REACHED", seen, [last.seq], needs=needs, item=limit)
        ]
    return [met(rule, f"#{last.seq} of {last.day}", [last.seq], warning=warning)]


def _comes_second(case: Case, mine: Evidence, other: Episode, theirs: Evidence) -> bool:
    """Whether the other side's surgery led on already, or else was written first."""
    if other.stage == Stage.POST_FUSION:
        return True
    first = (theirs.recorded, str(other.key))
    return first < (mine.recorded, str(case.episode.key))


def severity(case: Case, rule: Requirement) -> list[Finding]:
    """Pain and disability are severe, by fresh scores of this stay."""
    return [
        _measure(case, rule, case.scale, rule.number("min_nrs")),
        _measure(case, rule, "odi", rule.number("min_odi")),
    ]


def _measure(case: Case, rule: Requirement, name: str, least: int) -> Finding:
    most = rule.number("max_age_days")
    score = case.pain_since(case.episode.visit.entered, name)
    item = name.upper()
    unit = " %" if name == "odi" else ""
    needs = f"{item} {least}{unit} or more, at most {most} d old"
    if score is None:
        seen = f"no {item} in this stage"
        return unknown(rule, "EVIDENCE_MISSING", seen, needs=needs, item=item)
    value = score.values["odi"] if name == "odi" else on_nrs(score)
    told_as = f"ODI {number(value)} %" if name == "odi" else told(score)
    age = case.days_since(score.day)
    seen = f"{told_as}, {age} d old"
    if age > most:
        return unknown(
            rule, "EVIDENCE_STALE", seen, [score.seq], needs=needs, item=item
        )
    if value >= least:
        return met(rule, seen, [score.seq], needs=needs)
    return not_met(rule, "SEVERITY_BELOW_THRESHOLD", seen, [score.seq], needs=needs)


def injection(case: Case, rule: Requirement) -> list[Finding]:
    """Enough intra-articular injections relieved the pain at once, at any time.

    A payer may ask for recent ones, and for one given as treatment besides.
    """
    findings = [_positive_injections(case, rule)]
    if rule.number("therapeutic"):
        findings.append(_therapeutic_injections(case, rule))
    return findings


def _positive_injections(case: Case, rule: Requirement) -> Finding:
    least, required = rule.number("response_pct"), rule.number("required")
    most = rule.number("max_age_days")
    needs = f"{required} with {least} % or more"
    positive: list[Evidence] = []
    best = "none with a diary"
    for each in case.episode.of_kind("injection"):
        readings = readings_in_window(
            case.protocol, each, diaries_about(case.episode, each)
        )
        if not readings or each.pain is None:
            continue
        relief = percent_relief(each.pain, min(r.score for r in readings))
        best = f"{percent(relief)} in #{each.seq}"
        if relief >= least:
            positive.append(each)
    recent = [each for each in positive if case.days_since(each.day) <= most]
    entries = [each.seq for each in positive]
    if len(recent) >= required:
        entries = [each.seq for each in recent]
        return met(rule, f"{len(recent)} positive", entries, needs=needs)
    if len(positive) >= required:
        seen = f"#{positive[-1].seq} is {case.days_since(positive[-1].day)} d old"
        needs = f"{needs}, at most {most} d old"
        return unknown(
            rule, "EVIDENCE_STALE", seen, entries, needs=needs, item="injection"
        )
    if positive:
        best = f"{len(positive)} positive: {best}"
        needs = f"{required - len(positive)} more of {least} % or more"
    return not_met(rule, "BLOCKS_INSUFFICIENT", best, entries, needs=needs)


def _therapeutic_injections(case: Case, rule: Requirement) -> Finding:
    required = rule.number("therapeutic")
    given = [
        each
        for each in case.episode.of_kind("injection")
        if each.values.get("purpose", "both") in {"therapeutic", "both"}
    ]
    seen, entries = f"{len(given)} therapeutic", [each.seq for each in given]
    needs, item = f"{required} given as treatment", "therapeutic injection"
    if len(given) >= required:
        return met(rule, seen, entries, needs=needs)
    return not_met(rule, "EVIDENCE_MISSING", seen, entries, needs=needs, item=item)


def consent(case: Case, rule: Requirement) -> list[Finding]:
    """Consent to fusion is dated on or before the surgery, and not too old then."""
    most = rule.number("max_age_days")
    done = of_this_stay(case, "fusion")
    day = done[-1].day if done else case.today
    given = [
        each
        for each in case.episode.of_kind("consent")
        if each.values["procedure"] == "fusion" and each.day <= day
    ]
    needs = f"consent to fusion, at most {most} d before it"
    if not given:
        seen = "none dated on or before the surgery" if done else "none recorded"
        return [not_met(rule, "CONSENT_MISSING", seen, needs=needs)]
    last = given[-1]
    age = (day - last.day).days
    seen = f"#{last.seq} of {last.day}"
    if age > most:
        return [
            not_met(
                rule,
                "CONSENT_MISSING",
                f"{seen}, {age} d before",
                [last.seq],
                needs=needs,
            )
        ]
    return [met(rule, seen, [last.seq], needs=needs)]


def disposition(case: Case, rule: Requirement) -> list[Finding]:
    """The way the episode ends fits what is on record (2.10)."""
    if case.reason is None:
        seen, needs = "none given", "a code, with --disposition"
        return [
            not_met(rule, "EVIDENCE_MISSING", seen, needs=needs, item="disposition")
        ]
    if case.reason == "resolved":
        return _resolved(case, rule)
    if case.reason == "fusion-complete":
        return _fusion_complete(case, rule)
    return [met(rule, case.reason)]


def _resolved(case: Case, rule: Requirement) -> list[Finding]:
    least = rule.number("resolved_days")
    if case.episode.stage != Stage.RELIEF:
        seen, needs = case.episode.stage, "relief"
        return [not_met(rule, "PREREQUISITE_STAGE_MISSING", seen, needs=needs)]
    discharge = case.attested("discharge")
    if discharge is not None:
        return [met(rule, "discharged", [discharge.seq])]
    return [_long_enough(case, rule, case.episode.visit.entered, least)]


def _fusion_complete(case: Case, rule: Requirement) -> list[Finding]:
    least = rule.number("fusion_days")
    done = case.episode.procedure(case.episode.visit)
    if case.episode.stage != Stage.POST_FUSION or done is None:
        seen, needs = case.episode.stage, "post-fusion"
        return [not_met(rule, "PREREQUISITE_STAGE_MISSING", seen, needs=needs)]
    # A visit up to a week early answers the twelve-month follow-up as well.
    first = case.episode.day_after(done.day, least) - dt.timedelta(days=7)
    visits = [v for v in case.episode.of_kind("visit") if v.day >= first]
    cited = [visit.seq for visit in visits[-1:]]
    findings = [_long_enough(case, rule, done.day, least, cited)]
    if not visits:
        findings.append(
            not_met(
                rule,
                "EVIDENCE_MISSING",
                "none",
                needs="12-month visit",
                item="12-month visit",
            )
        )
    return findings


def _long_enough(
    case: Case,
    rule: Requirement,
    since: dt.date,
    least: int,
    entries: Sequence[int] = (),
) -> Finding:
    days = case.episode.active_days(since, case.today)
    seen, needs = f"{days} d", f"{least} d"
    if days >= least:
        return met(rule, seen, entries, needs=needs)
    earliest = case.episode.day_after(since, least)
    return not_met(rule, "TRIAL_PERIOD_NOT_MET", seen, needs=needs, earliest=earliest)
