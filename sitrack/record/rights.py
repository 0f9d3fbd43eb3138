"""Do logins and rights on a server still stand as `db grant` made them?

It asks the server's own lists, which every login may read, and changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from sqlalchemy import Connection, text

from sitrack.record import grants, staff, tables
from sitrack.record.roles import ROLES

_ALL: Final = "PUBLIC"
_VERB: Final = re.compile(r"\A[A-Z]+\Z")


class Right(NamedTuple):
    """One right to a whole table: `UPDATE` on `entry`, and whose it is.

    `PUBLIC` is everybody who can connect.
    """

    whose: str
    verb: str
    table: str


class Drift(NamedTuple):
    """What is not as it was set up.

    Attributes:
        without: staff ids that have no login with the rights of their role.
        beyond: logins with rights that the staff list does not give them.
        wider: what somebody may do to a table and should not.
    """

    without: list[str]
    beyond: list[str]
    wider: list[Right]


def are_set_up(connection: Connection, ledger_id: str) -> bool:
    """Whether people were ever given logins of their own."""
    query = text("SELECT 1 FROM pg_roles WHERE rolname = :name")
    owner = {"name": grants.owner_of(ledger_id)}
    return connection.execute(query, owner).first() is not None


def drift(connection: Connection, ledger_id: str) -> Drift:
    """Compare the logins with the staff list, and the rights with those of the roles."""
    groups = {grants.group_of(ledger_id, role): role for role in ROLES}
    rows = connection.execute(text(_MEMBERS), {"groups": list(groups)})
    held = {(row.member, groups[row.group]) for row in rows}
    wanted = {
        (each.id, each.role)
        for each in staff.everybody(connection)
        if each.retired is None
    }
    return Drift(
        without=sorted(name for name, _ in wanted - held),
        beyond=sorted({name for name, _ in held - wanted}),
        wider=sorted(_wider(connection, ledger_id, groups)),
    )


def _wider(
    connection: Connection, ledger_id: str, groups: dict[str, str]
) -> Iterator[Right]:
    """Rights to whole tables that `db grant` gave nobody, by who has them."""
    known = {*tables.metadata.tables, "alembic_version"}
    owner = {"owner": grants.owner_of(ledger_id)}
    for who, table, verb in connection.execute(text(_RIGHTS), owner):
        if table not in known:
            continue
        role = groups.get(who)
        if role is None or verb not in _given(role, table):
            yield Right(who or _ALL, verb, table)


def _given(role: str, table: str) -> set[str]:
    """The verbs that a role has on the whole of a table."""
    verbs = grants.WRITES[role].get(table, "").split(", ")
    given = {verb for verb in verbs if _VERB.match(verb)} | {"SELECT"}
    return given | ({"MAINTAIN"} if role == "admin" else set())


_MEMBERS: Final = """
SELECT m.rolname AS member, g.rolname AS group FROM pg_auth_members a
JOIN pg_roles g ON g.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
WHERE g.rolname = ANY (:groups) AND NOT a.admin_option
"""
_RIGHTS: Final = """
SELECT COALESCE(r.rolname, ''), c.relname, x.privilege_type
FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) x
LEFT JOIN pg_roles r ON r.oid = x.grantee
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')
  AND x.grantee <> c.relowner AND COALESCE(r.rolname, '') <> :owner
"""
