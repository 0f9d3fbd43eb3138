"""One person of a file: who it is, and row after row what happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import TypeGuard, TypeVar

from sitrack.coordination.episodes import opening
from sitrack.coordination.importing.chapter import (
    Chapter,
    Judge,
    latest,
    refuse_ahead,
)
from sitrack.coordination.importing.desk import Desk
from sitrack.coordination.importing.identity import Unfit, identify
from sitrack.coordination.importing.tally import Near, Tally
from sitrack.errors import BadInput, NotFound, SitrackError
from sitrack.journey.entries import ENROLLED, PAYER_SET, Draft, Entry
from sitrack.journey.findings import Refused, frame_finding
from sitrack.journey.forms import KINDS
from sitrack.journey.intake.columns import EPISODE, PATIENT
from sitrack.journey.intake.rows import Act, Problem, Row
from sitrack.journey.patient import (
    EpisodeKey,
    patient_stream,
    read_episode_key,
)
from sitrack.pathway.stages import Side, Stage
from sitrack.record import persons, worklist
from sitrack.record.registry import Patient, Person

_T = TypeVar("_T")
_IN_ORDER = "check the day, and the rows before it"


class Story:
    """Takes one person's rows, in their order.

    Attributes:
        tally: what became of them.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.tally = Tally()
        self.patient: Patient | None = None
        self._person: list[Entry] = []
        self._chapters: dict[EpisodeKey, Chapter] = {}
        self._is_read = False
        self._rows: dict[str, tuple[str, int]] = {}
        self._failed: set[str] = set()
        self._spoiled: set[Side] = set()
        self._closed_sides: set[Side] = set()

    def tell(self, rows: Sequence[Act | Row]) -> None:
        """Take every row; whatever cannot be taken becomes a problem.

        Args:
            rows: what was read, in order; a row that cannot be read stands as it is.
        """
        first = rows[0]
        self.patient = self._guarded(first, self._who) if _is_act(first) else None
        if self.patient is None:
            self.tally.unjudged += sum(map(_is_act, rows[1:]))
            return
        for row in rows:
            if isinstance(row, Row):
                self._spoil(row)
            elif row is not first or row.kind != PATIENT:
                self._guarded(row, self._take)

    def settle(self) -> None:
        """Bring the copies of every episode up to date."""
        for chapter in self._chapters.values():
            chapter.settle()

    def _spoil(self, row: Row) -> None:
        """Note what rests on a row that cannot be read."""
        self._failed.add(row.cells.get("id", ""))
        sides = [side for side in Side if side == row.cells.get("side", side)]
        for side in sides:
            self._spoiled.add(side)
            if row.cells.get("kind") == EPISODE:
                self._closed_sides.add(side)

    def _guarded(self, act: Act, take: Callable[[Act], _T]) -> _T | None:
        """Do something with a row, and keep why that cannot be."""
        try:
            return take(act)
        except Unfit as unfit:
            self.tally.problems.append(unfit.problem)
        except SitrackError as error:
            self.tally.problems += _problems_of(act, error)
        self._failed.add(act.id)
        if act.side is not None:
            self._spoiled.add(act.side)
            if act.kind == EPISODE:
                self._closed_sides.add(act.side)
        return None

    # --- who it is

    def _who(self, act: Act) -> Patient | None:
        found = identify(self.desk, act)
        if found.new is not None:
            return self._enrol(act, found.new, found.like)
        self.tally.known += act.kind == PATIENT
        return found.enrolled

    def _enrol(self, act: Act, person: Person, like: Sequence[str]) -> Patient:
        work, desk = self.desk.work, self.desk
        patient = work.add_patient(person)
        where = patient.key if desk.keeps else f"row {act.row}"
        desk.people.add(where, person)
        key = patient.key if desk.keeps else None
        self.tally.near += [Near(act.row, key, other) for other in like]
        stream = patient_stream(patient.key)
        work.begin(stream)
        who, name = desk.provenance(act), desk.name_of(act.id)
        draft = Draft(ENROLLED, work.today, who, payload=desk.payload(act))
        self._person.append(work.append(stream, draft, entry_id=name))
        payer = act.said.get("payer")
        if payer is not None:
            paid = {**desk.author.payload(), "payer": payer}
            draft = Draft(PAYER_SET, work.today, who, payload=paid)
            self._person.append(work.append(stream, draft))
            work.pays(patient, payer)
        self._is_read = True
        self.tally.written[PATIENT] += 1
        return patient

    # --- what happened

    def _take(self, act: Act) -> None:
        if act.kind == PATIENT:
            why = "a person has one row of patient, before all the others"
            raise Unfit(act, "twice", None, why)
        known = self.desk.known(act.id)
        if known is not None:
            self._taken_before(act, known.stream, known.seq, known.told)
            return
        self._read()
        if act.kind == EPISODE:
            self._open(act)
            return
        chapter = latest(self._chapters.values(), act)
        if chapter is None:
            if act.side not in self._closed_sides:
                why = "no episode is open on that side: a row of episode comes first"
                raise BadInput(why)
            self.tally.unjudged += 1
            return
        if not self._is_judged(act):
            self.tally.unjudged += 1
            self._failed.add(act.id)
            return
        about = self._about(chapter, act)
        judge = Judge(self.desk, self._born, self._chapters, self._person)
        draft = judge.draft(chapter, act, about)
        self._refuse_two_open(chapter, draft)
        entry = chapter.write(act, draft)
        self._rows[act.id] = (chapter.key.stream, entry.seq)
        self.tally.written[act.kind] += 1
        self.tally.variances += "variance" in act.said

    @property
    def _born(self) -> dt.date | None:
        return self.patient.person.born if self.patient else None

    def _is_judged(self, act: Act) -> bool:
        """Whether a row can be judged, though one before it may have failed.

        A fact speaks for itself; a move rests on the facts before it.
        """
        if act.said.get("for") in self._failed:
            return False
        return act.kind in KINDS or act.side not in self._spoiled

    def _taken_before(
        self, act: Act, stream: str, seq: int, told: dict[str, str] | None
    ) -> None:
        where = f"{stream.partition('/')[2]}#{seq}"
        of_patient = self._is_mine(act, stream)
        if not of_patient or (told is not None and told.get("digest") != act.digest):
            why = f"its id is that of a row with another content, which became {where}"
            hint = (
                "correct what is written with sitrack entry correct, or give a new id"
            )
            raise Unfit(act, "changed", "id", why, hint)
        self._rows[act.id] = (stream, seq)
        self.tally.known += 1

    def _is_mine(self, act: Act, stream: str) -> bool:
        """Whether an entry is of this person, and of the side that a row names."""
        if self.patient is None or not stream.startswith("episode/"):
            return False
        key = read_episode_key(stream.removeprefix("episode/"))
        if key.side is not act.side:
            return False
        mine = self.patient.key
        return (
            mine == key.patient
            or persons.owner(self.desk.work.connection, key.patient) == mine
        )

    def _read(self) -> None:
        """Load what there is of somebody who was enrolled before."""
        if self._is_read or self.patient is None:
            return
        self._is_read = True
        work, key = self.desk.work, self.patient.key
        self._person = work.load(patient_stream(key))
        for name, _ in worklist.keys_of(work.connection, key):
            episode = read_episode_key(name)
            chapter = Chapter(self.desk, episode, work.load(episode.stream))
            self._chapters[episode] = chapter

    def _open(self, act: Act) -> None:
        last = latest(self._chapters.values(), act)
        if last is not None and last.told.stage != Stage.CLOSED:
            raise BadInput("an episode is open on that side already")
        work, day = self.desk.work, act.on
        if self.patient is None or act.side is None or day is None:
            raise ValueError("an episode has its patient, side and day")
        refuse_ahead(day, work.today)
        if self._born is not None and day < self._born:
            seen = f"{day} is before the patient's birth"
            raise Refused("", [frame_finding("OUT_OF_ORDER", seen)])
        taken = [k.ordinal for k in self._chapters if k.side is act.side]
        ordinal = max(taken, default=0) + 1
        chapter = Chapter(
            self.desk, EpisodeKey(self.patient.key, act.side, ordinal), []
        )
        who, said = self.desk.provenance(act), self.desk.payload(act)
        opened, mention = opening(
            chapter.key, day, who, self._lead(act), self.desk.protocol, said
        )
        work.begin(chapter.key.stream)
        chapter.write(act, opened)
        self._person.append(work.append(patient_stream(self.patient.key), mention))
        self._chapters[chapter.key] = chapter
        self.tally.written[EPISODE] += 1

    def _lead(self, act: Act) -> str | None:
        named = act.said.get("coordinator")
        if named is None:
            mine = self.desk.recorder
            return mine.id if mine.role == "coordinator" else None
        if self.desk.active(named) is None:
            raise NotFound(
                "coordinator is nobody on the staff list", "sitrack staff list"
            )
        return named

    def _refuse_two_open(self, chapter: Chapter, draft: Draft) -> None:
        """A closed episode comes back only where it is the last one of its side."""
        if draft.stage_to is None or chapter.told.stage != Stage.CLOSED:
            return
        for each in self._chapters.values():
            same_side = each.key.side is chapter.key.side and each is not chapter
            if same_side and each.told.stage != Stage.CLOSED:
                raise BadInput("another episode is open on that side")

    def _about(self, chapter: Chapter, act: Act) -> int | None:
        """The number of the entry that a row is about, where it names one."""
        row = act.said.get("for")
        if row is None:
            return None
        known = self.desk.known(row)
        where = self._rows.get(row) or (known and (known.stream, known.seq))
        if where is None:
            why = "for names no row of this episode that stands before it"
            raise BadInput(why)
        if where[0] != chapter.key.stream:
            raise BadInput("for names a row of another episode")
        return where[1]


def _is_act(row: Act | Row) -> TypeGuard[Act]:
    """Whether a row could be read."""
    return isinstance(row, Act)


def _problems_of(act: Act, error: SitrackError) -> Iterator[Problem]:
    """Each reason why a row cannot be taken, as a problem."""
    if not isinstance(error, Refused):
        yield Problem(act.row, None, error.type, error.message, error.hint)
        return
    for finding in error.findings:
        needs = f" (needs {finding.needs})" if finding.needs else ""
        seen = f"{finding.asks or finding.requirement}: {finding.seen}"
        if finding.asks == finding.seen:
            seen = finding.seen
        yield Problem(
            act.row,
            None,
            finding.label(),
            f"{seen}{needs}",
            _IN_ORDER if finding.code == "OUT_OF_ORDER" else None,
            is_refusal=True,
        )
