"""Columns that mean the same on SQLite and PostgreSQL: days, instants, numbers.

Instants are UTC with microseconds: text in the record (they are hashed as text), a
number or `timestamptz` where the database compares them with its clock. Clinical
days are ISO text, which sorts as days do.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)


class Day(TypeDecorator[dt.date]):
    """A clinical day, kept as ISO text."""

    impl = Text
    cache_ok = True

    def process_bind_param(
        self,
        value: dt.date | None,
        dialect: Dialect,  # noqa: ARG002 - the base class names it
    ) -> str | None:
        """Write the day."""
        return None if value is None else value.isoformat()

    def process_result_value(
        self,
        value: Any,
        dialect: Dialect,  # noqa: ARG002 - the base class names it
    ) -> dt.date | None:
        """Read the day."""
        return None if value is None else dt.date.fromisoformat(value)


class Instant(TypeDecorator[dt.datetime]):
    """An instant that the database compares: `timestamptz`, or microseconds."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(Integer())

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> Any:
        """Write the instant; a naive one is a fault of ours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a zone")
        if dialect.name == "postgresql":
            return value
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> dt.datetime | None:
        """Read the instant, in UTC."""
        if value is None:
            return None
        if dialect.name == "postgresql":
            moment: dt.datetime = value
            return moment.astimezone(dt.UTC)
        return _EPOCH + int(value) * _MICROSECOND


Number = BigInteger().with_variant(Integer, "sqlite")
"""A running number that the database gives."""
