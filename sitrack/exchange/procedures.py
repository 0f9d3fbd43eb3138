"""Injections and blocks in a packet: what was done, where it went, what it relieved."""

from __future__ import annotations

import itertools
from fractions import Fraction

from sitrack.exchange.dossier import Dossier, minutes
from sitrack.exchange.packet import Part, State
from sitrack.journey.assessment.case import number, percent, told
from sitrack.journey.evidence import Evidence
from sitrack.journey.response import (
    diaries_about,
    percent_relief,
    readings_in_window,
    steroid_doubt,
)


def injections(dossier: Dossier) -> list[Part]:
    """Return a part for each injection of this side, earliest first."""
    found = dossier.of_kind("injection")
    if not found:
        return [Part("Injection", State.MISSING, "none recorded")]
    return [_injection(dossier, each) for each in found]


def _injection(dossier: Dossier, injection: Evidence) -> Part:
    diaries = diaries_about(dossier.case.episode, injection)
    after = _score_after(dossier, injection)
    lacking = []
    if injection.values.get("guidance") in {None, "none"}:
        lacking.append("image guidance")
    if injection.values.get("contrast") in {"unknown", "not-used"}:
        lacking.append("where the contrast went")
    if injection.values.get("anaesthetic") is None:
        lacking.append("the anaesthetic")
    if not (diaries or after):
        lacking.append("a score after, on the same scale")
    seen = "; ".join(
        [
            _relief(dossier, injection, diaries),
            *(f"later {told(each)}{_share(injection, each)}" for each in after),
        ]
    )
    facts = dossier.facts([injection, *diaries, *after])
    asks = f"Injection of {injection.day}"
    if lacking:
        return Part(asks, State.MISSING, seen, ", ".join(lacking), facts)
    return Part(asks, State.MET, seen, facts=facts)


def blocks(dossier: Dossier) -> list[Part]:
    """Return a part for each diagnostic block of this side, earliest first."""
    return [_block(dossier, each) for each in dossier.of_kind("block")]


def _block(dossier: Dossier, block: Evidence) -> Part:
    diaries = diaries_about(dossier.case.episode, block)
    days = dossier.number("block_after_steroid_days")
    doubt = steroid_doubt(dossier.case.episode, block, days)
    lacking = []
    if block.values.get("anaesthetic") is None:
        lacking.append("the anaesthetic")
    if not diaries:
        lacking.append("timed scores after")
    seen = f"{_relief(dossier, block, diaries)}; {doubt or 'no steroid'}"
    asks, facts = f"Block of {block.day}", dossier.facts([block, *diaries])
    if lacking:
        return Part(asks, State.MISSING, seen, ", ".join(lacking), facts)
    if doubt:
        needs = f"no steroid in it, {days} d after any in the joint"
        return Part(asks, State.NOT_MET, seen, needs, facts)
    return Part(asks, State.MET, seen, facts=facts)


def _relief(dossier: Dossier, procedure: Evidence, diaries: list[Evidence]) -> str:
    """The timed scores in percent, and how long half the pain was gone."""
    readings = readings_in_window(dossier.case.protocol, procedure, diaries)
    if not readings or not procedure.pain:
        return "no timed scores"
    least = dossier.number("response_pct")
    if procedure.kind == "block":
        least = dossier.number("block_min_pct")
    shares = [(r, percent_relief(procedure.pain, r.score)) for r in readings]
    timed = " ".join(
        f"{minutes(r.minutes)} {number(r.score)} ({percent(share)})"
        for r, share in shares
    )
    good = _first_run([(r.minutes, share >= least) for r, share in shares])
    window = dossier.case.protocol.window(procedure.values.get("anaesthetic"))
    until = "at no time" if good is None else f"until {minutes(good)}"
    before = told(procedure)
    return f"{before}, then {timed}; {least} % {until} of {minutes(window)} expected"


def _first_run(readings: list[tuple[int, bool]]) -> int | None:
    """The last time of the first stretch of good readings, or None."""
    stretch = itertools.dropwhile(lambda reading: not reading[1], readings)
    good = list(itertools.takewhile(lambda reading: reading[1], stretch))
    return good[-1][0] if good else None


def _share(procedure: Evidence, score: Evidence) -> str:
    if not procedure.pain or score.pain is None:
        return ""
    relief: Fraction = percent_relief(procedure.pain, score.pain)
    return f" ({percent(relief)}) on {score.day}"


def _score_after(dossier: Dossier, injection: Evidence) -> list[Evidence]:
    """The first score of the steroid phase, on its scale, before the next procedure."""
    first = dossier.case.episode.day_after(
        injection.day, dossier.number("steroid_from_day")
    )
    later = [
        each.day
        for kind in ("injection", "block", "rfa", "fusion")
        for each in dossier.of_kind(kind)
        if each.day > injection.day
    ]
    return [
        each
        for each in dossier.of_kind("score")
        if each.scale == injection.scale
        and each.day >= first
        and all(each.day < day for day in later)
    ][:1]
