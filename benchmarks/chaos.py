"""`python -m benchmarks.chaos`: how much dies before anything is lost? Nothing may be.

The long form of `tests/crash/test_chaos.py`: senders and writers work on one ledger and
are killed by SIGKILL at random, the PostgreSQL server is crashed, or its synchronous
standby takes over, again and again. Afterwards every write that was acknowledged has to
be there, every reminder due has to be done exactly once in the record, and whatever
arrived more than once has to have arrived under the same key, and not more often than
senders died; then `verify` reads it all.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from sitrack.record import verify
from sitrack.record.ledger import open_ledger, reading
from tests.crash.chaos import Storm, storm
from tests.crash.scenes import SCENES

_STRIKE_EVERY = 10
"""Seconds from one crash of the server, or fail-over, to the next."""


def main() -> None:
    """Let it rage, and print a table; leave with 1 where anything was lost, or a storm."""
    asked = _arguments()
    print(
        "| on | kills | crashes | entries | reminders | repeats | of at most "
        "| lost or doubled |"
    )
    print("|---|---|---|---|---|---|---|---|")
    lost = False
    for name in asked.on or SCENES:
        found = _raged(name, asked.minutes * 60, asked.seed)
        cells = (
            *(name, found.kills, found.crashes, found.written),
            *(found.sent, found.repeats, found.excused, len(found.faults)),
        )
        print(
            f"| {' | '.join(f'{cell:,}' if isinstance(cell, int) else cell for cell in cells)} |"
        )
        for fault in found.faults:
            print(fault, file=sys.stderr)
        lost = lost or bool(found.faults)
    sys.exit(lost)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.chaos", description=__doc__
    )
    parser.add_argument("on", nargs="*", metavar="WHERE", help=", ".join(SCENES))
    parser.add_argument("--minutes", type=float, default=5.0, help="on each of them")
    parser.add_argument("--seed", type=int, help="of a storm to have again")
    asked = parser.parse_args()
    if unknown := set(asked.on) - set(SCENES):
        parser.error(f"no such place: {', '.join(sorted(unknown))}")
    return asked


def _raged(name: str, seconds: float, seed: int | None) -> Storm:
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    print(f"{name}: seed {seed}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder, SCENES[name](Path(folder)) as scene:
        url, strike = scene
        strikes = [strike] * int(seconds // _STRIKE_EVERY) if strike else []
        found = storm(url, Path(folder), seconds=seconds, seed=seed, strikes=strikes)
        with closing(open_ledger(url)) as ledger, reading(ledger) as connection:
            report = verify.verify(connection, ledger, lambda _: None)
        found.faults += [f"verify: {fault.code}" for fault in report.faults]
    return found


if __name__ == "__main__":
    main()
