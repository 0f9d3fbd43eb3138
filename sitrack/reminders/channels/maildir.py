"""The channel into a maildir: a folder from which a mail program or a server reads.

A message is written beside, flushed, and moved into `new` in one step, under its key:
a reader never sees half of one, and a repeat takes the place of the first.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path

from sitrack.clock import Clock, machine_clock
from sitrack.errors import Unavailable
from sitrack.reminders.channels import TemporaryFailure, needed, plain_address
from sitrack.reminders.channels.mail import mail_of
from sitrack.reminders.wording import Message
from sitrack.settings import Settings


class MaildirChannel:
    """Puts each message as one file into a maildir, readable by its owner alone.

    Raises:
        Unavailable: the folder cannot be written, or nobody is set as the sender.
    """

    name = "maildir"
    longest_send = 30.0

    def __init__(self, settings: Settings, *, clock: Clock = machine_clock) -> None:
        self._folder = Path(needed(settings, "reminders.maildir", self.name))
        self._sender = str(settings["smtp.sender"]) or needed(
            settings, "clinic.address", self.name
        )
        self._clock = clock
        try:
            for part in ("tmp", "new", "cur"):
                (self._folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            raise Unavailable(
                f"the maildir {self._folder} cannot be made",
                "set reminders.maildir to a folder that this account can write",
            ) from None

    def send(self, message: Message) -> str:
        """Put the message into `new`; the reference is its key."""
        recipient = plain_address(message.recipient_address)
        mail = mail_of(message, self._sender, recipient, self._clock)
        try:
            if not self._was_read(message.key):
                self._put(message.key, mail.as_bytes())
        except OSError as error:
            word = errno.errorcode.get(error.errno or 0, "error").lower()
            raise TemporaryFailure(f"maildir-{word}") from None
        return message.key

    def close(self) -> None:
        """Do nothing: no file is held open between messages."""

    def _was_read(self, key: str) -> bool:
        """A reader has moved the first of a repeat on already."""
        return any((self._folder / "cur").glob(f"{key}*"))

    def _put(self, key: str, text: bytes) -> None:
        beside = self._folder / "tmp" / f"{key}.{secrets.token_hex(4)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            with os.fdopen(os.open(beside, flags, 0o600), "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            beside.rename(self._folder / "new" / key)
        except BaseException:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise
        _flush_folder(self._folder / "new")


def _flush_folder(folder: Path) -> None:
    """Make the move last, too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
