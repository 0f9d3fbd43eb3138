"""A witness: an auditor's machine that remembers how far the log had come.

Each time it looks, it checks that the log extends what it saw before, co-signs the new
head, and keeps it in a folder of its own. Whoever rewrites the record, and all its
seals, even with the key that sealed it, cannot rewrite what a witness keeps.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection

from sitrack.errors import BadInput, NotFound, Unavailable
from sitrack.record.faults import Fault
from sitrack.record.keys import Signer, Trusted
from sitrack.record.ledger import Ledger
from sitrack.record.log_checks import LogCheck, Seen
from sitrack.record.notes import NotANote, Note, read_head, read_note

_LARGEST_FILE = 100_000


def kept_file(folder: Path, ledger_id: str) -> Path:
    """Return the file in which a witness keeps the head of a record's log."""
    return folder / f"{ledger_id}.note"


def read_seen(path: Path) -> Seen:
    """Return the head that a witness keeps in a file.

    Raises:
        BadInput: it cannot be read, or is no signed head.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            note = read_note(file.read(_LARGEST_FILE))
        read_head(note.text)
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from None
    except (NotANote, UnicodeDecodeError):
        raise BadInput(f"{path} holds no signed head of a log") from None
    return Seen(note, path.name)


def observe(
    connection: Connection,
    ledger: Ledger,
    trusted: Sequence[Trusted],
    before: Seen | None,
) -> tuple[Note, list[Fault]]:
    """Return the last head of the log, and what does not hold of it.

    Args:
        connection: a transaction that reads one consistent state.
        ledger: the record.
        trusted: the keys that its log is trusted to be signed by.
        before: what this witness saw last; None the first time.

    Raises:
        NotFound: nothing was ever sealed.
    """
    log = LogCheck(ledger.ledger_id, trusted, [before] if before else [])
    faults = list(log.faults(connection))
    if log.last is None and not faults:
        raise NotFound("nothing was sealed yet", "sitrack audit seal")
    note = Note("", ()) if log.last is None else read_note(log.last.note)
    return note, faults


def cosigned(note: Note, signer: Signer, seconds: int) -> Note:
    """Return the head with the witness's own signature below those of the log."""
    return Note(note.text, (*note.signatures, signer.cosigned(note.text, seconds)))


def keep(path: Path, note: Note) -> None:
    """Keep a head in a file, in the place of the one before; whole or not at all.

    Raises:
        Unavailable: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(str(note))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError as error:
        raise Unavailable(f"cannot write {path}: {error.strerror}") from None
