"""Journeys as OCEL 2.0 JSON: patients, journeys, stays, evidence and due items as objects.

Unlike XES it keeps the amendments: each is an event that points at what it amends.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from sitrack.clock import start_of
from sitrack.exchange.leaving import Journey
from sitrack.exchange.pseudonyms import Names
from sitrack.exchange.steps import REMINDER, Step, step_of, steps
from sitrack.journey.entries import CORRECTED, RETRACTED, Entry
from sitrack.journey.episode import Visit

_AMENDING: Final = {CORRECTED: "correct", RETRACTED: "retract"}
_ON_EVENTS: Final = {
    "from": "string",
    "to": "string",
    "recorded": "time",
    "precision": "string",
    "said": "string",
}
_ON_OBJECTS: Final[Mapping[str, Mapping[str, str]]] = {
    "patient": {},
    "journey": {"stage": "string", "side": "string", "protocol": "string"},
    "stage_visit": {"stage": "string"},
    "evidence": {"kind": "string"},
    "due_item": {"rule": "string"},
    "staff": {"role": "string"},
}


def log(
    found: Iterable[Journey], names: Names, roles: Mapping[str, str]
) -> dict[str, Any]:
    """Return the whole log.

    Args:
        found: the journeys.
        names: what they are called.
        roles: the role of each member of staff, by what the export calls them.
    """
    objects: dict[str, dict[str, Any]] = {}
    events: list[dict[str, Any]] = []
    for journey in found:
        _Telling(journey, names, roles, objects, events).tell()
    kinds = sorted({event["type"] for event in events})
    return {
        "objectTypes": [_declared(*each) for each in _ON_OBJECTS.items()],
        "eventTypes": [_declared(kind, _ON_EVENTS) for kind in kinds],
        "objects": list(objects.values()),
        "events": events,
    }


def _declared(name: str, attributes: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": name,
        "attributes": [
            {"name": each, "type": kind} for each, kind in attributes.items()
        ],
    }


class _Telling:
    """One journey on its way into a log."""

    def __init__(
        self,
        journey: Journey,
        names: Names,
        roles: Mapping[str, str],
        objects: dict[str, dict[str, Any]],
        events: list[dict[str, Any]],
    ) -> None:
        self.journey, self.names, self.roles = journey, names, roles
        self.objects, self.events = objects, events
        self.name, self.key = journey.name, journey.episode.key

    def tell(self) -> None:
        """Add everything that the journey holds."""
        self._about_people()
        visits = {visit.seq: visit for visit in self.journey.episode.visits}
        for visit in visits.values():
            self._object(
                self._visit(visit.seq),
                "stage_visit",
                [("stage", visit.stage, self._noon(visit.entered))],
            )
            self._relates(self.name, self._visit(visit.seq), "has visit")
        for fact in self.journey.episode.evidence:
            at = self._noon(fact.day)
            self._object(self._entry(fact.seq), "evidence", [("kind", fact.kind, at)])
            self._relates(self._entry(fact.seq), self.name, "recorded for")
        for step in steps(self.journey, self.names):
            self._step(step, visits)
        for entry in self.journey.entries:
            if entry.corrects is not None:
                self._amendment(entry)

    def _about_people(self) -> None:
        episode = self.journey.episode
        patient = self.names.patient(self.key.patient)
        opened = self._noon(episode.opened)
        stages = [("stage", v.stage, self._noon(v.entered)) for v in episode.visits]
        self._object(
            self.name,
            "journey",
            [
                ("side", self.key.side.value, opened),
                ("protocol", self.journey.protocol.id, opened),
                *stages,
            ],
        )
        self._object(patient, "patient", [])
        self._relates(patient, self.name, "has journey")

    def _step(self, step: Step, visits: Mapping[int, Visit]) -> None:
        relations = [(self.name, "journey"), *self._of(step)]
        if step.number is not None and step.number in visits:
            relations.append((self._visit(step.number), "enters"))
            left = self._left(visits, step.number)
            relations += [(self._visit(left), "leaves")] if left else []
        relations += [(self._entry(seq), "evidence") for seq in step.rests_on]
        number = step.number if step.number is not None else step.id
        self._event(f"{self.name}#{number}", step, relations)

    def _of(self, step: Step) -> Iterator[tuple[str, str]]:
        """Who did it, and the due item that a reminder was about."""
        if step.who is not None:
            self._object(
                step.who,
                "staff",
                [("role", self.roles.get(step.who, "unknown"), _START)],
            )
            yield step.who, "actor"
        if step.name == REMINDER and step.about is not None:
            visit, rule, occurrence = step.about
            item = f"{self.name}/{visit}/{rule}/{occurrence}"
            self._object(item, "due_item", [("rule", rule, _text(step.at))])
            self._relates(item, self.name, "due for")
            yield item, "about"

    def _amendment(self, entry: Entry) -> None:
        """An amendment is written when it is written: it happens to the record."""
        step = step_of(entry, self.key.patient, self.names)
        target = int(entry.corrects or 0)
        visit = any(each.seq == target for each in self.journey.episode.visits)
        name = self._visit(target) if visit else self._entry(target)
        if name not in self.objects:
            # What was retracted stands in the log as what it was.
            first = next(e for e in self.journey.entries if e.seq == target)
            kind = "stage_visit" if first.stage_to else "evidence"
            name = self._visit(target) if first.stage_to else self._entry(target)
            word = ("stage", first.stage_to) if first.stage_to else ("kind", first.kind)
            at = self._noon(first.day(self.names.zone))
            self._object(name, kind, [(*word, at)])
        relations = [(self.name, "journey"), *self._of(step), (name, "corrects")]
        self._event(
            f"{self.name}#{entry.seq}",
            step,
            relations,
            kind=_AMENDING.get(entry.kind, "record-afresh"),
            at=_text(step.recorded),
        )

    def _event(
        self,
        name: str,
        step: Step,
        relations: Iterable[tuple[str, str]],
        kind: str | None = None,
        at: str | None = None,
    ) -> None:
        values = {
            "from": step.left,
            "to": step.entered,
            "recorded": _text(step.recorded),
            "precision": "time" if step.exact else "day",
            "said": step.said,
        }
        self.events.append(
            {
                "id": name,
                "type": kind or step.name,
                "time": at or _text(step.at),
                "attributes": [
                    {"name": key, "value": value}
                    for key, value in values.items()
                    if value is not None
                ],
                "relationships": [
                    {"objectId": target, "qualifier": qualifier}
                    for target, qualifier in dict.fromkeys(relations)
                ],
            }
        )

    def _object(
        self, name: str, kind: str, values: Iterable[tuple[str, str, str]]
    ) -> None:
        if name not in self.objects:
            self.objects[name] = {
                "id": name,
                "type": kind,
                "attributes": [
                    {"name": key, "value": value, "time": at}
                    for key, value, at in values
                ],
                "relationships": [],
            }

    def _relates(self, source: str, target: str, qualifier: str) -> None:
        relation = {"objectId": target, "qualifier": qualifier}
        if relation not in self.objects[source]["relationships"]:
            self.objects[source]["relationships"].append(relation)

    def _left(self, visits: Mapping[int, Visit], entered: int) -> int | None:
        """The stay that ended when another one began."""
        order = list(visits)
        place = order.index(entered)
        return order[place - 1] if place else None

    def _noon(self, day: dt.date) -> str:
        return _text(self.names.happened(self.key.patient, day)[0])

    def _visit(self, number: int) -> str:
        return f"{self.name}/{number}"

    def _entry(self, number: int) -> str:
        return f"{self.name}#{number}"


_START: Final = "1970-01-01T00:00:00.000+00:00"


def _text(moment: dt.datetime | dt.date) -> str:
    if not isinstance(moment, dt.datetime):
        moment = start_of(moment, dt.UTC)
    return moment.isoformat(timespec="milliseconds")
