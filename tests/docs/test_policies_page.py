"""The page about policies says what their files say, number by number."""

from sitrack.pathway import policy
from sitrack.pathway.loading import load, shipped_text
from tests.docs.readme import ROOT

PAGE = ROOT / "docs/reference/policies.md"


def cell(row, unit=""):
    """A value with its sources, or a dash where the policy does not state one."""
    if row is None:
        return "—"
    value = row["value"]
    word = {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
    told = f"{word} {unit}".strip()
    return f"{told} [{', '.join(row['sources'])}]"


def table():
    """The lines of the table: a name of the protocol each, a column for each policy."""
    shipped = [policy.policy_named(name) for name in policy.names()]
    numbers = load(shipped_text()).numbers
    names = [name for name in numbers if any(name in each.numbers for each in shipped)]
    flags = sorted({name for each in shipped for name in each.settings})
    yield f"| name | {' | '.join(each.id for each in shipped)} |"
    yield f"|---|{'---|' * len(shipped)}"
    for name in [*names, *flags]:
        unit = numbers[name].unit if name in numbers else ""
        rows = [{**each.numbers, **each.settings}.get(name) for each in shipped]
        yield f"| `{name}` | {' | '.join(cell(row, unit) for row in rows)} |"


def test_the_table_of_the_page_is_that_of_the_files():
    page = PAGE.read_text(encoding="utf-8")
    assert "\n".join(table()) in page


def test_every_policy_is_introduced_by_its_title():
    page = PAGE.read_text(encoding="utf-8")
    for name in policy.names():
        assert f"| `{name}` | {policy.policy_named(name).title} |" in page
