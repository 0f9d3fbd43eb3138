"""Where everybody is now is what the entries say, after every write."""

import datetime as dt
import random

import pytest
from sqlalchemy import select, text

from sitrack.coordination.parking import change_status
from sitrack.errors import BadInput, SitrackError
from sitrack.journey import parking
from sitrack.journey.agenda import agenda
from sitrack.journey.findings import Refused
from sitrack.journey.folding import fold
from sitrack.pathway.stages import Side
from sitrack.record import agenda_lines, library, standing, tables, worklist
from sitrack.record.journal import load_stream, writing
from sitrack.record.ledger import reading
from tests.clinic import RIVERA, Clinic, codes_of

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
    lines = [
        agenda_lines.agenda_row(str(key), line) for line in agenda(episode, protocol)
    ]
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
        return {
            row["rule"]: row for row in agenda_lines.open_agenda(connection, str(key))
        }


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


@pytest.mark.complaint(18)
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
    assert line["step"] == agenda_lines.FIRST_STEP
    assert statuses(clinic.ledger, "INJ-SCHED") == CANCELLED


# --- on hold, lost and finished


def held(day, reason="pregnancy"):
    review = dt.date.fromisoformat(day)
    return lambda asked: parking.hold(asked, reason, review)


def test_the_copies_follow_through_holds_losses_and_the_end(clinic):
    ledger, key = clinic.ledger, clinic.walked()

    def change(day, decide):
        clinic.at(day)
        done = change_status(ledger, RIVERA, key, decide)
        assert_copies_follow(ledger, [key])
        return done

    first = change("2025-02-03", held("2025-03-03")).entry.seq
    second = change("2025-02-04", held("2025-04-03", "optimisation")).entry.seq
    renewed = dt.date(2025, 4, 1)
    change("2025-03-03", lambda asked: parking.renew(asked, first, renewed))
    change("2025-03-04", lambda asked: parking.resume(asked, first))
    change("2025-03-05", lambda asked: parking.resume(asked, second))

    # The check of day 28 waits for 30 more days: it is due on 29 March.
    for day, channel in (("2025-04-01", "phone"), ("2025-04-15", "sms")):
        clinic.at(day)
        clinic.record(key, "contact", outcome="no-answer", channel=channel)
    clinic.record(key, "contact", outcome="sent", channel="letter")
    assert change("2025-05-13", parking.lose).due == []
    clinic.record(key, "visit")
    back = change("2025-05-13", parking.come_back)
    assert (back.episode.stage, len(back.due)) == ("conservative-care", 3)
    clinic.advance(key, "closed", command="episode finish", reason="declined")
    assert_copies_follow(ledger, [key])
    assert codes_of(ledger) == set()


def test_who_is_on_hold_is_hidden_until_the_review_is_near(clinic):
    ledger, key = clinic.ledger, clinic.walked()
    change_status(ledger, RIVERA, key, held("2025-03-03"))

    def listed(day):
        clinic.at(day)
        found = worklist.who_waits(ledger)
        return [row.rule for row in found.rows], found.hidden["held"]

    assert listed("2025-02-23") == ([], 1)
    assert listed("2025-02-24") == (["HOLD-REVIEW"], 0)


def test_nothing_changes_its_status_before_the_last_change(clinic):
    ledger, key = clinic.ledger, clinic.walked()
    clinic.at("2025-02-10")
    decide = held("2025-03-03")
    early, ahead = dt.date(2025, 1, 29), dt.date(2025, 2, 11)
    with pytest.raises(Refused) as refusal:
        change_status(ledger, RIVERA, key, decide, on=early)
    assert [each.label() for each in refusal.value.findings] == ["OUT_OF_ORDER"]
    with pytest.raises(Refused) as refusal:
        change_status(ledger, RIVERA, key, decide, on=ahead)
    assert [each.label() for each in refusal.value.findings] == ["FUTURE_DATED"]
    change_status(ledger, RIVERA, key, decide, on=dt.date(2025, 2, 5))
    with pytest.raises(Refused, match="cannot change before that"):
        change_status(
            ledger,
            RIVERA,
            key,
            lambda asked: parking.resume(asked, None),
            on=dt.date(2025, 2, 4),
        )
    with pytest.raises(Refused) as refusal:
        clinic.advance(key, "re-evaluation", on=dt.date(2025, 2, 4), reason="improved")
    assert [each.label() for each in refusal.value.findings] == ["OUT_OF_ORDER"]
    assert_copies_follow(ledger, [key])
    assert codes_of(ledger) == set()


def test_one_side_has_one_open_episode_at_a_time(clinic):
    first = clinic.walked()
    with pytest.raises(BadInput, match=f"{first} is open already"):
        clinic.opened(first.patient)
    clinic.advance(first, "closed", command="episode finish", reason="declined")
    second = clinic.opened(first.patient)
    assert (str(second), second.ordinal) == (f"{first}2", 2)
    clinic.record(first, "score", nrs="6")
    reopen = {"command": "episode reopen", "reason": "new-pain-report"}
    with pytest.raises(BadInput, match=f"{second} is open already"):
        clinic.advance(first, "re-evaluation", **reopen)
    clinic.advance(second, "closed", command="episode finish", reason="transferred")
    third = clinic.opened(first.patient, side=Side.LEFT)
    clinic.advance(first, "re-evaluation", **reopen)
    assert_copies_follow(clinic.ledger, [first, second, third])
    assert codes_of(clinic.ledger) == set()
