"""Every attack, at each layer: found by the code that names it, or declared."""

import pytest

from . import on_copies, on_entries, on_rows, on_seals, on_streams, undetectable
from .burglar import Burglar
from .catalogue import ATTACKS, NOTHING
from .house import LAYERS, house

MODULES = (on_entries, on_rows, on_streams, on_copies, on_seals, undetectable)


@pytest.fixture
def built(tmp_path):
    """Build a house; close it in the end."""
    houses = []

    def build(*, is_sealed):
        houses.append(house(tmp_path, is_sealed=is_sealed))
        return houses[-1]

    yield build
    for each in houses:
        each.ledger.close()


def attacked(house, attack):
    with Burglar(house) as burglar:
        attack.act(burglar)
    return house


@pytest.mark.parametrize("is_sealed", [False, True])
def test_a_house_that_nobody_broke_into_is_clean(built, is_sealed):
    whole = built(is_sealed=is_sealed)
    with Burglar(whole):
        pass
    assert [whole.found(layer) for layer in LAYERS] == [[]] * 4


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
@pytest.mark.parametrize("layer", LAYERS)
def test_an_attack_is_found_by_its_layer_and_named(built, attack, layer):
    code = attack.codes[layer]
    if code == NOTHING:
        return
    found = attacked(built(is_sealed=layer != "C"), attack).found(layer)
    if code is None:
        assert found == []
    else:
        assert code in {each for each, *_ in found}, found


def test_there_are_enough_of_them_and_each_has_a_name():
    assert len(ATTACKS) >= 60
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)
    assert len({attack.title for attack in ATTACKS}) == len(ATTACKS)
    assert {attack.act.__module__ for attack in ATTACKS} == {
        module.__name__ for module in MODULES
    }


def test_what_is_never_found_is_declared_and_nothing_else_is():
    for attack in ATTACKS:
        assert attack.is_found == (not attack.declared), attack.name
