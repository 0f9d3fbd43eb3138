"""Is this machine fit to keep the record? What can be asked without opening it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from sitrack.coordination.checkup import Check, Result
from sitrack.errors import SitrackError
from sitrack.record import footing
from sitrack.record.connection import file_of, read_url
from sitrack.settings import Settings

_SECRETS: Final = (
    "seal.key_file",
    "seal.passphrase_file",
    "witness.passphrase_file",
    "webhook.secret_file",
    "notify.urls_file",
    "smtp.password_file",
)
"""Settings that name a file which its owner alone should read."""


def checks(settings: Settings, *, others_write: bool) -> Iterator[Check]:
    """Look at the machine.

    Args:
        settings: of this run.
        others_write: another process writes to the record as well.
    """
    file = _file(settings)
    if file is not None:
        yield _library(others_write=others_write)
    yield _open_to_read(settings, file)
    yield _open_to_change(settings, file)
    yield _synchronised()


def _file(settings: Settings) -> Path | None:
    try:
        return file_of(read_url(settings["database_url"]))
    except SitrackError:
        return None  # what is wrong with it is told by who opens it


def _library(*, others_write: bool) -> Check:
    name, version = "sqlite-library", footing.library_version()
    if not footing.may_damage_its_log(version):
        return Check(name)
    told = ".".join(map(str, version))
    what = (
        f"SQLite {told} can damage its log where two processes write at the same "
        "moment; 3.51.3 cannot. Until then, keep a copy of each day"
    )
    result = Result.WARNING if others_write else Result.NOTE
    return Check(name, result, what, "sitrack db backup")


def _open_to_read(settings: Settings, file: Path | None) -> Check:
    """The record's own file is looked at by who opens it; here what lies beside it."""
    own = [Path(f"{file}{suffix}") for suffix in ("", "-wal", "-shm")] if file else []
    secrets = [Path(settings[name]) for name in _SECRETS if settings[name]]
    wide = _with_mode([*own, *secrets], 0o077)
    return _told("files-to-read", wide, "others may read", "go-rwx")


def _open_to_change(settings: Settings, file: Path | None) -> Check:
    """Who may write into a folder may put another file there."""
    origins = {origin for origin in settings.origins.values() if os.sep in origin}
    places = [Path(origin) for origin in sorted(origins)]
    places += [file.parent] if file else []
    wide = [
        place
        for place in _with_mode(places, 0o022)
        if not (place.is_dir() and place.stat().st_mode & stat.S_ISVTX)
    ]
    return _told("files-to-change", wide, "others may change", "go-w")


def _with_mode(paths: Iterable[Path], bits: int) -> list[Path]:
    if os.name != "posix":
        return []
    found = []
    for path in dict.fromkeys(paths):
        try:
            mode = path.stat().st_mode
        except OSError:
            continue
        if mode & bits:
            found.append(path)
    return found


def _told(name: str, wide: list[Path], words: str, change: str) -> Check:
    if not wide:
        return Check(name)
    listed = " ".join(f"'{path}'" for path in wide)
    what = f"{words} {', '.join(map(str, wide))}"
    return Check(name, Result.ERROR, what, f"chmod {change} {listed}")


def _synchronised() -> Check:
    name, mend = "clock-synchronised", "timedatectl set-ntp true"
    found = footing.is_synchronised()
    if found is None:
        what = "this system does not say whether its clock is synchronised"
        return Check(name, Result.UNKNOWN, what, "timedatectl status")
    if not found:
        what = "the clock is held to no other one, and will drift"
        return Check(name, Result.WARNING, what, mend)
    return Check(name)
