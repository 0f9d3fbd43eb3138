"""What reminders do to people elsewhere, and do not do here.

Each test carries the number of the complaint that it spares our users, as they stand in
`docs/reference/complaints.md`; other tests that show the same carry it where they are.
"""

import datetime as dt
import os
import random
import signal
import subprocess
import sys

import pytest
from sqlalchemy import insert, select

from sitrack.coordination import questions
from sitrack.coordination.parking import change_status
from sitrack.journey import parking
from sitrack.journey.forms import OUTCOMES
from sitrack.pathway.loading import load, shipped_text
from sitrack.record import tables, worklist
from sitrack.record.journal import writing
from sitrack.record.ledger import open_ledger, reading
from sitrack.record.worklist import Wish
from sitrack.reminders.channels import TemporaryFailure
from sitrack.reminders.plan import plan_round
from tests.clinic import RIVERA, Clinic, codes_of, everything, settings_of
from tests.conftest import new_ledger
from tests.docs.readme import ROOT
from tests.record.lives import Lives

from .conftest import Memory, outbox, round_of

JOURNEY = {"entry", "payload", "stream", "patient", "episode", "stage_span"}
"""The tables that say what happened to people."""
ALONE = {"reminders.digest": False, "reminders.most_per_person": 1000}


@pytest.mark.complaint(1)
def test_a_broken_sibling_sends_nothing_again(clinic, tmp_path):
    broken, sound = (str(clinic.injected("2025-01-06")) for _ in range(2))

    def fail(message):
        if broken in message.subject:
            raise TemporaryFailure("smtp-451")

    channel, settings = Memory(fail), settings_of(tmp_path, **ALONE)
    for minute in range(100):
        clinic.at("2025-01-07", f"{9 + minute * 5 // 60:02}:{minute * 5 % 60:02}")
        round_of(clinic, settings, channel)
    assert [message.subject.split()[1] for message in channel.sent] == [sound]
    assert {row.episode: row.status for row in outbox(clinic.ledger)} == {
        sound: "done",
        broken: "open",
    }


def rounds_by_hand(url, environment):
    """`reminder run`, as cron would start it."""
    run = [sys.executable, "-m", "sitrack", "reminder", "run", "--quiet"]
    subprocess.run(run, env=environment, cwd=ROOT, check=True, capture_output=True)


def rounds_by_watch(url, environment):
    """`reminder watch`, until it has nothing left to do."""
    watch = [sys.executable, "-m", "sitrack", "reminder", "watch", "--every", "1"]
    with subprocess.Popen(
        watch, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True
    ) as process:
        for line in process.stderr:
            if "sent" in line:
                break
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def left_behind(url):
    """The outbox, without what is another in every run."""
    ledger = open_ledger(url)
    rows = [
        (row.status, *row[1:9], row.attempts, row.last_error, row.alone)
        for row in outbox(ledger)
    ]
    ledger.close()
    return rows


@pytest.mark.complaint(2)
def test_by_cron_and_by_the_daemon_the_same_goes(tmp_path):
    config = tmp_path / "config.toml"
    config.write_text("[reminders]\nfrom_time = '00:00'\nuntil_time = '00:00'\n")
    days = "mon,tue,wed,thu,fri,sat,sun"
    found = []
    for name, act in (("cron", rounds_by_hand), ("daemon", rounds_by_watch)):
        url = f"sqlite:///{tmp_path / name}.db"
        ledger = new_ledger(url, "2025-01-06")
        clinic = Clinic(ledger)
        for side in ("2025-01-06", "2025-01-03"):
            clinic.injected(side)
        ledger.close()
        sink = tmp_path / f"{name}.jsonl"
        act(
            url,
            {
                **os.environ,
                "SITRACK_CONFIG": str(config),
                "SITRACK_DATABASE_URL": url,
                "SITRACK_CLINIC_ADDRESS": "desk@clinic.example",
                "SITRACK_REMINDERS_DAYS": days,
                "SITRACK_REMINDERS_CHANNEL": "file",
                "SITRACK_REMINDERS_FILE": str(sink),
            },
        )
        found.append(left_behind(url))
        assert len(sink.read_text().splitlines()) >= 1
    assert found[0] == found[1]
    assert "done" in {row[0] for row in found[0]}


@pytest.mark.complaint(3)
def test_a_second_injection_has_reminders_of_its_own_each_once(clinic, tmp_path):
    settings, channel = settings_of(tmp_path, **ALONE), Memory()
    missed = {"guidance": "ct", "contrast": "not-in-joint", "purpose": "both"}
    clinic.at("2025-01-06")
    key = clinic.opened()
    clinic.record(key, "injection", nrs="8", **missed)
    for day in ("2025-01-07", "2025-01-07", "2025-01-08"):
        clinic.at(day)
        round_of(clinic, settings, channel)
    clinic.record(key, "diary", readings=("1h=6",), about=2)
    clinic.advance(key, "re-evaluation")
    clinic.at("2025-01-31")
    clinic.record(key, "injection", nrs="8", **missed | {"purpose": "diagnostic"})
    clinic.advance(key, "injection")
    for day in ("2025-02-01", "2025-02-03", "2025-02-03", "2025-02-04"):
        clinic.at(day)
        round_of(clinic, settings, channel)
    diaries = outbox(clinic.ledger, rule="INJ-DIARY", step="notice")
    assert [(row.due.isoformat(), row.status) for row in diaries] == [
        ("2025-01-07", "done"),
        ("2025-02-01", "done"),
    ]
    assert len({row.visit for row in diaries}) == 2


@pytest.mark.complaint(4)
def test_a_round_touches_no_table_of_the_journey(clinic, settings):
    keys = [clinic.injected("2025-01-06") for _ in range(3)]
    clinic.at("2025-01-07")
    clinic.contact(keys[0], "no-answer")  # what the desk wrote stays what it is
    before = everything(clinic.ledger)
    channels = [Memory(), Memory(_failing)]
    for day, channel in zip(("2025-01-07", "2025-01-14"), channels, strict=True):
        clinic.at(day)
        round_of(clinic, settings, channel)
    after = everything(clinic.ledger)
    assert {name for name in after if after[name] != before[name]} <= {
        *("reminder", "delivery", "message", "agenda", "unsealed_delivery"),
    }
    assert {name: after[name] for name in JOURNEY} == {
        name: before[name] for name in JOURNEY
    }


def _failing(_message):
    raise TemporaryFailure("time-out")


@pytest.mark.complaint(6)
@pytest.mark.parametrize("how", ["deceased", "transferred"])
def test_the_dead_and_the_transferred_are_on_no_list_and_in_no_plan(
    clinic, settings, how
):
    walked, injected = clinic.walked(), clinic.injected("2025-02-03")
    held = clinic.injected("2025-02-03")
    review = dt.date(2025, 3, 1)
    change_status(
        clinic.ledger,
        RIVERA,
        held,
        lambda asked: parking.hold(asked, "pregnancy", review),
    )
    keys = {str(key) for key in (walked, injected, held)}
    until = dt.date(2027, 1, 1)
    planned = plan_round(clinic.ledger, settings, "file", until)
    assert {each.episode for each in planned} == keys
    for key in (walked, injected, held):
        clinic.advance(key, "closed", command="episode finish", reason=how)
    assert plan_round(clinic.ledger, settings, "file", until) == []
    for day in ("2025-02-04", "2025-03-02", "2026-12-31"):
        clinic.at(day)
        assert round_of(clinic, settings, Memory()).happenings == []
        for wish in (Wish(), Wish(only="lost"), Wish(only="lapsed")):
            assert worklist.who_waits(clinic.ledger, wish).rows == []


@pytest.mark.complaint(6)
def test_no_rule_can_opt_out_of_the_filter(clinic, settings):
    """Even a line that should not be there, of any rule, reminds nobody."""
    dead, gone = clinic.injected("2025-01-06"), clinic.injected("2025-01-06")
    clinic.contact(dead, "deceased")
    clinic.advance(gone, "closed", command="episode finish", reason="transferred")
    rules = [rule.id for rule in load(shipped_text()).follow_ups]
    assert len(rules) > 30
    with writing(clinic.ledger) as work:
        left_over = [_line(work, key, rule) for key in (dead, gone) for rule in rules]
        work.connection.execute(insert(tables.agenda), left_over)
    clinic.at("2025-02-03")
    until = dt.date(2026, 2, 3)
    assert plan_round(clinic.ledger, settings, "file", until) == []
    both = {"for_patients": Memory(name="webhook")}
    report = round_of(clinic, settings, Memory(), **both)
    assert report.happenings == []
    assert outbox(clinic.ledger) == []


def _line(work, key, rule):
    """A line of the agenda about an episode, due long ago."""
    episode = tables.episode
    visit = select(episode.c.visit).where(episode.c.key == str(key))
    day = dt.date(2025, 1, 20)
    return {
        "episode": str(key),
        "visit": work.connection.execute(visit).scalar_one(),
        "rule": rule,
        "occurrence": 99,
        **dict.fromkeys(("anchor", "show_from", "due", "step_on"), day),
        "title": "left over",
        "waits_for": "patient",
        "recipient": "coordinator",
        "resolved_by": "",
        "step": "notice",
    }


@pytest.mark.complaint(10)
@pytest.mark.parametrize("time", ["00:01", "09:00", "23:59"])
def test_the_minute_of_entry_makes_nothing_due_sooner_or_late(clinic, settings, time):
    clinic.at("2025-01-06", time)
    key = clinic.opened()
    clinic.inject(key)
    with reading(clinic.ledger) as connection:
        lines = connection.execute(select(tables.agenda)).all()
    assert {line.rule: str(line.due) for line in lines}["INJ-DIARY"] == "2025-01-07"
    for late, day, minute in (
        (0, "2025-01-06", "23:59"),
        (0, "2025-01-07", "00:00"),
        (0, "2025-01-07", "23:59"),
        (-1, "2025-01-08", "00:01"),
    ):
        clinic.at(day, minute)
        rows = worklist.who_waits(clinic.ledger).rows
        assert [min(row.days, 0) for row in rows if row.episode == str(key)] == [late]


@pytest.mark.complaint(11)
def test_what_is_told_late_is_overdue_at_once_and_no_job_has_to_run(clinic):
    clinic.at("2025-02-03")
    key = clinic.opened(on=dt.date(2025, 1, 6))
    [row] = worklist.who_waits(clinic.ledger).rows
    assert (row.episode, row.rule, str(row.due)) == (
        str(key),
        "INJ-SCHED",
        "2025-01-20",
    )
    assert row.days < 0
    before = everything(clinic.ledger)
    questions.card(clinic.ledger, key)
    worklist.who_waits(clinic.ledger)
    assert everything(clinic.ledger) == before  # looking makes nothing dirty


@pytest.mark.complaint(16)
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_an_attempt_has_an_honest_outcome_and_never_moves_a_stage(clinic, outcome):
    key = clinic.injected("2025-01-06")
    clinic.at("2025-01-08")
    written = clinic.contact(key, outcome)
    assert written.episode.stage == "injection"
    assert written.entry.kind == "contact"
    assert (written.entry.stage_from, written.entry.stage_to) == (None, None)


def release(clinic, key, hold):
    change_status(clinic.ledger, RIVERA, key, lambda asked: parking.resume(asked, hold))


@pytest.mark.complaint(17)
def test_a_hold_that_is_lifted_wakes_nothing_that_another_holds(clinic, settings):
    key = clinic.injected("2025-01-06")
    review = dt.date(2025, 3, 1)
    holds = []
    for reason in ("pregnancy", "patient-request"):
        written = change_status(
            clinic.ledger,
            RIVERA,
            key,
            lambda asked, reason=reason: parking.hold(asked, reason, review),
        )
        holds.append(written.entry.seq)
    clinic.at("2025-01-10")
    release(clinic, key, holds[0])
    clinic.at("2025-01-20")
    assert round_of(clinic, settings, Memory()).happenings == []
    release(clinic, key, holds[1])
    assert round_of(clinic, settings, Memory()).happenings == []
    clinic.at("2025-01-21")  # fourteen days were held: the diary is due today
    report = round_of(clinic, settings, Memory())
    assert {each.rule for each in report.happenings} == {"INJ-DIARY"}


@pytest.mark.complaint(18)
def test_no_reminder_outlives_its_reason_whatever_is_done(ledger, tmp_path):
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    lives = Lives(ledger, chance)
    settings = settings_of(tmp_path, **ALONE)
    for _ in range(12):
        lives.live(5)
        round_of(lives.clinic, settings, Memory(_sometimes(chance)))
        lives.live(3)
        assert _orphans(ledger) == []
    assert codes_of(ledger) == set()


def _sometimes(chance):
    def fail(_message):
        if chance.random() < 0.3:
            raise TemporaryFailure("time-out")

    return fail


def _orphans(ledger):
    """Reminders that wait although their line is off the agenda."""
    lines, rows = tables.agenda, tables.reminder
    name = ("episode", "visit", "rule", "occurrence")
    with reading(ledger) as connection:
        there = set(
            map(tuple, connection.execute(select(*(lines.c[each] for each in name))))
        )
        waiting = connection.execute(
            select(*(rows.c[each] for each in name)).where(rows.c.status == "open")
        )
        return [row for row in map(tuple, waiting) if row not in there]
