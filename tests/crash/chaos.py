"""Workers and writers under load, killed at random, while the server may crash too.

Each process is `python -m tests.crash.chaos sender|writer`, told by one JSON object on
its input. A writer says of each write, once it is acknowledged, what was written; a
sender sends what is due into a file. Afterwards the file, what the writers said, and
the record have to agree.
"""

import datetime as dt
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import select, update

from sitrack import settings
from sitrack.coordination import people
from sitrack.coordination.episodes import open_episode
from sitrack.coordination.evidence import EvidenceRequest, record_evidence
from sitrack.coordination.people import Author
from sitrack.errors import SitrackError
from sitrack.journey.ladder import NOTICE
from sitrack.pathway.stages import Side
from sitrack.record import tables
from sitrack.record.attempts import Claimed
from sitrack.record.journal import writing
from sitrack.record.ledger import open_ledger, present_instant, reading, real_instant
from sitrack.record.registry import Person
from sitrack.record.staff import Staff
from sitrack.reminders.channels.file import FileChannel
from sitrack.reminders.round import run_round
from sitrack.reminders.rules import idempotency_key

ROOT = Path(__file__).resolve().parents[2]
RIVERA = Author("rivera", "account")
ALWAYS = {
    "clinic.address": "desk@clinic.example",
    "reminders.digest": False,
    "reminders.from_time": "00:00",
    "reminders.until_time": "00:00",
    "reminders.days": "mon,tue,wed,thu,fri,sat,sun",
    "reminders.lease": 2,
}
"""Everything may leave at once, so that there is always something to do."""
AGES = (3, 16, 60)
"""How many days ago injections were: the diary is due, a score too, and all the rest."""
MOST_OF_ONE = 4
"""How often one message may arrive: a sender each time has to die in the same place."""


NO_CAP = {"reminders.most_per_person": 10**9, "reminders.most_per_hour": 10**9}
"""More than may be set: a quick machine meets that cap, and leaves the rest for tomorrow."""


def _settings(told):
    """What rounds go by."""
    found = settings.load(told["settings"], {}, told["config"])
    return replace(found, values={**found.values, **NO_CAP})


# --- the processes


def send(told):
    """Do rounds until killed."""
    values = _settings(told)
    channel = FileChannel(Path(told["sink"]))
    channel.longest_send = 1.0  # as short as the lease, so that another takes over soon
    while True:
        try:
            with closing(open_ledger(told["url"])) as ledger:
                while True:
                    run_round(ledger, values, channel, keeps=False)
                    time.sleep(0.02)
        except SitrackError:
            time.sleep(0.2)  # the server is away for a moment


def write(told):
    """Open episodes of which something is overdue, and answer some, until killed."""
    chance = random.Random(told["seed"])
    while True:
        try:
            with closing(open_ledger(told["url"])) as ledger:
                while True:
                    write_one(ledger, chance)
        except SitrackError:
            time.sleep(0.2)


def write_one(ledger, chance):
    """One patient comes to be known; each line is said once it is written for good."""
    ago = dt.timedelta(days=chance.choice(AGES))
    day = dt.datetime.now(ledger.zone).date() - ago
    person = Person("Mary", f"King{chance.randrange(10**9)}", None, None)
    patient = people.enrol(ledger, RIVERA, person)[0].key
    key = open_episode(ledger, RIVERA, patient, Side.RIGHT, on=day).episode.key
    say(key, 1)
    values = {"guidance": "fluoroscopy", "contrast": "in-joint", "nrs": "8"}
    injection = EvidenceRequest("injection", values, occurred=day)
    say(key, record_evidence(ledger, RIVERA, key, injection).entry.seq)
    if chance.random() < 0.3:
        diary = EvidenceRequest("diary", {}, readings=("1h=2",), about=2)
        say(key, record_evidence(ledger, RIVERA, key, diary).entry.seq)
    time.sleep(chance.uniform(0, 0.02))


def say(key, seq):
    sys.stdout.write(f"{key} {seq}\n")
    sys.stdout.flush()


# --- the storm


@dataclass
class Storm:
    """What happened, for the report: seed, kills, crashes, deliveries.

    Attributes:
        repeats: deliveries beyond the first of the same message.
        excused: how many of those the dead account for: one for each sender that was
            killed, and one for each sender at each crash of the server.
    """

    seed: int
    kills: int = 0
    crashes: int = 0
    written: int = 0
    sent: int = 0
    repeats: int = 0
    excused: int = 0
    faults: list = field(default_factory=list)


class Process:
    """A sender or a writer that is started again whenever it was killed."""

    def __init__(self, role, told, folder, number):
        self.role, self.told = role, told
        self.said = folder / f"{role}-{number}.txt"
        self.err = folder / f"{role}-{number}.err"
        self.start()

    def start(self):
        with self.said.open("ab") as out, self.err.open("ab") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.crash.chaos", self.role],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                cwd=ROOT,
                text=True,
            )
        self.process.stdin.write(json.dumps(self.told))
        self.process.stdin.close()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def acknowledged(self):
        """What was said in whole lines; the last one may be half."""
        text = self.said.read_text() if self.said.exists() else ""
        lines = text.split("\n")[:-1]
        return [(key, int(seq)) for key, seq in (line.split() for line in lines)]


def storm(url, folder, *, seconds, seed, strikes=(), senders=3, writers=2):
    """Let processes work and die for a while, then bring it to rest and compare.

    Args:
        url: of a synthetic ledger with nobody in it.
        folder: for what the processes say.
        seconds: how long.
        seed: of who dies when.
        strikes: what else may happen to the database, each done now and then.
        senders: how many processes send.
        writers: how many write.
    """
    chance, found = random.Random(seed), Storm(seed)
    (folder / "nothing.toml").touch()
    with closing(open_ledger(url)) as ledger:
        people.add_staff(ledger, RIVERA, Staff("rivera", "coordinator", "r@c.example"))
    told = {
        "url": url,
        "settings": ALWAYS,
        "config": str(folder / "nothing.toml"),
        "sink": str(folder / "sink.jsonl"),
    }
    crowd = [Process("sender", told, folder, n) for n in range(senders)]
    crowd += [
        Process("writer", {**told, "seed": seed + n}, folder, n) for n in range(writers)
    ]
    try:
        _until_at_work(crowd)
        _rage(crowd, chance, found, seconds, list(strikes))
    finally:
        for each in crowd:
            _kill(each, found)
    found.excused += found.crashes * senders
    _come_to_rest(url, folder, told)
    _compare(url, folder, crowd, found)
    return found


def _until_at_work(crowd):
    """Wait for the first write: on a busy machine a process takes seconds to start."""
    patience = time.monotonic() + 60
    while not any(each.acknowledged() for each in crowd):
        assert time.monotonic() < patience, "nobody came to write anything"
        time.sleep(0.05)


def _kill(victim, found):
    victim.kill()
    found.kills += 1
    found.excused += victim.role == "sender"


def _rage(crowd, chance, found, seconds, strikes):
    ends = time.monotonic() + seconds
    next_strike = time.monotonic() + seconds / (len(strikes) + 1 or 1)
    gap = seconds / (len(strikes) + 1)
    # A crash takes as long as it takes; all of them come all the same.
    while strikes or time.monotonic() < ends:
        time.sleep(chance.uniform(0.2, 0.9))
        victim = chance.choice(crowd)
        assert victim.process.poll() is None, victim.err.read_text()[-2000:]
        _kill(victim, found)
        if strikes and time.monotonic() > next_strike:
            strikes.pop(0)()
            found.crashes += 1
            next_strike += gap
        victim.start()


def _come_to_rest(url, folder, told):
    """Do what was left, by rounds that nobody disturbs."""
    values = _settings(told)
    channel = FileChannel(Path(told["sink"]))
    with closing(open_ledger(url)) as ledger:
        with writing(ledger) as work:
            rows = tables.reminder
            now = real_instant(work.connection)
            held = rows.c.leased_until.is_not(None)
            work.connection.execute(update(rows).where(held).values(leased_until=now))
        while run_round(ledger, values, channel).happenings:
            pass


def _compare(url, folder, crowd, found):
    with closing(open_ledger(url)) as ledger:
        with reading(ledger) as connection:
            rows = connection.execute(select(tables.reminder)).all()
            lines = connection.execute(select(tables.delivery)).all()
            heads = connection.execute(
                select(tables.stream.c.stream, tables.stream.c.seq)
            )
            last = {row.stream: row.seq for row in heads}
        unsaid = forgotten(ledger)
        names = {_key_of(ledger, row): row for row in rows}
    sink = [
        json.loads(line)["key"]
        for line in (folder / "sink.jsonl").read_text().splitlines()
    ]
    arrived, sent = (
        Counter(sink),
        Counter(line.reminder for line in lines if line.event == "sent"),
    )
    done = {key for key, row in names.items() if row.status == "done"}
    found.sent, found.repeats = len(done), len(sink) - len(arrived)
    told = [each for process in crowd for each in process.acknowledged()]
    found.written = len(told)
    lost = [said for said in told if last.get(f"episode/{said[0]}", 0) < said[1]]
    found.faults = [
        *(f"acknowledged and lost: {said}" for said in lost),
        *(f"due and in no outbox: {line}" for line in unsaid),
        *storms(arrived, found.excused),
        *(
            f"left {row.status}: {row.id}"
            for row in rows
            if row.status in {"open", "dead"}
        ),
        *(f"done and never sent: {key}" for key in done - set(arrived)),
        *(f"sent and of no row: {key}" for key in set(arrived) - set(names)),
        *(f"written down as sent {n} times: {row}" for row, n in sent.items() if n > 1),
        *(
            f"done without a line: {names[key].id}"
            for key in done
            if not sent[names[key].id]
        ),
    ]


def forgotten(ledger):
    """Lines of the agenda, of any rule, whose step has come and that nobody was told of."""
    with reading(ledger) as connection:
        today = present_instant(connection, ledger).astimezone(ledger.zone).date()
        lines = connection.execute(select(tables.agenda)).all()
        rows = connection.execute(select(tables.reminder)).all()
    told = {(row.episode, row.visit, row.rule, row.occurrence) for row in rows}
    return [
        f"{line.episode} {line.rule}"
        for line in lines
        if (line.step_on is not None and line.step_on <= today)
        or (
            line.step != NOTICE
            and (line.episode, line.visit, line.rule, line.occurrence) not in told
        )
    ]


def storms(arrived, excused):
    """What arrived again more often than the dead account for, in all or of one message.

    Args:
        arrived: how often each message did, by its key.
        excused: how many repeats there may be in all.
    """
    again = arrived.total() - len(arrived)
    in_all = [f"{again} repeats, {excused} excused"] if again > excused else []
    return in_all + [
        f"arrived {times} times: {key}"
        for key, times in arrived.items()
        if times > MOST_OF_ONE
    ]


def _key_of(ledger, row):
    claimed = Claimed(
        id=row.id,
        attempt=row.attempts,
        episode=row.episode,
        visit=row.visit,
        rule=row.rule,
        occurrence=row.occurrence,
        step=row.step,
        recipient=row.recipient,
        channel=row.channel,
        due=row.due,
        address=None,
    )
    return idempotency_key(ledger.ledger_id, claimed)


if __name__ == "__main__":
    {"sender": send, "writer": write}[sys.argv[1]](json.load(sys.stdin))
