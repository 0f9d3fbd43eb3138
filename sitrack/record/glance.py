"""A glance by the bare driver: at words for a shell to complete, and how far a record is.

Keys, staff, teams and views; it shows no name and changes nothing. SQLAlchemy takes longer to load than a person
who presses TAB will wait; everything else goes through it.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import urllib.parse
from pathlib import Path
from typing import Any, Final

_MOST: Final = 200
_LOCAL: Final = {None, "", "localhost", "127.0.0.1", "::1"}

_QUERIES: Final = {
    "keys": "SELECT key FROM episode WHERE status <> 'finished' "
    "AND key >= {0} AND key < {0} || '~' ORDER BY key",
    "patients": "SELECT key FROM patient WHERE key >= {0} AND key < {0} || '~' "
    "ORDER BY key",
    "staff": "SELECT id FROM staff WHERE id >= {0} AND id < {0} || '~' ORDER BY id",
    "views": "SELECT DISTINCT name FROM saved_view "
    "WHERE name >= {0} AND name < {0} || '~' ORDER BY name",
}


def glance(url: str, what: str, typed: str) -> list[str]:
    """Return words of a record that begin with what was typed; none if it is away.

    Args:
        url: where the record is.
        what: `keys` of open episodes or of `patients`, `staff` ids, names of `views`
            or of `teams`.
        typed: the beginning of the word.
    """
    if what == "teams":
        return _teams(url, typed)
    rows = _rows(url, f"{_QUERIES[what]} LIMIT {_MOST}", typed)
    return [str(row[0]) for row in rows or ()]


_TEAMS: Final = """
SELECT payload.body FROM payload
JOIN entry ON entry.stream = payload.stream AND entry.seq = payload.seq
WHERE entry.stream = 'office' AND entry.kind = 'team-added' ORDER BY entry.seq
"""


def _teams(url: str, typed: str) -> list[str]:
    """Teams stand in the entries that made them alone; a team never ends."""
    names = [json.loads(row[0])["team"] for row in _rows(url, _TEAMS, typed) or ()]
    return sorted(name for name in names if name.startswith(typed))


_HOW_FAR: Final = """
SELECT EXISTS (SELECT 1 FROM staff), EXISTS (SELECT 1 FROM patient),
EXISTS (SELECT 1 FROM episode)
"""


def how_far(url: str) -> str:
    """Return how far a record is: `missing`, `no-staff`, `no-patients`, `no-episodes`.

    Or `goes-on`, where somebody's journey is followed; or `unclear`.
    """
    if url.startswith("sqlite:///") and not _file(url).exists():
        return "missing"
    rows = _rows(url, _HOW_FAR, "")
    if rows is None:
        return "unclear"
    steps = ("no-staff", "no-patients", "no-episodes")
    return next(
        (step for step, there in zip(steps, rows[0], strict=True) if not there),
        "goes-on",
    )


def _rows(url: str, query: str, typed: str) -> list[tuple[Any, ...]] | None:
    """What a record answers; None where it is away."""
    if url.startswith("sqlite:///"):
        return _from_file(url, query, typed)
    if url.startswith("postgresql") and "://" in url and _is_safe(url):
        return _from_server(url, query, typed)
    return None


def _file(url: str) -> Path:
    return Path(url.partition(":///")[2].partition("?")[0])


def _from_file(url: str, query: str, typed: str) -> list[tuple[Any, ...]] | None:
    path = urllib.parse.quote(str(_file(url)))
    with contextlib.suppress(sqlite3.Error):
        place = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=0.05)
        values = {"typed": typed}
        with contextlib.closing(place) as connection:
            return connection.execute(query.format(":typed"), values).fetchall()
    return None


def _from_server(url: str, query: str, typed: str) -> list[tuple[Any, ...]] | None:
    import psycopg

    plain = "postgresql" + url[url.index("://") :]
    asked = query.format("%(typed)s")
    with (
        contextlib.suppress(psycopg.Error),
        psycopg.connect(plain, connect_timeout=2) as connection,
    ):
        return connection.execute(asked, {"typed": typed}).fetchall()
    return None


def _is_safe(url: str) -> bool:
    """A server elsewhere is asked over a verified channel only, as everywhere."""
    parts = urllib.parse.urlsplit(url)
    options = dict(urllib.parse.parse_qsl(parts.query))
    host = options.get("host") or parts.hostname
    near = host in _LOCAL or str(host).startswith("/")
    return near or options.get("sslmode") == "verify-full"
