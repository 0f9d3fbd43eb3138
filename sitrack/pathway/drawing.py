"""Draws a protocol: as Mermaid, for a page, and as text, for a terminal."""

from __future__ import annotations

from sitrack.pathway.protocol import Protocol
from sitrack.pathway.stages import title_of


def mermaid(protocol: Protocol) -> str:
    """Return the pathway as a Mermaid state diagram.

    Arrows to `closed` are left out: every stage has one, and they hide the rest.
    A name in Mermaid holds no hyphen, so that stages are shown by their titles.
    """
    from transitions.extensions import GraphMachine

    class Sheet:
        """Something to draw; the library wants a model."""

    sheet = Sheet()
    GraphMachine(
        model=sheet,
        states=[_name(stage.id) for stage in protocol.stages],
        initial=_name(protocol.initial),
        auto_transitions=False,
        graph_engine="mermaid",
        title=f"title: {protocol.title}",
        transitions=[
            {
                "trigger": move.id,
                "source": [_name(source) for source in move.sources],
                "dest": _name(move.target or ""),
            }
            for move in protocol.moves
            if move.command != "episode finish"
        ],
    )
    drawn = str(sheet.get_graph().source)  # type: ignore[attr-defined]
    for stage in protocol.stages:
        named = f'state "{_name(stage.id)}"'
        drawn = drawn.replace(named, f'state "{title_of(stage.id)}"')
    return _plain(drawn)


def _name(stage: str) -> str:
    return stage.replace("-", "_")


def _plain(drawn: str) -> str:
    """Leave out the styles that the library adds: a page has its own."""
    kept = [
        line.rstrip()
        for line in drawn.splitlines()
        if not line.strip().startswith(("classDef", "Class ", "class "))
    ]
    return "\n".join(line for line in kept if line) + "\n"


def text(protocol: Protocol) -> str:
    """Return the pathway as lines of at most 80 columns, a stage and its ways out."""
    lines = [protocol.title, ""]
    for stage in protocol.stages:
        lines.append(title_of(stage.id) + ("  (the end)" if stage.final else ""))
        lines += [
            f"  --> {title_of(move.target):<20} {move.title}"
            for move in protocol.moves_from(stage.id)
            if move.command != "episode finish" and move.target
        ]
    lines += ["", "Every open stage may also be finished, with a disposition."]
    return "\n".join(lines) + "\n"
