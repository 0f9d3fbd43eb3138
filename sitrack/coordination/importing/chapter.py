"""One episode while a file tells of it, and what its rows decide."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from sitrack.coordination.attesting import refuse_own
from sitrack.coordination.importing.desk import Desk
from sitrack.errors import BadInput, NotFound, NotPermitted
from sitrack.journey import parking
from sitrack.journey.agenda import agenda
from sitrack.journey.assessment.case import Case
from sitrack.journey.attesting import ATTESTATION
from sitrack.journey.decisions import MoveRequest, Variance, decide_move
from sitrack.journey.entries import Draft, Entry
from sitrack.journey.episode import Episode
from sitrack.journey.findings import Refused, frame_finding
from sitrack.journey.folding import fold
from sitrack.journey.forms import KINDS
from sitrack.journey.intake.columns import HOLD, LOST, MOVE, RESUME, RETURN
from sitrack.journey.intake.rows import Act
from sitrack.journey.parking import Parking
from sitrack.journey.patient import EpisodeKey
from sitrack.journey.plausibility import EvidenceForm, decide_evidence
from sitrack.pathway.policy import Payer, payer_named
from sitrack.pathway.protocol import Protocol
from sitrack.pathway.stages import Stage
from sitrack.record import history


class Chapter:
    """An episode, new or old, and its entries so far.

    Attributes:
        key: its name.
        is_new: it was opened by this file.
    """

    def __init__(self, desk: Desk, key: EpisodeKey, entries: list[Entry]) -> None:
        self.desk, self.key, self.entries = desk, key, entries
        self.is_new = not entries
        self._is_touched = False
        self._told: Episode | None = None
        self._last = max(map(self._day_of, entries), default=dt.date.min)

    def _day_of(self, entry: Entry) -> dt.date:
        return entry.day(self.desk.work.ledger.zone)

    @property
    def told(self) -> Episode:
        """The episode as its entries tell it."""
        if self._told is None:
            self._told = self.on_day(None)
        return self._told

    def on_day(self, day: dt.date | None) -> Episode:
        """Return the episode as of a day.

        Raises:
            NotFound: it was not open yet.
        """
        if day is not None and day >= self._last:
            return self.told  # nothing happened after that
        work = self.desk.work
        episode = fold(self.key, self.entries, work.ledger.zone, day)
        return history.told(work.connection, work.ledger, episode, self.entries)

    @property
    def protocol(self) -> Protocol:
        """The protocol it is pinned to."""
        return self.desk.protocol_of(self.told.protocol)

    def write(self, act: Act, draft: Draft) -> Entry:
        """Append what a row decided."""
        name = self.desk.name_of(act.id)
        entry = self.desk.work.append(self.key.stream, draft, entry_id=name)
        self.entries.append(entry)
        self._is_touched, self._told = True, None
        self._last = max(self._last, self._day_of(entry))
        return entry

    def settle(self) -> None:
        """Bring the copies up to date, if anything was written."""
        if self._is_touched:
            lines = agenda(self.told, self.protocol)
            self.desk.work.settle(self.told, self.protocol, lines, is_new=self.is_new)


Others = Callable[[dt.date], tuple[Episode, ...]]
"""The same patient's other episodes, as of a day."""


class Judge:
    """Decides what a row says of an episode, as the commands would on that day."""

    def __init__(
        self,
        desk: Desk,
        born: dt.date | None,
        chapters: Mapping[EpisodeKey, Chapter],
        person: Sequence[Entry],
    ) -> None:
        self.desk, self.born = desk, born
        self.chapters, self.person = chapters, person

    def draft(self, chapter: Chapter, act: Act, about: int | None) -> Draft:
        """Return the entry of a row.

        Raises:
            Refused, BadInput, NotFound, NotPermitted: why it cannot be.
        """
        self._refuse_strangers(act)
        if act.kind == MOVE:
            return self._move(chapter, act)
        if act.kind in _STATUS:
            return self._change(chapter, act)
        return self._fact(chapter, act, about)

    def _refuse_strangers(self, act: Act) -> None:
        """Whoever is named has to be on the staff list."""
        for column in ("performer", "clinician"):
            if column in act.said and self.desk.member(act.said[column]) is None:
                hint = "sitrack staff add ID --role clinician"
                raise NotPermitted(f"{column} is nobody on the staff list", hint)

    def _fact(self, chapter: Chapter, act: Act, about: int | None) -> Draft:
        kind = KINDS[act.kind]
        if kind.clinician:
            named = act.said.get("performer") or self.desk.recorder.id
            self._clinician(named, "an attestation", "performer")
        form = EvidenceForm(
            kind=act.kind,
            occurred=act.on,
            side=act.side,
            about=about,
            values=act.values,
            readings=act.readings,
            provenance=self.desk.provenance(act),
            payload=self.desk.payload(act),
        )
        work = self.desk.work
        draft = decide_evidence(
            chapter.told,
            form,
            today=work.today,
            zone=work.ledger.zone,
            born=self.born,
        )
        if draft.kind == ATTESTATION:
            refuse_own(work, chapter.entries, draft)
        return draft

    def _move(self, chapter: Chapter, act: Act) -> Draft:
        day = _day_of(act)
        refuse_ahead(day, self.desk.work.today)
        episode = chapter.on_day(day)
        protocol = self.desk.protocol_of(episode.protocol)
        target = act.said["stage"]
        move = protocol.move_between(episode.stage, target)
        variance = self._variance(act)
        payload = self.desk.payload(act)
        if variance is not None:
            payload.pop("text")
        request = MoveRequest(
            target=target,
            command=move.command if move else "advance",
            occurred=day,
            provenance=self.desk.provenance(act),
            variance=variance,
            payload=payload,
        )
        case = Case(
            episode,
            protocol,
            day,
            act.said.get("reason"),
            self._others(chapter, day),
            self._payer(day),
        )
        return decide_move(case, request)[0]

    def _others(self, chapter: Chapter, day: dt.date) -> tuple[Episode, ...]:
        found = []
        for each in self.chapters.values():
            if each is not chapter:
                with contextlib.suppress(NotFound):
                    found.append(each.on_day(day))
        return tuple(found)

    def _payer(self, day: dt.date) -> Payer | None:
        zone = self.desk.work.ledger.zone
        name = history.payer_told(self.person, zone, day)
        return payer_named(name) if name else None

    def _variance(self, act: Act) -> Variance | None:
        if "variance" not in act.said:
            return None
        clinician = act.said.get("clinician")
        self._clinician(clinician, "a variance", "clinician")
        if "text" not in act.said:
            raise BadInput("text is empty: a variance says why, in words")
        return Variance(act.said["variance"], str(clinician), act.said["text"])

    def _clinician(self, name: str | None, what: str, column: str) -> None:
        found = self.desk.active(name) if name else None
        if found is None or found.role != "clinician":
            raise NotPermitted(
                f"{column} names no clinician, and {what} needs one",
                "see who is one: sitrack staff list",
            )

    def _change(self, chapter: Chapter, act: Act) -> Draft:
        day = _day_of(act)
        refuse_ahead(day, self.desk.work.today)
        if day < chapter.told.moved:
            seen = f"stage or status changed last on {chapter.told.moved}"
            raise Refused("", [frame_finding("OUT_OF_ORDER", seen)])
        episode = chapter.on_day(day)
        asked = Parking(
            episode,
            self.desk.protocol_of(episode.protocol),
            day,
            self.desk.provenance(act),
            self.desk.payload(act),
        )
        return _STATUS[act.kind](asked, act)


def _day_of(act: Act) -> dt.date:
    if act.on is None:
        raise ValueError("a row of that kind has its day")
    return act.on


def refuse_ahead(day: dt.date, today: dt.date) -> None:
    """Refuse a day that has not come.

    Raises:
        Refused: with the code of the pathway.
    """
    if day > today:
        raise Refused("", [frame_finding("FUTURE_DATED", f"{day} is after {today}")])


def _held(asked: Parking, act: Act) -> Draft:
    review = dt.date.fromisoformat(act.said["review"])
    return parking.hold(asked, act.said["reason"], review)


def _resumed(asked: Parking, _act: Act) -> Draft:
    if len(asked.episode.open_holds) != 1:
        number = len(asked.episode.open_holds)
        raise BadInput(f"{number} holds are open on that day: one can be released")
    return parking.resume(asked, None)


_STATUS: Final[Mapping[str, Callable[[Parking, Act], Draft]]] = {
    HOLD: _held,
    RESUME: _resumed,
    LOST: lambda asked, _act: parking.lose(asked),
    RETURN: lambda asked, _act: parking.come_back(asked),
}


def latest(chapters: Iterable[Chapter], act: Act) -> Chapter | None:
    """Return the episode that a row of that side is about: the last one opened.

    Of somebody who was merged, episodes have several keys: one that is open comes first.
    """
    of_side = [each for each in chapters if each.key.side is act.side]
    if len(of_side) == 1:
        return of_side[0]
    return max(
        of_side,
        key=lambda each: (
            each.told.stage != Stage.CLOSED,
            each.told.opened,
            each.key.ordinal,
        ),
        default=None,
    )
