"""The three standard streams, as a command finds them: odd, full, or not there at all."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import IO

_MODES = {"stdin": "r", "stdout": "w", "stderr": "w"}


def prepare() -> None:
    """Make the streams fit to be used: none is missing, no letter stops a command.

    What a terminal's encoding does not have is spelled out (`\\\\u2192`). A stream that
    was closed becomes one that leads nowhere, and is no terminal.
    """
    for name, mode in _MODES.items():
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, _nowhere(mode))
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _nowhere(mode: str) -> IO[str]:
    # It takes the free number, so that no database file can become the output.
    number = os.open(os.devnull, os.O_RDWR)
    return open(number, mode, encoding="utf-8", closefd=False)


def write_bytes(content: bytes) -> None:
    """Write bytes to stdout as they are, whatever the terminal's encoding."""
    sys.stdout.flush()
    binary = getattr(sys.stdout, "buffer", None)
    if binary is None:
        sys.stdout.write(content.decode("utf-8"))
    else:
        binary.write(content)
        binary.flush()


def flush_or_give_up(name: str) -> None:
    """Write out what a stream still holds; one that takes no more is given up."""
    try:
        getattr(sys, name).flush()
    except (OSError, ValueError):
        give_up_on(name)


def give_up_on(name: str) -> None:
    """Lead a stream that takes no more nowhere, so that leaving does not fail on it."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, getattr(sys, name).fileno())
        os.close(nowhere)
