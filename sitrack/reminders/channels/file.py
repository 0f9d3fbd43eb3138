"""The channel for clinics with a gateway of their own: one JSON line per message.

Another program reads the file and carries the lines on, so a line that was
acknowledged is on the disk, and a line that could not be written whole is not there
at all.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sitrack.errors import Unavailable
from sitrack.reminders.channels import TemporaryFailure, plain_address
from sitrack.reminders.wording import Message

# Not following a link and not waiting for the reader of a pipe: the file must be
# the very one that the settings name, and a round never hangs on it.
_FLAGS: Final = (
    os.O_WRONLY
    | os.O_APPEND
    | os.O_CREAT
    | os.O_NOFOLLOW
    | os.O_NONBLOCK
    | os.O_CLOEXEC
)


class FileChannel:
    """Appends each message as one JSON line to a file.

    A new file can be read by its owner alone; the mode of a file that is already
    there is left as somebody set it. The file is opened anew for each message, so
    that it may be rotated at any time.
    """

    name = "file"
    longest_send = 30.0

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with self._opened():
                pass
        except OSError:
            raise Unavailable(
                f"the file {path} cannot be appended to",
                "set reminders.file to a plain file, no link, in a folder that exists",
            ) from None

    def send(self, message: Message) -> str:
        """Append the message and flush it; the reference is the message's key.

        Where nobody has an address, `to` is null, and the gateway decides.
        """
        to = message.recipient_address
        document = {
            "key": message.key,
            "to": plain_address(to) if to else None,
            "subject": message.subject,
            "body": message.body,
        }
        try:
            self._append(json.dumps(document).encode("ascii") + b"\n")
        except OSError as error:
            word = errno.errorcode.get(error.errno or 0, "error").lower()
            raise TemporaryFailure(f"file-{word}") from None
        return message.key

    def close(self) -> None:
        """Do nothing: no file is held open between messages."""

    def _append(self, line: bytes) -> None:
        with self._opened() as file:
            # The lock is for the case of a full disk alone: what is cut off again
            # must be our own half line, not the next one of another process.
            fcntl.flock(file, fcntl.LOCK_EX)
            before = os.fstat(file).st_size
            if os.write(file, line) != len(line):
                os.ftruncate(file, before)
                raise OSError(errno.ENOSPC, "no room for the whole line")
            os.fsync(file)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        file = os.open(self._path, _FLAGS, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise OSError(errno.EINVAL, "not a plain file")
            yield file
        finally:
            os.close(file)
