"""Each check of `doctor` finds the fault that was made, and a healthy record has none."""

import datetime as dt
import os

import pytest

from sitrack.coordination import people
from sitrack.coordination.checkup import Check, Result, care, ground, machine
from sitrack.coordination.handing import assign
from sitrack.coordination.parking import change_status
from sitrack.journey import parking
from sitrack.record import footing, grants
from sitrack.record.ledger import open_ledger, present_instant, reading
from sitrack.record.roles import ROLES
from sitrack.record.staff import Staff
from sitrack.reminders.channels import TemporaryFailure
from sitrack.reminders.round import run_round
from tests.clinic import RIVERA, Clinic, driver, settings_of
from tests.logins import ADMIN, logins_of, opened, staffed
from tests.reminders.conftest import Memory

TEST_SERVERS = {"server-durability", "server-standby", "logins"}
"""A server for tests is hasty, and alone, and everybody connects as its owner."""


@pytest.fixture
def clinic(ledger, tmp_path):
    """A patient in conservative care, of whom a reminder waits: its way is blocked."""

    def blocked(_message):
        raise TemporaryFailure("unreachable")

    found = Clinic(ledger)
    found.key = found.walked()
    found.at("2025-03-14")
    run_round(ledger, settings_of(tmp_path), Memory(blocked))
    return found


def found_in(ledger):
    """The checks that found something, by their names."""
    with reading(ledger) as connection:
        now = present_instant(connection, ledger)
        today = now.astimezone(ledger.zone).date()
        every = [
            *care.checks(connection, ledger, today),
            *ground.checks(connection, ledger),
        ]
    assert len({each.name for each in every}) == len(every)
    return {each.name: each for each in every if each.result is not Result.WELL}


def told(ledger, name):
    """The one check that found something."""
    found = found_in(ledger)
    assert set(found) - TEST_SERVERS == {name}
    return found[name]


def test_a_healthy_record_is_well(clinic):
    found = set(found_in(clinic.ledger))
    assert found == (TEST_SERVERS if clinic.ledger.on_postgres else set())


def test_what_was_erased_is_no_fault(clinic):
    from sitrack.coordination import people
    from sitrack.coordination.erasing import erase
    from sitrack.coordination.people import Author
    from sitrack.record.staff import Staff

    patient = clinic.enrolled("John", "Bell")
    other = clinic.opened(patient)
    clinic.advance(other, "closed", command="episode finish", reason="transferred")
    for name in ("ada", "bo"):
        people.add_staff(clinic.ledger, RIVERA, Staff(name, "admin", None))
        erase(clinic.ledger, Author(name, "account"), patient, "unlawful", 10)
    assert set(found_in(clinic.ledger)) <= TEST_SERVERS


# --- care


def test_an_episode_without_a_next_action(clinic):
    with driver(clinic.ledger) as run:
        run("DELETE FROM agenda")
    seen = told(clinic.ledger, "no-next-action")
    assert (seen.result, seen.episodes) == (Result.ERROR, [str(clinic.key)])
    assert seen.mend == f"sitrack why {clinic.key}"


def test_a_reminder_that_outlived_its_episode(clinic, tmp_path):
    clinic.advance(clinic.key, "closed", command="episode finish", reason="transferred")
    assert set(found_in(clinic.ledger)) <= TEST_SERVERS
    with driver(clinic.ledger) as run:
        run("UPDATE reminder SET status = 'open'")
    clinic.at("2025-03-17")
    seen = told(clinic.ledger, "reminders-of-the-finished")
    assert (seen.result, seen.mend) == (Result.WARNING, "sitrack reminder run")
    run_round(clinic.ledger, settings_of(tmp_path), channel := Memory())
    assert channel.sent == []
    assert set(found_in(clinic.ledger)) <= TEST_SERVERS


def test_a_hold_that_nobody_looked_at(clinic):
    review = dt.date(2025, 4, 10)
    held = change_status(
        clinic.ledger,
        RIVERA,
        clinic.key,
        lambda asked: parking.hold(asked, "pregnancy", review),
    )
    clinic.at("2025-04-10")
    assert set(found_in(clinic.ledger)) <= TEST_SERVERS
    clinic.at("2025-04-11")
    seen = told(clinic.ledger, "hold-past-review")
    assert "2025-04-10" in seen.what
    number = held.entry.seq
    assert seen.mend == (
        f"sitrack episode hold {clinic.key} --renew {number} --review +30d"
    )
    again = dt.date(2025, 5, 10)
    change_status(
        clinic.ledger,
        RIVERA,
        clinic.key,
        lambda asked: parking.renew(asked, number, again),
    )
    assert set(found_in(clinic.ledger)) <= TEST_SERVERS
    clinic.at("2025-05-11")
    renewed = told(clinic.ledger, "hold-past-review").mend
    assert f"--renew {number} " in renewed


def test_a_coordinator_who_is_gone(clinic):
    with driver(clinic.ledger) as run:
        run("UPDATE staff SET role = 'auditor' WHERE id = 'rivera'")
    seen = told(clinic.ledger, "coordinator-gone")
    assert seen.what == f"rivera coordinates no more: {clinic.key}"
    assert seen.mend == f"sitrack episode assign {clinic.key} --to WHO"
    assign(clinic.ledger, RIVERA, [clinic.key], "osei")
    assert set(found_in(clinic.ledger)) <= TEST_SERVERS


def test_a_coordinator_who_is_retired(clinic):
    with driver(clinic.ledger) as run:
        run("UPDATE staff SET retired = '2025-03-01' WHERE id = 'rivera'")
    assert told(clinic.ledger, "coordinator-gone").episodes == [str(clinic.key)]


def test_an_episode_that_is_nobodys(clinic):
    with driver(clinic.ledger) as run:
        run("UPDATE episode SET coordinator = NULL")
    seen = told(clinic.ledger, "no-coordinator")
    assert seen.mend == f"sitrack episode claim {clinic.key}"
    with driver(clinic.ledger) as run:
        run("UPDATE episode SET team = 'spine'")
    assert set(found_in(clinic.ledger)) <= TEST_SERVERS


def test_three_are_named_and_the_rest_is_counted():
    assert care.listed(["a"]) == "a"
    assert care.listed(["a", "b", "c"]) == "a, b, c"
    assert care.listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


# --- the ground


def test_a_schema_that_is_not_ours(clinic):
    with driver(clinic.ledger) as run:
        run("CREATE INDEX strange ON entry (kind)")
    seen = told(clinic.ledger, "schema")
    assert "strange" in seen.what
    assert seen.mend == "sitrack audit verify"


def test_a_standing_that_is_behind_is_mended_by_rebuilding(clinic):
    from sitrack.coordination.keeping import rebuild

    with driver(clinic.ledger) as run:
        run("UPDATE episode SET version = version - 1")
    assert told(clinic.ledger, "copies").mend == "sitrack db rebuild"
    rebuild(clinic.ledger, RIVERA, dry_run=False)
    assert set(found_in(clinic.ledger)) <= TEST_SERVERS


def test_a_protocol_that_was_changed_in_the_database(clinic):
    change = "UPDATE protocol SET text = replace(text, 'value = 50', 'value = 40')"
    with driver(clinic.ledger) as run:
        run.without_triggers()(change)
    found = found_in(clinic.ledger)
    assert "si-2026.1" in found["protocol"].what


def test_a_protocol_file_that_is_not_the_one_adopted(clinic, monkeypatch):
    from sitrack.pathway.loading import shipped_text

    other = shipped_text().replace("version 2026.1.", "version 2026.1, mended.")
    monkeypatch.setattr(ground, "shipped_text", lambda: other)
    seen = told(clinic.ledger, "protocol-file")
    assert seen.result is Result.WARNING


def test_a_server_that_may_lose_what_it_acknowledged(postgresql_ledger):
    found = found_in(postgresql_ledger)
    seen = found["server-durability"]
    assert seen.result is Result.ERROR
    assert "fsync, full_page_writes, synchronous_commit" in seen.what
    assert 'psql -c "ALTER SYSTEM SET fsync = on"' in seen.mend
    assert found["server-standby"].result is Result.NOTE


def test_an_entry_of_later_than_now(clinic):
    clinic.at("2999-01-01")
    clinic.record(clinic.key, "score", nrs="5")
    again = open_ledger(clinic.ledger.url.render_as_string(hide_password=False))
    seen = found_in(again)["clock"]
    again.close()
    assert (seen.result, seen.mend) == (Result.ERROR, "timedatectl set-ntp true")


def test_a_machine_whose_clock_is_not_the_databases(postgresql_ledger, monkeypatch):
    def ahead():
        return dt.datetime.now(dt.UTC) + dt.timedelta(minutes=3)

    monkeypatch.setattr(footing, "machine_clock", ahead)
    seen = found_in(postgresql_ledger)["clock"]
    assert seen.result is Result.WARNING
    assert "180 s apart" in seen.what


# --- the machine


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A record in a folder of its own, on a machine that is well."""
    monkeypatch.setattr(footing, "library_version", lambda: (3, 51, 3))
    monkeypatch.setattr(footing, "is_synchronised", lambda: True)
    folder = tmp_path / "kept"
    folder.mkdir(mode=0o700)
    for name in ("ledger.db", "ledger.db-wal", "secret"):
        (folder / name).touch(mode=0o600)
    (folder / "config.toml").write_text('as = "rivera"\n')
    (folder / "config.toml").chmod(0o644)
    return folder


def of_the_machine(folder, *, others_write=True, **flags):
    from sitrack import settings

    file = {"database_url": f"sqlite:///{folder / 'ledger.db'}", **flags}
    told = settings.load(file, {}, str(folder / "config.toml"))
    every = machine.checks(told, others_write=others_write)
    return [each for each in every if each.result is not Result.WELL]


def test_a_machine_that_is_well(kept):
    secret = {"webhook.secret_file": str(kept / "secret")}
    assert of_the_machine(kept, **secret) == []
    assert of_the_machine(kept, database_url="postgresql:///clinic") == []


@pytest.mark.parametrize(
    ("version", "damages"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 53, 0), False),
    ],
)
def test_a_library_that_can_damage_its_log(kept, monkeypatch, version, damages):
    monkeypatch.setattr(footing, "library_version", lambda: version)
    found = of_the_machine(kept)
    assert [each.name for each in found] == ["sqlite-library"] * damages
    assert [each.result for each in found] == [Result.WARNING] * damages
    alone = of_the_machine(kept, others_write=False)
    assert [each.result for each in alone] == [Result.NOTE] * damages


@pytest.mark.parametrize("name", ["ledger.db", "ledger.db-wal", "secret"])
def test_a_file_that_others_may_read_is_mended_by_what_is_said(kept, name):
    (kept / name).chmod(0o640)
    secret = {"webhook.secret_file": str(kept / "secret")}
    [seen] = of_the_machine(kept, **secret)
    assert (seen.name, seen.result) == ("files-to-read", Result.ERROR)
    assert os.system(seen.mend) == 0
    assert of_the_machine(kept, **secret) == []


@pytest.mark.parametrize("name", ["config.toml", "."])
def test_a_place_that_others_may_change_is_mended_by_what_is_said(kept, name):
    (kept / name).chmod(0o777)
    [seen] = of_the_machine(kept)
    assert (seen.name, seen.result) == ("files-to-change", Result.ERROR)
    assert os.system(seen.mend) == 0
    assert of_the_machine(kept) == []


def test_a_folder_for_everybody_where_each_keeps_their_own_is_none(kept):
    kept.chmod(0o1777)
    assert of_the_machine(kept) == []


@pytest.mark.parametrize(
    ("kernel", "result"), [(False, Result.WARNING), (None, Result.UNKNOWN)]
)
def test_a_clock_that_is_held_to_no_other(kept, monkeypatch, kernel, result):
    monkeypatch.setattr(footing, "is_synchronised", lambda: kernel)
    [seen] = of_the_machine(kept)
    assert (seen.name, seen.result) == ("clock-synchronised", result)


def test_the_kernel_is_asked_and_what_it_does_not_say_is_not_made_up():
    assert footing.is_synchronised() in {True, False, None}


def test_a_check_that_is_well_says_nothing():
    assert Check("schema").what == ""
    assert Check("schema").mend is None


# --- logins on a server


@pytest.fixture
def granted(postgresql_ledger):
    """A clinic in which everybody has a login."""
    staffed(postgresql_ledger)
    with logins_of(postgresql_ledger):
        yield postgresql_ledger


def test_nobody_having_a_login_is_noted(postgresql_ledger):
    seen = found_in(postgresql_ledger)["logins"]
    assert (seen.result, seen.mend) == (Result.NOTE, "sitrack db grant")


def test_logins_as_they_were_granted_are_well(granted):
    assert "logins" not in found_in(granted)


WIDER = {
    "a role that may change entries": "GRANT UPDATE ON entry TO {coordinator}",
    "anybody who may read": "GRANT SELECT ON patient TO PUBLIC",
    "one who may delete by themselves": "GRANT DELETE ON payload TO rivera",
}


@pytest.mark.parametrize("how", WIDER)
def test_somebody_who_may_do_more_than_a_role_allows(granted, how):
    group = grants.group_of(granted.ledger_id, "coordinator")
    with driver(granted) as run:
        run(WIDER[how].format(coordinator=group))
    seen = found_in(granted)["logins"]
    verb, table = WIDER[how].split()[1], WIDER[how].split()[3]
    assert seen.result is Result.ERROR
    assert f"{verb} {table}" in seen.what
    with driver(granted) as run:
        run(seen.mend.removeprefix("psql -c '").removesuffix("'"))
    assert "logins" not in found_in(granted)


def test_a_staff_list_that_went_on_without_a_grant(granted):
    people.add_staff(granted, ADMIN, Staff("kim", "clinician", None))
    seen = found_in(granted)["logins"]
    assert (seen.result, seen.mend) == (Result.WARNING, "sitrack db grant")
    assert "kim" in seen.what
    with driver(granted) as run:
        run("UPDATE staff SET role = 'auditor' WHERE id = 'rivera'")
    seen = found_in(granted)["logins"]
    assert (seen.result, "rivera" in seen.what) == (Result.ERROR, True)


@pytest.mark.parametrize("role", ROLES)
def test_every_role_can_ask(granted, role):
    with opened(granted, role) as ledger:
        assert set(found_in(ledger)) <= TEST_SERVERS
