"""With a login of their own, nobody can do more to the record than their role.

Every statement below is one that somebody with a password and a database client could
try. It must be refused by the server itself, or change nothing that counts.
"""

import psycopg
import pytest
from psycopg import errors, sql

from sitrack.coordination import people
from sitrack.coordination.granting import grant_logins
from sitrack.coordination.people import Author
from sitrack.errors import NotPermitted
from sitrack.record import grants, roles, tables
from tests.clinic import codes_of, driver, everything
from tests.conftest import new_ledger
from tests.logins import ADMIN, PEOPLE, call, logged_in, logins_of, opened, staffed


@pytest.fixture(scope="module")
def granted(postgres):
    """A clinic with an injection, in which everybody has a login; left as it was."""
    with postgres.fresh() as url:
        ledger = new_ledger(url)
        clinic = staffed(ledger)
        clinic.injected()
        with logins_of(ledger) as done:
            yield ledger, done
        ledger.close()


@pytest.fixture
def kept(granted):
    """The same; it must end as it began."""
    ledger, _ = granted
    before = everything(ledger)
    yield ledger
    assert everything(ledger) == before
    assert codes_of(ledger) == set()


OWNER = "sitrack_{id}_owner"
PROBES = {
    "a new entry by hand": "INSERT INTO entry SELECT * FROM entry LIMIT 1",
    "an entry, copied in": "COPY entry FROM STDIN",
    "an entry, changed": "UPDATE entry SET recorder = 'osei'",
    "an entry, deleted": "DELETE FROM entry",
    "all entries, emptied": "TRUNCATE entry CASCADE",
    "an entry, upserted": "INSERT INTO entry SELECT * FROM entry LIMIT 1 "
    "ON CONFLICT (stream, seq) DO UPDATE SET kind = 'x'",
    "an entry, merged": "MERGE INTO entry USING stream s ON s.stream = entry.stream "
    "WHEN MATCHED THEN DELETE",
    "an entry, locked": "SELECT * FROM entry FOR UPDATE",
    "a table, locked": "DO $$BEGIN LOCK TABLE entry; END$$",
    "a content by hand": "INSERT INTO payload VALUES ('office', 99, 'x', '{{}}')",
    "a content, changed": "UPDATE payload SET body = '{{}}'",
    "a content, deleted": "DELETE FROM payload",
    "a content, emptied": "TRUNCATE payload",
    "a head, moved": "UPDATE stream SET seq = 0",
    "a head, made": "INSERT INTO stream VALUES ('office/2', 1, 'x')",
    "a head, deleted": "DELETE FROM stream",
    "what the ledger is": "UPDATE instance SET synthetic = 0",
    "a protocol, changed": "UPDATE protocol SET text = ''",
    "a protocol, deleted": "DELETE FROM protocol",
    "a delivery, changed": "UPDATE delivery SET event = 'sent'",
    "a delivery, deleted": "DELETE FROM delivery",
    "a seal, changed": "UPDATE seal SET size = 0",
    "a seal, deleted": "DELETE FROM seal",
    "a leaf, changed": "UPDATE leaf SET hash = 'x'",
    "a leaf, deleted": "DELETE FROM leaf",
    "a queue, filled": "INSERT INTO unsealed VALUES ('office', 1)",
    "the schema's number": "UPDATE alembic_version SET version_num = '0001'",
    "another's deletion": "SELECT sitrack_frame(ARRAY['x'])",
    "a check, called": "SELECT sitrack_refuse_foreign('osei', 'office', 'x', 'x', "
    "now(), 'UTC', 'x', 'x', 'x')",
    "a trigger, off": "ALTER TABLE entry DISABLE TRIGGER entry_no_update",
    "all triggers, off": "ALTER TABLE entry DISABLE TRIGGER ALL",
    "a trigger, dropped": "DROP TRIGGER entry_no_update ON entry",
    "a trigger of one's own": "CREATE TRIGGER x BEFORE INSERT ON entry FOR EACH ROW "
    "EXECUTE FUNCTION sitrack_append_only()",
    "a function, replaced": "CREATE OR REPLACE FUNCTION public.sitrack_login() "
    "RETURNS text LANGUAGE sql AS 'SELECT NULL'",
    "a function, changed": "ALTER FUNCTION sitrack_login() SECURITY INVOKER",
    "a function, dropped": "DROP FUNCTION sitrack_append_only() CASCADE",
    "a function, overloaded": "CREATE FUNCTION public.sha256(text) RETURNS bytea "
    "LANGUAGE sql AS 'SELECT ''''::bytea'",
    "a table, dropped": "DROP TABLE payload",
    "a table, renamed": "ALTER TABLE entry RENAME TO other",
    "a column, dropped": "ALTER TABLE entry DROP COLUMN hash",
    "a table that shadows": "CREATE TABLE public.stream2 (seq integer)",
    "a passing table that shadows": "CREATE TEMP TABLE stream (seq integer)",
    "a view that shadows": "CREATE VIEW public.x AS SELECT 1",
    "a schema of one's own": "CREATE SCHEMA rivera",
    "a rule": "CREATE RULE x AS ON INSERT TO entry DO INSTEAD NOTHING",
    "a policy": "CREATE POLICY x ON payload USING (true)",
    "row rules, off": "ALTER TABLE payload DISABLE ROW LEVEL SECURITY",
    "as a replica": "SET session_replication_role = replica",
    "as the owner": f'SET ROLE "{OWNER}"',
    "as a colleague": "SET ROLE osei",
    "as an administrator": "SET ROLE postgres",
    "as somebody else": "SET SESSION AUTHORIZATION postgres",
    "the owner's rights": f'GRANT "{OWNER}" TO CURRENT_USER',
    "a right for all": "GRANT ALL ON entry TO PUBLIC",
    "all that one has": "GRANT SELECT ON entry TO PUBLIC",
    "the owner's things": f'REASSIGN OWNED BY "{OWNER}" TO CURRENT_USER',
    "a new login": "CREATE ROLE stranger LOGIN",
    "more for oneself": "ALTER ROLE CURRENT_USER SUPERUSER",
    "a way in for the owner": f'ALTER ROLE "{OWNER}" LOGIN',
    "another database": "CREATE DATABASE mine",
    "this database": "ALTER DATABASE {db} SET session_replication_role = replica",
    "a server's setting": "ALTER SYSTEM SET log_min_messages = 'panic'",
    "no word in the log": "SET log_min_messages = 'panic'",
    "a file of the server": "COPY (SELECT 1) TO '/tmp/x'",
    "a program of the server": "COPY entry TO PROGRAM 'cat'",
    "a file, read": "SELECT pg_read_file('/etc/passwd')",
    "an extension": "CREATE EXTENSION vector",
    "passwords": "SELECT * FROM pg_authid",
}


@pytest.mark.parametrize("role", ["coordinator", "auditor", "scheduler", "admin"])
def test_no_statement_goes_around(kept, role):
    """One connection for all of them: the server's answer is what counts."""
    went_through = []
    with logged_in(kept, role) as run:
        for name, probe in PROBES.items():
            statement = probe.format(id=kept.ledger_id[:8], db=kept.url.database)
            try:
                run(statement)
            except errors.InsufficientPrivilege:
                continue
            went_through.append(name)
    assert set(went_through) <= HARMLESS[role]


HARMLESS = {
    "coordinator": {"a right for all", "all that one has"},
    "auditor": {"a right for all", "all that one has"},
    "scheduler": {"a right for all", "all that one has"},
    "admin": {"a right for all", "all that one has", "a table, locked"},
}
"""A grant by somebody who may grant nothing is a warning, and changes nothing; an admin,
who sweeps what was erased, could hold everybody up."""


def test_what_went_through_without_a_word_changed_nothing(kept):
    with logged_in(kept, "coordinator") as run:
        run(PROBES["a right for all"])
        run(PROBES["all that one has"])
    with driver(kept) as run:
        acl = "SELECT 1 FROM pg_class, aclexplode(relacl) a WHERE a.grantee = 0"
        assert run(f"{acl} AND relnamespace = 'public'::regnamespace") == []


BY_ROLE = {
    "auditor": ("UPDATE episode SET stage = 'rfa'", "DELETE FROM agenda"),
    "scheduler": (
        "SELECT given FROM patient",
        "SELECT * FROM patient",
        "SELECT born FROM patient",
        "SELECT mrn FROM patient",
        "UPDATE patient SET mrn = 'x'",
        "UPDATE episode SET stage = 'rfa'",
        "SELECT * FROM saved_view",
    ),
    "admin": (
        "UPDATE contact_point SET address = 'x'",
        "INSERT INTO delivery VALUES (1, 1, 'sent', 'x', 'x', NULL)",
    ),
    "coordinator": (
        "UPDATE staff SET role = 'admin'",
        "INSERT INTO staff VALUES ('amy', 'admin')",
        "INSERT INTO protocol VALUES ('x', 'x', 'x', 'x')",
        "DELETE FROM patient",
        "DELETE FROM episode",
    ),
    "clinician": ("UPDATE staff SET role = 'admin'", "DELETE FROM patient"),
}


@pytest.mark.parametrize("role", BY_ROLE)
def test_a_role_is_refused_what_is_not_its_work(kept, role):
    with logged_in(kept, role) as run:
        for statement in BY_ROLE[role]:
            with pytest.raises(errors.InsufficientPrivilege):
                run(statement)


@pytest.mark.parametrize("role", [role for role in PEOPLE if role != "admin"])
def test_only_an_admin_may_call_what_erases(kept, role):
    with logged_in(kept, role) as run, pytest.raises(errors.InsufficientPrivilege):
        run("SELECT sitrack_erase('office', 9)")


def test_an_admin_erases_nothing_that_no_entry_says_is_erased(kept):
    with logged_in(kept, "admin") as run, pytest.raises(errors.RestrictViolation):
        run("SELECT sitrack_erase('office', 9)")


def test_the_scheduler_reads_no_content_of_a_patient(kept):
    with logged_in(kept, "scheduler") as run:
        streams = {s for (s,) in run("SELECT stream FROM payload").fetchall()}
    assert streams == {"office"}


def test_a_login_without_a_role_sees_and_calls_nothing(kept):
    with driver(kept) as run:
        run("CREATE ROLE stranger LOGIN")
        run(f"GRANT CONNECT ON DATABASE {kept.url.database} TO stranger")
    try:
        with logged_in(kept, "stranger") as run:
            for table in (*tables.metadata.tables, "alembic_version"):
                with pytest.raises(errors.InsufficientPrivilege):
                    run(
                        sql.SQL("SELECT 1 FROM public.{}").format(sql.Identifier(table))
                    )
        with driver(kept) as run:
            may = "has_function_privilege('stranger', oid, 'EXECUTE')"
            ours = "starts_with(proname, 'sitrack')"
            assert run(f"SELECT proname FROM pg_proc WHERE {ours} AND {may}") == []
    finally:
        with driver(kept) as run:
            run("DROP OWNED BY stranger")
            run("DROP ROLE stranger")


def test_nobody_else_gets_in_at_all(kept):
    with driver(kept) as run:
        run("CREATE ROLE stranger LOGIN")
    try:
        with (
            pytest.raises(psycopg.OperationalError, match="permission denied"),
            logged_in(kept, "stranger"),
        ):
            pass
    finally:
        with driver(kept) as run:
            run("DROP ROLE stranger")


# --- what the function lets a login write

FORGED = {
    "in somebody else's log": {"stream": "access/osei"},
    "in a stream of no kind": {"stream": "office/2"},
    "of no patient": {"stream": "patient/../office"},
    "a new ledger": {"kind": "ledger-made"},
    "a new colleague": {"kind": "staff-added"},
    "a new role": {"kind": "role-changed"},
    "a new key": {"kind": "key-made"},
    "a new protocol": {"kind": "protocol-adopted"},
    "an erasure": {"stream": "patient/P00013", "kind": "erased"},
}


@pytest.mark.parametrize("what", FORGED)
def test_a_coordinator_writes_no_entry_of_others(kept, what):
    with (
        logged_in(kept, "coordinator") as run,
        pytest.raises(errors.InsufficientPrivilege, match="not for this login"),
    ):
        call(run, **FORGED[what])


@pytest.mark.parametrize("role", ["auditor", "scheduler", "admin"])
@pytest.mark.parametrize("stream", ["episode/P00013-R", "patient/P00013"])
def test_care_is_written_by_those_who_give_it(kept, role, stream):
    with (
        logged_in(kept, role) as run,
        pytest.raises(errors.InsufficientPrivilege, match="not for this login"),
    ):
        call(run, stream=stream)


MALFORMED = {
    "a day to come": {"occurred": "2025-01-07"},
    "an instant to come": {"occurred": "2025-01-07T00:00:00.000000Z"},
    "no day": {"occurred": "infinity"},
    "a day in words": {"occurred": "yesterday"},
    "nothing for a day": {"occurred": None},
    "a content that is no object": {"body": "[]"},
    "a content that is no JSON": {"body": "{"},
    "a content of ten megabytes": {"body": '{"a":"' + "x" * 10_000_000 + '"}'},
    "a short salt": {"salt": b""},
    "no salt": {"salt": None},
    "no stream": {"stream": None},
    "no kind": {"kind": None},
    "no batch": {"batch": None},
    "a stale number": {"expected": 1},
    "a number ahead": {"expected": 99},
    "the same entry again": {"id": None},
}


@pytest.mark.parametrize("what", MALFORMED)
def test_what_is_no_entry_is_refused(kept, what):
    with (
        logged_in(kept, "coordinator") as run,
        pytest.raises((errors.DatabaseError, errors.IntegrityError)),
    ):
        call(run, **MALFORMED[what])


# --- a name is no claim any more


def test_a_ledger_opened_with_a_login_knows_whose_it_is(kept):
    assert kept.login is None
    for role, name in PEOPLE.items():
        with opened(kept, role) as own:
            assert own.login == name


def test_nobody_writes_under_another_name(kept):
    person = people.Person("Jo", "Stone", None, None)
    with (
        opened(kept, "coordinator") as own,
        pytest.raises(NotPermitted, match="the login of rivera"),
    ):
        people.enrol(own, Author("osei", "account"), person)


# --- again, and after changes


def test_granting_again_changes_nothing_and_writes_nothing(kept):
    done, entry = grant_logins(kept, ADMIN)
    assert (done.changed, entry) == (False, None)


def test_only_who_can_give_rights_grants_them(kept):
    with (
        opened(kept, "admin") as own,
        pytest.raises(NotPermitted, match="cannot give rights"),
    ):
        grant_logins(own, Author("", "root"))


# --- the table of grants itself


def test_every_table_that_is_written_by_hand_is_one_of_ours():
    for verbs in grants.WRITES.values():
        assert set(verbs) <= set(tables.metadata.tables)
        assert not set(verbs) & {"entry", "payload", "stream", "instance"}
    assert set(grants.WRITES) == set(roles.ROLES)


def test_every_kind_of_entry_of_ours_has_a_rule():
    rooms = {room for room, _, _ in roles.ENTRIES}
    last = {room: kinds for room, kinds, _ in roles.ENTRIES}
    assert rooms == set(last) == {"access", "episode", "patient", "office"}
    assert not any(last.values()), "the last rule of each is about any other kind"
