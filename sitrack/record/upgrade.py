"""Makes a ledger, and brings an older one to the present schema.

Migrations live in `alembic/` beside the package in a checkout, and inside the package
in an installed wheel; this looks in the package first. On SQLite a migration runs
with foreign keys off (rebuilding a table must not cascade) and in one transaction, so
that a failed one leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, insert, text
from sqlalchemy.engine import URL

from sitrack.clock import Clock, zone_named
from sitrack.errors import Unavailable
from sitrack.journey.entries import Draft, Provenance
from sitrack.pathway.loading import load, shipped_text
from sitrack.record import library, rebuilding, tables
from sitrack.record.connection import (
    check_file,
    create_file,
    engine_for,
    file_of,
    holds_no_ledger,
    read_url,
    translated,
)
from sitrack.record.fingerprint import refuse_unguarded
from sitrack.record.journal import Work, new_batch
from sitrack.record.ledger import (
    SCHEMA,
    Ledger,
    check_schema,
    open_ledger,
    present_instant,
)

_MIGRATION_LOCK = 7_431_202_601


def migrations_folder() -> Path:
    """Return the folder of the migrations.

    Raises:
        Unavailable: the installation is not whole.
    """
    here = Path(__file__).resolve().parent
    for folder in (here / "migrations", here.parents[1] / "alembic"):
        if (folder / "env.py").is_file():
            return folder
    raise Unavailable("the migrations are missing from this installation of sitrack")


def create(
    url: str, *, zone: str, synthetic: bool, recorder: str, now: Clock | None = None
) -> Ledger:
    """Make a ledger: its tables, its name, its first entries, the shipped protocol.

    Args:
        url: where; a SQLite file must not exist yet, a server's database must.
        zone: IANA name of the clinic's zone.
        synthetic: it will hold no real people, and says so for ever.
        recorder: the account that makes it.
        now: a clock for a synthetic ledger.

    Raises:
        Unavailable: there is a ledger already, or it cannot be made.
    """
    made = Ledger(read_url(url), uuid.uuid4().hex, zone_named(zone), synthetic)
    if now is not None:
        made.use_clock(now)
    make(url, lambda connection: _write_first_entries(connection, made, recorder))
    opened = open_ledger(url)
    if now is not None:
        opened.use_clock(now)
    return opened


def make(url: str, fill: Callable[[Connection], None]) -> None:
    """Make the tables, and fill them in the same transaction: all of it, or nothing.

    Raises:
        Unavailable: there is a ledger already, or it cannot be made.
    """
    target = read_url(url)
    path = file_of(target)
    if path is not None:
        create_file(path)
    try:
        with _migrating(target) as connection:
            _refuse_second_ledger(connection)
            run_migrations(connection, "head")
            refuse_unguarded(connection)
            fill(connection)
    except BaseException:
        if path is not None:
            _remove(path)
        raise


def _refuse_second_ledger(connection: Connection) -> None:
    if _revision(connection) is not None:
        raise Unavailable("this database holds a ledger already", "sitrack db status")


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def _write_first_entries(connection: Connection, made: Ledger, recorder: str) -> None:
    """Name the ledger, and open its `office` stream, in the migration's transaction."""
    row = {
        "id": 1,
        "ledger_id": made.ledger_id,
        "zone": made.zone.key,
        "synthetic": int(made.synthetic),
    }
    connection.execute(insert(tables.instance), row)
    protocol = load(shipped_text())
    who = Provenance(None, recorder, "system")
    now = present_instant(connection, made)
    work = Work(connection, made, now, new_batch())
    opening = {"synthetic": made.synthetic, "zone": made.zone.key, "schema": SCHEMA}
    work.append("office", Draft("ledger-made", now, who, payload=opening))
    library.adopt(work, protocol, now)
    adopted = {"protocol": protocol.id, "hash": protocol.hash}
    work.append(
        "office",
        Draft("protocol-adopted", now, who, protocol=protocol.hash, payload=adopted),
    )


def revision_of(url: str) -> str | None:
    """Return the schema revision of a database, or None where it holds no ledger.

    Raises:
        Unavailable: it is missing or cannot be reached.
    """
    target = read_url(url)
    path = file_of(target)
    if path is not None:
        check_file(path, write=False)
    engine = engine_for(target, write=False)
    try:
        with translated(), engine.connect() as connection:
            return _revision(connection)
    finally:
        engine.dispose()


def _revision(connection: Connection) -> str | None:
    from alembic.runtime.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


def upgrade(url: str) -> tuple[str, str]:
    """Bring a ledger to the present schema; return the revisions before and after.

    Raises:
        Unavailable: there is no ledger, or it is of a newer schema.
    """
    before = revision_of(url)
    if before is None:
        raise holds_no_ledger(read_url(url))
    if before != SCHEMA:
        _refuse_newer(before)
        with _migrating(read_url(url)) as connection:
            run_migrations(connection, "head")
            refuse_unguarded(connection)
            rebuilding.derive_again(connection)
    return before, SCHEMA


def _refuse_newer(revision: str) -> None:
    try:
        check_schema(revision)
    except Unavailable as error:
        if "newer" in error.message:
            raise


@contextlib.contextmanager
def _migrating(url: URL) -> Iterator[Connection]:
    """Open the one transaction in which a schema is made or changed."""
    engine = engine_for(url, write=True, migrates=True)
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _foreign_keys_off)
    try:
        with translated(), engine.begin() as connection:
            if url.get_backend_name() == "postgresql":
                connection.execute(
                    text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK}
                )
                _as_owner(connection)
            yield connection
            if url.get_backend_name() == "sqlite":
                _refuse_dangling(connection)
    finally:
        engine.dispose()


def _as_owner(connection: Connection) -> None:
    """Act as whoever owns the tables, so that what is new belongs to the same role."""
    owner = connection.execute(text(_OWNER)).scalar()
    if owner is not None:
        name = connection.dialect.identifier_preparer.quote_identifier(owner)
        connection.exec_driver_sql(f"SET LOCAL ROLE {name}")


_OWNER = """
SELECT pg_get_userbyid(relowner) FROM pg_class
WHERE oid = to_regclass('public.entry') AND pg_get_userbyid(relowner) <> current_user
"""


def _foreign_keys_off(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA foreign_keys=OFF")


def _refuse_dangling(connection: Connection) -> None:
    """Ask the foreign keys, which slept while tables were rebuilt."""
    if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
        raise Unavailable(
            "rows of this database refer to nothing; its schema was not changed",
            "sitrack audit verify",
        )


def run_migrations(connection: Connection, target: str) -> None:
    """Run Alembic up to `head`, or down to `target`, in the caller's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    config.attributes["connection"] = connection
    if target == "head":
        command.upgrade(config, target)
    else:
        command.downgrade(config, target)
