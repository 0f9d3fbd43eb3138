"""A journey as FHIR: patient, plan, condition, a task for each stay and each due item."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sitrack.exchange.fhir.r4 import BASE, Resource, concept, reference, resource
from sitrack.exchange.leaving import Journey
from sitrack.exchange.pseudonyms import Names
from sitrack.journey.episode import PROCEDURE_OF, Visit
from sitrack.pathway.stages import Stage, Status, title_of
from sitrack.record.registry import Patient

_PLAN: Final = {
    Status.ACTIVE: "active",
    Status.ON_HOLD: "on-hold",
    Status.LOST: "on-hold",
    Status.FINISHED: "completed",
}
_REVOKED: Final = ("declined", "transferred", "deceased", "opened-in-error")
_UNCONFIRMED: Final = (Stage.INJECTION, Stage.REEVALUATION)
ICD10: Final = "http://hl7.org/fhir/sid/icd-10-cm"


@dataclass(frozen=True)
class Asked:
    """What an export is to say.

    Attributes:
        names: what everybody is called.
        diagnosis: the ICD-10-CM code of the pain.
        unmasked: names and birth dates are asked for.
        who_saw: who read and what left, too.
    """

    names: Names
    diagnosis: str
    unmasked: bool = False
    who_saw: bool = False


def patient(found: Patient, asked: Asked) -> Resource:
    """Return a patient; a record number only where nobody is hidden."""
    name = asked.names.patient(found.key)
    person = found.person
    identifiers = [{"system": f"{BASE}/patient", "value": name}]
    if asked.names.are_real and person.mrn:
        identifiers.append({"system": f"{BASE}/record-number", "value": person.mrn})
    in_full = asked.unmasked and asked.names.are_real
    return resource(
        "Patient",
        f"p-{name}",
        identifier=identifiers,
        name=[{"family": person.family, "given": [person.given]}] if in_full else None,
        birthDate=person.born.isoformat() if in_full and person.born else None,
    )


def practitioner(name: str, role: str | None) -> Resource:
    """Return a member of staff, by what the export calls them."""
    role_of = [{"code": concept("role", role)}] if role else None
    return resource(
        "Practitioner",
        f"s-{name}",
        identifier=[{"system": f"{BASE}/staff", "value": name}],
        qualification=role_of,
    )


def device(version: str) -> Resource:
    """Return the software that put it all together."""
    return resource(
        "Device",
        "sitrack",
        deviceName=[{"name": "sitrack", "type": "user-friendly-name"}],
        version=[{"value": version}],
    )


def of_journey(journey: Journey, asked: Asked) -> Iterator[Resource]:
    """Return the plan, the condition and the tasks of a journey."""
    telling = _Telling(journey, asked)
    yield telling.condition()
    yield telling.plan()
    for visit in journey.episode.visits:
        yield telling.stay(visit)
    yield from telling.due_items()


def subject(journey: Journey, names: Names) -> dict[str, str]:
    """Return the reference to whose journey it is."""
    return reference("Patient", f"p-{names.patient(journey.episode.key.patient)}")


def stay_of(journey: Journey, number: int) -> dict[str, str]:
    """Return the reference to a stay, by the entry that began it."""
    return reference("Task", f"v-{journey.name}-{number}")


def due_name(journey: Journey, line: tuple[int, str, int]) -> str:
    """Return the id of a due item, by visit, rule and occurrence."""
    return f"due-{journey.name}-{line[0]}-{line[1]}-{line[2]}"


class _Telling:
    """One journey on its way into a bundle."""

    def __init__(self, journey: Journey, asked: Asked) -> None:
        self.journey, self.asked = journey, asked
        self.names, self.episode = asked.names, journey.episode
        self.key = journey.episode.key
        self.subject = subject(journey, asked.names)
        lead = journey.episode.coordinator
        self.owner = (
            reference("Practitioner", f"s-{self.names.staff(lead)}") if lead else None
        )

    def day(self, day: dt.date | None) -> str | None:
        if day is None:
            return None
        return self.names.day(self.key.patient, day).isoformat()

    def condition(self) -> Resource:
        """The pain source: provisional until the source is confirmed."""
        stages = [visit.stage for visit in self.episode.visits]
        status = "provisional"
        if self.episode.stage == Stage.REFERRED_OUT:
            status = "refuted"
        elif set(stages) - {*_UNCONFIRMED, Stage.REFERRED_OUT, Stage.CLOSED}:
            status = "confirmed"
        over = self.episode.status is Status.FINISHED
        side = self.key.side.value
        return resource(
            "Condition",
            f"d-{self.journey.name}",
            clinicalStatus=concept(
                "http://terminology.hl7.org/CodeSystem/condition-clinical",
                "inactive" if over else "active",
            ),
            verificationStatus=concept(
                "http://terminology.hl7.org/CodeSystem/condition-ver-status", status
            ),
            code=concept(ICD10, self.asked.diagnosis, text="Sacroiliac joint pain"),
            bodySite=[concept("side", side, text=f"{side} sacroiliac joint")],
            subject=self.subject,
            onsetDateTime=self.day(self.episode.opened),
        )

    def plan(self) -> Resource:
        """The episode itself."""
        ended = self.episode.status is Status.FINISHED
        last = self.episode.visit
        status = _PLAN[self.episode.status]
        if ended and last.reason in _REVOKED:
            status = "revoked"
        begun, over = self.day(self.episode.opened), self.day(last.entered)
        protocol = self.journey.protocol
        return resource(
            "CarePlan",
            f"c-{self.journey.name}",
            instantiatesUri=[f"{BASE}/protocol/{protocol.id}|{protocol.hash}"],
            status=status,
            intent="plan",
            title=f"Sacroiliac cascade, {self.key.side.value}",
            subject=self.subject,
            period={"start": begun, **({"end": over} if ended else {})},
            author=self.owner,
            addresses=[reference("Condition", f"d-{self.journey.name}")],
            activity=[
                {"reference": stay_of(self.journey, visit.seq)}
                for visit in self.episode.visits
            ],
        )

    def stay(self, visit: Visit) -> Resource:
        """One stay in a stage."""
        over = visit.left is not None or visit.stage == Stage.CLOSED
        period = {"start": self.day(visit.entered)}
        if visit.left is not None:
            period["end"] = self.day(visit.left)
        procedure = self.episode.procedure(visit)
        has_one = procedure is not None and PROCEDURE_OF.get(Stage(visit.stage))
        return resource(
            "Task",
            f"v-{self.journey.name}-{visit.seq}",
            basedOn=[reference("CarePlan", f"c-{self.journey.name}")],
            status="completed" if over else "in-progress",
            businessStatus=concept("reason", visit.reason) if visit.reason else None,
            intent="plan",
            code=concept("stage", visit.stage, title_of(visit.stage)),
            focus=reference("Procedure", f"e-{self.journey.name}-{procedure.seq}")
            if procedure is not None and has_one
            else None,
            for_=self.subject,
            executionPeriod=period,
            owner=self.owner,
        )

    def due_items(self) -> Iterator[Resource]:
        """What is due, and what was once reminded of and is answered."""
        open_lines = {
            (line.visit, line.rule, line.occurrence): line.due
            for line in self.journey.due
        }
        reminded = {
            (each.visit, each.rule, each.occurrence): each.due
            for each in self.journey.sent
        }
        for line, due in sorted((reminded | open_lines).items()):
            yield resource(
                "Task",
                due_name(self.journey, line),
                basedOn=[reference("CarePlan", f"c-{self.journey.name}")],
                status="requested" if line in open_lines else "completed",
                intent="plan",
                code=concept("task", "reminder"),
                description=f"follow-up {line[1]}",
                for_=self.subject,
                owner=self.owner,
                restriction={"period": {"end": self.day(due)}},
            )


def staff_of(journey: Journey) -> set[str]:
    """Return the ids of everybody who did or wrote something on a journey."""
    found: set[Any] = {journey.episode.coordinator}
    for entry in journey.entries:
        found |= {entry.provenance.performer, entry.provenance.recorder}
    return {each for each in found if each}
