"""Random lives: a few patients, both sides, and whatever may be done about them.

Everything goes through the use cases; what they refuse is passed over, and the day goes
on. Late entries, corrections, retractions and undoing are as frequent as care itself.
"""

import contextlib
import datetime as dt

from sitrack.coordination.amendments import correct, retract, transfer
from sitrack.coordination.page import Because
from sitrack.coordination.parking import change_status
from sitrack.coordination.undo import undo
from sitrack.errors import SitrackError
from sitrack.journey import parking
from sitrack.journey.amendments import FRAME
from sitrack.journey.patient import EpisodeKey
from sitrack.pathway.loading import load, shipped_text
from sitrack.pathway.stages import Side
from sitrack.record import history
from sitrack.record.ledger import reading
from tests.clinic import RIVERA, Clinic

DAY = dt.timedelta(days=1)
BECAUSE = Because("typing-error")
TESTS = {"positive": "faber,gaenslen,yeoman,aslr", "negative": "compression"}
SCREENS = {"lumbar": "negative", "hip": "negative", "soft_tissue": "negative"}
INJECTION = ("injection", {"guidance": "ct", "contrast": "in-joint", "nrs": "8"})
PAIN = ("score", {"nrs": "7"})
RELIEF = ("score", {"nrs": "2", "pgic": "2"})
EXAM, SCREEN = ("exam", TESTS), ("screen", SCREENS)
BLOCK = ("block", {"anaesthetic": "lidocaine", "nrs": "7", "guidance": "ct"})
CONSENT = ("consent", {"procedure": "rfa"})
RFA = ("rfa", {"technique": "cooled", "guidance": "ct", "nrs": "7"})
THERAPY = ("therapy", {"type": "active-stabilisation", "visits": "8"})
OTHERS = (RELIEF, ("screen", SCREENS | {"hip": "positive"}))
PREPARED = {
    "injection": (INJECTION, PAIN),
    "re-evaluation": (EXAM, SCREEN),
    "conservative-care": (THERAPY, PAIN),
    "diagnostic-block": (BLOCK, CONSENT),
    "rfa": (RFA, PAIN),
    "relief": (PAIN, CONSENT),
    "fusion-evaluation": (PAIN,),
}
"""What the natural way out of a stage needs, as far as no variance lifts it."""
EVIDENCE = tuple({repr(e): e for es in PREPARED.values() for e in es}.values()) + OTHERS
PROTOCOL = load(shipped_text())
PAUSES = (0, 1, 3, 14, 40)


class Lives:
    """A clinic whose days pass at random."""

    def __init__(self, ledger, chance, patients=2, first="2025-01-06"):
        self.clinic, self.chance = Clinic(ledger), chance
        self.today = self.first = dt.date.fromisoformat(first)
        self.minute = 0
        self.keys = []
        for _ in range(patients):
            patient = self.clinic.enrolled()
            for side in chance.sample(list(Side), chance.randint(1, 2)):
                self.keys.append(EpisodeKey(patient, side, 1))

    def pass_time(self, days=None):
        """Go on by some days, or by a minute of the same day."""
        days = self.chance.choice(PAUSES) if days is None else days
        self.today += days * DAY
        self.minute = 0 if days else min(self.minute + 1, 700)
        hour, minute = divmod(9 * 60 + self.minute, 60)
        self.clinic.at(str(self.today), f"{hour:02}:{minute:02}")

    def live(self, acts):
        """Try so many acts, with time between them."""
        for _ in range(acts):
            self.pass_time()
            with contextlib.suppress(SitrackError):
                self._act()

    def _act(self):
        key = self.chance.choice(self.keys)
        weights = {
            self._move: 6,
            self._amend: 5,
            self._record: 3,
            self._park: 2,
            self._lose: 1,
            self._late: 2,
            self._undo: 1,
            self._finish: 1,
        }
        [act] = self.chance.choices(list(weights), weights.values())
        act(key)

    def _entries(self, key):
        with reading(self.clinic.ledger) as connection:
            return history.lines(connection, self.clinic.ledger, key)

    def _open(self, key):
        with contextlib.suppress(SitrackError):
            again = self.clinic.opened(key.patient, key.side, on=self._some_day())
            self.keys += [again] if again not in self.keys else []

    def _some_day(self):
        back = self.chance.choice((0, 0, 1, 5, 30))
        return max(self.first, self.today - back * DAY)

    def _record(self, key):
        self._open(key)
        kind, values = self.chance.choice(EVIDENCE)
        self.clinic.record(key, kind, occurred=self._some_day(), **values)

    def _late(self, key):
        """Something of the evening before, to the minute."""
        before = self.today - self.chance.choice((0, 1, 9)) * DAY
        at = dt.datetime.combine(before, dt.time(0, 30), self.clinic.ledger.zone)
        self.clinic.record(key, "score", nrs="5", occurred=at.astimezone(dt.UTC))

    def _stage(self, key):
        with reading(self.clinic.ledger) as connection:
            return history.episode_at(connection, self.clinic.ledger, key)

    def _move(self, key):
        self._open(key)
        story = self._stage(key)
        if story.open_holds:
            self._park(key)
        stage = story.stage
        for kind, values in PREPARED.get(stage, ()):
            with contextlib.suppress(SitrackError):
                self.clinic.record(key, kind, occurred=self._some_day(), **values)
        self.pass_time(self.chance.choice((0, 20, 20)))
        self._step(key, [m for m in PROTOCOL.moves if m.target != "closed"])

    def _finish(self, key):
        self._step(key, [m for m in PROTOCOL.moves if m.target == "closed"])

    def _step(self, key, moves):
        stage = self._stage(key).stage
        ways = [move for move in moves if stage in move.sources]
        if not ways:
            return
        move = self.chance.choice(ways)
        step = {"command": move.command, "on": self._some_day()}
        if move.reasons:
            step["reason"] = self.chance.choice(move.reasons)
        try:
            self.clinic.advance(key, move.target, **step)
        except SitrackError:
            if not move.variances:
                raise
            lifted = {"variance": move.variances[0], "clinician": "osei", "text": "So."}
            self.clinic.advance(key, move.target, **step, **lifted)

    def _park(self, key):
        review = self.today + 20 * DAY
        holds = self._stage(key).open_holds
        number = self.chance.choice(holds).seq if holds else 0
        acts = [lambda asked: parking.hold(asked, "pregnancy", review)]
        if holds:
            acts.append(lambda asked: parking.renew(asked, number, review))
            acts += 3 * [lambda asked: parking.resume(asked, number)]
        self._change(key, self.chance.choice(acts))

    def _change(self, key, decide):
        change_status(self.clinic.ledger, RIVERA, key, decide, on=self._some_day())

    def _lose(self, key):
        """Nobody is reached for months; now and then the patient comes back."""
        self.pass_time(120)
        for channel in ("phone", "letter", "phone"):
            self.clinic.record(key, "contact", outcome="no-answer", channel=channel)
        self._change(key, parking.lose)
        if self.chance.random() < 0.7:
            self.pass_time(self.chance.choice((2, 200)))
            self.clinic.record(key, "score", nrs="6")
            self._change(key, parking.come_back)

    def _amend(self, key):
        ledger, entries = self.clinic.ledger, self._entries(key)
        # Changes of stage or status are few, and what amends them is what is hard.
        changes = [line for line in entries if line.entry.kind in FRAME]
        entry = self.chance.choice(
            self.chance.choice((entries, changes or entries))
        ).entry
        kind = self.chance.choice(("date", "date", "value", "retract", "transfer"))
        if kind == "retract":
            retract(ledger, RIVERA, key, [entry.seq], BECAUSE)
        elif kind == "transfer":
            to = self.chance.choice(self.keys)
            transfer(ledger, RIVERA, key, [entry.seq], to, BECAUSE)
        else:
            moved = (
                entry.day(ledger.zone) + self.chance.choice((-9, -2, -1, 1, 2, 9)) * DAY
            )
            change = ("nrs", "4") if kind == "value" else ("on", str(moved))
            correct(ledger, RIVERA, key, {entry.seq: [change]}, BECAUSE)

    def _undo(self, _key):
        undo(self.clinic.ledger, RIVERA, None)
