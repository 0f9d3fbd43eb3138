"""Errors as people and programs read them: one sentence, the findings, one hint.

No class names, no SQL, no personal data. What is not an error of the person's is
ours: it says where in the program it happened, never what it was about.
"""

from __future__ import annotations

import difflib
import itertools
import re
import sys
import textwrap
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from sitrack.cli.output import dumped, naming, screen_width
from sitrack.errors import (
    BadInput,
    NotFound,
    NotPermitted,
    SitrackError,
    Unavailable,
    may_be_repeated,
)
from sitrack.legible import shown

INTERRUPTED = 130
_PASTED = re.compile(r"(?:^|(?<=: )|(?<=\())sitrack [a-z].*?(?=$|[,;?] | \(|\))")
"""A command in a hint that is there to be pasted; others are only spoken of."""
_NAMES_ONE = re.compile(r" (-[qvny]*d|--database|--help)")
_SHORT = re.compile(r"-[qvny]*d(.*)\Z", re.DOTALL)
"""`-d` alone, behind flags of one letter, or joined to its value."""
_SURPLUS = "unexpected extra argument"


class NotShown(Exception):
    """Something was recorded, and then could not be shown.

    Attributes:
        look: the command that shows it.
    """

    def __init__(self, look: str) -> None:
        super().__init__(look)
        self.look = look


class Interrupted(NotShown):
    """It could not be shown because an interruption came."""


def report(error: BaseException, arguments: Sequence[str]) -> int:
    """Say what went wrong on stderr, and return the exit code."""
    code, kind, message, hint, findings = _described(error)
    if isinstance(error, click.ClickException):
        message = _without_names(message, arguments)
    if isinstance(error, click.NoSuchOption):
        hint = _in_order(error, arguments) or hint
    hint = hint or _way_out(code, findings, arguments)
    if hint:
        hint = _about_this_record(hint, arguments)
    lines = _wrapped(f"error: {message}")
    for finding in findings:
        for line in _finding_lines(finding):
            lines += _wrapped(f"  {line}")
    if hint:
        lines.append(f"hint: {hint}")
    if _wants_json(arguments):
        body = {
            "code": code,
            "type": kind,
            "message": message,
            "hint": hint,
            "findings": [finding_json(finding) for finding in findings],
        }
        click.echo(dumped({"error": body}), err=True)
    else:
        click.echo("\n".join(map(shown, lines)), err=True)
    return code


def code_of(error: BaseException) -> int:
    """Return the exit code of an error, where nothing can be said any more."""
    return _described(error)[0]


def _wrapped(sentence: str) -> list[str]:
    """Break a long sentence at the edge of a terminal; a log keeps it whole."""
    if not sys.stderr.isatty():
        return [sentence]
    # A path or a key goes to the next line whole: it is there to be pasted.
    return textwrap.wrap(
        sentence, screen_width(), subsequent_indent="    ", break_on_hyphens=False
    )


_WAYS_OUT = {
    "FUTURE_DATED": "give with --on the day on which it happened",
    "SIDE_MISMATCH": "record it on the episode of that side: sitrack episode list",
    "SCALE_MISMATCH": "give the score on the scale that was used before",
    "OUT_OF_ORDER": "check the day (--on) and, if given, the entry (--for)",
    "EVIDENCE_MISSING": "see what is on record: sitrack history EPISODE",
}


_WHERE_TO_LOOK = {
    NotFound.code: "see which there are: sitrack episode list",
    Unavailable.code: "see which record is meant: sitrack db path",
}


def _way_out(
    code: int, findings: Sequence[Any], arguments: Sequence[str]
) -> str | None:
    """What to do next, where the error itself does not say."""
    if findings:
        return _WAYS_OUT.get(findings[0].code)
    if code in {BadInput.code, NotPermitted.code}:
        return f"see: {_help_of(arguments)}"
    return _WHERE_TO_LOOK.get(code)


def _about_this_record(hint: str, arguments: Sequence[str]) -> str:
    """Let the commands of a hint name the record that was typed, as `Next:` lines do."""
    named = naming(_database_typed(arguments))

    def whole(found: re.Match[str]) -> str:
        command = found[0]
        return command if _NAMES_ONE.search(command) else f"{command}{named}"

    return _PASTED.sub(whole, hint)


def _database_typed(arguments: Sequence[str]) -> str | None:
    """The value of `-d`, in each of the ways in which it can be typed.

    What was typed may not even be understood, so that no parser has read it.
    """
    words = iter(arguments)
    found = None
    for word in itertools.takewhile(lambda word: word != "--", words):
        short, (long, joined, value) = _SHORT.match(word), word.partition("=")
        if short:
            found = short[1] or next(words, None)
        elif long == "--database":
            found = value if joined else next(words, None)
    return found


def _in_order(error: click.NoSuchOption, arguments: Sequence[str]) -> str | None:
    """What was meant by an option that stands before its command."""
    if error.ctx is None or not isinstance(error.ctx.command, click.Group):
        return None
    from sitrack.cli.root import root
    from sitrack.cli.word_order import mended

    meant = mended(root, arguments)
    return f"options come after their command: {meant}" if meant else None


def _help_of(arguments: Sequence[str]) -> str:
    """Return the help of the command that was typed."""
    from sitrack.cli.root import root

    command: click.Command = root
    path = ["sitrack"]
    for word in arguments:
        if not isinstance(command, click.Group):
            break
        found = command.get_command(click.Context(command), word)
        if found is None:
            break
        command = found
        path.append(word)
    return " ".join([*path, "--help"])


def _wants_json(arguments: Sequence[str]) -> bool:
    words = list(arguments)
    named = [b for a, b in itertools.pairwise(words) if a == "--format"]
    joined = {f"--format={form}" for form in ("json", "ndjson")}
    return (
        "--json" in words
        or bool(joined & set(words))
        or named[-1:] in (["json"], ["ndjson"])
    )


def _described(
    error: BaseException,
) -> tuple[int, str, str, str | None, Sequence[Any]]:
    """Return (exit code, type, message, hint, findings) of any error."""
    if isinstance(error, SitrackError):
        findings = getattr(error, "findings", ())
        return error.code, error.type, error.message, error.hint, findings
    if isinstance(error, click.Abort | KeyboardInterrupt | Interrupted):
        return INTERRUPTED, "interrupted", *_stopped(error), ()
    if isinstance(error, click.ClickException):
        return 2, "bad-input", *_usage(error), ()
    if isinstance(error, NotShown):
        message = "it was recorded, but could not be shown; do not repeat it"
        return 1, "not-shown", message, f"look with: {error.look}", ()
    if isinstance(error, OSError) and error.errno and error.filename is None:
        message = f"the answer could not be written out: {error.strerror}"
        hint = "see where stdout leads, and ask again"
        return Unavailable.code, Unavailable.type, message, hint, ()
    return 1, "internal", *_our_fault(error), ()


def _stopped(error: BaseException) -> tuple[str, str | None]:
    if isinstance(error, Interrupted):
        message = "interrupted; what was recorded until then stays"
        return message, f"look with: {error.look}"
    return "interrupted; what was not finished was undone", None


def _usage(error: click.ClickException) -> tuple[str, str | None]:
    ctx = getattr(error, "ctx", None)
    hint = f"see: {ctx.command_path} --help" if ctx else None
    if isinstance(error, click.NoSuchOption):
        near = difflib.get_close_matches(error.option_name, error.possibilities or ())
        meant = f"did you mean {' or '.join(near)}? " if near else ""
        known = may_be_repeated(error.option_name.lstrip("-"))
        name = error.option_name if known else "of that name"
        return f"there is no option {name}", f"{meant}{hint or ''}"
    _name_argument(error)
    message = " ".join(error.format_message().split()).rstrip(".")
    return message[:1].lower() + message[1:], hint


def _without_names(message: str, arguments: Sequence[str]) -> str:
    """Leave out of a sentence of click's what was typed and might be a name."""
    for word in arguments:
        value = word.partition("=")[2] if word.startswith("-") else word
        if value and not may_be_repeated(value):
            message = message.replace(repr(value), "that")
    before, surplus, typed = message.partition(_SURPLUS)
    words = typed.lstrip("s").strip(" ()").split()
    return message if all(map(may_be_repeated, words)) else f"{before}{surplus}s"


def _name_argument(error: click.ClickException) -> None:
    """Call an argument by its name: click calls one with choices by all of them."""
    if not isinstance(error, click.BadParameter):
        return
    param = error.param
    if isinstance(param, click.Argument) and isinstance(param.type, click.Choice):
        error.param_hint = f"'{str(param.name).upper()}'"


def _our_fault(error: BaseException) -> tuple[str, str]:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "sitrack" in Path(frame.filename).parts]
    place = ours[-1] if ours else None
    where = f"{Path(place.filename).name}:{place.lineno}" if place else "start-up"
    message = f"sitrack itself failed, at {where}; what was not finished was undone"
    return message, "please report it with that place and your `sitrack --version`"


def finding_json(finding: Any) -> dict[str, Any]:
    """Return a finding as JSON shows it."""
    return {
        "requirement": finding.requirement,
        "result": finding.result.value,
        "needs": finding.needs or None,
        "seen": finding.seen or None,
        "entries": list(finding.entries),
        "earliest": finding.earliest.isoformat() if finding.earliest else None,
        "code": finding.code,
        "item": finding.item,
        "warning": finding.warning,
    }


def _finding_lines(finding: Any) -> list[str]:
    seen = f": {finding.seen}" if finding.seen else ""
    needs = f" (needs {finding.needs})" if finding.needs else ""
    lines = [f"{finding.label()}{seen}{needs}"]
    if finding.earliest:
        lines.append(f"  earliest {finding.earliest}")
    return lines
