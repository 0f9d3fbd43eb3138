"""Odd outputs and inputs: what was recorded is never called undone."""

import shlex
import signal
import sqlite3
import subprocess
from contextlib import closing

import pytest

from sitrack.cli.shell import Shell

from .full_disk import FULL, needs_a_full_disk
from .keyboard import command, contents, surroundings, typed_outside

STOP = ("patient", "consent", "--stop", "--channel", "sms")
SCORE = ("record", "score", "P00013-R", "--nrs", "3", "--as", "rivera")


def given_up(desk):
    """Let every reminder that is due be one that was given up."""
    assert desk.type("reminder", "run").code == 0
    with closing(sqlite3.connect(desk.file, isolation_level=None)) as connection:
        connection.execute("UPDATE reminder SET status = 'dead'")


def outside(desk, words, where="", **env):
    """Type a command in a shell that sends its streams somewhere."""
    line = shlex.join(command(*words, "-d", desk.url, "--now", f"{desk.day}T09:00"))
    return subprocess.run(
        ["/bin/sh", "-c", f"{line} {where}"],
        capture_output=True,
        env=surroundings(env),
        text=True,
        encoding="latin-1",
        check=False,
    )


def test_a_letter_that_the_terminal_lacks_is_spelled_out(desk):
    desk.written("record", "consent", "P00013-R", "--procedure", "rfa")
    words = ("advance", "P00013-R", "rfa", "--as", "rivera")
    done = outside(desk, words, PYTHONIOENCODING="latin-1")
    assert (done.returncode, "error" in done.stderr) == (0, False)
    assert "\\u2192" in done.stdout
    assert desk.state()["stage"] == "rfa"


def test_what_was_recorded_before_an_interruption_is_not_called_undone(
    desk, monkeypatch
):
    def press(shell, name, value):
        object.__setattr__(shell, name, value)
        if name == "recorded" and value is not None:
            signal.raise_signal(signal.SIGINT)

    before = desk.state()["version"]
    monkeypatch.setattr(Shell, "__setattr__", press)
    done = desk.type(*SCORE)
    assert (done.code, done.out) == (130, "")
    assert done.told.splitlines() == [
        "error: interrupted; what was recorded until then stays",
        f"hint: look with: sitrack history P00013-R -d {desk.url}",
    ]
    monkeypatch.undo()
    assert desk.state()["version"] == before + 1


@needs_a_full_disk
@pytest.mark.parametrize(
    ("words", "look"),
    [
        (SCORE, "sitrack history P00013-R"),
        ((*SCORE, "--json"), "sitrack history P00013-R"),
        (("staff", "add", "mori", "--role", "auditor", "--as", "rivera"), "staff list"),
        (("patient", "add", "--from", "PERSON", "--as", "rivera"), "sitrack show P0"),
        (("db", "upgrade"), "sitrack db status"),
        (("reminder", "retry", "--all", "--as", "rivera"), "sitrack reminder status"),
        (("view", "save", "mine", "owner:me", "--as", "rivera"), "view show mine"),
        (("view", "delete", "calls", "--as", "rivera"), "sitrack view list"),
        ((*STOP, "--from", "ADDRESS", "--as", "rivera"), "sitrack audit by"),
    ],
)
def test_what_was_recorded_but_not_shown_is_said_to_be_recorded(
    desk, tmp_path, words, look
):
    person = tmp_path / "person.json"
    person.write_text('{"given": "Jo", "family": "Stone"}')
    address = tmp_path / "address"
    address.write_text("+442079460018")
    files = {"PERSON": str(person), "ADDRESS": str(address)}
    words = [files.get(word, word) for word in words]
    given_up(desk)
    done = outside(desk, words, f"> {FULL}")
    assert done.returncode == 1
    assert "it was recorded, but could not be shown" in done.stderr
    assert "--json" not in words or '"type": "not-shown"' in done.stderr
    assert look in done.stderr
    assert "nothing was changed" not in done.stderr
    assert "Exception" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("absence", "add", "rivera", "--until", "+2d"),
        ("team", "add", "spine", "--join", "rivera"),
        ("view", "save", "mine", "owner:me"),
        ("reminder", "retry", "--all"),
    ],
)
def test_what_comes_next_goes_to_the_record_that_was_written(desk, words):
    given_up(desk)
    done = desk.type(*words, "--as", "rivera")
    _, _, after = done.out.partition("Next: sitrack ")
    assert (done.code, f"-d {desk.url}" in after) == (0, True)


@needs_a_full_disk
def test_what_was_only_tried_is_not_said_to_be_recorded(desk):
    for words in ((*SCORE, "--dry-run"), ("worklist",), ("show", "P00013-R")):
        before = contents(desk.file)
        done = outside(desk, words, f"> {FULL}")
        assert done.returncode == 14
        assert "the answer could not be written out" in done.stderr
        assert "recorded" not in done.stderr
        assert contents(desk.file) == before


@needs_a_full_disk
def test_an_error_that_nobody_can_be_told_keeps_its_code(desk):
    done = outside(desk, ("show", desk.unknown, "-q"), f"2> {FULL}")
    assert (done.returncode, done.stdout) == (11, "")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    "words", [("worklist",), SCORE, (*SCORE, "--json"), ("show", "P00013")]
)
def test_a_stream_that_is_closed_is_no_terminal_and_no_failure(desk, closed, words):
    done = outside(desk, words, closed)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert "error" not in done.stderr.lower()
    assert desk.answer("audit", "verify")["holds"] is True


def test_nobody_is_asked_where_stdin_is_closed(desk):
    done = outside(desk, ("patient", "find"), "<&-")
    assert done.returncode == 2
    assert "nobody is named: --from is missing" in done.stderr


def test_the_tour_sends_nothing_through_the_channel_of_its_reader(home, tmp_path):
    sent = tmp_path / "sent.jsonl"
    env = {
        "HOME": str(home),
        "SITRACK_REMINDERS_CHANNEL": "file",
        "SITRACK_REMINDERS_FILE": str(sent),
    }
    done = typed_outside("demo", "--patients", "12", env=env)
    assert done.code == 0, done.err
    assert "$ sitrack reminder run --channel console" in done.out
    assert not sent.exists()
