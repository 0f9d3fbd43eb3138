"""Carries an entry over and dies on the way; run by `test_amendments`."""

import datetime as dt
import json
import os
import signal
import sys

from sitrack.clock import stopped_clock
from sitrack.coordination import amendments
from sitrack.coordination.page import Because
from sitrack.journey.patient import read_episode_key
from sitrack.record import journal, standing
from sitrack.record.ledger import open_ledger
from tests.clinic import RIVERA


def die(*_args, **_more):
    os.kill(os.getpid(), signal.SIGKILL)


def dies_on(times, act):
    """The act, but that the process dies when it is done so often."""
    left = iter(range(times - 1))

    def perhaps(*args, **more):
        return act(*args, **more) if next(left, None) is not None else die()

    return perhaps


def main():
    told = json.load(sys.stdin)
    ledger = open_ledger(told["url"])
    ledger.use_clock(stopped_clock(dt.datetime.fromisoformat(told["now"])))
    if told["point"] == "append":
        journal.Work.append = dies_on(told["times"], journal.Work.append)
    elif told["point"] == "refresh":
        standing.refresh = dies_on(told["times"], standing.refresh)
    source, target = (read_episode_key(told[name]) for name in ("source", "target"))
    why = Because("wrong-side")
    amendments.transfer(ledger, RIVERA, source, [told["number"]], target, why)
    die()  # after it was kept


if __name__ == "__main__":
    main()
