"""Signed notes and the heads of the log in them, in the form that witnesses read.

A head is three lines: the log's name, its size, and its root in base64 (C2SP
tlog-checkpoint). A note is a text, an empty line, and signatures of that text, each in
a line of its own (C2SP signed-note). A witness that has checked a head adds a line
with the time (C2SP tlog-cosignature). What is not written exactly so is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

ED25519: Final = 0x01
"""The kind of key that signs the heads of a log."""

COSIGNATURE: Final = 0x04
"""The kind of key with which a witness co-signs."""

_DASH: Final = "\u2014 "
_NAME: Final = re.compile(r"[^\s+]{1,200}\Z")
_SIZE: Final = re.compile(r"(0|[1-9][0-9]{0,17})\Z", re.ASCII)
_KEY: Final = re.compile(r"([^\s+]{1,200})\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)\Z")
_MOST_SIGNATURES: Final = 64
_LONGEST: Final = 100_000


class NotANote(ValueError):
    """What was read is no note, head or key in the one form there is."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a log.

    Attributes:
        origin: the name of the log.
        size: how many leaves it has.
        root: the root of its tree.
    """

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\n"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature below a note.

    Attributes:
        name: of the key.
        key_id: the start of the key's hash.
        blob: the signature; of a witness, the time before it.
    """

    name: str
    key_id: bytes
    blob: bytes

    @property
    def line(self) -> str:
        """Its line in the note."""
        text = base64.b64encode(self.key_id + self.blob).decode()
        return f"{_DASH}{self.name} {text}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text with its signatures.

    Attributes:
        text: every line of it ends with a line feed.
        signatures: in their order.
    """

    text: str
    signatures: Sequence[Signature]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(each.line for each in self.signatures)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that signatures can be checked with.

    Attributes:
        name: of the log, or of the witness.
        raw: its 32 bytes.
        kind: `ED25519` for a log, `COSIGNATURE` for a witness.
    """

    name: str
    raw: bytes
    kind: int = ED25519

    @property
    def key_id(self) -> bytes:
        """The start of its hash, by which a signature names it."""
        tagged = self.name.encode() + b"\n" + bytes([self.kind]) + self.raw
        return hashlib.sha256(tagged).digest()[:4]

    def __str__(self) -> str:
        text = base64.b64encode(bytes([self.kind]) + self.raw).decode()
        return f"{self.name}+{self.key_id.hex()}+{text}"


def check_name(name: str) -> str:
    """Return the name of a key; it has no spaces and no plus.

    Raises:
        NotANote: it has.
    """
    if not _NAME.match(name) or not name.isprintable():
        raise NotANote("a key's name has no spaces and no plus")
    return name


def read_key(text: str) -> PublicKey:
    """Return the public key that is spelled `name+hash+base64`.

    Raises:
        NotANote: it is not, or its hash is another's.
    """
    match = _KEY.match(text)
    if not match:
        raise NotANote("a public key looks like name+1a2b3c4d+AbC…")
    name, key_id, encoded = match.groups()
    data = _unbased(encoded)
    if len(data) != 33 or data[0] not in {ED25519, COSIGNATURE}:
        raise NotANote("it is no Ed25519 key")
    key = PublicKey(check_name(name), data[1:], data[0])
    if key.key_id.hex() != key_id:
        raise NotANote("a letter of the key was changed")
    return key


def read_note(text: str) -> Note:
    """Return a note: its text and its signatures, none of them checked.

    Raises:
        NotANote: it is none.
    """
    if len(text) > _LONGEST or not text.endswith("\n"):
        raise NotANote("a note ends with a line feed")
    if any(char < " " and char != "\n" for char in text):
        raise NotANote("a note holds no control characters")
    body, gap, below = text.rpartition("\n\n")
    lines = below[:-1].split("\n")
    if not gap or len(lines) > _MOST_SIGNATURES:
        raise NotANote("a note ends with its signatures, after an empty line")
    note = Note(f"{body}\n", tuple(_read_signature(line) for line in lines))
    if str(note) != text:
        raise NotANote("a note has one spelling")
    return note


def _read_signature(line: str) -> Signature:
    name, gap, encoded = line.removeprefix(_DASH).partition(" ")
    data = _unbased(encoded)
    if not line.startswith(_DASH) or not gap or len(data) <= 4:
        raise NotANote("a signature is a dash, a name and base64")
    return Signature(check_name(name), data[:4], data[4:])


def read_head(text: str) -> Head:
    """Return the head that is the text of a note: three lines, and no more.

    Raises:
        NotANote: it is none.
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not _SIZE.match(lines[1]):
        raise NotANote("a head is the log's name, its size and its root")
    root = _unbased(lines[2])
    if not lines[0] or len(root) != 32:
        raise NotANote("a head is the log's name, its size and its root")
    return Head(lines[0], int(lines[1]), root)


def _unbased(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NotANote("that is not base64") from None
    if base64.b64encode(data).decode() != text:
        raise NotANote("base64 has one spelling")
    return data


# --- what a witness adds


def cosigned_text(text: str, seconds: int) -> bytes:
    """Return what a witness signs: that it saw this head at that time (POSIX)."""
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()
