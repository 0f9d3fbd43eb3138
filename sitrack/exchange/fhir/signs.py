"""Evidence as FHIR: procedures, scores, what else was found, contacts and reminders.

An entry that was corrected stays as it was, and its correction stands beside it as a
resource of its own; one that was retracted is marked as entered in error.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from sitrack.exchange.fhir.care import due_name, subject
from sitrack.exchange.fhir.r4 import (
    BASE,
    Resource,
    concept,
    instant,
    moment,
    reference,
    resource,
)
from sitrack.exchange.leaving import Journey
from sitrack.exchange.pseudonyms import Names
from sitrack.journey.entries import CORRECTED, RETRACTED, Entry
from sitrack.journey.evidence import Evidence
from sitrack.journey.folding import read_evidence
from sitrack.journey.forms import KINDS

LOINC: Final = "http://loinc.org"
_PAIN: Final = ("72514-3", "Pain severity - 0-10 verbal numeric rating")
_SCORES: Final = ("nrs", "vas", "odi", "pgic")
_UNITS: Final = {"vas": "mm", "odi": "%"}
_MADE: Final = "final"


def of_journey(journey: Journey, names: Names) -> Iterator[Resource]:
    """Return a resource for each piece of evidence, in the order of the entries."""
    telling = _Telling(journey, names)
    for entry in journey.entries:
        kind = telling.kind_of(entry)
        if kind is not None and entry.payload is not None:
            yield from telling.evidence(entry, kind)
    yield from telling.reminders()


def resource_of(journey: Journey, number: int) -> dict[str, str] | None:
    """Return the reference to what an entry of evidence became; None for others."""
    entry = next((each for each in journey.entries if each.seq == number), None)
    kind = kind_in(journey, entry) if entry is not None else None
    if kind is None or entry is None or entry.payload is None:
        return None
    return reference(_type_of(kind), f"e-{journey.name}-{number}")


def kind_in(journey: Journey, entry: Entry) -> str | None:
    """Return the kind of evidence that an entry states, also where it corrects one."""
    if entry.kind == CORRECTED:
        first = next((e for e in journey.entries if e.seq == entry.corrects), None)
        return first.kind if first is not None and first.kind in KINDS else None
    return entry.kind if entry.kind in KINDS else None


def _type_of(kind: str) -> str:
    if KINDS[kind].procedure:
        return "Procedure"
    return "Communication" if kind == "contact" else "Observation"


class _Telling:
    """One journey's evidence on its way into a bundle."""

    def __init__(self, journey: Journey, names: Names) -> None:
        self.journey, self.names = journey, names
        self.patient = journey.episode.key.patient
        self.subject = subject(journey, names)
        self.retracted = {
            entry.corrects for entry in journey.entries if entry.kind == RETRACTED
        } - {each.seq for each in journey.stands}

    def kind_of(self, entry: Entry) -> str | None:
        return kind_in(self.journey, entry)

    def evidence(self, entry: Entry, kind: str) -> Iterator[Resource]:
        fact = self._fact(entry, kind)
        made = {
            "Procedure": self.procedure,
            "Communication": self.contact,
            "Observation": self.observation,
        }
        yield made[_type_of(kind)](entry, fact)

    def _fact(self, entry: Entry, kind: str) -> Evidence:
        """What the entry says, read as the kind of evidence that it is about."""
        whole = dataclasses.replace(entry, kind=kind)
        return read_evidence(whole, entry.day(self.names.zone), self.names.zone)

    def _status(self, entry: Entry, made: str, amended: str | None = None) -> str:
        if (entry.corrects or entry.seq) in self.retracted:
            return "entered-in-error"
        return amended if entry.corrects is not None and amended else made

    def _when(self, entry: Entry) -> str:
        at, exact = self.names.happened(self.patient, entry.occurred)
        return moment(at, exact=exact)

    def _written(self, entry: Entry) -> str | None:
        """To the moment only where nobody is hidden."""
        return instant(entry.recorded) if self.names.are_real else None

    def _performer(self, fact: Evidence) -> dict[str, str] | None:
        if fact.performer is None:
            return None
        return reference("Practitioner", f"s-{self.names.staff(fact.performer)}")

    def _name(self, entry: Entry) -> str:
        return f"e-{self.journey.name}-{entry.seq}"

    def _part_of(self, fact: Evidence) -> list[dict[str, str]] | None:
        found = resource_of(self.journey, fact.about) if fact.about else None
        is_one = found is not None and found["reference"].startswith("Procedure/")
        return [found] if found is not None and is_one else None

    def procedure(self, entry: Entry, fact: Evidence) -> Resource:
        side = self.journey.episode.key.side.value
        performer = self._performer(fact)
        return resource(
            "Procedure",
            self._name(entry),
            basedOn=[reference("CarePlan", f"c-{self.journey.name}")],
            status=self._status(entry, "completed"),
            code=concept("evidence", fact.kind, KINDS[fact.kind].title),
            subject=self.subject,
            performedDateTime=self._when(entry),
            performer=[{"actor": performer}] if performer else None,
            bodySite=[concept("side", side, text=f"{side} sacroiliac joint")],
            extension=self._extensions(fact),
        )

    def _extensions(self, fact: Evidence) -> list[dict[str, Any]]:
        """What FHIR has no place for in a procedure, under names of ours."""
        return [
            {
                "url": f"{BASE}/StructureDefinition/{name.replace('_', '-')}",
                **self._value(value),
            }
            for name, value in sorted(fact.values.items())
        ]

    def observation(self, entry: Entry, fact: Evidence) -> Resource:
        scores = [name for name in _SCORES if name in fact.values]
        alone = fact.kind == "score" and len(scores) == 1
        value = self._score(scores[0], fact.values[scores[0]]) if alone else {}
        performer = self._performer(fact)
        return resource(
            "Observation",
            self._name(entry),
            basedOn=[reference("CarePlan", f"c-{self.journey.name}")],
            partOf=self._part_of(fact),
            status=self._status(entry, _MADE, "corrected"),
            code=_score_code(scores[0])
            if alone
            else concept("evidence", fact.kind, KINDS[fact.kind].title),
            subject=self.subject,
            effectiveDateTime=self._when(entry),
            issued=self._written(entry),
            performer=[performer] if performer else None,
            component=[] if alone else list(self._components(fact)),
            **value,
        )

    def _components(self, fact: Evidence) -> Iterator[dict[str, Any]]:
        for name, value in sorted(fact.values.items()):
            if name in _SCORES:
                yield {"code": _score_code(name), **self._score(name, value)}
            else:
                code = concept("field", name.replace("_", "-"))
                yield {"code": code, **self._value(value)}
        for reading in fact.readings:
            after = {"value": reading.minutes, "unit": "min"}
            yield {
                "code": _score_code("nrs"),
                **self._score("nrs", reading.score),
                "extension": [
                    {
                        "url": f"{BASE}/StructureDefinition/after",
                        "valueQuantity": after,
                    }
                ],
            }

    def _score(self, name: str, value: Any) -> dict[str, Any]:
        number = Decimal(value)
        if name in {"nrs", "pgic"} and number == number.to_integral_value():
            return {"valueInteger": int(number)}
        unit = _UNITS.get(name, "{score}")
        return {"valueQuantity": {"value": _number(number), "unit": unit}}

    def _value(self, value: Any) -> dict[str, Any]:
        if isinstance(value, bool):
            return {"valueBoolean": value}
        if isinstance(value, int):
            return {"valueInteger": value}
        if isinstance(value, Decimal):
            return {"valueQuantity": {"value": _number(value)}}
        if isinstance(value, dt.date):
            day = self.names.day(self.patient, value)
            return {"valueDateTime": day.isoformat()}
        if isinstance(value, tuple):
            return {"valueString": " ".join(map(str, value)) or "none"}
        return {"valueString": str(value)}

    def contact(self, entry: Entry, fact: Evidence) -> Resource:
        """An attempt to reach the patient, by a person."""
        who = entry.provenance.performer or entry.provenance.recorder
        return resource(
            "Communication",
            self._name(entry),
            basedOn=[reference("CarePlan", f"c-{self.journey.name}")],
            status=self._status(entry, "completed"),
            category=[concept("communication", "contact")],
            medium=[concept("channel", str(fact.values["channel"]))]
            if "channel" in fact.values
            else None,
            subject=self.subject,
            sent=self._when(entry),
            sender=reference("Practitioner", f"s-{self.names.staff(who)}"),
            reasonCode=[concept("outcome", str(fact.values["outcome"]))],
        )

    def reminders(self) -> Iterator[Resource]:
        """What was sent, by the clock."""
        for number, sending in enumerate(self.journey.sent, start=1):
            at, exact = self.names.happened(self.patient, sending.at)
            line = (sending.visit, sending.rule, sending.occurrence)
            yield resource(
                "Communication",
                f"r-{self.journey.name}-{number}",
                basedOn=[reference("Task", due_name(self.journey, line))],
                status="completed",
                category=[concept("communication", "reminder")],
                medium=[concept("channel", sending.channel)],
                subject=self.subject,
                sent=moment(at, exact=exact),
                sender=reference("Device", "sitrack"),
                payload=[{"contentString": f"{self.journey.name} needs attention"}],
            )


def _number(value: Decimal) -> int | float:
    whole = value == value.to_integral_value()
    return int(value) if whole else float(value)


def _score_code(name: str) -> dict[str, Any]:
    if name == "nrs":
        return concept(LOINC, *_PAIN)
    return concept("score", name)
