"""What is due for one episode, when, and what would resolve it. Pure.

Due dates are dates, in the clinic's zone; overdue is a matter of the day one asks.
A line disappears because evidence answered it or the stage was left, never because
somebody ticked it off.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from sitrack.journey.counting import day_after, day_before
from sitrack.journey.episode import PROCEDURE_OF, Episode
from sitrack.journey.evidence import Evidence, drug_class
from sitrack.journey.ladder import exhausted
from sitrack.journey.response import Verdict, judged_block
from sitrack.pathway.calendar import Duration
from sitrack.pathway.follow_ups import Closer, FollowUp
from sitrack.pathway.protocol import Protocol
from sitrack.pathway.stages import Stage, Status

_MOST_OCCURRENCES: Final = 500


@dataclass(frozen=True, slots=True)
class Due:
    """One open line of the agenda.

    Attributes:
        visit: the stay it belongs to, by the number of the entry that began it.
        rule: id of the follow-up rule.
        occurrence: the entry it counts from, or the running number of a repeating
            rule; names the line within visit and rule.
        counted_from: the number of the entry it counts from.
        anchor: the day of that entry, or the day that it names.
        offset: the length that was counted, holds left out.
        show_from: from this day the worklist shows it.
        due: the day by which it should be answered.
        title: the next step, for the worklist.
        waits_for: `patient` or `staff`.
        recipient: `coordinator` or `lead`.
        resolved_by: what answers it, in words.
        tries: attempts to reach the patient since it was due, where the ladder runs on
            this line: the earliest that waits for the patient; else None.
        urgent: it stands before everything else on the worklist.
        silent: it stands on the worklist, and nobody is reminded of it.
    """

    visit: int
    rule: str
    occurrence: int
    counted_from: int
    anchor: dt.date
    offset: Duration
    show_from: dt.date
    due: dt.date
    title: str
    waits_for: str
    recipient: str
    resolved_by: str
    tries: int | None = None
    urgent: bool = False
    silent: bool = False


def agenda(episode: Episode, protocol: Protocol) -> list[Due]:
    """Return every open line of an episode, earliest due first.

    On hold only the review of the hold is due; lost or finished, nothing is. Once the
    patient has died, moved or declined, all that is due is to finish the episode.
    """
    if episode.status not in {Status.ACTIVE, Status.ON_HOLD}:
        return []
    alone = "hold" if episode.status is Status.ON_HOLD else None
    alone = "stop" if episode.stopped else alone
    lines = [
        line
        for rule in protocol.follow_ups_of(episode.stage)
        if rule.anchor == alone or (alone is None and rule.anchor not in _ALONE)
        for line in _open_lines(episode, protocol, rule)
    ]
    lines.sort(key=lambda line: (line.due, line.rule, line.occurrence))
    return _with_ladder(episode, protocol, lines)


_ALONE: Final = ("hold", "stop")
"""Anchors whose follow-ups are the only ones while there is such an anchor."""


def _with_ladder(episode: Episode, protocol: Protocol, lines: list[Due]) -> list[Due]:
    """Count the attempts to reach the patient, on the earliest line that waits so."""
    found = [place for place, line in enumerate(lines) if line.waits_for == "patient"]
    if found:
        place = found[0]
        since = max(lines[place].due, episode.visit.entered)
        tries = sum(each.day >= since for each in episode.of_kind("contact"))
        urgent = exhausted(tries, protocol.steps)
        lines[place] = replace(lines[place], tries=tries, urgent=urgent)
    return lines


def _open_lines(episode: Episode, protocol: Protocol, rule: FollowUp) -> Iterator[Due]:
    for anchor, day in _anchors(episode, protocol, rule):
        if rule.every is not None:
            yield _earliest_unanswered(episode, protocol, rule, rule.every, anchor, day)
            continue
        due = day_after(episode, protocol.calendar, day, rule.offset)
        if not _is_answered(episode, rule, anchor, day, due):
            yield _line(episode, rule, anchor, anchor, day, rule.offset, due)


def _earliest_unanswered(
    episode: Episode,
    protocol: Protocol,
    rule: FollowUp,
    every: Duration,
    anchor: int,
    day: dt.date,
) -> Due:
    calendar = protocol.calendar
    # An escalation is answered as the check that it follows, by a score so many days
    # before it: a hold between the two moves its own day only.
    grace = replace(every, count=max(rule.offset.count - every.count, 0))
    number, offset = 1, replace(every, count=rule.offset.count - grace.count)
    while number < _MOST_OCCURRENCES:
        checked = day_after(episode, calendar, day, offset)
        late = (calendar.day_after(checked, grace) - checked).days
        if not _is_answered(episode, rule, anchor, day, checked, late):
            break
        number += 1
        offset += every
    offset += grace
    due = day_after(episode, calendar, day, offset)
    return _line(episode, rule, number, anchor, day, offset, due)


def _line(
    episode: Episode,
    rule: FollowUp,
    occurrence: int,
    counted_from: int,
    day: dt.date,
    offset: Duration,
    due: dt.date,
) -> Due:
    answers = [closer.evidence for closer in rule.closers] or ["leaving the stage"]
    return Due(
        visit=episode.visit.seq,
        rule=rule.id,
        occurrence=occurrence,
        counted_from=counted_from,
        anchor=day,
        offset=offset,
        show_from=due - dt.timedelta(days=rule.show_days),
        due=due,
        title=rule.title,
        waits_for=rule.waits_for,
        recipient=rule.recipient,
        resolved_by=" or ".join(answers),
        urgent=rule.anchor == "stop",
        silent=rule.anchor == "stop",
    )


def _anchors(
    episode: Episode, protocol: Protocol, rule: FollowUp
) -> Iterator[tuple[int, dt.date]]:
    """The (entry, day) pairs that a rule counts from in the present stay."""
    visit = episode.visit
    if rule.anchor == "entry":
        yield visit.seq, visit.entered
    elif rule.anchor == "medication":
        yield from _courses(episode, rule)
    elif rule.anchor == "positive-block":
        yield from _lone_positive_block(episode, protocol)
    elif rule.anchor in _LATEST:
        yield from _LATEST[rule.anchor](episode)
    elif rule.anchor == "opinion":
        replies = [e for e in episode.of_kind("opinion") if e.day >= visit.entered]
        if replies:
            yield replies[-1].seq, replies[-1].day
    else:
        procedure = episode.procedure(visit)
        if procedure is not None and procedure.kind == rule.anchor:
            yield procedure.seq, procedure.day


def _belts(episode: Episode) -> Iterator[tuple[int, dt.date]]:
    """Each belt that was put on in the present stay."""
    for each in episode.of_kind("belt"):
        start = each.values.get("start")
        if start is not None and start >= episode.visit.entered:
            yield each.seq, start


def standing_bookings(episode: Episode) -> dict[str, Evidence]:
    """Return the bookings of the present stay that stand, by what is booked."""
    found: dict[str, Evidence] = {}
    for each in episode.of_kind("booking"):
        if each.day >= episode.visit.entered:
            found[each.values["what"]] = each
    return {
        what: each
        for what, each in found.items()
        if each.values["status"] in {"made", "moved"}
    }


def _bookings(episode: Episode) -> Iterator[tuple[int, dt.date]]:
    for each in standing_bookings(episode).values():
        yield each.seq, each.values["day"]


def _authorisations(episode: Episode, status: str) -> Iterator[Evidence]:
    """The latest word on each authorisation, where it is `status`."""
    found: dict[str, Evidence] = {}
    for each in episode.of_kind("authorisation"):
        if each.day >= episode.visit.entered:
            found[each.values["what"]] = each
    for each in found.values():
        if each.values["status"] == status:
            yield each


def _requests(episode: Episode) -> Iterator[tuple[int, dt.date]]:
    for each in _authorisations(episode, "requested"):
        yield each.seq, each.day


def _approvals(episode: Episode) -> Iterator[tuple[int, dt.date]]:
    for each in _authorisations(episode, "approved"):
        if "valid_until" in each.values:
            yield each.seq, each.values["valid_until"]


def _stops(episode: Episode) -> Iterator[tuple[int, dt.date]]:
    """What a contact found that ends the reminders about the episode."""
    if episode.stop is not None:
        yield episode.stop.seq, episode.stop.day


def _hold_reviews(episode: Episode) -> Iterator[tuple[int, dt.date]]:
    for hold in episode.open_holds:
        yield hold.reviewed_by, hold.review


_LATEST: Final = {
    "hold": _hold_reviews,
    "stop": _stops,
    "belt": _belts,
    "booking": _bookings,
    "authorisation-request": _requests,
    "authorisation-expiry": _approvals,
}
"""Anchors that are evidence of their own, with the days they count from."""


def _courses(episode: Episode, rule: FollowUp) -> Iterator[tuple[int, dt.date]]:
    """Each drug that was started in the present stay, by its first entry."""
    seen: set[tuple[str, dt.date]] = set()
    for each in episode.of_kind("medication"):
        start = each.values.get("start")
        if start is None or start < episode.visit.entered:
            continue
        course = (each.values["drug"], start)
        if drug_class(each.values) in rule.only and course not in seen:
            seen.add(course)
            yield each.seq, start


def _lone_positive_block(
    episode: Episode, protocol: Protocol
) -> Iterator[tuple[int, dt.date]]:
    """The first positive block, where the protocol asks for more than there are."""
    move = protocol.move_between(Stage.DIAGNOSTIC_BLOCK, Stage.RFA)
    for rule in move.requirements if move else ():
        if rule.kind != "positive-blocks" or rule.number("required") < 2:
            continue
        positive = [
            block
            for block in episode.of_kind("block")
            if episode.belongs(block, episode.visit)
            and judged_block(episode, protocol, block, rule).verdict is Verdict.POSITIVE
        ]
        if 0 < len(positive) < rule.number("required"):
            yield positive[0].seq, positive[0].day


def _is_answered(
    episode: Episode,
    rule: FollowUp,
    anchor: int,
    day: dt.date,
    due: dt.date,
    late: int = 0,
) -> bool:
    return any(
        _answers(episode, closer, anchor, day, due, late) for closer in rule.closers
    )


def _answers(
    episode: Episode, closer: Closer, anchor: int, day: dt.date, due: dt.date, late: int
) -> bool:
    """Whether something answers what is due `late` days after `due`."""
    since = day
    if closer.from_day is not None:
        since = episode.day_after(day, closer.from_day)
    if closer.from_due is not None:
        since = day_before(episode, due, -closer.from_due - late)
    return any(
        _is_answer(episode, closer.evidence, fact, anchor)
        and (fact.day >= since or closer.evidence in _OF_THE_ANCHOR)
        for fact in episode.evidence
    )


_OF_THE_ANCHOR: Final = {
    "diary",
    "injection",
    "block",
    "rfa",
    "booked",
    "procedure",
}
"""Closers that belong to the anchor itself, whatever their day."""


def _is_answer(episode: Episode, wanted: str, fact: Evidence, anchor: int) -> bool:
    special = _SPECIAL.get(wanted)
    if special is not None:
        return special(episode, fact, anchor)
    if fact.kind != wanted:
        return False
    if wanted in {"injection", "block", "rfa"}:
        return fact == episode.procedure(episode.visit)
    return {
        "diary": fact.about == anchor,
        "score": fact.pain is not None,
        "therapy": bool(fact.values.keys() & {"visits", "adherence"}),
    }.get(wanted, wanted in {"opinion", "visit", "imaging"})


def _is_second_block(_episode: Episode, fact: Evidence, anchor: int) -> bool:
    return fact.kind == "block" and fact.seq != anchor


def _is_booked(episode: Episode, fact: Evidence, _anchor: int) -> bool:
    """The procedure that the stage is about has a date."""
    wanted = PROCEDURE_OF.get(Stage(episode.stage), "")
    return fact == standing_bookings(episode).get(wanted)


def _is_belt_stop(episode: Episode, fact: Evidence, anchor: int) -> bool:
    """The belt was put away, on the day it was put on or later."""
    worn = episode.entry(anchor)
    if worn is None or fact.kind != "belt" or "stop" not in fact.values:
        return False
    return bool(fact.values["stop"] >= worn.values["start"])


def _answers_booking(episode: Episode, fact: Evidence, anchor: int) -> bool:
    """What was booked or approved was done, on the day or not.

    A visit counts from the booked day on: one before it may have been another.
    """
    booked = episode.entry(anchor)
    if booked is None or fact.kind != booked.values["what"]:
        return False
    waits = fact.kind == "visit" and "day" in booked.values
    return bool(fact.day >= (booked.values["day"] if waits else booked.day))


def _answers_course(episode: Episode, fact: Evidence, anchor: int) -> bool:
    """A response or a stop, noted for the same drug."""
    course = episode.entry(anchor)
    if course is None or fact.kind != "medication":
        return False
    return fact.values["drug"] == course.values["drug"] and (
        "response" in fact.values or "stop" in fact.values
    )


_SPECIAL: Final = {
    "second-block": _is_second_block,
    "response": _answers_course,
    "booked": _is_booked,
    "procedure": _answers_booking,
    "belt-stop": _is_belt_stop,
}
"""Closers that are more than evidence of one kind."""
