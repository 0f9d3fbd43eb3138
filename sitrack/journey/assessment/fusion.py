"""Judges of the fusion and of what precedes it: the last step, for refractory pain.

Everything is asked for by itself (founding sentence 38), so that nobody is operated
on, and no payer refuses, for one missing date. Nicotine is recorded and advised on,
never demanded by the default protocol; a union not yet seen is no failure (2.9).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sitrack.journey.assessment.case import Case, number, on_nrs, percent, told
from sitrack.journey.evidence import Evidence
from sitrack.journey.findings import Finding, met, not_met, unknown
from sitrack.journey.forms import EXCLUSIONS, REGIONS
from sitrack.journey.response import (
    diaries_about,
    percent_relief,
    readings_in_window,
)
from sitrack.pathway.requirements import Requirement
from sitrack.pathway.stages import Stage


def _here(case: Case, kind: str) -> list[Evidence]:
    """Evidence of the present stay."""
    entered = case.episode.visit.entered
    return [each for each in case.episode.of_kind(kind) if each.day >= entered]


def prior_failure(case: Case, rule: Requirement) -> list[Finding]:
    """RFA failed or was waived on this side, at some time before."""
    moves = [v for v in case.episode.visits if v.move in {"rfa-failed", "waive-rfa"}]
    if moves:
        word = "failed" if moves[-1].move == "rfa-failed" else "waived"
        seen = f"RFA {word} on {moves[-1].entered}"
        return [met(rule, seen, [moves[-1].seq])]
    seen = "no RFA failed or waived on this side"
    return [not_met(rule, "PREREQUISITE_STAGE_MISSING", seen)]


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
    notes = [n for n in _here(case, "note") if n.values["topic"] == "shared-decision"]
    found = notes + _surgeons(case)
    if found:
        last = max(found, key=lambda each: (each.day, each.seq))
        return [met(rule, f"#{last.seq} of {last.day}", [last.seq])]
    seen = "no shared-decision note, no surgeon's opinion"
    return [not_met(rule, "EVIDENCE_MISSING", seen, item="shared decision")]


def _surgeons(case: Case) -> list[Evidence]:
    return [o for o in _here(case, "opinion") if o.values["from"] == "surgeon"]


def surgery(case: Case, rule: Requirement) -> list[Finding]:
    """The surgery stands on record, on this side."""
    done = _here(case, "fusion")
    if not done:
        return [not_met(rule, "EVIDENCE_MISSING", "none recorded", item="surgery")]
    last = done[-1]
    same_day = [
        other.key
        for other in case.others
        for each in other.of_kind("fusion")
        if each.day == last.day
    ]
    warning = (
        f"the other side was fused the same day ({same_day[0]})" if same_day else None
    )
    return [met(rule, f"#{last.seq} of {last.day}", [last.seq], warning=warning)]


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
    """Enough intra-articular injections relieved the pain at once, at any time."""
    least, required = rule.number("response_pct"), rule.number("required")
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
    entries = [each.seq for each in positive]
    if len(positive) >= required:
        return [met(rule, f"{len(positive)} positive", entries, needs=needs)]
    return [not_met(rule, "BLOCKS_INSUFFICIENT", best, entries, needs=needs)]


def checklist(case: Case, rule: Requirement) -> list[Finding]:
    """Exclusions, surgeon's opinion, behaviour, imaging and the shared decision."""
    return [
        _exclusions(case, rule),
        _opinion(case, rule),
        _behaviour(case, rule),
        _imaging(case, rule),
        _shared_decision(case, rule),
    ]


def _missing(rule: Requirement, seen: str, item: str, entries: list[int]) -> Finding:
    return not_met(rule, "EVIDENCE_MISSING", seen, entries, needs=item, item=item)


def _exclusions(case: Case, rule: Requirement) -> Finding:
    screens = [s for s in _here(case, "screen") if "excluded" in s.values]
    excluded: set[str] = set()
    for each in _here(case, "screen"):
        # A red flag that is found takes back what was ruled out before.
        excluded |= set(each.values.get("excluded", ()))
        excluded -= set(each.values.get("red_flags", ()))
    entries = [s.seq for s in screens]
    left = [word for word in EXCLUSIONS if word not in excluded]
    if not left:
        warning = _nicotine(case)
        return met(rule, "exclusions complete", entries, warning=warning)
    seen = f"not ruled out: {', '.join(left)}"
    return _missing(rule, seen, "exclusions", entries)


def _nicotine(case: Case) -> str | None:
    """Advice only: the default asks for no test (2.8)."""
    labs = case.episode.of_kind("lab")
    if not labs:
        return "nicotine status is not recorded"
    last = labs[-1]
    if last.values.get("smoker") == "never":
        return None
    cotinine = last.values.get("cotinine")
    if cotinine is not None and cotinine <= 10:
        return None
    return f"nicotine: see #{last.seq}"


def _opinion(case: Case, rule: Requirement) -> Finding:
    given = _surgeons(case)
    if given and given[-1].values["verdict"] == "candidate":
        return met(rule, "surgeon: candidate", [given[-1].seq])
    seen = (
        f"surgeon: {given[-1].values['verdict']}" if given else "no surgeon's opinion"
    )
    return _missing(rule, seen, "surgeon's opinion", [o.seq for o in given[-1:]])


def _behaviour(case: Case, rule: Requirement) -> Finding:
    screens = [s for s in _here(case, "screen") if "behavioural" in s.values]
    if screens and screens[-1].values["behavioural"] != "unmanaged":
        seen = f"behaviour {screens[-1].values['behavioural']}"
        return met(rule, seen, [screens[-1].seq])
    seen = "unmanaged" if screens else "no behavioural screen"
    return _missing(rule, seen, "behavioural screen", [s.seq for s in screens[-1:]])


def _imaging(case: Case, rule: Requirement) -> Finding:
    """Joint, pelvis and lumbar spine are imaged, none of it too long ago."""
    most = rule.number("imaging_max_age_days")
    taken = case.episode.of_kind("imaging")
    fresh = [each for each in taken if case.days_since(each.day) <= most]
    shown = {region for each in fresh for region in each.values["regions"]}
    entries = [each.seq for each in fresh]
    left = [region for region in REGIONS if region not in shown]
    if not left:
        return met(rule, "imaging complete", entries)
    ever = {region for each in taken for region in each.values["regions"]}
    if ever >= set(REGIONS):
        seen = f"{', '.join(left)} older than {most} d"
        return unknown(
            rule, "EVIDENCE_STALE", seen, [e.seq for e in taken], item="imaging"
        )
    return _missing(rule, f"not imaged: {', '.join(left)}", "imaging", entries)


def _shared_decision(case: Case, rule: Requirement) -> Finding:
    notes = [n for n in _here(case, "note") if n.values["topic"] == "shared-decision"]
    if notes:
        return met(rule, "shared decision noted", [notes[-1].seq])
    return _missing(rule, "no shared-decision note", "shared decision", [])


def consent(case: Case, rule: Requirement) -> list[Finding]:
    """Consent to fusion is dated on or before the surgery, and not too old then."""
    most = rule.number("max_age_days")
    done = _here(case, "fusion")
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
