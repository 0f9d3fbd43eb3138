"""What a channel keeps in files: secrets, and the certificates that it trusts."""

from __future__ import annotations

import ssl
from pathlib import Path

from sitrack.errors import Unavailable
from sitrack.reminders.channels import needed
from sitrack.settings import Settings


def secret(settings: Settings, option: str, channel: str) -> str:
    """Return the one line of the file that a setting names.

    Raises:
        Unavailable: the setting is empty, or the file holds no such line.
    """
    path = needed(settings, option, channel)
    try:
        found = Path(path).read_text(encoding="ascii").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        found = ""
    if not found:
        raise Unavailable(
            f"the file {path} of the setting {option} holds no password",
            "put the password alone into that file, in ASCII, readable to this account",
        )
    return found


def trust(settings: Settings, option: str) -> ssl.SSLContext:
    """Return what a server has to prove itself by.

    Raises:
        Unavailable: the setting names a file without certificates.
    """
    context = ssl.create_default_context()
    path = str(settings[option])
    if path:
        try:
            context.load_verify_locations(cafile=path)
        except OSError:
            raise Unavailable(
                f"the file {path} of the setting {option} holds no certificate",
                "name a readable file of certificates in PEM form",
            ) from None
    return context
