"""Why a budget is missed, in one line each; README.md tells what was tried."""

from __future__ import annotations

from typing import Final, NamedTuple

from benchmarks.measure import Figure


class Reason(NamedTuple):
    """Why a row misses its budget.

    Attributes:
        benchmark: which measures it.
        peer: how the name of what it is beside begins.
        why: the reason, as few words as it takes.
        tried: the heading of README.md under which stands what was tried.
    """

    benchmark: str
    peer: str
    why: str
    tried: str


REASONS: Final = (
    Reason(
        "start_up",
        "`python -c",
        "it loads SQLAlchemy too, then reads and prints thousands of rows",
        "The worklist",
    ),
    Reason(
        "advance",
        "its SQL",
        "judging, folding, hashing, and Core's 20 to 45 µs for each statement",
        "One advance",
    ),
    Reason(
        "moves",
        "Django",
        "it sends fewer statements because it keeps less",
        "Twice as fast as Django",
    ),
    Reason(
        "due",
        "procrastinate",
        "each reminder is claimed, looked at again and acknowledged on the disk",
        "Five times procrastinate, once APScheduler",
    ),
    Reason(
        "due",
        "APScheduler",
        "it deletes the job and then sends: what it was sending is lost with it",
        "Five times procrastinate, once APScheduler",
    ),
    Reason(
        "due",
        "the same, none parked",
        "the server keeps a plan that reads all messages, from when there were none",
        "Many that are parked",
    ),
    Reason(
        "as_of",
        "`SELECT 1`",
        "it has rows, and walks them: what was corrected later counts",
        "One episode on a day",
    ),
    Reason(
        "as_of",
        "the same in",
        "an index is a level deeper, and pages may come from the disk",
        "One episode on a day",
    ),
    Reason(
        "verify",
        "hashing",
        "it frames and compares every field of an entry as well",
        "The proofs",
    ),
    Reason(
        "importing",
        "bare `executemany`",
        "the whole file is checked first: every row is judged twice, and hashed",
        "The import",
    ),
    Reason(
        "writers",
        "one writer",
        "eight processes and the server share the cores of one machine",
        "Eight writers",
    ),
)


def why(benchmark: str, figure: Figure) -> str:
    """Return the reason why a row misses its budget, and where more of it stands."""
    for reason in REASONS:
        if reason.benchmark == benchmark and figure.peer.startswith(reason.peer):
            anchor = reason.tried.lower().replace(",", "").replace(" ", "-")
            return f"{reason.why} ([tried](README.md#{anchor}))"
    return "none is known: measure it again, alone"
