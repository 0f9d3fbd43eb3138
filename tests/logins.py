"""A clinic on PostgreSQL whose people have logins of their own."""

import datetime as dt
from contextlib import contextmanager

import psycopg

from sitrack.coordination import people
from sitrack.coordination.granting import grant_logins
from sitrack.coordination.people import Author
from sitrack.record.ledger import open_ledger
from sitrack.record.staff import Staff

from .clinic import RIVERA, Clinic, driver

ADMIN = Author("okafor", "account")
PEOPLE = {
    "coordinator": "rivera",
    "clinician": "osei",
    "auditor": "haddad",
    "scheduler": "rounds",
    "admin": "okafor",
}
"""Who has which role."""


def staffed(ledger):
    """A clinic with somebody of every role."""
    clinic = Clinic(ledger)
    for role in ("auditor", "scheduler", "admin"):
        person = Staff(PEOPLE[role], role, None)
        people.add_staff(ledger, RIVERA, person)
    return clinic


def url_as(ledger, login):
    """The URL of a ledger, for that login."""
    return ledger.url.set(username=login).render_as_string(hide_password=False)


@contextmanager
def logins_of(ledger):
    """Give everybody a login; take every one away in the end, for the server keeps them."""
    done, _ = grant_logins(ledger, ADMIN)
    try:
        yield done
    finally:
        with driver(ledger) as run:
            drop_logins(run, done.owner)


def drop_logins(run, owner):
    """Drop every role of a ledger, and every login in one of its groups."""
    mine = owner.replace("_owner", "\\_%")
    groups = [name for (name,) in run(_GROUPS, mine)]
    logins = [name for (name,) in run(_MEMBERS, groups, owner)]
    run(f'REASSIGN OWNED BY "{owner}" TO CURRENT_USER')
    for name in (*logins, *groups):
        run(f'DROP OWNED BY "{name}"')
        run(f'DROP ROLE "{name}"')


_GROUPS = "SELECT rolname FROM pg_roles WHERE rolname LIKE ?"
_MEMBERS = """
SELECT DISTINCT m.rolname FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member
JOIN pg_roles g ON g.oid = a.roleid WHERE g.rolname = ANY (?) AND g.rolname <> ? AND NOT a.admin_option
"""


@contextmanager
def logged_in(ledger, who, **options):
    """A database client of somebody's own, each statement a transaction."""
    url = url_as(ledger, PEOPLE.get(who, who)).replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True, **options) as connection:
        yield connection.execute


@contextmanager
def opened(ledger, who):
    own = open_ledger(url_as(ledger, PEOPLE[who]))
    try:
        own.use_clock(ledger.clock)
        yield own
    finally:
        own.close()


# --- the one way to write

CALL = """
SELECT recorder, seq, recorded FROM sitrack_append(%(stream)s, %(expected)s, %(id)s,
  %(kind)s, NULL, NULL, %(occurred)s, %(now)s, NULL, %(recorder)s, 'clinic', NULL,
  NULL, %(batch)s, %(salt)s, %(body)s)
"""


def call(run, **changed):
    """Write an entry as a program of somebody's own would."""
    values = {
        "stream": "office",
        "expected": None,
        "id": "a" * 32,
        "kind": "note",
        "occurred": "2025-01-06",
        "now": dt.datetime(2025, 1, 6, 9, tzinfo=dt.UTC),
        "recorder": "osei",
        "batch": "b" * 32,
        "salt": b"s" * 16,
        "body": "{}",
    }
    return run(CALL, values | changed).fetchone()
