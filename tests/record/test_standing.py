"""Where everybody is now is what the entries say, after every write."""

import datetime as dt
import random

import pytest
from sqlalchemy import select, text

from sitrack.errors import SitrackError
from sitrack.journey.agenda import agenda
from sitrack.journey.episode import fold
from sitrack.pathway.stages import Side
from sitrack.record import library, standing, tables
from sitrack.record.journal import load_stream, reading, writing
from tests.clinic import Clinic, codes_of

NOT_OF_ENTRIES = {"step", "step_on"}


@pytest.fixture
def clinic(ledger):
    return Clinic(ledger)


def copies(connection, key):
    """The three copies of an episode as the database holds them."""
    found = {}
    for table in (tables.episode, tables.stage_span, tables.agenda):
        column = table.c.key if table is tables.episode else table.c.episode
        rows = connection.execute(select(table).where(column == str(key))).mappings()
        found[table.name] = [
            {name: row[name] for name in row if name not in NOT_OF_ENTRIES}
            for row in rows
        ]
    return {name: sorted(map(repr, rows)) for name, rows in found.items()}


def told(connection, ledger, key):
    """The three copies of an episode as its entries tell them."""
    episode = fold(key, load_stream(connection, key.stream), ledger.zone)
    protocol = library.pinned(connection, episode.protocol)
    lines = [standing.agenda_row(str(key), line) for line in agenda(episode, protocol)]
    rows = {
        "episode": [standing.standing_row(episode)],
        "stage_span": standing.span_rows(episode),
        "agenda": [
            {name: row[name] for name in row if name not in NOT_OF_ENTRIES}
            for row in lines
        ],
    }
    return {name: sorted(map(repr, each)) for name, each in rows.items()}


def assert_copies_follow(ledger, keys):
    with reading(ledger) as connection:
        for key in keys:
            assert copies(connection, key) == told(connection, ledger, key)


def test_the_copies_follow_on_the_way_to_conservative_care(clinic):
    key = clinic.walked()
    assert_copies_follow(clinic.ledger, [key])
    with reading(clinic.ledger) as connection:
        spans = tables.stage_span
        query = select(spans.c.stage, spans.c.entered, spans.c.left_on).order_by(
            spans.c.visit
        )
        first, second, third = connection.execute(query).all()
    january = [dt.date(2025, 1, day) for day in (6, 20, 30)]
    assert first == ("injection", january[0], january[1])
    assert second == ("re-evaluation", january[1], january[2])
    assert third == ("conservative-care", january[2], None)


# --- after random writes


def _something(chance, clinic, key, today):
    """One command that may or may not be allowed, about a day that lies behind."""
    day = today - dt.timedelta(days=chance.choice((0, 0, 0, 1, 5, 20)))
    nrs, start = str(chance.randint(0, 10)), str(day)
    evidence = {
        "injection": {"guidance": "fluoroscopy", "contrast": "in-joint", "nrs": "8"},
        "score": {"nrs": nrs},
        "diary": {"readings": ("1h=2", "2h=1")},
        "exam": {"positive": "faber,gaenslen,yeoman", "negative": "compression"},
        "screen": {"lumbar": "negative", "hip": "negative", "soft_tissue": "negative"},
        "therapy": {"type": "active-stabilisation", "visits": 8, "start": start},
        "medication": {"drug": "naproxen", "start": start, "response": "none"},
        "block": {"anaesthetic": "bupivacaine", "nrs": nrs, "guidance": "fluoroscopy"},
        "consent": {"procedure": "rfa"},
        "rfa": {"technique": "cooled", "guidance": "fluoroscopy", "nrs": nrs},
    }
    stages = ("re-evaluation", "conservative-care", "diagnostic-block", "rfa", "relief")
    if chance.random() < 0.35:
        clinic.advance(key, chance.choice((*stages, "fusion-evaluation", "injection")))
    else:
        kind = chance.choice(list(evidence))
        clinic.record(key, kind, occurred=day, **evidence[kind])


@pytest.mark.parametrize("number", range(3))
def test_the_copies_follow_after_random_writes(clinic, number):
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    patient = clinic.enrolled()
    keys = [clinic.opened(patient, side) for side in (Side.LEFT, Side.RIGHT)]
    today, written = dt.date(2025, 1, 6), 0
    for _ in range(50):
        today += dt.timedelta(days=chance.choice((0, 1, 3, 10)))
        clinic.at(str(today))
        key = chance.choice(keys)
        try:
            _something(chance, clinic, key, today)
        except SitrackError:
            continue
        written += 1
        assert_copies_follow(clinic.ledger, [key])
    assert written > 10
    assert_copies_follow(clinic.ledger, keys)
    assert codes_of(clinic.ledger) == set()


# --- the agenda keeps what no entry tells


def lines_of(ledger, key):
    with reading(ledger) as connection:
        return {row["rule"]: row for row in standing.open_agenda(connection, str(key))}


def mark(ledger, key, rule, step="repeat", day="2025-03-01"):
    """Let a line have reached a step, and a reminder of it wait in the outbox."""
    with writing(ledger) as work:
        values = {"key": str(key), "rule": rule, "step": step, "day": day}
        work.connection.execute(
            text(
                "UPDATE agenda SET step = :step, step_on = :day "
                "WHERE episode = :key AND rule = :rule"
            ),
            values,
        )
        line = work.connection.execute(
            select(tables.agenda).where(
                tables.agenda.c.episode == str(key), tables.agenda.c.rule == rule
            )
        ).one()
        work.connection.execute(
            tables.reminder.insert(),
            [
                {
                    "episode": str(key),
                    "visit": line.visit,
                    "rule": rule,
                    "occurrence": line.occurrence,
                    "step": f"{step}-{status}",
                    "recipient": "rivera",
                    "channel": "file",
                    "due": line.due,
                    "status": status,
                    "next_at": work.now,
                    "leased_until": work.now if status == "open" else None,
                    "attempts": 1,
                }
                for status in ("open", "done", "dead", "cancelled")
            ],
        )


def statuses(ledger, rule):
    with reading(ledger) as connection:
        table = tables.reminder
        query = select(table.c.step, table.c.status, table.c.leased_until).where(
            table.c.rule == rule
        )
        rows = connection.execute(query).all()
    assert all(row.leased_until is None for row in rows if row.status == "cancelled")
    return {row.step.rpartition("-")[2]: row.status for row in rows}


UNTOUCHED = {each: each for each in ("open", "done", "dead", "cancelled")}
CANCELLED = {**UNTOUCHED, "open": "cancelled"}


def test_a_line_that_stays_keeps_the_step_it_has_reached(clinic):
    key = clinic.injected()
    mark(clinic.ledger, key, "INJ-TRIAL")
    clinic.record(key, "diary", readings=("1h=2",))
    line = lines_of(clinic.ledger, key)["INJ-TRIAL"]
    assert (line["step"], line["step_on"]) == ("repeat", dt.date(2025, 3, 1))
    assert statuses(clinic.ledger, "INJ-TRIAL") == UNTOUCHED


def test_an_answered_line_goes_and_cancels_what_was_not_sent(clinic):
    key = clinic.injected()
    mark(clinic.ledger, key, "INJ-DIARY")
    mark(clinic.ledger, key, "INJ-TRIAL")
    clinic.record(key, "diary", readings=("1h=2",))
    assert "INJ-DIARY" not in lines_of(clinic.ledger, key)
    assert statuses(clinic.ledger, "INJ-DIARY") == CANCELLED
    assert statuses(clinic.ledger, "INJ-TRIAL") == UNTOUCHED


def test_leaving_the_stage_cancels_everything_that_was_not_sent(clinic):
    key, other = clinic.injected(side=Side.RIGHT), clinic.injected(side=Side.LEFT)
    clinic.record(key, "diary", readings=("1h=2",))
    clinic.at("2025-01-20")
    clinic.record(key, "score", nrs="7")
    for each in (key, other):
        mark(clinic.ledger, each, "INJ-ESC")
    mark(clinic.ledger, key, "INJ-TRIAL")
    clinic.advance(key, "re-evaluation")
    assert set(lines_of(clinic.ledger, key)) == {"REV-DUE", "REV-ESC"}
    assert statuses(clinic.ledger, "INJ-TRIAL") == CANCELLED
    with reading(clinic.ledger) as connection:
        table = tables.reminder
        query = select(table.c.episode).where(
            table.c.rule == "INJ-ESC", table.c.status == "open"
        )
        assert list(connection.execute(query).scalars()) == [str(other)]


def test_a_line_whose_day_moved_begins_again(clinic):
    """A second block anchors the rules of the stage anew."""
    key = clinic.opened()
    mark(clinic.ledger, key, "INJ-SCHED")
    with writing(clinic.ledger) as work:
        work.connection.execute(
            text("UPDATE agenda SET due = '2025-01-01' WHERE rule = 'INJ-SCHED'")
        )
    # Any write brings the line back to what the entries say.
    clinic.record(key, "score", nrs="7")
    line = lines_of(clinic.ledger, key)["INJ-SCHED"]
    assert line["due"] == line["step_on"] == dt.date(2025, 1, 20)
    assert line["step"] == standing.FIRST_STEP
    assert statuses(clinic.ledger, "INJ-SCHED") == CANCELLED
