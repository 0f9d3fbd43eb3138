"""Passphrases: from a file that the settings name, or asked for; never from argv."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sitrack.cli.shell import Shell
from sitrack.errors import BadInput


def passphrase(shell: Shell, setting: str, what: str, *, new: bool = False) -> str:
    """Return a passphrase.

    Args:
        shell: the run.
        setting: names the file that holds it.
        what: whose it is, in words: `the key that seals`.
        new: it is made up now, and asked for twice.

    Raises:
        BadInput: no file is named, and there is no terminal to ask at.
        Unavailable: the file cannot be read, or others may read it.
    """
    named = shell.settings[setting]
    if named:
        from sitrack.coordination.sealing import read_passphrase

        return read_passphrase(Path(named))
    if not sys.stdin.isatty():
        raise BadInput(
            f"the passphrase of {what} is asked for at a terminal only",
            f"name a file that holds it in the settings: {setting}",
        )
    question = f"{'New passphrase' if new else 'Passphrase'} of {what}"
    return str(
        click.prompt(question, hide_input=True, confirmation_prompt=new, err=True)
    )
