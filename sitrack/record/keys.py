"""The keys that seal the log: made, kept, rotated, and trusted.

A private key is an Ed25519 key in a PEM file: encrypted by a passphrase, mode 0600,
outside of the database's folder, and only where seals are made. Its public half, and
the sizes of the log for which it signs, stand in the `office` stream and in a file
for auditors. Whoever verifies brings that file along: a key that the database under
test vouches for itself proves nothing. A rotation is signed by the old key, so that
who trusts the old one may trust the new one.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sitrack.errors import BadInput, NotPermitted, Unavailable
from sitrack.record import chain
from sitrack.record.notes import (
    ED25519,
    NotANote,
    PublicKey,
    Signature,
    cosigned_text,
    read_key,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SHORTEST_PASSPHRASE: Final = 12
_LARGEST_FILE: Final = 10_000
_LINE: Final = re.compile(r"(\S+)(?: from ([0-9]{1,18}))?(?: until ([0-9]{1,18}))?\Z")


@dataclass(frozen=True, slots=True)
class Trusted:
    """A public key, and the heads that it may sign.

    Attributes:
        key: the key.
        after: heads of more leaves than this.
        until: heads of so many leaves, and fewer; None for no end.
    """

    key: PublicKey
    after: int = 0
    until: int | None = None

    def signs(self, size: int) -> bool:
        """Whether a head of that size is the key's to sign."""
        return self.after < size and (self.until is None or size <= self.until)

    @property
    def line(self) -> str:
        """Its line in the file for auditors."""
        end = "" if self.until is None else f" until {self.until}"
        return f"{self.key} from {self.after}{end}"


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key that was opened.

    Attributes:
        public: its public half, under the name that it signs with.
    """

    public: PublicKey
    _private: Ed25519PrivateKey

    def sign(self, message: bytes) -> bytes:
        """Return the bare signature of a message."""
        return self._private.sign(message)

    def signed(self, text: str) -> Signature:
        """Return the signature of a note's text."""
        blob = self.sign(text.encode())
        return Signature(self.public.name, self.public.key_id, blob)

    def cosigned(self, text: str, seconds: int) -> Signature:
        """Return a witness's signature of a note's text, at that time (POSIX)."""
        blob = seconds.to_bytes(8) + self.sign(cosigned_text(text, seconds))
        return Signature(self.public.name, self.public.key_id, blob)


def is_signed(key: PublicKey, message: bytes, signature: bytes) -> bool:
    """Whether the key made that bare signature of the message."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def is_by(key: PublicKey, signature: Signature, text: str) -> bool:
    """Whether the key made that signature below a note with that text."""
    if (signature.name, signature.key_id) != (key.name, key.key_id):
        return False
    if key.kind == ED25519:
        return is_signed(key, text.encode(), signature.blob)
    seconds, bare = signature.blob[:8], signature.blob[8:]
    return is_signed(key, cosigned_text(text, int.from_bytes(seconds)), bare)


# --- files


def make_key_file(path: Path, passphrase: str) -> None:
    """Make a private key, in a file that only its owner can read.

    Raises:
        BadInput: the passphrase is too short.
        Unavailable: there is a file of that name, or it cannot be made.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise BadInput(
            f"the passphrase has fewer than {SHORTEST_PASSPHRASE} characters"
        )
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase.encode()),
    )
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            file.write(pem)
    except FileExistsError:
        raise Unavailable(f"there is a file already at {path}") from None
    except OSError as error:
        raise Unavailable(f"cannot make {path}: {error.strerror}") from None


def open_key_file(
    path: Path, passphrase: str, name: str, kind: int = ED25519
) -> Signer:
    """Open a private key, to sign under that name.

    Raises:
        Unavailable: the file cannot be read, or others may read it.
        NotPermitted: the passphrase is not that of the key.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    pem = read_private(path)
    try:
        private = serialization.load_pem_private_key(pem, passphrase.encode())
    except TypeError:
        raise Unavailable(
            f"the key in {path} is not encrypted", "make another: sitrack audit key"
        ) from None
    except ValueError:
        raise NotPermitted("the passphrase is not that of the key") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise Unavailable(f"the key in {path} is not an Ed25519 key")
    return Signer(
        PublicKey(name, private.public_key().public_bytes_raw(), kind), private
    )


def read_private(path: Path) -> bytes:
    """Return what a file holds that only its owner may read.

    Raises:
        Unavailable: it cannot be read, or others may read it.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            held = file.read(_LARGEST_FILE)
    except OSError as error:
        raise Unavailable(
            f"cannot read {path}: {error.strerror}",
            "see which file the settings name: sitrack config show",
        ) from None
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise Unavailable(
            f"others on this machine may open {path}", f"chmod 600 '{path}'"
        )
    return held


def refuse_beside(path: Path, database: Path | None) -> None:
    """Refuse a key in the folder of the database, where one copy takes both.

    Raises:
        NotPermitted: it would lie there.
    """
    if database is None:
        return
    if path.resolve().parent == database.resolve().parent:
        raise NotPermitted(
            "a key does not belong into the folder of the database",
            "give another folder: --out FILE",
        )


# --- what a verifier brings along


def read_trusted(text: str) -> list[Trusted]:
    """Return the keys of a file for auditors: one in a line, `#` for a remark.

    A line is `KEY`, `KEY from SIZE` or `KEY from SIZE until SIZE`.

    Raises:
        BadInput: a line is not understood, or there is none.
    """
    lines = [line.strip() for line in text.splitlines()]
    found = [_trusted(line) for line in lines if line and not line.startswith("#")]
    if not found:
        raise BadInput("there is no public key", "see: sitrack audit key show")
    return found


def _trusted(line: str) -> Trusted:
    match = _LINE.match(line)
    if not match:
        raise BadInput(
            "a line of the keys is not understood", "KEY from SIZE until SIZE"
        )
    try:
        key = read_key(match[1])
    except NotANote as error:
        raise BadInput(f"a public key is not understood: {error}") from None
    until = None if match[3] is None else int(match[3])
    return Trusted(key, int(match[2] or 0), until)


# --- rotation


@dataclass(frozen=True, slots=True)
class Rotation:
    """The old key says which key follows it, and from where on.

    Attributes:
        old: the key that signed until then.
        new: the key that signs from then on.
        size: how many leaves the log had.
        signature: the old key's, of `statement`.
    """

    old: PublicKey
    new: PublicKey
    size: int
    signature: bytes

    @property
    def holds(self) -> bool:
        """Whether the old key did sign it."""
        message = statement(self.old, self.new, self.size)
        return is_signed(self.old, message, self.signature)


def statement(old: PublicKey, new: PublicKey, size: int) -> bytes:
    """Return what the old key signs of a rotation."""
    return b"sitrack/key/1\n" + chain.frame([str(old), str(new), str(size)])


def extended(
    trusted: Sequence[Trusted], rotations: Iterable[Rotation]
) -> list[Trusted]:
    """Return the trusted keys, and those that they themselves hand over to.

    Args:
        trusted: what the verifier brings along.
        rotations: as the record tells them, in their order; one that no trusted key
            has signed is left out.
    """
    keys = list(trusted)
    for rotation in rotations:
        place = next((n for n, k in enumerate(keys) if k.key == rotation.old), None)
        if place is None or not rotation.holds:
            continue
        old = keys[place]
        if old.until is None or rotation.size < old.until:
            keys[place] = replace(old, until=rotation.size)
        known = [n for n, k in enumerate(keys) if k.key == rotation.new]
        if not known:
            keys.append(Trusted(rotation.new, rotation.size))
        elif keys[known[0]].after < rotation.size:
            keys[known[0]] = replace(keys[known[0]], after=rotation.size)
    return keys
