"""Reminders as signed requests: one POST for each message, to a gateway of the clinic.

The idempotency key stands in a header, so that a message that had to be posted twice
is recognised as one. The signature covers the time and the whole body: whoever holds
the key knows that the request is ours, and of when. A redirect is never followed, and
nothing that the gateway says is read beyond its status and how long to wait.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import hmac
import http.client
import io
import json
import socket
import ssl
import time
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from sitrack.clock import Clock, machine_clock
from sitrack.errors import Unavailable
from sitrack.reminders.channels import (
    DeliveryFailure,
    PermanentFailure,
    TemporaryFailure,
    needed,
)
from sitrack.reminders.channels.hurry import Pieces, hurry
from sitrack.reminders.channels.trust import secret, trust
from sitrack.reminders.wording import Message
from sitrack.settings import Settings

TIMEOUT: Final = 10.0
"""Seconds that the gateway may take for each piece."""

LONGEST_SEND: Final = 30.0
"""Seconds that all of it may take, from the connection to the status."""

_SHORTEST_SECRET: Final = 16
_OURSELVES: Final = {"localhost", "127.0.0.1", "::1"}
_ABOUT_THE_MESSAGE: Final = {400, 410, 413, 415, 422}
"""What a gateway answers to a message that it will never take. Every other refusal is
about us or about the moment: a rotated key, a moved address, too many at once."""


class WebhookChannel:
    """Posts messages to one address, over a connection of its own for each.

    Raises:
        Unavailable: a setting is missing or cannot be used.
    """

    name = "webhook"

    def __init__(
        self,
        settings: Settings,
        *,
        timeout: float = TIMEOUT,
        longest_send: float = LONGEST_SEND,
        clock: Clock = machine_clock,
    ) -> None:
        self._url = _address(needed(settings, "webhook.url", self.name))
        self._key = secret(settings, "webhook.secret_file", self.name).encode()
        if len(self._key) < _SHORTEST_SECRET:
            raise Unavailable(
                "the key of the webhook's signature is too short",
                f"at least {_SHORTEST_SECRET} characters: openssl rand -hex 32",
            )
        self._trust = trust(settings, "webhook.ca_file")
        self._timeout = timeout
        self.longest_send = longest_send
        self._clock = clock

    def send(self, message: Message) -> str:
        """Post one message; the reference is its key."""
        body = json.dumps(
            {
                "schema": "sitrack.reminder/1",
                "key": message.key,
                "to": message.recipient_address or None,
                "subject": message.subject,
                "body": message.body,
            }
        ).encode("ascii")
        try:
            failure = _judged(*self._post(body, message.key), self._clock())
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            failure = TemporaryFailure(_word_for(error))
        # Raised out here: what the gateway said must not travel along as its context.
        if failure is not None:
            raise failure
        return message.key

    def close(self) -> None:
        """Do nothing: no connection is held open between messages."""

    def _post(self, body: bytes, key: str) -> tuple[int, str | None]:
        """Return the status, and what the gateway says of when to come back."""
        at = str(int(self._clock().timestamp()))
        signed = hmac.new(self._key, at.encode() + b"." + body, hashlib.sha256)
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            "Sitrack-Signature": f"t={at},v1={signed.hexdigest()}",
            "User-Agent": "sitrack",
            "Connection": "close",
        }
        path = self._url.path or "/"
        target = f"{path}?{self._url.query}" if self._url.query else path
        line = _Line(self._url, self._trust, self._timeout, self.longest_send)
        with contextlib.closing(line):
            line.request("POST", target, body, headers)
            answer = line.getresponse()
            return answer.status, answer.getheader("Retry-After")


class _Line(http.client.HTTPConnection):
    """A connection whose conversation ends in time."""

    def __init__(
        self, url: SplitResult, context: ssl.SSLContext, timeout: float, longest: float
    ) -> None:
        self._secured = url.scheme == "https"
        self._context = context
        self._ends = time.monotonic() + longest
        port = url.port or (443 if self._secured else 80)
        super().__init__(url.hostname or "", port, timeout=timeout)

    def connect(self) -> None:
        """Connect, secured where the address says so."""
        super().connect()
        if self._secured:
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host)
        self.sock = _Hurried(self.sock, self.timeout or TIMEOUT, self._ends)


class _Hurried:
    """A socket that the library may read and write, while there is time."""

    def __init__(self, sock: socket.socket, longest: float, ends: float) -> None:
        self.sock: socket.socket | None = sock
        self._longest, self._ends = longest, ends

    def hurry(self) -> None:
        """Allow the next piece no more than the time that is left."""
        hurry(self.sock, self._longest, self._ends)

    def sendall(self, data: bytes) -> None:
        """Say something, if there is still time."""
        self.hurry()
        if self.sock is not None:
            self.sock.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return what the answer is read from."""
        return io.BufferedReader(Pieces(self))

    def close(self) -> None:
        """Close the socket."""
        if self.sock is not None:
            self.sock.close()


def _address(text: str) -> SplitResult:
    try:
        url = urlsplit(text)
        is_url = url.scheme in {"http", "https"} and bool(url.hostname)
        is_url = is_url and url.port != 0 and not url.fragment
    except ValueError:
        is_url = False
    if not is_url or not text.isascii() or " " in text:
        raise Unavailable(
            "the setting webhook.url is no address",
            "such as https://gateway.example/in",
        )
    if url.username or url.password:
        raise Unavailable(
            "the setting webhook.url holds a login",
            "take it out: requests are signed with the key in webhook.secret_file",
        )
    if url.scheme == "http" and url.hostname not in _OURSELVES:
        raise Unavailable(
            "the setting webhook.url is not secured",
            "use https; http is for a gateway on this machine",
        )
    return url


def _judged(
    status: int, retry_after: str | None, now: dt.datetime
) -> DeliveryFailure | None:
    """Say whether it went, and if not, whether trying again can help."""
    if 200 <= status <= 299:
        return None
    if status in _ABOUT_THE_MESSAGE:
        return PermanentFailure(f"http-{status}")
    return TemporaryFailure(f"http-{status}", _wait(retry_after, now))


def _wait(retry_after: str | None, now: dt.datetime) -> dt.timedelta:
    """How long to wait, as seconds or as a date; nothing where it makes no sense."""
    none = dt.timedelta(0)
    if retry_after is None:
        return none
    if retry_after.isdecimal() and len(retry_after) < 9:
        return dt.timedelta(seconds=int(retry_after))
    try:
        return max(parsedate_to_datetime(retry_after) - now, none)
    except (ValueError, TypeError, OverflowError):
        return none


_WORDS: Final[tuple[tuple[Any, str], ...]] = (
    (ssl.SSLCertVerificationError, "certificate-not-trusted"),
    (ssl.SSLError, "tls-failed"),
    (TimeoutError, "time-out"),
    (http.client.RemoteDisconnected, "disconnected"),
    (http.client.HTTPException, "not-understood"),
    (ConnectionResetError, "disconnected"),
    (BrokenPipeError, "disconnected"),
    (UnicodeError, "not-understood"),
)
"""What to call a failure without a status; the first that fits."""


def _word_for(error: Exception) -> str:
    return next(
        (word for kind, word in _WORDS if isinstance(error, kind)), "unreachable"
    )
