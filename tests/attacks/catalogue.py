"""How an attack is told: what is done, and which finding names it at which layer."""

from collections.abc import Callable
from dataclasses import dataclass

from .house import LAYERS

NOTHING = "nothing"
"""At the layer of chains: there is nothing of the kind to attack."""


@dataclass(frozen=True)
class Attack:
    """One attack.

    Attributes:
        group: the heading under which the page lists it.
        title: what is done, in words.
        act: does it, by a burglar that is in the house.
        codes: by layer, the finding that names it; None where none does.
        declared: why nothing finds it, where nothing can.
    """

    group: str
    title: str
    act: Callable
    codes: dict
    declared: str = ""

    @property
    def name(self):
        return self.act.__name__

    @property
    def is_found(self):
        return self.codes["R"] is not None


ATTACKS = []


def attack(group, title, C, declared="", **later):  # noqa: N803 - the letter of a layer
    """Keep a function as an attack; a layer that is not told finds what the last did."""
    codes, code = {"C": C}, C
    for layer in LAYERS[1:]:
        code = later.get(layer, None if code == NOTHING else code)
        codes[layer] = code

    def keep(act):
        ATTACKS.append(Attack(group, title, act, codes, declared))
        return act

    return keep
