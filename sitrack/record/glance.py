"""A glance at keys, staff and views by the bare driver, for a shell that completes words.

It shows no name and changes nothing. SQLAlchemy takes longer to load than a person
who presses TAB will wait; everything else goes through it.
"""

from __future__ import annotations

import contextlib
import sqlite3
import urllib.parse
from typing import Final

_MOST: Final = 200
_LOCAL: Final = {None, "", "localhost", "127.0.0.1", "::1"}

_QUERIES: Final = {
    "keys": "SELECT key FROM episode WHERE status <> 'finished' "
    "AND key >= {0} AND key < {0} || '~' ORDER BY key",
    "staff": "SELECT id FROM staff WHERE id >= {0} AND id < {0} || '~' ORDER BY id",
    "views": "SELECT DISTINCT name FROM saved_view "
    "WHERE name >= {0} AND name < {0} || '~' ORDER BY name",
}


def glance(url: str, what: str, typed: str) -> list[str]:
    """Return words of a record that begin with what was typed; none if it is away.

    Args:
        url: where the record is.
        what: `keys` of open episodes, `staff` ids or names of `views`.
        typed: the beginning of the word.
    """
    query = f"{_QUERIES[what]} LIMIT {_MOST}"
    if url.startswith("sqlite:///"):
        return _from_file(url, query, typed)
    if url.startswith("postgresql") and "://" in url and _is_safe(url):
        return _from_server(url, query, typed)
    return []


def _from_file(url: str, query: str, typed: str) -> list[str]:
    path = urllib.parse.quote(url.partition(":///")[2].partition("?")[0])
    with contextlib.suppress(sqlite3.Error):
        place = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=0.05)
        with contextlib.closing(place) as connection:
            rows = connection.execute(query.format("?1"), (typed,)).fetchall()
        return [str(row[0]) for row in rows]
    return []


def _from_server(url: str, query: str, typed: str) -> list[str]:
    import psycopg

    plain = "postgresql" + url[url.index("://") :]
    with contextlib.suppress(psycopg.Error):
        with psycopg.connect(plain, connect_timeout=2) as connection:
            rows = connection.execute(
                query.format("%(typed)s"), {"typed": typed}
            ).fetchall()
        return [str(row[0]) for row in rows]
    return []


def _is_safe(url: str) -> bool:
    """A server elsewhere is asked over a verified channel only, as everywhere."""
    parts = urllib.parse.urlsplit(url)
    options = dict(urllib.parse.parse_qsl(parts.query))
    host = options.get("host") or parts.hostname
    near = host in _LOCAL or str(host).startswith("/")
    return near or options.get("sslmode") == "verify-full"
