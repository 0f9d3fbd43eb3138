"""Services that apprise knows are told, each recipient at their own address."""

import io
import json
import logging
import sys

import pytest

from sitrack.errors import Unavailable
from sitrack.reminders.channels import (
    PermanentFailure,
    TemporaryFailure,
    open_channel,
)

from .gateway import HOST, said
from .test_channels import TEXT, message

PHONE = "+447700900461"


@pytest.fixture
def opened(tmp_path, configured, gateway):
    """Open the channel with these services; `PORT` is the gateway's."""

    def opened(*services):
        urls = tmp_path / "services"
        lines = [each.replace("PORT", str(gateway.port)) for each in services]
        urls.write_text("# the clinic's\n\n" + "\n".join(lines) + "\n")
        values = configured(notify__urls_file=str(urls))
        return open_channel("notify", values, io.StringIO())

    return opened


def test_a_service_is_told_what_there_is_to_tell(gateway, opened):
    channel = opened(f"json://{HOST}:PORT/chat")
    assert channel.send(message()) == "6f1ed002ab559585"
    channel.close()
    [(first, _, body)] = gateway.requests
    assert first.startswith("POST /chat")
    told = json.loads(body)
    assert (told["title"], told["message"]) == ("", f"{TEXT}\nsitrack show P01428-R")


def test_the_recipients_own_number_takes_its_place(gateway, opened):
    opened(f"json://{HOST}:PORT/sms/{{to}}").send(message(PHONE))
    [(first, _, _)] = gateway.requests
    assert first.split()[1] in {"/sms/%2B447700900461", "/sms/+447700900461"}


def test_where_nobody_has_an_address_only_the_others_are_told(gateway, opened):
    both = opened(f"json://{HOST}:PORT/sms/{{to}}", f"json://{HOST}:PORT/chat")
    both.send(message(""))
    assert [first.split()[1] for first, _, _ in gateway.requests] == ["/chat"]
    with pytest.raises(PermanentFailure, match="no-address"):
        opened(f"json://{HOST}:PORT/sms/{{to}}").send(message(""))


def test_a_service_that_fails_is_tried_again_and_its_words_stay_there(
    gateway, opened, caplog, capfd
):
    caplog.set_level(logging.DEBUG)
    gateway.answers = [said(500, body=PHONE.encode())]
    with pytest.raises(TemporaryFailure, match="not-delivered") as failed:
        opened(f"json://{HOST}:PORT/sms/{{to}}").send(message(PHONE))
    told = f"{failed.value!r}{failed.value.__context__!r}{caplog.text}"
    assert PHONE[1:] not in told + "".join(capfd.readouterr())


def test_a_service_that_nobody_knows_is_refused_without_repeating_it(opened):
    with pytest.raises(Unavailable, match="service 2 in") as refusal:
        opened(f"json://{HOST}:PORT/", "nonsense://token-of-ours")
    assert "token-of-ours" not in str(refusal.value)


def test_a_file_without_a_service_is_refused(opened):
    with pytest.raises(Unavailable, match="names no service"):
        opened()


def test_without_the_library_it_says_what_to_install(opened, monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(Unavailable) as refusal:
        opened("json://localhost/")
    assert refusal.value.hint == "pip install 'sitrack[notify]'"
