"""Makes `docs/reference/complaints.md`: what users of other systems suffer from.

`python -m tests.docs.complaints_page --write` writes it; without the option it is
printed. The tests that it names are those that carry `@pytest.mark.complaint(N)`.
"""

from collections import defaultdict
from collections.abc import Iterator

from tests.docs.made import print_or_write
from tests.docs.told import ROOT, told_under

PAGE = ROOT / "docs/reference/complaints.md"
COMMAND = "python -m tests.docs.complaints_page --write"

COMPLAINTS = {
    1: (
        "a reminder storm: one message that is stuck makes others go again and again",
        "each reminder is one row by constraint; a row that went never opens again",
    ),
    2: (
        "mail every hour, because two ways of starting the job looked at other columns",
        "cron, daemon and plan are one function",
    ),
    3: (
        "of what repeats, only the first occurrence is marked as sent",
        "a row is named by its stay and its occurrence, never by its parent",
    ),
    4: (
        "sending overwrites what the desk wrote about the patient",
        "a round writes into the outbox and its ledger, and into nothing else",
    ),
    5: (
        "reminders after the visit, the cancellation or the move",
        "a write that ends a reason cancels its rows; each is looked at again before it goes",
    ),
    6: (
        "the dead and the transferred stay on the list",
        "one filter for every rule, and no rule can opt out of it",
    ),
    7: (
        "what failed is never tried again, or for ever",
        "temporary and permanent failures are told apart; what is given up stands on the worklist",
    ),
    8: (
        "two machines send two copies",
        "rows are claimed for a lease on the database's clock; any number of processes may run",
    ),
    9: (
        "a change of the clocks moves what is due to the day before",
        "due is a date of the clinic; only the message has an instant",
    ),
    10: (
        "what is due begins at the minute of entry, or is overdue at once",
        "days are compared with days: overdue is the day after",
    ),
    11: (
        "what is overdue waits for a job to say so; looking at a record changes it",
        "overdue is derived when somebody asks, and reads write no clinical row",
    ),
    12: (
        "an overdue item cannot be completed",
        "lateness is never a requirement",
    ),
    13: (
        "a late entry corrupts the history",
        "entries tell the same in whatever order they are written",
    ),
    14: (
        "a state cannot be undone, or only the last, or only half",
        "any command is taken back as a whole by a compensating entry",
    ),
    15: (
        "completing one item resets another",
        "nothing is read, changed and written back; who comes second is told so",
    ),
    16: (
        "people fake a completion because the honest outcome is not on offer",
        "an attempt has an outcome of its own, and never moves a stage",
    ),
    17: (
        "lifting a hold wakes what is held for another reason",
        "each hold is released by its own number",
    ),
    18: (
        "tasks outlive the plan that they belong to",
        "what is due is derived from the entries; nothing waits without a line of the agenda",
    ),
    19: (
        "a changed protocol changes running patients in silence",
        "every episode is pinned to the text that it began under",
    ),
    20: (
        "a wrong status, and no way to see why",
        "asking and doing share one evaluator",
    ),
    21: (
        "nobody can say who looked",
        "every read is written down before it is shown",
    ),
    22: (
        "slow lists",
        "one indexed query over what stands now; measured in [the benchmarks](../../benchmarks/README.md)",
    ),
    23: (
        "the list cannot be filtered as people work",
        "one grammar of filters, and saved views",
    ),
    24: (
        "no holidays, no uneven intervals",
        "business days and a calendar for each clinic",
    ),
    25: (
        "row numbers move, and the wrong record is changed",
        "keys with a check digit and the side; no list position is ever taken",
    ),
}
"""By number: what users of comparable systems report, and what they find here."""

MEASURED = {22}
"""Of these no test is asked for: no test is timed."""


def page() -> str:
    """The whole page."""
    return "\n".join([*head(), *shown()]) + "\n"


def head() -> Iterator[str]:
    yield "# Complaints"
    yield ""
    yield "What users of systems for following patients have reported over and over, in public, and what spares ours the same."
    yield f"The tests carry the number (`@pytest.mark.complaint(9)`), and this page is made from them: `{COMMAND}`."
    yield ""
    yield "| # | elsewhere | here |"
    yield "|---|---|---|"
    for number, (elsewhere, here) in COMPLAINTS.items():
        yield f"| {number} | {elsewhere} | {here} |"
    yield ""


def shown() -> Iterator[str]:
    yield "## The tests"
    yield ""
    yield "| # | tests |"
    yield "|---|---|"
    told = defaultdict(list)
    for each in told_under("tests"):
        for number in each.complaints:
            told[number].append(f"[{each.sentence}](../../{each.path})")
    for number in sorted(told):
        yield f"| {number} | {'<br>'.join(told[number])} |"


if __name__ == "__main__":
    print_or_write(page, PAGE, __doc__)
