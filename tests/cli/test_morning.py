"""A coordinator's morning: thirty episodes of the demo clinic, worked through.

Each line is what a person types, where the record and their name stand in the
environment; `--now`, which holds the clock of this test still, is not. What the software
proposes as the next thing to do is typed as it says it.
"""

import json
import statistics

import pytest

from .golden import same_as_kept
from .keyboard import typed

MADE, MORNING = "2025-06-16T08:30", "2025-08-11T08:30"
EPISODES = 30
MOST = 60
"""Characters of the line that enters one follow-up."""

TYPES = {
    "SCHED": "record booking {key} --what rfa --day 2025-08-20",
    "CHECK": "record score {key} --nrs 3",
    "OUTCOME": "record score {key} --nrs 2",
    "REL-ESC": "record score {key} --nrs 4",
    "RFA-ESC": "record score {key} --nrs 2",
    "CON-ESC": "contact {key} reached",
    "ESC": "snooze {key} 5bd --reason waiting-for-result",
}
"""What is typed of a follow-up, by its rule or the end of it."""
NOT_REACHED = ("contact {key} no-answer", "contact {key} voicemail")
"""Of every third patient whom somebody has to ask."""


def typed_for(row, number):
    """What is typed of one line of the worklist."""
    if row["waits_for"] == "patient" and number % 3 == 2:
        return NOT_REACHED[number % 2].format(key=row["episode"])
    rule = row["rule"]
    line = TYPES.get(rule) or TYPES.get(rule.partition("-")[2], TYPES["ESC"])
    return line.format(key=row["episode"])


class Morning:
    """A person at the keyboard, and every line that they typed."""

    def __init__(self):
        self.lines = []

    def type(self, line):
        self.lines.append(f"sitrack {line}")
        done = typed(*line.split(), "--now", MORNING, "--json")
        assert done.code == 0, (line, done.err)
        return done.json

    @property
    def keystrokes(self):
        return sum(len(line) + 1 for line in self.lines)  # and Enter


@pytest.fixture
def morning(tmp_path, monkeypatch):
    file = tmp_path / "demo.db"
    words = ("--keep", file, "--patients", "60", "--seed", "7", "--now", MADE)
    assert typed("demo", *words).code == 0
    monkeypatch.setenv("SITRACK_DATABASE_URL", f"sqlite:///{file}")
    monkeypatch.setenv("SITRACK_AS", "rivera")
    return Morning()


def test_thirty_episodes_are_worked_through_with_a_line_for_each(morning):
    todo = morning.type("worklist")["rows"][:EPISODES]
    assert len(todo) == EPISODES
    entered, moved = [], 0
    for number, row in enumerate(todo):
        done = morning.type(typed_for(row, number))
        entered.append(morning.lines[-1])
        if done["next"].startswith("sitrack advance "):
            morning.type(done["next"].removeprefix("sitrack "))
            moved += 1
    mistyped = morning.type(f"record score {todo[0]['episode']} --nrs 9")
    number = mistyped["entry"].partition("#")[2]
    correct = f"entry correct {todo[0]['episode']} {number} --set nrs=3"
    morning.type(f"{correct} --reason typing-error --yes")
    given = todo[1]["episode"]
    morning.type(f"episode handoff {given} --to osei --reason better-placed")

    left = morning.type("worklist")["rows"]
    still = {row["episode"] for row in left if row["band"] == "D"}
    worked = {row["episode"] for row in todo}
    assert max(map(len, entered)) < MOST
    figures = {
        "episodes": len(todo),
        "commands": len(morning.lines),
        "moves": moved,
        "keystrokes": morning.keystrokes,
        "median of a follow-up": statistics.median(map(len, entered)),
        "longest": max(map(len, entered)),
        "still due of these": len(worked & still),
    }
    told = [f"{name}: {value}" for name, value in figures.items()]
    same_as_kept("morning.txt", "\n".join([*morning.lines, "", *told, ""]))
    assert json.loads(typed("audit", "verify", "--json").out)["holds"] is True
