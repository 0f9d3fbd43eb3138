"""The channel for trying things out: each message where one can see it."""

from __future__ import annotations

from typing import TextIO

from sitrack.reminders.channels import TemporaryFailure, plain_address
from sitrack.reminders.wording import Message


class ConsoleChannel:
    """Writes each message to a text stream: its subject, and the lines of a digest."""

    name = "console"
    longest_send = 30.0

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def send(self, message: Message) -> str:
        """Write recipient and words; the reference is the message's key.

        Whoever has no address is left out: the line is read here, all the same.
        """
        to = message.recipient_address
        named = f"to {plain_address(to)}: " if to else ""
        try:
            self._out.write(f"{named}{message.subject}\n")
            for line in _lines_of_digest(message):
                self._out.write(f"  {line}\n")
            self._out.flush()
        except OSError:
            raise TemporaryFailure("stream-closed") from None
        return message.key

    def close(self) -> None:
        """Leave the stream open: it belongs to whoever handed it in."""


def _lines_of_digest(message: Message) -> list[str]:
    """The lines of a digest; of a single message the subject says it all."""
    lines = message.body.splitlines()
    return [] if lines[:1] == [message.subject] else lines
