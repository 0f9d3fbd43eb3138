"""How the commands of a day reach what they need: never by reading the whole record.

Each is typed at a small clinic, on both databases, and every statement that it sent is
asked for its plan. What depends on no clock can be held by a test: a table that grows
for ever is never read whole, and every index is there because a statement uses it.
"""

import itertools
import re

import pytest

from benchmarks import clinic
from sitrack.record import tables
from sitrack.record.ledger import reading
from tests.record.plans import accesses, sent

from .keyboard import typed

GROWS = {"entry", "payload", "agenda", "reminder", "delivery"}
PATIENT, KEY, OTHER = (clinic.key_of(3).patient, clinic.key_of(3), clinic.key_of(7))

DAILY = [
    "worklist",
    "worklist owner:rivera overdue:3d+",
    "next",
    f"show {KEY}",
    f"show {PATIENT}",
    f"why {KEY}",
    f"history {KEY}",
    f"due {KEY}",
    f"episode list {PATIENT}",
    f"patient show {PATIENT}",
    f"record score {KEY} --nrs 7",
    f"record note {KEY} --text -",
    f"contact {KEY} no-answer",
    f"snooze {KEY} +3d",
    f"episode hold {KEY} --reason patient-request --review +14d",
    f"episode resume {KEY}",
    f"advance {OTHER} re-evaluation",
    f"entry retract {KEY} 3 --reason wrong-date --yes",
    "reminder run",
    "reminder status",
    "reminder dead",
]
SOMETIMES = [
    "undo --yes",
    "reminder plan --until +3d",
    "reminder list --status open",
    "report census",
    "audit by rivera --since 2026-03-01",
]
"""More commands, which with the daily ones show what each index is for."""

FOR_TRUTH = {"uq_message_digest", "uq_delivery_sent_once"}
"""Indexes that forbid, rather than find."""


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory):
    """What each command's statements would read: {command: [(access, statement)]}."""
    folder = tmp_path_factory.mktemp("plans")
    return _planned(f"sqlite:///{folder / 'clinic.db'}", folder)


@pytest.fixture(scope="module")
def on_postgresql(postgres, tmp_path_factory):
    """The same on a server."""
    with postgres.fresh() as url:
        return _planned(url, tmp_path_factory.mktemp("plans"))


def _planned(url, folder):
    told = folder / "told.toml"
    told.write_text(
        '[clinic]\naddress = "desk@clinic.example"\n'
        f'[reminders]\nchannel = "file"\nfile = "{folder / "sent.jsonl"}"\n'
    )
    where = ("--as", "rivera", "-d", url, "--now", clinic.NOW, "--config", told)
    mix = clinic.Mix(40, walk="failed", due=50)
    found = {}
    ledger = clinic.make_at(url, mix)
    try:
        for command in (*DAILY, *SOMETIMES):
            with sent() as kept:
                done = typed(*command.split(), *where, stdin="A note.")
            assert done.code == 0, (command, done.err)
            with reading(ledger) as connection:
                found[command] = [
                    (each, text)
                    for text, values in kept.items()
                    for each in accesses(connection, text, values)
                ]
    finally:
        ledger.close()
    return found


@pytest.mark.parametrize("command", DAILY)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_no_daily_command_reads_a_growing_table_whole(request, kind, command):
    planned = request.getfixturevalue(f"on_{kind}")
    whole = [
        (each.table, " ".join(text.split()))
        for each, text in planned[command]
        if each.whole and each.table in GROWS
    ]
    assert whole == []


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_somebody_was_sent_today_is_found_by_the_day(request, kind):
    """Not among everything that was ever sent: it is asked for each message."""
    planned = request.getfixturevalue(f"on_{kind}")["reminder run"]
    found = {
        each.index
        for each, text in planned
        if each.table == "message" and " AS gone" in text
    }
    assert found == {"ix_message_day"}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_limits_a_partial_index_is_written_out(request, kind):
    """Bound, it would make both databases plan a statement anew at each run."""
    planned = request.getfixturevalue(f"on_{kind}")
    texts = {text for command in DAILY for _, text in planned[command]}
    assert any("reminder.status = 'open'" in text for text in texts)
    assert not [text for text in texts if re.search(r"reminder\.status = [?%]", text)]


def test_every_index_earns_its_place(on_sqlite, on_postgresql):
    every = itertools.chain(*on_sqlite.values(), *on_postgresql.values())
    used = {access.index for access, _ in every}
    made = {
        index.name
        for table in tables.metadata.tables.values()
        for index in table.indexes
    }
    assert made - used - FOR_TRUTH == set()
    assert made >= FOR_TRUTH
