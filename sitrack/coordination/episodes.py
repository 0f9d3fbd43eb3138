"""Opening an episode, loading it for a write, and moving it on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sitrack.coordination.days import refuse_impossible
from sitrack.coordination.people import Author, clinician_named, provenance
from sitrack.errors import BadInput, NotFound, WrittenFirst
from sitrack.journey.agenda import Due
from sitrack.journey.assessment.case import Case
from sitrack.journey.decisions import MoveRequest, Variance, decide_move
from sitrack.journey.entries import OPENED, Draft, Entry, Provenance
from sitrack.journey.episode import Episode
from sitrack.journey.folding import fold
from sitrack.journey.patient import (
    EpisodeKey,
    is_patient_key,
    patient_stream,
    read_episode_key,
    read_patient_key,
)
from sitrack.pathway.policy import Payer, payer_named
from sitrack.pathway.protocol import Protocol
from sitrack.pathway.stages import Side, Stage
from sitrack.record import (
    duty,
    history,
    library,
    persons,
    registry,
    staff,
    standing,
    worklist,
)
from sitrack.record.journal import Work, load_stream, writing
from sitrack.record.ledger import Ledger, Reader, reading
from sitrack.record.registry import Patient


@dataclass(frozen=True, slots=True)
class Written:
    """What a command wrote, and where the episode stands after it.

    Attributes:
        patient: whose it is; screens show the initials.
        episode: as it stands now.
        entry: the entry that was written.
        due: what is due now, earliest first.
        protocol: the one the episode is pinned to.
        today: the clinical day of the command.
        dry_run: nothing was kept.
    """

    patient: Patient
    episode: Episode
    entry: Entry
    due: Sequence[Due]
    protocol: Protocol
    today: dt.date
    dry_run: bool


def find_key(ledger: Ledger, typed: str) -> EpisodeKey:
    """Return the episode that was named, by its key or by its patient's.

    A patient's key stands for the patient's one open episode. The key of an episode is
    not looked up: what loads the episode next refuses one that is not there.

    Raises:
        NotFound: the patient is not there, or has no open episode, or several.
    """
    if not is_patient_key(typed):
        return read_episode_key(typed)
    patient = read_patient_key(typed)
    with reading(ledger) as connection:
        patient = registry.patient(connection, patient).key
        keys = worklist.keys_of(connection, patient)
    live = [key for key, status in keys if status != "finished"]
    if len(live) == 1:
        return read_episode_key(live[0])
    if not live:
        raise NotFound(
            f"{patient} has no open episode",
            f"sitrack episode open {patient} --side left|right",
        )
    raise NotFound(f"{patient} has several open episodes", f"say {' or '.join(live)}")


def find_existing(ledger: Ledger, typed: str) -> EpisodeKey:
    """Return the episode that was named, where nothing loads it afterwards.

    Raises:
        NotFound: there is no such episode, or several are open.
    """
    key = find_key(ledger, typed)
    with reading(ledger) as connection:
        if not load_stream(connection, key.stream):
            raise _no_episode(key)
    return key


def _no_episode(key: EpisodeKey) -> NotFound:
    return NotFound(f"there is no episode {key}", f"sitrack show {key.patient}")


def open_episode(
    ledger: Ledger,
    author: Author,
    patient_key: str,
    side: Side,
    *,
    on: dt.date | None = None,
    coordinator: str | None = None,
    dry_run: bool = False,
) -> Written:
    """Open an episode of care on one side, in the stage *injection*.

    Args:
        ledger: the record.
        author: who opens it; a coordinator looks after what they open.
        patient_key: whose it is.
        side: of which joint.
        on: its first day; None is today.
        coordinator: somebody else who looks after it, or a team in whose queue it waits.
        dry_run: keep nothing.

    Raises:
        NotFound: there is no such patient.
        BadInput: that side has an open episode.
        Refused: the day cannot be.
    """
    with writing(ledger, dry_run=dry_run) as work:
        who = provenance(work, author)
        patient = registry.patient(work.connection, read_patient_key(patient_key))
        work.load(patient_stream(patient.key))
        key = _next_key(work, patient.key, side)
        day = on or work.today
        refuse_impossible(day, work.today, patient.person.born)
        protocol = library.current(work.connection)
        lead, team = _whose(work, coordinator, who.recorder)
        opened, mention = opening(key, day, who, lead, protocol, author.payload())
        if team is not None:
            opened = replace(opened, payload={**opened.payload, "team": team})
        entry = work.append(key.stream, opened)
        work.append(patient_stream(patient.key), mention)
        return settled(work, patient, key, [entry], protocol, dry_run=dry_run)


def opening(
    key: EpisodeKey,
    day: dt.date,
    who: Provenance,
    coordinator: str | None,
    protocol: Protocol,
    said: Mapping[str, Any],
) -> tuple[Draft, Draft]:
    """Return what opens an episode, and its mention in the patient's stream."""
    opened = Draft(
        OPENED,
        day,
        who,
        stage_to=protocol.initial,
        protocol=protocol.hash,
        payload={**said, "coordinator": coordinator, "side": key.side.value},
    )
    mention = {**said, "episode": str(key)}
    return opened, Draft("episode-opened", day, who, payload=mention)


def _next_key(work: Work, patient: str, side: Side) -> EpisodeKey:
    ordinal = 1
    for key, status in _episodes_of(work, patient, side):
        _refuse_open(key, status)
        ordinal = max(ordinal, key.ordinal + 1)
    return EpisodeKey(patient, side, ordinal)


def _episodes_of(
    work: Work, patient: str, side: Side
) -> Iterator[tuple[EpisodeKey, str]]:
    for name, status in worklist.keys_of(work.connection, patient):
        key = read_episode_key(name)
        if key.side is side:
            yield key, status


def refuse_second_open(work: Work, episode: Episode) -> None:
    """A finished episode is not brought back beside a later one that is open."""
    if episode.stage == Stage.CLOSED:
        patient = persons.owner(work.connection, episode.key.patient)
        for key, status in _episodes_of(work, patient, episode.key.side):
            _refuse_open(key, status)


def _refuse_open(key: EpisodeKey, status: str) -> None:
    """One side has one open episode at a time."""
    if status != "finished":
        raise BadInput(f"{key} is open already", f"sitrack show {key}")


def _whose(
    work: Work, named: str | None, recorder: str
) -> tuple[str | None, str | None]:
    """Who answers from the first day: (coordinator, None), or (None, a team)."""
    if named is None:
        return _coordinator(work, recorder), None
    if named in duty.roster(work.connection, work.ledger, work.today).teams:
        return None, named
    if staff.active(work.connection, named) is None:
        raise NotFound(
            f"{staff.called(named)} is not on the staff list", "sitrack staff list"
        )
    return named, None


def _coordinator(work: Work, staff_id: str) -> str | None:
    found = staff.active(work.connection, staff_id)
    return staff_id if found and found.role == "coordinator" else None


class Opened(NamedTuple):
    """An episode that was loaded for a write, and whose it is."""

    patient: Patient
    entries: list[Entry]
    episode: Episode
    protocol: Protocol


def load_episode(work: Work, key: EpisodeKey, expect_version: int | None) -> Opened:
    """Load an episode for writing, at the version that the person has seen."""
    patient = registry.patient(work.connection, key.patient)
    # Some limits count both sides: a patient's episodes are written one at a time.
    work.hold(patient_stream(patient.key))
    entries = work.load(key.stream)
    if not entries:
        raise _no_episode(key)
    version = entries[-1].seq
    if expect_version is not None and expect_version != version:
        raise WrittenFirst(
            f"{key} is at #{version}, not at #{expect_version}: somebody wrote first",
            f"sitrack history {key}",
        )
    episode = fold(key, entries, work.ledger.zone)
    protocol = library.pinned(work.connection, episode.protocol)
    episode = history.told(work.connection, work.ledger, episode, entries)
    return Opened(patient, entries, episode, protocol)


def protocol_on(work: Work, episode: Episode, present: Protocol) -> Protocol:
    """Return the protocol of a past day: the present one, unless it was migrated since."""
    if episode.protocol == present.hash:
        return present
    return library.pinned(work.connection, episode.protocol)


def settled(
    work: Work,
    patient: Patient,
    key: EpisodeKey,
    entries: Sequence[Entry],
    protocol: Protocol,
    *,
    dry_run: bool,
) -> Written:
    """Bring the copies up to date after what was written, and say where things stand."""
    episode = fold(key, entries, work.ledger.zone)
    episode = history.told(work.connection, work.ledger, episode, entries)
    written = [entry for entry in work.written if entry.stream == key.stream]
    due = standing.refresh(work.connection, episode, protocol, written)
    return Written(patient, episode, entries[-1], due, protocol, work.today, dry_run)


@dataclass(frozen=True, slots=True)
class Step:
    """A move as it comes in at the door.

    Attributes:
        target: the stage to move to.
        command: `advance`, or the `episode` command that was typed.
        on: the day on which it happens; None is today.
        reason: a coded reason, where the move takes one.
        variance: a code that lifts unmet requirements.
        clinician: who decided the variance.
        text: why, in words, for a variance or the reason.
        performer: who moved it on, if not the author.
    """

    target: str
    command: str = "advance"
    on: dt.date | None = None
    reason: str | None = None
    variance: str | None = None
    clinician: str | None = None
    text: str | None = None
    performer: str | None = None


def advance(
    ledger: Ledger,
    author: Author,
    key: EpisodeKey,
    step: Step,
    *,
    expect_version: int | None = None,
    dry_run: bool = False,
) -> Written:
    """Move an episode on, judged by what was true on the day, as known now.

    Raises:
        Refused: the protocol does not allow it, with every reason; or the day lies
            ahead.
        BadInput: a code is not one of this move.
        NotPermitted: a variance has no clinician.
        WrittenFirst: the episode is not at `expect_version` any more.
    """
    with writing(ledger, dry_run=dry_run) as work:
        who = provenance(work, author, step.performer)
        patient, entries, episode, protocol = load_episode(work, key, expect_version)
        day = step.on or work.today
        refuse_impossible(day, work.today)
        if any(entry.day(ledger.zone) > day for entry in entries):
            # Judged by what was true on the day; mostly that is all there is.
            episode = fold(key, entries, ledger.zone, day)
            episode = history.told(work.connection, ledger, episode, entries)
        judged_by = protocol_on(work, episode, protocol)
        case = case_of(work.connection, ledger, episode, judged_by, day, step.reason)
        payload = author.payload()
        if step.text and not step.variance:
            payload["text"] = step.text
        request = MoveRequest(
            target=step.target,
            command=step.command,
            occurred=day,
            provenance=who,
            variance=_variance(work, step),
            payload=payload,
        )
        draft, _ = decide_move(case, request)
        refuse_second_open(work, episode)
        entry = work.append(key.stream, draft)
        return settled(work, patient, key, [*entries, entry], protocol, dry_run=dry_run)


def case_of(
    connection: Reader,
    ledger: Ledger,
    episode: Episode,
    protocol: Protocol,
    day: dt.date,
    reason: str | None = None,
    as_known: dt.datetime | None = None,
) -> Case:
    """Return the case of an episode on a day: the patient's other episodes, the payer."""
    key = episode.key
    others = history.sibling_episodes(connection, ledger, key, day, as_known)
    payer: Payer | None = None
    if any(
        rule.kind == "coverage"
        for move in protocol.moves_from(episode.stage)
        for rule in move.requirements
    ):
        payer = payer_on(connection, ledger, key.patient, day, as_known)
    return Case(episode, protocol, day, reason, others, payer)


def payer_on(
    connection: Reader,
    ledger: Ledger,
    patient: str,
    day: dt.date,
    as_known: dt.datetime | None = None,
) -> Payer | None:
    """Return who paid for a patient on a day, and whether an RFA was covered."""
    name = history.payer_at(connection, ledger, patient, day, as_known)
    return payer_named(name) if name else None


def _variance(work: Work, step: Step) -> Variance | None:
    if step.variance is None:
        return None
    clinician = clinician_named(work, step.clinician, "a variance")
    if not step.text:
        raise BadInput(
            "a variance needs its reason in words",
            "give it with --text FILE or --text -",
        )
    return Variance(step.variance, clinician.id, step.text)
