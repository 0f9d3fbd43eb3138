"""Sealing the record, making and rotating its keys, and witnessing it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sitrack.coordination.people import Author, provenance
from sitrack.errors import NotFound, NotPermitted, VerificationFailed
from sitrack.journey.entries import Entry, Provenance
from sitrack.record import keyring, keys, seal, witness
from sitrack.record.connection import file_of
from sitrack.record.faults import Fault
from sitrack.record.journal import Work, writing
from sitrack.record.keyring import Registered
from sitrack.record.keys import Signer, Trusted
from sitrack.record.ledger import Ledger, present_instant, reading
from sitrack.record.notes import COSIGNATURE, Head, PublicKey, read_head
from sitrack.record.seal import Sealed
from sitrack.settings import Settings

WITNESS_KEY = "witness.pem"
WITNESS_NAME = "witness.pub"
"""The files of a witness, in its folder: its private key, and the public one."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was made.

    Attributes:
        trusted: its public half, and the heads it signs.
        path: the file of its private half.
        entry: where it was written down.
    """

    trusted: Trusted
    path: Path
    entry: Entry


def make_key(
    ledger: Ledger,
    author: Author,
    path: Path,
    passphrase: str,
    *,
    lost: bool = False,
    dry_run: bool = False,
) -> NewKey:
    """Make the key that seals this record from now on, and write it down.

    Args:
        ledger: the record.
        author: who asks.
        path: the file to make; outside of the database's folder.
        passphrase: encrypts it.
        lost: there was a key before, and it cannot sign its successor any more.
        dry_run: keep nothing, neither entry nor file.

    Raises:
        NotPermitted: there is a key already, and it was not lost.
        Unavailable: the file cannot be made.
    """
    keys.refuse_beside(path, file_of(ledger.url))
    with _new_file(path, dry_run=dry_run), writing(ledger, dry_run=dry_run) as work:
        who = provenance(work, author)
        seal.hold_log(work.connection)
        if keyring.current(work.connection) is not None and not lost:
            raise NotPermitted(
                "this record has a key already",
                "sitrack audit key rotate; or, if it is lost: add --lost",
            )
        signer = _made(ledger, path, passphrase)
        size = seal.log_size(work.connection)
        entry = keyring.write_made(work, signer.public, size, who)
    return NewKey(Trusted(signer.public, size), path, entry)


def rotate_key(
    ledger: Ledger,
    author: Author,
    old: Signer,
    path: Path,
    passphrase: str,
    *,
    dry_run: bool = False,
) -> NewKey:
    """Make a key that follows the old one, which signs that it does.

    Raises:
        NotFound: there is no key yet.
        NotPermitted: the old key is not the one that seals now.
        Unavailable: the file cannot be made.
    """
    keys.refuse_beside(path, file_of(ledger.url))
    with _new_file(path, dry_run=dry_run), writing(ledger, dry_run=dry_run) as work:
        who = provenance(work, author)
        seal.hold_log(work.connection)
        keyring.refuse_other(work.connection, old.public)
        signer = _made(ledger, path, passphrase)
        size = seal.log_size(work.connection)
        entry = keyring.write_rotated(work, old, signer.public, size, who)
    return NewKey(Trusted(signer.public, size), path, entry)


def _made(ledger: Ledger, path: Path, passphrase: str) -> Signer:
    keys.make_key_file(path, passphrase)
    return open_seal_key(ledger, path, passphrase)


@contextlib.contextmanager
def _new_file(path: Path, *, dry_run: bool) -> Iterator[None]:
    """Take a file away again that was made in vain; never one that was there before."""
    was_there = path.exists() or path.is_symlink()
    try:
        yield
    except BaseException:
        if not was_there:
            path.unlink(missing_ok=True)
        raise
    if dry_run and not was_there:
        path.unlink(missing_ok=True)


def open_seal_key(ledger: Ledger, path: Path, passphrase: str) -> Signer:
    """Open the key that seals this record.

    Raises:
        Unavailable: the file cannot be read, or others may read it.
        NotPermitted: the passphrase is not that of the key.
    """
    return keys.open_key_file(path, passphrase, seal.origin_of(ledger.ledger_id))


def known_keys(ledger: Ledger) -> Sequence[Registered]:
    """Return the keys that the record says it was sealed by."""
    with reading(ledger) as connection:
        return keyring.registered(connection)


def refuse_without_key(ledger: Ledger) -> None:
    """Refuse a record that has no key yet, before anybody is asked a passphrase of it.

    Raises:
        NotFound: none was ever made.
    """
    with reading(ledger) as connection:
        keyring.refuse_none(connection)


# --- sealing


def seal_all(
    ledger: Ledger, author: Author, signer: Signer, *, dry_run: bool = False
) -> Sequence[Sealed]:
    """Seal everything that is new; a large backlog becomes several seals.

    Raises:
        NotFound: there is no key yet.
        NotPermitted: the key is not the one that seals now, or the author is nobody.
        VerificationFailed: the log is not what was sealed last.
    """
    made: list[Sealed] = []
    while True:
        with writing(ledger, dry_run=dry_run) as work:
            done = seal.seal(work, signer, provenance(work, author))
        if done is None:
            return made
        made.append(done)
        if dry_run or done.leaves <= seal.AT_ONCE:
            return made


def seal_if_due(
    ledger: Ledger, account: str, open_key: Callable[[], Signer]
) -> Sealed | None:
    """Seal, as a round does, once enough is new; the key is opened only then.

    Args:
        ledger: the record.
        account: the account under which the round runs.
        open_key: opens the key that seals.

    Raises:
        NotFound, NotPermitted, Unavailable: there is no key yet, it cannot be opened,
            or is another one.
        VerificationFailed: the log is not what was sealed last.
    """
    with reading(ledger) as connection:
        if not seal.is_due(connection, present_instant(connection, ledger)):
            return None
    signer = open_key()
    with writing(ledger) as work:
        return _still_due(work, signer, Provenance(None, account, "system"))


def seal_in_round(ledger: Ledger, settings: Settings, account: str) -> Sealed | None:
    """Seal if it is time, and key and passphrase are in the files of the settings.

    Raises:
        NotFound, NotPermitted, Unavailable: there is no key yet, it cannot be opened,
            or is another one.
        VerificationFailed: the log is not what was sealed last.
    """
    path, words = Path(settings["seal.key_file"]), settings["seal.passphrase_file"]
    if not words or not path.exists():
        return None

    def open_key() -> Signer:
        return open_seal_key(ledger, path, read_passphrase(Path(words)))

    return seal_if_due(ledger, account, open_key)


def read_passphrase(path: Path) -> str:
    """Return the passphrase in a file that only its owner may read.

    Raises:
        Unavailable: it cannot be read, or others may read it.
    """
    return keys.read_private(path).decode(errors="replace").strip("\r\n")


def _still_due(work: Work, signer: Signer, who: Provenance) -> Sealed | None:
    """Another round may have sealed in between."""
    seal.hold_log(work.connection)
    if not seal.is_due(work.connection, work.now):
        return None
    return seal.seal(work, signer, who)


# --- witnessing


def make_witness(folder: Path, name: str, passphrase: str) -> PublicKey:
    """Make the key of a witness, on the auditor's own machine.

    Raises:
        Unavailable: there is one already, or it cannot be made.
    """
    keys.make_key_file(folder / WITNESS_KEY, passphrase)
    made = keys.open_key_file(folder / WITNESS_KEY, passphrase, name, COSIGNATURE)
    (folder / WITNESS_NAME).write_text(f"{made.public}\n", encoding="utf-8")
    return made.public


def open_witness(folder: Path, ask: Callable[[], str]) -> Signer:
    """Open the key of the witness that this folder belongs to.

    Raises:
        NotFound: there is none.
    """
    try:
        [public] = keys.read_trusted((folder / WITNESS_NAME).read_text("utf-8"))
    except OSError:
        raise NotFound(
            f"there is no witness in {folder}",
            "sitrack audit key make --witness YOUR-NAME",
        ) from None
    path = folder / WITNESS_KEY
    return keys.open_key_file(path, ask(), public.key.name, COSIGNATURE)


@dataclass(frozen=True, slots=True)
class Witnessed:
    """What a witness saw.

    Attributes:
        head: the head it co-signed.
        before: the one it saw the time before; None for the first time.
        path: where it keeps it.
    """

    head: Head
    before: Head | None
    path: Path


def bear_witness(
    ledger: Ledger, trusted: Sequence[Trusted], folder: Path, signer: Signer
) -> Witnessed:
    """Check that the log extends what was seen before; co-sign its head and keep it.

    Raises:
        NotFound: nothing was ever sealed.
        VerificationFailed: it does not extend it; what was kept stays as it is.
    """
    path = witness.kept_file(folder, ledger.ledger_id)
    before = witness.read_seen(path) if path.exists() else None
    with reading(ledger) as connection:
        note, faults = witness.observe(connection, ledger, trusted, before)
    if faults:
        raise VerificationFailed(
            f"not co-signed: {_sentence(faults[0])}",
            "keep the database as it is, and see what holds: sitrack audit verify",
        )
    witness.keep(path, witness.cosigned(note, signer, int(time.time())))
    return Witnessed(read_head(note.text), before.head if before else None, path)


def _sentence(fault: Fault) -> str:
    where = f"seal {fault.seq}: " if fault.seq else ""
    return f"{fault.code}, {where}{fault.seen}"
