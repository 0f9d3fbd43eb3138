"""The settings: where each came from, and a file that is written once and never over."""

import json
import re
import stat
import tomllib

import pytest

from sitrack.settings import OPTIONS, load

from .keyboard import typed


@pytest.fixture
def place(home):
    return home / "config" / "sitrack" / "config.toml"


def shown(*more):
    done = typed("config", "show", "--json", *more)
    assert done.code == 0, done.err
    return {row["setting"]: row for row in done.json["rows"]}


# --- show


def test_every_setting_is_shown_with_where_it_came_from(place, monkeypatch):
    assert list(shown()) == [option.name for option in OPTIONS]
    assert {row["origin"] for row in shown().values()} == {"default"}
    place.parent.mkdir(parents=True)
    place.write_text('as = "rivera"\n[reminders]\ndays = ["mon", "wed"]\n')
    monkeypatch.setenv("SITRACK_CLINIC_NAME", "Spine desk")
    found = shown("-d", "sqlite:////srv/clinic.db")
    assert found["as"] == {"setting": "as", "value": "rivera", "origin": str(place)}
    assert found["clinic.name"]["origin"] == "SITRACK_CLINIC_NAME"
    assert found["database_url"]["origin"] == "flag"
    assert found["reminders.days"]["value"] == "mon,wed"
    assert found["reminders.from_time"]["value"] == "08:00"
    assert found["reminders.digest"]["value"] == "true"


def test_what_may_hold_a_password_is_not_told(monkeypatch):
    url = "postgresql://desk:hush@localhost/clinic?sslpassword=hush"
    monkeypatch.setenv("SITRACK_WEBHOOK_URL", "https://hooks.example/T0/hush?key=hush")
    for form in ("table", "tsv", "json"):
        done = typed("config", "show", "-d", url, "--format", form)
        assert done.code == 0
        assert "hush" not in done.out + done.err
        assert "hooks.example" in done.out
    assert shown("-d", "nonsense")["database_url"]["value"] == "not understood"


def test_a_screen_fits_a_terminal():
    done = typed("config", "show", "--format", "table")
    assert max(map(len, done.out.splitlines())) <= 80


# --- path, init


def test_the_path_is_that_of_the_file_that_is_read(place, tmp_path, monkeypatch):
    assert typed("config", "path").out == f"{place}\n"
    assert typed("config", "path", "--config", "own.toml").out == "own.toml\n"
    monkeypatch.setenv("SITRACK_CONFIG", str(tmp_path / "other.toml"))
    assert typed("config", "path").out == f"{tmp_path / 'other.toml'}\n"


def test_a_file_is_written_for_its_owner_alone_and_changes_nothing(place):
    before = shown()
    done = typed("config", "init")
    assert done.out == f"wrote {place}\nNext: sitrack config show\n"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    assert shown() == before


def test_it_goes_where_it_is_asked_for(tmp_path, place):
    mine = tmp_path / "mine.toml"
    assert typed("config", "init", "--config", mine).code == 0
    assert mine.exists()
    assert not place.exists()


def test_a_file_that_is_there_stays_as_it_is(place, tmp_path):
    place.parent.mkdir(parents=True)
    place.write_text('as = "rivera"\n')
    done = typed("config", "init")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"error: there is a settings file already at {place}\n"
        "hint: sitrack config show\n"
    )
    assert place.read_text() == 'as = "rivera"\n'
    link = tmp_path / "link.toml"
    link.symlink_to(tmp_path / "nowhere")
    assert typed("config", "init", "--config", link).code == 2
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("name", ["own.toml", "deeper/own.toml"])
def test_a_place_where_none_can_be_made_is_told_with_the_option_that_names_it(
    tmp_path, name
):
    (tmp_path / "file").write_text("")
    done = typed("config", "init", "--config", tmp_path / "file" / name)
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith("hint: another with --config\n")


def test_every_line_of_it_can_be_set_by_taking_the_mark_away(place):
    typed("config", "init")
    text = place.read_text()
    lines = re.sub(r"^# (?=[a-z_]+ = )", "", text, flags=re.MULTILINE)
    tables = tomllib.loads(lines)
    flat = {
        f"{group}.{name}" if isinstance(value, dict) else group
        for group, value in tables.items()
        for name in (value if isinstance(value, dict) else [""])
    }
    assert flat == {option.name for option in OPTIONS}
    place.write_text(lines)
    found = load({}, {}, str(place))
    assert set(found.origins.values()) == {str(place)}
    for option in OPTIONS:
        if option.default != "" and option.default != ():
            assert found[option.name] == option.default, option.name


def test_it_says_which_words_a_setting_takes(place):
    typed("config", "init")
    assert "# how staff are reminded: one of console, file" in place.read_text()


def test_json_of_the_settings_is_one_object():
    done = typed("config", "show", "--json")
    assert json.loads(done.out)["schema"] == "sitrack.config/1"


# --- what is not understood


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("REMINDERS_FROM_TIME", "25:00", "a time such as 08:00"),
        ("REMINDERS_LEASE", "abc", "a whole number of seconds from 1 to 3600"),
        ("REMINDERS_LEASE", "9999", "a whole number of seconds from 1 to 3600"),
        (
            "REMINDERS_DAYS",
            "mon,funday",
            "a list of days of the week, such as mon,wed,sat",
        ),
        ("SMTP_PORT", "mail", "a whole number from 1 to 65535"),
        ("RECORD_RETENTION_YEARS", "5", "a whole number of years from 6 to 100"),
        ("REMINDERS_DIGEST", "maybe", "a word: true or false"),
    ],
)
def test_a_setting_that_is_not_understood_is_told_what_it_takes(
    monkeypatch, name, value, wanted
):
    monkeypatch.setenv(f"SITRACK_{name}", value)
    done = typed("config", "show")
    assert (done.code, done.out) == (14, "")
    assert f"(SITRACK_{name}) is not understood: it takes {wanted}\n" in done.err


@pytest.mark.parametrize(
    "line", ["lease = true", "lease = 1.5", "days = 3", "days = [1]", "from_time = 8"]
)
def test_nor_is_a_value_of_another_kind_in_the_file(tmp_path, line):
    file = tmp_path / "own.toml"
    file.write_text(f"[reminders]\n{line}\n")
    done = typed("config", "show", "--config", file)
    assert done.code == 14
    assert "is not understood: it takes a " in done.err


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("SITRACK_DATABASE_URI", "did you mean SITRACK_DATABASE_URL?"),
        ("SITRACK_STMP_PORT", "did you mean SITRACK_SMTP_PORT?"),
        ("SITRACK_FOO", "unset it, and see which there are: sitrack config show"),
    ],
)
def test_a_misspelt_variable_is_refused_as_an_unknown_key_is(monkeypatch, name, hint):
    monkeypatch.setenv(name, "")
    shown()  # an empty one counts as unset
    monkeypatch.setenv(name, "1")
    done = typed("worklist")
    assert (done.code, done.out) == (14, "")
    assert done.err == f"error: the variable {name} is no setting\nhint: {hint}\n"


def test_what_a_cluster_tells_its_containers_is_no_misspelt_variable(monkeypatch):
    for name, value in {
        "SITRACK_SERVICE_HOST": "10.0.0.7",
        "SITRACK_SERVICE_PORT_HTTP": "80",
        "SITRACK_DATABASE_PORT": "tcp://10.0.0.7:5432",
        "SITRACK_DATABASE_PORT_5432_TCP_ADDR": "10.0.0.7",
    }.items():
        monkeypatch.setenv(name, value)
    shown()
