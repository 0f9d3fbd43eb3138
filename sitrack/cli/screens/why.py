"""Why not: every requirement, the value seen, and what would change the answer."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import click

from sitrack.cli.output import fitted
from sitrack.cli.screens import alert
from sitrack.coordination.questions import Why
from sitrack.journey.assessment import NOT_BUILT, Assessment
from sitrack.journey.assessment.payer import PayerVerdict
from sitrack.journey.findings import Finding, Result
from sitrack.journey.forms import KINDS
from sitrack.journey.patient import EpisodeKey
from sitrack.legible import shown
from sitrack.pathway.stages import title_of

_MARKS = {Result.MET: "yes", Result.NOT_MET: "no", Result.UNKNOWN: "?"}
_COLOURS = {Result.MET: "green", Result.NOT_MET: "red", Result.UNKNOWN: "yellow"}
_ASKS = 30


def lines(
    answer: Why, width: int, reason: str | None = None, target: str | None = None
) -> list[str]:
    """Return the screen of one question about one or all moves.

    Args:
        answer: what was found.
        width: columns of the terminal.
        reason: the code with which it was asked.
        target: the one stage that was asked about, or None.
    """
    if answer.no_way:
        return [
            _sentence(answer, str(target), allowed=False),
            *_place(answer, []),
            "",
            *_in_the_way(answer, width),
        ]
    found: list[str] = []
    if answer.episode.broken:
        found += [*_place(answer, []), "", *alert.lines(answer.episode, width), ""]
    for place, assessment in enumerate(answer.answers):
        found += [_verdict(answer, assessment), *_place(answer, found)]
        found += [
            "",
            *_requirements(assessment.findings, width),
            "",
            *_outlook(answer, assessment, width, reason),
        ]
        for second in answer.seconds[place : place + 1]:
            found += ["", *_second(second, width)]
        found.append("")
    if not found:
        return [f"{answer.episode.key} is {answer.episode.status}: nothing leads on."]
    return found[:-1]


def _in_the_way(answer: Why, width: int) -> list[str]:
    """Why no such move leads out of the present stage; an alert says what mends it."""
    found: list[str] = []
    for finding in answer.no_way:
        if finding.code != "GUARD_NO_LONGER_MET":
            found += textwrap.wrap(
                finding.seen,
                width,
                initial_indent="  no   ",
                subsequent_indent="       ",
            )
    if answer.episode.broken:
        found += [*([""] if found else []), *alert.lines(answer.episode, width)]
    return found


def _verdict(answer: Why, assessment: Assessment) -> str:
    return _sentence(answer, assessment.move.target or "", allowed=assessment.allowed)


def _sentence(answer: Why, target: str, *, allowed: bool) -> str:
    key = answer.episode.key
    who = f"{key} ({answer.patient.initials}, {key.side.value})"
    word, may = ("Yes.", "may") if allowed else ("No.", "may not")
    return f"{word} {who} {may} move to {title_of(target)} as of {answer.day}."


def _place(answer: Why, before: Sequence[str]) -> list[str]:
    if before:
        return []
    stage = title_of(answer.episode.stage)
    since = answer.episode.visit.entered
    return [f"In {stage} since {since}; protocol {answer.protocol.id}."]


def _second(second: PayerVerdict, width: int) -> list[str]:
    """The payer's verdict beneath: only where it differs, or lacks something."""
    policy, target = second.policy, second.assessment.move.target or ""
    word = "ready" if second.assessment.allowed else "not ready"
    theirs = f"{policy.id} {word}"
    if not second.covered:
        theirs = f"{policy.id} does not cover {title_of(target)}"
    ours = "ready" if second.clinical.allowed else "not ready"
    rows = _requirements(second.telling, width)
    found = [f"Clinically {ours} / {theirs}{':' if rows else '.'}"]
    found += ["", *rows, ""] if rows else []
    if second.not_asked:
        names = ", ".join(second.not_asked)
        found += textwrap.wrap(
            f"Not asked, since the episode's protocol does not know it: {names}", width
        )
    keys = ", ".join(policy.sources)
    said = f"{policy.title} ({keys}): never the coverage of today."
    return [*found, *textwrap.wrap(said, width)]


def _requirements(findings: Sequence[Finding], width: int) -> list[str]:
    found: list[str] = []
    shown_already: set[str] = set()
    for finding in findings:
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


def _outlook(
    answer: Why, assessment: Assessment, width: int, reason: str | None
) -> list[str]:
    unmet = assessment.unmet
    if assessment.allowed:
        coded = f" --reason {reason}" if reason else ""
        return [f"Next: sitrack {command_of(answer.episode.key, assessment)}{coded}"]
    if any(finding.code == NOT_BUILT for finding in unmet):
        return ["This version cannot judge it yet, so it is refused."]
    if needs_only_a_reason(assessment):
        return [
            *textwrap.wrap(f"Reasons: {', '.join(assessment.move.reasons)}", width),
            f"Next: sitrack {command_of(answer.episode.key, assessment)} --reason CODE",
        ]
    return [_could(unmet), *_next(answer, assessment, width)]


def command_of(key: EpisodeKey, assessment: Assessment) -> str:
    """Return the command that makes the move."""
    command = assessment.move.command
    stage = f" {assessment.move.target}" if command == "advance" else ""
    return f"{command} {key}{stage}"


def needs_only_a_reason(assessment: Assessment) -> bool:
    """Whether nothing stands in the way but a code that comes with the command."""
    return all(finding.requirement == "coded-reason" for finding in assessment.unmet)


def _could(unmet: Sequence[Finding]) -> str:
    days = [finding.earliest for finding in unmet if finding.earliest]
    # Something unknown has to be recorded, whatever the day.
    needed = [f for f in unmet if not f.earliest or f.result is Result.UNKNOWN]
    if not days:
        return "Could become true: today, once what is missing is recorded."
    latest = max(days)
    more = ", once the rest is recorded" if needed else ", by time alone"
    return f"Could become true: {latest}{more}."


_HOW = {
    "diary": "diary {key} --reading 1h=2 --method paper",
    "tests": "exam {key} --positive faber,thigh-thrust,gaenslen",
    "PGIC": "score {key} --pgic 2",
    "active PT": "therapy {key} --type active-stabilisation --visits 4",
    "NSAID trial": "medication {key} --drug naproxen --start {day}",
    "block": "block {key} --anaesthetic bupivacaine --nrs 7",
    "RFA": "rfa {key} --technique cooled --guidance fluoroscopy --nrs 7",
    "injection": "injection {key} --guidance fluoroscopy --contrast in-joint --nrs 8",
    "new injection": "injection {key} --guidance ct --contrast in-joint --nrs 7",
    "FINANCIAL_NOTICE_MISSING": "notice {key} --procedure rfa",
}
_CONSENT_TO = {"post-fusion": "fusion"}
_ATTESTED = {
    "conservative-care": "source",
    "injection": "repeat",
    "diagnostic-block": "home-programme",
    "rfa": "diary",
    "fusion-evaluation": "early-failure",
}
"""What is consented to, or attested, on the way to a stage."""


def _next(answer: Why, assessment: Assessment, width: int) -> list[str]:
    """The first thing somebody can do about it today, as a command to paste."""
    key, target = str(answer.episode.key), assessment.move.target or ""
    for finding in assessment.unmet:
        words = None if finding.earliest else _evidence(finding, key, target)
        if words:
            words = words.format(key=key, day=answer.day)
            return _pasted(f"Next: sitrack record {words}", width)
    return []


def _pasted(command: str, width: int) -> list[str]:
    """A command in one line, or in two that can be pasted."""
    if len(command) <= width:
        return [command]
    start, _, options = command.partition(" --")
    return [f"{start} \\", f"        --{options}"]


def _evidence(finding: Finding, key: str, target: str) -> str | None:
    """What could be recorded to answer a finding, as the words after `record`."""
    item = finding.item or ""
    if finding.code == "CONSENT_MISSING":
        return f"consent {key} --procedure {_CONSENT_TO.get(target, target)}"
    if finding.code == "ATTESTATION_REQUIRED":
        about = _ATTESTED.get(target, "source")
        return f"attestation {key} --about {about} --performer CLINICIAN"
    for name in (item, finding.code):
        if name in _HOW:
            return _HOW[name]
    if "NRS" in item or "score" in item:
        return f"score {key} --nrs 7"
    if item.endswith("screen"):
        return f"screen {key} {KINDS['screen'].example}"
    return None
