"""The hash chain of a stream: what binds an entry to its past, and a payload to it.

    frame(h)   = for each header field: 0x00 if NULL, else 0x01, length, UTF-8 bytes
    commitment = SHA-256("sitrack/payload/1\\n", salt of 16 bytes, payload bytes)
    genesis    = SHA-256("sitrack/genesis/1\\n", ledger id, stream)
    hash_n     = SHA-256("sitrack/entry/1\\n", hash_{n-1}, frame(header_n))
    delivery   = SHA-256("sitrack/delivery/1\\n", frame(line of `delivery`))

Lengths leave no doubt about where a field ends; the tags keep one kind of hash from
standing for another. A tag's meaning never changes: a new meaning gets a new number.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sitrack.errors import BadInput

_KEY: Final = re.compile(r"[a-z_]+\Z", re.ASCII)
_MAX_PAYLOAD: Final = 200_000
SALT_BYTES: Final = 16

ENTRY: Final = b"sitrack/entry/1\n"
"""What every hash of an entry begins with."""

_SHORT: Final = [(b"\x01" + struct.pack(">q", size)).decode() for size in range(128)]
"""How a field of so many bytes begins, as ASCII: nearly all are short, and plain."""


def frame(fields: Sequence[str | None]) -> bytes:
    """Return the fields as bytes from which they can be told apart again."""
    try:
        parts = ["\0" if each is None else _SHORT[len(each)] + each for each in fields]
        return "".join(parts).encode("ascii")
    except (IndexError, UnicodeEncodeError):
        return b"".join(map(_framed, fields))


def _framed(field: str | None) -> bytes:
    """One field of any length, in any letters."""
    if field is None:
        return b"\x00"
    text = field.encode()
    return b"\x01" + struct.pack(">q", len(text)) + text


def genesis(ledger_id: str, stream: str) -> bytes:
    """Return what the first entry of a stream is chained to."""
    seed = ledger_id.encode() + stream.encode()
    return hashlib.sha256(b"sitrack/genesis/1\n" + seed).digest()


def commitment(salt: bytes, payload: bytes) -> bytes:
    """Return the salted hash that binds a payload to its entry."""
    return hashlib.sha256(b"sitrack/payload/1\n" + salt + payload).digest()


def entry_hash(previous: bytes, header: Sequence[str | None]) -> bytes:
    """Return the hash of an entry with that header, after `previous`."""
    return hashlib.sha256(ENTRY + previous + frame(header)).digest()


def delivery_hash(line: Sequence[str | None]) -> bytes:
    """Return the hash of a line of `delivery`, which is in no chain but in the log."""
    return hashlib.sha256(b"sitrack/delivery/1\n" + frame(line)).digest()


def payload_text(payload: Mapping[str, Any]) -> str:
    """Return a payload in its one spelling: RFC 8785 on JSON without floats.

    Raises:
        BadInput: it holds what a record cannot keep.
    """
    try:
        text = json.dumps(
            _clean(payload), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        size = len(text.encode())
    except UnicodeEncodeError:
        raise BadInput("the text holds characters that are not Unicode") from None
    if size > _MAX_PAYLOAD:
        raise BadInput("the text is longer than 200 kB")
    return text


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        if "\x00" in value:
            raise BadInput("the text holds a NUL character")
        return unicodedata.normalize("NFC", value)
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) and _KEY.match(key) for key in value):
            raise ValueError("a payload's keys are lower-case words")
        return {key: _clean(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(each) for each in value]
    if value is None or isinstance(value, bool | int):
        return value
    raise TypeError(f"a payload cannot hold a {type(value).__name__}")
