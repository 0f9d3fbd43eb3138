"""Look again, send, write down: what becomes of the messages of a round.

A message is claimed in one short transaction, sent outside of any, and acknowledged in
another: a process killed in between leaves rows whose lease runs out, and the next
round sends them again under the same key. One message's trouble is no other's.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sitrack.record import attempts
from sitrack.record.attempts import Claimed, Word
from sitrack.record.journal import Work
from sitrack.reminders import claiming, rules, wording
from sitrack.reminders.channels import Channel, PermanentFailure, TemporaryFailure
from sitrack.reminders.claiming import Parcel
from sitrack.reminders.desk import Desk
from sitrack.reminders.happening import of_row
from sitrack.reminders.looking import Seen, look, window_of
from sitrack.reminders.wording import Message

Rows = Sequence[Claimed]


@dataclass(frozen=True, slots=True)
class Post:
    """A desk, and the channel through which messages leave from it."""

    desk: Desk
    channel: Channel
    stopping: Callable[[], bool]

    def send_due(self) -> None:
        """Send what was due when the round began, and no more."""
        name = self.channel.name
        while not self.stopping() and claiming.is_anything_due(self.desk, name):
            parcels = claiming.claim(self.desk, name)
            for number, parcel in enumerate(parcels):
                if self.stopping():
                    claiming.release(self.desk, parcels[number:])
                    return
                self._send(parcel)
            if not parcels:
                return

    def _send(self, parcel: Parcel) -> None:
        """Send one message and write down how it went.

        Where the recipient's own address is refused, the clinic's is tried, once.
        """
        refused: dict[str, str] = {}
        while seen := self._looked_again(parcel, first=not refused):
            left = [each for each in seen.addresses if each not in refused]
            if not left:
                self._given_up(seen.rows, next(iter(refused.values())))
                return
            parcel, message = self._worded(replace(parcel, rows=seen.rows), left[0])
            if message is None:
                return
            try:
                reference = self.channel.send(message)
            except PermanentFailure as failure:
                refused[left[0]] = failure.reason
            except TemporaryFailure as failure:
                self._postponed(parcel.rows, failure.reason, failure.retry_after)
                return
            except Exception as fault:  # noqa: BLE001 - one bad row stops no other
                self._postponed(parcel.rows, _name_of(fault))
                return
            else:
                self._sent(parcel, reference)
                return

    # --- look again

    def _looked_again(self, parcel: Parcel, *, first: bool) -> Seen | None:
        """Look again just before sending; None where nothing may be sent now.

        A message leaves only while its rows stay ours for as long as the channel may
        take over it: else another worker would send it beside us. The lease of the
        settings may be shorter than that; it then holds from the claim until here.
        """
        seen = look(self.desk, parcel, self.channel.longest_send)
        if seen is None:
            return None
        for reason, rows in seen.unwanted.items():
            elsewhere = reason == attempts.REASSIGNED
            self._suppressed(rows, reason, although_wanted=elsewhere)
        if not seen.rows:
            return None
        if not seen.addresses:
            self._suppressed(seen.rows, "consent", although_wanted=True)
            return None
        if seen.waits and first:
            self._wait(seen.rows, *seen.waits)
            return None
        return self._kept(seen) if seen.is_short else seen

    def _kept(self, seen: Seen) -> Seen | None:
        longest = dt.timedelta(seconds=self.channel.longest_send)
        with self.desk.writing() as work:
            until = self.desk.real_now(work.connection) + max(self.desk.lease, longest)
            kept = attempts.prolong(work.connection, seen.rows, until)
        rows = tuple(row for row in seen.rows if row.id in kept)
        return replace(seen, rows=rows) if rows else None

    # --- say it

    def _worded(self, parcel: Parcel, address: str) -> tuple[Parcel, Message | None]:
        """Put a message into words, without the rows that cannot be."""
        settings = self.desk.settings
        to = {"recipient_address": address, "key": parcel.key}
        if parcel.is_to_patient:
            return parcel, wording.patient_message(settings, **to)
        template, lines = settings["reminders.staff_text"], dict[Claimed, str]()
        for row in sorted(parcel.rows, key=lambda row: (row.due, row.episode)):
            try:
                lines[row] = wording.staff_line(row.episode, row.due, template)
            except Exception as fault:  # noqa: BLE001 - one bad row stops no other
                self._postponed([row], _name_of(fault))
        if not lines:
            return parcel, None
        one = next(iter(lines))
        if len(lines) == 1:
            said = wording.staff_message(one.episode, one.due, template=template, **to)
        else:
            episodes = len({row.episode for row in lines})
            said = wording.digest_message(list(lines.values()), episodes, **to)
        return replace(parcel, rows=tuple(lines)), said

    # --- write down

    def _sent(self, parcel: Parcel, reference: str) -> None:
        with self.desk.writing() as work:
            word = Word(self.desk.worker, work.now, reference)
            said = attempts.acknowledge(work.connection, parcel.rows, word)
            today = self.desk.day_of(work.now)
            attempts.note_message(
                work.connection, parcel.key, parcel.rows, work.now, today
            )
        self._tell(work, parcel.rows, said, "sent")

    def _suppressed(
        self, rows: Rows, reason: str, *, although_wanted: bool = False
    ) -> None:
        """Write down why it will not go, unless another attempt speaks for it."""
        with self.desk.writing() as work:
            word = Word(self.desk.worker, work.now, reason)
            said = attempts.suppress(
                work.connection, rows, word, although_wanted=although_wanted
            )
        self._tell(work, rows, said, "suppressed", reason)

    def _wait(self, rows: Rows, until: dt.datetime, reason: str) -> None:
        """Put off what may not leave now; it is no failure, and costs no attempt."""
        with self.desk.writing() as work:
            attempts.wait_until(work.connection, rows, until, reason)

    def _postponed(
        self, rows: Rows, reason: str, at_least: dt.timedelta = dt.timedelta(0)
    ) -> None:
        """Write down a failure that is not the message's, and when to try again.

        After the last try somebody has to look.
        """
        last = [row for row in rows if row.failures + 1 >= rules.MOST_FAILURES]
        if last:
            self._given_up(last, reason)
        again = [row for row in rows if row not in last]
        if not again:
            return
        failed = max(row.failures for row in again) + 1
        wait = rules.wait_after(failed, random.random(), at_least)  # noqa: S311
        with self.desk.writing() as work:
            word = Word(self.desk.worker, work.now, reason)
            next_at = window_of(self.desk, again[0]).next_open(work.now + wait)
            said = attempts.postpone(work.connection, again, word, next_at)
        self._tell(work, again, said, "failed", reason)

    def _given_up(self, rows: Rows, reason: str) -> None:
        """Write down that this cannot be sent as it is: somebody has to look."""
        with self.desk.writing() as work:
            word = Word(self.desk.worker, work.now, reason)
            said = attempts.give_up(work.connection, rows, word)
        self._tell(work, rows, said, "dead", reason)

    def _tell(
        self,
        work: Work,
        rows: Rows,
        said: set[int],
        outcome: str,
        reason: str | None = None,
    ) -> None:
        for row in rows:
            if row.id in said:
                self.desk.report.add(of_row(row, outcome, work.now, reason))


def _name_of(fault: Exception) -> str:
    return f"fault-{type(fault).__name__.lower()}"
