"""The functions through which everything is written on PostgreSQL, and the only way there.

A login of a person may not write to `entry`, `payload` or `stream`. What it may do is
call these functions, which run as the owner of the tables (`SECURITY DEFINER`, with a
pinned `search_path`): `sitrack_append` takes the next number of a stream, stamps who is
logged in and the server's time, and computes the hashes. A content comes in its one
spelling (`chain.payload_text`): PostgreSQL has no such spelling of JSON, so it hashes
the text as it comes, and refuses what is no JSON.

Whoever may become the owner (the owner, an administrator of the server) is trusted as
on SQLite: the recorder is whom they name. `record/grants.py` says who may call what.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, column, text

from sitrack.record import codec
from sitrack.record.roles import ENTRIES

LOG_PREFIX: Final = "sitrack access"
"""What a line in the server's log begins with that says that somebody read."""

_LOGIN: Final = """
CREATE OR REPLACE FUNCTION sitrack_login() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN pg_has_role(session_user, current_user, 'MEMBER') THEN NULL
    ELSE session_user::text END
$$
"""
_HOLD: Final = """
CREATE OR REPLACE FUNCTION sitrack_hold(p_stream text) RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT seq FROM public.stream WHERE stream = p_stream FOR UPDATE
$$
"""
_ERASE: Final = """
CREATE OR REPLACE FUNCTION sitrack_erase(p_stream text, p_up_to integer) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH gone AS (
    DELETE FROM public.payload WHERE stream = p_stream AND seq <= p_up_to RETURNING 1)
  SELECT count(*) FROM gone
$$
"""
_FRAME: Final = """
CREATE OR REPLACE FUNCTION sitrack_frame(p_fields text[]) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  field text;
  framed bytea := '';
BEGIN
  FOREACH field IN ARRAY p_fields LOOP
    framed := framed || CASE WHEN field IS NULL THEN '\\x00'::bytea ELSE
      '\\x01'::bytea || int8send(octet_length(convert_to(field, 'UTF8')))
      || convert_to(field, 'UTF8') END;
  END LOOP;
  RETURN framed;
END $$
"""
_REFUSE: Final = """
CREATE OR REPLACE FUNCTION sitrack_refuse_foreign(
  p_login text, p_stream text, p_kind text, p_occurred text, p_recorded timestamptz,
  p_zone text, p_batch text, p_salt bytea, p_body text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  held text;
BEGIN
  SELECT role INTO held FROM public.staff WHERE id = p_login AND retired IS NULL;
  IF (held = ANY ($allowed)) IS NOT TRUE THEN
    RAISE EXCEPTION 'not for this login' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF EXISTS (
    SELECT 1 FROM public.entry WHERE batch = p_batch AND recorder <> p_login)
  THEN
    RAISE EXCEPTION 'the command of somebody else'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF (p_occurred ~ '^\\d{4}-\\d\\d-\\d\\d(T\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z)?$') IS NOT TRUE
    OR (CASE WHEN p_occurred LIKE '%T%' THEN p_occurred::timestamptz > p_recorded
      ELSE p_occurred::date > (p_recorded AT TIME ZONE p_zone)::date END)
    OR (octet_length(p_salt) = 16) IS NOT TRUE
    OR (octet_length(p_body) <= 200000) IS NOT TRUE
    OR (jsonb_typeof(p_body::jsonb) = 'object') IS NOT TRUE
  THEN
    RAISE EXCEPTION 'not an entry' USING ERRCODE = 'invalid_parameter_value';
  END IF;
END $$
"""
"""What a person's own program need not keep to, the server asks for."""

_APPEND: Final = f"""
CREATE OR REPLACE FUNCTION sitrack_append(
  p_stream text, p_expected integer, p_entry_id text, p_kind text, p_stage_from text,
  p_stage_to text, p_occurred text, p_now timestamptz, p_performer text,
  p_recorder text, p_source text, p_protocol text, p_corrects integer, p_batch text,
  p_salt bytea, p_body text,
  OUT seq integer, OUT recorded text, OUT recorder text, OUT commitment bytea,
  OUT previous bytea, OUT hash bytea, OUT behind interval)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  login text := public.sitrack_login();
  made record;
  head record;
  last timestamptz;
  at timestamptz := clock_timestamp();
BEGIN
  SELECT i.ledger_id, i.zone, i.synthetic INTO STRICT made FROM public.instance i;
  SELECT s.seq, s.hash INTO head FROM public.stream s
    WHERE s.stream = p_stream FOR UPDATE;
  seq := COALESCE(head.seq, 0) + 1;
  IF p_expected <> seq THEN
    RAISE EXCEPTION 'not the next entry of its stream'
      USING ERRCODE = 'unique_violation';
  END IF;
  SELECT e.recorded::timestamptz INTO last FROM public.entry e
    WHERE e.stream = p_stream AND e.seq = head.seq;
  -- The command asked this clock when it began; a synthetic ledger has its own.
  IF made.synthetic = 1 OR p_now BETWEEN at - interval '1 minute' AND at THEN
    at := p_now;
  END IF;
  behind := GREATEST(last - at, interval '0');
  at := GREATEST(at, last + interval '1 microsecond');
  recorded := to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
  recorder := COALESCE(login, p_recorder);
  IF login IS NOT NULL THEN
    PERFORM public.sitrack_refuse_foreign(login, p_stream, p_kind, p_occurred, at,
      made.zone, p_batch, p_salt, p_body);
  END IF;
  commitment := sha256(convert_to(E'sitrack/payload/1\\n', 'UTF8')
    || p_salt || convert_to(p_body, 'UTF8'));
  previous := COALESCE(head.hash, sha256(
    convert_to(E'sitrack/genesis/1\\n' || made.ledger_id || p_stream, 'UTF8')));
  hash := sha256(convert_to(E'sitrack/entry/1\\n', 'UTF8') || previous
    || public.sitrack_frame(ARRAY[made.ledger_id, p_stream, seq::text, p_entry_id,
      p_kind, p_stage_from, p_stage_to, p_occurred, recorded, p_performer, recorder,
      p_source, p_protocol, p_corrects::text, p_batch, encode(commitment, 'hex')]));
  INSERT INTO public.entry (stream, seq, entry_id, kind, stage_from, stage_to, occurred,
    recorded, performer, recorder, source, protocol, corrects, batch, commitment,
    previous, hash)
  VALUES (p_stream, seq, p_entry_id, p_kind, p_stage_from, p_stage_to, p_occurred,
    recorded, p_performer, recorder, p_source, p_protocol, p_corrects, p_batch,
    commitment, previous, hash);
  INSERT INTO public.payload (stream, seq, salt, body)
  VALUES (p_stream, seq, p_salt, p_body);
  IF p_stream LIKE 'access/%' THEN
    -- No rollback takes this line back.
    RAISE LOG '{LOG_PREFIX} ledger=% stream=% seq=% at=% hash=% login=%',
      made.ledger_id, regexp_replace(p_stream, '[^[:alnum:]:/._@-]', '?', 'g'), seq,
      recorded, encode(hash, 'hex'), session_user;
  END IF;
END $$
"""  # noqa: S608 - names of ours

_ROOMS: Final = {
    "access": "p_stream = 'access/' || p_login",
    "episode": "p_stream ~ '^episode/P[0-9]{5,}-[LR][0-9]{0,2}$'",
    "patient": "p_stream ~ '^patient/P[0-9]{5,}$'",
    "office": "p_stream = 'office'",
}
"""How a stream is told apart: of the log of reads, one's own alone."""


def _literals(words: Collection[str]) -> str:
    return f"ARRAY[{', '.join(repr(word) for word in sorted(words))}]::text[]"


def _allowed() -> str:
    """The roles that may write an entry, as an expression of SQL."""
    cases = []
    for room, kinds, roles in ENTRIES:
        of_kind = f" AND p_kind = ANY ({_literals(kinds)})" if kinds else ""
        cases.append(f"WHEN {_ROOMS[room]}{of_kind} THEN {_literals(roles)}")
    return "\n    ".join(["CASE", *cases, "ELSE ARRAY[]::text[] END"])


_ERASE_NAME: Final = "sitrack_erase(text, integer)"
_APPEND_NAME: Final = (
    "sitrack_append(text, integer, text, text, text, text, text, timestamptz, text, "
    "text, text, text, integer, text, bytea, text)"
)
_REFUSE_NAME: Final = (
    "sitrack_refuse_foreign("
    "text, text, text, text, timestamptz, text, text, bytea, text)"
)
FUNCTIONS: Final = {
    "sitrack_login()": _LOGIN,
    "sitrack_hold(text)": _HOLD,
    _ERASE_NAME: _ERASE,
    "sitrack_frame(text[])": _FRAME,
    _REFUSE_NAME: _REFUSE.replace("$allowed", _allowed()),
    _APPEND_NAME: _APPEND,
}
"""Every function, by its name and what it takes; in the order in which they are made."""

FOR_EVERYBODY: Final = ("sitrack_login()", "sitrack_hold(text)", _APPEND_NAME)
"""What every login of a member of staff may call."""

FOR_ADMINS: Final = (_ERASE_NAME,)
"""What those of admins may call besides; the contents' own guard asks for the law."""


def create(connection: Connection) -> None:
    """Make the functions anew; whoever was not granted one may not call it."""
    for name, made in FUNCTIONS.items():
        connection.exec_driver_sql(made.replace("%", "%%"))
        connection.exec_driver_sql(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")


def drop(connection: Connection) -> None:
    """Take the functions away."""
    for name in FUNCTIONS:
        connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {name}")


# --- calling them


class Stamp(NamedTuple):
    """What the server made of an entry: see the columns of `entry`.

    Attributes:
        behind: by how much the clock is behind the last entry of the stream.
    """

    seq: int
    recorded: str
    recorder: str
    commitment: bytes
    previous: bytes
    hash: bytes
    behind: Any


# Columns of what each write asks are named: else names are gathered anew at each answer.

_CALL: Final = text(
    "SELECT seq, recorded, recorder, commitment, previous, hash, behind "
    "FROM public.sitrack_append(:stream, :expected, :entry_id, :kind, :stage_from, "
    ":stage_to, :occurred, :now, :performer, :recorder, :source, :protocol, :corrects, "
    ":batch, :salt, :body)"
).columns(*map(column, Stamp._fields))
_HOLD_IT: Final = text("SELECT public.sitrack_hold(:stream)").columns(column("seq"))
_ERASE_IT: Final = text("SELECT public.sitrack_erase(:stream, :up_to)")
_WHO: Final = text("SELECT public.sitrack_login()")


def append(connection: Connection, values: dict[str, Any]) -> Stamp:
    """Write an entry with its content; `expected` is its number, or None for the next."""
    return Stamp(*connection.execute(_CALL, values).one())


def append_all(
    connection: Connection,
    entries: Sequence[Mapping[str, Any]],
    contents: Sequence[Mapping[str, Any]],
) -> None:
    """Write entries that were numbered and timed already, each with its content."""
    values = [
        {
            **content,
            **entry,
            "expected": entry["seq"],
            "now": codec.read_instant(entry["recorded"]),
        }
        for entry, content in zip(entries, contents, strict=True)
    ]
    connection.execute(_CALL, values)


def hold(connection: Connection, stream: str) -> None:
    """Keep other writers off a stream until the end of the transaction."""
    connection.execute(_HOLD_IT, {"stream": stream})


def erase(connection: Connection, stream: str, up_to: int) -> int:
    """Delete the contents of a stream up to a number, as far as the law lets them go."""
    gone = connection.execute(_ERASE_IT, {"stream": stream, "up_to": up_to})
    return int(gone.scalar_one())


def personal_login(connection: Connection) -> str | None:
    """Return whose login this is; None for the owner's, who is trusted with names."""
    found: str | None = connection.execute(_WHO).scalar()
    return found
