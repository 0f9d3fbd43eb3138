"""The log of who saw what. Nothing switches it off, and it stands before anything shows.

Everybody who reads has a stream of their own, `access/rivera`; where nobody is named,
`access/account:NAME`. Its entries are chained and verified like all others. They hold
the command, what kind of data it showed, what was asked for, and the keys; never a
name, never what was shown. An entry that broke the glass stands in `office` too.

On PostgreSQL the function that writes an entry puts a line into the server's log as
well, which no rollback takes back (`record/appending.py`).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sitrack.errors import NotPermitted
from sitrack.journey.entries import Draft, Entry, Provenance
from sitrack.journey.patient import patient_key
from sitrack.record import roles, staff
from sitrack.record.journal import Work, retried, writing
from sitrack.record.ledger import Ledger, reading

READ: Final = "read"
REFUSED: Final = "refused"
BROKEN_GLASS: Final = "break-glass"
"""The kinds of entry: something was shown, nothing was, and (in `office`) somebody
looked past the mask and their role."""

_LISTED: Final = 50
_AT_ONCE: Final = 20_000
_KEYS: Final = re.compile(r"(P[0-9]{5,}(-[LR][0-9]*)? )*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, as the log names them.

    Attributes:
        id: a staff id, or `account:NAME` where nobody on the staff list is named.
        role: their role; None where nobody is named.
        account: the account of the operating system.
    """

    id: str
    role: str | None
    account: str

    @property
    def stream(self) -> str:
        """The stream that holds what this person read."""
        return f"access/{self.id}"


@dataclass(frozen=True, slots=True)
class Sight:
    """What is about to be shown.

    Attributes:
        command: the words that were typed, without their values.
        form: `table`, `json` and so on.
        keys: the patients and episodes that it shows.
        asked: the options that say what is shown, by name; never a name or a text.
        outcome: `shown`; `rehearsed` where a command that writes shows what it would
            do; `not-eligible` where it shows why it may not; `not-permitted` where
            nothing is shown.
        glass: the code with which the glass was broken, or None.
    """

    command: str
    form: str
    keys: Sequence[str] = ()
    asked: Mapping[str, Any] = field(default_factory=dict)
    outcome: str = "shown"
    glass: str | None = None


def reader_named(ledger: Ledger, name: str, account: str) -> Reader:
    """Return who reads: the one named, or else whoever the account belongs to.

    Raises:
        NotPermitted: a name was given that is not on the staff list, retired, or not
            that of the login.
    """
    name = staff.acting(ledger.login, name, "")
    with reading(ledger) as connection:
        found = staff.member(connection, name or account)
        if found is None and name and staff.held_roles(connection):
            raise NotPermitted(
                f"{staff.called(name)} is not on the staff list",
                "sitrack staff list, then --as ID (or set SITRACK_AS once)",
            )
    if found is None:
        return unnamed(ledger, account)
    staff.refuse_retired(found)
    return Reader(found.id, found.role, account)


def unnamed(ledger: Ledger, account: str) -> Reader:
    """Return a reader by the login of the server, or else the account of this machine."""
    return Reader(ledger.login or f"account:{account}", None, account)


def admit(ledger: Ledger, reader: Reader, command: str, glass: str | None) -> None:
    """Let a reader in, or refuse; one who breaks the glass is let in, and written down.

    Raises:
        NotPermitted: the reader's role does not have this command.
    """
    if glass is not None:
        _break_glass(ledger, reader, command, glass)
    elif reader.role is not None:
        with reading(ledger) as connection:
            held = staff.held_roles(connection)
        roles.refuse(reader.id, reader.role, command, held)


def _break_glass(ledger: Ledger, reader: Reader, command: str, glass: str) -> None:
    payload = {
        "account": reader.account,
        "role": reader.role,
        "command": command,
        "code": glass,
    }

    def act() -> None:
        with writing(ledger) as work:
            work.append("office", _draft(work, reader, BROKEN_GLASS, payload))

    retried(act)


def note(ledger: Ledger, reader: Reader, sight: Sight) -> list[Entry]:
    """Write down what is about to be shown; whoever calls shows nothing before.

    A list of more keys than fit into one entry takes several.

    Raises:
        Unavailable: the database cannot be written.
    """
    kind = REFUSED if sight.outcome == NotPermitted.type else READ

    def act() -> list[Entry]:
        with writing(ledger) as work:
            return [
                work.append(reader.stream, _draft(work, reader, kind, payload))
                for payload in _payloads(reader, sight)
            ]

    entries: list[Entry] = retried(act)
    return entries


def _draft(work: Work, reader: Reader, kind: str, payload: Mapping[str, Any]) -> Draft:
    who = Provenance(None, reader.id, "clinic")
    return Draft(kind, work.now, who, payload=payload)


def _payloads(reader: Reader, sight: Sight) -> Iterator[dict[str, Any]]:
    whole = {
        "account": reader.account,
        "command": sight.command,
        "scope": roles.right_to(sight.command).scope,
        "form": sight.form,
        "outcome": sight.outcome,
        "count": len(sight.keys),
        **({"asked": dict(sight.asked)} if sight.asked else {}),
        **({"break_glass": sight.glass} if sight.glass else {}),
    }
    parts = [
        sight.keys[start : start + _AT_ONCE]
        for start in range(0, len(sight.keys), _AT_ONCE)
    ]
    for part in parts or [()]:
        yield {**whole, **_spelled(part)}


def _spelled(keys: Sequence[str]) -> dict[str, Any]:
    if _KEYS.fullmatch("".join(f"{key} " for key in keys)) is None:
        raise ValueError("what was shown is named by no key")
    if len(keys) <= _LISTED:
        return {"keys": list(keys)}
    return {"packed": " ".join(_gaps(keys))}


def _gaps(keys: Iterable[str]) -> Iterator[str]:
    """Each key as the gap to the number before it, and its side: `P00013-R` as `1-R`.

    The check digit follows from the number.
    """
    before = 0
    parts = (key.partition("-") for key in keys)
    for number, side in sorted(
        (int(digits[1:-1]), dash + side) for digits, dash, side in parts
    ):
        yield f"{number - before}{side}"
        before = number


def keys_seen(payload: Mapping[str, Any]) -> list[str]:
    """Return the keys that an entry of the log speaks of, as they were logged."""
    if "packed" not in payload:
        return list(payload.get("keys", ()))
    words = [each.partition("-") for each in payload["packed"].split()]
    numbers = itertools.accumulate(int(gap) for gap, _, _ in words)
    return [
        patient_key(number) + dash + side
        for number, (_, dash, side) in zip(numbers, words, strict=True)
    ]
