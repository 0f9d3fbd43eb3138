"""The moves of a pathway: from which stage to which, by what command, on what terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sitrack.pathway.requirements import Requirement

COMMANDS: Final = (
    "advance",
    "episode finish",
    "episode reopen",
    "episode hold",
    "episode resume",
    "episode lost",
    "episode return",
)
"""What a person may type to make a move."""


@dataclass(frozen=True, slots=True)
class Move:
    """A permitted change of stage (or, for a hold or a loss, of status).

    Attributes:
        id: lower-kebab name, unique in the protocol.
        title: the act in words: `Confirm the source`.
        sources: stages (or statuses) it leads out of.
        target: the stage (or status) it leads to; `resume` and `return` name none,
            for they lead back to the stage that was left.
        command: what a person types: `advance` or an `episode` command.
        requirements: all must be met.
        reasons: the coded reasons it takes; empty where it takes none.
        variances: the codes that may lift its unmet requirements.
        citations: where the move itself comes from.
    """

    id: str
    title: str
    sources: tuple[str, ...]
    target: str | None
    command: str
    requirements: tuple[Requirement, ...]
    reasons: tuple[str, ...]
    variances: tuple[str, ...]
    citations: tuple[str, ...]

    @property
    def trigger(self) -> str:
        """The move's name as an identifier, for the state machine."""
        return self.id.replace("-", "_")
