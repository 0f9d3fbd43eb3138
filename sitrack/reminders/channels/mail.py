"""A reminder as an e-mail: its key is the Message-ID, so that a repeat is recognised."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from sitrack.clock import Clock
from sitrack.reminders.wording import Message


def mail_of(
    message: Message, sender: str, recipient: str, clock: Clock
) -> EmailMessage:
    """Return the e-mail of a reminder.

    Args:
        message: what it says.
        sender: one plain address.
        recipient: one plain address.
        clock: for its date.
    """
    mail = EmailMessage(SMTP)
    mail["From"] = sender
    mail["To"] = recipient
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(clock())
    mail["Message-ID"] = f"<{message.key}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.body)
    return mail
