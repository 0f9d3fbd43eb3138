"""The thirteen lines that a reviewer asks for before a fusion (clinical reference, 4.2).

They are read as of the last fusion evaluation: what its judges call "of this stay" was
recorded then, also where the surgery is done meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sitrack.exchange.dossier import Dossier, attach
from sitrack.exchange.packet import Line, Part, State, Subject
from sitrack.exchange.parts import authorisations, drugs, excluded, plan, sign
from sitrack.exchange.procedures import injections
from sitrack.journey.assessment import work_up
from sitrack.journey.evidence import Evidence
from sitrack.journey.forms import EXCLUSIONS
from sitrack.pathway.stages import Stage, title_of

TITLE = "Fusion of the sacroiliac joint"
_MOVE = "record-fusion"
_SETS = (
    ("SI joint, plain film", "si-joint", {"x-ray"}),
    ("SI joint, CT or MRI", "si-joint", {"ct", "mri"}),
    ("Pelvis and hips", "pelvis", {"x-ray", "ct", "mri"}),
    ("Lumbar spine, CT or MRI", "lumbar", {"ct", "mri"}),
)
"""What is to be imaged, and how [P3][P4]."""


def lines(dossier: Dossier, subject: Subject) -> Iterator[Line]:
    """Yield the checklist, filled."""
    then = _as_evaluated(dossier)
    asked = (
        ("Pain and disability", ("P4", "T9"), _severity(then)),
        ("Care without surgery", ("P3", "P4", "P6"), _care(then)),
        ("The place of the pain", ("P4", "P6"), _place(then)),
        ("Provocation tests, named", ("P3", "P4"), _tests(then)),
        ("Imaging", ("P3", "P4"), _imaging(then)),
        ("Exclusions", ("P3", "P4"), _exclusions(then)),
        ("Injections into the joint", ("P3", "T12"), _injections(then)),
        ("Behavioural health", ("P3",), _behaviour(then)),
        ("Nicotine", ("P3",), _nicotine(then)),
        ("Surgeon, implant and approach", ("P3", "P7"), _surgery(then)),
        ("Side", ("P3",), _sides(dossier)),
        ("Shared decision and consent", ("founding 44",), _decision(then)),
        ("Codes and coverage", ("C11",), _codes(dossier, subject)),
    )
    for number, (title, sources, parts) in enumerate(asked, start=1):
        yield Line(number, title, sources, tuple(parts))


def _as_evaluated(dossier: Dossier) -> Dossier:
    """The dossier as of the last fusion evaluation, where there was one."""
    visits = dossier.case.episode.visits
    places = [
        place
        for place, visit in enumerate(visits, start=1)
        if visit.stage == Stage.FUSION_EVALUATION
    ]
    if not places:
        return dossier
    episode = replace(dossier.case.episode, visits=visits[: places[-1]])
    return replace(dossier, case=replace(dossier.case, episode=episode))


def _severity(dossier: Dossier) -> Iterator[Part]:
    yield from dossier.judged(_MOVE, "fusion-severity", "Pain", "Disability (ODI)")
    yield attach("What it does to daily living and quality of life")


def _care(dossier: Dossier) -> Iterator[Part]:
    yield from dossier.judged(_MOVE, "conservative-days", "Days")
    yield drugs(dossier)
    changed = [n for n in dossier.of_kind("note") if n.values["topic"] == "activity"]
    yield dossier.on_record("Activity modified", changed)
    yield dossier.on_record("Bracing", dossier.of_kind("belt"))
    yield dossier.on_record("Home programme", _courses(dossier, "home-programme"))
    rule = dossier.rule(_MOVE, "fusion-checklist")
    if rule:
        finding = work_up.supervised(dossier.case, rule)
        yield dossier.found("Supervised active therapy", finding)
    given = [
        each
        for each in dossier.of_kind("injection")
        if each.values.get("purpose") in {"therapeutic", "both"}
    ]
    yield dossier.on_record("Therapeutic injection", given)
    yield from dossier.judged(_MOVE, "prior-rfa-failure", "RFA")


def _courses(dossier: Dossier, of_type: str) -> list[Evidence]:
    return [c for c in dossier.of_kind("therapy") if c.values["type"] == of_type]


def _place(dossier: Dossier) -> Iterator[Part]:
    yield sign(dossier, "Fortin point", "fortin")
    yield sign(dossier, "Sacral sulcus tender", "sulcus")
    yield attach("Below L5, on one side mostly, no equal tenderness elsewhere")


def _tests(dossier: Dossier) -> Iterator[Part]:
    yield from dossier.judged(_MOVE, "provocation-tests", "Positive on this side")


def _imaging(dossier: Dossier) -> Iterator[Part]:
    most = dossier.number("fusion_imaging_max_age_days")
    for asks, region, modalities in _SETS:
        taken = [
            each
            for each in dossier.of_kind("imaging")
            if region in each.values["regions"]
            and each.values["modality"] in modalities
        ]
        part = dossier.on_record(asks, taken[-1:])
        age = dossier.case.days_since(taken[-1].day) if taken else 0
        if age > most:
            needs = f"at most {most} d old"
            part = replace(part, state=State.STALE, seen=f"{age} d old", needs=needs)
        yield part


def _exclusions(dossier: Dossier) -> Iterator[Part]:
    screens = work_up.of_this_stay(dossier.case, "screen")
    yield excluded(dossier, EXCLUSIONS, screens)


def _injections(dossier: Dossier) -> Iterator[Part]:
    titles = ("Positive injections", "Given as treatment")
    yield from dossier.judged(_MOVE, "fusion-injection", *titles)
    yield from injections(dossier)


def _behaviour(dossier: Dossier) -> Iterator[Part]:
    every = work_up.of_this_stay(dossier.case, "screen")
    screens = [each for each in every if "behavioural" in each.values]
    part = dossier.on_record("Behavioural screen", screens[-1:])
    if screens and screens[-1].values["behavioural"] == "unmanaged":
        part = replace(part, state=State.NOT_MET, needs="no unmanaged disorder")
    yield part
    yield attach("Substance use, managed")


def _nicotine(dossier: Dossier) -> Iterator[Part]:
    rule = dossier.rule(_MOVE, "fusion-checklist")
    if rule:
        finding = work_up.no_nicotine(dossier.case, rule)
        yield dossier.found("No nicotine", finding)


def _surgery(dossier: Dossier) -> Iterator[Part]:
    opinions = work_up.surgeons(dossier.case)
    part = dossier.on_record("The surgeon's opinion", opinions[-1:])
    if opinions and opinions[-1].values["verdict"] != "candidate":
        part = replace(part, state=State.NOT_MET, needs="candidate")
    yield part
    done = dossier.of_kind("fusion")
    if done:
        yield _approach(dossier, done[-1])
    else:
        yield attach("Planned implant, approach and image guidance")
    yield attach("The surgeon's qualification")


def _approach(dossier: Dossier, surgery: Evidence) -> Part:
    """Payers pay for a lateral approach that transfixes the joint [P3][P7]."""
    asks, facts = "Implant and approach", dossier.facts([surgery])
    implant = surgery.values.get("implant")
    if implant is None:
        return Part(asks, State.MISSING, "the implant is not recorded", facts=facts)
    if surgery.values["approach"] == "lateral" and implant != "allograft":
        return Part(asks, State.MET, facts=facts)
    needs = "lateral, transfixing"
    return Part(asks, State.NOT_MET, "27278 or a hybrid?", needs, facts)


def _sides(dossier: Dossier) -> Iterator[Part]:
    key, others = dossier.case.episode.key, dossier.case.others
    yield Part("Side of the surgery", State.MET, key.side.value)
    told = [f"{o.key}: {title_of(o.stage)} since {o.visit.entered}" for o in others]
    yield Part("The other side", State.MET, "; ".join(told) or "no episode")
    done = dossier.of_kind("fusion")
    if done:
        yield from dossier.judged(_MOVE, "fusion-surgery", "Not both on one day")
        return
    day = _booked(dossier.of_kind("booking"))
    same = [str(o.key) for o in others if day and _booked(o.of_kind("booking")) == day]
    asks, rule = "Not both on one day", dossier.rule(_MOVE, "fusion-surgery")
    if day is None:
        yield Part(asks, State.MISSING, "no surgery booked")
    elif same and rule and not rule.flag("same_day_bilateral"):
        seen, needs = f"both booked for {day}", "the two sides on different days"
        yield Part(asks, State.NOT_MET, f"{seen} ({', '.join(same)})", needs)
    else:
        both = f", and {', '.join(same)} too" if same else ""
        yield Part(asks, State.MET, f"booked for {day}{both}")


def _booked(bookings: list[Evidence]) -> object:
    """The day for which the fusion is booked, if it still is."""
    made = [each for each in bookings if each.values["what"] == "fusion"]
    if made and made[-1].values["status"] in {"made", "moved"}:
        return made[-1].values["day"]
    return None


def _decision(dossier: Dossier) -> Iterator[Part]:
    notes = [
        note
        for note in work_up.of_this_stay(dossier.case, "note")
        if note.values["topic"] == "shared-decision"
    ]
    yield dossier.on_record("Shared decision", notes[-1:])
    yield from dossier.judged(_MOVE, "consent-before-surgery", "Consent to fusion")
    given = [c for c in dossier.of_kind("consent") if c.values["procedure"] == "fusion"]
    asks = "Permanence explained"
    if given and given[-1].values.get("permanence"):
        yield dossier.on_record(asks, given[-1:])
    else:
        yield Part(asks, State.MISSING, "not recorded")


def _codes(dossier: Dossier, subject: Subject) -> Iterator[Part]:
    yield attach("Diagnosis and procedure codes")
    yield plan(subject)
    yield from authorisations(dossier, "fusion")
