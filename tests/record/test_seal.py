"""Sealing: everything becomes a leaf once, and every later change of it is seen."""

import datetime as dt

import pytest
from sqlalchemy import text

from sitrack.clock import stopped_clock
from sitrack.errors import NotFound, NotPermitted, VerificationFailed
from sitrack.record import chain, codec, keyring, merkle, seal
from sitrack.record.journal import writing
from sitrack.record.keys import Trusted
from sitrack.record.ledger import reading
from sitrack.record.notes import read_head, read_note
from tests.clinic import Clinic, driver, everything
from tests.sealing import (
    found,
    register,
    report,
    rotate,
    sealed,
    signer,
    witnessed,
)

from .test_guards import _DELIVERY, _REMINDER


def rows(ledger, query):
    with reading(ledger) as connection:
        return [tuple(row) for row in connection.execute(text(query))]


@pytest.fixture
def clinic(ledger):
    """A clinic whose record has a key, and no seal yet."""
    made = Clinic(ledger)
    made.trusted = register(ledger)
    return made


def deliver(ledger, key):
    with writing(ledger) as work:
        row = {"episode": str(key), "at": work.now}
        work.connection.execute(text(_REMINDER[ledger.on_postgres]), row)
        work.connection.execute(text(_DELIVERY))


# --- what becomes of an entry


def test_a_seal_covers_every_entry_and_its_own(clinic):
    clinic.walked()
    done = sealed(clinic.ledger)
    total = rows(clinic.ledger, "SELECT count(*) FROM entry")
    assert total == [(done.leaves,)] == [(done.seal.size,)]
    assert done.seal.number == 1
    assert rows(clinic.ledger, "SELECT stream, seq FROM unsealed") == []
    assert found(clinic.ledger, keys=[clinic.trusted]) == []
    whole = report(clinic.ledger, keys=[clinic.trusted])
    assert (whole.seals, whole.leaves, whole.is_signed) == (1, done.leaves, True)


def test_leaves_stand_in_the_order_of_time_stream_and_number(clinic):
    clinic.injected("2025-01-07")
    clinic.injected("2025-01-06")
    sealed(clinic.ledger)
    query = (
        "SELECT e.recorded, l.stream, l.seq FROM leaf l JOIN entry e "
        "ON e.stream = l.stream AND e.seq = l.seq ORDER BY l.position"
    )
    *leaves, own = rows(clinic.ledger, query)
    assert leaves == sorted(leaves)
    assert own[1] == "office"
    positions = rows(clinic.ledger, "SELECT position FROM leaf ORDER BY 1")
    assert positions == [(number,) for number in range(len(leaves) + 1)]


def test_the_root_is_that_of_the_entries_hashes(clinic):
    clinic.walked()
    done = sealed(clinic.ledger)
    query = (
        "SELECT e.hash FROM leaf l JOIN entry e "
        "ON e.stream = l.stream AND e.seq = l.seq ORDER BY l.position"
    )
    hashes = [bytes(row[0]) for row in rows(clinic.ledger, query)]
    head = read_head(read_note(done.seal.note).text)
    assert head.root == merkle.root_of(map(merkle.leaf_hash, hashes))
    assert head.origin == f"sitrack/{clinic.ledger.ledger_id}"


def test_nothing_new_makes_no_seal(clinic):
    assert sealed(clinic.ledger) is not None
    before = everything(clinic.ledger)
    assert sealed(clinic.ledger) is None
    assert everything(clinic.ledger) == before


def test_the_next_seal_takes_what_was_written_since(clinic):
    key = clinic.injected()
    first = sealed(clinic.ledger)
    clinic.record(key, "score", nrs="7")
    second = sealed(clinic.ledger)
    assert (second.seal.number, second.leaves) == (2, 2)
    assert second.seal.size == first.seal.size + 2
    assert found(clinic.ledger, keys=[clinic.trusted]) == []


def test_an_entry_with_an_earlier_time_that_commits_later_is_in_the_next_seal(clinic):
    """Its time is before that of leaves sealed already; it is a leaf all the same."""
    key = clinic.injected("2025-01-20")
    sealed(clinic.ledger)
    clinic.at("2025-01-08")
    other = clinic.opened(clinic.enrolled("Ann", "Other"))
    sealed(clinic.ledger)
    leaf = f"SELECT position FROM leaf WHERE stream = '{other.stream}' AND seq = 1"
    last = f"SELECT max(position) FROM leaf WHERE stream = '{key.stream}'"
    assert rows(clinic.ledger, leaf)[0] > rows(clinic.ledger, last)[0]
    clinic.at("2025-01-21")
    assert found(clinic.ledger, keys=[clinic.trusted]) == []


def test_lines_of_delivery_become_leaves_after_the_entries(clinic):
    deliver(clinic.ledger, clinic.injected())
    sealed(clinic.ledger)
    query = "SELECT * FROM delivery"
    with reading(clinic.ledger) as connection:
        line = dict(connection.execute(text(query)).mappings().one())
    hashed = chain.delivery_hash([str(line[n]) if line[n] else None for n in _LINE])
    last = "SELECT reminder, hash FROM leaf ORDER BY position DESC LIMIT 1"
    [(reminder, leaf)] = rows(clinic.ledger, last)
    assert (reminder, bytes(leaf)) == (line["reminder"], hashed)
    assert found(clinic.ledger, keys=[clinic.trusted]) == []


_LINE = ("reminder", "attempt", "event", "at", "worker", "detail")


def test_the_fields_of_a_line_that_are_hashed_are_all_there_are():
    assert codec.DELIVERY == _LINE


def test_a_backlog_becomes_several_seals_none_of_them_large(clinic, monkeypatch):
    monkeypatch.setattr(seal, "AT_ONCE", 5)
    clinic.walked()
    sizes = []
    while done := sealed(clinic.ledger):
        sizes.append(done.leaves)
    assert len(sizes) > 2
    assert max(sizes) == 6
    assert found(clinic.ledger, keys=[clinic.trusted]) == []


def test_a_dry_run_seals_nothing(clinic):
    before = everything(clinic.ledger)
    with writing(clinic.ledger, dry_run=True) as work:
        from tests.sealing import OFFICE

        assert seal.seal(work, signer(clinic.ledger), OFFICE) is not None
    assert everything(clinic.ledger) == before


# --- when a round seals


def is_due(ledger, later=dt.timedelta(0)):
    with reading(ledger) as connection:
        return seal.is_due(connection, ledger.clock() + later)


def test_a_round_seals_once_a_hundred_leaves_are_new_or_an_hour_has_passed(clinic):
    key = clinic.injected()
    assert is_due(clinic.ledger)  # it was never sealed
    sealed(clinic.ledger)
    assert not is_due(clinic.ledger, dt.timedelta(days=1))  # nothing is new
    clinic.record(key, "note", text="one")
    assert not is_due(clinic.ledger, dt.timedelta(minutes=59))
    assert is_due(clinic.ledger, dt.timedelta(minutes=61))
    for _ in range(98):
        clinic.record(key, "note", text="more")
    assert not is_due(clinic.ledger)
    clinic.record(key, "note", text="the hundredth")
    assert is_due(clinic.ledger)


# --- who may seal


def test_only_the_key_that_the_record_knows_seals_it(clinic):
    with pytest.raises(NotPermitted, match="not the key"):
        sealed(clinic.ledger, "another")


def test_a_record_without_a_key_is_not_sealed(ledger):
    with pytest.raises(NotFound, match="no key yet") as refusal:
        sealed(ledger)
    assert refusal.value.hint == "sitrack audit key make"


def test_after_a_rotation_the_new_key_seals_and_the_old_seals_stay_good(clinic):
    key = clinic.injected()
    first = sealed(clinic.ledger)
    new = rotate(clinic.ledger)
    with pytest.raises(NotPermitted, match="not the key"):
        sealed(clinic.ledger)
    clinic.record(key, "score", nrs="7")
    sealed(clinic.ledger, "next")
    assert new == Trusted(signer(clinic.ledger, "next").public, first.seal.size)
    # Who was handed the old key alone may follow its own word to the new one.
    assert found(clinic.ledger, keys=[clinic.trusted]) == []
    assert found(clinic.ledger, keys=[clinic.trusted, new]) == []
    assert {code for code, *_ in found(clinic.ledger, keys=[new])} == {"SEAL_SIGNATURE"}


def test_the_record_tells_for_which_heads_a_key_signed(clinic):
    size = sealed(clinic.ledger).seal.size
    rotate(clinic.ledger)
    with reading(clinic.ledger) as connection:
        old, new = keyring.registered(connection)
    assert (old.trusted.after, old.trusted.until) == (0, size)
    assert (new.trusted.after, new.trusted.until) == (size, None)
    assert new.rotation.holds
    assert old.rotation is None


DAMAGES = {
    "another origin": "UPDATE seal SET note = 'x' || note",
    "another size": "UPDATE seal SET size = size + 1",
    "another edge": "UPDATE seal SET edge = hash FROM leaf WHERE position = 0",
    "no note": "UPDATE seal SET note = ''",
}


@pytest.mark.parametrize("what", DAMAGES)
def test_a_log_that_was_tampered_with_is_not_sealed_again(clinic, what):
    key = clinic.injected()
    sealed(clinic.ledger)
    clinic.record(key, "score", nrs="7")
    with driver(clinic.ledger) as run:
        run.without_triggers()(DAMAGES[what])
    before = everything(clinic.ledger)
    with pytest.raises(VerificationFailed, match="not sealed again"):
        sealed(clinic.ledger)
    assert everything(clinic.ledger) == before
    assert found(clinic.ledger, keys=[clinic.trusted]) != []


def test_a_head_that_the_key_never_signed_is_not_built_upon(clinic):
    """Edge, root and size agree; only the signature is another's."""
    clinic.injected()
    sealed(clinic.ledger)
    [(note,)] = rows(clinic.ledger, "SELECT note FROM seal")
    forged = signer(clinic.ledger, "thief").signed(read_note(note).text)
    with driver(clinic.ledger) as run:
        text = f"{read_note(note).text}\n{forged.line}"
        run.without_triggers()("UPDATE seal SET note = ?", text)
    clinic.enrolled()
    with pytest.raises(VerificationFailed):
        sealed(clinic.ledger)


# --- older than a day


def later(ledger, days):
    ledger.use_clock(stopped_clock(ledger.clock() + dt.timedelta(days=days)))


def test_what_is_older_than_a_day_and_under_no_seal_is_missed(clinic):
    key = clinic.walked()
    assert found(clinic.ledger) == [("SEAL_MISSING", key.stream, 1)]
    sealed(clinic.ledger)
    later(clinic.ledger, 30)
    assert found(clinic.ledger) == []


def test_what_is_younger_is_not(clinic):
    clinic.injected()
    later(clinic.ledger, 1)
    assert found(clinic.ledger) == []
    later(clinic.ledger, 1)
    assert {code for code, *_ in found(clinic.ledger)} == {"SEAL_MISSING"}


def test_a_record_that_nobody_ever_meant_to_seal_is_not_held_against_it(ledger):
    Clinic(ledger).walked()
    assert found(ledger) == []
    trusted = Trusted(signer(ledger).public)
    assert [code for code, *_ in found(ledger, keys=[trusted])] == ["SEAL_MISSING"]


# --- the witness


def test_a_log_extends_what_a_witness_saw_before(clinic):
    key = clinic.injected()
    sealed(clinic.ledger)
    before = witnessed(clinic.ledger, [clinic.trusted])
    clinic.record(key, "score", nrs="7")
    sealed(clinic.ledger)
    after = witnessed(clinic.ledger, [clinic.trusted], before)
    assert after.head.size > before.head.size
    assert found(clinic.ledger, seen=[before, after]) == []
