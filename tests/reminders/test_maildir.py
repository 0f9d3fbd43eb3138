"""A maildir holds each message once, whole, under its key."""

import io
import mailbox
import stat
import threading

import pytest

from sitrack.errors import Unavailable
from sitrack.reminders.channels import (
    PermanentFailure,
    TemporaryFailure,
    open_channel,
)

from .test_channels import TEXT, message

KEY = "6f1ed002ab559585"


@pytest.fixture
def opened(tmp_path, configured):
    def opened(folder=tmp_path / "mail", **flags):
        told = {"reminders__maildir": str(folder), "clinic__address": "desk@c.example"}
        return open_channel("maildir", configured(**{**told, **flags}), io.StringIO())

    return opened


def test_a_message_is_a_mail_that_others_can_read(opened, tmp_path):
    assert opened().send(message()) == KEY
    [mail] = mailbox.Maildir(tmp_path / "mail")
    assert mail["To"] == "amy@clinic.example"
    assert mail["From"] == "desk@c.example"
    assert mail["Subject"] == TEXT
    assert mail["Message-ID"] == f"<{KEY}@c.example>"
    assert mail.get_payload() == f"{TEXT}\nsitrack show P01428-R\n"
    [path] = (tmp_path / "mail" / "new").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list((tmp_path / "mail" / "tmp").iterdir()) == []


def test_a_repeat_is_the_same_mail(opened, tmp_path):
    channel = opened()
    for _ in range(3):
        channel.send(message())
    assert len(mailbox.Maildir(tmp_path / "mail")) == 1


def test_a_repeat_of_what_was_read_already_is_not_put_there_again(opened, tmp_path):
    channel = opened()
    channel.send(message())
    folder = tmp_path / "mail"
    (folder / "new" / KEY).rename(folder / "cur" / f"{KEY}:2,S")
    assert channel.send(message()) == KEY
    assert list((folder / "new").iterdir()) == []


def test_many_at_once_are_each_there_once(opened, tmp_path):
    keys = [f"{number:08x}" for number in range(40)]

    def send():
        channel = opened()
        for key in keys:
            channel.send(message(key=key))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = sorted(path.name for path in (tmp_path / "mail" / "new").iterdir())
    assert names == keys
    assert list((tmp_path / "mail" / "tmp").iterdir()) == []


def test_without_an_address_nothing_is_written(opened, tmp_path):
    with pytest.raises(PermanentFailure, match="address-refused"):
        opened().send(message(""))
    assert len(mailbox.Maildir(tmp_path / "mail")) == 0


def test_a_folder_that_goes_away_is_a_temporary_failure(opened, tmp_path):
    channel = opened()
    (tmp_path / "mail" / "new").rmdir()
    with pytest.raises(TemporaryFailure, match="maildir-enoent"):
        channel.send(message())
    assert list((tmp_path / "mail" / "tmp").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_refused(opened, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="cannot be made"):
        opened(tmp_path / "file" / "mail")
    with pytest.raises(Unavailable, match=r"clinic\.address"):
        opened(clinic__address=None)
