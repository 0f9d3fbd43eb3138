"""Lets a benchmark tell a peer what to do, one line at a time.

A line is the name of a method, numbers and paths: `move 20 5`. The answer is one line of JSON.
What a library prints goes to the error stream, so that it cannot be taken for one.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import resource
import sys
import time
from collections.abc import Sequence
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
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"versions": versions(made_of), "memory": most}


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
