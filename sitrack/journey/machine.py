"""The one shared state machine of a protocol.

`transitions` holds the table and has the last word on it: a pair of stages that the
protocol lacks cannot be fired, whatever anybody assessed. It is built once for each
protocol version, never holds a patient, and its only guard is the assessment that
was made beforehand (see `journey.assessment`), so that asking and doing agree.
"""

from __future__ import annotations

import functools
from typing import Any

from transitions import Machine, MachineError

from sitrack.pathway.loading import load
from sitrack.pathway.moves import Move
from sitrack.pathway.protocol import Protocol


class NotInTable(Exception):
    """The protocol has no such move from that stage."""


class _Position:
    """Where an episode stands; what the machine reads and moves."""

    def __init__(self, stage: str) -> None:
        # The library looks an enum up by its name; the table knows the word.
        self.stage = str(stage)


def _was_allowed(event: Any) -> bool:
    return bool(event.kwargs["allowed"])


class PathwayMachine:
    """Fires moves of one protocol; shared by every episode pinned to it."""

    def __init__(self, protocol: Protocol) -> None:
        self._machine = Machine(
            model=None,
            states=[stage.id for stage in protocol.stages],
            initial=None,
            transitions=[
                {
                    "trigger": move.trigger,
                    "source": list(move.sources),
                    "dest": move.target,
                    "conditions": [_was_allowed],
                }
                for move in protocol.moves
            ],
            auto_transitions=False,
            send_event=True,
            queued=False,
            model_attribute="stage",
        )

    def moves_from(self, stage: str) -> list[str]:
        """Return the triggers that can be fired from `stage`."""
        return list(self._machine.get_triggers(str(stage)))

    def fire(self, stage: str, move: Move, *, allowed: bool) -> str | None:
        """Return the stage that the move leads to, or None where it was not allowed.

        Raises:
            NotInTable: the protocol has no such move from `stage`.
        """
        position = _Position(stage)
        try:
            passed = self._machine.events[move.trigger].trigger(
                position, allowed=allowed
            )
        except (MachineError, KeyError, ValueError):
            raise NotInTable(move.id) from None
        return position.stage if passed else None


@functools.lru_cache(maxsize=32)
def _machine_of(text: str) -> PathwayMachine:
    return PathwayMachine(load(text))


def machine_for(protocol: Protocol) -> PathwayMachine:
    """Return the shared machine of a protocol version."""
    return _machine_of(protocol.text)
