"""A process that writes until its input closes: `python -m tests.attacks.busy`.

It is told by one JSON object on a line of its input, and says on its output how many
entries it wrote. `record` writes notes of an episode, `look` the log of who saw what, `seal`
seals whatever is new.
"""

import json
import select
import sys
from contextlib import closing

from sitrack.journey.patient import read_episode_key
from sitrack.record import access
from sitrack.record.ledger import open_ledger
from tests.clinic import Clinic
from tests.conftest import clock_at
from tests.sealing import sealed


def act_of(ledger, told):
    """What this process does, over and over; it says how many entries it wrote."""
    if told["act"] == "seal":
        return lambda: int(sealed(ledger) is not None)
    if told["act"] == "look":
        reader = access.reader_named(ledger, "rivera", "account")
        sight = access.Sight("show", "table", [told["episode"]])
        return lambda: len(access.note(ledger, reader, sight))
    clinic = Clinic.__new__(Clinic)
    clinic.ledger = ledger
    key = read_episode_key(told["episode"])

    def record():
        clinic.record(key, "note", text="More.")
        return 1

    return record


def main():
    told = json.loads(sys.stdin.readline())
    done = 0
    with closing(open_ledger(told["url"])) as ledger:
        ledger.use_clock(clock_at(*told["now"]))
        act = act_of(ledger, told)
        while not done or not select.select([sys.stdin], [], [], 0.01)[0]:
            done += act()
    print(done)


if __name__ == "__main__":
    main()
