"""What a statement on our own SQLite connections may do; the rest is refused by SQLite.

The triggers stop whoever asks; this stops even those statements of ours that would go
around them: dropping a trigger, attaching a file, editing the schema. Whoever owns
the file can still open it with another program: the chains are for them.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Final

_SCHEMA: Final = frozenset(
    {
        sqlite3.SQLITE_ATTACH,
        sqlite3.SQLITE_DETACH,
        sqlite3.SQLITE_ALTER_TABLE,
        sqlite3.SQLITE_REINDEX,
        sqlite3.SQLITE_ANALYZE,
        *(
            getattr(sqlite3, f"SQLITE_{verb}_{kind}")
            for verb in ("CREATE", "DROP")
            for kind in (
                *("INDEX", "TABLE", "TRIGGER", "VIEW", "VTABLE"),
                *("TEMP_INDEX", "TEMP_TABLE", "TEMP_TRIGGER", "TEMP_VIEW"),
            )
        ),
    }
)
_FOR_GOOD: Final = frozenset(
    {"entry", "payload", "delivery", "seal", "leaf", "instance", "protocol"}
)
"""What is written once: no row of these changes, and none goes."""

_LAWFUL: Final = (sqlite3.SQLITE_DELETE, "payload")
"""But a content, which its own guard lets go once an entry says that it is erased."""

_AT_FIRST: Final = ("instance", "alembic_version")
"""What is written when a ledger is made or upgraded, which other connections do: an
insert that replaces a row asks nobody whether the row may go."""

_HEAD_TRIGGER: Final = "entry_bump"
"""The one that moves the head of a stream on; nothing else writes there."""

_SAFEGUARDS: Final = frozenset(
    {
        "foreign_keys",
        "ignore_check_constraints",
        "journal_mode",
        "recursive_triggers",
        "schema_version",
        "synchronous",
        "trusted_schema",
        "writable_schema",
    }
)


class Gatekeeper:
    """Answers SQLite's questions about the statements of one connection.

    An interruption that comes while it answers is lost on the way through SQLite, which
    takes silence for a refusal. So it remembers whether the refusal was its own.
    """

    def __init__(self) -> None:
        self._refused = False

    def allows(
        self,
        action: int,
        first: str | None,
        second: str | None,
        _db: str | None,
        by: str | None,
    ) -> int:
        """Answer the question whether a statement may do that.

        Args:
            action: what it does; for `first` and `second` see SQLite's authorizer.
            first: the table, or the pragma.
            second: the column, or what a pragma is set to.
            by: the trigger that does it, or None where the statement itself does.
        """
        if _is_allowed(action, first, second, by):
            return sqlite3.SQLITE_OK
        self._refused = True
        return sqlite3.SQLITE_DENY

    def was_interrupted(self, error: BaseException) -> bool:
        """Whether this error says that a statement was refused, and nobody refused it."""
        code = getattr(error, "sqlite_errorcode", None)
        if code != sqlite3.SQLITE_AUTH and _OF_A_FUNCTION not in str(error):
            return False
        refused, self._refused = self._refused, False
        return not refused


_OF_A_FUNCTION: Final = "not authorized to use function"
"""Of these SQLite has no code of their own."""


def _is_allowed(action: int, first: Any, second: Any, by: str | None) -> bool:
    if action in _SCHEMA:
        return False
    if action == sqlite3.SQLITE_PRAGMA:
        return second is None or str(first).lower() not in _SAFEGUARDS
    if action not in {
        sqlite3.SQLITE_INSERT,
        sqlite3.SQLITE_UPDATE,
        sqlite3.SQLITE_DELETE,
    }:
        return True
    table = str(first)
    if table == "stream":
        return by == _HEAD_TRIGGER
    if table.startswith("sqlite_") or table in _AT_FIRST:
        return False
    changes = action != sqlite3.SQLITE_INSERT and (action, table) != _LAWFUL
    return not changes or table not in _FOR_GOOD
