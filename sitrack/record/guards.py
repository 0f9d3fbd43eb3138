"""The triggers that make the record append-only, in the database itself.

On `entry`: no update, no delete, and an insert only as the next number of its stream,
chained to the stream's head, which the same statement moves on. On `payload`,
`delivery` and the sealed log: no update, no delete; but a content goes once an entry of
its patient's stream says that it is erased, up to that number. On SQLite also no insert that
would replace a row, for what `OR REPLACE` deletes escapes the delete trigger unless a
pragma is set. What is written is queued for the next seal. Every migration ends by
making them anew, because rebuilding a table drops its triggers without a word.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, inspect

from sitrack.record import appending

_APPEND_ONLY: Final = ("entry", "payload", "delivery", "seal", "leaf")

_LAWFUL: Final = ("payload", "delete")
"""What may go at all: a content, where the law wants it gone."""

_SQLITE_SAME: Final = {
    "entry": "entry_id = NEW.entry_id",
    "payload": "stream = NEW.stream AND seq = NEW.seq",
    "delivery": "reminder = NEW.reminder AND event = NEW.event "
    "AND (attempt = NEW.attempt OR event = 'sent')",
    "seal": "number = NEW.number",
    "leaf": "position = NEW.position OR stream = NEW.stream AND seq = NEW.seq "
    "OR reminder = NEW.reminder AND attempt = NEW.attempt AND event = NEW.event",
}
"""What makes a row stand in the way of a new one, besides the order of a stream."""

_QUEUES: Final = {
    "entry": ("unsealed", ("stream", "seq")),
    "delivery": ("unsealed_delivery", ("reminder", "attempt", "event")),
}
"""Where a new row waits for a seal, and by what it is known there."""

_SQLITE_REFUSE: Final = """
CREATE TRIGGER {table}_no_{verb} BEFORE {act} ON {table}
BEGIN SELECT RAISE(ABORT, 'append-only'); END
"""
_TOLD: Final = """'{"stream":"' || OLD.stream || '","up_to":'"""
_SQLITE_ERASED: Final = f"""
CREATE TRIGGER payload_no_delete BEFORE DELETE ON payload
WHEN NOT EXISTS (
  SELECT 1 FROM entry e JOIN payload p ON p.stream = e.stream AND p.seq = e.seq
  WHERE e.kind = 'erased' AND e.stream LIKE 'patient/%'
    AND (e.stream = OLD.stream
      OR OLD.stream LIKE 'episode/' || substr(e.stream, length('patient/') + 1) || '-%')
    AND instr(p.body, {_TOLD}) > 0
    AND CAST(substr(p.body, instr(p.body, {_TOLD}) + length({_TOLD})) AS INTEGER)
      >= OLD.seq)
BEGIN SELECT RAISE(ABORT, 'append-only'); END
"""  # noqa: S608 - words of ours
"""A payload has one spelling: what it says is found as text, for SQLite's own tables of
JSON are none that our connections may make."""

_SQLITE_NEXT: Final = """
CREATE TRIGGER entry_next BEFORE INSERT ON entry
WHEN NEW.seq <> COALESCE((SELECT seq FROM stream WHERE stream = NEW.stream), 0) + 1
  OR NEW.previous <> COALESCE(
       (SELECT hash FROM stream WHERE stream = NEW.stream), NEW.previous)
BEGIN SELECT RAISE(ABORT, 'not the next entry of its stream'); END
"""
_SQLITE_BUMP: Final = """
CREATE TRIGGER entry_bump AFTER INSERT ON entry
BEGIN
  INSERT INTO stream (stream, seq, hash) VALUES (NEW.stream, NEW.seq, NEW.hash)
  ON CONFLICT (stream) DO UPDATE SET seq = excluded.seq, hash = excluded.hash;
END
"""
_POSTGRES_REFUSE: Final = """
CREATE OR REPLACE FUNCTION sitrack_append_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
  RAISE EXCEPTION 'append-only' USING ERRCODE = 'restrict_violation';
END $$
"""
_POSTGRES_ERASED: Final = """
CREATE OR REPLACE FUNCTION sitrack_erased_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM public.entry e
    JOIN public.payload p ON p.stream = e.stream AND p.seq = e.seq,
    jsonb_array_elements(p.body::jsonb -> 'streams') told
    WHERE e.kind = 'erased' AND e.stream =
        'patient/' || split_part(split_part(OLD.stream, '/', 2), '-', 1)
      AND told ->> 'stream' = OLD.stream
      AND (told ->> 'up_to')::integer >= OLD.seq)
  THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'append-only' USING ERRCODE = 'restrict_violation';
END $$
"""
_POSTGRES_NEXT: Final = """
CREATE OR REPLACE FUNCTION sitrack_next_entry() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE head record;
BEGIN
  SELECT seq, hash INTO head FROM public.stream WHERE stream = NEW.stream FOR UPDATE;
  IF NEW.seq <> COALESCE(head.seq, 0) + 1
     OR NEW.previous <> COALESCE(head.hash, NEW.previous) THEN
    RAISE EXCEPTION 'not the next entry of its stream'
      USING ERRCODE = 'unique_violation';
  END IF;
  INSERT INTO public.stream (stream, seq, hash)
  VALUES (NEW.stream, NEW.seq, NEW.hash)
  ON CONFLICT (stream) DO UPDATE SET seq = EXCLUDED.seq, hash = EXCLUDED.hash;
  RETURN NEW;
END $$
"""


_FUNCTIONS: Final = (
    "sitrack_append_only",
    "sitrack_erased_only",
    "sitrack_next_entry",
    "sitrack_entry_unsealed",
    "sitrack_delivery_unsealed",
)


def create(connection: Connection) -> None:
    """Make every trigger anew, on either database."""
    if connection.dialect.name == "postgresql":
        _create_postgres(connection)
    else:
        _create_sqlite(connection)


def drop(connection: Connection) -> None:
    """Take every trigger away (a migration that goes down does)."""
    on_postgres = connection.dialect.name == "postgresql"
    there = _present(connection)
    for table, name in _names(on_postgres=on_postgres):
        place = f" ON {table}" if on_postgres else ""
        if table in there:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}{place}")
    if on_postgres:
        for function in _FUNCTIONS:
            connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {function}()")
        appending.drop(connection)


def _names(*, on_postgres: bool) -> list[tuple[str, str]]:
    verbs = ("update", "delete", "truncate") if on_postgres else ("update", "delete")
    names = [(table, f"{table}_no_{verb}") for table in _APPEND_ONLY for verb in verbs]
    names.append(("entry", "entry_next"))
    names += [(table, f"{table}_unsealed") for table in _QUEUES]
    if not on_postgres:
        names += [(table, f"{table}_no_replace") for table in _APPEND_ONLY]
        names.append(("entry", "entry_bump"))
    return names


def _create_sqlite(connection: Connection) -> None:
    for _table, name in _names(on_postgres=False):
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
    there = _present(connection)
    for table in filter(there.__contains__, _APPEND_ONLY):
        for verb in ("update", "delete"):
            refuse = _SQLITE_REFUSE.format(table=table, verb=verb, act=verb.upper())
            lawful = (table, verb) == _LAWFUL
            connection.exec_driver_sql(_SQLITE_ERASED if lawful else refuse)
        _create_no_replace(connection, table)
    connection.exec_driver_sql(_SQLITE_NEXT)
    connection.exec_driver_sql(_SQLITE_BUMP)
    for table, (queue, names) in _QUEUES.items():
        if queue in there:
            connection.exec_driver_sql(
                f"CREATE TRIGGER {table}_unsealed AFTER INSERT ON {table} "
                f"BEGIN {_queued(queue, names)}; END"
            )


def _present(connection: Connection) -> frozenset[str]:
    """The tables there are: an older schema lacks some of those that are guarded."""
    return frozenset(inspect(connection).get_table_names())


def _queued(queue: str, names: tuple[str, ...]) -> str:
    values = ", ".join(f"NEW.{name}" for name in names)
    return f"INSERT INTO {queue} ({', '.join(names)}) VALUES ({values})"  # noqa: S608 - names of ours


def _create_no_replace(connection: Connection, table: str) -> None:
    """Refuse an insert whose key, or row number, is taken."""
    taken = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - names of ours
        for same in (_SQLITE_SAME[table], "rowid = NEW.rowid")
    )
    connection.exec_driver_sql(
        f"CREATE TRIGGER {table}_no_replace "
        f"BEFORE INSERT ON {table} WHEN {taken} "
        "BEGIN SELECT RAISE(ABORT, 'append-only'); END"
    )


def _create_postgres(connection: Connection) -> None:
    connection.exec_driver_sql(_POSTGRES_REFUSE)
    connection.exec_driver_sql(_POSTGRES_ERASED)
    connection.exec_driver_sql(_POSTGRES_NEXT)
    there = _present(connection)
    for table in filter(there.__contains__, _APPEND_ONLY):
        for verb in ("update", "delete", "truncate"):
            each = "STATEMENT" if verb == "truncate" else "ROW"
            lawful = (table, verb) == _LAWFUL
            function = "sitrack_erased_only" if lawful else "sitrack_append_only"
            _always(
                connection,
                table,
                f"{table}_no_{verb}",
                f"BEFORE {verb.upper()} ON {table} FOR EACH {each} "
                f"EXECUTE FUNCTION {function}()",
            )
    appending.create(connection)
    _always(
        connection,
        "entry",
        "entry_next",
        "BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION sitrack_next_entry()",
    )
    for table, (queue, names) in _QUEUES.items():
        if queue in there:
            _create_queueing(connection, table, queue, names)


def _create_queueing(
    connection: Connection, table: str, queue: str, names: tuple[str, ...]
) -> None:
    function = f"sitrack_{table}_unsealed"
    connection.exec_driver_sql(
        f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql "
        "SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$\n"
        f"BEGIN\n  {_queued(f'public.{queue}', names)};\n  RETURN NULL;\nEND $$"
    )
    _always(
        connection,
        table,
        f"{table}_unsealed",
        f"AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()",
    )


def _always(connection: Connection, table: str, name: str, rest: str) -> None:
    """Make a trigger that also fires while replication applies changes."""
    connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name} ON {table}")
    connection.exec_driver_sql(f"CREATE TRIGGER {name} {rest}")
    connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
