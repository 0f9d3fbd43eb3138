"""What people ask: why not, where does this one stand, what is due, what happened."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sitrack.coordination.episodes import case_of
from sitrack.errors import BadInput, NotFound, Unavailable
from sitrack.journey.agenda import Due, agenda
from sitrack.journey.assessment import Assessment, assess
from sitrack.journey.assessment.case import Case
from sitrack.journey.assessment.payer import PayerVerdict, payer_verdict
from sitrack.journey.decisions import find_move, refuse_unknown_reason, ways_on
from sitrack.journey.episode import Episode
from sitrack.journey.findings import Finding, Refused
from sitrack.journey.patient import EpisodeKey, patient_stream
from sitrack.pathway.policy import Policy, policy_named
from sitrack.pathway.protocol import Protocol
from sitrack.record import (
    history,
    library,
    past_worklist,
    registry,
    staff,
    verify,
    views,
    whereabouts,
    worklist,
)
from sitrack.record.faults import Report
from sitrack.record.history import Line
from sitrack.record.journal import load_stream
from sitrack.record.ledger import Ledger, Reader, present_instant, reading
from sitrack.record.registry import Patient
from sitrack.record.staff import Staff
from sitrack.record.verify import Held
from sitrack.record.views import SavedView
from sitrack.record.worklist import Standing


@dataclass(frozen=True, slots=True)
class When:
    """The two times of a question; None is now.

    Attributes:
        as_of: what was true on that day.
        as_known: by what was written at that instant.
    """

    as_of: dt.date | None = None
    as_known: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """What moves still need.

    Attributes:
        patient: whose it is.
        episode: as of the day that was asked about.
        protocol: the one it is pinned to.
        day: that day.
        answers: one assessment for each move that was asked about.
        no_way: why no such move leads out of the present stage at all, or empty.
        policy: whose second verdict was asked for, or None.
        seconds: that verdict, one for each answer.
    """

    patient: Patient
    episode: Episode
    protocol: Protocol
    day: dt.date
    answers: Sequence[Assessment]
    no_way: Sequence[Finding] = ()
    policy: Policy | None = None
    seconds: Sequence[PayerVerdict] = ()

    @property
    def is_yes(self) -> bool:
        """Whether every move that was asked about may be made; by the policy, if any."""
        if self.no_way:
            return False
        if self.policy is not None:
            return all(each.ready for each in self.seconds)
        return all(each.allowed for each in self.answers)


def why(
    ledger: Ledger,
    key: EpisodeKey,
    target: str | None,
    *,
    reason: str | None = None,
    when: When | None = None,
    policy: str | None = None,
) -> Why:
    """Say what a move still needs; without a target, every move from here.

    A reason without a target asks about the moves that take it. With a policy, a second
    verdict says what that payer would still need.

    Raises:
        NotFound: there is no such episode, or was not then.
        BadInput: the reason is not one of the move's, or of any move's from here; or
            there is no such policy.
    """
    asked = when or When()
    payer = policy_named(policy) if policy is not None else None
    with reading(ledger) as connection:
        patient = registry.patient(connection, key.patient)
        now = present_instant(connection, ledger)
        day = asked.as_of or now.astimezone(ledger.zone).date()
        episode = history.episode_at(
            connection, ledger, key, as_of=day, as_known=asked.as_known
        )
        protocol = library.pinned(connection, episode.protocol)
        case = case_of(
            connection, ledger, episode, protocol, day, reason, asked.as_known
        )
    answers: Sequence[Assessment] = ()
    no_way: Sequence[Finding] = ()
    try:
        answers = _every_way(case) if target is None else [_one_way(case, target)]
    except Refused as refusal:
        no_way = refusal.findings
    seconds = [payer_verdict(case, payer, each) for each in answers] if payer else []
    return Why(patient, episode, protocol, day, answers, no_way, payer, seconds)


def _one_way(case: Case, target: str) -> Assessment:
    command = _command(case.protocol, case.episode, target)
    move = find_move(case.episode, case.protocol, target, command)
    refuse_unknown_reason(move, case.reason)
    return assess(case, move)


def _every_way(case: Case) -> Sequence[Assessment]:
    ways = ways_on(case)
    if case.reason is None:
        return ways
    taking = [way for way in ways if case.reason in way.move.reasons]
    if ways and not taking:
        raise BadInput("the reason is not one of any move from here")
    return taking


def _command(protocol: Protocol, episode: Episode, target: str) -> str:
    """Asking is the same whatever command the move answers to."""
    move = protocol.move_between(episode.stage, target)
    return move.command if move else "advance"


@dataclass(frozen=True, slots=True)
class Card:
    """One episode on one screen.

    Attributes:
        due: what is open, earliest first.
        ways: the assessment of every move from here.
        lines: its history.
    """

    patient: Patient
    episode: Episode
    protocol: Protocol
    day: dt.date
    due: Sequence[Due]
    ways: Sequence[Assessment]
    lines: Sequence[Line]


def card(ledger: Ledger, key: EpisodeKey, when: When | None = None) -> Card:
    """Return everything that one screen shows of an episode.

    Raises:
        NotFound: there is no such episode, or was not then.
    """
    asked = when or When()
    with reading(ledger) as connection:
        patient = registry.patient(connection, key.patient)
        now = present_instant(connection, ledger)
        day = asked.as_of or now.astimezone(ledger.zone).date()
        lines = history.lines(
            connection, ledger, key, as_of=day, as_known=asked.as_known
        )
        episode = history.episode_at(
            connection, ledger, key, as_of=day, as_known=asked.as_known
        )
        protocol = library.pinned(connection, episode.protocol)
        case = case_of(
            connection, ledger, episode, protocol, day, as_known=asked.as_known
        )
        patient = _paid_for(connection, ledger, patient, day, asked)
    due = agenda(episode, protocol)
    return Card(patient, episode, protocol, day, due, ways_on(case), lines)


def story(
    ledger: Ledger, key: EpisodeKey, when: When
) -> tuple[Patient, dt.date, Episode]:
    """Return (patient, day, the episode as of it and as known).

    Raises:
        NotFound: there is no such episode, or was not then.
    """
    with reading(ledger) as connection:
        patient = registry.patient(connection, key.patient)
        now = present_instant(connection, ledger)
        day = when.as_of or now.astimezone(ledger.zone).date()
        return (
            patient,
            day,
            history.episode_at(
                connection, ledger, key, as_of=day, as_known=when.as_known
            ),
        )


def past(
    ledger: Ledger, key: EpisodeKey, when: When
) -> tuple[Patient, dt.date, Sequence[Line]]:
    """Return (patient, today, entries) of an episode, as of and as known.

    Raises:
        NotFound: there was no such episode then.
    """
    with reading(ledger) as connection:
        patient = registry.patient(connection, key.patient)
        today = present_instant(connection, ledger).astimezone(ledger.zone).date()
        lines = history.lines(
            connection, ledger, key, as_of=when.as_of, as_known=when.as_known
        )
    return patient, today, lines


def person(
    ledger: Ledger, key: str, when: When | None = None
) -> tuple[Patient, dt.date, Sequence[Standing]]:
    """Return (patient, day, standing of each episode on it) of a patient.

    What somebody is called has one time only, which is now.

    Raises:
        NotFound: there is no such patient, or was not as known then.
    """
    asked = when or When()
    with reading(ledger) as connection:
        found = registry.patient(connection, key)
        if not load_stream(connection, patient_stream(key), asked.as_known):
            raise NotFound(f"there was no patient {key} as known then")
        day, rows = _standings(connection, ledger, found.key, asked)
        found = _paid_for(connection, ledger, found, day, asked)
    return found, day, rows


def _paid_for(
    connection: Reader, ledger: Ledger, patient: Patient, day: dt.date, asked: When
) -> Patient:
    """The patient with who paid on a day behind, or as known then."""
    if asked.as_of is None and asked.as_known is None:
        return patient
    payer = history.payer_at(connection, ledger, patient.key, day, asked.as_known)
    return replace(patient, payer=payer)


def _standings(
    connection: Reader, ledger: Ledger, patient: str | None, when: When
) -> tuple[dt.date, Sequence[Standing]]:
    today = present_instant(connection, ledger).astimezone(ledger.zone).date()
    day = when.as_of or today
    if when.as_known is None and day >= today:
        return day, worklist.standings(connection, patient)
    return day, past_worklist.standings_at(
        connection, ledger, patient, day, when.as_known
    )


def today_of(ledger: Ledger) -> dt.date:
    """Return the clinical day of this command."""
    with reading(ledger) as connection:
        return present_instant(connection, ledger).astimezone(ledger.zone).date()


def chain_of(ledger: Ledger, key: EpisodeKey) -> str:
    """Say whether the chain of an episode's stream holds, in one sentence."""
    with reading(ledger) as connection:
        last, fault = verify.stream_fault(connection, ledger, key.stream)
    if fault is None:
        return f"Chain verified to #{last}."
    return f"CHAIN BROKEN at #{fault.seq}: {fault.seen}."


def whole_staff(ledger: Ledger) -> Sequence[Staff]:
    """Return everybody on the staff list, by id."""
    with reading(ledger) as connection:
        return staff.everybody(connection)


def people_like(ledger: Ledger, wanted: Mapping[str, Any]) -> Sequence[Patient]:
    """Return patients by the beginning of a name, by birth date or record number.

    Raises:
        BadInput: nothing to look for was given.
    """
    with reading(ledger) as connection:
        return registry.find_patients(connection, wanted)


def all_standings(
    ledger: Ledger, patient: str | None, when: When | None = None
) -> tuple[dt.date, Sequence[Standing]]:
    """Return (day, where every episode stood on it), or one patient's, by key."""
    with reading(ledger) as connection:
        return _standings(connection, ledger, patient, when or When())


def census(
    ledger: Ledger, when: When | None = None
) -> tuple[dt.date, Mapping[str, int]]:
    """Return (day, how many episodes were in each stage on it)."""
    asked = when or When()
    with reading(ledger) as connection:
        today = present_instant(connection, ledger).astimezone(ledger.zone).date()
        day = asked.as_of or today
        return day, whereabouts.census(connection, ledger, day, asked.as_known)


def views_of(ledger: Ledger, owner: str) -> Sequence[SavedView]:
    """Return the saved views that somebody may use."""
    with reading(ledger) as connection:
        return views.usable(connection, owner)


def current_protocol(ledger: Ledger) -> Protocol:
    """Return the protocol to which new episodes are pinned."""
    with reading(ledger) as connection:
        return library.current(connection)


def whole_record(
    ledger: Ledger, tell: Callable[[int], None], held: Held | None = None
) -> Report:
    """Check the whole record: chains, payloads, seals, replay, standing.

    Args:
        ledger: the record.
        tell: called now and then with the steps done, of `steps_of`.
        held: keys, heads and receipts that the auditor brings along.
    """
    return verify.verify_ledger(ledger, tell, held)


def steps_of(ledger: Ledger) -> int:
    """Return how many steps it takes to check the whole record; 0 if it is damaged."""
    with contextlib.suppress(Unavailable), reading(ledger) as connection:
        return verify.steps(connection)
    return 0


def size_of(ledger: Ledger) -> int:
    """Return how many entries the record holds."""
    with reading(ledger) as connection:
        return verify.count_entries(connection)
