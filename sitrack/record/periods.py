"""Work that is done once in each period, however many processes there are.

Whoever inserts the row of a period does its work; a lease lets another one take over
where the first one died. There is no leader, and nothing to elect.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Connection, and_, func, select, update

from sitrack.record import tables
from sitrack.record.upserting import insert_into


def begin(
    connection: Connection,
    name: str,
    period: str,
    *,
    worker: str,
    real_now: dt.datetime,
    lease: dt.timedelta,
) -> bool:
    """Return whether the work of a period is the caller's, for as long as the lease.

    Args:
        connection: a writing transaction, to be committed before the work is done.
        name: of the work.
        period: of this time, such as a day.
        worker: a name for the record.
        real_now: the real instant, on which leases run.
        lease: how long it is the caller's.
    """
    row = {
        "name": name,
        "period": period,
        "worker": worker,
        "leased_until": real_now + lease,
    }
    table = tables.period_run
    if _insert(connection, row):
        return True
    again = (
        update(table)
        .where(
            _is_it(name, period),
            table.c.finished_at.is_(None),
            table.c.leased_until <= real_now,
        )
        .values(worker=worker, leased_until=real_now + lease)
    )
    return connection.execute(again).rowcount == 1


def finish(connection: Connection, name: str, period: str, now: dt.datetime) -> None:
    """Write down that the work of a period is done."""
    done = update(tables.period_run).where(_is_it(name, period))
    connection.execute(done.values(finished_at=now, leased_until=None))


def beat(
    connection: Connection, name: str, period: str, worker: str, now: dt.datetime
) -> None:
    """Write down that something goes on: when it was done last in this period."""
    row = {"name": name, "period": period, "worker": worker, "finished_at": now}
    if not _insert(connection, row):
        table = tables.period_run
        later = update(table).where(_is_it(name, period), table.c.finished_at < now)
        connection.execute(later.values(finished_at=now, worker=worker))


def last_finished(
    connection: Connection, name: str, until: dt.datetime | None = None
) -> dt.datetime | None:
    """Return when work of that name was done last, or None.

    Args:
        connection: an open transaction.
        name: of the work.
        until: what was done later than that, by a clock that was ahead, does not count.
    """
    table = tables.period_run
    query = select(func.max(table.c.finished_at)).where(table.c.name == name)
    if until is not None:
        query = query.where(table.c.finished_at <= until)
    found: dt.datetime | None = connection.execute(query).scalar()
    return found


def _is_it(name: str, period: str) -> Any:
    table = tables.period_run
    return and_(table.c.name == name, table.c.period == period)


def _insert(connection: Connection, row: dict[str, Any]) -> bool:
    statement = insert_into(tables.period_run, connection.dialect.name)
    returning = statement.on_conflict_do_nothing().returning(tables.period_run.c.name)
    return connection.execute(returning, row).scalar() is not None
