"""What a terminal shows, on the pages that print it: made by running what stands there.

A block of a page that is marked `console` holds commands, each after a `$`, and under
each what it showed on a terminal of 80 columns without colour. `python -m
tests.docs.screens --write` runs them all and writes what they show now; a test compares.
What differs each time, the words of a receipt, is left as it stands.
"""

import argparse
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.docs.told import ROOT

COMMAND = "python -m tests.docs.screens --write"
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PART = "\x1e"
_RECEIPT = re.compile(r"\b[0-9a-f]{4}( [0-9a-f]{4}){3}\b")
_END = b"\x04" * 500
"""Typed ahead: a command that asks what its page does not show is told no more."""
_SYNTHETIC = "synthetic ledger: invented patients only\n"
"""Said with every screen of such a record; the pages say it once, in their own words."""


@dataclass(frozen=True)
class Page:
    """A page with screens.

    Attributes:
        path: its file, from the root of the checkout.
        before: what the shell does first, unseen.
    """

    path: str
    before: str = ""

    def text(self) -> str:
        return (ROOT / self.path).read_text(encoding="utf-8")


PAGES = (
    Page("docs/tutorial.md"),
    Page(
        "README.md",
        """
        export SITRACK_DATABASE_URL=sqlite:///clinic.db
        demo="--patients 8 --seed 3 --keep clinic.db --now 2025-06-16T09:00"
        sitrack demo $demo >/dev/null 2>&1
        sitrack() { command sitrack "$@" --now 2025-06-16T09:00; }
        """,
    ),
)


@dataclass(frozen=True)
class Screen:
    """One command of a page and what stands under it."""

    command: str
    shown: str


def screens(text: str) -> list[Screen]:
    """Every command of a page, in its order."""
    return [each for block in _BLOCK.findall(text) for each in _of(block)]


def _of(block: str) -> Iterator[Screen]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = part.splitlines(keepends=True)
        taken = 1
        while lines[taken - 1].endswith("\\\n"):
            taken += 1
        yield Screen("".join(lines[:taken]), "".join(lines[taken:]))


def shown_now(page: Page) -> list[str]:
    """What each command of a page shows, run one after the other in an empty home."""
    found = [each.command for each in screens(page.text())]
    script = "".join(f"printf '{_PART}'\n{command}" for command in found)
    with tempfile.TemporaryDirectory() as folder:
        out = _on_a_terminal(f"{page.before}\n{script}", Path(folder))
    parts = out.replace("\r\n", "\n").replace(_SYNTHETIC, "").split(_PART)[1:]
    assert len(parts) == len(found), out
    # A bar of progress leaves an empty line where a terminal cannot take it back.
    return [part.lstrip("\n") for part in parts]


def _on_a_terminal(script: str, folder: Path) -> str:
    (folder / "bin").mkdir()
    (folder / "home").mkdir()
    program = folder / "bin" / "sitrack"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m sitrack "$@"\n')
    program.chmod(0o755)
    environment = {
        "HOME": str(folder / "home"),
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.defpath}",
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
    }
    # Its keyboard is a terminal of its own, whose echo would stand on the screen.
    (ours, theirs), (typing, keyboard) = pty.openpty(), pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 500, 80, 0, 0))
    os.write(typing, _END)
    shell = subprocess.Popen(
        ["bash", "-c", script],
        cwd=folder / "home",
        env=environment,
        stdin=keyboard,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    out = b""
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        while piece := _read(terminal):
            out += piece
    shell.wait()
    for each in (keyboard, typing):
        os.close(each)
    return out.decode("utf-8")


def _read(terminal) -> bytes:
    try:
        return terminal.read(65536)
    except OSError:  # on Linux, a terminal whose last user has left
        return b""


def lasting(shown: str) -> str:
    """What a screen says each time: all but the words of its receipts."""
    return _RECEIPT.sub("RECEIPT", shown).strip("\n")


def renewed(page: Page) -> str:
    """The page with what its commands show now."""
    now = iter(shown_now(page))

    def block(found: re.Match[str]) -> str:
        told = ""
        for old in _of(found.group(1)):
            new = next(now)
            kept = lasting(old.shown) == lasting(new)
            told += f"$ {old.command}{old.shown if kept else new}"
        return f"```console\n{told}```"

    return _BLOCK.sub(block, page.text())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the pages")
    write = parser.parse_args().write
    for page in PAGES:
        text = renewed(page)
        if write:
            (ROOT / page.path).write_text(text, encoding="utf-8")
        else:
            sys.stdout.write(text)


if __name__ == "__main__":
    main()
