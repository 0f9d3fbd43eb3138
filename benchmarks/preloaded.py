"""Compiles a few lines of C, when first asked for, that are preloaded into processes."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def why_not() -> str:
    """Return why nothing can be preloaded on this machine; empty where it can."""
    if sys.platform != "linux":
        return "a process is given another disk or clock on Linux only"
    return "" if shutil.which("cc") else "there is no C compiler (cc)"


@functools.cache
def compiled(source: Path) -> Path:
    """Return a library of that source."""
    library = folder() / f"{source.stem}.so"
    command = ("cc", "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl")
    subprocess.run(command, check=True)
    return library


def folder() -> Path:
    """Return a folder, gone when this process ends, that a server's account may read."""
    return Path(_temporary().name)


@functools.cache
def _temporary() -> tempfile.TemporaryDirectory[str]:
    made = tempfile.TemporaryDirectory(prefix="bench-preloaded-")
    Path(made.name).chmod(0o755)
    return made
