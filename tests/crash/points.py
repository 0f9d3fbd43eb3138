"""The points of a write: each statement that it sends, each commit, and what follows it.

They are counted from outside, by listening to the engine; the product knows nothing of
them. At a point the database fails, as its driver would say it, or the process dies.
"""

import itertools
import os
import signal
import sqlite3
from contextlib import contextmanager

from sqlalchemy import event, exc

STATEMENT = "before_cursor_execute"
COMMIT = "commit"
OVER = "checkin"
"""The connection is given back: what was committed stands, and nobody was told yet."""

POINTS = (STATEMENT, COMMIT, OVER)


@contextmanager
def counted(ledger, act, names=POINTS):
    """Call `act` with the number and the name of each point."""
    numbers = itertools.count(1)
    engine = ledger.engine(write=True)
    listeners = [(name, _calling(act, numbers, name)) for name in names]
    for name, reached in listeners:
        event.listen(engine, name, reached)
    try:
        yield
    finally:
        for name, reached in listeners:
            event.remove(engine, name, reached)


def _calling(act, numbers, name):
    return lambda *_: act(next(numbers), name)


@contextmanager
def failing(ledger, at):
    """Let the database fail at a statement or a commit; yield where it did."""
    struck = []

    def fail(number, _name):
        if number == at:
            struck.append(number)
            raise _gone(ledger)

    with counted(ledger, fail):
        yield struck


def _gone(ledger):
    """What SQLAlchemy raises where the disk, or the server, does not do its part."""
    if not ledger.on_postgres:
        said = sqlite3.OperationalError("disk I/O error")
        return exc.OperationalError("", None, said)
    import psycopg

    said = psycopg.OperationalError("server closed the connection unexpectedly")
    return exc.OperationalError("", None, said)


def ended(act):
    """Do something in a process of its own; say whether it was `done` or `killed`."""
    child = os.fork()
    if child == 0:
        try:
            act()
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in {0, -signal.SIGKILL}
    return "done" if code == 0 else "killed"


def die():
    """End this process as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)
