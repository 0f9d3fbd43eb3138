"""The Merkle tree of RFC 6962: roots, and proofs that need no other leaf.

    leaf(d)    = SHA-256(0x00, d)
    node(l, r) = SHA-256(0x01, l, r)

A tree grows at its right edge only, so the roots of its perfect subtrees (the *edge*)
are all that it takes to append to it. An inclusion proof shows one leaf to somebody
who holds the root; a consistency proof shows that a later root extends an earlier one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
HASH_BYTES: Final = 32

Leaves = Callable[[int, int], Sequence[bytes]]
"""Gives the hashes of the leaves from one position up to, not including, another."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf that holds `data`."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node above two others."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Edge:
    """A tree by its right edge: it can be appended to, and tells its root.

    Attributes:
        size: how many leaves it has.
        roots: of its perfect subtrees, the largest first: one for each bit of `size`.
    """

    def __init__(self, size: int = 0, roots: Iterable[bytes] = ()) -> None:
        self.size = size
        self.roots = list(roots)
        if size < 0 or len(self.roots) != size.bit_count():
            raise ValueError("an edge has one root for each bit of its size")

    def append(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        roots, size = self.roots, self.size
        while size & 1:
            leaf = hashlib.sha256(b"\x01" + roots.pop() + leaf).digest()
            size >>= 1
        roots.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the whole tree."""
        if not self.roots:
            return EMPTY_ROOT
        root = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            root = node_hash(left, root)
        return root

    def packed(self) -> bytes:
        """Return the roots as bytes, from which `unpacked` makes the edge again."""
        return b"".join(self.roots)


def unpacked(size: int, packed: bytes) -> Edge:
    """Return the edge of a tree of `size` leaves.

    Raises:
        ValueError: these are not the roots of a tree of that size.
    """
    if len(packed) % HASH_BYTES:
        raise ValueError("an edge is made of whole hashes")
    places = range(0, len(packed), HASH_BYTES)
    return Edge(size, (packed[place : place + HASH_BYTES] for place in places))


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root of a tree with these hashes of leaves."""
    edge = Edge()
    for leaf in leaves:
        edge.append(leaf)
    return edge.root()


# --- proofs


class Prover:
    """Makes proofs about a log, of which it holds a few hashes at a time.

    It remembers the roots of large subtrees: the first proof looks at every leaf, the
    next ones at a thousand or so.
    """

    _REMEMBERED: Final = 1024
    """Subtrees of at least so many leaves are not hashed twice."""

    def __init__(self, leaves: Leaves) -> None:
        self._leaves = leaves
        self._known: dict[tuple[int, int], bytes] = {}

    def root(self, start: int, stop: int) -> bytes:
        """Return the root over the leaves from `start` up to `stop`."""
        size = stop - start
        if size < self._REMEMBERED:
            return root_of(self._leaves(start, stop))
        found = self._known.get((start, stop))
        if found is None:
            if size == self._REMEMBERED:
                found = root_of(self._leaves(start, stop))
            else:
                middle = start + _split(size)
                found = node_hash(self.root(start, middle), self.root(middle, stop))
            self._known[start, stop] = found
        return found

    def inclusion(self, position: int, size: int) -> list[bytes]:
        """Return the path from the leaf at `position` to the root of `size` leaves."""
        if not 0 <= position < size:
            raise ValueError("there is no such leaf")
        start, stop, path = 0, size, []
        while stop - start > 1:
            middle = start + _split(stop - start)
            if position < middle:
                path.append(self.root(middle, stop))
                stop = middle
            else:
                path.append(self.root(start, middle))
                start = middle
        return path[::-1]

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Return what shows that the first `old` leaves of `new` are the old tree."""
        if not 0 < old <= new:
            raise ValueError("a tree extends one that is smaller, and not empty")
        start, stop, path = 0, new, []
        while stop != old:
            middle = start + _split(stop - start)
            if old <= middle:
                path.append(self.root(middle, stop))
                stop = middle
            else:
                path.append(self.root(start, middle))
                start = middle
        if start:
            path.append(self.root(start, stop))
        return path[::-1]


def _split(size: int) -> int:
    """The greatest power of two below `size`: where a tree of that size divides."""
    return 1 << (size - 1).bit_length() - 1
