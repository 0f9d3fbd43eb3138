"""Judges of the work-up before a fusion: exclusions, opinion, behaviour, imaging, talk.

Nicotine is recorded and advised on, never demanded by the default protocol (2.8);
a payer may demand it, and therapy that somebody supervised.
"""

from __future__ import annotations

from sitrack.journey.assessment.case import Case, number
from sitrack.journey.evidence import Evidence
from sitrack.journey.findings import Finding, met, not_met, unknown
from sitrack.journey.forms import EXCLUSIONS, REGIONS
from sitrack.pathway.requirements import Requirement


def of_this_stay(case: Case, kind: str) -> list[Evidence]:
    """Return the evidence of one kind that the present stay brought."""
    entered = case.episode.visit.entered
    return [each for each in case.episode.of_kind(kind) if each.day >= entered]


def surgeons(case: Case) -> list[Evidence]:
    """Return what surgeons said during the present stay."""
    return [o for o in of_this_stay(case, "opinion") if o.values["from"] == "surgeon"]


def checklist(case: Case, rule: Requirement) -> list[Finding]:
    """Exclusions, surgeon's opinion, behaviour, imaging and the shared decision.

    A payer may ask for supervised therapy and for proof of no nicotine besides.
    """
    findings = [
        _exclusions(case, rule),
        _opinion(case, rule),
        _behaviour(case, rule),
        _imaging(case, rule),
        _shared_decision(case, rule),
    ]
    if rule.flag("supervised_therapy"):
        findings.append(supervised(case, rule))
    if rule.flag("nicotine_required"):
        findings.append(no_nicotine(case, rule))
    return findings


def _missing(rule: Requirement, seen: str, item: str, entries: list[int]) -> Finding:
    return not_met(rule, "EVIDENCE_MISSING", seen, entries, needs=item, item=item)


def _exclusions(case: Case, rule: Requirement) -> Finding:
    screens = [s for s in of_this_stay(case, "screen") if "excluded" in s.values]
    excluded: set[str] = set()
    for each in of_this_stay(case, "screen"):
        # A red flag that is found takes back what was ruled out before.
        excluded |= set(each.values.get("excluded", ()))
        excluded -= set(each.values.get("red_flags", ()))
    entries = [s.seq for s in screens]
    left = [word for word in EXCLUSIONS if word not in excluded]
    if not left:
        warning = None if rule.flag("nicotine_required") else _nicotine(case, rule)
        return met(rule, "exclusions complete", entries, warning=warning)
    seen = f"not ruled out: {', '.join(left)}"
    return _missing(rule, seen, "exclusions", entries)


def _nicotine(case: Case, rule: Requirement) -> str | None:
    """Advice only: the default asks for no test (2.8)."""
    labs = case.episode.of_kind("lab")
    if not labs:
        return "nicotine status is not recorded"
    last = labs[-1]
    if last.values.get("smoker") == "never":
        return None
    cotinine = last.values.get("cotinine")
    if cotinine is not None and cotinine <= rule.number("cotinine_max"):
        return None
    return f"nicotine: see #{last.seq}"


def no_nicotine(case: Case, rule: Requirement) -> Finding:
    """Return whether the patient never smoked, or a fresh cotinine is low [P3]."""
    least, most = rule.number("cotinine_max"), rule.number("cotinine_max_age_days")
    needs = f"never smoked, or cotinine of at most {least} ng/mL, {most} d old"
    labs = case.episode.of_kind("lab")
    said = [each for each in labs if "smoker" in each.values]
    if said and said[-1].values["smoker"] == "never":
        return met(rule, "never smoked", [said[-1].seq], needs=needs)
    measured = [each for each in labs if "cotinine" in each.values]
    if not measured:
        seen = "no cotinine on record"
        return unknown(rule, "EVIDENCE_MISSING", seen, needs=needs, item="cotinine")
    last = measured[-1]
    seen, entries = f"cotinine {number(last.values['cotinine'])} ng/mL", [last.seq]
    age = case.days_since(last.day)
    if age > most:
        seen = f"{seen}, {age} d old"
        return unknown(
            rule, "EVIDENCE_STALE", seen, entries, needs=needs, item="cotinine"
        )
    if last.values["cotinine"] <= least:
        return met(rule, seen, entries, needs=needs)
    return not_met(
        rule, "EVIDENCE_MISSING", seen, entries, needs=needs, item="cotinine"
    )


def supervised(case: Case, rule: Requirement) -> Finding:
    """Return whether active therapy was supervised: visits were attended [P3]."""
    attended = [
        each
        for each in case.episode.of_kind("therapy")
        if each.values["type"] == "active-stabilisation" and each.values.get("visits")
    ]
    if attended:
        last = attended[-1]
        seen = f"{last.values['visits']} active visits"
        return met(rule, seen, [last.seq])
    return _missing(rule, "no active visits attended", "supervised PT", [])


def _opinion(case: Case, rule: Requirement) -> Finding:
    given = surgeons(case)
    if given and given[-1].values["verdict"] == "candidate":
        return met(rule, "surgeon: candidate", [given[-1].seq])
    seen = (
        f"surgeon: {given[-1].values['verdict']}" if given else "no surgeon's opinion"
    )
    return _missing(rule, seen, "surgeon's opinion", [o.seq for o in given[-1:]])


def _behaviour(case: Case, rule: Requirement) -> Finding:
    screens = [s for s in of_this_stay(case, "screen") if "behavioural" in s.values]
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
    notes = [
        n for n in of_this_stay(case, "note") if n.values["topic"] == "shared-decision"
    ]
    if notes:
        return met(rule, "shared decision noted", [notes[-1].seq])
    return _missing(rule, "no shared-decision note", "shared decision", [])
