"""The page of attacks, made from their catalogue: `docs/reference/attacks.md`."""

import itertools

from . import on_copies, on_entries, on_rows, on_seals, on_streams, undetectable
from .catalogue import ATTACKS, NOTHING
from .house import LAYERS

MODULES = (on_entries, on_rows, on_streams, on_copies, on_seals, undetectable)
"""Imported for the attacks that they keep."""

BEGINS = """\
# Attacks on the record

<!-- made by tests/attacks/page.py: UPDATE_GOLDEN=1 python -m pytest tests/attacks/test_page.py -->

Each of these is done to a ledger by the tests (`tests/attacks`), as somebody who owns the file can do it: with every trigger dropped, and put back afterwards.
`audit verify` then has to name it by the code that stands here (what the codes mean: [verify](verify.md)); a dash says that it finds nothing, and the tests hold it to that as well.

- **C**: chains, contents, replay, standing and schema, in a record that was never sealed.
- **K**: with seals in the database, and the public key handed over by another way.
- **A**: with the head of the log that a witness kept, too.
- **R**: with the receipts that writes printed, too.

A dot says that at this layer there is nothing of the kind to attack.
"""
ENDS = """\
## Besides

- **Bit flips**: one bit anywhere in the database file is turned over, a hundred times in every test run and as often as is asked for by `python -m tests.attacks.flips 20000` (in the last such run, on 22 November 2026, 3,663 of 20,000 changed what the record proves or left it unreadable: 2,914 were found, for 749 the file was refused, none was missed). What changes anything that the record proves has to be found: entries, contents, chains, standing, seals, protocols, roles. Of the tables that it does not speak for (names and addresses, the outbox, saved views) changes are counted and not found, as declared above.
- **A server**: two of each kind are done to a PostgreSQL database as well, with everything that the auditor holds, and found by the same codes: `tests/attacks/test_on_a_server.py`.
- **The file**: pages that changed places, a log of an older file beside a newer one, a file without its log: `tests/attacks/test_file.py`.
- **Two auditors** who were shown different histories find out by putting what both keep into one `audit verify`.
- **No false alarm**: `audit verify` runs while two processes record, one looks and one seals, on both databases, and finds nothing: `tests/attacks/test_alarms.py`.
- **Statements**: each kind of change to each column of each table is tried through the product's own connections on SQLite, as are the ways around its guards. What was written stands after each of them; of what follows from it, every change is refused or found: `tests/attacks/test_statements.py`. With another program, the triggers refuse: `tests/record/test_guards.py`.
"""


def cell(code):
    if code == NOTHING:
        return "·"
    return "\N{EN DASH}" if code is None else f"`{code}`"


def page():
    """The whole page."""
    parts = [BEGINS]
    number = itertools.count(1)
    for group, attacks in itertools.groupby(ATTACKS, key=lambda each: each.group):
        rows = [
            f"| {next(number)} | {_title(each)} | "
            + " | ".join(cell(each.codes[layer]) for layer in LAYERS)
            + " |"
            for each in attacks
        ]
        parts.append("\n".join([f"## {group}", "", *_HEADS, *rows, ""]))
    parts.append("\n".join(["## In all", "", *_totals(), ""]))
    parts.append(ENDS)
    return "\n".join(parts)


_HEADS = ("| # | attack | C | K | A | R |", "|---|---|---|---|---|---|")


def _title(attack):
    return f"{attack.title} ({attack.declared})" if attack.declared else attack.title


def _totals():
    yield "| | " + " | ".join(LAYERS) + " |"
    yield "|---|---|---|---|---|"
    found = [
        sum(each.codes[layer] not in {None, NOTHING} for each in ATTACKS)
        for layer in LAYERS
    ]
    yield f"| found of {len(ATTACKS)} | " + " | ".join(map(str, found)) + " |"
    declared = sum(bool(each.declared) for each in ATTACKS)
    yield ""
    yield f"Not found by any layer, and declared so: {declared}."
