"""Errors as people and programs read them: one sentence, the findings, one hint.

No class names, no SQL, no personal data. What is not an error of the person's is
ours: it says where in the program it happened, never what it was about.
"""

from __future__ import annotations

import itertools
import json
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from sitrack.errors import SitrackError

INTERRUPTED = 130


def report(error: BaseException, arguments: Sequence[str]) -> int:
    """Say what went wrong on stderr, and return the exit code."""
    code, kind, message, hint, findings = _described(error)
    lines = [f"error: {message}"]
    lines += [f"  {line}" for finding in findings for line in _finding_lines(finding)]
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
        click.echo(json.dumps({"error": body}, ensure_ascii=False), err=True)
    else:
        click.echo("\n".join(lines), err=True)
    return code


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
    if isinstance(error, click.Abort | KeyboardInterrupt):
        message = "interrupted; what was not finished was undone"
        return INTERRUPTED, "interrupted", message, None, ()
    if isinstance(error, click.ClickException):
        return 2, "bad-input", *_usage(error), ()
    return 1, "internal", *_our_fault(error), ()


def _usage(error: click.ClickException) -> tuple[str, str | None]:
    message = error.format_message().rstrip(".")
    ctx = getattr(error, "ctx", None)
    hint = f"{ctx.command_path} --help" if ctx else None
    return message[:1].lower() + message[1:], hint


def _our_fault(error: BaseException) -> tuple[str, str]:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "sitrack" in Path(frame.filename).parts]
    place = ours[-1] if ours else None
    where = f"{Path(place.filename).name}:{place.lineno}" if place else "start-up"
    message = f"sitrack itself failed, at {where}; nothing was changed"
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
