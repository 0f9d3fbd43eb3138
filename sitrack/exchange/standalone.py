"""Verifies a folder of exported entries. Needs Python 3.11 and `cryptography` alone.

    python verify.py [FOLDER] --key KEYS --witness FILE --receipt 'P01428-R#9 4f1c 9ab2 …'

KEYS is a file of public keys that was handed over by another way than the folder, or
one key itself. Of a whole record it checks every chain, content, leaf and seal; of a
part of one, that every sealed entry is in the log. What only the protocol can judge
(whether a move was allowed) is left to `sitrack audit verify`. It leaves with 0 if all
holds, 13 if something does not, 14 if there is nothing to verify.

It is one long file because it travels: it is copied beside the export, and shares no
line with sitrack, so that somebody who does not trust us can read and run it alone.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import struct
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

HEADER = (
    *("stream", "seq", "entry_id", "kind", "stage_from", "stage_to", "occurred"),
    *("recorded", "performer", "recorder", "source", "protocol", "corrects", "batch"),
    "commitment",
)
DELIVERY = ("reminder", "attempt", "event", "at", "worker", "detail")
Row = dict[str, Any]
Key = tuple[str, bytes, int, int | None]
"""Of a public key: its name, the key, and the sizes after and until which it signs."""


def sha(*parts: bytes) -> bytes:
    """Return the SHA-256 of the parts, one after another."""
    return hashlib.sha256(b"".join(parts)).digest()


def frame(fields: Sequence[Any]) -> bytes:
    """Return fields as they are hashed: 0x00 for none, else 0x01, length and text."""
    parts = []
    for field in fields:
        text = b"" if field is None else str(field).encode()
        length = struct.pack(">q", len(text))
        parts.append(b"\x00" if field is None else b"\x01" + length + text)
    return b"".join(parts)


# --- the Merkle tree of RFC 6962


def leaf(data: bytes) -> bytes:
    """Return the hash of a leaf."""
    return sha(b"\x00", data)


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash above two others."""
    return sha(b"\x01", left, right)


class Tree:
    """A tree by the roots of its perfect subtrees: it grows, and tells its root."""

    def __init__(self) -> None:
        self.size, self.roots = 0, list[bytes]()

    def add(self, data: bytes) -> None:
        """Append a leaf."""
        found, size = leaf(data), self.size
        while size & 1:
            found, size = node(self.roots.pop(), found), size >> 1
        self.roots.append(found)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of all leaves."""
        if not self.roots:
            return sha()
        found = self.roots[-1]
        for left in self.roots[-2::-1]:
            found = node(left, found)
        return found


def included(data: bytes, position: int, size: int, path: list[bytes]) -> bytes | None:
    """Return the root that a proof of inclusion leads to; None if it leads nowhere."""
    first, last, found = position, size - 1, leaf(data)
    for step in path:
        if last == 0:
            return None
        if first & 1 or first == last:
            found = node(step, found)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            found = node(found, step)
        first, last = first >> 1, last >> 1
    return found if last == 0 and 0 <= position < size else None


def consistent(
    old: int, new: int, path: list[bytes], was: bytes
) -> tuple[bytes, bytes] | None:
    """Return the (old, new) roots that a proof of consistency leads to."""
    if old == new:
        return (was, was) if not path else None
    if not 0 < old < new or not path:
        return None
    steps = [was, *path] if old & (old - 1) == 0 else path
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return None
        if first & 1 or first == last:
            before, after = node(step, before), node(step, after)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            after = node(after, step)
        first, last = first >> 1, last >> 1
    return (before, after) if last == 0 else None


# --- signed heads, and the keys that sign them


def read_head(note: str) -> tuple[str, int, bytes]:
    """Return (name of the log, size, root) of a signed head."""
    lines = note.split("\n")
    if len(lines) < 6 or lines[3] or not re.fullmatch("0|[1-9][0-9]*", lines[1]):
        raise ValueError("no signed head")
    root = base64.b64decode(lines[2], validate=True)
    if len(root) != 32:
        raise ValueError("no signed head")
    return lines[0], int(lines[1]), root


def read_keys(given: Sequence[str]) -> list[Key]:
    """Return the keys that were typed, or that stand in the files of that name."""
    found = []
    for each in given:
        text = Path(each).read_text("utf-8") if Path(each).exists() else each
        for line in text.splitlines():
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            name, key_id, encoded = words[0].split("+", 2)
            raw = base64.b64decode(encoded, validate=True)
            if raw[0] != 1 or sha(f"{name}\n".encode(), raw)[:4].hex() != key_id:
                raise ValueError("no public key of a log")
            told = dict(zip(words[1::2], words[2::2], strict=True))
            until = int(told["until"]) if "until" in told else None
            found.append((name, raw[1:], int(told.get("from", 0)), until))
    return found


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the key signed the message."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def is_head_signed(note: str, size: int, keys: Sequence[Key]) -> bool:
    """Whether one of the keys signed the head, at a size that it may sign."""
    body, _, below = note.rpartition("\n\n")
    text = f"{body}\n".encode()
    for line in below.splitlines():
        dash, name, encoded = line.split(" ")
        blob = base64.b64decode(encoded, validate=True)
        for owner, raw, after, until in keys:
            key_id = sha(f"{name}\n".encode(), b"\x01", raw)[:4]
            may = after < size and (until is None or size <= until)
            is_its = dash == "\u2014" and name == owner and blob[:4] == key_id
            if may and is_its and is_signed(raw, text, blob[4:]):
                return True
    return False


# --- a folder


class Verifier:
    """One check of a folder; `faults` holds what does not hold of it."""

    def __init__(self, folder: Path, keys: list[Key]) -> None:
        self.folder, self.keys = folder, keys
        self.manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        self.ledger, self.whole = self.manifest["ledger"], self.manifest["whole"]
        self.faults: list[tuple[str, str, str]] = []
        self.entries = 0
        self.heads: list[tuple[int, bytes]] = []
        self.erased: dict[str, int] = {}
        self.size = int(self.manifest["size"])
        self.leaves = bytearray(33 * self.size)
        self.placed: list[int] = []

    def fault(self, code: str, where: str, seen: str) -> None:
        """Keep one thing that does not hold."""
        self.faults.append((code, where, seen))

    def rows(self, name: str) -> Iterator[Row]:
        """The lines of a file."""
        with (self.folder / f"{name}.ndjson").open(encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)

    def place(self, position: int | None, data: bytes) -> None:
        """Note which leaf something became."""
        if position is not None and 0 <= position < self.size:
            self.leaves[33 * position : 33 * position + 33] = b"\x01" + data
            self.placed += [] if self.whole else [position]

    def leaf(self, position: int) -> bytes | None:
        """What became that leaf; None where it is not there."""
        kept = self.leaves[33 * position : 33 * position + 33]
        return bytes(kept[1:]) if kept[:1] == b"\x01" else None

    def files(self) -> None:
        """Every file is the one that was written."""
        for name, told in self.manifest["files"].items():
            with (self.folder / name).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != told:
                    self.fault("INTEGRITY", name, "it is not as it was written")

    def told(self) -> None:
        """What is said of keys handed over, and of contents that were erased."""
        for row in self.rows("rotations"):
            self.rotate(row)
        for row in self.rows("entries"):
            if row["body"] and row["kind"] == "erased":
                self.erase(row["stream"], json.loads(row["body"])["streams"])

    def erase(self, stream: str, told: list[Row]) -> None:
        """Expect no contents up to these entries: of the same patient alone."""
        kind, _, patient = stream.partition("/")
        for name, seq in ((each["stream"], each["up_to"]) for each in told):
            is_its = name == stream or name.startswith(f"episode/{patient}-")
            if kind == "patient" and is_its:
                self.erased[name] = max(seq, self.erased.get(name, 0))

    def rotate(self, told: Row) -> None:
        """Trust a key that a trusted one has handed over to."""
        [old], [new] = read_keys([told["old"]]), read_keys([told["key"]])
        size, signature = int(told["after"]), base64.b64decode(told["signature"])
        message = b"sitrack/key/1\n" + frame([told["old"], told["key"], size])
        known = [n for n, key in enumerate(self.keys) if key[:2] == old[:2]]
        if not known or not is_signed(old[1], message, signature):
            return
        name, raw, after, until = self.keys[known[0]]
        self.keys[known[0]] = (name, raw, after, min(size, until or size))
        again = [n for n, key in enumerate(self.keys) if key[:2] == new[:2]]
        if not again:
            self.keys.append((new[0], new[1], size, None))
        for place in again:
            name, raw, after, until = self.keys[place]
            self.keys[place] = (name, raw, max(after, size), until)

    def chains(self, receipts: dict[tuple[str, int], str]) -> None:
        """Every stream, entry by entry; its first bad entry is named."""
        stream, previous, recorded, number, bad = None, b"", "", 0, False
        for row in self.rows("entries"):
            self.entries += 1
            if row["stream"] != stream:
                stream, number, recorded, bad = row["stream"], 0, "", False
                seed = f"{self.ledger}{stream}".encode()
                previous = sha(b"sitrack/genesis/1\n", seed)
            number += 1
            seen = self.link(row, number, previous, recorded) or self.content(row)
            if seen and not bad:
                bad = True
                self.fault(seen[0], f"{stream}#{number}", seen[1])
            previous, recorded = bytes.fromhex(row["hash"]), row["recorded"]
            self.place(row["leaf"], previous)
            told = receipts.pop((row["stream"], row["seq"]), "")
            if not row["hash"].startswith(told):
                self.fault(
                    "RECEIPT", f"{stream}#{number}", "it is not what was printed"
                )
        for name, seq in receipts:
            self.fault("RECEIPT", f"{name}#{seq}", "it is not there")

    def link(
        self, row: Row, number: int, previous: bytes, recorded: str
    ) -> tuple[str, str] | None:
        """What is wrong with an entry and its place; None if nothing."""
        if row["seq"] != number:
            return "SEQ", f"number {row['seq']} stands where {number} should"
        if bytes.fromhex(row["previous"]) != previous:
            return "LINK", "it is not chained to the entry before it"
        header = frame([self.ledger, *(row[name] for name in HEADER)])
        if sha(b"sitrack/entry/1\n", previous, header).hex() != row["hash"]:
            return "HASH", "its header was changed"
        early = row["recorded"] <= recorded
        return ("CLOCK", "it was written before the one before it") if early else None

    def content(self, row: Row) -> tuple[str, str] | None:
        """What is wrong with the content of an entry; None if nothing."""
        is_erased = row["seq"] <= self.erased.get(row["stream"], 0)
        if row["body"] is None:
            missing = self.manifest["contents"] and not is_erased
            return ("PAYLOAD_MISSING", "its content is gone") if missing else None
        if is_erased:
            return "ERASE_INCOMPLETE", "its content was erased, and is there"
        salt, body = bytes.fromhex(row["salt"]), row["body"].encode()
        bound = sha(b"sitrack/payload/1\n", salt, body).hex()
        return None if bound == row["commitment"] else ("PAYLOAD", "it was changed")

    def deliveries(self) -> None:
        """Every line of delivery that is a leaf."""
        for row in self.rows("deliveries"):
            line = frame([row[name] for name in DELIVERY])
            self.place(row["leaf"], sha(b"sitrack/delivery/1\n", line))

    def seals(self) -> None:
        """Every seal: its form, its signature, and of a whole record its root."""
        tree, last = Tree(), 0
        for row in self.rows("seals"):
            where = f"seal {row['number']}"
            try:
                origin, size, root = read_head(row["note"])
                signed = not self.keys or is_head_signed(row["note"], size, self.keys)
            except ValueError:
                self.fault("SEAL_SIGNATURE", where, "it is no signed head")
                continue
            if origin != f"sitrack/{self.ledger}" or not signed:
                self.fault("SEAL_SIGNATURE", where, "no given key signed it")
            self.heads.append((size, root))
            if self.whole and row["number"] != last + 1:
                self.fault("SEAL_MISSING", where, "the seal before it is gone")
            last = row["number"]
            if self.whole and not self.grow(tree, size):
                self.fault("SEAL_TRUNCATED", where, f"leaf {tree.size} is gone")
                return
            if self.whole and tree.root() != root:
                self.fault("SEAL_ROOT", where, "the leaves do not give its root")
                return

    def grow(self, tree: Tree, size: int) -> bool:
        """Append leaves up to a size; False where one is missing."""
        while tree.size < size and (data := self.leaf(tree.size)) is not None:
            tree.add(data)
        return tree.size == size

    def proofs(self) -> dict[int, list[bytes]]:
        """Every sealed entry of a part leads to the root; return the other proofs."""
        extends: dict[int, list[bytes]] = {}
        size, root = self.heads[-1] if self.heads else (0, b"")
        left = set(self.placed)
        for row in self.rows("proofs"):
            path = [bytes.fromhex(each) for each in row["path"]]
            if "from" in row:
                extends[row["from"]] = path
                continue
            left.discard(row["leaf"])
            data = self.leaf(row["leaf"]) or b""
            if included(data, row["leaf"], size, path) != root:
                self.fault("SEAL_ROOT", f"leaf {row['leaf']}", "it is not in the log")
        for position in left:
            self.fault(
                "SEAL_ROOT", f"leaf {position}", "nothing proves that it is there"
            )
        return extends

    def witness(self, path: Path, extends: dict[int, list[bytes]]) -> None:
        """The log still is what a witness saw."""
        origin, size, root = read_head(path.read_text("utf-8"))
        tree, same = Tree(), origin == f"sitrack/{self.ledger}"
        if self.whole:
            same = same and self.grow(tree, size) and tree.root() == root
        else:
            last = self.heads[-1] if self.heads else (0, b"")
            proof = extends.get(size, [])
            same = same and consistent(size, last[0], proof, root) == (root, last[1])
        if not same:
            self.fault("WITNESS", path.name, "the log is not what it saw")


def read_receipts(given: Sequence[str]) -> dict[tuple[str, int], str]:
    """Return the start of a hash for each entry that a receipt is given of."""
    found = {}
    for each in given:
        text = Path(each).read_text("utf-8") if Path(each).exists() else each
        shape = r"([A-Za-z0-9/.-]+)#(\d+)((?: ?[0-9a-f]{4}){4,16})"
        for name, seq, start in re.findall(shape, text):
            kind = "episode/" if "-" in name else "patient/"
            stream = f"{kind}{name}" if name.startswith("P") else name
            found[stream, int(seq)] = start.replace(" ", "")
    return found


def verify(given: argparse.Namespace) -> Verifier:
    """Check a folder against everything that was brought along."""
    check = Verifier(Path(given.folder), read_keys(given.key))
    check.files()
    check.told()
    check.chains(read_receipts(given.receipt))
    if check.whole:
        check.deliveries()
    check.seals()
    extends = {} if check.whole else check.proofs()
    for path in given.witness:
        check.witness(Path(path), extends)
    return check


def main() -> int:
    """Verify the folder that was named, and say what does not hold."""
    parser = argparse.ArgumentParser(description="Verify a folder of exported entries.")
    parser.add_argument("folder", nargs="?", default=str(Path(__file__).parent))
    for name in ("--key", "--witness", "--receipt"):
        parser.add_argument(name, action="append", default=[])
    given = parser.parse_args()
    try:
        check = verify(given)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        print(f"error: it cannot be read to its end ({type(error).__name__})")  # noqa: T201
        return 14 if isinstance(error, OSError) else 13
    for code, where, seen in check.faults:
        print(f"  {code:<16}{where}: {seen}")  # noqa: T201 - its answer
    signed = "signatures checked" if check.keys else "signatures not: no --key"
    print(f"{check.entries} entries, {len(check.heads)} seals, {signed}")  # noqa: T201
    holds = not check.faults
    print("The entries hold." if holds else "The entries do NOT hold.")  # noqa: T201
    return 0 if holds else 13


if __name__ == "__main__":
    sys.exit(main())
