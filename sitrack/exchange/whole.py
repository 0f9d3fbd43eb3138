"""A whole record as a folder, and back: its entries, and the rest beside them.

`tables.ndjson` holds what is neither an entry nor a line of delivery: people and staff,
protocols, seals and leaves, reminders, and the copies. It names people, and is written
only where everything is to leave.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from sitrack.errors import BadInput, VerificationFailed
from sitrack.exchange import entries
from sitrack.exchange.entries import Manifest
from sitrack.record import rows
from sitrack.record.copying import Copied, take_in
from sitrack.record.ledger import Ledger, Reader, reading

FILE: Final = "tables.ndjson"
"""The file of the rest."""

_NEEDED: Final = ("entries.ndjson", "deliveries.ndjson", FILE)


def folder_of_everything(ledger: Ledger, folder: Path) -> Manifest:
    """Write everything that the record holds at this moment into a new folder.

    Raises:
        Unavailable: the folder is there already, or cannot be written.
    """
    with reading(ledger) as connection:
        return write_whole(connection, ledger, folder)


def write_whole(connection: Reader, ledger: Ledger, folder: Path) -> Manifest:
    """Write everything into a new folder.

    Raises:
        Unavailable: the folder is there already, or cannot be written.
    """
    lines = (
        json.dumps(each, ensure_ascii=False, separators=(",", ":")) + "\n"
        for each in rows.rest(connection)
    )
    return entries.write_entries(connection, ledger, folder, more={FILE: lines})


def bring_back(folder: Path, url: str, tell: Callable[[int], None]) -> Copied:
    """Make a record of such a folder, at a place that holds none.

    Before, every file must be the one that the manifest vouches for; after, the record
    must hold as any other: each entry is taken by the guards, and all of it verified.

    Raises:
        BadInput: it is no folder of a whole record.
        VerificationFailed: a file was changed, or what it tells does not hold.
        Unavailable: there is a record already, or it cannot be made.
    """
    manifest = _manifest(folder)
    for name in _NEEDED:
        if name not in manifest["files"]:
            raise BadInput(
                f"the folder lacks {name}: it is no whole record",
                "name one that sitrack export entries --out FOLDER has made",
            )
    for name, told in manifest["files"].items():
        if _digest(folder / _plain_name(name)) != told:
            raise VerificationFailed(
                f"{name} is not as it was written; nothing was made"
            )
    read = [functools.partial(_lines, folder / name) for name in _NEEDED]
    done = take_in(url, rows.taken(*read), tell)
    if (done.entries, done.streams) != (manifest["entries"], manifest["streams"]):
        raise VerificationFailed("the manifest counts other entries; do not use it")
    return done


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if told["schema"] == entries.SCHEMA and told["whole"] and told["contents"]:
            return dict(told)
    except (OSError, ValueError, LookupError, TypeError):
        pass
    raise BadInput(
        "that is no folder of a whole record",
        "name one that sitrack export entries --out FOLDER has made",
    )


def _plain_name(name: str) -> str:
    if name != Path(name).name:
        raise BadInput("the manifest names a file outside of its folder")
    return name


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        raise VerificationFailed(f"{path.name} is gone; nothing was made") from None


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
