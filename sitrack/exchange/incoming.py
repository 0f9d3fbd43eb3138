"""A file from outside, opened so that it can be read twice and is the same each time.

It is read line by line, so that its size does not matter. What stands in it is nobody's
business but the reader's: a fault names a line, and repeats nothing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, cast

from sitrack.errors import BadInput
from sitrack.journey.intake.rows import Problem

LONGEST_LINE: Final = 1_000_000
"""Bytes of one line. A row of an import has a few hundred."""

_IN_MEMORY: Final = 8_000_000
_MARKS: Final = {
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"PK\x03\x04": "a workbook or an archive",
    b"\x1f\x8b": "a compressed file",
}
_SAVE_AS: Final = "save it as CSV UTF-8"
_UTF8_MARK: Final = b"\xef\xbb\xbf"

Tell = Callable[[int], None]
"""Called now and then with the bytes that are read."""


class Faulty(Exception):
    """A file that cannot be read on from some place.

    Attributes:
        problem: which place, and why.
    """

    def __init__(
        self, row: int | None, code: str, message: str, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.problem = Problem(row, None, code, message, hint)


class Incoming:
    """An open file.

    Attributes:
        size: in bytes.
        digest: SHA-256 of its bytes, in hex, once it was read to its end.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, os.SEEK_END)
        self.digest = ""

    def close(self) -> None:
        """Let go of it."""
        self._file.close()

    def begins_like_json(self) -> bool:
        """Whether its first line is an object, and no heads of columns."""
        self._file.seek(0)
        start = self._file.read(4096).removeprefix(_UTF8_MARK).lstrip()
        return start[:1] in {b"{", b"["}

    def lines(self, tell: Tell) -> Iterator[str]:
        """Return its lines, from the first on, each with its end.

        Raises:
            Faulty: it is no text in UTF-8.
        """
        self._file.seek(0)
        _refuse_other_kinds(self._file.read(65_536))
        self._file.seek(0)
        whole, done = hashlib.sha256(), 0
        for number, raw in enumerate(iter(self._next, b""), start=1):
            whole.update(raw)
            done += len(raw)
            if number == 1:
                raw = raw.removeprefix(_UTF8_MARK)  # noqa: PLW2901 - the first alone
            yield _decoded(number, raw)
            if number % 256 == 0:
                tell(done)
        self.digest = whole.hexdigest()
        tell(done)

    def _next(self) -> bytes:
        return self._file.readline(LONGEST_LINE + 1)


def _refuse_other_kinds(start: bytes) -> None:
    """Say what it is instead, where that can be told."""
    if not start.strip():
        raise Faulty(None, "empty", "the file is empty", "sitrack import --template")
    for mark, what in _MARKS.items():
        if start.startswith(mark):
            raise Faulty(None, "encoding", f"the file is {what}", _SAVE_AS)
    if b"\r" in start and b"\n" not in start:
        why = "the lines end with a carriage return alone"
        raise Faulty(None, "encoding", why, "save it with the line ends of this system")


def _decoded(number: int, raw: bytes) -> str:
    if len(raw) > LONGEST_LINE:
        why = f"line {number} is longer than {LONGEST_LINE:,} bytes"
        raise Faulty(None, "too-long", why)
    if b"\0" in raw:
        why = f"line {number} holds a NUL byte: this is no text, or not in UTF-8"
        raise Faulty(None, "encoding", why, _SAVE_AS)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        why = f"line {number} is not UTF-8 (Latin-1 or Windows-1252, perhaps)"
        raise Faulty(None, "encoding", why, _SAVE_AS) from None


def opened(path: str, stdin: Callable[[], BinaryIO]) -> Incoming:
    """Open a file, or take what comes on stdin for `-`.

    Raises:
        BadInput: there is no such plain file, or it may not be read.
    """
    if path == "-":
        kept = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        shutil.copyfileobj(stdin(), kept)
        return Incoming(cast("BinaryIO", kept))
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            raise BadInput("that is not a plain file", "a file's name, or - for stdin")
        return Incoming(Path(path).open("rb"))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "that is no name of a file"
        raise BadInput(
            f"the file cannot be read: {why}", "a file's name, or - for stdin"
        ) from None
