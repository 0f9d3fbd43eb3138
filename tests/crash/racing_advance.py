"""One move of one episode in a process of its own, at a starting shot.

Run as `python -m tests.crash.racing_advance`, told by one line of JSON on its input;
the next line is the shot. The exit code is that of the error, as at the command line.
"""

import datetime as dt
import json
import sys

from sitrack.clock import stopped_clock
from sitrack.coordination.episodes import Step, advance
from sitrack.coordination.people import Author
from sitrack.errors import SitrackError
from sitrack.journey.patient import read_episode_key
from sitrack.record.journal import open_ledger, reading


def main():
    """Wait for the shot, then make the move."""
    told = json.loads(sys.stdin.readline())
    ledger = open_ledger(told["url"])
    ledger.use_clock(stopped_clock(dt.datetime.fromisoformat(told["now"])))
    with reading(ledger):  # so that everything is loaded and connected
        print("ready", flush=True)
    sys.stdin.readline()
    try:
        written = advance(
            ledger,
            Author("rivera", "account"),
            read_episode_key(told["key"]),
            Step(told["target"]),
            expect_version=told["version"],
        )
    except SitrackError as error:
        print(type(error).__name__)
        return error.code
    else:
        print(written.entry.seq)
        return 0
    finally:
        ledger.close()


if __name__ == "__main__":
    sys.exit(main())
