"""Each exit code by a situation that happens: one sentence, a way out, nothing changed."""

import itertools
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing

import pytest

from sitrack.pathway.loading import shipped_text
from sitrack.record import allowed

from .full_disk import FULL, needs_a_full_disk
from .keyboard import command, contents, surroundings, tamper, typed

NEVER_SHOWN = (
    "Traceback",
    "sqlalchemy",
    "sqlite3",
    "psycopg",
    "SELECT",
    "INSERT",
    "Error(",
)


def refuses(code, *words, stdin="", where=None):
    """Type a command, as it is and with --json; it must fail alike; return the error."""
    before = contents(where) if where else None
    done = typed(*words, stdin=stdin)
    assert (done.code, done.out) == (code, "")
    first, *_, last = done.told.splitlines()
    assert first.startswith("error: ")
    assert last.startswith("hint: ")
    assert done.err.count("error: ") == 1
    assert not any(word in done.err for word in NEVER_SHOWN)
    twin = typed(*words, "--json", stdin=stdin)
    assert (twin.code, twin.out, twin.error["code"]) == (code, "", code)
    assert twin.error["message"] == first.removeprefix("error: ")
    assert where is None or contents(where) == before
    return twin.error


@pytest.fixture
def fails(desk):
    """Type a command at the desk that must fail and change nothing."""

    def act(code, *words, stdin=""):
        when = ("-d", desk.url, "--now", f"{desk.day}T09:00")
        return refuses(code, *words, *when, stdin=stdin, where=desk.file)

    return act


SCORE = ("record", "score", "P00013-R", "--nrs", "3", "--as", "rivera")


class TestNotUnderstood:
    """2: a command, a value or an input file that cannot be understood."""

    def test_a_value_out_of_bounds(self, fails):
        error = fails(2, "record", "score", "P00013-R", "--nrs", "11", "--as", "rivera")
        assert "from 0 to 10 in steps of 0.5" in error["message"]

    def test_a_day_that_is_none(self, fails):
        error = fails(2, *SCORE, "--on", "2025-02-30")
        assert error["message"] == "'2025-02-30' is not a day"

    def test_a_reason_that_the_move_does_not_take(self, fails):
        words = ("advance", "P00013-R", "re-evaluation", "--as", "rivera")
        error = fails(2, *words, "--reason", "boredom")
        assert "pattern-changed" in error["message"]

    def test_a_person_who_is_no_json(self, fails):
        words = ("patient", "add", "--from", "-", "--as", "rivera")
        error = fails(2, *words, stdin="Mary King")
        assert error["message"] == "the person is not JSON"

    def test_an_episode_that_is_open_already(self, fails):
        words = ("episode", "open", "P00013", "--side", "right", "--as", "rivera")
        assert fails(2, *words)["hint"] == "sitrack show P00013-R"

    def test_an_argument_too_many(self, fails):
        fails(2, "worklist", "P00021")

    @pytest.mark.parametrize(
        ("command", "option", "value"),
        [
            (("history", "P00013-R"), "--as-known", "9999-12-31"),
            (("history", "P00013-R"), "--as-known", "0001-01-01T00:00+14:00"),
            (("history", "P00013-R"), "--as-known", "9999-12-31T23:59-12:00"),
            (("show", "P00013-R"), "--as-of", "1899-12-31"),
            (("reminder", "plan"), "--until", "2201-01-01"),
            (SCORE, "--on", "0001-01-01"),
        ],
    )
    def test_a_time_far_from_anybodys_life(self, fails, command, option, value):
        error = fails(2, *command, option, value)
        assert error["message"] == f"{value!r} is not from 1900 to 2200"

    @pytest.mark.parametrize("now", ["0001-01-01T00:00", "9999-12-31T23:59-12:00"])
    def test_a_present_far_from_anybodys_life(self, desk, tmp_path, now):
        for words in (("worklist",), SCORE):
            refuses(2, *words, "-d", desk.url, "--now", now, where=desk.file)
        new = f"sqlite:///{tmp_path / 'new.db'}"
        assert typed("db", "init", "--synthetic", "-d", new, "--now", now).code == 2
        assert typed("demo", "--now", now).code == 2
        assert not (tmp_path / "new.db").exists()

    def test_a_database_of_another_kind(self):
        refuses(2, "worklist", "-d", "mysql://localhost/clinic")

    @pytest.mark.parametrize(
        ("change", "place"),
        [
            (('to = "relief"', 'to = "bliss"'), "moves.record-relief.to"),
            (("offset = 14", 'offset = "soon"'), "offset"),
            (("[[moves]]", "[[moves"), "line"),
            (('id = "si-2026.1"', ""), "id"),
        ],
    )
    def test_a_protocol_that_is_malformed_is_named_by_its_place(
        self, tmp_path, change, place
    ):
        file = tmp_path / "protocol.toml"
        file.write_text(shipped_text().replace(*change, 1))
        assert place in refuses(2, "pathway", "check", file)["message"]


class TestNotEligible:
    """10: refused by the protocol, with its codes."""

    def codes(self, error):
        return {(finding["code"], finding["item"]) for finding in error["findings"]}

    def test_a_move_without_its_evidence(self, fails):
        error = fails(10, "advance", "P00013-R", "rfa", "--as", "rivera")
        assert self.codes(error) == {("CONSENT_MISSING", None)}

    def test_a_day_that_lies_ahead(self, fails):
        error = fails(10, *SCORE, "--on", "2025-04-08")
        assert self.codes(error) == {("FUTURE_DATED", None)}

    def test_a_day_before_birth_which_stays_unsaid(self, fails):
        error = fails(10, *SCORE, "--on", "1900-01-01")
        assert self.codes(error) == {("OUT_OF_ORDER", None)}
        assert "1970" not in str(error)

    @pytest.mark.parametrize(
        "words",
        [
            ("record", "score", "P00013-R", "--nrs", "3"),
            ("advance", "P00013-R", "re-evaluation"),
            ("episode", "open", "P00013", "--side", "left"),
            ("episode", "hold", "P00013-R", "--reason", "pregnancy", "--review", "+9d"),
            ("patient", "edit", "P00013", "--payer", "bcbs-al"),
        ],
    )
    def test_a_day_that_has_not_come_is_refused_alike_by_all_that_write(
        self, fails, words
    ):
        error = fails(10, *words, "--on", "+1d", "--as", "rivera")
        assert self.codes(error) == {("FUTURE_DATED", None)}
        assert error["hint"].startswith("give with --on the day")

    def test_the_other_side(self, fails):
        words = ("record", "exam", "P00013-R", "--positive", "faber", "--as", "rivera")
        error = fails(10, *words, "--side", "left")
        assert self.codes(error) == {("SIDE_MISMATCH", None)}

    def test_a_question_is_answered_whatever_the_answer(self, desk):
        assert desk.type("why", "P00013-R", "rfa").code == 0
        assert desk.type("why", "P00013-R", "rfa", "--exit-code").code == 10


class TestNotFound:
    """11: no such patient or episode, or a key that fits several."""

    @pytest.mark.parametrize(
        "words",
        [
            (*("record", "score", "P00013-R", "--nrs", "3"), "--performer"),
            (*("advance", "P00013-R", "re-evaluation"), "--performer"),
            (*("episode", "assign", "P00013-R"), "--to"),
            (*("episode", "open", "P00013", "--side", "left"), "--coordinator"),
        ],
    )
    def test_a_staff_id_that_nobody_has(self, fails, words):
        error = fails(11, *words, "nobody1", "--as", "rivera")
        assert error["message"] == "nobody1 is not on the staff list"

    def test_a_key_that_nobody_has(self, fails, desk):
        error = fails(11, "show", desk.unknown)
        assert error["message"] == f"there is no patient {desk.unknown}"
        fails(11, "show", f"{desk.unknown}-R")
        fails(11, "record", "score", "P00013-L", "--nrs", "3", "--as", "rivera")

    def test_the_reminders_of_an_episode_that_is_not_there(self, fails):
        for words in (("ledger",), ("list",), ("retry", "--as", "rivera")):
            verb, *rest = words
            error = fails(11, "reminder", verb, "P00013-L", *rest)
            assert error["message"] == "there is no episode P00013-L"

    def test_no_slip_of_one_digit_or_two_swapped_ones_finds_another_patient(self, desk):
        for key in slips("00013") | slips("00021"):
            done = desk.type("show", f"P{key}", "--json")
            assert (done.code, done.out) == (11, ""), key
            done = desk.type("show", f"P{key}-R", "--json")
            assert (done.code, done.out) == (11, ""), key

    def test_a_patient_nobody_knew_of_yet(self, fails, desk):
        error = fails(11, "show", "P00021", "--as-known", "2025-01-01")
        assert error["message"] == "there was no patient P00021 as known then"

    def test_a_patient_with_two_open_sides_is_no_episode(self, fails):
        for words in (("why",), ("history",), ("due",)):
            error = fails(11, *words, "P00021")
            assert error["message"] == "P00021 has several open episodes"
            assert "P00021-L or P00021-R" in error["hint"]
        fails(11, "record", "score", "P00021", "--nrs", "3", "--as", "rivera")

    def test_a_patient_with_one_open_side_is_that_episode(self, desk):
        by_patient, by_episode = (
            desk.answer("why", key, "rfa") for key in ("p00013", "p00013-r")
        )
        assert by_patient == by_episode
        assert by_patient["episode"] == "P00013-R"

    def test_what_is_no_key(self, fails):
        for word in ("7", "P13", "P00013-X", "P00013-R1", "mary", "P00013 -R"):
            fails(11, "show", word)


def slips(digits):
    """Every other number that one wrong digit or two swapped neighbours make of this."""
    wrong = {
        digits[:place] + digit + digits[place + 1 :]
        for place in range(len(digits))
        for digit in "0123456789"
    }
    swapped = {
        digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
        for place in range(len(digits) - 1)
    }
    return (wrong | swapped) - {digits}


def test_12_somebody_wrote_first(fails, desk):
    seen = desk.state()["version"]
    desk.written(*SCORE[:-2])
    error = fails(12, *SCORE, "--expect-version", seen)
    assert error["message"].startswith(f"P00013-R is at #{seen + 1}, not at #{seen}")
    assert error["hint"] == "sitrack history P00013-R"


def test_13_the_record_was_tampered_with(desk):
    assert desk.answer("audit", "verify")["holds"] is True
    tamper(desk.file)
    done = desk.type("audit", "verify", "--json")
    assert (done.code, done.error["code"]) == (13, 13)
    assert done.json["holds"] is False
    found = [(row["code"], row["stream"], row["entry"]) for row in done.json["rows"]]
    assert ("PAYLOAD", "episode/P00013-R", 4) in found


class TestUnavailable:
    """14: the database or the settings cannot be used as they are."""

    def test_no_database(self, tmp_path):
        error = refuses(14, "worklist", "-d", f"sqlite:///{tmp_path}/none.db")
        assert error["hint"] == "sitrack db init"
        assert not (tmp_path / "none.db").exists()

    def test_a_file_that_is_no_database(self, tmp_path):
        file = tmp_path / "letter.db"
        file.write_text("Dear colleague, thank you for this patient. " * 100)
        file.chmod(0o600)
        before = file.read_bytes()
        for words in (("worklist",), ("db", "status"), SCORE):
            refuses(14, *words, "-d", f"sqlite:///{file}")
        assert file.read_bytes() == before

    def test_a_database_without_a_ledger(self, tmp_path):
        file = tmp_path / "empty.db"
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("CREATE TABLE letters (words TEXT)")
        file.chmod(0o600)
        refuses(14, "worklist", "-d", f"sqlite:///{file}", where=file)

    def test_a_schema_of_a_later_version(self, desk):
        with closing(sqlite3.connect(desk.file, isolation_level=None)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        for words in (("worklist",), SCORE):
            error = refuses(14, *words, "-d", desk.url, where=desk.file)
            assert "newer" in error["message"]

    def test_a_file_that_is_read_only(self, desk):
        desk.file.chmod(0o400)
        before = desk.file.read_bytes()
        error = refuses(14, *SCORE, "-d", desk.url)
        assert (error["message"], error["hint"]) == (
            f"{desk.file} is read-only",
            f"chmod u+w '{desk.file}'",
        )
        assert desk.file.read_bytes() == before

    def test_a_file_that_others_may_open(self, desk):
        desk.file.chmod(0o644)
        for words in (("worklist",), SCORE):
            error = refuses(14, *words, "-d", desk.url)
            assert error["hint"] == f"chmod 600 '{desk.file}'"

    def test_a_folder_instead_of_a_file(self, tmp_path):
        refuses(14, "worklist", "-d", f"sqlite:///{tmp_path}")

    def test_settings_that_are_half_written(self, desk, home):
        file = home / "config" / "sitrack" / "config.toml"
        file.parent.mkdir(parents=True)
        file.write_text('as = "rivera"\n[reminders\nchann')
        error = refuses(14, "worklist", "-d", desk.url, where=desk.file)
        assert str(file) in error["message"]

    def test_settings_that_are_not_there(self, desk, tmp_path):
        file = tmp_path / "none.toml"
        error = refuses(14, "worklist", "-d", desk.url, "--config", file)
        assert error["message"] == f"the settings file {file} does not exist"

    def test_a_server_that_is_not_there(self):
        refuses(14, "worklist", "-d", "postgresql://localhost:1/clinic")

    def test_a_channel_that_would_not_be_verified(self):
        refuses(14, "worklist", "-d", "postgresql://db.example/clinic")

    def test_the_way_out_is_not_the_command_that_was_typed(self, tmp_path):
        file = tmp_path / "letter.db"
        file.write_text("Dear colleague, thank you for this patient. " * 100)
        file.chmod(0o600)
        for url in (f"sqlite:///{file}", "postgresql://localhost:1/clinic"):
            done = typed("db", "status", "-d", url)
            assert (done.code, done.told.splitlines()[-1]) == (
                14,
                f"hint: see which record is meant: sitrack db path -d {url}",
            )

    def test_a_database_that_is_there_already(self, desk):
        before = contents(desk.file)
        done = typed("db", "init", "-d", desk.url)
        assert (done.code, done.out) == (14, "")
        assert done.err == (
            f"error: there is a database already at {desk.file}\n"
            f"hint: sitrack db status -d {desk.url}\n"
        )
        assert contents(desk.file) == before

    def test_a_database_that_the_server_does_not_know(self, postgresql_url):
        refuses(14, "worklist", "-d", postgresql_url.replace("test_", "nowhere_"))

    def test_an_empty_database_on_a_server(self, postgresql_url):
        refuses(14, "worklist", "-d", postgresql_url)


def test_15_a_reminder_that_cannot_be_sent(desk, monkeypatch):
    for name, value in (
        ("SMTP_HOST", "127.0.0.1"),
        ("SMTP_PORT", "1"),
        ("SMTP_SENDER", "sitrack@clinic.example"),
        ("CLINIC_ADDRESS", "desk@clinic.example"),
    ):
        monkeypatch.setenv(f"SITRACK_{name}", value)
    done = desk.type("reminder", "run", "--channel", "email", "--json")
    assert (done.code, done.error["code"]) == (15, 15)
    assert done.error["message"].startswith("3 of the reminders could not be sent")
    assert (done.json["fired"], done.json["sent"], done.json["failed"]) == (3, 0, 3)


class TestNotPermitted:
    """16: this person, or this kind of ledger, may not do that."""

    def test_nobody_and_strangers_write_nothing(self, fails):
        fails(16, *SCORE[:-2])
        fails(16, *SCORE[:-1], "smith")

    def test_a_coordinator_attests_nothing(self, fails):
        words = ("record", "attestation", "P00013-R", "--about", "source")
        fails(16, *words, "--as", "rivera")
        fails(16, *words, "--as", "rivera", "--performer", "rivera")

    def test_a_coordinator_lifts_nothing(self, fails):
        words = ("advance", "P00013-R", "rfa", "--variance", "clinical-judgement")
        more = ("--text", "-", "--as", "rivera")
        fails(16, *words, *more, stdin="we agreed on it")
        fails(16, *words, *more, "--clinician", "rivera", stdin="we agreed on it")

    def test_a_real_ledger_has_no_clock_but_its_own(self, tmp_path):
        file = tmp_path / "real.db"
        url = ("-d", f"sqlite:///{file}")
        assert typed("db", "init", *url, "--zone", "Europe/London").code == 0
        assert typed("staff", "add", "rivera", "--role", "coordinator", *url).code == 0
        now = ("--now", "2020-01-01T09:00")
        refuses(16, "worklist", *url, *now, where=file)
        words = ("patient", "add", "--from", "-", "--as", "rivera", *url, *now)
        refuses(16, *words, stdin='{"given": "Al", "family": "Ek"}', where=file)
        done = typed("db", "init", "-d", f"sqlite:///{tmp_path}/another.db", *now)
        assert done.code == 16
        assert not (tmp_path / "another.db").exists()


def test_130_interrupted_before_it_began():
    """While its own modules are loaded nothing could be told in a sentence yet."""
    early = """
        import sys
        from sitrack.__main__ import main

        class Press:
            def find_spec(self, name, *_):
                if name == "sitrack.cli":
                    raise KeyboardInterrupt

        sys.meta_path.insert(0, Press())
        main()
    """
    words = [sys.executable, "-c", textwrap.dedent(early)]
    done = subprocess.run(words, capture_output=True, env=surroundings(), check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_130_interrupted_while_the_database_is_asked(desk, monkeypatch):
    """Neither a finding of the check, nor a refusal of the database."""
    before, answer = contents(desk.file), allowed._is_allowed
    asked = itertools.count(1)

    def press(*question):
        if next(asked) == 60:
            signal.raise_signal(signal.SIGINT)
        return answer(*question)

    monkeypatch.setattr(allowed, "_is_allowed", press)
    for words in (("audit", "verify"), SCORE):
        asked = itertools.count(1)
        done = desk.type(*words)
        assert (done.code, done.out) == (130, "")
        assert "error: interrupted; what was not finished was undone" in done.err
    assert contents(desk.file) == before


def test_a_reader_that_goes_away_is_no_error(desk):
    words = ("history", "P00013-R", "--json", "-d", desk.url)
    process = subprocess.Popen(
        command(*words),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=surroundings(),
    )
    process.stdout.close()
    assert (process.stderr.read(), process.wait()) == (b"", 0)
    process.stderr.close()


@needs_a_full_disk
def test_an_answer_that_cannot_be_written_is_not_called_done(desk):
    with FULL.open("w") as full:
        done = subprocess.run(
            command("worklist", "-d", desk.url),
            stdout=full,
            stderr=subprocess.PIPE,
            env=surroundings(),
            text=True,
            check=False,
        )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr


def test_a_copy_of_the_file_is_a_ledger_like_the_first(desk, tmp_path):
    copied = tmp_path / "copy.db"
    shutil.copyfile(desk.file, copied)
    copied.chmod(0o600)
    before = desk.answer("worklist")
    desk.url = f"sqlite:///{copied}"
    assert desk.answer("worklist") == before
