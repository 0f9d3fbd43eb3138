"""What happens to one patient: walks along the pathway, decided as the commands decide.

A walk is made once for each day on which it begins, each side and each coordinator;
what was decided then is true of every patient of whom the same is told, and is written
for each of them with a salt, a chain and a batch of their own (`clinic.py`).
"""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass, field
from typing import Any

from sitrack.clock import start_of, zone_named
from sitrack.journey.agenda import agenda
from sitrack.journey.assessment.case import Case
from sitrack.journey.decisions import MoveRequest, decide_move
from sitrack.journey.entries import OPENED, Draft, Entry, Provenance
from sitrack.journey.episode import Episode
from sitrack.journey.folding import fold
from sitrack.journey.patient import EpisodeKey, patient_key
from sitrack.journey.plausibility import EvidenceForm, decide_evidence
from sitrack.pathway.loading import load, shipped_text
from sitrack.pathway.protocol import Protocol
from sitrack.pathway.stages import Side
from sitrack.record import agenda_lines, standing

ZONE = zone_named("Europe/London")
AT = dt.time(10)
"""When things are written down."""
ACCOUNT = {"account": "bench"}
MENTIONED = "episode-opened"
"""What the patient's own stream says of the episode, by its name."""


@dataclass(frozen=True)
class Act:
    """One thing that happens: evidence of a kind, or a move, on a day of the walk."""

    day: int
    kind: str
    values: dict[str, str] = field(default_factory=dict)
    readings: tuple[str, ...] = ()
    reason: str | None = None


def _move(day: int, target: str, reason: str | None = None) -> Act:
    return Act(day, f"to {target}", reason=reason)


_INJECTED = (
    Act(
        0, "injection", {"guidance": "fluoroscopy", "contrast": "in-joint", "nrs": "8"}
    ),
    Act(0, "diary", readings=("1h=2", "2h=2")),
)
_FAILED = (*_INJECTED, Act(14, "score", {"nrs": "7"}))
_REEVALUATION = (*_FAILED, _move(14, "re-evaluation"))
_EXAM = {"positive": "faber,gaenslen,thigh-thrust", "negative": "compression"}
_CLEAR = {"lumbar": "negative", "hip": "negative", "soft_tissue": "negative"}
_CONSERVATIVE = (
    *_REEVALUATION,
    Act(20, "exam", _EXAM),
    Act(20, "screen", _CLEAR),
    _move(20, "conservative-care"),
)
_REFERRED = (
    *_REEVALUATION,
    Act(20, "exam", _EXAM),
    Act(20, "screen", {**_CLEAR, "hip": "positive"}),
    _move(20, "referred-out", "hip"),
)
_BLOCK = (
    *_CONSERVATIVE,
    Act(70, "therapy", {"type": "active-stabilisation", "visits": "8", "start": "20"}),
    Act(70, "medication", {"drug": "naproxen", "start": "20", "response": "none"}),
    Act(70, "score", {"nrs": "7"}),
    _move(70, "diagnostic-block"),
)
_BLOCKED = {"anaesthetic": "bupivacaine", "nrs": "8", "guidance": "fluoroscopy"}
_RFA = (
    *_BLOCK,
    Act(80, "block", _BLOCKED),
    Act(80, "diary", readings=("1h=2", "2h=2")),
    Act(82, "consent", {"procedure": "rfa"}),
    _move(82, "rfa"),
)
_ABLATED = (
    *_RFA,
    Act(100, "rfa", {"technique": "cooled", "guidance": "fluoroscopy", "nrs": "8"}),
)
_RELIEF = (*_ABLATED, Act(190, "score", {"nrs": "2"}), _move(190, "relief"))
_FUSION = (*_ABLATED, Act(200, "score", {"nrs": "7"}), _move(200, "fusion-evaluation"))

WALKS: dict[str, tuple[int, tuple[Act, ...]]] = {
    "injected": (22, _INJECTED),
    "failed": (8, _FAILED),
    "re-evaluation": (10, _REEVALUATION),
    "conservative-care": (25, _CONSERVATIVE),
    "referred-out": (4, _REFERRED),
    "diagnostic-block": (7, _BLOCK),
    "rfa": (5, _RFA),
    "ablated": (8, _ABLATED),
    "relief": (9, _RELIEF),
    "fusion-evaluation": (2, _FUSION),
}
"""How many of a hundred open episodes stand where, and how they came there."""


@dataclass(frozen=True)
class Life:
    """What happened in one episode, in words that hold for any patient.

    Attributes:
        told: each draft with its day, in order; True where it is the patient's stream.
        episode: the row of its standing; the key and the patient are anybody's.
        spans: the rows of its stays.
        lines: the rows of what is due.
    """

    told: tuple[tuple[bool, Draft, dt.date], ...]
    episode: dict[str, Any]
    spans: list[dict[str, Any]]
    lines: list[dict[str, Any]]


@functools.cache
def life(walk: str, start: dt.date, side: Side, coordinator: str) -> Life:
    """Return the life of a walk that begins on a day."""
    walker = _walked(walk, start, side, coordinator)
    episode, key = walker.episode, str(walker.key)
    lines = agenda(episode, walker.protocol)
    return Life(
        told=tuple(walker.told),
        episode=standing.standing_row(episode),
        spans=standing.span_rows(episode),
        lines=[agenda_lines.agenda_row(key, line) for line in lines],
    )


@functools.cache
def span_of(walk: str) -> tuple[int, int]:
    """The last day of a walk, and the day on which something falls due after it."""
    start = dt.date(2025, 3, 4)
    walker = _walked(walk, start, Side.RIGHT, "rivera")
    first = agenda(walker.episode, walker.protocol)[0]
    return WALKS[walk][1][-1].day, (first.due - start).days


def _walked(walk: str, start: dt.date, side: Side, coordinator: str) -> _Walker:
    key = EpisodeKey(patient_key(1), side, 1)
    walker = _Walker(key, coordinator, load(shipped_text()))
    walker.begin(start)
    for act in WALKS[walk][1]:
        walker.does(act, start)
    return walker


class _Walker:
    """One episode, as far as it has been told."""

    def __init__(self, key: EpisodeKey, coordinator: str, protocol: Protocol) -> None:
        self.key, self.protocol = key, protocol
        self.who = Provenance(None, coordinator, "clinic")
        self.told: list[tuple[bool, Draft, dt.date]] = []
        self.entries: list[Entry] = []

    @property
    def episode(self) -> Episode:
        return fold(self.key, self.entries, ZONE)

    def begin(self, day: dt.date) -> None:
        self.told.append((True, Draft("enrolled", day, self.who, payload=ACCOUNT), day))
        opening = {
            **ACCOUNT,
            "coordinator": self.who.recorder,
            "side": self.key.side.value,
        }
        opened = Draft(
            OPENED,
            day,
            self.who,
            stage_to=self.protocol.initial,
            protocol=self.protocol.hash,
            payload=opening,
        )
        self._happened(opened, day)
        mention = Draft(MENTIONED, day, self.who, payload=ACCOUNT)
        self.told.append((True, mention, day))

    def does(self, act: Act, start: dt.date) -> None:
        day = start + dt.timedelta(days=act.day)
        target = act.kind.removeprefix("to ")
        draft = (
            self._evidence(act, start, day)
            if target == act.kind
            else self._move(target, act.reason, day)
        )
        self._happened(draft, day)

    def _happened(self, draft: Draft, day: dt.date) -> None:
        """Keep a draft, and the entry that it becomes, as far as a fold reads it."""
        self.told.append((False, draft, day))
        self.entries.append(
            Entry(
                stream=self.key.stream,
                seq=len(self.entries) + 1,
                entry_id="",
                kind=draft.kind,
                stage_from=draft.stage_from,
                stage_to=draft.stage_to,
                occurred=draft.occurred,
                recorded=start_of(day, ZONE, AT),
                provenance=draft.provenance,
                protocol=draft.protocol,
                corrects=draft.corrects,
                batch="",
                commitment="",
                previous="",
                hash="",
                payload=draft.payload,
                salt=None,
            )
        )

    def _evidence(self, act: Act, start: dt.date, day: dt.date) -> Draft:
        values: dict[str, Any] = dict(act.values)
        if "start" in values:
            values["start"] = str(start + dt.timedelta(days=int(values["start"])))
        form = EvidenceForm(
            kind=act.kind,
            occurred=None if act.kind == "diary" else day,
            side=None,
            about=None,
            values=values,
            readings=act.readings,
            provenance=self.who,
            payload=ACCOUNT,
        )
        return decide_evidence(self.episode, form, today=day, zone=ZONE, born=None)

    def _move(self, target: str, reason: str | None, day: dt.date) -> Draft:
        case = Case(self.episode, self.protocol, day, reason, ())
        request = MoveRequest(target, "advance", day, self.who, None, ACCOUNT)
        return decide_move(case, request)[0]
