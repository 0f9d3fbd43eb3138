"""`python -m benchmarks [NAME ...] [--episodes N] [--runs N] [--write]`."""

from __future__ import annotations

import argparse
import importlib
import sys
import time

from benchmarks import report
from benchmarks.measure import Figure, NotRun

NAMES = {
    "start_up": "How long a prompt takes to answer",
    "advance": "One advance, and its own statements",
    "moves": "One move, and what a user would write instead",
    "writers": "Eight writers at once",
    "as_of": "What was true on a day",
    "verify": "Whether the record proves itself",
    "reminders": "A round of reminders",
    "due": "What is due, and what a user would run instead",
    "growth": "How cost grows with the clinic",
    "country": "Many patients in one ledger",
    "watching": "A process that keeps watch",
    "importing": "Taking in a clinic from a file",
}
"""Each benchmark is the module of that name: `run(runs, episodes)` gives its figures."""


def main() -> None:
    """Run what was asked for, and print or write the tables."""
    asked = _arguments()
    figures: list[Figure] = []
    lines: list[str] = []
    for name in asked.names or NAMES:
        module = importlib.import_module(f"benchmarks.{name}")
        began = time.perf_counter()
        try:
            found = module.run(runs=asked.runs, episodes=asked.episodes)
        except NotRun as why:
            lines += [f"## {NAMES[name]}", "", f"Not run: {why}.", ""]
        else:
            figures += found
            lines += report.section(NAMES[name], found)
        seconds = time.perf_counter() - began
        print(f"{name}: {seconds:.0f} s", file=sys.stderr, flush=True)
    print("\n".join(lines))
    if asked.write:
        report.write(lines, figures)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument(
        "--episodes", type=int, default=0, help="how large the clinic is"
    )
    parser.add_argument(
        "--runs", type=int, default=0, help="how often each is measured"
    )
    parser.add_argument("--write", action="store_true", help="write RESULTS.md")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(NAMES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    if asked.write and (asked.names or asked.runs or asked.episodes):
        parser.error("RESULTS.md is written from a whole run")
    return asked


if __name__ == "__main__":
    main()
