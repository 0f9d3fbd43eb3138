"""The log of reads: who, what and of whom, in a chain of its own, and nothing more."""

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitrack.errors import NotPermitted
from sitrack.journey.patient import patient_key
from sitrack.record import access, roles
from sitrack.record.access import Reader, Sight, keys_seen
from sitrack.record.journal import load_stream
from sitrack.record.ledger import open_ledger, reading
from tests.clinic import Clinic, codes_of, driver, everything

RIVERA = Reader("rivera", "coordinator", "front-desk")


def log_of(ledger, who="rivera"):
    with reading(ledger) as connection:
        return load_stream(connection, f"access/{who}")


def payload(keys):
    """What one entry says of those keys."""
    [said] = access._payloads(RIVERA, Sight("worklist", "table", keys))
    return said


# --- what an entry holds


def test_a_read_is_an_entry_in_the_stream_of_who_read(ledger):
    sight = Sight("history", "json", ["P00013-R"], {"as_of": "2025-01-05"})
    [written] = access.note(ledger, RIVERA, sight)
    [entry] = log_of(ledger)
    assert entry == written
    assert (entry.kind, entry.seq) == ("read", 1)
    assert entry.provenance.recorder == "rivera"
    assert entry.payload == {
        "account": "front-desk",
        "asked": {"as_of": "2025-01-05"},
        "command": "history",
        "count": 1,
        "form": "json",
        "keys": ["P00013-R"],
        "outcome": "shown",
        "scope": "history",
    }
    assert codes_of(ledger) == set()


def test_who_is_not_named_is_logged_under_the_account(ledger):
    reader = access.reader_named(ledger, "", "front-desk")
    access.note(ledger, reader, Sight("worklist", "table"))
    [entry] = log_of(ledger, "account:front-desk")
    assert entry.provenance.recorder == "account:front-desk"


def test_an_account_on_the_staff_list_is_that_person(ledger):
    Clinic(ledger)
    reader = access.reader_named(ledger, "", "osei")
    assert (reader.id, reader.role) == ("osei", "clinician")


def test_a_name_that_nobody_has_reads_nothing(ledger):
    assert access.reader_named(ledger, "kim", "desk").id == "account:desk"  # no staff
    Clinic(ledger)
    with pytest.raises(NotPermitted, match="kim is not on the staff list"):
        access.reader_named(ledger, "kim", "desk")


def test_nothing_shown_is_an_entry_of_another_kind(ledger):
    sight = Sight("advance", "table", ["P00013-R"], outcome="not-permitted")
    [entry] = access.note(ledger, RIVERA, sight)
    assert entry.kind == "refused"
    sight = Sight("advance", "table", ["P00013-R"], outcome="not-eligible")
    [entry] = access.note(ledger, RIVERA, sight)
    assert entry.kind == "read"  # the reasons are shown


# --- the keys of a long list

KEYS = st.lists(
    st.tuples(
        st.integers(1, 99_999), st.sampled_from(["", "-R", "-L", "-R2", "-L13"])
    ).map(lambda each: patient_key(each[0]) + each[1]),
    unique=True,
    max_size=200,
)


@given(KEYS)
def test_every_key_that_was_shown_is_found_again(keys):
    assert sorted(keys_seen(payload(keys))) == sorted(keys)


def test_a_worklist_takes_few_bytes():
    chance = random.Random(7)
    numbers = sorted(chance.sample(range(1, 10_000), 2_000))
    keys = [f"{patient_key(n)}-{chance.choice('LR')}" for n in numbers]
    said = payload(keys)
    assert said["count"] == 2_000
    assert len(said["packed"]) < 2_000 * 5
    assert keys_seen(said) == keys


def test_a_list_too_long_for_one_entry_takes_several_of_one_command(ledger):
    keys = [f"{patient_key(number)}-R" for number in range(1, 45_001)]
    entries = access.note(ledger, RIVERA, Sight("episode list", "csv", keys))
    assert len(entries) == 3
    assert len({entry.batch for entry in entries}) == 1
    found = [key for entry in log_of(ledger) for key in keys_seen(entry.payload)]
    assert found == keys
    assert codes_of(ledger) == set()


@pytest.mark.parametrize("word", ["Mary King", "P00013-Mary", "P0001", "P00013 ", ""])
@pytest.mark.parametrize("many", [0, 60])
def test_what_is_no_key_is_never_logged(word, many):
    with pytest.raises(ValueError, match="no key"):
        payload([*["P00013"] * many, word])


# --- the glass


def test_breaking_the_glass_is_written_in_the_office_first(ledger):
    Clinic(ledger)
    scheduler = Reader("kim", "scheduler", "front-desk")
    access.admit(ledger, scheduler, "history", "emergency")
    with reading(ledger) as connection:
        *_, entry = load_stream(connection, "office")
    assert (entry.kind, entry.provenance.recorder) == ("break-glass", "kim")
    assert entry.payload == {
        "account": "front-desk",
        "code": "emergency",
        "command": "history",
        "role": "scheduler",
    }


def test_without_it_the_role_decides(ledger):
    Clinic(ledger)
    before = everything(ledger)
    with pytest.raises(NotPermitted, match="history is for a coordinator"):
        access.admit(ledger, Reader("kim", "scheduler", "d"), "history", None)
    assert everything(ledger) == before


# --- many at once, and tampering


def test_eight_readers_of_one_name_do_not_fail_each_other(ledger):
    url = ledger.url.render_as_string(hide_password=False)

    def read(number):
        with closing(open_ledger(url)) as mine:
            for _ in range(5):
                access.note(mine, RIVERA, Sight("show", "table", ["P00013"]))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(read, range(8)))
    assert [entry.seq for entry in log_of(ledger)] == list(range(1, 41))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("UPDATE payload SET body = replace(body, 'show', 'why')", "PAYLOAD"),
        ("UPDATE entry SET recorder = 'osei'", "HASH"),
        ("DELETE FROM entry", "STREAM_MISSING"),
    ],
)
def test_a_log_that_was_changed_is_found(ledger, change, code):
    access.note(ledger, RIVERA, Sight("show", "table", ["P00013"]))
    with driver(ledger) as run:
        run.without_triggers()
        if not ledger.on_postgres:
            run("PRAGMA foreign_keys = OFF")
        run(f"{change} WHERE stream = 'access/rivera'")
    assert code in codes_of(ledger)


def test_every_reason_to_break_the_glass_is_a_word():
    assert len(set(roles.BREAK_GLASS)) == len(roles.BREAK_GLASS) == 4
