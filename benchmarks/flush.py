"""Imitates the flush of a real disk, where a machine's own is unrealistically fast.

A virtual machine's disk answers a flush in some tens of microseconds, a real one in 0.3
to 5 ms. A few lines of C (`flush.c`), preloaded into the processes that are measured,
make every flush wait as long as that. Where nothing can be compiled or preloaded, the
rows that need it are left out with a word.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks import preloaded
from benchmarks.preloaded import why_not

__all__ = ["slowed", "why_not"]

_SOURCE = Path(__file__).with_suffix(".c")


def slowed(milliseconds: float) -> dict[str, str]:
    """Return the environment in which each flush takes that much longer; {} for 0."""
    if not milliseconds:
        return {}
    library = preloaded.compiled(_SOURCE)
    return {"LD_PRELOAD": str(library), "FLUSH_US": f"{milliseconds * 1000:.0f}"}
