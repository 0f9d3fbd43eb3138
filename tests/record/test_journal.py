"""Appending: gapless numbers, a clock that never goes back, all or nothing."""

import datetime as dt

import pytest
from sqlalchemy import select

from sitrack.clock import machine_clock, stopped_clock
from sitrack.errors import (
    BadInput,
    NotPermitted,
    VerificationFailed,
    WrittenFirst,
)
from sitrack.journey.entries import Draft, Provenance
from sitrack.record import chain, codec, tables, upgrade
from sitrack.record.journal import load_stream, retried, writing
from sitrack.record.ledger import SCHEMA, open_ledger, reading
from tests.clinic import codes_of, driver, everything
from tests.conftest import ZONE

WHO = Provenance(None, "rivera", "clinic")
DAY = dt.date(2025, 1, 6)
STREAM = "office"


def draft(number=1):
    return Draft("note", DAY, WHO, payload={"number": number})


def append(ledger, stream=STREAM, number=1):
    with writing(ledger) as work:
        return work.append(stream, draft(number))


def loaded(ledger, stream=STREAM, as_known=None):
    with reading(ledger) as connection:
        return load_stream(connection, stream, as_known)


# --- a new ledger


def test_a_new_ledger_opens_with_its_name_and_the_shipped_protocol(ledger):
    made, adopted = loaded(ledger)
    assert (made.seq, made.kind) == (1, "ledger-made")
    assert made.payload == {"schema": SCHEMA, "synthetic": True, "zone": ZONE}
    assert (adopted.seq, adopted.kind) == (2, "protocol-adopted")
    assert adopted.batch == made.batch
    assert codes_of(ledger) == set()


def test_two_ledgers_never_have_the_same_name(ledger, tmp_path):
    url = f"sqlite:///{tmp_path / 'other.db'}"
    other = upgrade.create(url, zone=ZONE, synthetic=True, recorder="tests")
    try:
        assert other.ledger_id != ledger.ledger_id
    finally:
        other.close()


def test_a_ledger_that_is_opened_again_is_the_same(ledger):
    url = ledger.url.render_as_string(hide_password=False)
    again = open_ledger(url)
    try:
        assert again.ledger_id == ledger.ledger_id
        assert (again.zone, again.synthetic) == (ledger.zone, True)
        assert again.clock is machine_clock
    finally:
        again.close()


def test_a_ledger_of_real_people_takes_no_injected_clock(ledger_url):
    clock = stopped_clock(dt.datetime(2001, 1, 1, tzinfo=dt.UTC))
    real = upgrade.create(ledger_url, zone=ZONE, synthetic=False, recorder="tests")
    try:
        with pytest.raises(NotPermitted):
            real.use_clock(clock)
        before = machine_clock()
        entry = append(real)
        assert before <= entry.recorded <= machine_clock()
    finally:
        real.close()


# --- appending


def test_numbers_have_no_gap_and_each_entry_is_chained_to_the_one_before(ledger):
    for number in range(5):
        append(ledger, "office", number)
        append(ledger, "patient/P00010", number)
    for stream, length in (("office", 7), ("patient/P00010", 5)):
        entries = loaded(ledger, stream)
        assert [entry.seq for entry in entries] == list(range(1, length + 1))
        previous = chain.genesis(ledger.ledger_id, stream).hex()
        for entry in entries:
            assert entry.previous == previous
            previous = entry.hash


def test_what_append_returns_is_what_the_record_holds(ledger):
    assert append(ledger) == loaded(ledger)[-1]


def test_the_head_of_the_stream_moves_with_each_entry(ledger):
    last = append(ledger)
    with reading(ledger) as connection:
        query = select(tables.stream).where(tables.stream.c.stream == STREAM)
        head = connection.execute(query).one()
    assert (head.seq, bytes(head.hash).hex()) == (last.seq, last.hash)


def test_one_command_shares_a_batch_and_the_next_has_another(ledger):
    with writing(ledger) as work:
        one = work.append("a", draft())
        two = work.append("b", draft())
        assert work.written == [one, two]
    assert one.batch == two.batch
    assert append(ledger, "a").batch != one.batch


def test_recorded_is_the_present_instant_of_the_command(ledger, at):
    at("2025-07-01", "10:30")
    expected = dt.datetime(2025, 7, 1, 9, 30, tzinfo=dt.UTC)
    assert append(ledger).recorded == expected


def test_recorded_never_goes_back_in_a_stream_even_when_the_clock_does(ledger, at):
    at("2025-07-01")
    first = append(ledger)
    at("2025-03-01")
    second, third = append(ledger), append(ledger)
    tick = dt.timedelta(microseconds=1)
    assert (second.recorded, third.recorded) == (
        first.recorded + tick,
        first.recorded + 2 * tick,
    )


def test_entries_of_one_command_in_one_stream_follow_each_other_in_time(ledger):
    with writing(ledger) as work:
        times = [work.append("a", draft()).recorded for _ in range(3)]
    assert times == sorted(set(times))


def test_another_stream_does_not_hold_the_clock_up(ledger, at):
    at("2025-07-01")
    append(ledger, "a")
    at("2025-03-01")
    assert append(ledger, "b").recorded == ledger.clock()


# --- all or nothing


def test_a_dry_run_checks_everything_and_keeps_nothing(ledger):
    before = everything(ledger)
    with writing(ledger, dry_run=True) as work:
        assert work.append(STREAM, draft()).seq == 3
    assert everything(ledger) == before


def test_an_error_keeps_nothing_of_the_command(ledger):
    before = everything(ledger)
    with pytest.raises(RuntimeError, match="stop"):
        _write_two_and_stop(ledger)
    assert everything(ledger) == before
    append(ledger)  # and the next writer finds no lock


def _write_two_and_stop(ledger):
    with writing(ledger) as work:
        work.append("a", draft())
        work.append("b", draft())
        raise RuntimeError("stop")


def test_a_payload_that_is_refused_leaves_no_entry_behind(ledger):
    before = everything(ledger)
    with pytest.raises(BadInput):
        append(ledger, number="a\x00b")
    assert everything(ledger) == before


# --- writers that meet


def test_a_writer_who_saw_an_older_head_is_told_that_somebody_wrote_first(ledger):
    before = loaded(ledger)
    with writing(ledger) as work:
        work.load(STREAM)
        # What another process would see that had read the stream one entry earlier.
        stale = before[-2]
        work._heads[STREAM].seq = stale.seq
        work._heads[STREAM].hash = bytes.fromhex(stale.hash)
        with pytest.raises(WrittenFirst) as refusal:
            _translated(lambda: work.append(STREAM, draft()))
    assert refusal.value.code == 12
    assert loaded(ledger) == before


def _translated(act):
    from sitrack.record.connection import translated

    with translated():
        act()


def test_an_act_is_tried_five_times_where_somebody_wrote_first():
    tries = []

    def act(good_at):
        tries.append(None)
        if len(tries) < good_at:
            raise WrittenFirst("somebody wrote first")
        return len(tries)

    assert retried(lambda: act(5)) == 5
    tries.clear()
    with pytest.raises(WrittenFirst):
        retried(lambda: act(6))
    assert len(tries) == 5


def test_only_being_second_is_a_reason_to_try_again():
    tries = []

    def act():
        tries.append(None)
        raise BadInput("no")

    with pytest.raises(BadInput):
        retried(act)
    assert len(tries) == 1


# --- as known


def test_as_known_leaves_out_what_was_written_later(ledger, at):
    kept = []
    for day in ("2025-02-01", "2025-02-02", "2025-02-03"):
        at(day)
        kept.append(append(ledger, "a"))
    assert loaded(ledger, "a", kept[1].recorded) == kept[:2]
    just_before = kept[1].recorded - dt.timedelta(microseconds=1)
    assert loaded(ledger, "a", just_before) == kept[:1]
    assert loaded(ledger, "a", kept[0].recorded - dt.timedelta(days=1)) == []


def test_as_known_may_be_asked_in_any_zone(ledger, at):
    at("2025-07-01")
    entry = append(ledger, "a")
    elsewhere = entry.recorded.astimezone(dt.timezone(dt.timedelta(hours=-9)))
    assert loaded(ledger, "a", elsewhere) == [entry]


def test_the_hash_of_an_entry_is_that_of_its_header_as_the_record_holds_it(ledger):
    append(ledger)
    with reading(ledger) as connection:
        query = select(tables.entry).order_by(tables.entry.c.seq)
        for row in connection.execute(query).mappings():
            header = codec.header_of(ledger.ledger_id, row)
            expected = chain.entry_hash(bytes(row["previous"]), header)
            assert bytes(row["hash"]) == expected


def test_an_entry_whose_content_is_broken_is_named_as_damage(sqlite_ledger):
    append(sqlite_ledger)
    with driver(sqlite_ledger) as sql:
        sql.without_triggers()("UPDATE payload SET body = '{' WHERE stream = 'office'")
    with pytest.raises(VerificationFailed, match="is damaged"):
        loaded(sqlite_ledger)
