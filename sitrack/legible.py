"""Text that can only be read: what could act on a terminal or a page is spelled out.

Control characters, and marks that turn the direction of writing, become `\\u202E`. Names
and notes hold whatever somebody typed, and pass through here before anybody sees them.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_BIDI: Final = {0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_SOFT_HYPHEN: Final = 0x00AD


def shown(text: str) -> str:
    """Return text that can only be shown: what could act is spelled out."""
    if text.isprintable():
        # Nothing of the kinds that act is printable, and this looks in one step.
        return text
    return "".join(
        char if is_harmless(char) else f"\\u{ord(char):04X}" for char in text
    )


def is_harmless(char: str) -> bool:
    """Whether a character does nothing but show itself."""
    if ord(char) in _BIDI:
        return False
    return unicodedata.category(char)[0] != "C" or ord(char) == _SOFT_HYPHEN
