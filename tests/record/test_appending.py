"""On PostgreSQL the server writes, stamps and chains; byte for byte as Python would."""

import datetime as dt

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from sitrack.errors import BadInput, WrittenFirst
from sitrack.journey.entries import Draft, Provenance
from sitrack.record import appending, chain, codec, tables
from sitrack.record.connection import translated
from sitrack.record.journal import load_stream, writing
from sitrack.record.ledger import reading
from tests.clinic import codes_of, driver, everything

from .test_journal import WHO, append, draft

HOSTILE = (
    "",
    "'; DROP TABLE entry; --",
    "$$ \\x00 %s %(name)s :name ? {}",
    'quote " backslash \\ newline \n tab \t',
    "\u202eright to left, \u0301 combining, \U0001f9b4 bone, \ufeff mark",
    "é e\u0301",  # one of them changes its form
)
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
NAMES = st.none() | st.sampled_from(HOSTILE) | WORDS
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(HOSTILE) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.from_regex(r"\A[a-z_]{1,8}\Z"), inner, max_size=3)
    ),
    max_leaves=8,
)
DRAFTS = st.builds(
    Draft,
    kind=WORDS,
    occurred=st.dates(max_value=dt.date(2025, 1, 6))
    | st.datetimes(timezones=st.just(dt.UTC), max_value=dt.datetime(2025, 1, 6)),
    provenance=st.builds(Provenance, NAMES, WORDS, WORDS),
    stage_from=NAMES,
    stage_to=NAMES,
    corrects=st.none() | st.integers(1, 2**31 - 1),
    payload=st.dictionaries(st.from_regex(r"\A[a-z_]{1,8}\Z"), VALUES, max_size=4),
)


def hashes_by_hand(ledger, row):
    """The commitment and the hash that Python gives a row of the record."""
    commitment = chain.commitment(bytes(row["salt"]), row["body"].encode())
    plain = {**row, "commitment": commitment}
    header = codec.header_of(ledger.ledger_id, plain)
    return commitment, chain.entry_hash(bytes(row["previous"]), header)


def last_row(ledger, stream):
    entries, payloads = tables.entry, tables.payload
    query = (
        select(entries, payloads.c.salt, payloads.c.body)
        .join(payloads, payloads.c.seq == entries.c.seq)
        .where(entries.c.stream == stream, payloads.c.stream == stream)
        .order_by(entries.c.seq.desc())
        .limit(1)
    )
    with reading(ledger) as connection:
        return dict(connection.execute(query).mappings().one())


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    print_blob=True,
)
@given(written=DRAFTS)
@example(
    written=Draft(
        HOSTILE[1],
        dt.date(2025, 1, 6),
        Provenance("", HOSTILE[4], HOSTILE[3]),
        stage_from="",
        payload={"text": HOSTILE[5], "deep": [{"a": None}, "", 0, True]},
    )
)
def test_the_server_gives_any_entry_the_hash_that_python_gives_it(
    shared_ledger, written
):
    with writing(shared_ledger) as work:
        entry = work.append("office", written)
    row = last_row(shared_ledger, "office")
    assert (bytes(row["commitment"]), bytes(row["hash"])) == hashes_by_hand(
        shared_ledger, row
    )
    assert row["body"] == chain.payload_text(written.payload)
    assert row["occurred"] == codec.occurred_text(written.occurred)
    assert entry == codec.entry_of({**row, "salt": bytes(row["salt"])})
    assert entry.provenance == written.provenance


def test_what_was_written_so_is_verified(shared_ledger):
    for text in HOSTILE:
        who = Provenance(text or None, "rivera", "clinic")
        with writing(shared_ledger) as work:
            work.append(
                "office", Draft("note", work.today, who, payload={"text": text})
            )
    assert codes_of(shared_ledger) <= {"REPLAY"}


def test_a_first_entry_follows_the_genesis_of_its_stream(ledger):
    entry = append(ledger, "patient/P00010")
    genesis = chain.genesis(ledger.ledger_id, "patient/P00010")
    assert (entry.seq, entry.previous) == (1, genesis.hex())


def test_a_frame_is_the_same_on_both_sides(postgresql_ledger):
    for fields in (["abc", None, "", "é\U0001f9b4"], [None], ["x" * 300]):
        with driver(postgresql_ledger) as run:
            [(framed,)] = run("SELECT sitrack_frame(?)", fields)
        assert bytes(framed) == chain.frame(fields)


# --- what the server stamps


def test_two_that_expect_the_same_number_are_told_apart(ledger):
    with writing(ledger) as work:
        work.load("office")
        head = work._heads["office"]
    append(ledger)
    with writing(ledger) as work:
        work._heads["office"] = head
        with pytest.raises(WrittenFirst), translated():
            work.append("office", draft())


def test_whoever_names_no_number_gets_the_next_one(ledger):
    assert [append(ledger).seq, append(ledger).seq] == [3, 4]


def _called(ledger, **changed):
    """The call as a program of somebody's own could make it, in a transaction."""
    values = {
        "stream": "office",
        "expected": None,
        "entry_id": "a" * 32,
        "kind": "note",
        "stage_from": None,
        "stage_to": None,
        "occurred": "2025-01-06",
        "now": dt.datetime(2001, 1, 1, tzinfo=dt.UTC),
        "performer": None,
        "recorder": "rivera",
        "source": "clinic",
        "protocol": None,
        "corrects": None,
        "batch": "b" * 32,
        "salt": b"s" * 16,
        "body": "{}",
    }
    with writing(ledger) as work:
        return appending.append(work.connection, values | changed)


@pytest.fixture
def real_ledger(postgresql_url):
    """A ledger of real people: it has no time but the server's."""
    from sitrack.record import upgrade

    made = upgrade.create(
        postgresql_url, zone="Europe/London", synthetic=False, recorder="tests"
    )
    yield made
    made.close()


@pytest.mark.parametrize("year", [2001, 2101])
def test_the_time_is_the_servers_whatever_the_caller_says(real_ledger, year):
    before = dt.datetime.now(dt.UTC)
    stamp = _called(real_ledger, now=dt.datetime(year, 1, 1, tzinfo=dt.UTC))
    assert before <= codec.read_instant(stamp.recorded) <= dt.datetime.now(dt.UTC)


def test_one_command_has_one_time(real_ledger):
    with writing(real_ledger) as work:
        first = work.append("patient/P00010", draft())
        second = work.append("patient/P00021", draft())
        assert first.recorded == second.recorded == work.now


@pytest.mark.parametrize(
    "gone",
    ["stream", "entry_id", "kind", "occurred", "source", "batch", "salt", "body"],
)
def test_nothing_that_an_entry_needs_can_be_left_out(postgresql_ledger, gone):
    before = everything(postgresql_ledger)
    with pytest.raises(Exception, match=r"did not do as|not be"):
        _called(postgresql_ledger, **{gone: None})
    assert everything(postgresql_ledger) == before


def test_what_python_would_not_spell_is_not_handed_over(ledger):
    with pytest.raises(BadInput), writing(ledger) as work:
        work.append("office", Draft("note", work.today, WHO, payload={"a": "\0"}))


def test_an_append_is_one_statement_on_a_server(postgresql_ledger):
    from sqlalchemy import event

    said = []
    engine = postgresql_ledger.engine(write=True)

    def note(_connection, _cursor, statement, *_):
        said.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    append(postgresql_ledger)
    assert [each for each in said if "sitrack_append" in each] == said
    with reading(postgresql_ledger) as connection:
        assert load_stream(connection, "office")[-1].kind == "note"
