"""A notation in which a story reads like its table: a day, what is done, what is open.

Everything is typed at the command line, with `--now` at nine on the day of the row, and
read back from JSON. Each morning begins with a reminder round, each move is asked about
with `why` before it is made, and a refusal must leave everything as it was.

A follow-up is written as its rule without the prefix of its stage, and its date without
the year where that is the year of the row: `TRIAL 03-13`. A refusal is its code, the item
in brackets, and the earliest day where time alone helps: `TRIAL_PERIOD_NOT_MET from 03-13`.
What fires is a rule, with ` again` for a repeat or the attempt that is asked for.
"""
# ruff: noqa: A002 - a story says which follow-ups are `open`

import copy
import datetime as dt
import json

from tests.cli.keyboard import options, typed

ZONE = "Europe/London"
LOOKS = {"show", "due", "history"}
"""What the notation itself asks, always in this process, which is fast."""


class Story:
    """One patient's episode on one side, in a synthetic ledger of its own."""

    def __init__(self, url, folder, side, begins, *, run=typed):
        self.url, self.side, self.run = url, side, run
        self.day = dt.date.fromisoformat(begins)
        self.key = None
        self.type("db", "init", "--synthetic", "--zone", ZONE)
        for name, role in (("rivera", "coordinator"), ("osei", "clinician")):
            self.answer("staff", "add", name, "--role", role, "--as", "rivera")
        person = folder / "person.json"
        name = {"given": "Mary", "family": "King", "born": "1970-05-01"}
        person.write_text(json.dumps(name))
        patient = self.written("patient", "add", "--from", person)["patient"]
        opened = self.written("episode", "open", patient, "--side", side)
        self.key, self.stands = opened["episode"], _standing(opened)

    def other_side(self):
        """The story of the same patient's other joint, in the same ledger."""
        other = copy.copy(self)
        other.side = {"left": "right", "right": "left"}[self.side]
        patient = self.key.partition("-")[0]
        opened = other.written("episode", "open", patient, "--side", other.side)
        other.key, other.stands = opened["episode"], _standing(opened)
        return other

    # --- typing

    def type(self, *words, stdin=""):
        """Type a command on the story's day, and return what it left behind."""
        when = ("-d", self.url, "--now", f"{self.day}T09:00")
        run = typed if words[0] in LOOKS else self.run
        return run(*words, *when, stdin=stdin)

    def answer(self, *words, stdin=""):
        """The JSON of a command that must succeed."""
        done = self.type(*words, "--json", stdin=stdin)
        assert done.code == 0, done.err
        return done.json

    def written(self, *words, stdin=""):
        """The JSON of a command by which Rivera writes."""
        return self.answer(*words, "--as", "rivera", stdin=stdin)

    # --- telling

    def on(self, day, *, fires=(), sent=None):
        """Begin a day: its morning's round must fire, and send, exactly that."""
        self.day = dt.date.fromisoformat(day)
        happened = self.answer("reminder", "run")["rows"]
        assert {row["outcome"] for row in happened} <= {"fired", "sent"}
        self.hears(happened, fires, sent)
        return happened

    def hears(self, happened, fires=(), sent=None):
        """What a round fired, and sent, of this episode is exactly that."""
        assert self._steps(happened, "fired") == sorted(fires)
        assert self._steps(happened, "sent") == sorted(fires if sent is None else sent)

    def _steps(self, happened, outcome):
        mine = [
            row
            for row in happened
            if row["outcome"] == outcome and row["episode"] == self.key
        ]
        return sorted(_short(row["rule"]) + _step(row["step"]) for row in mine)

    def record(self, kind, *, open=None, readings=(), **values):
        """Record evidence, which moves nothing; return the number of its entry."""
        words = [word for reading in readings for word in ("--reading", reading)]
        text = values.pop("text", None)
        more = options(**values) + (["--text", "-"] if text else [])
        done = self.written("record", kind, self.key, *words, *more, stdin=text or "")
        self._stays(done, kind)
        self.is_open(open)
        return done["version"]

    def both(self, right, kind, *, open=None, own=(), **shared):
        """Record one session of both sides in one command; this side is the left."""
        patient = self.key.partition("-")[0]
        text = shared.pop("text", None)
        more = options(**shared) + (["--text", "-"] if text else [])
        words = ("record", kind, patient, "--both", *more, *own)
        answer = self.written(*words, stdin=text or "")
        assert (answer["schema"], answer["patient"]) == ("sitrack.session/1", patient)
        for side, done in zip((self, right), answer["rows"], strict=True):
            assert done["episode"] == side.key
            side._stays(done, kind)
            side.is_open(open)

    def contact(self, outcome, channel="phone"):
        """Log an attempt to reach the patient, which moves nothing."""
        words = ("contact", self.key, outcome, "--channel", channel)
        self._stays(self.written(*words), "contact")

    def _stays(self, done, kind):
        stage, version = self.stands
        assert (done["kind"], *_standing(done)) == (kind, stage, version + 1)
        self.stands = stage, version + 1

    def cannot(self, kind, refused, **values):
        """Evidence that cannot be so: it is refused, and nothing is written."""
        before = self.everything()
        words = ("record", kind, self.key, *options(**values))
        self._refused(self.type(*words, "--as", "rivera", "--json"), refused)
        assert self.everything() == before

    def diary(self, *readings, **values):
        return self.record("diary", readings=readings, **values)

    def exam(self, positive, negative):
        """Tests of this side, by how many were positive and how many negative."""
        tests = ["faber", "gaenslen", "thigh-thrust", "compression", "distraction"]
        return self.record(
            "exam", positive=tests[:positive], negative=tests[5 - negative :]
        )

    def screens(self, **positive):
        regions = dict.fromkeys(("lumbar", "hip", "soft_tissue"), "negative")
        return self.record("screen", **(regions | positive))

    def advance(self, stage, *, reason=None, refused=None, open=None):
        """Ask why, then move; it must happen, or be refused with exactly these codes."""
        self._move(("advance", self.key, stage), stage, reason, refused, open)

    def reopen(self, reason, *, refused=None, open=None):
        """Bring the episode back to re-evaluation."""
        words = ("episode", "reopen", self.key)
        self._move(words, "re-evaluation", reason, refused, open)

    def finish(self, disposition, *, refused=None, open=None):
        """End the episode."""
        words = ("episode", "finish", self.key, "--disposition", disposition)
        self._move(words, "closed", disposition, refused, open)

    def hold(self, *, open=None, refused=None, **values):
        """Put the episode on hold, or renew one; return the number of the entry."""
        words = ("hold", self.key, *options(**values))
        return self._change(words, "on-hold", None, open, refused)

    def resume(self, *, to=None, open=None):
        """Release the only hold."""
        return self._change(("resume", self.key), "active", to, open)

    def lost(self, *, open=None, refused=None):
        """Mark the episode as lost to follow-up."""
        return self._change(("lost", self.key), "lost", None, open, refused)

    def returns(self, *, to=None, open=None, refused=None):
        """Bring a lost patient back to care."""
        return self._change(("return", self.key), "active", to, open, refused)

    # --- amending

    def correct(self, number, *changes, reason, dry_run=False):
        """Give an entry other values."""
        sets = [word for change in changes for word in ("--set", change)]
        return self._amend("correct", (number, *sets), reason, dry_run)

    def retract(self, *numbers, reason, dry_run=False):
        """Take entries out."""
        return self._amend("retract", numbers, reason, dry_run)

    def transfer(self, number, other, *, reason):
        """Set an entry right on another episode; what was written there."""
        more = (number, "--to", other.key)
        rows = self._amended("entry", "transfer", self.key, *more, "--reason", reason)
        for row, story in zip(rows, (self, other), strict=True):
            story.stands = row["stage"], row["version"]
        return rows[1]

    def undo(self, *batch):
        """Take back the last command."""
        return self._takes(self._amended("undo", *batch))

    def _amend(self, verb, words, reason, dry_run):
        words = ("entry", verb, self.key, *map(str, words), "--reason", reason)
        if dry_run:
            before = self.everything()
            [row] = self.written(*words, "--dry-run")["rows"]
            assert self.everything() == before
            return row
        return self._takes(self._amended(*words))

    def _amended(self, *words):
        return self.written(*map(str, words), "--yes")["rows"]

    def _takes(self, rows):
        [row] = [row for row in rows if row["episode"] == self.key]
        self.stands = row["stage"], row["version"]
        return row

    def _change(self, words, status, stage, open, refused=None):
        before = self.everything() if refused else None
        done = self.type("episode", *words, "--as", "rivera", "--json")
        if refused is None:
            assert done.code == 0, done.err
            stage = stage or self.stands[0]
            assert _standing(done.json) == (stage, self.stands[1] + 1)
            assert done.json["status"] == self.state()["status"] == status
            self.stands = _standing(done.json)
        else:
            self._refused(done, refused)
            assert self.everything() == before
        self.is_open(open)
        return self.stands[1]

    def _refused(self, done, refused):
        assert (done.code, done.out, done.error["code"]) == (10, "", 10)
        assert self._labels(done.error["findings"]) == sorted(refused)

    def _move(self, words, stage, reason, refused, open):
        coded = ("--reason", reason) if reason else ()
        said = self.why(stage, *coded)
        before = self.everything() if refused else None
        typed = () if words[1] == "finish" else coded
        done = self.type(*words, *typed, "--as", "rivera", "--json")
        if refused is None:
            assert done.code == 0, done.err
            assert said == (True, [])
            assert _standing(done.json) == (stage, self.stands[1] + 1)
            self.stands = _standing(done.json)
        else:
            self._refused(done, refused)
            assert said[0] is False
            assert self._labels(said[1]) == sorted(refused)
            assert all(finding in said[1] for finding in done.error["findings"])
            assert self.everything() == before
        self.is_open(open)

    def why(self, stage, *more):
        """What `why` says of one move: (allowed, every finding that is not met)."""
        done = self.type("why", self.key, stage, *more, "--json")
        [answer] = done.json["answers"]
        own = ("stage", "move")
        unmet = [
            {name: value for name, value in row.items() if name not in own}
            for row in done.json["rows"]
            if row["result"] != "met"
        ]
        return answer["allowed"], unmet

    def second_verdict(self, stage, policy, *more):
        """What a payer's policy still needs for a move, by its labels."""
        asked = ("why", self.key, stage, "--policy", policy, *more)
        said = self.answer(*asked)["policy"]
        assert said["policy"] == policy
        unmet = [row for row in said["rows"] if row["result"] != "met"]
        [answer] = said["answers"]
        assert answer["allowed"] is not bool(unmet)
        return self._labels(unmet)

    def payers_requirement(self, stage, name, policy):
        """The row of one requirement in the second verdict."""
        asked = ("why", self.key, stage, "--policy", policy)
        rows = self.answer(*asked)["policy"]["rows"]
        [row] = [row for row in rows if row["requirement"] == name]
        return row

    # --- looking

    def state(self):
        return self.answer("show", self.key)

    def is_verified(self):
        """The whole record holds: chains, content, replay and copies."""
        assert self.answer("audit", "verify")["rows"] == []

    def everything(self):
        """What a refusal must not change; its version is that of the last write."""
        state = self.state()
        assert _standing(state) == self.stands
        return state, self.answer("history", self.key)

    def is_open(self, lines):
        """All open follow-ups, overdue ones included, are these; None asserts nothing."""
        if lines is None:
            return
        rows = self.state()["rows"]
        assert [self._line(row) for row in rows] == lines
        due = self.answer("due", self.key)["rows"]
        assert [(row["rule"], row["due"]) for row in due] == [
            (row["rule"], row["due"]) for row in rows
        ]

    def _line(self, row):
        return f"{_short(row['rule'])} {self._date(row['due'])}"

    def _date(self, text):
        same_year = text.startswith(f"{self.day.year}-")
        return text[5:] if same_year else text

    def _labels(self, findings):
        # Two requirements may refuse with one code: the journeys name the set.
        return sorted({self._label(finding) for finding in findings})

    def _label(self, finding):
        item = f"({finding['item']})" if finding["item"] else ""
        first = finding["earliest"]
        since = f" from {self._date(first)}" if first else ""
        return f"{finding['code']}{item}{since}"

    def requirement(self, stage, name):
        """The row of one requirement in what `why` says of a move."""
        rows = self.answer("why", self.key, stage)["rows"]
        [row] = [row for row in rows if row["requirement"] == name]
        return row


def _standing(answer):
    return answer["stage"], answer["version"]


def _step(step):
    """A step behind the rule it is about: a notice is not named, what follows is."""
    return {"notice": "", "repeat": " again"}.get(step, f" {step}")


def _short(rule):
    """A rule without the prefix of its stage."""
    return rule.partition("-")[2]
