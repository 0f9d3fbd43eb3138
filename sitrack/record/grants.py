"""Logins on PostgreSQL: what each role may do in the database itself, and no more.

Everything belongs to an owner who cannot log in. Each member of staff has a login, by
the name of their staff id; each role is a group of logins, and has the grants below.
Nobody may write an entry but through `record/appending.py`. What is derived (standing,
spans, agenda, reminders) may be written by the role that works on it: it can be
rebuilt, and `verify` finds what does not follow from the entries.

Names of roles are the whole server's: those of a ledger bear its id, so that two
ledgers on one server do not let in each other's people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, text

from sitrack.errors import NotEligible, NotPermitted
from sitrack.record import appending, staff, tables
from sitrack.record.journal import Work
from sitrack.record.roles import ROLES
from sitrack.record.staff import Staff

Verbs = Mapping[str, str]
"""What may be done, by table."""

_STANDING: Final[Verbs] = {
    "episode": "INSERT, UPDATE",
    "stage_span": "INSERT, UPDATE, DELETE",
    "agenda": "INSERT, UPDATE, DELETE",
    "reminder": "INSERT, UPDATE",
}
_ROUND: Final[Verbs] = {
    "agenda": "UPDATE",
    "reminder": "INSERT, UPDATE",
    "message": "INSERT, UPDATE, DELETE",
    "delivery": "INSERT",
    "period_run": "INSERT, UPDATE",
}
_SEALS: Final[Verbs] = {
    "seal": "INSERT",
    "leaf": "INSERT",
    "unsealed": "DELETE",
    "unsealed_delivery": "DELETE",
}
_PEOPLE: Final[Verbs] = {
    "patient": "INSERT, UPDATE",
    "contact_point": "INSERT, UPDATE",
    "opt_out": "INSERT, DELETE",
}
_VIEWS: Final[Verbs] = {"saved_view": "INSERT, DELETE"}
_CARE: Final[Verbs] = {**_ROUND, **_SEALS, **_PEOPLE, **_VIEWS, **_STANDING}

WRITES: Final[Mapping[str, Verbs]] = {
    "coordinator": _CARE,
    "clinician": {**_CARE, "protocol": "INSERT"},
    # A packet is one more entry of its episode, and changes nothing else of it.
    "auditor": {**_SEALS, **_VIEWS, "episode": "UPDATE (version)"},
    "scheduler": {**_ROUND, **_SEALS},
    "admin": {
        **_SEALS,
        **_STANDING,
        "episode": "INSERT, UPDATE, DELETE",
        "staff": "INSERT, UPDATE",
        "protocol": "INSERT",
        "patient": "UPDATE",
        "contact_point": "DELETE",
        "opt_out": "DELETE",
    },
}
"""What each role writes by itself; entries and contents are not among it."""

_HIDDEN: Final = {"saved_view": (), "patient": ("key", "zone")}
"""Of what the scheduler sees nothing, or these columns alone: of a patient no name."""

_SERVICE: Final = "scheduler"
"""The one role that is no person's: it sees what a round needs."""


@dataclass
class Granted:
    """What was set up.

    Attributes:
        owner: the role that owns everything.
        logins: who has one, with their role: (staff id, role).
        new: of these, who had none, or another role.
        ended: whose came to an end.
        made: the owner itself is new.
    """

    owner: str
    logins: list[tuple[str, str]] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    made: bool = False

    @property
    def changed(self) -> bool:
        """Whether anybody may do more, or less, than before."""
        return bool(self.made or self.new or self.ended)


def grant(work: Work) -> Granted:
    """Set up owner, groups, grants and logins; what is there already is mended.

    Raises:
        NotEligible: the record is no server's, or a login by that name is more than
            a member of staff.
        NotPermitted: whoever is connected cannot give rights in this database.
    """
    if not work.ledger.on_postgres:
        raise NotEligible(
            "a SQLite file has no logins: whoever owns the file owns the record",
            "docs/reference/access.md says what that means",
        )
    return _Grants(work.connection, work.ledger.ledger_id).run()


def owner_of(ledger_id: str) -> str:
    """Return the role that owns a ledger's tables."""
    return f"sitrack_{ledger_id[:8]}_owner"


def group_of(ledger_id: str, role: str) -> str:
    """Return the group of the logins that have a role."""
    return f"sitrack_{ledger_id[:8]}_{role}"


class _Grants:
    """One `db grant`, in one transaction."""

    def __init__(self, connection: Connection, ledger_id: str) -> None:
        self.connection = connection
        self.quote = connection.dialect.identifier_preparer.quote_identifier
        self.owner = owner_of(ledger_id)
        self.groups = {role: group_of(ledger_id, role) for role in ROLES}
        self.done = Granted(self.owner)

    def run(self) -> Granted:
        self._refuse_powerless()
        self._make_roles()
        self._give_to_owner()
        self._close_to_everybody()
        self._open_to_groups()
        self._open_rows()
        self._let_people_in()
        return self.done

    def _do(self, statement: str, *names: str) -> None:
        """Run a statement, each `{}` of it a quoted name."""
        said = statement.format(*map(self.quote, names))
        self.connection.exec_driver_sql(said)

    def _ask(self, query: str, **values: Any) -> Sequence[Any]:
        return self.connection.execute(text(query), values).all()

    # --- roles

    def _refuse_powerless(self) -> None:
        [(may, self.is_super)] = self._ask(_MAY_GRANT)
        if not may:
            raise NotPermitted(
                "this login cannot give rights in this database",
                "connect as the database's owner who may make roles, or as the "
                "server's administrator: sitrack db grant -d URL",
            )

    def _make_roles(self) -> None:
        there = {name for (name,) in self._ask("SELECT rolname FROM pg_roles")}
        self.done.made = self.owner not in there
        for name in (self.owner, *self.groups.values()):
            if name not in there:
                self._do("CREATE ROLE {} NOLOGIN", name)
        if not self.is_super:
            self._do("GRANT {} TO CURRENT_USER", self.owner)

    def _give_to_owner(self) -> None:
        self._do("GRANT USAGE, CREATE ON SCHEMA public TO {}", self.owner)
        for (table,) in self._ask(_NOT_OWNED, owner=self.owner):
            self._do("ALTER TABLE public.{} OWNER TO {}", table, self.owner)
        for (function,) in self._ask(_OUR_FUNCTIONS):
            self._do(f"ALTER FUNCTION {function} OWNER TO {{}}", self.owner)

    # --- rights

    def _close_to_everybody(self) -> None:
        [(database,)] = self._ask("SELECT current_database()")
        groups = ", ".join(map(self.quote, self.groups.values()))
        self._do("REVOKE ALL ON DATABASE {} FROM PUBLIC", database)
        self._do("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        for kind in ("TABLES", "SEQUENCES"):
            self._do(f"REVOKE ALL ON ALL {kind} IN SCHEMA public FROM PUBLIC, {groups}")
        self._do(f"GRANT CONNECT ON DATABASE {{}} TO {groups}", database)
        self._do(f"GRANT USAGE ON SCHEMA public TO {groups}")
        for (function,) in self._ask(_OUR_FUNCTIONS):
            self._do(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC, {groups}")
        for function in appending.FOR_EVERYBODY:
            self._do(f"GRANT EXECUTE ON FUNCTION {function} TO {groups}")
        for function in appending.FOR_ADMINS:
            self._do(
                f"GRANT EXECUTE ON FUNCTION {function} TO {{}}", self.groups["admin"]
            )

    def _open_to_groups(self) -> None:
        for role, group in self.groups.items():
            for table, columns in _readable(role):
                self._do(f"GRANT SELECT{columns} ON public.{{}} TO {{}}", table, group)
            for table, verbs in WRITES[role].items():
                self._do(f"GRANT {verbs} ON public.{{}} TO {{}}", table, group)
        [(version,)] = self._ask("SELECT current_setting('server_version_num')::int")
        if version >= _MAINTAIN:
            for table in tables.ERASED_FROM:
                self._do(
                    "GRANT MAINTAIN ON public.{} TO {}", table, self.groups["admin"]
                )

    def _open_rows(self) -> None:
        """Of contents, the scheduler sees those of `office`: keys and seals."""
        people = [group for role, group in self.groups.items() if role != _SERVICE]
        self._do("ALTER TABLE public.payload ENABLE ROW LEVEL SECURITY")
        for name in ("people", "service"):
            self._do("DROP POLICY IF EXISTS {} ON public.payload", name)
        self._do(
            "CREATE POLICY people ON public.payload FOR SELECT TO "
            + ", ".join(map(self.quote, people))
            + " USING (true)"
        )
        self._do(
            "CREATE POLICY service ON public.payload FOR SELECT TO {} "
            "USING (stream = 'office')",
            self.groups[_SERVICE],
        )

    # --- people

    def _let_people_in(self) -> None:
        held = self._held()
        for member in staff.everybody(self.connection):
            if member.retired is None:
                self._let_in(member, held.pop(member.id, set()))
                self.done.logins.append((member.id, member.role))
        for name, groups in held.items():
            self._shut_out(name, groups)

    def _held(self) -> dict[str, set[str]]:
        """Every login that is in a group of ours, and in which; not who made the groups."""
        found: dict[str, set[str]] = {}
        for name, group in self._ask(_MEMBERS, groups=list(self.groups.values())):
            found.setdefault(name, set()).add(group)
        return found

    def _let_in(self, member: Staff, held: set[str]) -> None:
        self._refuse_powerful(member.id)
        if not self._ask(_LOGIN, name=member.id):
            self._do("CREATE ROLE {} LOGIN", member.id)
        wanted = self.groups[member.role]
        for group in sorted(held - {wanted}):
            self._do("REVOKE {} FROM {}", group, member.id)
        if wanted not in held:
            self._do("GRANT {} TO {}", wanted, member.id)
            self._do("ALTER ROLE {} LOGIN", member.id)
            self.done.new.append(member.id)

    def _refuse_powerful(self, name: str) -> None:
        if name in _RESERVED or self._ask(_IS_MORE, name=name, owner=self.owner):
            raise NotEligible(
                f"{name} is a login of this server that may do more than its role",
                "give that person another staff id, or that login another name",
            )

    def _shut_out(self, name: str, groups: set[str]) -> None:
        for group in sorted(groups):
            self._do("REVOKE {} FROM {}", group, name)
        if not self._ask(_IS_ANYTHING, name=name):
            self._do("ALTER ROLE {} NOLOGIN", name)
        self.done.ended.append(name)


def _readable(role: str) -> Iterator[tuple[str, str]]:
    """The tables that a role reads, and, where it reads not all of it, the columns."""
    for table in (*tables.metadata.tables, "alembic_version"):
        columns = _HIDDEN.get(table) if role == _SERVICE else None
        if columns is None:
            yield table, ""
        elif columns:
            yield table, f" ({', '.join(columns)})"


_MAINTAIN: Final = 170_000
"""From this version on a table can be swept by somebody who does not own it."""

_RESERVED: Final = frozenset({"public", "none"})

_MAY_GRANT: Final = """
SELECT r.rolsuper OR r.rolcreaterole AND pg_has_role(d.datdba, 'MEMBER'), r.rolsuper
FROM pg_roles r, pg_database d
WHERE r.rolname = current_user AND d.datname = current_database()
"""
_NOT_OWNED: Final = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')
  AND pg_get_userbyid(c.relowner) <> :owner
  AND NOT EXISTS (SELECT 1 FROM pg_depend x WHERE x.objid = c.oid AND x.deptype = 'e')
"""
_OUR_FUNCTIONS: Final = """
SELECT p.oid::regprocedure::text FROM pg_proc p
WHERE p.pronamespace = 'public'::regnamespace AND p.proname LIKE 'sitrack\\_%'
"""
_MEMBERS: Final = """
SELECT m.rolname, g.rolname FROM pg_auth_members a
JOIN pg_roles g ON g.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
WHERE g.rolname = ANY (:groups) AND NOT a.admin_option
"""
_LOGIN: Final = "SELECT 1 FROM pg_roles WHERE rolname = :name"
_IS_MORE: Final = """
SELECT 1 FROM pg_roles r, pg_database d
WHERE r.rolname = :name AND d.datname = current_database()
  AND (r.rolsuper OR r.rolcreaterole OR r.rolbypassrls OR r.rolreplication
    OR pg_has_role(r.oid, :owner, 'MEMBER') OR pg_has_role(r.oid, d.datdba, 'MEMBER'))
"""
_IS_ANYTHING: Final = """
SELECT 1 FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.member
WHERE r.rolname = :name
"""
