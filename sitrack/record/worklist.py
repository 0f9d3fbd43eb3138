"""Who needs somebody: every open episode with what is due, in bands.

It stands here, and not with the other questions, so that the most frequent command
loads neither the machine nor the rules of the pathway.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, select

from sitrack.journey.patient import initials
from sitrack.record import tables
from sitrack.record import worklist_queries as queries
from sitrack.record.act_first import OFFERED_TO_ME, Line, Now, step_of, why_first
from sitrack.record.bands import ACT_FIRST, BANDS, LAPSED, SOON, Bands, calendar_of
from sitrack.record.duty import roster
from sitrack.record.ledger import Ledger, present_instant, reading

HIDDEN: Final = ("held", "snoozed", "lapsed", "lost", "not_due")
"""Why an open episode is not on the list of the day."""

_WHY_QUIET: Final = {"active": "not_due", "on-hold": "held", "lost": "lost"}


class Waiting(NamedTuple):
    """One line of the worklist: an episode and what it needs first.

    Attributes:
        episode: its key.
        patient: the patient's key.
        initials: what may be shown of the patient's name.
        side: `left` or `right`.
        stage: where it is.
        status: whether its clock runs.
        since: the day it entered its stage.
        coordinator: staff id, or None.
        due: the day by which somebody should act; None where only an alert stands.
        days: business days until then; negative is late; None without a day.
        rule: the follow-up rule, or the alert.
        title: the next step in words.
        waits_for: `patient` or `staff`.
        tries: attempts to reach the patient since it is due.
        more: how many further lines of it are shown by that day.
        band: `!`, `D`, `O`, `S` or `L`; see `record.bands`.
        alert: why it needs somebody before anything else, or None.
        hidden: why it is not on the list of the day, or None; one of `HIDDEN`.
        shown_from: the day it came onto the list, or None for an alert.
        owner: who answers today: the coordinator, or their cover; None for nobody.
        team: the team that it belongs to; without an owner it waits in its queue.
        offered_to: who was asked to take it over, and has not answered.
        snoozed_until: until when it is put off, or None.
    """

    episode: str
    patient: str
    initials: str
    side: str
    stage: str
    status: str
    since: dt.date
    coordinator: str | None
    due: dt.date | None
    days: int | None
    rule: str
    title: str
    waits_for: str
    tries: int
    more: int
    band: str
    alert: str | None
    hidden: str | None
    shown_from: dt.date | None
    owner: str | None = None
    team: str | None = None
    offered_to: str | None = None
    snoozed_until: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A worklist.

    Attributes:
        day: the day it speaks of.
        rows: who needs somebody, band by band.
        hidden: how many more there are, by the reason why they are not shown.
    """

    day: dt.date
    rows: list[Waiting]
    hidden: dict[str, int]


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to see.

    Attributes:
        owner: only what that member of staff answers for, or is asked to take over.
        shows: reasons for hiding that do not count this time.
        only: only those hidden for that reason, or None.
        since: only what came onto the list after that day; alerts stay.
        fits: a filter, or None.
        me: who asks: what they are asked to take over is shown to them in any case.
    """

    owner: str | None = None
    shows: frozenset[str] = frozenset()
    only: str | None = None
    since: dt.date | None = None
    fits: Callable[[Waiting], bool] | None = None
    me: str | None = None

    @property
    def is_plain(self) -> bool:
        """Whether nothing is asked of those who are not on the list."""
        return replace(self, me=None) == Wish()

    def addressed(self, row: Waiting) -> Waiting:
        """Return a row as it stands for who asks: a hand-off to them comes first."""
        if self.me is None or row.offered_to != self.me or row.alert is not None:
            return row
        return row._replace(
            rule=OFFERED_TO_ME,
            title="accept or decline it",
            waits_for="staff",
            hidden=None,
        )

    def takes(self, row: Waiting) -> bool:
        """Whether a row is asked for at all, hidden or not."""
        if self.owner is not None and self.owner not in {row.owner, row.offered_to}:
            return False
        came = row.shown_from or dt.date.max
        if self.since is not None and came <= self.since:
            return False
        return self.fits is None or self.fits(row)

    def hides(self, row: Waiting) -> bool:
        """Whether a row that is asked for is only counted."""
        if self.only is not None:
            return row.hidden != self.only
        return row.hidden is not None and row.hidden not in self.shows


def who_waits(
    ledger: Ledger,
    wish: Wish | None = None,
    as_of: dt.date | None = None,
    as_known: dt.datetime | None = None,
) -> Listing:
    """Return the worklist of a day, today if none is named.

    Of a day ahead it is the present agenda, as it will be if nobody does anything; of
    a day behind, or as known at a moment, every episode that was open then is read
    anew.
    """
    with reading(ledger) as connection:
        today = present_instant(connection, ledger).astimezone(ledger.zone).date()
        asked, day = wish or Wish(), as_of or today
        whole = "not_due" in asked.shows
        if as_known is not None or day < today:
            from sitrack.record import past_worklist

            every = past_worklist.everybody(
                connection, ledger, day, as_known, whole=whole
            )
            return listing(every, asked, day)
        if not asked.is_plain:
            every = everybody(connection, ledger, day, whole=whole)
            return listing(every, asked, day)
        # The list of every morning: who is not on it is counted, and not looked at.
        looked_at = _on_it(connection, _now(connection, ledger, day))
        quiet: Counter[str] = Counter()
        for status, number in connection.execute(queries.HOW_MANY_OPEN):
            quiet[status] += number
    quiet.subtract(row.status for row in looked_at)
    found = listing(looked_at, asked, day)
    for status, number in quiet.items():
        found.hidden[_WHY_QUIET[status]] += number
    return found


def listing(every: Iterable[Waiting], wish: Wish, day: dt.date) -> Listing:
    """Return what is wished for, in order, and count what is hidden."""
    asked = [wish.addressed(row) for row in every if wish.takes(row)]
    shown = sorted((row for row in asked if not wish.hides(row)), key=_order)
    counts = dict.fromkeys(HIDDEN, 0)
    for row in asked:
        if row.hidden is not None and wish.hides(row):
            counts[row.hidden] += 1
    return Listing(day, shown, counts)


_RANK: Final = {band: place for place, band in enumerate(BANDS)}


def _order(row: Waiting) -> tuple[int, int, str]:
    """Fresh lapses before old ones, what is due soon by its day; ties by the key.

    What acts first acts by its day too: that nobody answers for somebody who is due in
    a month does not stand before who is late today.
    """
    day = (row.due or dt.date.max).toordinal()
    return _RANK[row.band], day if row.band in {SOON, ACT_FIRST} else -day, row.episode


def everybody(
    connection: Connection,
    ledger: Ledger,
    day: dt.date,
    *,
    whole: bool = False,
    finished: bool = False,
) -> list[Waiting]:
    """Return every open episode as it stands on the worklist of a day, hidden or not.

    Args:
        connection: an open transaction.
        ledger: the record.
        day: the day it speaks of.
        whole: also say what is due next where nothing is shown yet; without it only
            the part of the agenda that has come is read.
        finished: also every episode that is over; nothing of it is due.
    """
    lines = _lines(connection, None if whole else day)
    now = _now(connection, ledger, day)
    return [
        waiting(row, lines.get(row.key, []), now)
        for row in map(
            queries.Stands._make,
            connection.execute(
                queries.WITH_FINISHED if finished else queries.OPEN_EPISODES
            ),
        )
    ]


def _on_it(connection: Connection, now: Now) -> list[Waiting]:
    """Return the episodes that have something to show, or that act first."""
    lines = _lines(connection, now.bands.today)
    return [
        waiting(row, lines.get(row.key, []), now)
        for row in map(
            queries.Stands._make, connection.execute(queries.NOT_QUIET, now.named).all()
        )
    ]


def _now(connection: Connection, ledger: Ledger, day: dt.date) -> Now:
    return Now(
        Bands(day, calendar_of(connection)),
        frozenset(connection.execute(queries.DEAD).scalars()),
        frozenset(connection.execute(queries.IDLE).scalars()),
        roster(connection, ledger, day),
    )


def _lines(connection: Connection, until: dt.date | None) -> dict[str, list[Line]]:
    """The agenda by episode: what is shown by a day, or all of it."""
    found: dict[str, list[Line]] = {}
    query = queries.AGENDA if until is None else queries.SHOWN
    for key, *line in connection.execute(query, {"day": until}).all():
        found.setdefault(key, []).append(Line._make(line))
    return found


def waiting(row: Any, lines: list[Line], now: Now) -> Waiting:
    """Return the line of an episode: a row of its standing, with its patient's name."""
    bands = now.bands
    shown = [line for line in lines if line.shown_from <= bands.today]
    alert = why_first(row, shown, now)
    first = _first(shown or lines, bands)
    band = ACT_FIRST if alert else bands.band(first.due) if first else SOON
    return Waiting(
        episode=row.key,
        patient=row.patient,
        initials=initials(row.given, row.family),
        side=row.side,
        stage=row.stage,
        status=row.status,
        since=row.since,
        coordinator=row.coordinator,
        due=first.due if first else None,
        days=bands.ahead(first.due) if first else None,
        rule=alert or (first.rule if first else ""),
        title=step_of(alert) if alert else first.title if first else "",
        waits_for="staff" if alert or not first else first.waits_for,
        tries=(first.tries or 0) if first else 0,
        more=max(0, len(shown) - (0 if alert else 1)),
        band=band,
        alert=alert,
        hidden=_hidden(row, shown, band, bands),
        shown_from=first.shown_from if first and not alert else None,
        owner=now.roster.owner(row.coordinator),
        team=row.team,
        offered_to=row.offered_to,
        snoozed_until=_put_off(row, bands.today),
    )


def _first(lines: Sequence[Line], bands: Bands) -> Line | None:
    """The line that stands for an episode: the freshest lapse, else what comes next."""
    if len(lines) == 1:
        return lines[0]

    def rank(line: Line) -> tuple[int, int, str]:
        band, day = bands.band(line.due), line.due.toordinal()
        # Of what is late, the oldest names the step: the others follow from it.
        return _RANK[band], day, line.rule

    return min(lines, key=rank, default=None)


def _put_off(row: Any, today: dt.date) -> dt.date | None:
    """Until when an episode is put off; a day that has come puts nothing off."""
    until: dt.date | None = row.snoozed_until
    return until if until is not None and until > today else None


def _hidden(row: Any, shown: list[Line], band: str, bands: Bands) -> str | None:
    if band == ACT_FIRST:
        return None
    if row.status == "lost":
        return "lost"
    if _put_off(row, bands.today):
        return "snoozed"
    if not shown:
        return "held" if row.status == "on-hold" else "not_due"
    return "lapsed" if band == LAPSED else None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one episode is, by its standing row."""

    episode: str
    patient: str
    initials: str
    side: str
    stage: str
    status: str
    since: dt.date
    coordinator: str | None
    team: str | None
    version: int


def standings(connection: Connection, patient: str | None = None) -> list[Standing]:
    """Return the standing of every episode, or of one patient's, by key."""
    episodes, people = tables.episode, tables.patient
    query = (
        select(episodes, people.c.given, people.c.family)
        .join(people, people.c.key == episodes.c.patient)
        .order_by(episodes.c.key)
    )
    if patient is not None:
        query = query.where(episodes.c.patient == patient)
    return [standing_of(row) for row in connection.execute(query)]


def standing_of(row: Any) -> Standing:
    """Return where an episode is, by its row with its patient's name."""
    return Standing(
        episode=row.key,
        patient=row.patient,
        initials=initials(row.given, row.family),
        side=row.side,
        stage=row.stage,
        status=row.status,
        since=row.since,
        coordinator=row.coordinator,
        team=row.team,
        version=row.version,
    )


def keys_of(connection: Connection, patient: str) -> list[tuple[str, str]]:
    """Return (episode key, status) of a patient's episodes, by key."""
    query = (
        select(tables.episode.c.key, tables.episode.c.status)
        .where(tables.episode.c.patient == patient)
        .order_by(tables.episode.c.key)
    )
    return [(row.key, row.status) for row in connection.execute(query)]
