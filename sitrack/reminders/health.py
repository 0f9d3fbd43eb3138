"""Is anything wrong with the reminders? For a person, a monitor, and a scraper.

Four things can be: something was given up, something due has not gone, nobody runs
rounds, or a channel is full. Outside the hours in which messages leave, nothing waits
too long.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sitrack.clock import start_of
from sitrack.record import library, pulse
from sitrack.record.ledger import Ledger, present_instant, reading, real_instant
from sitrack.record.pulse import Pulse
from sitrack.reminders.windows import send_window
from sitrack.settings import Settings


@dataclass(frozen=True, slots=True)
class Limits:
    """What is too long.

    Attributes:
        round_within: since the last round.
        due_within: for a reminder to wait, in hours in which it may leave.
    """

    round_within: dt.timedelta
    due_within: dt.timedelta


@dataclass(frozen=True, slots=True)
class Health:
    """How the reminders are doing at a moment.

    Attributes:
        now: that moment.
        pulse: the numbers.
        full: channels that have sent all that they may in an hour.
        problems: (code, what is wrong, what to do), none where all is well.
    """

    now: dt.datetime
    pulse: Pulse
    full: tuple[str, ...]
    problems: tuple[tuple[str, str, str], ...]

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def health(ledger: Ledger, settings: Settings, limits: Limits) -> Health:
    """Return how the reminders of a record are doing now."""
    with reading(ledger) as connection:
        now = present_instant(connection, ledger)
        today = now.astimezone(ledger.zone).date()
        found = pulse.pulse(connection, now, real_instant(connection), today)
        calendar = library.current(connection).calendar
    window = send_window(settings, ledger.zone, calendar)
    opened = start_of(today, ledger.zone, window.opens)
    waits = found.oldest_due and window.is_open(now) and max(found.oldest_due, opened)
    most = settings["reminders.most_per_hour"]
    full = tuple(name for name, sent in found.sent_last_hour.items() if sent >= most)
    problems = []
    if found.dead:
        what = f"{found.dead} could not be delivered"
        problems.append(("dead", what, "sitrack reminder dead"))
    if waits and now - waits > limits.due_within:
        what = f"{found.due} due, the first since {waits:%Y-%m-%dT%H:%M}Z"
        problems.append(("late", what, "sitrack reminder plan"))
    if found.last_round is None or now - found.last_round > limits.round_within:
        last = f"{found.last_round:%Y-%m-%dT%H:%M}Z" if found.last_round else "never"
        problems.append(("no-round", f"last round: {last}", "sitrack reminder watch"))
    if full:
        what = f"the hour of {', '.join(full)} is full ({most})"
        problems.append(("full", what, "sitrack reminder plan"))
    return Health(now, found, full, tuple(problems))


def openmetrics(found: Health) -> str:
    """Return the numbers as OpenMetrics text."""
    seen = found.pulse
    oldest = (found.now - seen.oldest_due).total_seconds() if seen.oldest_due else 0.0
    last = seen.last_round.timestamp() if seen.last_round else 0.0
    gauges: list[tuple[str, str, str, float]] = [
        ("open", "", "Reminders made and not sent.", seen.open),
        ("due", "", "Reminders that may leave now.", seen.due),
        ("unmade", "", "Steps due that no round has seen.", seen.unmade),
        ("dead", "", "Reminders given up and still wanted.", seen.dead),
        ("oldest_due_seconds", "seconds", "How long the first has waited.", oldest),
        ("last_round_timestamp_seconds", "seconds", "When a round was done.", last),
        ("healthy", "", "1 where nothing is wrong.", float(found.is_well)),
    ]
    lines: list[str] = []
    for name, unit, about, value in gauges:
        lines += _family(f"sitrack_reminders_{name}", unit, about)
        lines.append(f"sitrack_reminders_{name} {value!r}")
    lines += _family("sitrack_reminders_sent_last_hour", "", "Messages by channel.")
    lines += [
        f'sitrack_reminders_sent_last_hour{{channel="{channel}"}} {sent}'
        for channel, sent in sorted(seen.sent_last_hour.items())
    ]
    return "\n".join([*lines, "# EOF", ""])


def _family(name: str, unit: str, about: str) -> list[str]:
    head = [f"# TYPE {name} gauge", f"# HELP {name} {about}"]
    return [*head, f"# UNIT {name} {unit}"] if unit else head
