"""Does the record prove itself? Every check, in one read snapshot, with flat memory.

Chains and contents entry by entry; the sealed log and what witnesses saw of it;
receipts; the shape of the database; replay, standing and agenda, episode by episode.
It names the first bad entry of each stream; what stands before it can be trusted.
Whatever a damaged file makes a check raise is a finding of that check.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select, text

from sitrack.errors import NotPermitted, Unavailable
from sitrack.record import codec, keyring, library, origins, tables
from sitrack.record.entry_checks import Walk
from sitrack.record.episode_checks import episode_faults, episodes
from sitrack.record.erasure import Erased, erased
from sitrack.record.faults import LOG, Fault, Report
from sitrack.record.fingerprint import schema_faults
from sitrack.record.keys import Trusted
from sitrack.record.ledger import Ledger, present_instant, reading, real_instant
from sitrack.record.log_checks import (
    LogCheck,
    Seen,
    announced_faults,
    delivery_faults,
    entries_gone,
    unsealed_faults,
)
from sitrack.record.people_checks import mention_faults, merge_faults, payer_faults
from sitrack.record.receipts import Receipt, receipt_faults


@dataclass(frozen=True, slots=True)
class Held:
    """What the verifier holds, and brings along: nothing of it is from the database.

    Attributes:
        keys: public keys that the log is trusted to be signed by.
        seen: heads that witnesses keep.
        receipts: of entries.
    """

    keys: Sequence[Trusted] = ()
    seen: Sequence[Seen] = ()
    receipts: Sequence[Receipt] = ()


def verify_ledger(
    ledger: Ledger, tell: Callable[[int], None], held: Held | None = None
) -> Report:
    """Check the whole record in a transaction of its own; for the rest see `verify`.

    Raises:
        Unavailable: it could not even begin.
    """
    report = None
    try:
        with reading(ledger) as connection:
            report = verify(connection, ledger, tell, held)
    except Unavailable as error:
        # A damaged file may not even let go of what was read.
        if report is None:
            raise
        report.faults.append(Fault("INTEGRITY", "database", None, error.message))
    return report


def verify(
    connection: Connection,
    ledger: Ledger,
    tell: Callable[[int], None],
    held: Held | None = None,
) -> Report:
    """Check the whole record.

    Args:
        connection: a transaction that reads one consistent state.
        ledger: the record.
        tell: called now and then with the steps done, of `steps`.
        held: what the verifier brings along; None for nothing.
    """
    check = _Verification(connection, ledger, tell, held or Held())
    try:
        return check.run()
    except _NotText:
        # To let any bytes come makes every text dearer: only where it is needed.
        with _any_bytes(connection):
            return check.run()


class _NotText(Exception):
    """What stands in a text is no UTF-8, and the driver does not let it come."""


@dataclass
class _Verification:
    """One check of the whole record."""

    connection: Connection
    ledger: Ledger
    tell: Callable[[int], None]
    held: Held

    def run(self) -> Report:
        """Do every check, one after another."""
        self._refuse_half_blind()
        library.read_anew(self.connection)
        report = Report(is_signed=bool(self.held.keys))
        report.faults += self._guarded("schema", self._shape())
        gone = self._value(erased, Erased())
        now = self._value(self._present, self.ledger.clock())
        latest = self._value(lambda it: latest_possible(it, self.ledger, now), now)
        walk = Walk(self.ledger, now, latest, self.tell, gone)
        report.faults += self._guarded("entry", walk.faults(self.connection))
        report.faults += self._guarded(LOG, self._log(walk, report))
        report.faults += self._guarded("episode", self._episodes(walk, report))
        report.faults += self._guarded("office", self._origins(walk))
        report.streams, report.entries = walk.streams, walk.entries
        return report

    def _refuse_half_blind(self) -> None:
        """A login that sees less than everything would miss what it does not see."""
        if self.ledger.login is None:
            return
        sees = "SELECT has_table_privilege('public.patient', 'SELECT')"
        if not self.connection.execute(text(sees)).scalar():
            raise NotPermitted(
                "this login does not see the whole record, and cannot verify it",
                "verify under the login of an auditor",
            )

    def _guarded(self, where: str, check: Iterable[Fault]) -> Iterator[Fault]:
        """The faults of a check; what it raises is one of them."""
        try:
            yield from check
        except Exception as error:  # noqa: BLE001 - a damaged file can raise anything
            if _is_no_text(error) and not _takes_any_bytes(self.connection):
                raise _NotText from None
            seen = f"it cannot be read to its end ({type(error).__name__})"
            yield Fault("INTEGRITY", where, None, seen)

    def _value(self, ask: Callable[[Connection], Any], otherwise: Any) -> Any:
        """The answer of a question; where it raises, the checks below will tell why."""
        with contextlib.suppress(Exception):
            return ask(self.connection)
        return otherwise

    def _shape(self) -> Iterator[Fault]:
        yield from schema_faults(self.connection)
        if not self.ledger.on_postgres:
            # Also whether indexes say what their tables say: reads come from either.
            for (seen,) in self.connection.execute(text("PRAGMA integrity_check(10)")):
                if seen != "ok":
                    yield Fault("INTEGRITY", "database", None, _first_line(seen))

    def _log(self, walk: Walk, report: Report) -> Iterator[Fault]:
        log = LogCheck(self.ledger.ledger_id, self.held.keys, self.held.seen)
        yield from log.faults(self.connection)
        report.seals, report.leaves = log.seals, log.leaves
        known = self._value(keyring.registered, [])
        is_sealed = bool(log.seals or self.held.keys or known)
        yield from announced_faults(self.connection, log.seals)
        yield from unsealed_faults(walk, is_sealed=is_sealed)
        yield from entries_gone(self.connection, walk.leaves)
        yield from delivery_faults(self.connection, walk.now, is_sealed=is_sealed)
        yield from receipt_faults(self.connection, self.held.receipts)

    def _episodes(self, walk: Walk, report: Report) -> Iterator[Fault]:
        done = walk.entries
        for stream, last in episodes(self.connection):
            report.episodes += 1
            if stream not in walk.broken:
                yield from episode_faults(
                    self.connection, self.ledger, stream, walk.erased
                )
            done += last
            self.tell(done)

    def _origins(self, walk: Walk) -> Iterator[Fault]:
        yield from mention_faults(self.connection, walk.broken)
        yield from payer_faults(self.connection, self.ledger, walk.broken)
        yield from merge_faults(self.connection, walk.broken)
        yield from origins.missing_streams(self.connection)
        if "office" not in walk.broken:
            yield from origins.origin_faults(self.connection)
        yield from origins.orphans(self.connection)

    def _present(self, connection: Connection) -> dt.datetime:
        return present(connection, self.ledger)


def _first_line(seen: Any) -> str:
    return str(seen).splitlines()[0][:200]


def _is_no_text(error: Exception) -> bool:
    return isinstance(error, UnicodeError) or "could not decode" in str(error).lower()


def _driver(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


def _takes_any_bytes(connection: Connection) -> bool:
    """Whether no text of a database can be refused; a server has checked its own."""
    on_sqlite = connection.dialect.name == "sqlite"
    return not on_sqlite or _driver(connection).text_factory is not str


@contextlib.contextmanager
def _any_bytes(connection: Connection) -> Iterator[None]:
    """On SQLite, let text come that is no UTF-8: it is a finding, and no exception."""
    driver = _driver(connection)
    driver.text_factory = lambda raw: raw.decode(errors="surrogateescape")
    try:
        yield
    finally:
        driver.text_factory = str


def present(connection: Connection, ledger: Ledger) -> dt.datetime:
    """Return the present, or for a synthetic ledger the time it was walked to."""
    now = max(present_instant(connection, ledger), ledger.clock())
    if ledger.synthetic and not ledger.injected:
        last = connection.execute(select(func.max(tables.entry.c.recorded))).scalar()
        with contextlib.suppress(TypeError, ValueError):
            now = max(now, codec.read_instant(str(last)))
    return now


def latest_possible(
    connection: Connection, ledger: Ledger, now: dt.datetime
) -> dt.datetime:
    """Return the last instant at which anything can have been written, at the present."""
    # A clock that is handed in may be behind what a command wrote without it: on a
    # practice record somebody forgot it once, and nobody tampered.
    return max(now, real_instant(connection)) if ledger.injected else now


def stream_fault(
    connection: Connection, ledger: Ledger, stream: str
) -> tuple[int, Fault | None]:
    """Return the last number of one stream, and the first fault of its chain."""
    now = present(connection, ledger)
    latest = latest_possible(connection, ledger, now)
    walk = Walk(ledger, now, latest, lambda _: None, erased(connection, stream))
    faults = list(walk.faults(connection, stream))
    return walk.entries, (faults[0] if faults else None)


def count_entries(connection: Connection) -> int:
    """Return how many entries the record holds."""
    total = connection.execute(select(func.sum(tables.stream.c.seq))).scalar()
    return int(total or 0)


def steps(connection: Connection) -> int:
    """Return how many steps `verify` takes: each entry, and each one replayed."""
    replayed = tables.stream.c.stream.like("episode/%")
    query = select(func.sum(tables.stream.c.seq)).where(replayed)
    return count_entries(connection) + int(connection.execute(query).scalar() or 0)
