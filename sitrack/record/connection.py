"""Opens the database, on SQLite and on PostgreSQL, so that what is written stays.

SQLite: write-ahead log, full synchronisation, our own BEGIN (the driver's would leave
reads outside the transaction), a fair random wait for the write lock, file mode 0600.
PostgreSQL: time-outs on everything that could wait for ever, and a verified channel
unless the server is on this machine. No error that leaves here holds a parameter.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, exc, make_url
from sqlalchemy.engine import URL

from sitrack.errors import (
    BadInput,
    NotPermitted,
    SitrackError,
    Unavailable,
    WrittenFirst,
)
from sitrack.record.allowed import Gatekeeper

_WAIT_FOR_LOCK: Final = 15.0
_STILL_THERE: Final = 0.2
"""Seconds: no server stops and comes back in so short a time."""
BEGINS: Final = "begins_transaction"
"""The option of a connection to a file that says so; without it each does."""
_GATEKEEPER: Final = "gatekeeper"
"""Under which name a connection to a file carries its own."""
_POSTGRES_LIMITS: Final = (
    "-c timezone=UTC -c statement_timeout=60000 -c lock_timeout=15000 "
    "-c idle_in_transaction_session_timeout=60000"
)


def read_url(text: str) -> URL:
    """Return a database URL that sitrack can use.

    Raises:
        BadInput: it is not a URL, or of another kind of database.
        Unavailable: the channel to a server would not be verified.
    """
    hint = (
        "a URL looks like sqlite:////home/clinic/sitrack.db or postgresql://host/name"
    )
    try:
        url = make_url(text)
    except (exc.ArgumentError, ValueError):
        if re.fullmatch(r"[\w./-]+", text):
            hint = f"a file is named like this: sqlite:///{text}"
        raise BadInput("the database URL cannot be understood", hint) from None
    kind = url.get_backend_name()
    if url.drivername not in {"sqlite", "postgresql", "postgresql+psycopg"}:
        raise BadInput("the database must be SQLite or PostgreSQL", hint)
    if kind == "sqlite":
        _refuse_no_file(url, hint)
    if kind == "postgresql":
        _refuse_foreign_options(url)
        _refuse_unverified(url)
        return url.set(drivername="postgresql+psycopg")
    return url


def _refuse_no_file(url: URL, hint: str) -> None:
    if not url.database or url.database == ":memory:" or url.host or url.username:
        raise BadInput("the database must be a file", hint)
    if url.query:
        # SQLite would not heed them: `mode=ro` would be written to all the same.
        raise BadInput(
            "a SQLite URL takes no options", "leave out what stands from the ? on"
        )


def _refuse_foreign_options(url: URL) -> None:
    """The driver takes more than what a server understands: it would not undo."""
    for name in sorted(_OF_THE_DRIVER & set(url.query)):
        raise _not_understood(name)


_OF_THE_DRIVER: Final = frozenset(
    {"autocommit", "context", "cursor_factory", "prepare_threshold", "row_factory"}
)


def _not_understood(name: str) -> BadInput:
    return BadInput(
        f"the database URL's {name} cannot be understood",
        "a URL looks like postgresql://host:5432/name?sslmode=verify-full",
    )


def _refuse_unverified(url: URL) -> None:
    # Without a host, the driver looks at these by itself.
    named = [os.environ.get(name, "") for name in ("PGHOST", "PGHOSTADDR", "PGSERVICE")]
    if not any(_hosts(url)) and any(named):
        raise Unavailable(
            "the database URL names no host, and PGHOST or PGSERVICE would",
            "name the host in the database URL, or unset those variables",
        )
    local = "service" not in url.query and all(
        not host or host.startswith("/") or host in {"localhost", "127.0.0.1", "::1"}
        for host in _hosts(url)
    )
    if not local and url.query.get("sslmode") != "verify-full":
        raise Unavailable(
            "the channel to the database would not be verified",
            "add ?sslmode=verify-full to the database URL",
        )


def _hosts(url: URL) -> list[str]:
    """Every place that the driver may connect to, by its name or its address."""
    named = [url.query.get("host", url.host or ""), url.query.get("hostaddr", "")]
    texts = [each if isinstance(each, str) else ",".join(each) for each in named]
    return [host.strip() for text in texts for host in text.split(",")]


def engine_for(url: URL, *, write: bool, migrates: bool = False) -> Engine:
    """Return an engine whose transactions read, or write.

    On SQLite a writing transaction holds the write lock from its first statement, and
    only an engine that migrates may change the schema (`record/allowed.py`).
    """
    # An interruption that meets a connection as it closes goes on to whoever waits: the
    # pool would print where in its own works that was, beside it.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, write=write, migrates=migrates)
    if importlib.util.find_spec("psycopg") is None:
        raise Unavailable(
            "this installation cannot speak to PostgreSQL",
            "pip install 'sitrack[postgres]'",
        )
    return _postgres_engine(url)


def _postgres_engine(url: URL) -> Engine:
    """Return an engine that asks whether a server is still there, unless it just was.

    A round takes up its connection twice for each message: to ask each time would be a
    quarter of its journeys.
    """
    # What the driver has to say beside its errors repeats what a server says: values.
    logging.getLogger("psycopg").disabled = True
    try:
        engine = create_engine(
            url,
            hide_parameters=True,
            pool_size=5,
            connect_args={"options": _POSTGRES_LIMITS, "connect_timeout": 10},
        )
    except exc.ArgumentError:
        raise _not_understood("host or port") from None

    @event.listens_for(engine, "checkin")
    def _lay_down(_connection: Any, record: Any) -> None:
        record.info["laid_down"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _take_up(connection: Any, record: Any, _proxy: Any) -> None:
        laid_down = record.info.get("laid_down")
        if laid_down is None or time.monotonic() - laid_down < _STILL_THERE:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error:
            # Every other one is as old: all of them are made anew.
            raise exc.InvalidatePoolError from None

    return engine


def _sqlite_engine(url: URL, *, write: bool, migrates: bool) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        connect_args={"timeout": 5.0, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, record: Any) -> None:
        for pragma in (
            "foreign_keys=ON",
            "recursive_triggers=ON",
            "trusted_schema=OFF",
        ):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA synchronous=FULL")
        if write:
            _keep_log(connection)
            connection.execute("PRAGMA busy_timeout=0")
        if not migrates:
            record.info[_GATEKEEPER] = Gatekeeper()
            connection.set_authorizer(record.info[_GATEKEEPER].allows)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if write:
            _take_write_lock(connection)
        elif connection.get_execution_options().get(BEGINS, True):
            connection.exec_driver_sql("BEGIN")

    event.listen(engine, "handle_error", _pass_interruption_on)
    return engine


def _pass_interruption_on(context: Any) -> BaseException | None:
    """Make an interruption again of what SQLite takes for a refusal of ours."""
    if context.connection is None:
        return None
    keeper = context.connection.info.get(_GATEKEEPER)
    error = context.original_exception
    interrupted = keeper is not None and keeper.was_interrupted(error)
    return KeyboardInterrupt() if interrupted else None


def _keep_log(connection: Any) -> None:
    """Have a file keep a write-ahead log, for ever: whoever only reads changes no file.

    Raises:
        Unavailable: it cannot.
    """
    if connection.execute("PRAGMA journal_mode=WAL").fetchone()[0] != "wal":
        connection.close()
        raise Unavailable(
            "the database's folder cannot hold a write-ahead log",
            "keep it on a local disk, not on a network share",
        )


def _take_write_lock(connection: Connection) -> None:
    """Ask for the write lock at random intervals: SQLite's own handler is unfair."""
    give_up = time.monotonic() + _WAIT_FOR_LOCK
    while True:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except exc.OperationalError as error:
            if "locked" not in str(error.orig) or time.monotonic() > give_up:
                raise
            time.sleep(random.uniform(0.0003, 0.003))  # noqa: S311 - no secret
        else:
            return


def file_of(url: URL) -> Path | None:
    """Return the file of a SQLite URL, or None for a server."""
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def create_file(path: Path) -> None:
    """Make an empty database file that only its owner can read, and its folder.

    Raises:
        Unavailable: it exists already, or its folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0)
        os.close(os.open(path, flags, 0o600))
    except FileExistsError:
        if is_begun(path) and not path.is_symlink():
            path.chmod(0o600)
            return
        _refuse_no_place(path)
        raise Unavailable(
            f"there is a database already at {path}", "sitrack db status"
        ) from None
    except OSError as error:
        raise Unavailable(f"cannot make {path}: {error.strerror}") from None


def is_begun(path: Path) -> bool:
    """Whether this is what a killed `db init` leaves behind."""
    return path.is_file() and path.stat().st_size == 0


def holds_no_ledger(url: URL) -> Unavailable:
    """Return the refusal of a database without a ledger.

    In a file that is something else, none is ever made.
    """
    path = file_of(url)
    can_be_made = path is None or is_begun(path)
    hint = "sitrack db init" if can_be_made else _NAME_ANOTHER
    return Unavailable("this database holds no ledger", hint)


_NAME_ANOTHER: Final = "name another file: -d sqlite:////home/clinic/sitrack.db"


def _refuse_no_place(path: Path) -> None:
    """Refuse a path at which no file can be made, or found."""
    if path.is_symlink() and not path.exists():
        raise Unavailable(
            f"{path} is a link to a file that is not there",
            f"see where it leads: ls -l '{path}'",
        ) from None
    if path.exists() and not path.is_file():
        raise Unavailable(f"{path} is not a file", _NAME_ANOTHER) from None


def check_file(path: Path, *, write: bool) -> None:
    """Refuse a file that is missing, closed to us, open to others, or read-only.

    Raises:
        Unavailable: with the command that mends it.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        _refuse_no_place(path)
        raise Unavailable(
            f"there is no database at {path}", "sitrack db init"
        ) from None
    except OSError as error:
        raise Unavailable(f"cannot reach {path}: {error.strerror}") from None
    _refuse_no_place(path)
    if os.name == "posix" and mode & 0o077:
        raise Unavailable(
            f"others on this machine may open {path}", f"chmod 600 '{path}'"
        )
    if not (mode & 0o400 and os.access(path, os.R_OK)):
        raise Unavailable(
            f"you have no permission to read {path}",
            f"ls -l '{path}'" if mode & 0o400 else f"chmod u+rw '{path}'",
        )
    if write and not (mode & 0o200 and os.access(path, os.W_OK)):
        raise Unavailable(f"{path} is read-only", f"chmod u+w '{path}'")


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn what the database says into sentences without values or SQL.

    What it said is not passed on as the cause either: a server repeats values.

    Raises:
        WrittenFirst: the entry's place in its stream is taken.
        NotPermitted: the server does not let this login do that.
        Unavailable: the database cannot be reached, read, or written.
    """
    try:
        yield
    except SitrackError:
        raise
    except (exc.DBAPIError, exc.TimeoutError) as error:
        raise _in_our_words(getattr(error, "orig", error)) from None
    except UnicodeDecodeError:
        # What SQLite says of a damaged schema repeats its bytes.
        raise Unavailable(_SENTENCES["malformed"], _BRING_BACK) from None


_TAKEN: Final = ("[23505]", "unique constraint", "not the next entry", "append-only")

_NO_ADDRESS: Final = ("failed to resolve host", "could not translate host name")

_MISTYPED: Final = re.compile(
    r"\[none\] .*?(?:"
    r"invalid connection option \"(\w+)\""
    r"|invalid (\w+) value: "
    r"|invalid (port) number: "
    r"|invalid integer value .* for connection option \"(\w+)\")",
    re.DOTALL,
)
"""What the driver says of a URL before it asks any server; it knows no other language."""

_FORBIDDEN: Final = (
    "[42501]",
    "permission denied for database",
    "not permitted to log in",
)


def _in_our_words(said: BaseException | None) -> SitrackError:
    # A server may speak any language, but its codes are the same everywhere.
    text = f"[{getattr(said, 'sqlstate', None)}] {said}".lower()
    if option := _MISTYPED.match(text):
        return _not_understood(next(filter(None, option.groups())))
    if any(sign in text for sign in _TAKEN):
        return WrittenFirst(
            "somebody else wrote first; nothing was changed", "look again, then repeat"
        )
    if any(sign in text for sign in _FORBIDDEN):
        return NotPermitted(
            "the database does not let this login do that", "sitrack staff list"
        )
    if any(sign in text for sign in _NO_ADDRESS):
        return Unavailable(
            "the database server cannot be reached: its host was not found",
            "check the host in the database URL",
        )
    return Unavailable(_sentence(text), _BRING_BACK if "malformed" in text else None)


def _sentence(text: str) -> str:
    for sign, sentence in _SENTENCES.items():
        if sign in text:
            return sentence
    return "the database did not do as it was asked; nothing was changed"


_BRING_BACK: Final = (
    "move it away, with its -wal and -shm; then: sitrack db restore FILE"
)

_SENTENCES: Final = {
    "[25006]": "the database cannot be written; nothing was changed",
    "[40p01]": "two writers crossed; nothing was changed, try again",
    "[53100]": "the disk is full; nothing was changed",
    "[55p03]": "the database was busy for too long; nothing was changed",
    "[57p01]": "the database server cannot be reached",
    "readonly": "the database cannot be written; nothing was changed",
    "unable to open": "the database file cannot be opened",
    "is locked": "the database was busy for too long; nothing was changed",
    "disk is full": "the disk is full; nothing was changed",
    "disk i/o": "the disk failed; nothing was changed",
    "not a database": "the file is not a database",
    "malformed": "the database file is damaged; restore it from a copy",
    "password authentication": "the database server refused the login",
    "does not exist": "the database server does not know that database or login",
    "connection": "the database server cannot be reached",
}
