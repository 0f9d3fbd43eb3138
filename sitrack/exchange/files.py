"""Files that leave: made anew, for their owner alone, and not left behind half done."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from sitrack.errors import BadInput

_MODE: Final = 0o600
_FOLDER_MODE: Final = 0o700


def refuse_place(path: Path) -> None:
    """Refuse a place that is taken, or that stands in no folder, before work begins.

    No folder is made for it: a drive that is not mounted would go unnoticed.

    Raises:
        BadInput: nothing can be made there.
    """
    if path.exists() or path.is_symlink():
        raise BadInput(
            "there is something of that name already", "another name with --out"
        )
    if not path.parent.is_dir():
        raise BadInput("its folder is not there", "another with --out")


@contextmanager
def new_file(path: Path | str, option: str = "--out") -> Iterator[BinaryIO]:
    """Make a file that was not there, to write to; it is gone again if that fails.

    Nothing is followed and nothing is overwritten: a link, a device or a file of that
    name is refused.

    Args:
        path: where it is made.
        option: what names another place, on the command that asks.

    Raises:
        BadInput: it cannot be made.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        number = os.open(path, flags, _MODE)
    except FileExistsError:
        raise BadInput(
            "there is a file of that name already", f"another name with {option}"
        ) from None
    except OSError as error:
        raise BadInput(
            f"the file cannot be made: {error.strerror}", f"another with {option}"
        ) from None
    try:
        with os.fdopen(number, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            Path(path).unlink()
        raise


class Folder:
    """A folder that was not there before, and the files in it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def file(self, name: str) -> Iterator[BinaryIO]:
        """Make a file in it; the name is one of ours, never anybody's typing."""
        if name != Path(name).name or name.startswith("."):
            raise ValueError("a name, and no path")
        with new_file(self.path / name) as file:
            yield file


@contextmanager
def new_folder(path: Path | str) -> Iterator[Folder]:
    """Make a folder that was not there; it is gone again if its filling fails.

    Raises:
        BadInput: it cannot be made.
    """
    place = Path(path)
    try:
        place.mkdir(mode=_FOLDER_MODE)
    except FileExistsError:
        raise BadInput(
            "there is something of that name already", "another name with --out"
        ) from None
    except OSError as error:
        raise BadInput(
            f"the folder cannot be made: {error.strerror}", "another with --out"
        ) from None
    try:
        yield Folder(place)
    except BaseException:
        for each in place.iterdir():
            each.unlink()
        place.rmdir()
        raise
