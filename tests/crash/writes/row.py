"""A row of the table of writes, and how a function becomes one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Write:
    """One kind of write.

    Attributes:
        name: in the words of who asks for it.
        kinds: of the entries that it appends.
        act: makes it, on a ward.
        before: what is done to the ward first, or None.
        again: what has to come to pass before it can be made again, or None.
        only: the kind of database that has it; None for each.
        like: another row, which sends a server the same: only the long run tries both
            there.
        checks: it checks the whole record besides.
        leaves: what `verify` asks for after it, or None for nothing.
    """

    name: str
    kinds: tuple[str, ...]
    act: Callable[[Any], Any]
    before: Callable[[Any], Any] | None = None
    again: Callable[[Any], Any] | None = None
    only: str | None = None
    like: str | None = None
    checks: bool = False
    leaves: str | None = None


def writer(table):
    """Return what puts functions into a table, each under its own name."""

    def write(*kinds, **more):
        def kept(act):
            name = act.__name__.replace("_", " ")
            table[name] = Write(name, kinds, act, **more)
            return act

        return kept

    return write


def quietly(_done):
    """Say nothing of the progress."""
