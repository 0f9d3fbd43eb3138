"""The ways a reminder can leave the house, and the one manner they all have.

A round knows a channel only by its name, and a failure only by whether trying again
can help. Why it failed is told by a short code: what servers and operating systems
say in their own words may hold addresses, and is never passed on.
"""

from __future__ import annotations

import datetime as dt
import importlib
from pathlib import Path
from typing import Protocol, TextIO

from sitrack.errors import BadInput, Unavailable
from sitrack.reminders.wording import Message
from sitrack.settings import CHANNELS, OPTIONS, Settings, is_plain_address


class DeliveryFailure(Exception):
    """A message did not go.

    Attributes:
        reason: a short code for the ledger; no address, no words of others.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TemporaryFailure(DeliveryFailure):
    """Nothing is wrong with the message: the same one may go later.

    Attributes:
        retry_after: how long the other side asked us to wait at the least.
    """

    def __init__(
        self, reason: str, retry_after: dt.timedelta = dt.timedelta(0)
    ) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class PermanentFailure(DeliveryFailure):
    """Trying again would fail in the same way; somebody has to look."""


class Channel(Protocol):
    """One way out. It is used by one thread at a time.

    Attributes:
        name: as in the settings and in the ledger.
        longest_send: seconds that one `send` may take at the most; a row is held for
            at least as long, so that nobody else sends it meanwhile.
    """

    name: str
    longest_send: float

    def send(self, message: Message) -> str:
        """Hand one message over.

        Returns:
            The reference by which it is found again at the place it went to.

        Raises:
            TemporaryFailure: it did not go; the same message may go later.
            PermanentFailure: it did not go, and never will as it is.
        """
        ...

    def close(self) -> None:
        """Let go of what is held open; the next `send` would open it again."""
        ...


def open_channel(name: str, settings: Settings, out: TextIO) -> Channel:
    """Return the channel of that name, ready to send.

    Args:
        name: one of `settings.CHANNELS`.
        settings: where files and servers are.
        out: the stream that the console channel writes to.

    Raises:
        BadInput: there is no such channel.
        Unavailable: a setting that the channel needs is missing or cannot be used.
    """
    if name not in CHANNELS:
        *others, last = CHANNELS
        known = f"{', '.join(others)} or {last}"
        raise BadInput("there is no such channel", f"use {known}")
    if name == "console":
        from sitrack.reminders.channels.console import ConsoleChannel

        return ConsoleChannel(out)
    if name == "file":
        from sitrack.reminders.channels.file import FileChannel

        return FileChannel(Path(needed(settings, "reminders.file", name)))
    module = importlib.import_module(f"sitrack.reminders.channels.{name}")
    channel: Channel = getattr(module, f"{name.capitalize()}Channel")(settings)
    return channel


def needed(settings: Settings, option: str, channel: str) -> str:
    """Return a setting that a channel cannot do without.

    Raises:
        Unavailable: it is empty.
    """
    value = str(settings[option])
    if not value:
        variable = next(each.variable for each in OPTIONS if each.name == option)
        raise Unavailable(
            f"the {channel} channel needs the setting {option}, which is empty",
            f"set {option} in the settings file, or {variable}",
        )
    return value


def plain_address(text: str) -> str:
    """Return the address if it is exactly one, and can stand in a header as it is.

    Raises:
        PermanentFailure: it holds a line break, a comma, a space, a letter outside
            ASCII, or is no address at all.
    """
    if not is_plain_address(text):
        raise PermanentFailure("address-refused")
    return text
