"""Requests to a gateway: signed, named once and for all, and never waited for too long."""

import datetime as dt
import hashlib
import hmac
import json
import logging
import time

import pytest

from sitrack.errors import Unavailable
from sitrack.reminders.channels import PermanentFailure, TemporaryFailure
from sitrack.reminders.channels.webhook import WebhookChannel
from sitrack.reminders.wording import Message

from .gateway import HOST, Gateway, drip, hang, hang_up, said, serving
from .post_office import Authority
from .test_channels import TEXT, message

SECRET = "0123456789abcdef0123456789abcdef"
NOW = dt.datetime(2025, 1, 7, 9, tzinfo=dt.UTC)
PHONE = "+447700900461"


@pytest.fixture
def opened(tmp_path, configured, gateway):
    """Open a channel to the gateway, with other settings where given."""
    key = tmp_path / "key"
    key.write_text(f"{SECRET}\n")

    def opened(url=None, *, timeout=5.0, longest_send=10.0, **flags):
        told = {
            "webhook__url": url or f"http://{HOST}:{gateway.port}/in?clinic=1",
            "webhook__secret_file": str(key),
            **flags,
        }
        return WebhookChannel(
            configured(**told),
            timeout=timeout,
            longest_send=longest_send,
            clock=lambda: NOW,
        )

    return opened


def failure_of(channel, sent=None):
    with pytest.raises((PermanentFailure, TemporaryFailure)) as failed:
        channel.send(sent or message())
    return failed.value


def test_a_message_is_posted_with_its_key_and_can_be_verified(gateway, opened):
    assert opened().send(message(PHONE)) == "6f1ed002ab559585"
    [(first, headers, body)] = gateway.requests
    assert first == "POST /in?clinic=1 HTTP/1.1"
    assert headers["Idempotency-Key"] == "6f1ed002ab559585"
    assert json.loads(body) == {
        "schema": "sitrack.reminder/1",
        "key": "6f1ed002ab559585",
        "to": PHONE,
        "subject": TEXT,
        "body": f"{TEXT}\nsitrack show P01428-R\n",
    }
    at = str(int(NOW.timestamp()))
    expected = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256)
    assert headers["Sitrack-Signature"] == f"t={at},v1={expected.hexdigest()}"


def test_every_attempt_has_the_same_key_and_the_same_body(gateway, opened):
    gateway.answers = [said(500), said(200)]
    channel = opened()
    failure_of(channel)
    channel.send(message())
    (_, one, first), (_, two, second) = gateway.requests
    assert first == second
    assert one["Idempotency-Key"] == two["Idempotency-Key"]


def test_where_nobody_has_an_address_the_gateway_decides(gateway, opened):
    opened().send(message(""))
    assert json.loads(gateway.requests[0][2])["to"] is None


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_whatever_the_gateway_calls_success_is_success(gateway, opened, status):
    gateway.answers = [said(status)]
    opened().send(message())


@pytest.mark.parametrize("status", [400, 410, 413, 415, 422])
def test_what_is_wrong_with_the_message_stays_wrong(gateway, opened, status):
    gateway.answers = [said(status)]
    failed = failure_of(opened())
    assert isinstance(failed, PermanentFailure)
    assert failed.reason == f"http-{status}"


@pytest.mark.parametrize(
    "status", [301, 302, 307, 401, 403, 404, 405, 408, 409, 429, 500, 502, 503, 504]
)
def test_what_is_wrong_with_the_moment_or_with_us_passes(gateway, opened, status):
    gateway.answers = [said(status, f"Location: http://{HOST}:1/elsewhere")]
    failed = failure_of(opened())
    assert isinstance(failed, TemporaryFailure)
    assert failed.reason == f"http-{status}"
    assert len(gateway.requests) == 1  # a redirect is not followed


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("Tue, 07 Jan 2025 09:10:00 GMT", 600),
        ("Tue, 07 Jan 2025 08:00:00 GMT", 0),
        ("soon", 0),
        ("-5", 0),
        ("9" * 40, 0),
        ("Tue, 99 Jan 2025", 0),
    ],
)
def test_too_many_at_once_are_tried_when_the_gateway_says(
    gateway, opened, header, seconds
):
    gateway.answers = [said(429, f"Retry-After: {header}")]
    assert failure_of(opened()).retry_after == dt.timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "answer",
    [
        said(200, body=b"x", length=1_000_000),  # longer than it is
        said(200, body=b"x" * 100, length=1),  # shorter
        said(200, length=-1),
        said(200, "Transfer-Encoding: chunked", body=b"zz\r\n"),
    ],
    ids=["too long", "too short", "negative", "bad chunks"],
)
def test_a_gateway_that_lies_about_length_is_believed_about_its_status(
    gateway, opened, answer
):
    gateway.answers = [answer]
    begun = time.monotonic()
    assert opened().send(message()) == "6f1ed002ab559585"
    assert time.monotonic() - begun < 4


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (hang, "time-out"),
        (drip, "time-out"),
        (hang_up, "disconnected"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "not-understood"),
        (said(200, *(f"H{n}: x" for n in range(200))), "not-understood"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000, "not-understood"),
    ],
    ids=["hangs", "drips", "hangs up", "other tongue", "many headers", "long"],
)
def test_a_gateway_that_does_not_answer_properly_is_tried_again(
    gateway, opened, answer, reason
):
    gateway.answers = [answer]
    begun = time.monotonic()
    failed = failure_of(opened(timeout=0.5, longest_send=1.0))
    assert isinstance(failed, TemporaryFailure)
    assert failed.reason in {reason, "time-out"}
    assert time.monotonic() - begun < 4


def test_a_gateway_that_is_not_there_is_tried_again(opened):
    failed = failure_of(opened(f"http://{HOST}:1/"))
    assert isinstance(failed, TemporaryFailure)
    assert failed.reason == "unreachable"


def test_what_the_gateway_says_is_not_passed_on(gateway, opened, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    gateway.answers = [said(500, f"X-Patient: {PHONE}", body=PHONE.encode())]
    failed = failure_of(opened(), message(PHONE))
    told = f"{failed!r} {failed.__context__!r} {failed.__cause__!r} {caplog.text}"
    assert PHONE not in told + "".join(capfd.readouterr())


# --- the secured line


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def test_a_gateway_elsewhere_has_to_prove_who_it_is(authority, opened):
    with serving(Gateway(), authority.context()) as secured:
        url = f"https://{HOST}:{secured.port}/in"
        trusting = opened(url, webhook__ca_file=str(authority.ca_file))
        assert trusting.send(message()) == "6f1ed002ab559585"
        assert len(secured.requests) == 1
        failed = failure_of(opened(url))
        assert failed.reason == "certificate-not-trusted"
        assert len(secured.requests) == 1


def test_a_gateway_that_does_not_speak_tls_gets_nothing(gateway, opened):
    failed = failure_of(opened(f"https://{HOST}:{gateway.port}/in", timeout=2))
    assert failed.reason in {"tls-failed", "disconnected", "time-out"}
    assert gateway.requests == []


# --- settings


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://gateway.example/in", "not secured"),
        ("ftp://gateway.example/in", "no address"),
        ("gateway.example", "no address"),
        ("https://", "no address"),
        ("https://gateway.example:99999/", "no address"),
        ("https://gateway.example/in#part", "no address"),
        ("https://gateway.example/a b", "no address"),
        ("https://us:hush@gateway.example/in", "holds a login"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(opened, url, why):
    with pytest.raises(Unavailable, match=why) as refusal:
        opened(url)
    assert "hush" not in str(refusal.value)


def test_a_short_or_missing_key_is_refused(opened, tmp_path):
    short = tmp_path / "short"
    short.write_text("hush\n")
    for path in (short, tmp_path / "none"):
        with pytest.raises(Unavailable) as refusal:
            opened(webhook__secret_file=str(path))
        assert "hush" not in str(refusal.value)


def test_a_message_that_cannot_be_forged_stays_one_request(gateway, opened):
    text = 'line\r\nHost: evil"}'
    with pytest.raises(ValueError, match="one line"):
        Message(PHONE, text, text, "6f1ed002")
    opened().send(Message(PHONE, "plain", text, "6f1ed002"))
    assert json.loads(gateway.requests[0][2])["body"] == text
