"""Lets a benchmark tell a peer what to do, one line at a time.

A line is the name of a method, numbers and paths: `move 20 5`. The answer is one line of JSON.
What a library prints goes to the error stream, so that it cannot be taken for one.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def answer(peer: Any, made_of: Sequence[str]) -> None:
    """Do what each line of the input says until it ends.

    Args:
        peer: whose methods are called.
        made_of: the distributions it is made of, whose versions it tells.
    """
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        name, *rest = line.split()
        words = [int(word) if word.isdigit() else word for word in rest]
        if name == "about":
            said: Any = _about(made_of)
        elif name == "move":
            said = _moved(peer, *words)
        else:
            said = getattr(peer, name)(*words)
        print(json.dumps(said), file=replies, flush=True)


def _about(made_of: Sequence[str]) -> dict[str, Any]:
    """Say what this process is made of, and how much memory it has taken (MB)."""
    return {"versions": versions(made_of), "memory": _most_memory()}


def _most_memory() -> float:
    """Return how much memory this process has taken at most, in MB; 0 if not told.

    `getrusage` would tell no less than what the process that started this one took.
    """
    told = Path("/proc/self/status")
    lines = told.read_text().splitlines() if told.exists() else []
    sizes = (int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    return next(sizes, 0) / 1024


def versions(names: Sequence[str]) -> dict[str, str]:
    """Return the versions of those distributions that are installed."""
    found = {}
    for name in names:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def _moved(peer: Any, first: int, count: int) -> float:
    """Move so many episodes on; return how long one took, in ms."""
    before = time.perf_counter()
    for number in range(first, first + count):
        peer.move(number)
    return (time.perf_counter() - before) * 1000 / count
