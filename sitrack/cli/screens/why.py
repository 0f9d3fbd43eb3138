"""Why not: every requirement, the value seen, and what would change the answer."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import click

from sitrack.cli.output import fitted, shown
from sitrack.coordination.questions import Why
from sitrack.journey.assessment import NOT_BUILT, Assessment
from sitrack.journey.evidence import KINDS
from sitrack.journey.findings import Finding, Result
from sitrack.pathway.stages import title_of

_MARKS = {Result.MET: "yes", Result.NOT_MET: "no", Result.UNKNOWN: "?"}
_COLOURS = {Result.MET: "green", Result.NOT_MET: "red", Result.UNKNOWN: "yellow"}
_ASKS = 30


def lines(answer: Why, width: int) -> list[str]:
    """Return the screen of one question about one or all moves."""
    found: list[str] = []
    for assessment in answer.answers:
        found += [_verdict(answer, assessment), *_place(answer, found)]
        found += [
            "",
            *_requirements(assessment, width),
            "",
            *_outlook(answer, assessment),
        ]
        found.append("")
    if not found:
        return [f"{answer.episode.key} is {answer.episode.status}: nothing leads on."]
    return found[:-1]


def _verdict(answer: Why, assessment: Assessment) -> str:
    key, target = answer.episode.key, title_of(assessment.move.target or "")
    who = f"{key} ({answer.patient.initials}, {key.side.value})"
    word = "Yes." if assessment.allowed else "No."
    may = "may" if assessment.allowed else "may not"
    return f"{word} {who} {may} move to {target} as of {answer.day}."


def _place(answer: Why, before: Sequence[str]) -> list[str]:
    if before:
        return []
    stage = title_of(answer.episode.stage)
    since = answer.episode.visit.entered
    return [f"In {stage} since {since}; protocol {answer.protocol.id}."]


def _requirements(assessment: Assessment, width: int) -> list[str]:
    found: list[str] = []
    shown_already: set[str] = set()
    for finding in assessment.findings:
        text = _text(finding)
        if finding.requirement in shown_already and finding.item == "diary":
            continue  # the line before says what it is missing
        shown_already.add(finding.requirement)
        found += _row(finding, text, width)
    return found


def _text(finding: Finding) -> str:
    entries = " ".join(
        f"#{seq}" for seq in finding.entries if f"#{seq}" not in finding.seen
    )
    text = shown(finding.seen)
    if not finding.is_met and finding.needs:
        text += f" (needs {finding.needs})"
    if entries:
        text += f"  {entries}"
    if finding.earliest:
        text += f"; earliest {finding.earliest}"
    return text + (f"; note: {finding.warning}" if finding.warning else "")


def _row(finding: Finding, text: str, width: int) -> list[str]:
    mark = click.style(_MARKS[finding.result].ljust(4), fg=_COLOURS[finding.result])
    asks = textwrap.wrap(finding.asks[:1].upper() + finding.asks[1:], _ASKS)
    seen = textwrap.wrap(text, max(20, width - _ASKS - 9)) or [""]
    rows = max(len(asks), len(seen))
    asks += [""] * (rows - len(asks))
    seen += [""] * (rows - len(seen))
    first = f"  {mark} {fitted(asks[0], _ASKS)}  {seen[0]}".rstrip()
    rest = [
        f"       {fitted(a, _ASKS)}  {b}".rstrip()
        for a, b in zip(asks[1:], seen[1:], strict=True)
    ]
    return [first, *rest]


def _outlook(answer: Why, assessment: Assessment) -> list[str]:
    key, target = answer.episode.key, assessment.move.target
    if assessment.allowed:
        command = assessment.move.command
        if command != "advance":
            return [f"Next: sitrack {command} {key}"]
        return [f"Next: sitrack advance {key} {target}"]
    unmet = assessment.unmet
    if any(finding.code == NOT_BUILT for finding in unmet):
        return ["This version cannot judge it yet, so it is refused."]
    return [_could(answer, unmet), *_next(answer, unmet)]


def _could(answer: Why, unmet: Sequence[Finding]) -> str:
    days = [finding.earliest for finding in unmet if finding.earliest]
    needed = [finding for finding in unmet if not finding.earliest]
    if not days:
        return "Could become true: today, once what is missing is recorded."
    latest = max(days)
    more = ", once the rest is recorded" if needed else ", by time alone"
    del answer
    return f"Could become true: {latest}{more}."


_HOW = {
    "diary": "diary {key} --reading 1h=2 --method paper",
    "tests": "exam {key} --positive faber,thigh-thrust,gaenslen",
    "PGIC": "score {key} --pgic 2",
    "active PT": "therapy {key} --type active-stabilisation --visits 4",
    "NSAID trial": "medication {key} --drug naproxen --start 2025-02-17",
    "block": "block {key} --anaesthetic bupivacaine --nrs 7",
    "RFA": "rfa {key} --technique cooled --guidance fluoroscopy --nrs 7",
    "injection": "injection {key} --guidance fluoroscopy --contrast in-joint --nrs 8",
    "new injection": "injection {key} --guidance ct --contrast in-joint --nrs 7",
}


def _next(answer: Why, unmet: Sequence[Finding]) -> list[str]:
    """The first thing somebody can do about it today, as a command to paste."""
    key = str(answer.episode.key)
    for finding in unmet:
        if finding.earliest:
            continue
        if finding.code == "CONSENT_MISSING":
            return [f"Next: sitrack record consent {key} --procedure rfa"]
        if finding.code == "ATTESTATION_REQUIRED":
            return [f"Next: sitrack record attestation {key} --help"]
        how = _HOW.get(finding.item or "")
        if how:
            return [f"Next: sitrack record {how.format(key=key)}"]
        if finding.item and ("NRS" in finding.item or "score" in finding.item):
            return [f"Next: sitrack record score {key} --nrs 7"]
        if finding.item and finding.item.endswith("screen"):
            return [f"Next: sitrack record screen {key} {_screens()}"]
    return []


def _screens() -> str:
    return KINDS["screen"].example
