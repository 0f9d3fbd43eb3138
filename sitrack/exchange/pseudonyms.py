"""What people, episodes and moments are called in an export.

By default nobody is named: each export has a secret of its own, and what is made of a
key by it cannot be joined with what another export made. The secret is no part of the
record; whoever keeps it can make the same export again, and find a patient in it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import os
import secrets
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sitrack.clock import day_of, start_of
from sitrack.errors import BadInput
from sitrack.exchange.files import new_file
from sitrack.journey.entries import Occurred
from sitrack.journey.patient import EpisodeKey

SECRET_BYTES: Final = 32
_NOON: Final = dt.time(12)
_LENGTH: Final = 16


@dataclass(frozen=True)
class Names:
    """How an export calls what the record knows by its keys.

    Attributes:
        zone: the clinic's zone.
        secret: makes the pseudonyms; None where everything keeps its own name.
        shift_days: each patient's days are moved by up to so many, all by the same:
            what lies between two of them stays as it was.
    """

    zone: dt.tzinfo
    secret: bytes | None = None
    shift_days: int = 0

    @property
    def are_real(self) -> bool:
        """Whether keys, staff and moments stand in the export as they are."""
        return self.secret is None

    def patient(self, key: str) -> str:
        """Return what a patient is called."""
        return key if self.are_real else f"p{self._alias('patient', key)}"

    def episode(self, key: EpisodeKey) -> str:
        """Return what an episode is called: the side stays in it."""
        side = str(key).partition("-")[2]
        return f"{self.patient(key.patient)}-{side}"

    def staff(self, staff_id: str) -> str:
        """Return what a member of staff is called."""
        return staff_id if self.are_real else f"s{self._alias('staff', staff_id)}"

    def entry(self, entry_id: str) -> str:
        """Return the name of an entry, as a UUID."""
        if self.are_real:
            return str(uuid.UUID(entry_id))
        return str(uuid.UUID(bytes=self._digest("entry", entry_id)[:16], version=4))

    def act(self, entry_id: str, patient: str | None) -> str:
        """Return the name of what somebody did, as far as it was about a patient.

        Hidden, it does not say that two patients were seen by the same act.
        """
        if self.are_real:
            return "-".join([self.entry(entry_id), *([patient] if patient else [])])
        return self.entry(f"{entry_id}/{patient or ''}")

    def day(self, patient: str, day: dt.date) -> dt.date:
        """Return a day in the life of a patient."""
        if not self.shift_days or self.are_real:
            return day
        number = int.from_bytes(self._digest("days", patient)[:8])
        return day + dt.timedelta(number % (2 * self.shift_days + 1) - self.shift_days)

    def happened(self, patient: str, occurred: Occurred) -> tuple[dt.datetime, bool]:
        """Return (when it happened, whether the time of day is known).

        Of a day without a time, and of any moment where nobody is named, it is noon:
        a moment to the microsecond would say in two exports who is who.
        """
        exact = isinstance(occurred, dt.datetime) and self.are_real
        if isinstance(occurred, dt.datetime) and exact:
            return occurred.astimezone(self.zone), True
        if isinstance(occurred, dt.datetime):
            occurred = day_of(occurred, self.zone)
        noon = start_of(self.day(patient, occurred), self.zone, _NOON)
        return noon.astimezone(self.zone), False

    def _alias(self, kind: str, name: str) -> str:
        return self._digest(kind, name).hex()[:_LENGTH]

    def _digest(self, kind: str, name: str) -> bytes:
        text = f"sitrack/pseudonym/1\n{kind}\n{name}".encode()
        return hmac.digest(self.secret or b"", text, hashlib.sha256)


def new_secret() -> bytes:
    """Return a secret for one export."""
    return secrets.token_bytes(SECRET_BYTES)


def kept_secret(path: str) -> bytes:
    """Return the secret of a file, or make both: who keeps it can export the same again.

    Raises:
        BadInput: it holds no secret, others may read it, or it cannot be made.
    """
    place = Path(path)
    if not place.exists():
        made = new_secret()
        with new_file(place, "--secret-file") as file:
            file.write(made.hex().encode() + b"\n")
        return made
    try:
        if os.name == "posix" and place.stat().st_mode & 0o077:
            raise BadInput(
                "others on this machine may read the secret", "chmod 600 the file"
            )
        secret = bytes.fromhex(place.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        raise BadInput("the file holds no secret of an export") from None
    if len(secret) != SECRET_BYTES:
        raise BadInput("the file holds no secret of an export")
    return secret
