"""What a command says of itself before it shows anything: who asks, for what, of whom."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from sitrack.cli.output import View
from sitrack.errors import NotPermitted, SitrackError

if TYPE_CHECKING:
    from sitrack.cli.shell import Shell

_KEY = re.compile(r"P[0-9]{5,}(-[LR][0-9]{0,2})?\Z", re.ASCII)
_FIELD = re.compile(r"[a-z-]+(?=:)")
_UNASKED = {
    "database",
    "config",
    "now",
    "quiet",
    "verbose",
    "color",
    "form",
    "as_json",
    "no_pager",
    "name",
    "glass",
}
_TIMES = {"as_of", "as_known", "until", "since", "on"}
_TIME = re.compile(r"today|yesterday|[-+]?[0-9][0-9dwT:.+Z-]*\Z", re.ASCII)


def enter(shell: Shell) -> None:
    """Let somebody in who reads, once the record is open.

    A rehearsal shows what it would do, and keeps nothing: it is logged as a read.

    Raises:
        NotPermitted: their role does not have this command.
    """
    if shell.purpose not in {"read", "rehearse"}:
        return
    from sitrack.record.access import admit

    admit(shell.ledger, shell.reader, command_words(), shell.glass)
    if shell.purpose == "rehearse":
        note(shell, keys_typed(), "rehearsed")


def masks(shell: Shell, *, wanted: bool) -> bool:
    """Whether names stay hidden; who breaks the glass sees them.

    Raises:
        NotPermitted: names are wanted by somebody who sees them for a reason only.
    """
    from sitrack.record.roles import UNMASKED

    if shell.glass is not None or wanted:
        return shell.glass is None
    role = shell.reader.role
    if role is not None and role not in UNMASKED:
        raise NotPermitted(
            f"{shell.reader.id} is {role}, and sees names for a reason only",
            "give the reason: --break-glass CODE",
        )
    return False


def note(shell: Shell, keys: Sequence[str], outcome: str) -> None:
    """Write down what is about to be shown.

    Raises:
        Unavailable: the database cannot be written; nothing may be shown.
    """
    from sitrack.record import access

    sight = access.Sight(
        command=command_words(),
        form=shell.form,
        keys=keys,
        asked=asked(),
        outcome=outcome,
        glass=shell.glass,
    )
    access.note(shell.ledger, shell.reader, sight)


def note_refusal(shell: Shell, refusal: SitrackError) -> None:
    """Write down what was refused, before the reasons are shown."""
    if shell.purpose == "plain":
        return
    try:
        shell.reader  # noqa: B018 - found out here, before it is needed
    except NotPermitted:
        from sitrack.cli.shell import account_name
        from sitrack.record.access import unnamed

        # Nobody has the name that was given; the login, or the account, is somebody's.
        shell.reader = unnamed(shell.ledger, account_name())
    note(shell, keys_typed(), refusal.type)


def command_words() -> str:
    """Return the words of the command that runs, without `sitrack`."""
    context: click.Context | None = click.get_current_context()
    words: list[str] = []
    while context is not None and context.parent is not None:
        words.append(str(context.info_name))
        context = context.parent
    return " ".join(reversed(words))


def asked() -> dict[str, Any]:
    """Return the options that were given: their values where these are words of ours.

    What a person may have put into words is only said to have been given.
    """
    context = click.get_current_context()
    given = {}
    for param in context.command.params:
        source = context.get_parameter_source(str(param.name))
        if param.name in _UNASKED or source is not ParameterSource.COMMANDLINE:
            continue
        if isinstance(param, click.Option):
            word = max(param.opts, key=len).lstrip("-").replace("-", "_")
            given[word] = _said(word, param, context.params.get(str(param.name)))
        elif fields := _filtered(context.params.get(str(param.name))):
            given["filter"] = fields
    return given


def _filtered(words: Any) -> list[str]:
    """The fields of a filter; what they were to be may be a word of a person."""
    if not isinstance(words, tuple):
        return []
    return [field for word in words for field in _FIELD.findall(str(word))]


def _said(word: str, option: click.Option, value: Any) -> Any:
    if isinstance(value, bool | int):
        return value
    ours = isinstance(option.type, click.Choice)
    if word in _TIMES:
        ours = _TIME.match(str(value)) is not None
    return value if ours and isinstance(value, str) else True


def keys_typed() -> list[str]:
    """Return the keys among the words that were typed."""
    values = click.get_current_context().params.values()
    words = (
        word
        for value in values
        for word in (value if isinstance(value, tuple) else (value,))
    )
    return _keys(word.upper() for word in words if isinstance(word, str))


def keys_of(view: View) -> list[str]:
    """Return the keys of everybody that an answer shows, each once."""
    return _keys(_named(view))


def _named(view: View) -> Iterator[str]:
    rows: list[Mapping[str, Any]] = [view.extra, *view.rows]
    for row in rows:
        # An episode's key names its patient, and an entry's its episode.
        word = row.get("episode") or row.get("entry") or row.get("patient")
        if isinstance(word, str):
            yield word.partition("#")[0]


def _keys(words: Iterable[str]) -> list[str]:
    """The keys among the words; a patient's is left out beside their episode's."""
    found = [word for word in dict.fromkeys(words) if _KEY.match(word)]
    patients = {key.partition("-")[0] for key in found if "-" in key}
    return [key for key in found if key not in patients]
