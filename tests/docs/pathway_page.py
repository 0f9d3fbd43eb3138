"""Makes `docs/reference/pathway.md` from the shipped protocol and from the tests.

`python -m tests.docs.pathway_page --write` writes it; without the option it is printed.
Nothing on the page is written by hand, so that it cannot say what is not so.
"""

import itertools
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from sitrack.pathway.drawing import mermaid
from sitrack.pathway.follow_ups import Closer, FollowUp
from sitrack.pathway.loading import load, shipped_text
from sitrack.pathway.moves import Move
from sitrack.pathway.protocol import Protocol
from sitrack.pathway.requirements import KINDS
from sitrack.pathway.stages import Stage, Status, title_of
from tests.docs.made import print_or_write
from tests.docs.told import ROOT, Told, about, told_under

PAGE = ROOT / "docs/reference/pathway.md"
COMMAND = "python -m tests.docs.pathway_page --write"


def page() -> str:
    """The whole page."""
    protocol = load(shipped_text())
    parts = [
        head(protocol),
        drawing(protocol),
        stages(protocol),
        moves(protocol),
        follow_ups(protocol),
        shown(),
        founding(),
    ]
    lines = itertools.chain.from_iterable((*part, "") for part in parts)
    return "\n".join(lines).rstrip() + "\n"


def head(protocol: Protocol) -> Iterator[str]:
    yield "# The pathway"
    yield ""
    yield f"What `{protocol.id}` says, and which tests show it."
    yield f"Made from [the protocol file](../../sitrack/pathway/protocols/{protocol.id}.toml) and the tests by `{COMMAND}`; not edited by hand."
    yield "Keys in brackets name [the sources](sources.md); R is a recommendation of this project."


def drawing(protocol: Protocol) -> Iterator[str]:
    yield "## Drawing"
    yield ""
    yield "Every open stage may also be finished, with a disposition."
    yield ""
    yield "```mermaid"
    # On a page the title stands above the drawing already.
    drawn = mermaid(protocol).splitlines()
    yield from drawn[drawn.index("stateDiagram-v2") :]
    yield "```"


def stages(protocol: Protocol) -> Iterator[str]:
    yield "## Stages"
    yield ""
    yield from table(
        ("stage", "purpose", "leads to"),
        (
            (
                f"`{stage.id}`",
                stage.purpose,
                ", ".join(
                    f"`{move.target}`"
                    for move in protocol.moves_from(stage.id)
                    if move.command != "episode finish"
                ),
            )
            for stage in protocol.stages
        ),
    )


# --- moves


def moves(protocol: Protocol) -> Iterator[str]:
    yield "## Moves"
    yield ""
    yield "A hard requirement is lifted by no variance."
    text = tomllib.loads(protocol.text)
    rows = {row["id"]: row for row in (*text["moves"], *text["status_moves"])}
    for move in (*protocol.moves, *protocol.status_moves):
        yield ""
        yield from one_move(protocol, move, rows[move.id])


def one_move(protocol: Protocol, move: Move, row: Mapping) -> Iterator[str]:
    yield f"### {move.title}"
    yield ""
    sources = ", ".join(f"`{source}`" for source in move.sources)
    target = f"`{move.target}`" if move.target else "where it was, or `re-evaluation`"
    yield f"From {sources} to {target}, by `sitrack {move.command}` {cited(move.citations)}."
    for label, words in (("Reasons", move.reasons), ("Variances", move.variances)):
        if words:
            yield f"{label}: {', '.join(f'`{word}`' for word in words)}."
    yield ""
    yield from table(
        ("requirement", "asks that", "numbers", ""),
        (
            (
                f"`{rule.id}`",
                KINDS[rule.kind].asks,
                numbers(protocol, given),
                "hard" if rule.hard else "",
            )
            for rule, given in zip(
                move.requirements, row.get("requirements", ()), strict=True
            )
        ),
    )


def numbers(protocol: Protocol, given: Mapping) -> str:
    """What the protocol's text gives a requirement, each by its name there."""
    settings = tomllib.loads(protocol.text)["settings"]
    told = []
    for name in given.values():
        if isinstance(name, str) and name in protocol.numbers:
            number = protocol.numbers[name]
            told.append(
                f"`{name}` {number.value} {number.unit} {cited(number.sources)}"
            )
        elif isinstance(name, str) and name in settings:
            value = "yes" if settings[name]["value"] else "no"
            told.append(f"`{name}` {value} {cited(settings[name]['sources'])}")
    return "<br>".join(told)


# --- follow-ups


def follow_ups(protocol: Protocol) -> Iterator[str]:
    yield "## Follow-ups"
    yield ""
    yield "Days are counted from the anchor, holds left out; leaving the stage closes every one of them."
    yield ""
    yield from table(
        ("rule", "next step", "due", "closed before by", "waits for", "told to", ""),
        map(one_follow_up, protocol.follow_ups),
    )


def one_follow_up(rule: FollowUp) -> Iterable[str]:
    days = f"{rule.offset.count:+} {rule.offset.unit}"
    every = f", every {rule.every}" if rule.every else ""
    drugs = f" ({', '.join(rule.only)})" if rule.only else ""
    return (
        f"`{rule.id}`",
        rule.title,
        f"{rule.anchor}{drugs} {days}{every}",
        ", ".join(map(closed_by, rule.closers)),
        rule.waits_for,
        rule.recipient,
        cited(rule.citations),
    )


def closed_by(closer: Closer) -> str:
    if closer.from_day is not None:
        return f"{closer.evidence} from day {closer.from_day}"
    if closer.from_due is not None:
        return f"{closer.evidence} from {-closer.from_due} d before it is due"
    return closer.evidence


# --- the tests


def shown() -> Iterator[str]:
    yield "## What the tests show"
    yield ""
    yield "One line is one test; a number in brackets is the sentence of [the founding document](founding.md) that it cites."
    for path, tests in by_file(told_under("tests/pathway")):
        yield ""
        yield f"### {heading_of(path)}"
        yield ""
        yield f"{about(path)} ([test](../../{path}))."
        for heading, several in itertools.groupby(tests, lambda told: told.heading):
            yield ""
            if heading:
                yield f"{heading[:1].upper()}{heading[1:]}:"
                yield ""
            yield from map(one_test, several)


def by_file(tests: Iterable[Told]) -> list[tuple[str, list[Told]]]:
    """The tests by file: the targets in the order of the pathway, then the rest."""
    files = defaultdict(list)
    for told in tests:
        files[told.path].append(told)
    order = [file_of(target) for target in (*Stage, *Status)]
    return sorted(
        files.items(),
        key=lambda each: (
            order.index(each[0]) if each[0] in order else len(order),
            each[0],
        ),
    )


def file_of(target: str) -> str:
    return f"tests/pathway/test_to_{target.replace('-', '_')}.py"


def heading_of(path: str) -> str:
    for stage in Stage:
        if path == file_of(stage):
            title = title_of(stage)
            return f"To {title if title.isupper() else title.lower()}"
    words = path.rpartition("/test_")[2].removesuffix(".py").replace("_", " ")
    return words[:1].upper() + words[1:]


def one_test(told: Told) -> str:
    numbers = f" ({', '.join(map(str, told.founding))})" if told.founding else ""
    return f"- {told.sentence}{numbers}"


def founding() -> Iterator[str]:
    yield "## The founding document"
    yield ""
    yield "By each of [its sentences](founding.md), the tests that show it."
    yield ""
    told = defaultdict(list)
    for each in told_under("tests"):
        for number in each.founding:
            told[number].append(f"[{each.sentence}](../../{each.path})")
    yield from table(
        ("#", "tests"),
        ((str(number), "<br>".join(told[number])) for number in sorted(told)),
    )


# --- words


def cited(keys: Iterable[str]) -> str:
    return f"[{', '.join(keys)}]"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    heads = tuple(heads)
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    for row in rows:
        yield f"| {' | '.join(row)} |".replace("|  |", "| |")


if __name__ == "__main__":
    print_or_write(page, PAGE, __doc__)
