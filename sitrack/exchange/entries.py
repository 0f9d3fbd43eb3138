"""Writes entries into a folder, so that a stranger can verify them without us.

The whole record, or some of its streams with proofs that they belong to the sealed
log. The verifier that travels along needs no sitrack. The layout is told in
docs/reference/export-folder.md.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Final

import sitrack
from sitrack.errors import BadInput, Unavailable
from sitrack.record import codec, keyring, outgoing
from sitrack.record.keys import Rotation
from sitrack.record.ledger import Ledger, Reader, present_instant
from sitrack.record.seal import Seal, last_seal

SCHEMA: Final = "sitrack.export/1"
VERIFIER: Final = "verify.py"
_KEYS_REMARK: Final = (
    "# The keys that the record itself names. Trust those that were handed to you.\n"
)


@dataclass
class Manifest:
    """What a folder holds; `manifest.json` is this.

    Attributes:
        ledger: names the record.
        whole: every stream is there, with every line of delivery and every seal.
        contents: the contents of the entries are there.
        size: how many leaves the last seal covers; 0 for none.
        files: the SHA-256 of every other file, by its name.
    """

    schema: str
    ledger: str
    zone: str
    synthetic: bool
    exported: str
    version: str
    whole: bool
    contents: bool
    streams: int = 0
    entries: int = 0
    deliveries: int = 0
    seals: int = 0
    size: int = 0
    files: dict[str, str] = field(default_factory=dict)


def write_entries(
    connection: Reader,
    ledger: Ledger,
    folder: Path,
    *,
    streams: Sequence[str] | None = None,
    contents: bool = True,
    since: Sequence[int] = (),
    more: Mapping[str, Iterable[str]] | None = None,
) -> Manifest:
    """Write entries into a new folder, and everything that it takes to verify them.

    Args:
        connection: a transaction that reads one consistent state.
        ledger: the record.
        folder: where; it must not be there yet.
        streams: these alone, with a proof of inclusion for each sealed entry; None for
            the whole record.
        contents: also what was written, and not only the headers.
        since: sizes of heads that a witness keeps; for part of a record, proofs that
            the log extends them are added.
        more: the text of further files, by name; the manifest vouches for them, too.

    Raises:
        BadInput: one of the streams is not there.
        Unavailable: the folder is there already, or cannot be written.
    """
    last = last_seal(connection)
    manifest = Manifest(
        schema=SCHEMA,
        ledger=ledger.ledger_id,
        zone=ledger.zone.key,
        synthetic=ledger.synthetic,
        exported=codec.instant_text(present_instant(connection, ledger)),
        version=sitrack.__version__,
        whole=streams is None,
        contents=contents,
        size=last.size if last else 0,
    )
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        raise Unavailable(f"there is something already at {folder}") from None
    except OSError as error:
        raise Unavailable(f"cannot make {folder}: {error.strerror}") from None
    out = _Folder(folder, manifest)
    try:
        if streams is None:
            _write_whole(connection, out)
        else:
            _write_part(connection, out, streams, since)
        _write_for_strangers(connection, out)
        for name, pieces in (more or {}).items():
            out.pieces(name, pieces)
        out.finish()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return manifest


def _write_whole(connection: Reader, out: _Folder) -> None:
    out.lines("entries", _entries(connection, out.manifest, None, None))
    out.lines("deliveries", _deliveries(connection, out.manifest))
    out.lines("seals", _seals(outgoing.seals(connection), out.manifest))


def _write_part(
    connection: Reader, out: _Folder, streams: Sequence[str], since: Sequence[int]
) -> None:
    leaves: list[int] = []
    out.lines("entries", _entries(connection, out.manifest, streams, leaves))
    last = last_seal(connection)
    out.lines("seals", _seals([last] if last else [], out.manifest))
    out.lines("proofs", _proofs(connection, out.manifest.size, leaves, since))


def _write_for_strangers(connection: Reader, out: _Folder) -> None:
    """The keys as the record tells them, and what verifies the rest.

    Rotations stand in a file of their own: an export without contents, or of a part,
    has no entry that says them, and whoever holds the old key alone needs them.
    """
    told = keyring.registered(connection)
    out.lines("rotations", (_rotation(k.rotation) for k in told if k.rotation))
    out.text("keys.txt", _KEYS_REMARK + "".join(f"{k.trusted.line}\n" for k in told))
    source = resources.files("sitrack.exchange") / "standalone.py"
    out.text(VERIFIER, source.read_text(encoding="utf-8"))


def _rotation(rotation: Rotation) -> dict[str, Any]:
    return {
        "old": str(rotation.old),
        "key": str(rotation.new),
        "after": rotation.size,
        "signature": base64.b64encode(rotation.signature).decode(),
    }


@dataclass
class _Folder:
    """A folder that is being written, and what is said of it in the end."""

    path: Path
    manifest: Manifest

    def lines(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        self.pieces(f"{name}.ndjson", (f"{_dumped(row)}\n" for row in rows))

    def text(self, name: str, text: str) -> None:
        self.pieces(name, [text])

    def pieces(self, name: str, pieces: Iterable[str]) -> None:
        """Write a new file that only its owner may read, and keep its hash."""
        hashed = hashlib.sha256()
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0)
        try:
            with os.fdopen(os.open(self.path / name, flags, 0o600), "wb") as file:
                for piece in pieces:
                    data = piece.encode()
                    hashed.update(data)
                    file.write(data)
        except OSError as error:
            raise Unavailable(
                f"cannot write {self.path / name}: {error.strerror}"
            ) from None
        self.manifest.files[name] = hashed.hexdigest()

    def finish(self) -> None:
        """Write down what the folder holds; a folder without it is not whole."""
        told = asdict(self.manifest)
        self.pieces("manifest.json", [json.dumps(told, indent=1) + "\n"])
        del self.manifest.files["manifest.json"]


def _dumped(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def _entries(
    connection: Reader,
    manifest: Manifest,
    streams: Sequence[str] | None,
    leaves: list[int] | None,
) -> Iterator[dict[str, Any]]:
    """Every entry as a line; counts them, and notes which leaves they became."""
    seen: set[str] = set()
    last = None
    for row in outgoing.entry_rows(connection, streams):
        manifest.entries += 1
        if row["stream"] != last:
            last = row["stream"]
            manifest.streams += 1
            seen |= {last} if streams is not None else set()
        if not manifest.contents:
            row = {**row, "salt": None, "body": None}  # noqa: PLW2901
        if leaves is not None and row["leaf"] is not None:
            leaves.append(row["leaf"])
        yield row
    missing = sorted(set(streams or ()) - seen)
    if missing:
        raise BadInput(f"there is no {missing[0]} in the record")


def _deliveries(connection: Reader, manifest: Manifest) -> Iterator[dict[str, Any]]:
    for row in outgoing.delivery_rows(connection):
        manifest.deliveries += 1
        yield row


def _seals(seals: Iterable[Seal], manifest: Manifest) -> Iterator[dict[str, Any]]:
    for seal in seals:
        manifest.seals += 1
        yield {
            "number": seal.number,
            "size": seal.size,
            "note": seal.note,
            "at": seal.at,
        }


def _proofs(
    connection: Reader, size: int, leaves: Sequence[int], since: Sequence[int]
) -> Iterator[dict[str, Any]]:
    """The path of every leaf to the last head, and of every earlier head to it."""
    prover = outgoing.prover(connection)
    for position in leaves:
        path = prover.inclusion(position, size)
        yield {"leaf": position, "size": size, "path": [each.hex() for each in path]}
    for old in since:
        if not 0 < old <= size:
            raise BadInput(f"the log never had {old} leaves under a seal")
        path = prover.consistency(old, size)
        yield {"from": old, "size": size, "path": [each.hex() for each in path]}
