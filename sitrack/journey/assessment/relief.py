"""Judges of relief: is it satisfactory, insufficient, lasting, or gone again?

Satisfactory is 50 % or more, or else 30 % or 2 points when the patient also calls
the change at least much improved (PGIC); the in-between case is the patient's to say.
Insufficient is: measured, and not satisfactory.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from sitrack.journey.assessment.case import Case, number, on_nrs, percent, told
from sitrack.journey.evidence import Evidence
from sitrack.journey.findings import Finding, met, not_met, unknown
from sitrack.journey.response import percent_relief
from sitrack.pathway.requirements import Requirement
from sitrack.pathway.stages import Stage

_PROCEDURE_NAMES = {Stage.INJECTION: "injection", Stage.RFA: "RFA"}


@dataclass(frozen=True, slots=True)
class _Measured:
    """A score against its baseline, and what the patient said of it."""

    score: Evidence
    relief: Fraction
    points: Decimal
    pgic: Evidence | None
    pgic_is_stale: bool

    def seen(self) -> str:
        scale = (self.score.scale or "").upper()
        said = f", PGIC {self.pgic.values['pgic']}" if self.pgic else ""
        pain = number(self.score.pain or 0)
        return f"{scale} {pain} on {self.score.day} ({percent(self.relief)}{said})"

    def entries(self) -> list[int]:
        return [self.score.seq, *([self.pgic.seq] if self.pgic else [])]


def trial_length(case: Case, rule: Requirement) -> list[Finding]:
    """Enough days since the procedure, or since the stage was entered."""
    least = rule.number("min_days")
    stage = Stage(case.episode.stage)
    if stage in _PROCEDURE_NAMES and not case.episode.procedure(case.episode.visit):
        return [_no_procedure(rule, _PROCEDURE_NAMES[stage])]
    seen, needs = f"{case.elapsed} d", f"{least} d"
    if case.elapsed >= least:
        return [met(rule, seen, needs=needs)]
    earliest = case.episode.day_after(case.anchor, least)
    return [not_met(rule, "TRIAL_PERIOD_NOT_MET", seen, needs=needs, earliest=earliest)]


def _no_procedure(rule: Requirement, item: str) -> Finding:
    return unknown(rule, "EVIDENCE_MISSING", f"no {item} recorded", item=item)


def satisfactory(case: Case, rule: Requirement) -> list[Finding]:
    """Relief is satisfactory by a fresh score of this stage."""
    measured = _measure(case, rule, "NRS")
    if isinstance(measured, Finding):
        return [measured]
    verdict = _is_satisfactory(measured, rule)
    if verdict is None:
        return [_ask_the_patient(rule, measured)]
    if verdict:
        return [met(rule, measured.seen(), measured.entries())]
    return [
        not_met(rule, "RELIEF_BELOW_THRESHOLD", measured.seen(), measured.entries())
    ]


def insufficient(case: Case, rule: Requirement) -> list[Finding]:
    """Relief was measured by a fresh score of this stage, and is not satisfactory."""
    measured = _measure(case, rule, rule.word("item"))
    if isinstance(measured, Finding):
        return [measured]
    verdict = _is_satisfactory(measured, rule)
    if verdict is None:
        return [_ask_the_patient(rule, measured)]
    if not verdict:
        return [met(rule, measured.seen(), measured.entries())]
    return [
        not_met(rule, "RELIEF_ABOVE_THRESHOLD", measured.seen(), measured.entries())
    ]


def _is_satisfactory(measured: _Measured, rule: Requirement) -> bool | None:
    """None where it lies in between and the patient was not asked lately."""
    if measured.relief >= rule.number("min_pct"):
        return True
    in_points = measured.score.scale == "nrs"
    partly = measured.relief >= rule.number("partial_pct") or (
        in_points and measured.points >= rule.number("partial_points")
    )
    if not partly:
        return False
    if measured.pgic is None or measured.pgic_is_stale:
        return None
    return bool(measured.pgic.values["pgic"] <= rule.number("pgic_max"))


def _ask_the_patient(rule: Requirement, measured: _Measured) -> Finding:
    return unknown(
        rule,
        "EVIDENCE_STALE" if measured.pgic_is_stale else "EVIDENCE_MISSING",
        measured.seen(),
        measured.entries(),
        needs=f"PGIC of at most {rule.number('pgic_max')}",
        item="PGIC",
    )


def _measure(case: Case, rule: Requirement, item: str) -> _Measured | Finding:
    """The score to judge by, or the finding that there is none."""
    base = case.episode.baseline(case.episode.visit)
    if base is None or not base[1]:
        seen = "no score to measure against" if base is None else "a baseline of 0"
        return unknown(rule, "EVIDENCE_MISSING", seen, item="baseline")
    scale, baseline, _ = base
    since = _counted_from(case, rule.number("from_day"))
    score = case.pain_since(since, scale)
    most = rule.number("max_age_days")
    named = item if scale == "nrs" else item.replace("NRS", "VAS")
    needs = f"{named}, at most {most} d old"
    if score is None or score.pain is None:
        seen = f"no {scale.upper()} since {since}"
        return unknown(rule, "EVIDENCE_MISSING", seen, needs=needs, item=named)
    age = case.days_since(score.day)
    if age > most:
        seen = f"{scale.upper()} {number(score.pain)}, {age} d old"
        return unknown(
            rule, "EVIDENCE_STALE", seen, [score.seq], needs=needs, item=named
        )
    pgic = case.pgic_since(since)
    return _Measured(
        score,
        percent_relief(baseline, score.pain),
        baseline - score.pain,
        pgic,
        pgic is not None and case.days_since(pgic.day) > most,
    )


def _counted_from(case: Case, from_day: int) -> dt.date:
    """Scores count from that day after the anchor; before it, those there are."""
    anchor = case.anchor
    if case.elapsed < from_day:
        return anchor
    return case.episode.day_after(anchor, from_day)


def severity(case: Case, rule: Requirement) -> list[Finding]:
    """The pain score of this stage is fresh, and high enough for a procedure."""
    least, most = rule.number("min_nrs"), rule.number("max_age_days")
    item = rule.word("item")
    score = case.pain_since(case.episode.visit.entered, case.scale)
    needs = f"NRS {least} or more, at most {most} d old"
    if score is None:
        seen = f"no {case.scale.upper()} in this stage"
        return [unknown(rule, "EVIDENCE_MISSING", seen, needs=needs, item=item)]
    age = case.days_since(score.day)
    seen = f"{told(score)}, {age} d old"
    if age > most:
        return [
            unknown(rule, "EVIDENCE_STALE", seen, [score.seq], needs=needs, item=item)
        ]
    if on_nrs(score) >= least:
        return [met(rule, seen, [score.seq], needs=needs)]
    return [not_met(rule, "SEVERITY_BELOW_THRESHOLD", seen, [score.seq], needs=needs)]


# --- RFA: done, failed, repeated


def rfa_done(case: Case, rule: Requirement) -> list[Finding]:
    """An RFA stands on record for this stay."""
    done = case.episode.procedure(case.episode.visit)
    if done is None:
        return [not_met(rule, "EVIDENCE_MISSING", "none recorded", item="RFA")]
    return [met(rule, f"#{done.seq} of {done.day}", [done.seq])]


def failure_period(case: Case, rule: Requirement) -> list[Finding]:
    """Failure may be called at three months; from six weeks on, with attestation."""
    if case.episode.procedure(case.episode.visit) is None:
        return [_no_procedure(rule, "RFA")]
    attested_from, least = rule.number("attested_from_day"), rule.number("min_days")
    seen = f"{case.elapsed} d"
    needs = f"{least} d, or {attested_from} d attested"
    if case.elapsed >= least:
        return [met(rule, seen, needs=needs)]
    if case.elapsed < attested_from:
        earliest = case.episode.day_after(case.anchor, attested_from)
        return [
            not_met(rule, "TRIAL_PERIOD_NOT_MET", seen, needs=needs, earliest=earliest)
        ]
    attestation = case.attested("early-failure")
    if attestation is not None:
        return [met(rule, f"{seen}, attested", [attestation.seq], needs=needs)]
    earliest = case.episode.day_after(case.anchor, least)
    return [not_met(rule, "ATTESTATION_REQUIRED", seen, needs=needs, earliest=earliest)]


def relief_from(case: Case, rule: Requirement) -> list[Finding]:
    """The stage before this one is the treatment that relieved."""
    needs = rule.word("stage").upper()
    if case.episode.came_from == rule.word("stage"):
        return [met(rule, f"since {case.episode.visit.entered}", needs=needs)]
    seen = case.episode.came_from or "nothing before"
    return [not_met(rule, "PREREQUISITE_STAGE_MISSING", seen, needs=needs)]


def _last_rfa(case: Case) -> Evidence | None:
    done = case.episode.of_kind("rfa")
    return done[-1] if done else None


def rfa_response(case: Case, rule: Requirement) -> list[Finding]:
    """After the last RFA, relief reached the threshold and was still there later."""
    last = _last_rfa(case)
    if last is None or last.pain is None:
        return [_no_procedure(rule, "RFA")]
    least, from_day = rule.number("min_pct"), rule.number("from_day")
    first = case.episode.day_after(last.day, from_day)
    needs = f"{least} % at day {from_day} or later"
    scores = [
        each
        for each in case.episode.of_kind("score")
        if each.scale == last.scale and each.day >= first
    ]
    if not scores:
        seen, item = f"no score from day {from_day} on", f"{from_day}-day score"
        return [unknown(rule, "EVIDENCE_MISSING", seen, needs=needs, item=item)]
    best = min(scores, key=lambda each: each.pain or 0)
    relief = percent_relief(last.pain, best.pain or Decimal(0))
    seen = f"{percent(relief)} on {best.day}"
    if relief >= least:
        return [met(rule, seen, [best.seq], needs=needs)]
    return [not_met(rule, "RELIEF_BELOW_THRESHOLD", seen, [best.seq], needs=needs)]


def rfa_spacing(case: Case, rule: Requirement) -> list[Finding]:
    """Enough days since the last RFA of this side."""
    last = _last_rfa(case)
    if last is None:
        return [_no_procedure(rule, "RFA")]
    least, gap = rule.number("min_days"), case.days_since(last.day)
    seen, needs = f"{gap} d", f"{least} d"
    if gap >= least:
        return [met(rule, seen, [last.seq], needs=needs)]
    earliest = last.day + dt.timedelta(days=least)
    return [
        not_met(
            rule, "SPACING_NOT_MET", seen, [last.seq], needs=needs, earliest=earliest
        )
    ]


def rfa_sessions(case: Case, rule: Requirement) -> list[Finding]:
    """The yearly number of RFAs of this side leaves room for one more."""
    most, window = rule.number("max"), rule.number("window_days")
    used = [
        each
        for each in case.episode.of_kind("rfa")
        if case.days_since(each.day) < window
    ]
    seen, needs = f"{len(used)} in {window} d", f"fewer than {most}"
    entries = [each.seq for each in used]
    if len(used) < most:
        return [met(rule, seen, entries, needs=needs)]
    earliest = used[-most].day + dt.timedelta(days=window) if most else None
    return [
        not_met(
            rule,
            "LIMIT_REACHED",
            seen,
            entries,
            needs=needs,
            item="RFA sessions",
            earliest=earliest,
        )
    ]


def recurrence(case: Case, rule: Requirement) -> list[Finding]:
    """Pain is back: high enough again, and relief below the threshold."""
    least, below = rule.number("min_nrs"), rule.number("below_pct")
    needs = f"NRS {least} or more, relief below {below} %"
    compared = _compared(case, rule, needs)
    if isinstance(compared, Finding):
        return [compared]
    score, relief = compared
    seen, entries = f"{told(score)} ({percent(relief)})", [score.seq]
    if on_nrs(score) < least:
        return [not_met(rule, "SEVERITY_BELOW_THRESHOLD", seen, entries, needs=needs)]
    if relief >= below:
        return [not_met(rule, "RELIEF_ABOVE_THRESHOLD", seen, entries, needs=needs)]
    return [met(rule, seen, entries, needs=needs)]


def _compared(
    case: Case, rule: Requirement, needs: str
) -> tuple[Evidence, Fraction] | Finding:
    """A fresh score of this stage and the relief it means, or what is lacking."""
    base = case.episode.baseline(case.episode.visit)
    score = case.pain_since(case.episode.visit.entered, case.scale)
    if score is None or score.pain is None:
        seen = f"no {case.scale.upper()} in this stage"
        return unknown(rule, "EVIDENCE_MISSING", seen, needs=needs, item="NRS")
    if base is None or not base[1]:
        seen = "no score to measure against" if base is None else "a baseline of 0"
        return unknown(rule, "EVIDENCE_MISSING", seen, needs=needs, item="baseline")
    age = case.days_since(score.day)
    if age > rule.number("max_age_days"):
        seen, entries = f"{told(score)}, {age} d old", [score.seq]
        return unknown(rule, "EVIDENCE_STALE", seen, entries, needs=needs, item="NRS")
    return score, percent_relief(base[1], score.pain)


def same_pattern(case: Case, rule: Requirement) -> list[Finding]:
    """The pattern is as before; where nobody said so, that is shown as a warning."""
    said = [
        each
        for each in case.episode.of_kind("score")
        if "pattern" in each.values and each.day >= case.episode.visit.entered
    ]
    if not said:
        warning = "pattern not stated, taken as unchanged"
        return [met(rule, "not stated", warning=warning)]
    last = said[-1]
    if last.values["pattern"] == "same":
        return [met(rule, "unchanged", [last.seq])]
    return [
        not_met(rule, "SOURCE_NOT_CONFIRMED", "changed", [last.seq], item="pattern")
    ]
