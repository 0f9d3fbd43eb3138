"""A conversation that ends in time, however slowly the other side speaks.

The libraries allow so many seconds for each piece that arrives, and a server may send
any number of pieces. Past the end no word goes out and none is waited for: a message
that was not handed over by then is not handed over behind our back.
"""

from __future__ import annotations

import io
import socket
import time
from typing import Any, Protocol


class Hurried(Protocol):
    """Whatever has a socket and an end.

    Attributes:
        sock: None before it is connected.
    """

    sock: socket.socket | None

    def hurry(self) -> None:
        """Allow the next piece no more than the time that is left."""
        ...


def hurry(sock: socket.socket | None, longest: float, ends: float) -> None:
    """Allow the next piece no more than the time that is left.

    Args:
        sock: what it arrives on.
        longest: seconds that one piece may take.
        ends: the end of the conversation, on the clock of `time.monotonic`.

    Raises:
        TimeoutError: there is none left.
    """
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError
    if sock is not None:
        sock.settimeout(min(longest, left))


class Pieces(io.RawIOBase):
    """What arrives on a line, each piece in the time that is left."""

    def __init__(self, line: Hurried) -> None:
        self._line = line

    def readable(self) -> bool:
        """Say yes: it is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Wait for the next piece."""
        self._line.hurry()
        return self._line.sock.recv_into(buffer) if self._line.sock else 0
