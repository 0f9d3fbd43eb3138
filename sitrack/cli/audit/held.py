"""What an auditor brings along: keys, heads and receipts, as typed or in files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sitrack.cli.shell import read_text
from sitrack.errors import BadInput

if TYPE_CHECKING:
    from sitrack.record.keys import Trusted
    from sitrack.record.receipts import Receipt
    from sitrack.record.verify import Held


def trusted_keys(given: Sequence[str]) -> list[Trusted]:
    """Return public keys: each was typed itself, or is the name of a file of them.

    Raises:
        BadInput: one is neither.
    """
    from sitrack.record.keys import read_trusted

    return [key for each in given for key in read_trusted(_held(each))]


def _held(given: str) -> str:
    """A key as it was typed, or what stands in the file of that name."""
    if given.count("+") >= 2 and not Path(given).exists():
        return given
    return read_text(given) or ""


def _receipts(given: Sequence[str]) -> list[Receipt]:
    from sitrack.record.receipts import EXAMPLE, read_receipt, read_receipts

    found: list[Receipt] = []
    for each in given:
        if "#" in each and not Path(each).exists():
            found.append(read_receipt(each))
        else:
            found += read_receipts(_file_of_receipts(each, EXAMPLE))
    return found


def _file_of_receipts(given: str, example: str) -> str:
    """What stands in a file; a word that is none may have been meant as a receipt."""
    try:
        return read_text(given) or ""
    except BadInput as error:
        raise BadInput(
            f"that is no receipt, and {error.message}", f"--receipt '{example}'"
        ) from None


def held(
    keys: Sequence[str], witnesses: Sequence[str], receipts: Sequence[str]
) -> Held:
    """Return everything that was brought along.

    Raises:
        BadInput: something of it is not understood.
    """
    from sitrack.record.verify import Held
    from sitrack.record.witness import read_seen

    return Held(
        keys=trusted_keys(keys),
        seen=[read_seen(Path(each)) for each in witnesses],
        receipts=_receipts(receipts),
    )
