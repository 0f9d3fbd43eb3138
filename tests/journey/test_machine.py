"""The shared machine fires exactly what the table holds, and keeps nobody."""

from __future__ import annotations

import itertools

import pytest

from sitrack.journey.machine import NotInTable, PathwayMachine, machine_for
from sitrack.pathway.loading import load, shipped_text
from sitrack.pathway.stages import Stage
from tests.journey.notation import shipped_with

PROTOCOL = load(shipped_text())
MACHINE = machine_for(PROTOCOL)
PAIRS = list(itertools.product(Stage, PROTOCOL.moves))


@pytest.mark.parametrize(
    ("stage", "move"), PAIRS, ids=[f"{move.id}-from-{stage}" for stage, move in PAIRS]
)
def test_every_move_fires_from_its_stages_and_from_no_other(stage, move):
    if stage in move.sources:
        assert MACHINE.fire(stage, move, allowed=True) == move.target
        assert MACHINE.fire(stage, move, allowed=False) is None
    else:
        for allowed in (True, False):
            with pytest.raises(NotInTable):
                MACHINE.fire(stage, move, allowed=allowed)


@pytest.mark.parametrize("stage", list(Stage))
def test_the_machine_and_the_protocol_know_the_same_ways(stage):
    from_protocol = [move.trigger for move in PROTOCOL.moves_from(stage)]
    assert sorted(MACHINE.moves_from(stage)) == sorted(from_protocol)


@pytest.mark.parametrize("stage", ["surgery", "", "on-hold"])
def test_from_a_stage_that_does_not_exist_nothing_fires(stage):
    with pytest.raises(NotInTable):
        MACHINE.fire(stage, PROTOCOL.moves[0], allowed=True)


def test_a_change_of_status_is_no_move_of_the_machine():
    for move in PROTOCOL.status_moves:
        with pytest.raises(NotInTable):
            MACHINE.fire("rfa", move, allowed=True)


def test_a_protocol_has_one_machine_for_everybody():
    assert machine_for(PROTOCOL) is machine_for(load(shipped_text()))
    assert machine_for(PROTOCOL) is not machine_for(
        shipped_with(("response_pct = { value = 50,", "response_pct = { value = 60,"))
    )


def test_firing_adds_no_model_to_the_machine():
    machine = PathwayMachine(PROTOCOL)
    for stage, move in PAIRS:
        if stage in move.sources:
            machine.fire(stage, move, allowed=True)
    assert machine._machine.models == []
