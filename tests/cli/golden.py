"""Kept answers. `UPDATE_GOLDEN=1 pytest tests/cli` writes them anew, to be read over."""

import json
import os
import re
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"

_NEVER_TWICE = (
    (
        re.compile(r"#(\d+) [0-9a-f]{4} [0-9a-f]{4} [0-9a-f]{4} [0-9a-f]{4}\b"),
        r"#\1 HASH",
    ),
    (re.compile(r"[a-z0-9/]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{44}"), "KEY"),
    (re.compile(r"(?m)^[0-9a-f]{8}(?=  )"), "KEYS-ID."),
    (re.compile(r"\b[0-9a-f]{64}\b"), "HASH"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "ID"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "ID"),
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{16}\b"), "HASH"),
    (re.compile(r"sqlite:///\S*?\.db|/\S*?\.db"), "DATABASE"),
)
"""Hashes, ids and places, which are others in every ledger."""
_NEVER_TWICE_KEYS = {"account"}


def normal(value):
    """The same answer without what is another in every ledger."""
    if isinstance(value, dict):
        return {
            name: "NAME" if name in _NEVER_TWICE_KEYS else normal(each)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [normal(each) for each in value]
    if isinstance(value, str):
        for pattern, word in _NEVER_TWICE:
            value = pattern.sub(word, value)
    return value


def same_as_kept(name, answer):
    """Whether a screen (text) or a JSON answer is the one that is kept."""
    text = _text_of(normal(answer))
    kept = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        kept.write_text(text, encoding="utf-8")
    assert text == kept.read_text(encoding="utf-8")


def _text_of(answer):
    if isinstance(answer, str):
        return answer
    return json.dumps(answer, indent=1, ensure_ascii=False) + "\n"
