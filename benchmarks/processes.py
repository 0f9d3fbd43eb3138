"""Runs each side of a benchmark as a process that is told what to do, in turn."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.measure import ROOT


@dataclass(frozen=True)
class Peer:
    """A program of `benchmarks/peers`, and how it is called in the tables.

    Attributes:
        module: its name there.
        name: what it is made of, as a reader knows it.
        needs: the modules that it imports from elsewhere.
    """

    module: str
    name: str
    needs: Sequence[str] = ()

    @property
    def why_not(self) -> str:
        """Why it cannot run here; empty where it can."""
        lacking = [
            each for each in self.needs if importlib.util.find_spec(each) is None
        ]
        return f"{', '.join(lacking)} is not installed" if lacking else ""


class Process:
    """A program that answers: see `peers/answer.py`."""

    def __init__(self, module: str, url: str, environment: dict[str, str]) -> None:
        # A file, not a pipe: nobody reads it while the program runs.
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - lives as long as it
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"benchmarks.peers.{module}", url],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
        )

    def tell(self, *words: object) -> None:
        """Say what to do, and do not wait for it."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # `heard` says why it died
            print(*words, file=self._process.stdin, flush=True)

    def heard(self) -> Any:
        """Wait for the answer.

        Raises:
            RuntimeError: the program died; with what it said.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._said.seek(0)
            raise RuntimeError(self._said.read()[-2000:])
        return json.loads(line)

    def ask(self, *words: object) -> Any:
        """Say what to do, and return the answer."""
        self.tell(*words)
        return self.heard()

    def kill(self) -> None:
        """End it at once, whatever it is doing."""
        self._process.kill()

    def end(self) -> None:
        """Let it go."""
        self._process.communicate()
        self._said.close()


@contextlib.contextmanager
def started(
    module: str, url: str, environment: dict[str, str] | None = None
) -> Iterator[Process]:
    """Run one of `benchmarks/peers` on a database, as long as the block lasts."""
    process = Process(module, url, environment or {})
    try:
        yield process
    finally:
        process.end()
