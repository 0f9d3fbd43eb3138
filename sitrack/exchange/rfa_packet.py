"""The ten lines that a reviewer asks for before an RFA (clinical reference, 4.1)."""

from __future__ import annotations

from collections.abc import Iterator

from sitrack.exchange.dossier import Dossier, attach
from sitrack.exchange.packet import Line, Part, State, Subject
from sitrack.exchange.parts import (
    authorisations,
    drugs,
    examination,
    excluded,
    plan,
    records,
    side,
)
from sitrack.exchange.procedures import blocks, injections

TITLE = "Radiofrequency ablation of the sacral lateral branches"
_FIRST, _REPEAT = "block-positive", "repeat-rfa"
_REFERRED = ("lumbar", "hip", "soft_tissue")


def lines(dossier: Dossier, subject: Subject) -> Iterator[Line]:
    """Yield the checklist, filled."""
    asked = (
        ("Patient, side, plan and coverage", ("P10",), _who(dossier, subject)),
        ("Axial pain below L5, long and severe", ("C4", "P10"), _pain(dossier)),
        ("Physical examination", ("C2", "P1"), examination(dossier)),
        ("Other sources excluded", ("C4", "P5"), _differential(dossier)),
        ("Conservative care", ("P10", "P14"), _conservative(dossier)),
        ("Earlier injections", ("C5", "C8"), _injections(dossier)),
        ("Diagnostic blocks", ("P5", "P11"), _blocks(dossier)),
        ("Function, and what goes on", ("C5",), _function(dossier)),
        ("A repeated RFA", ("P11", "S8"), _repeat(dossier)),
        ("Signed, dated, authored records", ("C2", "C8", "O4"), records(dossier)),
    )
    for number, (title, sources, parts) in enumerate(asked, start=1):
        yield Line(number, title, sources, tuple(parts))


def _who(dossier: Dossier, subject: Subject) -> Iterator[Part]:
    if subject.born:
        yield Part("Name and date of birth", State.MET, "as above")
    else:
        yield Part("Date of birth", State.MISSING, "not on record")
    yield side(dossier)
    yield attach("Diagnosis code")
    yield plan(subject)
    yield from dossier.judged(_FIRST, "coverage", "Coverage, or a signed notice")
    yield from authorisations(dossier, "rfa")


def _pain(dossier: Dossier) -> Iterator[Part]:
    yield attach("Axial, not radicular, below L5")
    yield _duration(dossier)
    least = dossier.number("min_nrs_for_procedure")
    yield dossier.score("Pain", "nrs", least)
    yield dossier.score("Limits daily living (ODI)", "odi")


def _duration(dossier: Dossier) -> Part:
    least = dossier.number("min_pain_duration_days")
    longer = dossier.number("min_pain_duration_after_pregnancy_days")
    needs = f"{least} d"
    if longer > least:
        needs += f", {longer} d where a pregnancy brought it on"
    pains = [each for each in dossier.case.episode.evidence if each.pain is not None]
    if not pains:
        return Part("Duration", State.MISSING, "no pain score", needs)
    days = dossier.case.days_since(pains[0].day)
    seen, facts = f"on record for {days} d", dossier.facts(pains[:1])
    if days >= least:
        return Part("Duration", State.MET, seen, facts=facts)
    return Part("Duration", State.MISSING, f"{seen} only", needs, facts)


def _differential(dossier: Dossier) -> Iterator[Part]:
    for region in _REFERRED:
        yield _screen(dossier, region)
    words = ("inflammatory", "infection", "fracture", "tumour")
    yield excluded(dossier, words, dossier.of_kind("screen"))
    images = dossier.of_kind("imaging")
    yield dossier.on_record("Imaging, with dates", images)


def _screen(dossier: Dossier, region: str) -> Part:
    asks = region.replace("_", " ").capitalize()
    done = [
        each
        for each in dossier.of_kind("screen")
        if each.values.get(region, "not-done") != "not-done"
    ]
    if not done:
        return Part(asks, State.MISSING, "not screened")
    seen, facts = done[-1].values[region], dossier.facts(done[-1:])
    return Part.compared(asks, seen, "negative", facts, good=seen == "negative")


def _conservative(dossier: Dossier) -> Iterator[Part]:
    yield from dossier.judged("exhaust-conservative", "conservative-days", "Days")
    yield from dossier.judged(
        "exhaust-conservative", "active-therapy", "Active physical therapy"
    )
    yield _current(dossier)
    yield drugs(dossier)
    yield attach("Notes of the therapist")


def _current(dossier: Dossier) -> Part:
    """Care belongs to the present episode of pain [P10]."""
    asks, most = "Of the present episode", dossier.number("therapy_max_age_days")
    courses = dossier.of_kind("therapy")
    if not courses:
        return Part(asks, State.MISSING, "no therapy recorded")
    last = courses[-1]
    day = min(last.values.get("stop") or last.day, dossier.case.today)
    age = dossier.case.days_since(day)
    seen, facts = f"last on {day}", dossier.facts([last])
    if age > most:
        return Part(asks, State.STALE, f"{seen}, {age} d ago", f"{most} d", facts)
    return Part(asks, State.MET, seen, facts=facts)


def _injections(dossier: Dossier) -> Iterator[Part]:
    yield from injections(dossier)
    yield attach("Contrast images, two views or more")


def _blocks(dossier: Dossier) -> Iterator[Part]:
    yield from dossier.judged(_FIRST, "positive-blocks", "Positive blocks")
    yield from blocks(dossier)
    yield attach("A copy of each diary")


def _function(dossier: Dossier) -> Iterator[Part]:
    scored = [each for each in dossier.case.episode.evidence if "odi" in each.values]
    asks = "ODI before and after"
    if len({each.day for each in scored}) > 1:
        facts = dossier.facts([scored[0], scored[-1]])
        yield Part(asks, State.MET, facts=facts)
    else:
        seen = "only once" if scored else "none recorded"
        yield Part(asks, State.MISSING, seen, facts=dossier.facts(scored[:1]))
    said = [each for each in dossier.of_kind("score") if "pgic" in each.values]
    yield dossier.on_record("The patient's own judgement (PGIC)", said[-1:])
    goes_on = [
        each
        for each in dossier.of_kind("therapy")
        if each.values["type"] in {"active-stabilisation", "home-programme"}
        and "stop" not in each.values
    ]
    plan = "Rehabilitation that goes on"
    yield dossier.on_record(plan, goes_on[-1:]) if goes_on else attach(plan)


def _repeat(dossier: Dossier) -> Iterator[Part]:
    done = dossier.of_kind("rfa")
    if not done:
        yield Part("Earlier RFA", State.MET, "none of this side")
        return
    yield dossier.on_record("Earlier RFA", done)
    yield from dossier.judged(_REPEAT, "rfa-response", "Its relief")
    yield from dossier.judged(_REPEAT, "rfa-spacing", "Days since")
    yield from dossier.judged(_REPEAT, "rfa-sessions", "In a year")
