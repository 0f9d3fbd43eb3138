"""Commands as they are typed: in this process, which is fast, or in one of their own."""

import fcntl
import io
import json
import os
import pty
import re
import select
import signal
import sqlite3
import struct
import subprocess
import sys
import termios
from contextlib import closing, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import NamedTuple

from sitrack.cli import run

HERE = Path(__file__).resolve().parents[2]
"""The checkout, from which `python -m sitrack` finds the product."""


NAMED = re.compile(r" -d '?(sqlite|postgresql)[^\s']*'?")
"""What a command in a hint ends with, where a record was named."""

SYNTHETIC = "synthetic ledger: invented patients only\n"
"""What every screen of a synthetic ledger says on stderr."""


class Typed(NamedTuple):
    """What one command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        """The answer, of a command asked for JSON."""
        return json.loads(self.out)

    @property
    def told(self):
        """The messages, without what every screen of a synthetic ledger says."""
        return self.err.replace(SYNTHETIC, "")

    @property
    def error(self):
        """The error object, which is the last line of stderr.

        That its hint names the record is shown by `test_misspelt`, and left out here.
        """
        error = json.loads(self.err.splitlines()[-1])["error"]
        return error | {"hint": error["hint"] and NAMED.sub("", error["hint"])}


def typed(*words, stdin=""):
    """Run a command in this process; its input is no terminal."""
    out, err, before = io.StringIO(), io.StringIO(), sys.stdin
    sys.stdin = io.StringIO(stdin)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = run([str(word) for word in words])
    finally:
        sys.stdin = before
    return Typed(code, out.getvalue(), err.getvalue())


def typed_outside(*words, stdin="", **more):
    """Run a command as a process of its own."""
    more["env"] = surroundings(more.get("env"))
    done = subprocess.run(
        command(*words),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        **more,
    )
    return Typed(done.returncode, done.stdout, done.stderr)


def command(*words):
    """The words that start a command as a process of its own."""
    return [sys.executable, "-W", "error", "-m", "sitrack", *map(str, words)]


def surroundings(more=None):
    """An environment that finds the product and carries no settings but those given."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SITRACK_")}
    return kept | {"PYTHONPATH": str(HERE)} | (more or {})


def contents(file):
    """Everything that a SQLite file says, to show that nothing was changed.

    The log of who saw what grows by everything that is shown, and is left out.
    """
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return [row for row in connection.iterdump() if "VALUES('access/" not in row]


def tamper(file):
    """Change a score in a SQLite file, as somebody who owns the file can."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        triggers = connection.execute(query).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(
            'UPDATE payload SET body = replace(body, \'"nrs":"7"\', \'"nrs":"2"\')'
        )
        for _, made in triggers:
            connection.execute(made)


def options(**values):
    """Values as options: `nrs=7` is typed `--nrs 7`, True is a bare flag."""
    words = []
    for name, value in values.items():
        option = f"--{name.rstrip('_').replace('_', '-')}"
        if isinstance(value, list | tuple):
            words += [option, ",".join(map(str, value))]
        elif value is True:
            words.append(option)
        elif value is not None:
            words += [option, str(value)]
    return words


class Terminal:
    """A command at a terminal of its own; what it shows, and answers."""

    def __init__(self, *words, env=None, columns=80, lines=24):
        self._ours, theirs = pty.openpty()
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, size)
        if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
            # In the background of a script Ctrl-C is ignored, and so by its children.
            signal.signal(signal.SIGINT, signal.default_int_handler)
        self.process = subprocess.Popen(
            command(*words),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=surroundings({"TERM": "xterm"} | (env or {})),
            start_new_session=True,
        )
        os.close(theirs)
        self.text, self._seen = "", 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._ours)

    def wait_for(self, words):
        """Read until those words were shown."""
        while (found := self.text.find(words, self._seen)) < 0:
            more = self._read()
            assert more, f"it ended without {words!r}: {self.text}"
            self.text += more
        self._seen = found + len(words)
        return self

    def type(self, line):
        self.press(f"{line}\n")

    def press(self, keys):
        os.write(self._ours, keys.encode())

    def interrupt(self):
        """Press Ctrl-C; again where it came just before the program began to read."""
        for _ in range(20):
            self.process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(2)
                return

    def end(self):
        """Read to the end; return the exit code and all that was shown."""
        while more := self._read():
            self.text += more
        return self.process.wait(), self.text.replace("\r\n", "\n")

    def _read(self):
        ready, _, _ = select.select([self._ours], [], [], 60)
        assert ready, f"it waits for something: {self.text}"
        try:
            return os.read(self._ours, 65536).decode()
        except OSError:  # on Linux, a terminal whose last user has left
            return ""
