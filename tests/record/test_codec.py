"""Entries to rows and back: nothing is lost, and every header field is hashed."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitrack.journey.entries import Draft, Provenance
from sitrack.record import chain, codec, tables

ZONES = st.integers(-14 * 60, 14 * 60).map(
    lambda minutes: dt.timezone(dt.timedelta(minutes=minutes))
)
INSTANTS = st.datetimes(
    dt.datetime(1900, 1, 2), dt.datetime(2999, 1, 1), timezones=ZONES
)
DAYS = st.dates()
WORDS = st.text("abc-", min_size=1, max_size=8)
PERHAPS = st.none() | WORDS


@given(INSTANTS)
def test_an_instant_reads_back_as_the_same_instant(instant):
    assert codec.read_instant(codec.instant_text(instant)) == instant


@given(INSTANTS, INSTANTS)
def test_instants_sort_as_text_as_they_do_in_time(one, other):
    as_text = codec.instant_text(one) < codec.instant_text(other)
    assert as_text == (one < other)


@given(INSTANTS | DAYS)
def test_when_something_happened_keeps_its_precision(occurred):
    read = codec.read_occurred(codec.occurred_text(occurred))
    assert read == occurred
    assert isinstance(read, dt.datetime) == isinstance(occurred, dt.datetime)


@st.composite
def drafts(draw):
    return Draft(
        kind=draw(WORDS),
        occurred=draw(INSTANTS | DAYS),
        provenance=Provenance(draw(PERHAPS), draw(WORDS), draw(WORDS)),
        stage_from=draw(PERHAPS),
        stage_to=draw(PERHAPS),
        protocol=draw(PERHAPS),
        corrects=draw(st.none() | st.integers(1, 99)),
        payload={"values": {"nrs": draw(st.integers(0, 10))}},
    )


def row_of(draft):
    body = chain.payload_text(draft.payload)
    numbers = {
        "stream": "episode/P00010-R",
        "seq": 7,
        "entry_id": "e" * 32,
        "recorded": "2025-01-06T09:00:00.000000Z",
        "batch": "b" * 32,
        "commitment": chain.commitment(b"s" * 16, body.encode()),
        "previous": b"p" * 32,
    }
    row = codec.row_of(draft, numbers)
    return {**row, "hash": b"h" * 32, "salt": b"s" * 16, "body": body}


@given(drafts())
def test_an_entry_reads_back_from_its_row_as_it_was_drafted(draft):
    entry = codec.entry_of(row_of(draft))
    assert (entry.kind, entry.occurred) == (draft.kind, draft.occurred)
    assert entry.provenance == draft.provenance
    assert (entry.stage_from, entry.stage_to) == (draft.stage_from, draft.stage_to)
    assert (entry.protocol, entry.corrects) == (draft.protocol, draft.corrects)
    assert entry.payload == draft.payload
    assert (entry.stream, entry.seq) == ("episode/P00010-R", 7)
    assert (entry.previous, entry.hash) == ((b"p" * 32).hex(), (b"h" * 32).hex())


DRAFT = Draft("move", dt.date(2025, 1, 6), Provenance("osei", "rivera", "clinic"))


def test_an_erased_payload_leaves_an_entry_without_content():
    entry = codec.entry_of({**row_of(DRAFT), "salt": None, "body": None})
    assert entry.payload is None
    assert entry.values == {}


def test_the_header_names_every_column_but_the_two_hashes():
    columns = {column.name for column in tables.entry.columns}
    assert set(codec.HEADER) == (columns - {"previous", "hash"}) | {"ledger_id"}


@pytest.mark.parametrize("name", codec.HEADER[1:])
def test_the_hash_changes_with_each_field_of_the_header(name):
    row = {**row_of(DRAFT), "stage_from": "a", "stage_to": "b"}
    other = {**row, name: b"x" if name == "commitment" else "x"}
    assert _hash(row) != _hash(other)
    assert _hash({**row, name: None}) != _hash({**row, name: ""})


def test_the_hash_changes_with_the_ledger():
    row = row_of(DRAFT)
    assert codec.header_of("one", row) != codec.header_of("two", row)


def _hash(row):
    return chain.entry_hash(b"p" * 32, codec.header_of("ledger", row))
