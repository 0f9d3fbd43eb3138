"""A home without settings, and a small clinic at whose desk commands are typed."""

import copy
import datetime as dt
import json
import shutil

import pytest

from sitrack.record import footing
from tests.stories.notation import Story
from tests.stories.test_full_path import blocked


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty home folder, and a terminal of 80 columns without colour."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for name in ("DATA", "CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(folder / name.lower()))
    for name in ("AS", "DATABASE_URL", "CONFIG"):
        monkeypatch.delenv(f"SITRACK_{name}", raising=False)
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    return folder


@pytest.fixture(autouse=True)
def sound_machine(monkeypatch):
    """What `doctor` says of the machine that tests run on is no test's business."""
    monkeypatch.setattr(footing, "library_version", lambda: (3, 51, 3))
    monkeypatch.setattr(footing, "is_synchronised", lambda: True)


@pytest.fixture(scope="session")
def open_since_april(tmp_path_factory):
    """The clinic as it stands on 7 April 2025, made once for each test process."""
    folder = tmp_path_factory.mktemp("clinic")
    story = blocked(f"sqlite:///{folder / 'clinic.db'}", folder)
    story.on("2025-04-05")  # a Saturday
    note = "Prefers mornings, and asks for letters in large print."
    story.record("note", on="2025-04-01", text=note)
    _open_both_sides(story, folder)
    story.written("view", "save", "calls", "waits:patient", "overdue:3d+", "--shared")
    story.day = dt.date(2025, 4, 7)
    return folder / "clinic.db", story


def _open_both_sides(story, folder):
    person = folder / "both.json"
    person.write_text(json.dumps({"given": "Ana", "family": "Brandt"}))
    patient = story.written("patient", "add", "--from", person)["patient"]
    for side, day in (("left", "2025-02-24"), ("right", "2025-03-31")):
        story.written("episode", "open", patient, "--side", side, "--on", day)
    words = ("--guidance", "fluoroscopy", "--contrast", "in-joint", "--nrs", "7")
    left = f"{patient}-L"
    story.written("record", "injection", left, *words, "--on", "2025-02-24")


class Desk(Story):
    """The story of one episode, and the other keys of the clinic."""

    both = "P00021"
    unknown = "P00037"

    def copied_to(self, folder):
        """The same clinic in a file of its own."""
        mine = copy.copy(self)
        mine.file = folder / "desk.db"
        shutil.copyfile(self.file, mine.file)
        mine.file.chmod(0o600)
        mine.url = f"sqlite:///{mine.file}"
        return mine

    def screen(self, *words, stdin=""):
        """What a terminal would show of a command that must succeed."""
        done = self.type(*words, "--format", "table", stdin=stdin)
        assert done.code == 0, done.err
        return done.out


@pytest.fixture
def desk(open_since_april, tmp_path):
    """A copy of the clinic, for one test alone."""
    file, story = open_since_april
    desk = copy.copy(story)
    desk.__class__ = Desk
    desk.file = file
    return desk.copied_to(tmp_path)
