"""One move, or one claim, of one episode in several processes at once, at a shot.

Run as `python -m tests.crash.racing_advance`, told by one JSON object on its input.
It prints (exit code, word) of each racer; the codes are those of the command line.
"""

import datetime as dt
import json
import os
import sys
from contextlib import closing

from sitrack.clock import stopped_clock
from sitrack.coordination.episodes import Step, advance
from sitrack.coordination.handing import claim
from sitrack.coordination.people import Author
from sitrack.errors import SitrackError
from sitrack.journey.patient import read_episode_key
from sitrack.record.connection import read_url
from sitrack.record.ledger import Ledger, open_ledger, reading


def make_the_move(ledger, told, who):
    """Move the episode on, at the version that was seen."""
    key = read_episode_key(told["key"])
    step = Step(told["target"])
    return advance(ledger, who, key, step, expect_version=told["version"])


def take_it(ledger, told, who):
    """Claim the episode."""
    return claim(ledger, who, read_episode_key(told["key"]))


ACTS = {"advance": make_the_move, "claim": take_it}


def move(told, number, wait):
    """Wait for the shot with everything open, then do it."""
    with closing(open_ledger(told["url"])) as ledger:
        ledger.use_clock(stopped_clock(dt.datetime.fromisoformat(told["now"])))
        with reading(ledger):
            pass
        wait()
        try:
            who = Author(told["names"][number % len(told["names"])], "account")
            written = ACTS[told["act"]](ledger, told, who)
        except SitrackError as error:
            told_whom = error.message if told["act"] == "claim" else ""
            return error.code, told_whom or type(error).__name__
        return 0, str(written.entry.seq)


def racer(told, number, ready, shot, results):
    """Be one of the processes; never return."""

    def wait():
        os.write(ready, b".")
        os.read(shot, 1)  # ends for all at once, when the starter closes its end

    try:
        os.write(results, json.dumps(move(told, number, wait)).encode() + b"\n")
    finally:
        os._exit(0)


def main():
    """Start the racers, fire, and print how they came in."""
    told = json.load(sys.stdin)
    Ledger(read_url(told["url"])).engine(write=False)  # loads the driver, once for all
    (readies, ready), (shot, fire), (results, result) = (os.pipe() for _ in range(3))
    for number in range(told["racers"]):
        if os.fork() == 0:
            os.close(fire)
            racer(told, number, ready, shot, result)
    os.close(result)
    os.close(ready)
    while told["racers"] and (seen := os.read(readies, 1)):
        told["racers"] -= len(seen)
    os.close(fire)
    with os.fdopen(results) as lines:
        print(json.dumps([json.loads(line) for line in lines]))


if __name__ == "__main__":
    main()
