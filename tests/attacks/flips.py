"""Single bits of the database file turned over: is any change of the record missed?

    python -m tests.attacks.flips 20000 [--seed N]

Each flip is made in a copy of its own. What the file then says is compared, table by
table, with what it said before; where a table that the record speaks for says anything
else, `verify` must find something, or the file must be refused. It prints its seed.
"""

import argparse
import collections
import random
import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from sitrack.errors import SitrackError
from sitrack.record.ledger import open_ledger
from tests.conftest import clock_at
from tests.sealing import found

from .house import NOW, house
from .proven import contents


class Flips:
    """A house whose file is flipped, and what became of each flip.

    Attributes:
        counts: `same` (nothing that is proven was changed), `found`, `refused`,
            `missed`.
        missed: the places (byte, bit) of the flips that were missed.
    """

    def __init__(self, folder, seed):
        self.random = random.Random(seed)
        self.folder = Path(folder)
        self.house = house(self.folder, is_sealed=True)
        self.house.ledger.close()
        self.file = self.folder / "house.db"
        with closing(sqlite3.connect(self.file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.whole = self.file.read_bytes()
        self.before = contents(self.file)
        self.counts = collections.Counter()
        self.missed = []

    def flip(self):
        """Turn one bit over, and see what becomes of it."""
        place, bit = self.random.randrange(len(self.whole)), self.random.randrange(8)
        data = bytearray(self.whole)
        data[place] ^= 1 << bit
        copy = self.folder / "flipped.db"
        for more in ("-wal", "-shm"):
            Path(f"{copy}{more}").unlink(missing_ok=True)
        copy.write_bytes(data)
        copy.chmod(0o600)
        after = contents(copy)
        outcome = self.looked_at(copy)
        if outcome == "clean":
            outcome = "same" if after == self.before else "missed"
        if outcome == "missed":
            self.missed.append((place, bit))
        changed = "changed" if after != self.before else "unchanged"
        self.counts[outcome, changed] += 1
        return outcome

    def looked_at(self, copy):
        """Whether verify finds something, refuses the file, or calls it clean."""
        try:
            ledger = open_ledger(f"sqlite:///{copy}")
        except SitrackError:
            return "refused"
        try:
            ledger.use_clock(clock_at(*NOW))
            brought = {}
            for each in self.house.held.values():
                brought |= each
            return "found" if found(ledger, **brought) else "clean"
        except SitrackError:
            return "refused"
        finally:
            ledger.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("number", type=int, nargs="?", default=20_000)
    parser.add_argument(
        "--seed", type=int, default=random.SystemRandom().getrandbits(32)
    )
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    folder = tempfile.mkdtemp(prefix="sitrack-flips-")
    flips = Flips(folder, asked.seed)
    for number in range(1, asked.number + 1):
        flips.flip()
        if not number % 1000:
            print(number, dict(flips.counts), flush=True)
    shutil.rmtree(folder)
    for (outcome, changed), count in sorted(flips.counts.items()):
        print(f"{outcome:<10}{changed:<12}{count}")
    print(f"missed: {flips.missed}")
    return 1 if flips.missed else 0


if __name__ == "__main__":
    sys.exit(main())
