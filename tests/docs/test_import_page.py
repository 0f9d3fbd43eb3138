"""The page about imports has every column as the code has it, and explains every code."""

from sitrack.journey.forms import KINDS
from sitrack.journey.intake.columns import COLUMNS, FRAME, ROW_KINDS
from tests.cli.test_import import BROKEN
from tests.docs.readme import ROOT

PAGE = ROOT / "docs/reference/import.md"
ELSEWHERE = {"changed", "mrn-taken", "not-found", "not-permitted"}
"""Codes that need a record, or a staff list, to come about."""


def kinds_told(kinds):
    """Kinds of row in as few words as will do."""
    if set(kinds) == set(ROW_KINDS):
        return "every row"
    others = set(ROW_KINDS) - set(kinds)
    if len(others) <= 2:
        return f"every row but {', '.join(f'`{k}`' for k in ROW_KINDS if k in others)}"
    named = [f"`{kind}`" for kind in kinds if kind in FRAME]
    facts = [kind for kind in kinds if kind in KINDS]
    if set(facts) == set(KINDS):
        return ", ".join([*named, "every fact"])
    return ", ".join([*named, *(f"`{kind}`" for kind in facts)])


def holds(column):
    """What may stand in a column of facts."""
    told = []
    for field in (column.fields or {}).values():
        if field.type == "flag":
            told.append("`yes` or `no`")
        elif field.choices:
            words = ", ".join(f"`{choice}`" for choice in field.choices)
            several = "some of " if field.type == "choices" else ""
            told.append(several + words)
        elif field.type in {"score", "whole", "amount"}:
            step = f" in steps of {field.step}" if field.type == "score" else ""
            told.append(f"{field.low} to {field.high}{step}")
        else:
            told.append("a day" if field.type == "date" else "a word")
    return "; or ".join(dict.fromkeys(told))


def table():
    """The lines of the guide, in the order of the template."""
    yield "| column | what it holds | taken by | needed by |"
    yield "|---|---|---|---|"
    for column in COLUMNS.values():
        about = ": ".join(filter(None, [column.about, holds(column)]))
        needed = kinds_told(column.needed) if column.needed else ""
        yield f"| `{column.name}` | {about} | {kinds_told(column.kinds)} | {needed} |"


def test_the_guide_is_the_columns_that_there_are():
    assert "\n".join(table()) in PAGE.read_text(encoding="utf-8")


def test_every_code_is_explained():
    page = PAGE.read_text(encoding="utf-8")
    codes = {code for _, _, _, code in BROKEN.values() if code.islower()} | ELSEWHERE
    assert [code for code in sorted(codes) if f"| `{code}` |" not in page] == []


if __name__ == "__main__":
    print("\n".join(table()))
