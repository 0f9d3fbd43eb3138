"""Which protocol is meant: a file, a name that the record keeps, or the shipped one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sitrack.cli.shell import Shell
from sitrack.errors import BadInput, NotFound

if TYPE_CHECKING:
    # Only for the annotations: commands that draw or check need no record.
    from sitrack.pathway.protocol import Protocol


def is_of_record(shell: Shell, file: str | None) -> bool:
    """Whether no file is meant, but the record that was named with -d."""
    return file is None and shell.flags["database_url"] is not None


def shipped_or(shell: Shell, file: str | None) -> Protocol:
    """Return the protocol of a file, of the record named with -d, or the shipped one."""
    if file is None and not is_of_record(shell, file):
        from sitrack.pathway.loading import load, shipped_text

        return load(shipped_text())
    return current_or(shell, file)


def current_or(shell: Shell, file: str | None) -> Protocol:
    """Return the protocol of a file, or the one that the record adopted last."""
    if file is not None:
        return meant(shell, file)
    from sitrack.coordination.questions import current_protocol

    return current_protocol(shell.ledger)


def meant(shell: Shell, word: str) -> Protocol:
    """Return the protocol of a file, of an id, or of a content hash.

    What looks like a path is one; any other word is first looked up in the record
    that was named, and among the shipped protocols.

    Raises:
        BadInput: the file is no protocol, or a derived one that does not fit.
        NotFound: there is no such protocol.
    """
    if word.endswith(".toml") or Path(word).name != word or Path(word).is_file():
        return of_file(shell, word)
    return _named(shell, word)


def of_file(shell: Shell, file: str, *, adopting: bool = False) -> Protocol:
    """Return the protocol of a file, whole or derived.

    Args:
        shell: the run.
        file: its name.
        adopting: look for its base in the record first, whose texts are the ones
            that count there.

    Raises:
        BadInput: it is no protocol, or a derived one that does not fit.
        NotFound: there is no such base.
    """
    from sitrack.pathway import derivation

    try:
        text = Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(
            f"the protocol file cannot be read: {error.strerror}",
            "sitrack pathway check FILE",
        ) from None
    except UnicodeDecodeError:
        raise BadInput("the protocol file is not UTF-8 text") from None
    if adopting:
        from sitrack.coordination.protocols import base_in

        return derivation.read(text, lambda name: base_in(shell.ledger, name))
    return derivation.read(text, lambda name: _named(shell, name))


def _named(shell: Shell, name: str) -> Protocol:
    from sitrack.pathway.loading import shipped

    if shell.flags["database_url"] is None:
        try:
            return shipped(name)
        except NotFound:
            # It may be one that the clinic adopted.
            from sitrack.coordination.protocols import protocol_named

            return protocol_named(shell.ledger, name)
    from sitrack.coordination.protocols import base_in

    return base_in(shell.ledger, name)
