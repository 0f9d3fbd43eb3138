"""What can go wrong, in the reader's words, each kind with its exit code.

One tree. A person can mend what these say: each carries one sentence and, where
there is one, a hint that can be pasted. Whatever is not a `SitrackError` is our own
fault and leaves with exit code 1. No message ever holds personal data or free text.
"""

from __future__ import annotations

import re
from typing import Final

_WORD: Final = r"[a-z][a-z0-9_-]{0,39}"
_KEY: Final = r"[Pp][0-9]{4,9}(-[LRlr][0-9]*)?"
_DAY: Final = r"[+-]?[0-9]{1,5}([-:./T+][0-9]{1,2})*[a-zZ]{0,2}"
_NO_NAME: Final = re.compile(rf"({_WORD}|{_KEY}|{_DAY})\Z", re.ASCII)


def may_be_repeated(typed: str) -> bool:
    """Whether an error may say again what somebody typed.

    What is typed in the wrong place can be a person's name or number, and errors end up
    in logs. A word such as our own, a key, a day or a length of time is none.
    """
    return _NO_NAME.match(typed) is not None


def repeated(typed: str, otherwise: str) -> str:
    """Return what was typed, quoted, or other words where it might be somebody's name."""
    return repr(typed) if may_be_repeated(typed) else otherwise


class SitrackError(Exception):
    """Something that the person at the keyboard can read and act on.

    Attributes:
        code: the exit code of the process.
        type: the word that names the kind of error in JSON.
        message: one sentence, without a full stop.
        hint: a command or an act that mends it, or None.
    """

    code = 1
    type = "internal"

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class BadInput(SitrackError):
    """A command, a value or an input file that cannot be understood."""

    code = 2
    type = "bad-input"


class NotEligible(SitrackError):
    """Refused by the protocol, with a code of its own; nothing was changed."""

    code = 10
    type = "not-eligible"


class NotFound(SitrackError):
    """No such patient, episode or entry, or a key that fits several."""

    code = 11
    type = "not-found"


class WrittenFirst(SitrackError):
    """Somebody else wrote in between; nothing was changed."""

    code = 12
    type = "written-first"


class VerificationFailed(SitrackError):
    """The record does not prove itself."""

    code = 13
    type = "verification-failed"


class Unavailable(SitrackError):
    """The database or the settings cannot be used as they are."""

    code = 14
    type = "unavailable"


class PartlyDone(SitrackError):
    """Some of many succeeded and some did not."""

    code = 15
    type = "partly-done"


class NotPermitted(SitrackError):
    """This person, or this kind of ledger, may not do that."""

    code = 16
    type = "not-permitted"
