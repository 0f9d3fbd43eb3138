"""`python -m benchmarks [NAME ...] [--episodes N] [--runs N] [--ledger FILE] [--write]`."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import traceback
from pathlib import Path

from benchmarks import results
from benchmarks.measure import Figure, NotRun
from benchmarks.subjects import NAMES, ON_A_FILE


def main() -> None:
    """Run what was asked for; print its tables, or write them as they come."""
    asked = _arguments()
    outcomes: dict[str, results.Outcome] = {}
    failed = False
    started = time.monotonic()
    for name in asked.names or NAMES:
        began = time.monotonic()
        late = began - started > asked.minutes * 60
        try:
            outcomes[name] = _measured(name, asked, late=late)
        except NotRun as why:
            outcomes[name] = str(why)
        except Exception:  # noqa: BLE001 - what the others measured is not thrown away
            traceback.print_exc()
            failed = True
            outcomes[name] = "it failed"
        if asked.write:
            results.write(outcomes)
        else:
            print("\n".join(results.section(name, outcomes[name])), flush=True)
        seconds = time.monotonic() - began
        print(f"{name}: {seconds:.0f} s", file=sys.stderr, flush=True)
    if failed:
        sys.exit(1)


def _measured(name: str, asked: argparse.Namespace, *, late: bool) -> list[Figure]:
    """Run one benchmark.

    Raises:
        NotRun: this machine cannot, or the time is over.
    """
    if late:
        raise NotRun(f"{asked.minutes} minutes were over")
    module = importlib.import_module(f"benchmarks.{name}")
    given = {"ledger": f"sqlite:///{asked.ledger.resolve()}"} if asked.ledger else {}
    found: list[Figure] = module.run(runs=asked.runs, episodes=asked.episodes, **given)
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument(
        "--episodes", type=int, default=0, help="how large the clinic is"
    )
    parser.add_argument(
        "--runs", type=int, default=0, help="how often each is measured"
    )
    parser.add_argument(
        "--minutes", type=int, default=1000, help="begin nothing more after that"
    )
    parser.add_argument(
        "--ledger",
        type=Path,
        metavar="FILE",
        help=f"a ledger to ask instead of one made for this: {', '.join(ON_A_FILE)}",
    )
    parser.add_argument("--write", action="store_true", help="write RESULTS.md")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(NAMES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    if asked.ledger and not (asked.names and set(asked.names) <= set(ON_A_FILE)):
        parser.error(f"--ledger is for {', '.join(ON_A_FILE)}")
    if asked.write and (asked.names or asked.runs or asked.episodes or asked.ledger):
        parser.error("RESULTS.md is written from a whole run")
    return asked


if __name__ == "__main__":
    main()
