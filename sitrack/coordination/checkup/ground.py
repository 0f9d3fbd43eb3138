"""Is the ground sound: the schema, the copies, the library, the server, the clock?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from sitrack.coordination.checkup import Check, Result, listed, of_episodes
from sitrack.pathway.loading import load, shipped_text
from sitrack.record import adrift, fingerprint, footing, library, rights
from sitrack.record.ledger import Ledger, Reader

_APART = dt.timedelta(seconds=2)
"""Clocks that differ by less are together."""


def checks(connection: Reader, ledger: Ledger) -> Iterator[Check]:
    """Look at what the record is kept in.

    Args:
        connection: an open transaction.
        ledger: the record.
    """
    yield _schema(connection)
    yield of_episodes(
        "copies",
        adrift.behind_their_entries(connection),
        Result.ERROR,
        "the standing is not that of the entries:",
        "sitrack db rebuild",
    )
    yield _protocols(connection)
    yield _shipped(connection)
    if ledger.on_postgres:
        yield from _server(connection)
        yield _rights(connection, ledger)
    yield _clock(connection, ledger)


def _schema(connection: Reader) -> Check:
    name = "schema"
    faults = list(fingerprint.schema_faults(connection))
    if not faults:
        return Check(name)
    more = f", and {len(faults) - 1} more" if faults[1:] else ""
    what = f"{faults[0].stream}: {faults[0].seen}{more}"
    return Check(name, Result.ERROR, what, "sitrack audit verify")


def _protocols(connection: Reader) -> Check:
    name = "protocol"
    changed = adrift.changed_protocols(connection)
    if not changed:
        return Check(name)
    what = f"not the text that was adopted: {', '.join(changed)}"
    return Check(name, Result.ERROR, what, "sitrack audit verify")


def _shipped(connection: Reader) -> Check:
    """The file of this version against the text that was adopted under its name."""
    name = "protocol-file"
    shipped = load(shipped_text())
    kept = {
        each.hash for each in library.all_adopted(connection) if each.id == shipped.id
    }
    if not kept or shipped.hash in kept:
        return Check(name)
    what = f"the file {shipped.id} of this version is not the text that was adopted"
    return Check(name, Result.WARNING, what, "sitrack pathway list")


def _server(connection: Reader) -> Iterator[Check]:
    unsafe = footing.unsafe_settings(connection)
    if unsafe:
        what = f"the server may lose what it acknowledged: {', '.join(unsafe)} off"
        mend = (
            f'psql -c "ALTER SYSTEM SET {unsafe[0]} = on" -c "SELECT pg_reload_conf()"'
        )
        yield Check("server-durability", Result.ERROR, what, mend)
    else:
        yield Check("server-durability")
    if footing.standby_names(connection):
        yield Check("server-standby")
    else:
        what = "no standby is waited for: a fail-over may lose the last writes"
        mend = "psql -c \"ALTER SYSTEM SET synchronous_standby_names = '*'\""
        yield Check("server-standby", Result.NOTE, what, mend)


def _rights(connection: Reader, ledger: Ledger) -> Check:
    """The logins against the staff list, and what each may do against its role."""
    name, mend = "logins", "sitrack db grant"
    if not rights.are_set_up(connection, ledger.ledger_id):
        what = "nobody has a login of their own: whoever may connect is trusted"
        return Check(name, Result.NOTE, what, mend)
    found = rights.drift(connection, ledger.ledger_id)
    if found.wider:
        first = found.wider[0]
        more = f", and {len(found.wider) - 1} more" if found.wider[1:] else ""
        what = f"{first.whose} may do what no role allows: {first.verb} {first.table}{more}"
        return Check(name, Result.ERROR, what, _revoked(*first))
    if found.beyond:
        what = f"not what the staff list gives them: {listed(found.beyond)}"
        return Check(name, Result.ERROR, what, mend)
    if found.without:
        what = f"no login with the rights of their role: {listed(found.without)}"
        return Check(name, Result.WARNING, what, mend)
    return Check(name)


def _revoked(whose: str, verb: str, table: str) -> str:
    named = whose if whose == "PUBLIC" else f'"{whose}"'
    return f"psql -c 'REVOKE {verb} ON \"{table}\" FROM {named}'"


def _clock(connection: Reader, ledger: Ledger) -> Check:
    """Two clocks that differ, or an entry of later than now."""
    name, mend = "clock", "timedatectl set-ntp true"
    ahead = footing.ahead_of_the_clock(connection, ledger)
    if ahead > _APART:
        what = f"the newest entry is {_told(ahead)} later than the clock"
        return Check(name, Result.ERROR, what, mend)
    apart = footing.apart(connection)
    if apart > _APART:
        what = f"this machine and the database are {_told(apart)} apart"
        return Check(name, Result.WARNING, what, mend)
    return Check(name)


def _told(span: dt.timedelta) -> str:
    seconds = round(span.total_seconds())
    return f"{seconds} s" if seconds < 7200 else f"{seconds // 3600} h"
