"""One round: due, claim, send, write down. Level-triggered, so that nothing is lost.

Each round asks the record what is due; no timer holds any truth. A row is claimed in
one short transaction, sent outside of any, and acknowledged in another: a process
killed in between leaves a row whose lease runs out, and the next round sends it again
under the same key. A round never touches an episode's stream.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sitrack.clock import start_of
from sitrack.errors import Unavailable
from sitrack.record import backlog, library, outbox
from sitrack.record.journal import (
    Ledger,
    Work,
    present_instant,
    reading,
    real_instant,
    writing,
)
from sitrack.record.outbox import Claimed, Step
from sitrack.reminders import rules
from sitrack.reminders.channels import Channel, PermanentFailure, TemporaryFailure
from sitrack.reminders.wording import Message, staff_message
from sitrack.settings import Settings

_MAKE_AT_ONCE = 500
_CLAIM_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Happening:
    """What one round did about one reminder, or a plan says it would.

    Attributes:
        episode: key of the episode.
        rule: id of the follow-up rule.
        step: `notice` or `repeat`.
        due: the day by which the line was due.
        recipient: a staff id, `clinic` or `lead`.
        channel: how it goes.
        outcome: `fired`, `sent`, `suppressed`, `failed`, `dead`, or `planned`.
        at: when it went, or when it may leave.
        reason: a short code, where it did not go.
    """

    episode: str
    rule: str
    step: str
    due: dt.date
    recipient: str
    channel: str
    outcome: str
    at: dt.datetime
    reason: str | None = None


@dataclass
class RoundReport:
    """What one round did."""

    now: dt.datetime
    happenings: list[Happening] = field(default_factory=list)

    def count(self, *outcomes: str) -> int:
        """Return how many reminders ended that way."""
        return sum(1 for each in self.happenings if each.outcome in outcomes)


def worker_name() -> str:
    """Return a name for this process in the record; never used to decide anything."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}"


def run_round(
    ledger: Ledger,
    settings: Settings,
    channel: Channel,
    tell: Callable[[Happening], None] = lambda _: None,
) -> RoundReport:
    """Make the rows whose day has come, then send what may leave now.

    Raises:
        Unavailable: the database cannot be written, or no address is set for e-mail.
    """
    _refuse_nowhere(settings, channel.name)
    window = rules.send_window(settings, ledger.zone)
    report = RoundReport(now=_now(ledger))
    _make_rows(ledger, channel.name, window, report)
    if window.is_open(report.now):
        _send_rows(ledger, settings, channel, report, tell)
    return report


def _now(ledger: Ledger) -> dt.datetime:
    with reading(ledger) as connection:
        return present_instant(connection, ledger)


def _refuse_nowhere(settings: Settings, channel: str) -> None:
    if channel == "email" and not settings["clinic.address"]:
        raise Unavailable(
            "reminders without a coordinator would go nowhere",
            "set clinic.address in the settings, or SITRACK_CLINIC_ADDRESS",
        )


# --- due: from the agenda into the outbox


def _make_rows(
    ledger: Ledger, channel: str, window: rules.SendWindow, report: RoundReport
) -> None:
    while True:
        with writing(ledger) as work:
            today = report.now.astimezone(ledger.zone).date()
            steps = outbox.steps_due(work.connection, today, _MAKE_AT_ONCE, lock=True)
            days = {
                each: library.pinned(work.connection, each).steps
                for each in {step.protocol for step in steps}
            }
            for step in steps:
                _make_row(work, step, days[step.protocol], channel, window, report)
        if len(steps) < _MAKE_AT_ONCE:
            return


def _make_row(
    work: Work,
    step: Step,
    days: Mapping[str, int],
    channel: str,
    window: rules.SendWindow,
    report: RoundReport,
) -> None:
    recipient = rules.recipient_of(step, channel)
    leaves = window.next_open(report.now)
    made = outbox.make_row(work.connection, step, recipient, channel, leaves)
    today = report.now.astimezone(window.zone).date()
    following = rules.next_step(step, days, today)
    outbox.set_next_step(work.connection, step, *following)
    if made:
        report.happenings.append(
            Happening(
                step.episode,
                step.rule,
                step.step,
                step.due,
                recipient,
                channel,
                "fired",
                leaves,
            )
        )


# --- claim, check again, send, acknowledge


def _send_rows(
    ledger: Ledger,
    settings: Settings,
    channel: Channel,
    report: RoundReport,
    tell: Callable[[Happening], None],
) -> None:
    lease = dt.timedelta(seconds=settings["reminders.lease"])
    worker = worker_name()
    while True:
        with writing(ledger) as work:
            rows = outbox.claim(
                work.connection,
                now=work.now,
                real_now=real_instant(work.connection),
                lease=lease,
                worker=worker,
                limit=_CLAIM_AT_ONCE,
            )
        if not rows:
            return
        for row in rows:
            happening = _send_row(ledger, settings, channel, row, worker)
            if happening is not None:
                report.happenings.append(happening)
                tell(happening)


def _send_row(
    ledger: Ledger, settings: Settings, channel: Channel, row: Claimed, worker: str
) -> Happening | None:
    """Send one row and write down how it went; None where it is not ours any more."""
    lease = dt.timedelta(seconds=settings["reminders.lease"])
    if not _is_still_mine(ledger, row, lease):
        return _suppressed(ledger, row, worker)
    try:
        reference = channel.send(_message(ledger, settings, row))
    except TemporaryFailure as failure:
        return _failed(ledger, row, worker, failure.reason, temporary=True)
    except PermanentFailure as failure:
        return _failed(ledger, row, worker, failure.reason, temporary=False)
    except Exception as fault:  # noqa: BLE001 - one bad row must not stop the others
        reason = f"fault-{type(fault).__name__.lower()}"
        return _failed(ledger, row, worker, reason, temporary=True)
    with writing(ledger) as work:
        if outbox.acknowledge(work.connection, row, worker, work.now, reference):
            return _happening(row, "sent", work.now)
    return None


def _message(ledger: Ledger, settings: Settings, row: Claimed) -> Message:
    return staff_message(
        row.episode,
        row.due,
        recipient_address=rules.address_of(row, settings),
        key=rules.idempotency_key(ledger.ledger_id, row),
    )


def _is_still_mine(ledger: Ledger, row: Claimed, lease: dt.timedelta) -> bool:
    """Look again just before sending; prolong a lease that nears its end."""
    with reading(ledger) as connection:
        until = outbox.mine_until(connection, row)
        near = real_instant(connection) + lease / 4
    if until is None or until > near:
        return until is not None
    with writing(ledger) as work:
        until = real_instant(work.connection) + lease
        return outbox.prolong(work.connection, row, until)


def _suppressed(ledger: Ledger, row: Claimed, worker: str) -> Happening | None:
    """Write down that its reason is gone, unless another attempt speaks for it."""
    with writing(ledger) as work:
        if outbox.suppress(work.connection, row, worker, work.now, "stage-left"):
            return _happening(row, "suppressed", work.now, "stage-left")
    return None


def _failed(
    ledger: Ledger, row: Claimed, worker: str, reason: str, *, temporary: bool
) -> Happening | None:
    """Write down a failure, and when to try again if that can help."""
    with writing(ledger) as work:
        if temporary and row.attempt < rules.MAX_ATTEMPTS:
            outcome = "failed"
            wait = rules.wait_after(row.attempt, random.random())  # noqa: S311 - jitter
            next_at = work.now + wait
            written = outbox.postpone(
                work.connection, row, worker, work.now, reason, next_at
            )
        else:
            outcome = "dead"
            written = outbox.give_up(work.connection, row, worker, work.now, reason)
        return _happening(row, outcome, work.now, reason) if written else None


def _happening(
    row: Claimed, outcome: str, at: dt.datetime, reason: str | None = None
) -> Happening:
    return Happening(
        row.episode,
        row.rule,
        row.step,
        row.due,
        row.recipient,
        row.channel,
        outcome,
        at,
        reason,
    )


# --- the plan: what a round would do


def plan_round(
    ledger: Ledger, settings: Settings, channel: str, until: dt.date | None = None
) -> list[Happening]:
    """Return what would be sent, to whom and when, without writing anything.

    Args:
        ledger: the record.
        settings: for the send window.
        channel: the channel that rows would be made for.
        until: the last day to look at; None is today.
    """
    window = rules.send_window(settings, ledger.zone)
    with reading(ledger) as connection:
        now = present_instant(connection, ledger)
        day = until or now.astimezone(ledger.zone).date()
        waiting = backlog.open_rows(connection)
        steps = outbox.steps_due(connection, day, 100_000)
    planned = [
        Happening(
            row.episode,
            row.rule,
            row.step,
            row.due,
            row.recipient,
            row.channel,
            "planned",
            window.next_open(max(row.next_at, now)),
        )
        for row in waiting
    ]
    planned += [_planned(step, channel, window, now, ledger.zone) for step in steps]
    return sorted(planned, key=lambda each: (each.at, each.episode, each.rule))


def _planned(
    step: Step,
    channel: str,
    window: rules.SendWindow,
    now: dt.datetime,
    zone: dt.tzinfo,
) -> Happening:
    leaves = window.next_open(max(now, start_of(step.step_on, zone)))
    return Happening(
        step.episode,
        step.rule,
        step.step,
        step.due,
        rules.recipient_of(step, channel),
        channel,
        "planned",
        leaves,
    )
