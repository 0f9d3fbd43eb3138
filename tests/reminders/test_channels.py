"""The channels that need no server, and the manner that all of them have."""

import io
import json
import os
import stat
import subprocess
import sys
import threading

import pytest

from sitrack import settings
from sitrack.errors import BadInput, Unavailable
from sitrack.reminders.channels import (
    PermanentFailure,
    TemporaryFailure,
    open_channel,
    plain_address,
)
from sitrack.reminders.wording import Message

TEXT = "sitrack: P01428-R needs attention, due 2025-05-22"


def message(to="amy@clinic.example", key="6f1ed002ab559585"):
    return Message(to, TEXT, f"{TEXT}\nsitrack show P01428-R\n", key)


@pytest.fixture
def outbox(tmp_path, configured):
    """A file to append to, and how to open the channel that does."""
    path = tmp_path / "outbox.jsonl"
    values = configured(reminders__file=str(path))
    return path, lambda: open_channel("file", values, io.StringIO())


def test_the_console_gets_one_line_per_message(configured):
    out = io.StringIO()
    channel = open_channel("console", configured(), out)
    assert channel.name == "console"
    assert channel.send(message()) == "6f1ed002ab559585"
    assert channel.send(message("bo@clinic.example")) == "6f1ed002ab559585"
    channel.close()
    assert out.getvalue() == (
        f"to amy@clinic.example: {TEXT}\nto bo@clinic.example: {TEXT}\n"
    )


def test_without_an_address_console_and_file_say_so(configured, outbox):
    path, opened = outbox
    out = io.StringIO()
    open_channel("console", configured(), out).send(message(""))
    opened().send(message(""))
    assert out.getvalue() == f"{TEXT}\n"
    assert json.loads(path.read_text())["to"] is None


def test_the_console_flushes_each_line(configured):
    read, write = os.pipe()
    with os.fdopen(read) as reader, os.fdopen(write, "w") as out:
        open_channel("console", configured(), out).send(message())
        assert reader.readline() == f"to amy@clinic.example: {TEXT}\n"


def test_a_console_that_has_gone_is_a_temporary_failure(configured):
    read, write = os.pipe()
    os.close(read)
    out = os.fdopen(write, "w")
    with pytest.raises(TemporaryFailure) as failure:
        open_channel("console", configured(), out).send(message())
    assert failure.value.reason == "stream-closed"
    with pytest.raises(BrokenPipeError):
        out.close()


def test_the_file_gets_one_json_line_per_message(outbox):
    path, opened = outbox
    channel = opened()
    assert channel.name == "file"
    assert channel.send(message()) == "6f1ed002ab559585"
    opened().send(message("bo@clinic.example", "00ff00ff"))
    channel.close()
    lines = path.read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {
            "key": "6f1ed002ab559585",
            "to": "amy@clinic.example",
            "subject": TEXT,
            "body": f"{TEXT}\nsitrack show P01428-R\n",
        },
        {
            "key": "00ff00ff",
            "to": "bo@clinic.example",
            "subject": TEXT,
            "body": f"{TEXT}\nsitrack show P01428-R\n",
        },
    ]


def test_a_new_file_is_its_owners_alone_whatever_the_umask(outbox):
    path, opened = outbox
    before = os.umask(0)
    try:
        opened().send(message())
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_file_may_be_rotated_between_messages(outbox):
    path, opened = outbox
    channel = opened()
    channel.send(message(key="00000001"))
    path.rename(path.with_suffix(".1"))
    channel.send(message(key="00000002"))
    assert json.loads(path.read_text())["key"] == "00000002"
    assert json.loads(path.with_suffix(".1").read_text())["key"] == "00000001"


def test_a_link_is_refused_at_opening_and_at_sending(outbox, tmp_path):
    path, opened = outbox
    channel = opened()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.touch()
    path.unlink()
    path.symlink_to(elsewhere)
    with pytest.raises(TemporaryFailure) as failure:
        channel.send(message())
    assert failure.value.reason == "file-eloop"
    with pytest.raises(Unavailable, match="cannot be appended to"):
        opened()
    assert elsewhere.read_text() == ""


def test_a_pipe_a_device_and_a_folder_are_refused_without_hanging(configured, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, "/dev/null", tmp_path, tmp_path / "missing" / "outbox.jsonl"):
        with pytest.raises(Unavailable):
            open_channel("file", configured(reminders__file=str(path)), io.StringIO())


def test_many_writers_never_mix_their_lines(outbox):
    path, opened = outbox

    def write(number):
        channel = opened()
        for count in range(20):
            channel.send(message(key=f"{number:04x}{count:04x}"))

    writers = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    keys = [json.loads(line)["key"] for line in path.read_text().splitlines()]
    assert len(keys) == len(set(keys)) == 120


FULL_DISK = """
import io, resource, sys
from sitrack import settings
from sitrack.reminders.channels import TemporaryFailure, open_channel
from sitrack.reminders.wording import Message
values = settings.load({"reminders.file": sys.argv[1]}, {}, sys.argv[2])
channel = open_channel("file", values, io.StringIO())
sent = 0
resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
try:
    while True:
        channel.send(Message("amy@clinic.example", "s", "b" * 60, "6f1ed002"))
        sent += 1
except TemporaryFailure as failure:
    print(sent, failure.reason)
"""


def test_a_line_that_does_not_fit_is_not_there_at_all(tmp_path):
    nothing = tmp_path / "config.toml"
    nothing.touch()
    path = tmp_path / "outbox.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path), str(nothing)],
        capture_output=True,
        text=True,
        check=True,
    )
    sent, reason = done.stdout.split()
    assert reason == "file-enospc"
    lines = path.read_text().splitlines()
    assert len(lines) == int(sent) > 0
    assert all(json.loads(line)["key"] == "6f1ed002" for line in lines)


@pytest.mark.parametrize(
    "hostile",
    [
        " ",
        "amy",
        "amy@",
        "@clinic.example",
        "amy@clinic.example,eve@evil.example",
        "amy@clinic.example, eve@evil.example",
        "amy@clinic.example;eve@evil.example",
        "amy@clinic.example\r\nBcc: eve@evil.example",
        "amy@clinic.example\n",
        "amy@clinic.example\r",
        "amy\x00@clinic.example",
        "amy @clinic.example",
        "Amy <amy@clinic.example>",
        "<amy@clinic.example>",
        '"a,b"@clinic.example',
        "amy@clinic..example",
        "amy@.example",
        "ämy@clinic.example",
        "amy@clìnic.example",
        "amy@clinic.example\u2028",
        "\u202eamy@clinic.example",
        "amy\uff0ceve@clinic.example",
        "a" * 250 + "@b.example",
    ],
)
@pytest.mark.parametrize("name", ["console", "file", "email"])
def test_every_channel_refuses_an_address_that_is_not_exactly_one(
    name, hostile, configured, tmp_path
):
    path, out = tmp_path / "outbox.jsonl", io.StringIO()
    values = configured(
        reminders__file=str(path),
        smtp__host="127.0.0.1",
        smtp__port=9,
        smtp__sender="reminders@clinic.example",
    )
    with pytest.raises(PermanentFailure) as failure:
        open_channel(name, values, out).send(message(hostile))
    assert failure.value.reason == "address-refused"
    assert str(failure.value) == "address-refused"
    assert out.getvalue() == ""
    assert not path.exists() or path.read_text() == ""


@pytest.mark.parametrize(
    "address", ["a@b", "amy.o'neil+si@mail.clinic.example", "x" * 64 + "@c.example"]
)
def test_plain_addresses_pass_unchanged(address):
    assert plain_address(address) == address


DOUBTFUL = ["a..b@x.example", ".a@x.example", "a.@x.example", "a@x..y", "ä@x.example"]


@pytest.mark.parametrize("text", [*DOUBTFUL, "x" * 65 + "@c.example"])
@pytest.mark.parametrize("option", ["clinic.address", "smtp.sender"])
def test_the_settings_refuse_what_a_channel_would(option, text, tmp_path):
    with pytest.raises(PermanentFailure):
        plain_address(text)
    nothing = tmp_path / "config.toml"
    nothing.touch()
    with pytest.raises(Unavailable, match="one e-mail address"):
        settings.load({option: text}, {}, str(nothing))


def test_judging_an_address_takes_no_time_whatever_it_is():
    for text in (
        "@" * 100_000,
        "a" * 100_000,
        "a." * 50_000 + "@",
        "a@" + "b." * 50_000,
    ):
        with pytest.raises(PermanentFailure):
            plain_address(text)


def test_an_unknown_channel_is_bad_input(configured):
    with pytest.raises(BadInput) as refusal:
        open_channel("pigeon", configured(), io.StringIO())
    assert refusal.value.hint == "use console, file, maildir, email, webhook or notify"


@pytest.mark.parametrize(
    ("name", "given", "missing"),
    [
        ("file", {}, "reminders.file"),
        ("email", {}, "smtp.sender"),
        (
            "email",
            {"smtp__sender": "r@clinic.example", "smtp__user": "r"},
            "smtp.password_file",
        ),
    ],
)
def test_a_missing_setting_is_named_with_what_mends_it(
    name, given, missing, configured
):
    with pytest.raises(Unavailable) as refusal:
        open_channel(name, configured(**given), io.StringIO())
    assert missing in refusal.value.message
    variable = "SITRACK_" + missing.replace(".", "_").upper()
    assert variable in refusal.value.hint


@pytest.mark.parametrize("option", ["smtp__password_file", "smtp__ca_file"])
@pytest.mark.parametrize("content", [None, "", "größer"])
def test_a_file_that_a_setting_names_has_to_be_usable(
    option, content, configured, tmp_path
):
    path = tmp_path / "named"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    good = tmp_path / "password"
    good.write_text("open sesame\n")
    given = {
        "smtp__sender": "r@clinic.example",
        "smtp__user": "r",
        "smtp__password_file": str(good),
        option: str(path),
    }
    with pytest.raises(Unavailable, match=option.replace("__", ".")) as refusal:
        open_channel("email", configured(**given), io.StringIO())
    assert "größer" not in refusal.value.message


def test_only_the_channel_that_is_asked_for_is_imported():
    script = (
        "import sys, sitrack.reminders.channels;"
        "print([m for m in ('smtplib', 'ssl', 'apscheduler', 'sqlalchemy')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
