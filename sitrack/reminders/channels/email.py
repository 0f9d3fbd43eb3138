"""Reminders by e-mail: one message to one person over a line that is always secured.

The idempotency key is the Message-ID, so that a message that had to be handed over
twice is recognised as one by the mail systems behind. Nothing is ever sent in clear:
a server that cannot prove who it is gets no message, no password and no address.
"""

from __future__ import annotations

import contextlib
import io
import re
import smtplib
import ssl
import time
from email.message import EmailMessage
from typing import Any, Final

from sitrack.clock import Clock, machine_clock
from sitrack.reminders.channels import (
    DeliveryFailure,
    PermanentFailure,
    TemporaryFailure,
    needed,
    plain_address,
)
from sitrack.reminders.channels.hurry import Pieces, hurry
from sitrack.reminders.channels.mail import mail_of
from sitrack.reminders.channels.trust import secret, trust
from sitrack.reminders.wording import Message
from sitrack.settings import Settings

TIMEOUT: Final = 10.0
"""Seconds that the server may take for each single answer."""

LONGEST_SEND: Final = 90.0
"""Seconds that all answers together may take, from the greeting to the receipt."""

_WORDS: Final = (
    (ssl.SSLCertVerificationError, "certificate-not-trusted"),
    (ssl.SSLError, "tls-failed"),
    (TimeoutError, "time-out"),
    (smtplib.SMTPServerDisconnected, "disconnected"),
    (smtplib.SMTPResponseException, "not-understood"),
    (smtplib.SMTPRecipientsRefused, "not-understood"),
    (smtplib.SMTPException, "no-auth"),  # what is left: no login, or none we know
)
"""What to call a failure without a reply code; the first that fits."""


class EmailChannel:
    """Hands messages to a mail server, over one connection as long as it lasts.

    Raises:
        Unavailable: a setting is missing, or a file that it names cannot be used.
    """

    name = "email"

    def __init__(
        self,
        settings: Settings,
        *,
        timeout: float = TIMEOUT,
        longest_send: float = LONGEST_SEND,
        clock: Clock = machine_clock,
    ) -> None:
        self._host = needed(settings, "smtp.host", self.name)
        self._port: int = settings["smtp.port"]
        self._wrapped: bool = settings["smtp.security"] == "tls"
        self._sender = needed(settings, "smtp.sender", self.name)
        self._domain = self._sender.rpartition("@")[2]
        self._user = str(settings["smtp.user"])
        self._password = (
            secret(settings, "smtp.password_file", self.name) if self._user else ""
        )
        self._trust = trust(settings, "smtp.ca_file")
        self._timeout = timeout
        self.longest_send = longest_send
        self._clock = clock
        self._connection: _Line | None = None

    def send(self, message: Message) -> str:
        """Hand one message to the server; the reference is its Message-ID."""
        recipient = plain_address(message.recipient_address)
        mail = mail_of(message, self._sender, recipient, self._clock)
        try:
            self._deliver(mail, recipient)
        except (OSError, UnicodeError) as error:
            failure = _judged(error)
        else:
            return str(mail["Message-ID"])
        # Raised out here: what the server said must not travel along as its context.
        raise failure

    def close(self) -> None:
        """Take leave of the server, if it is still there."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.ends = time.monotonic() + self._timeout
            with contextlib.suppress(OSError):
                connection.quit()
            connection.close()

    def _deliver(self, mail: EmailMessage, recipient: str) -> None:
        ends = time.monotonic() + self.longest_send
        connection = self._still_open(ends) or self._connected(ends)
        try:
            connection.sendmail(self._sender, [recipient], mail.as_bytes())
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def _still_open(self, ends: float) -> _Line | None:
        connection, self._connection = self._connection, None
        if connection is None:
            return None
        connection.ends = ends
        with contextlib.suppress(OSError):
            if connection.noop()[0] == 250:
                return connection
        connection.close()
        return None

    def _connected(self, ends: float) -> _Line:
        connection = self._dialled(ends)
        try:
            if not self._wrapped:
                self._secure(connection)
            if self._user:
                connection.login(self._user, self._password)
        except BaseException:
            connection.close()
            raise
        return connection

    def _dialled(self, ends: float) -> _Line:
        # The name we greet with is the sender's domain: looking up our own could
        # hang, and would tell the server what this machine is called.
        if self._wrapped:
            return _SecuredLine(
                ends,
                self._host,
                self._port,
                local_hostname=self._domain,
                timeout=self._timeout,
                context=self._trust,
            )
        return _Line(
            ends,
            self._host,
            self._port,
            local_hostname=self._domain,
            timeout=self._timeout,
        )

    def _secure(self, connection: _Line) -> None:
        connection.ehlo_or_helo_if_needed()
        if not connection.has_extn("starttls"):
            raise TemporaryFailure("no-starttls")
        connection.starttls(context=self._trust)


class _Line(smtplib.SMTP):
    """A conversation that ends in time.

    Attributes:
        ends: on the clock of `time.monotonic`.
    """

    def __init__(self, ends: float, *args: Any, **options: Any) -> None:
        self.ends = ends
        super().__init__(*args, **options)

    def hurry(self) -> None:
        """Allow the next piece no more than the time that is left."""
        hurry(self.sock, self.timeout, self.ends)

    def send(self, s: Any) -> None:
        """Say something, if there is still time."""
        self.hurry()
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        """Hear the answer to its end, if there is still time."""
        if self.file is None:
            self.file = io.BufferedReader(Pieces(self))
        return super().getreply()


class _SecuredLine(_Line, smtplib.SMTP_SSL):
    """The same, secured from its first byte."""


_ABOUT_US: Final = (
    smtplib.SMTPAuthenticationError,
    smtplib.SMTPConnectError,
    smtplib.SMTPHeloError,
    smtplib.SMTPSenderRefused,
)
"""What a server says to us before it has heard of any recipient or message."""


def _judged(error: Exception) -> DeliveryFailure:
    """Say in a code of our own what happened, and whether trying again can help."""
    code = _reply_code(error)
    if isinstance(error, _ABOUT_US):
        # A rotated password, say: the messages are well, and wait until it is mended.
        return TemporaryFailure(f"smtp-{code}")
    if not 200 <= code <= 599:
        return TemporaryFailure(_word_for(error))
    if 550 <= code <= 559:
        if why := _why_about_us(_reply_text(error)):
            return TemporaryFailure(f"smtp-{code}-{why}")
        return PermanentFailure(f"smtp-{code}")
    # Of the refusals for good, those about the mail itself have a 5 in the middle; the
    # others are about syntax, the line or the login: about us, again.
    return TemporaryFailure(f"smtp-{code}")


_POLICY: Final = re.compile(rb"5\.(?:7\.\d{1,3}|1\.[78])\b")
"""Refused by policy [RFC 3463]: we may not relay here, or the sender is not welcome."""


def _why_about_us(reply: bytes) -> str | None:
    """Return why a refusal is about how we are set up, and not about the recipient.

    Else a forgotten login would give up every reminder at its first try. Of what the
    server says, only the numbers of the standard are passed on.
    """
    if found := _POLICY.match(reply):
        return found.group().decode("ascii")
    return "relay" if b"relay" in reply.lower() else None


def _reply_text(error: Exception) -> bytes:
    """Return what the server said beside its code."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        said = next((text for _, text in error.recipients.values()), b"")
    else:
        said = getattr(error, "smtp_error", b"")
    return said if isinstance(said, bytes) else b""


def _reply_code(error: Exception) -> int:
    """Return what the server answered; -1 if it did not, or not in SMTP."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next((code for code, _ in error.recipients.values()), -1)
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code
    return -1


def _word_for(error: Exception) -> str:
    # smtplib reports a time-out while reading as a lost connection.
    told = error.__context__ if isinstance(error.__context__, TimeoutError) else error
    return next(
        (word for kind, word in _WORDS if isinstance(told, kind)), "unreachable"
    )
