"""One reminder round in a process of its own, which dies at a point that is named.

Run as `python -m tests.crash.dying_round`, told by one JSON object on its input. The
product knows nothing of the points: its functions are wrapped from outside.
"""

import datetime as dt
import json
import os
import signal
import sys
from contextlib import contextmanager

from sitrack import settings
from sitrack.clock import stopped_clock
from sitrack.record import attempts, dispatch, outbox
from sitrack.record.ledger import open_ledger
from sitrack.reminders import desk
from sitrack.reminders.channels.email import EmailChannel
from sitrack.reminders.round import run_round


class Fate:
    """Dies at a point, the first or a later time that it is reached."""

    def __init__(self, point, times):
        self._point, self._left = point, times
        self._writing = None

    def reached(self, point):
        if point != self._point:
            return
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self):
        """Wrap what a round calls."""
        for room, name, point in (
            (outbox, "make_rows", "make_row"),
            (dispatch, "claim_alone", "claim"),
            (dispatch, "claim_digest", "claim"),
            (attempts, "acknowledge", "acknowledge"),
        ):
            setattr(room, name, self._noting(point, getattr(room, name)))
        desk.writing = self._marked(desk.writing)
        EmailChannel.send = self._around("send", EmailChannel.send)

    def _noting(self, name, act):
        def noted(*args, **kwargs):
            self._writing = name
            return act(*args, **kwargs)

        return noted

    def _marked(self, writing):
        @contextmanager
        def marked(ledger):
            self._writing = None
            with writing(ledger) as work:
                yield work
                name = self._writing
                self.reached(f"before {name} commits")
            self.reached(f"after {name} commits")

        return marked

    def _around(self, name, act):
        def around(*args, **kwargs):
            self.reached(f"before {name}")
            result = act(*args, **kwargs)
            self.reached(f"after {name}")
            return result

        return around


def main():
    """Run the round; whoever reads the exit code knows how it ended."""
    told = json.load(sys.stdin)
    values = settings.load(told["settings"], {}, told["config"])
    ledger = open_ledger(told["url"])
    ledger.use_clock(stopped_clock(dt.datetime.fromisoformat(told["now"])))
    Fate(told["point"], told["times"]).watch()
    channel = EmailChannel(values)
    run_round(ledger, values, channel)
    channel.close()
    ledger.close()


if __name__ == "__main__":
    main()
