"""A change that lost its ground, in words: what it lacks, and what mends it."""

from __future__ import annotations

import textwrap

from sitrack.journey.entries import LOST, RETURNED
from sitrack.journey.episode import Broken, Episode
from sitrack.journey.findings import Finding, Result
from sitrack.legible import shown
from sitrack.pathway.stages import Stage, Status, title_of


def lines(episode: Episode, width: int) -> list[str]:
    """Return what lost its ground in an episode, and every way to mend it."""
    found: list[str] = []
    for each in episode.broken:
        said = f"! {told(each, f'holds no more, since #{each.by}')}"
        found += textwrap.wrap(
            shown(said), width, subsequent_indent="  ", break_on_hyphens=False
        )
    return [
        *found,
        standstill(episode),
        *(f"  {way:<27}{command}".rstrip() for way, command in _ways(episode)),
    ]


def standstill(episode: Episode) -> str:
    """Return what an alert stops, in one sentence."""
    but = " but re-evaluation" if _leads_to_re_evaluation(episode) else ""
    return f"The stage stays; until this is mended, nothing{but} leads on."


def told(broken: Broken, verb: str) -> str:
    """Return what a change lacks, judged again, in one sentence."""
    lacks = "; ".join(dict.fromkeys(_lack(finding) for finding in broken.lacks))
    if broken.what in _STATUS:
        what = f"the {_STATUS[broken.what]} of {broken.day}"
    else:
        what = f"the move of {broken.day} to {title_of(broken.what)}"
    return f"{what} (#{broken.seq}) {verb}: {lacks}"


_STATUS = {LOST: "loss to follow-up", RETURNED: "return to care"}


def _lack(finding: Finding) -> str:
    answer = "no" if finding.result is Result.NOT_MET else "unknown"
    said = f"{answer}, {finding.seen}" if finding.seen != finding.asks else answer
    return f"{finding.asks}: {said} [{finding.label()}]"


def _ways(episode: Episode) -> list[tuple[str, str]]:
    """What can be done about the first of them, and with what command."""
    key, first = episode.key, episode.broken[0]
    found = [(f"if #{first.by} was wrong:", f"sitrack undo {key}#{first.by}")]
    if any(_is_missing(finding) for finding in first.lacks):
        record = f"sitrack record KIND {key} --on {first.day}"
        found.append(("if something is missing:", record))
    if first.seq == episode.visit.seq or first.what == LOST:
        take = f"sitrack entry retract {key} {first.seq} --reason not-done"
        found.append((f"if #{first.seq} did not happen:", take))
    if _leads_to_re_evaluation(episode):
        found.append(("to look at it anew:", f"sitrack why {key} re-evaluation"))
    attest = f"sitrack record attestation {key} --about move \\"
    found.append(("if a clinician attests it:", attest))
    found.append(("", f"  --for {first.seq} --performer CLINICIAN"))
    return found


def _is_missing(finding: Finding) -> bool:
    return finding.result is Result.UNKNOWN or "MISSING" in str(finding.code)


def _leads_to_re_evaluation(episode: Episode) -> bool:
    parked = {Stage.REEVALUATION, Stage.REFERRED_OUT, Stage.CLOSED}
    return episode.status is Status.ACTIVE and episode.stage not in parked
