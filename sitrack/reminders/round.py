"""One round: due, claim, send, write down. Level-triggered, so that nothing is lost.

Each round asks the record what is due; no timer holds any truth. A row is claimed in
one short transaction, sent outside of any, and acknowledged in another: a process
killed in between leaves a row whose lease runs out, and the next round sends it again
under the same key. A round never touches an episode's stream.

A round has an end: it takes what was due at its own start, and no more. It stops when
it is asked to or when the send window closes, and gives back what it still holds.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import socket
from collections.abc import Callable, Mapping, Sequence
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
        at: when it went, or when it may leave, or might have left.
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
    stopping: Callable[[], bool] = lambda: False,
) -> RoundReport:
    """Make the rows whose day has come, then send what may leave now.

    Args:
        ledger: the record.
        settings: for the send window, the lease, and the clinic's addresses.
        channel: the way out; rows of other channels are left alone.
        tell: called with each happening of the sending, as it comes.
        stopping: asked before each row; True ends the round there.

    Raises:
        Unavailable: the database cannot be written, or no address is set for e-mail.
    """
    _refuse_nowhere(settings, channel.name)
    window = rules.send_window(settings, ledger.zone)
    report = RoundReport(now=_now(ledger))
    _make_rows(ledger, channel.name, window, report)
    _send_rows(_Sending(ledger, settings, channel, window, report, tell, stopping))
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


@dataclass(frozen=True, slots=True)
class _Sending:
    """What the sending half of one round works with."""

    ledger: Ledger
    settings: Settings
    channel: Channel
    window: rules.SendWindow
    report: RoundReport
    tell: Callable[[Happening], None]
    stopping: Callable[[], bool]
    worker: str = field(default_factory=worker_name)

    @property
    def lease(self) -> dt.timedelta:
        """How long a claimed row is this round's."""
        return dt.timedelta(seconds=self.settings["reminders.lease"])

    def goes_on(self) -> bool:
        """Whether another message may leave: asked anew, for a round may be long."""
        return not self.stopping() and self.window.is_open(_now(self.ledger))


def _send_rows(sending: _Sending) -> None:
    while sending.goes_on():
        rows = _claim(sending)
        if not rows:
            return
        for number, row in enumerate(rows):
            if not sending.goes_on():
                _release(sending, rows[number:])
                return
            happening = _send_row(sending, row)
            if happening is not None:
                sending.report.happenings.append(happening)
                sending.tell(happening)


def _claim(sending: _Sending) -> list[Claimed]:
    with writing(sending.ledger) as work:
        return outbox.claim(
            work.connection,
            channel=sending.channel.name,
            due_by=sending.report.now,
            now=work.now,
            real_now=real_instant(work.connection),
            lease=sending.lease,
            worker=sending.worker,
            limit=_CLAIM_AT_ONCE,
        )


def _release(sending: _Sending, rows: Sequence[Claimed]) -> None:
    with writing(sending.ledger) as work:
        for row in rows:
            outbox.release(work.connection, row)


def _send_row(sending: _Sending, row: Claimed) -> Happening | None:
    """Send one row and write down how it went; None where it is not ours any more.

    Where the recipient's own address is refused, the clinic's is tried, once.
    """
    refused = ""
    for address in rules.addresses_of(row, sending.settings):
        if not _is_still_mine(sending, row):
            return _suppressed(sending, row)
        try:
            reference = sending.channel.send(_message(sending, row, address))
        except PermanentFailure as failure:
            refused = refused or failure.reason
        except TemporaryFailure as failure:
            return _postponed(sending, row, failure.reason)
        except Exception as fault:  # noqa: BLE001 - one bad row must not stop the others
            return _postponed(sending, row, f"fault-{type(fault).__name__.lower()}")
        else:
            return _sent(sending, row, reference)
    return _given_up(sending, row, refused)


def _message(sending: _Sending, row: Claimed, address: str) -> Message:
    return staff_message(
        row.episode,
        row.due,
        recipient_address=address,
        key=rules.idempotency_key(sending.ledger.ledger_id, row),
    )


def _is_still_mine(sending: _Sending, row: Claimed) -> bool:
    """Look again just before sending; prolong a lease that could end on the way.

    A message leaves only while the row stays ours for as long as the channel may take
    over it: else another worker would send it beside us. The lease of the settings may
    be shorter than that; it then holds from the claim until here, and no longer.
    """
    longest = dt.timedelta(seconds=sending.channel.longest_send)
    with reading(sending.ledger) as connection:
        until = outbox.mine_until(connection, row)
        long_enough = real_instant(connection) + longest
    if until is None or until >= long_enough:
        return until is not None
    with writing(sending.ledger) as work:
        until = real_instant(work.connection) + max(sending.lease, longest)
        return outbox.prolong(work.connection, row, until)


def _sent(sending: _Sending, row: Claimed, reference: str) -> Happening | None:
    with writing(sending.ledger) as work:
        if outbox.acknowledge(
            work.connection, row, sending.worker, work.now, reference
        ):
            return _happening(row, "sent", work.now)
    return None


def _suppressed(sending: _Sending, row: Claimed) -> Happening | None:
    """Write down that its reason is gone, unless another attempt speaks for it."""
    reason = "stage-left"
    with writing(sending.ledger) as work:
        if outbox.suppress(work.connection, row, sending.worker, work.now, reason):
            return _happening(row, "suppressed", work.now, reason)
    return None


def _postponed(sending: _Sending, row: Claimed, reason: str) -> Happening | None:
    """Write down a failure that is not the message's, and when to try again."""
    wait = rules.wait_after(row.attempt, random.random())  # noqa: S311 - jitter
    with writing(sending.ledger) as work:
        if outbox.postpone(
            work.connection, row, sending.worker, work.now, reason, work.now + wait
        ):
            return _happening(row, "failed", work.now, reason)
    return None


def _given_up(sending: _Sending, row: Claimed, reason: str) -> Happening | None:
    """Write down that this message cannot be sent as it is: somebody has to look."""
    with writing(sending.ledger) as work:
        if outbox.give_up(work.connection, row, sending.worker, work.now, reason):
            return _happening(row, "dead", work.now, reason)
    return None


def _happening(
    row: Claimed | backlog.Row, outcome: str, at: dt.datetime, reason: str | None = None
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

    After it comes what was given up and is still wanted, with the reason.

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
        dead = backlog.dead_rows(connection)
        steps = outbox.steps_due(connection, day, 100_000)
    planned = [
        _happening(
            row, "planned", window.next_open(max(row.next_at, now)), row.last_error
        )
        for row in waiting
    ]
    planned += [_planned(step, channel, window, now, ledger.zone) for step in steps]
    planned.sort(key=lambda each: (each.at, each.episode, each.rule))
    return planned + [
        _happening(row, "dead", row.next_at, row.last_error) for row in dead
    ]


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
