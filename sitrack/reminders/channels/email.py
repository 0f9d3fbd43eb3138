"""Reminders by e-mail: one message to one person over a line that is always secured.

The idempotency key is the Message-ID, so that a message that had to be handed over
twice is recognised as one by the mail systems behind. Nothing is ever sent in clear:
a server that cannot prove who it is gets no message, no password and no address.
"""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from pathlib import Path
from typing import Final

from sitrack.clock import Clock, machine_clock
from sitrack.errors import Unavailable
from sitrack.reminders.channels import (
    DeliveryFailure,
    PermanentFailure,
    TemporaryFailure,
    needed,
    plain_address,
)
from sitrack.reminders.wording import Message
from sitrack.settings import Settings

TIMEOUT: Final = 10.0
"""Seconds that the server may take for each single answer."""

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
        clock: Clock = machine_clock,
    ) -> None:
        self._host = needed(settings, "smtp.host", self.name)
        self._port: int = settings["smtp.port"]
        self._wrapped: bool = settings["smtp.security"] == "tls"
        self._sender = _sender(settings)
        self._domain = self._sender.rpartition("@")[2]
        self._user = str(settings["smtp.user"])
        self._password = _password(settings) if self._user else ""
        self._trust = _trust(str(settings["smtp.ca_file"]))
        self._timeout = timeout
        self._clock = clock
        self._connection: smtplib.SMTP | None = None

    def send(self, message: Message) -> str:
        """Hand one message to the server; the reference is its Message-ID."""
        recipient = plain_address(message.recipient_address)
        mail = self._mail(message, recipient)
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
            with contextlib.suppress(OSError):
                connection.quit()
            connection.close()

    def _mail(self, message: Message, recipient: str) -> EmailMessage:
        mail = EmailMessage(SMTP_POLICY)
        mail["From"] = self._sender
        mail["To"] = recipient
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(self._clock())
        mail["Message-ID"] = f"<{message.key}@{self._domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.body)
        return mail

    def _deliver(self, mail: EmailMessage, recipient: str) -> None:
        connection = self._still_open() or self._connected()
        try:
            connection.sendmail(self._sender, [recipient], mail.as_bytes())
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def _still_open(self) -> smtplib.SMTP | None:
        connection, self._connection = self._connection, None
        if connection is None:
            return None
        with contextlib.suppress(OSError):
            if connection.noop()[0] == 250:
                return connection
        connection.close()
        return None

    def _connected(self) -> smtplib.SMTP:
        connection = self._dialled()
        try:
            if not self._wrapped:
                self._secure(connection)
            if self._user:
                connection.login(self._user, self._password)
        except BaseException:
            connection.close()
            raise
        return connection

    def _dialled(self) -> smtplib.SMTP:
        # The name we greet with is the sender's domain: looking up our own could
        # hang, and would tell the server what this machine is called.
        if self._wrapped:
            return smtplib.SMTP_SSL(
                self._host,
                self._port,
                local_hostname=self._domain,
                timeout=self._timeout,
                context=self._trust,
            )
        return smtplib.SMTP(
            self._host, self._port, local_hostname=self._domain, timeout=self._timeout
        )

    def _secure(self, connection: smtplib.SMTP) -> None:
        connection.ehlo_or_helo_if_needed()
        if not connection.has_extn("starttls"):
            raise TemporaryFailure("no-starttls")
        connection.starttls(context=self._trust)


_ABOUT_US: Final = (
    smtplib.SMTPAuthenticationError,
    smtplib.SMTPConnectError,
    smtplib.SMTPHeloError,
)
"""What a server says to us before it has seen any message."""


def _judged(error: Exception) -> DeliveryFailure:
    """Say in a code of our own what happened, and whether trying again can help."""
    code = _reply_code(error)
    if isinstance(error, _ABOUT_US):
        # A rotated password, say: the messages are well, and wait until it is mended.
        return TemporaryFailure(f"smtp-{code}")
    if not 200 <= code <= 599:
        return TemporaryFailure(_word_for(error))
    if 500 <= code <= 599:
        return PermanentFailure(f"smtp-{code}")
    return TemporaryFailure(f"smtp-{code}")


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


def _sender(settings: Settings) -> str:
    try:
        return plain_address(needed(settings, "smtp.sender", EmailChannel.name))
    except PermanentFailure:
        raise Unavailable(
            "the setting smtp.sender is not a plain address",
            "use letters of ASCII, such as reminders@clinic.example",
        ) from None


def _password(settings: Settings) -> str:
    path = needed(settings, "smtp.password_file", EmailChannel.name)
    try:
        password = Path(path).read_text(encoding="ascii").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        password = ""
    if not password:
        raise Unavailable(
            f"the file {path} of the setting smtp.password_file holds no password",
            "put the password alone into that file, in ASCII, readable to this account",
        )
    return password


def _trust(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError:
            raise Unavailable(
                f"the file {ca_file} of the setting smtp.ca_file holds no certificate",
                "name a readable file of certificates in PEM form",
            ) from None
    return context
