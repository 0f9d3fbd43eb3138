"""Logins over time: what they write, and what a changed staff list makes of them."""

import psycopg
import pytest
from psycopg import errors

from sitrack.coordination import consent, people
from sitrack.coordination.granting import grant_logins
from sitrack.coordination.people import Author
from sitrack.errors import NotEligible, Unavailable
from sitrack.record import erasing, grants, guards, staff, upgrade
from sitrack.record.journal import load_stream, writing
from sitrack.record.ledger import open_ledger, reading
from sitrack.reminders.round import run_round
from tests.clinic import RIVERA, codes_of, driver, settings_of
from tests.conftest import clock_at, new_ledger
from tests.coordination.test_importing import File, taken
from tests.logins import (
    ADMIN,
    PEOPLE,
    call,
    drop_logins,
    logged_in,
    logins_of,
    opened,
    staffed,
    url_as,
)
from tests.reminders.conftest import Memory
from tests.sealing import register, sealed

from .test_appending import hashes_by_hand, last_row
from .test_journal import draft


@pytest.fixture
def fresh(postgresql_ledger):
    """A clinic of one test alone, in which everybody has a login."""
    staffed(postgresql_ledger)
    with logins_of(postgresql_ledger):
        yield postgresql_ledger


@pytest.mark.parametrize("role", PEOPLE)
def test_the_recorder_is_whose_login_it_is_whatever_was_claimed(fresh, role):
    with logged_in(fresh, role) as run:
        recorder, _, _ = call(run, stream=f"access/{PEOPLE[role]}")
        assert recorder == PEOPLE[role]
    row = last_row(fresh, f"access/{PEOPLE[role]}")
    assert bytes(row["hash"]) == hashes_by_hand(fresh, row)[1]
    assert codes_of(fresh) == set()


def test_nobody_writes_into_the_command_of_somebody_else(fresh):
    with logged_in(fresh, "clinician") as run:
        call(run)
    with (
        logged_in(fresh, "coordinator") as run,
        pytest.raises(errors.InsufficientPrivilege, match="somebody else"),
    ):
        call(run, id="c" * 32)


def test_a_shadow_on_the_search_path_misleads_nothing(fresh):
    """Somebody to whom the server's administrator gave more than we did."""
    with driver(fresh) as run:
        run(f"GRANT TEMP ON DATABASE {fresh.url.database} TO rivera")
    with logged_in(fresh, "coordinator") as run:
        run("CREATE TEMP TABLE staff (id text, role text, retired text)")
        run("INSERT INTO staff VALUES ('rivera', 'admin', NULL)")
        run("CREATE TEMP TABLE stream (stream text, seq int, hash bytea)")
        run("SET search_path = pg_temp, public")
        with pytest.raises(errors.InsufficientPrivilege, match="not for this login"):
            call(run, kind="staff-added")
        before = load(fresh, "office")
        assert call(run)[1] == len(before) + 1
    assert codes_of(fresh) == set()


def load(ledger, stream):
    with reading(ledger) as connection:
        return load_stream(connection, stream)


def test_what_a_login_writes_bears_its_name_without_any_claim(fresh):
    person = people.Person("Jo", "Stone", None, None)
    with opened(fresh, "coordinator") as own:
        _, entry = people.enrol(own, Author("", "root"), person)
    assert entry.provenance.recorder == "rivera"
    assert codes_of(fresh) == set()


def test_even_our_own_program_cannot_name_another_recorder(fresh):
    with opened(fresh, "coordinator") as own, writing(own) as work:
        claimed = draft()
        assert work.append("office", claimed).provenance.recorder == "rivera"


def test_a_grant_that_is_tried_out_leaves_nothing(postgresql_ledger):
    staffed(postgresql_ledger)
    done, _ = grant_logins(postgresql_ledger, ADMIN, dry_run=True)
    assert (done.made, set(done.new)) == (True, set(PEOPLE.values()))
    with driver(postgresql_ledger) as run:
        found = run("SELECT 1 FROM pg_roles WHERE rolname = ?", done.owner)
    assert found == []


def test_what_an_administrator_gave_too_much_is_taken_back(fresh):
    with driver(fresh) as run:
        run("GRANT UPDATE ON entry TO PUBLIC")
        group = grants.group_of(fresh.ledger_id, "auditor")
        run(f'GRANT DELETE ON stream TO "{group}"')
    grant_logins(fresh, ADMIN)
    with logged_in(fresh, "auditor") as run:
        for statement in ("UPDATE entry SET kind = 'x'", "DELETE FROM stream"):
            with pytest.raises(errors.InsufficientPrivilege):
                run(statement)


def test_a_new_role_takes_effect_with_the_next_grant_and_in_the_function_at_once(fresh):
    people.change_role(fresh, ADMIN, "rivera", "auditor")
    with logged_in(fresh, "coordinator") as run:
        run("UPDATE episode SET stage = stage")
        with pytest.raises(errors.InsufficientPrivilege):
            call(run, stream="patient/P00013")
    done, entry = grant_logins(fresh, ADMIN)
    assert (done.new, entry.kind) == (["rivera"], "granted")
    with (
        logged_in(fresh, "coordinator") as run,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        run("UPDATE episode SET stage = stage")


def test_who_is_retired_writes_nothing_and_then_gets_in_no_more(fresh):
    people.retire_staff(fresh, ADMIN, "rivera")
    with (
        logged_in(fresh, "coordinator") as run,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        call(run)
    done, _ = grant_logins(fresh, ADMIN)
    assert done.ended == ["rivera"]
    try:
        with (
            pytest.raises(psycopg.OperationalError, match="not permitted to log in"),
            logged_in(fresh, "coordinator"),
        ):
            pass
        assert grant_logins(fresh, ADMIN)[0].changed is False
    finally:
        with driver(fresh) as run:
            run("DROP ROLE rivera")


def test_a_login_that_was_there_is_taken_unless_it_is_more(fresh):
    with driver(fresh) as run:
        run("CREATE ROLE amy LOGIN")
        run("CREATE ROLE boss LOGIN CREATEROLE")
    try:
        people.add_staff(fresh, ADMIN, staff.Staff("amy", "coordinator", None))
        assert grant_logins(fresh, ADMIN)[0].new == ["amy"]
        people.add_staff(fresh, ADMIN, staff.Staff("boss", "coordinator", None))
        with pytest.raises(NotEligible, match="boss is a login of this server"):
            grant_logins(fresh, ADMIN)
    finally:
        with driver(fresh) as run:
            run("DROP ROLE boss")


def test_an_owner_who_is_no_administrator_of_the_server_can_do_it(postgres):
    """As on a server that somebody else runs: the database's owner, who makes roles."""
    with postgres.fresh() as url:
        admin = new_ledger(url)
        with driver(admin) as run:
            run("CREATE ROLE landlord LOGIN CREATEROLE")
            run(f"ALTER DATABASE {admin.url.database} OWNER TO landlord")
            for (table,) in run(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            ):
                run(f'ALTER TABLE "{table}" OWNER TO landlord')
            for (name,) in run(grants._OUR_FUNCTIONS):
                run(f"ALTER FUNCTION {name} OWNER TO landlord")
        own = open_ledger(url_as(admin, "landlord"))
        own.use_clock(admin.clock)
        staffed(own)
        done, _ = grant_logins(own, ADMIN)
        try:
            assert own.login is None
            assert grant_logins(own, ADMIN)[0].changed is False
            with logged_in(admin, "coordinator") as run:
                assert call(run)[0] == "rivera"
            assert codes_of(own) == set()
        finally:
            own.close()
            with driver(admin) as run:
                drop_logins(run, done.owner)
                run(f"ALTER DATABASE {admin.url.database} OWNER TO CURRENT_USER")
                run("REASSIGN OWNED BY landlord TO CURRENT_USER")
                run("DROP OWNED BY landlord")
                run("DROP ROLE landlord")
        admin.close()


def test_a_migration_after_that_leaves_everything_to_the_owner(fresh):
    with upgrade._migrating(fresh.url) as connection:
        guards.drop(connection)
        guards.create(connection)
    owner = grants.owner_of(fresh.ledger_id)
    with driver(fresh) as run:
        found = run(
            "SELECT DISTINCT proowner::regrole::text FROM pg_proc "
            "WHERE proname LIKE 'sitrack%'"
        )
    assert found == [(owner,)]


def test_a_file_has_no_logins(sqlite_ledger):
    staffed(sqlite_ledger)
    with pytest.raises(NotEligible, match="no logins"):
        grant_logins(sqlite_ledger, ADMIN)


# --- what programs of ours do under a login


def test_a_round_under_the_schedulers_login_reaches_staff_and_patients(
    postgresql_ledger, tmp_path
):
    clinic = staffed(postgresql_ledger)
    key = clinic.injected("2025-01-06")
    patient = str(key).partition("-")[0]
    consent.give(postgresql_ledger, RIVERA, patient, "sms", "+442079460018")
    settings = settings_of(tmp_path, **{"clinic.name": "Spine desk"})
    staff_got, patients_got = Memory(), Memory(name="webhook")
    with (
        logins_of(postgresql_ledger),
        opened(postgresql_ledger, "scheduler") as own,
    ):
        own.use_clock(clock_at("2025-01-07", "10:00"))
        run_round(own, settings, staff_got, for_patients=patients_got)
    assert (len(staff_got.sent), len(patients_got.sent)) == (1, 1)
    assert codes_of(postgresql_ledger) == set()


def test_a_seal_is_made_under_the_schedulers_login(fresh):
    register(fresh)
    with opened(fresh, "scheduler") as own:
        assert sealed(own).entry.provenance.recorder == "rounds"
    assert codes_of(fresh) == set()


def test_a_file_is_taken_in_under_the_coordinators_login(fresh):
    file = File()
    file.person(born="1951-07-23")
    file.injected()
    with opened(fresh, "coordinator") as own:
        own.use_clock(clock_at("2025-09-01"))
        done = taken(own, file, author=Author("", "root"))
    assert done.problems == []
    fresh.use_clock(clock_at("2025-09-01"))
    entries = load(fresh, "episode/P00013-R")
    assert {entry.provenance.recorder for entry in entries} == {"rivera"}
    assert codes_of(fresh) == set()


def test_who_holds_a_stream_holds_up_nobody_else(fresh):
    with logged_in(fresh, "coordinator") as run, logged_in(fresh, "clinician") as other:
        call(run, stream="patient/P00013")
        run("BEGIN")
        run("SELECT sitrack_hold('patient/P00013')")
        other("SET lock_timeout = '50ms'")
        with pytest.raises(errors.LockNotAvailable):
            call(other, stream="patient/P00013", id="c" * 32, batch="d" * 32)
        assert call(other, stream="patient/P00021", id="e" * 32, batch="d" * 32)


def test_who_may_not_sweep_what_was_erased_is_told_who_may(fresh):
    with opened(fresh, "admin") as own:
        erasing.sweep(own)
    unavailable = pytest.raises(Unavailable, match="may not sweep")
    with opened(fresh, "coordinator") as own, unavailable as refusal:
        erasing.sweep(own)
    assert "VACUUM FULL payload" in refusal.value.hint
