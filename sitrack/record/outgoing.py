"""The record as rows for somebody outside: entries, deliveries, seals and leaves.

Everything comes in its order and piece by piece, so that a large record can be written
out without being held. What was hashed is given as it was hashed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, text

from sitrack.record import codec, merkle, tables
from sitrack.record.seal import Seal

_COLUMNS: Final = f"""
SELECT {", ".join(f"e.{name}" for name in codec.HEADER[1:])}, e.previous, e.hash,
  p.salt, p.body, l.position AS leaf
FROM entry e
LEFT JOIN payload p ON p.stream = e.stream AND p.seq = e.seq
LEFT JOIN leaf l ON l.stream = e.stream AND l.seq = e.seq
"""  # noqa: S608 - names of ours
_IN_ORDER: Final = "ORDER BY e.stream, e.seq"
_DELIVERIES: Final = f"""
SELECT {", ".join(f"d.{name}" for name in codec.DELIVERY)}, l.position AS leaf
FROM delivery d LEFT JOIN leaf l
  ON l.reminder = d.reminder AND l.attempt = d.attempt AND l.event = d.event
ORDER BY d.reminder, d.attempt, d.event
"""  # noqa: S608 - names of ours
_PIECES: Final = {"yield_per": 1_000}

Row = dict[str, Any]


def entry_rows(
    connection: Connection, streams: Sequence[str] | None = None
) -> Iterator[Row]:
    """Every entry with its content and the position of its leaf; bytes as hex.

    Args:
        connection: a transaction that reads one consistent state.
        streams: those of these streams alone; None for all.
    """
    query = text(f"{_COLUMNS} {_IN_ORDER}")
    values: dict[str, Any] = {}
    if streams is not None:
        where = f"{_COLUMNS} WHERE e.stream IN :streams {_IN_ORDER}"
        query = text(where).bindparams(bindparam("streams", expanding=True))
        values = {"streams": list(streams)}
    return _rows(connection.execute(query, values, execution_options=_PIECES))


def delivery_rows(connection: Connection) -> Iterator[Row]:
    """Every line of `delivery` with the position of its leaf."""
    return _rows(connection.execute(text(_DELIVERIES), execution_options=_PIECES))


def _rows(result: Any) -> Iterator[Row]:
    names = list(result.keys())
    for row in result:
        yield {
            name: value.hex() if isinstance(value, bytes) else value
            for name, value in zip(names, row, strict=True)
        }


def seals(connection: Connection) -> Iterator[Seal]:
    """Every seal, in its order."""
    query = select(tables.seal).order_by(tables.seal.c.number)
    for row in connection.execute(query, execution_options=_PIECES):
        yield Seal(*row)


def prover(connection: Connection) -> merkle.Prover:
    """Return what makes proofs about the log of this record."""
    query = (
        select(tables.leaf.c.hash)
        .where(
            tables.leaf.c.position >= bindparam("start"),
            tables.leaf.c.position < bindparam("stop"),
        )
        .order_by(tables.leaf.c.position)
    )

    def leaves(start: int, stop: int) -> list[bytes]:
        found = connection.execute(query, {"start": start, "stop": stop}).scalars()
        return [merkle.leaf_hash(bytes(each)) for each in found]

    return merkle.Prover(leaves)
