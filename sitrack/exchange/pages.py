"""Pages from our own templates: self-contained, every value escaped by the engine.

Values may be somebody's typing: each passes `legible.shown` first. Only what we drew
ourselves (`Markup`) is left as it is.
"""

from __future__ import annotations

import importlib.resources
from typing import Any

from sitrack.legible import shown


def page(template: str, **values: Any) -> str:
    """Return a page: no script, nothing fetched, printable in grey."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    folder = importlib.resources.files("sitrack.exchange")
    text = (folder / template).read_text(encoding="utf-8")
    return environment.from_string(text).render(**values) + "\n"


def _shown(value: Any) -> Any:
    if hasattr(value, "__html__"):
        return value
    return "" if value is None else shown(str(value))
