"""What the record speaks for: the contents of tables that no change may leave unseen."""

import sqlite3
from contextlib import closing

PROVEN = {
    "instance": "*",
    "protocol": "*",
    "entry": "*",
    "payload": "*",
    "stream": "*",
    "episode": "*",
    "stage_span": "*",
    "seal": "*",
    "leaf": "*",
    "delivery": "*",
    "staff": "id, role, retired",
    "patient": "key, payer, merged_into",
    "agenda": "episode, visit, rule, occurrence, anchor, show_from, due, title, "
    "waits_for, recipient, resolved_by, tries, urgent",
}
"""Tables, and their columns."""

FREE = {
    *("contact_point", "opt_out", "saved_view", "reminder", "message", "period_run"),
    *("unsealed", "unsealed_delivery"),
}
"""The others: names and addresses, views, the outbox, and what waits for a seal."""


def proven(run):
    """What each table says, read without indexes.

    Args:
        run: runs one statement and returns its rows.
    """
    return {
        table: sorted(map(repr, run(f"SELECT {columns} FROM {table} NOT INDEXED")))
        for table, columns in PROVEN.items()
    }


def contents(file):
    """The same of a file; None where it cannot be read."""
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            connection.text_factory = bytes
            return proven(lambda query: connection.execute(query).fetchall())
    except (sqlite3.Error, UnicodeDecodeError):
        return None
