"""Imitates the flush of a real disk, where a machine's own is unrealistically fast.

A virtual machine's disk answers a flush in some tens of microseconds, a real one in 0.3
to 5 ms. A few lines of C (`flush.c`), compiled when first asked for, are preloaded into
the processes that are measured and make every flush wait as long as that. Where there
is no C compiler, or no such preloading, the rows that need it are left out with a word.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_SOURCE = Path(__file__).with_suffix(".c")


def why_not() -> str:
    """Return why a flush cannot be slowed down on this machine; empty where it can."""
    if sys.platform != "linux":
        return "a flush is slowed down on Linux only"
    return "" if shutil.which("cc") else "there is no C compiler (cc)"


def slowed(milliseconds: float) -> dict[str, str]:
    """Return the environment in which each flush takes that much longer; {} for 0."""
    if not milliseconds:
        return {}
    shim = Path(_folder().name) / "flush.so"
    if not shim.exists():
        command = ("cc", "-shared", "-fPIC", "-O2", "-o", shim, _SOURCE, "-ldl")
        subprocess.run(command, check=True)
    return {"LD_PRELOAD": str(shim), "FLUSH_US": f"{milliseconds * 1000:.0f}"}


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder, gone when this process ends, that a server's account may read."""
    folder = tempfile.TemporaryDirectory(prefix="bench-flush-")
    Path(folder.name).chmod(0o755)
    return folder
