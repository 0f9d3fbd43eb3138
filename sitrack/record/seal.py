"""Seals the record: a Merkle log over all chains, whose heads are signed.

A chain shows a change inside of a stream; that a whole stream is gone, or what came
first of two streams, only a log over all of them can show. A seal appends what no
seal covers yet, entries first and then lines of `delivery`, each in the order of its
time, and signs the new head. It announces itself by an entry in `office`, which it
covers too: nothing is left over, and a seal that is taken away is missed.

Sealing takes a lock of its own and none that a writer of entries waits for, except
for the moment in which it writes its entry.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from sitrack.errors import VerificationFailed
from sitrack.journey.entries import Draft, Entry, Provenance
from sitrack.record import chain, codec, keyring, keys, merkle, tables
from sitrack.record.journal import Work
from sitrack.record.keys import Signer
from sitrack.record.notes import Head, NotANote, Note, read_head, read_note

MANY: Final = 100
"""New leaves after which a round seals."""

LONG: Final = dt.timedelta(hours=1)
"""The time after which a round seals if anything is new."""

AT_ONCE: Final = 10_000
"""Leaves of one seal at most, so that a backlog holds up nobody."""

_SEAL_LOCK: Final = 7_431_202_603


@dataclass(frozen=True, slots=True)
class Seal:
    """One seal as it stands in the record.

    Attributes:
        number: from 1.
        size: how many leaves the log has with it.
        note: its head, signed.
        edge: of the tree of that size.
        at: when it was made.
    """

    number: int
    size: int
    note: str
    edge: bytes
    at: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """What sealing did.

    Attributes:
        seal: the new seal.
        leaves: how many are new in it.
        entry: the one that announces it.
    """

    seal: Seal
    leaves: int
    entry: Entry


def origin_of(ledger_id: str) -> str:
    """Return the name of a record's log."""
    return f"sitrack/{ledger_id}"


def last_seal(connection: Connection) -> Seal | None:
    """Return the latest seal; None where there is none."""
    query = select(tables.seal).order_by(tables.seal.c.number.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else Seal(*row)


def log_size(connection: Connection) -> int:
    """Return how many leaves the log has."""
    last = last_seal(connection)
    return last.size if last else 0


def is_due(connection: Connection, now: dt.datetime) -> bool:
    """Whether a round should seal: a hundred leaves are new, or an hour has passed."""
    new = _count_new(connection)
    if new >= MANY or not new:
        return new > 0
    last = last_seal(connection)
    return last is None or now - codec.read_instant(last.at) >= LONG


def _count_new(connection: Connection) -> int:
    """How many leaves the next seal would have, as far as it matters."""
    total = 0
    for queue in (tables.unsealed, tables.unsealed_delivery):
        some = select(queue.c[0]).limit(MANY).subquery()
        total += connection.execute(select(func.count()).select_from(some)).scalar_one()
    return total


def hold_log(connection: Connection) -> None:
    """On a server, let nobody else seal, or change keys, until the end."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_SEAL_LOCK)))


def seal(work: Work, signer: Signer, who: Provenance) -> Sealed | None:
    """Seal what is new, at most `AT_ONCE` of it; None where nothing is.

    Raises:
        NotFound: there is no key yet.
        NotPermitted: the key is not the one that seals this record now.
        VerificationFailed: the log is not what was sealed last.
    """
    connection = work.connection
    hold_log(connection)
    keyring.refuse_other(connection, signer.public)
    last = last_seal(connection)
    edge = _edge_of(connection, last, work.ledger.ledger_id)
    deliveries = _new_deliveries(connection)
    entries = _new_entries(connection, AT_ONCE - len(deliveries))
    if not entries and not deliveries:
        return None
    number = last.number + 1 if last else 1
    size = edge.size + len(entries) + len(deliveries) + 1
    own = _announce(work, number, size, signer, who)
    entries.append(
        {"stream": own.stream, "seq": own.seq, "hash": bytes.fromhex(own.hash)}
    )
    _append(connection, edge, [*entries, *deliveries])
    head = Head(origin_of(work.ledger.ledger_id), edge.size, edge.root())
    note = str(Note(head.text, [signer.signed(head.text)]))
    made = Seal(number, size, note, edge.packed(), codec.instant_text(own.recorded))
    connection.execute(
        insert(tables.seal),
        {
            "number": made.number,
            "size": made.size,
            "note": made.note,
            "edge": made.edge,
            "at": made.at,
        },
    )
    return Sealed(made, len(entries) + len(deliveries), own)


def _edge_of(connection: Connection, last: Seal | None, ledger_id: str) -> merkle.Edge:
    """The tree as it was sealed last: a log never signs what contradicts itself."""
    if last is None:
        return merkle.Edge()
    try:
        note = read_note(last.note)
        head = read_head(note.text)
        edge = merkle.unpacked(head.size, last.edge)
    except (NotANote, ValueError):
        pass
    else:
        is_as_sealed = head == Head(origin_of(ledger_id), last.size, edge.root())
        if is_as_sealed and _is_signed(connection, note, head.size):
            return edge
    raise VerificationFailed(
        "the log is not what was sealed last; it was not sealed again",
        "sitrack audit verify",
    )


def _is_signed(connection: Connection, note: Note, size: int) -> bool:
    """Whether the key that sealed heads of that size, as the record tells, signed it."""
    return any(
        keys.is_by(each.trusted.key, signature, note.text)
        for each in keyring.registered(connection)
        if each.trusted.signs(size)
        for signature in note.signatures
    )


def _announce(
    work: Work, number: int, size: int, signer: Signer, who: Provenance
) -> Entry:
    payload = {"number": number, "size": size, "key": signer.public.key_id.hex()}
    return work.append(
        keyring.OFFICE, Draft(keyring.SEALED, work.now, who, payload=payload)
    )


def _new_entries(connection: Connection, limit: int) -> list[dict[str, Any]]:
    """The entries that no seal covers, in the order in which they become leaves."""
    queue, entries = tables.unsealed, tables.entry
    query = (
        select(entries.c.stream, entries.c.seq, entries.c.hash, entries.c.recorded)
        .join(queue, _same(queue, entries, "stream", "seq"))
        .order_by(queue.c.stream, queue.c.seq)
        .limit(limit)
    )
    rows = sorted(
        connection.execute(query), key=lambda row: (row.recorded, row.stream, row.seq)
    )
    return [
        {"stream": row.stream, "seq": row.seq, "hash": bytes(row.hash)} for row in rows
    ]


def _new_deliveries(connection: Connection) -> list[dict[str, Any]]:
    """The lines of `delivery` that no seal covers, in the order of their times."""
    queue, lines = tables.unsealed_delivery, tables.delivery
    query = (
        select(lines)
        .join(queue, _same(queue, lines, "reminder", "attempt", "event"))
        .order_by(queue.c.reminder, queue.c.attempt, queue.c.event)
        .limit(AT_ONCE)
    )
    rows = sorted(
        connection.execute(query).mappings(),
        key=lambda row: (row["at"], row["reminder"], row["attempt"], row["event"]),
    )
    return [
        {
            "reminder": row["reminder"],
            "attempt": row["attempt"],
            "event": row["event"],
            "hash": chain.delivery_hash(codec.delivery_of(dict(row))),
        }
        for row in rows
    ]


def _same(one: Any, other: Any, *names: str) -> Any:
    condition = one.c[names[0]] == other.c[names[0]]
    for name in names[1:]:
        condition &= one.c[name] == other.c[name]
    return condition


def _append(
    connection: Connection, edge: merkle.Edge, leaves: Sequence[dict[str, Any]]
) -> None:
    """Put the leaves into the log, and take them off the queue."""
    absent = dict.fromkeys(("stream", "seq", "reminder", "attempt", "event"))
    rows = []
    for leaf in leaves:
        rows.append({**absent, **leaf, "position": edge.size})
        edge.append(merkle.leaf_hash(leaf["hash"]))
    connection.execute(insert(tables.leaf), rows)
    for queue in (tables.unsealed, tables.unsealed_delivery):
        _take_off(connection, queue, rows)


def _take_off(connection: Connection, queue: Any, rows: list[dict[str, Any]]) -> None:
    names = [column.name for column in queue.columns]
    mine = [
        {f"of_{name}": row[name] for name in names}
        for row in rows
        if row[names[0]] is not None
    ]
    if not mine:
        return
    statement = delete(queue)
    for name in names:
        statement = statement.where(queue.c[name] == bindparam(f"of_{name}"))
    connection.execute(statement, mine)
