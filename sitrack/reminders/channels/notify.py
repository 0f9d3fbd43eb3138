"""Reminders through the services that apprise knows: text messages, chats, pagers.

The services stand one by one in a file, as apprise writes them, because their
addresses hold passwords. Where one holds `{to}`, the recipient's own number or address
is put in its place; one without is told whatever there is to tell. What apprise says
about it is not passed on: it may repeat addresses.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sitrack.errors import Unavailable
from sitrack.reminders.channels import PermanentFailure, TemporaryFailure, needed
from sitrack.reminders.wording import Message
from sitrack.settings import Settings

_TO = "{to}"


class NotifyChannel:
    """Hands each message to every service of the file.

    Raises:
        Unavailable: apprise is not installed, or the file names no service it knows.
    """

    name = "notify"
    longest_send = 60.0

    def __init__(self, settings: Settings) -> None:
        path = needed(settings, "notify.urls_file", self.name)
        self._apprise = _apprise()
        self._urls = _urls(path)
        self._refuse_unknown(path)

    def send(self, message: Message) -> str:
        """Hand the message over; the reference is its key."""
        urls = self._urls_for(message.recipient_address)
        if not urls:
            raise PermanentFailure("no-address")
        body = message.body.rstrip("\n")
        title = "" if body.startswith(message.subject) else message.subject
        with _silence():
            services = self._apprise.Apprise()
            if not all(services.add(url) for url in urls):
                raise PermanentFailure("address-refused")
            if not services.notify(body=body, title=title):
                raise TemporaryFailure("not-delivered")
        return message.key

    def close(self) -> None:
        """Do nothing: no connection is held open between messages."""

    def _urls_for(self, address: str) -> Sequence[str]:
        if not address:
            return [url for url in self._urls if _TO not in url]
        return [url.replace(_TO, quote(address, safe="")) for url in self._urls]

    def _refuse_unknown(self, path: str) -> None:
        for number, url in enumerate(self._urls, start=1):
            with _silence():
                known = self._apprise.Apprise().add(url.replace(_TO, "15551234567"))
            if not known:
                raise Unavailable(
                    f"service {number} in {path} is none that apprise knows",
                    "one service a line, as in its documentation",
                )


def _apprise() -> Any:
    try:
        import apprise
    except ImportError:
        raise Unavailable(
            "this installation cannot notify services", "pip install 'sitrack[notify]'"
        ) from None
    return apprise


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Let nobody log what apprise and the libraries below it have to say."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _urls(path: str) -> list[str]:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    found = [line.strip() for line in lines]
    found = [line for line in found if line and not line.startswith("#")]
    if not found:
        raise Unavailable(
            f"the file {path} of the setting notify.urls_file names no service",
            "one service a line, readable to this account",
        )
    return found
