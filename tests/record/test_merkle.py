"""The Merkle tree, against the published trees of Certificate Transparency.

Proofs are judged by the file that travels with an export.
"""

import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitrack.exchange import standalone
from sitrack.record import merkle

# The test trees of RFC 6962's reference implementation, of 0 to 8 leaves.
LEAVES = [
    *("", "00", "10", "2021", "3031", "40414243"),
    *("5051525354555657", "606162636465666768696a6b6c6d6e6f"),
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PAIRS = [
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
]
FOURS = [
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
]
SECOND = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
FIFTH = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
SEVENTH = "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f"

INCLUSIONS = {
    (0, 1): [],
    (0, 8): [SECOND, PAIRS[1], FOURS[1]],
    (5, 8): [FIFTH, PAIRS[3], FOURS[0]],
    (2, 3): [PAIRS[0]],
    (1, 5): [ROOTS[1], PAIRS[1], FIFTH],
}
CONSISTENCIES = {
    (1, 1): [],
    (1, 8): [SECOND, PAIRS[1], FOURS[1]],
    (6, 8): [PAIRS[2], PAIRS[3], FOURS[0]],
    (2, 5): [PAIRS[1], FIFTH],
    (6, 7): [PAIRS[2], SEVENTH, FOURS[0]],
}


def is_included(data, position, size, path, root):
    return standalone.included(data, position, size, path) == root


def is_consistent(old, new, path, old_root, new_root):
    return standalone.consistent(old, new, path, old_root) == (old_root, new_root)


def hashes(number=8):
    """The hashes of the first leaves of the published trees."""
    return [merkle.leaf_hash(bytes.fromhex(each)) for each in LEAVES[:number]]


def prover(leaves):
    return merkle.Prover(lambda start, stop: leaves[start:stop])


@pytest.mark.parametrize("size", range(9))
def test_the_root_of_a_published_tree(size):
    assert merkle.root_of(hashes(size)).hex() == ROOTS[size]


@pytest.mark.parametrize("size", range(9))
def test_the_same_root_comes_from_the_kept_edge(size):
    edge = merkle.Edge()
    for leaf in hashes(size):
        edge = merkle.unpacked(edge.size, edge.packed())
        edge.append(leaf)
    assert (edge.size, edge.root().hex()) == (size, ROOTS[size])


@pytest.mark.parametrize("place", INCLUSIONS)
def test_a_published_proof_of_inclusion(place):
    position, size = place
    path = prover(hashes()).inclusion(position, size)
    assert [each.hex() for each in path] == INCLUSIONS[place]
    root = bytes.fromhex(ROOTS[size])
    assert is_included(bytes.fromhex(LEAVES[position]), position, size, path, root)


@pytest.mark.parametrize("sizes", CONSISTENCIES)
def test_a_published_proof_of_consistency(sizes):
    old, new = sizes
    path = prover(hashes()).consistency(old, new)
    assert [each.hex() for each in path] == CONSISTENCIES[sizes]
    roots = (bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new]))
    assert is_consistent(old, new, path, *roots)


def test_a_leaf_is_never_a_node():
    left, right = hashes(2)
    assert merkle.leaf_hash(left + right) != merkle.node_hash(left, right)


# --- any tree


def some_leaves(size):
    return [b"leaf %d" % number for number in range(size)]


LEAF = some_leaves(70)
MANY = [merkle.leaf_hash(each) for each in LEAF]
SIZES = st.integers(1, len(MANY))


def altered(path, rng):
    """The path with one hash changed, dropped, or added."""
    path = list(path)
    act = rng.choice(["change", "drop", "add"] if path else ["add"])
    place = rng.randrange(len(path) + (act == "add"))
    if act == "add":
        path.insert(place, rng.randbytes(32))
    elif act == "drop":
        del path[place]
    else:
        path[place] = rng.randbytes(32)
    return path


@given(SIZES, st.data(), st.randoms(use_true_random=False))
def test_every_leaf_is_shown_by_its_proof_and_by_no_other(size, data, rng):
    position = data.draw(st.integers(0, size - 1))
    root = merkle.root_of(MANY[:size])
    path = prover(MANY).inclusion(position, size)
    leaf = LEAF[position]
    assert is_included(leaf, position, size, path, root)
    assert not is_included(leaf, position, size, altered(path, rng), root)
    assert not is_included(rng.randbytes(32), position, size, path, root)
    assert not is_included(leaf, position, size, path, rng.randbytes(32))
    elsewhere = rng.choice([n for n in range(-1, size + 1) if n != position])
    assert not is_included(leaf, elsewhere, size, path, root)


@given(SIZES, SIZES, st.randoms(use_true_random=False))
def test_every_tree_extends_those_before_it_and_no_other(one, other, rng):
    old, new = sorted((one, other))
    roots = (merkle.root_of(MANY[:old]), merkle.root_of(MANY[:new]))
    path = prover(MANY).consistency(old, new)
    assert is_consistent(old, new, path, *roots)
    assert not is_consistent(old, new, altered(path, rng), *roots)
    assert not is_consistent(old, new, path, rng.randbytes(32), roots[1])
    assert not is_consistent(old, new, path, roots[0], rng.randbytes(32))


def test_a_shorter_log_is_no_extension():
    roots = (merkle.root_of(MANY[:5]), merkle.root_of(MANY[:3]))
    assert not is_consistent(5, 3, [], *roots)


def test_large_subtrees_are_asked_for_once():
    held, asked = some_leaves(5_000), []
    leaves = [merkle.leaf_hash(each) for each in held]

    def fetch(start, stop):
        asked.append(stop - start)
        return leaves[start:stop]

    found = merkle.Prover(fetch)
    root = merkle.root_of(leaves)
    for position in (0, 1, 4_999):
        path = found.inclusion(position, len(leaves))
        assert is_included(held[position], position, len(held), path, root)
    assert max(asked) <= 1024
    assert sum(asked) < 2 * len(leaves)


@pytest.mark.parametrize("sizes", [(0, 3), (4, 3), (-1, 3)])
def test_there_is_no_proof_of_what_cannot_be(sizes):
    with pytest.raises(ValueError, match="extends"):
        prover(MANY).consistency(*sizes)
    with pytest.raises(ValueError, match="no such leaf"):
        prover(MANY).inclusion(max(sizes), sizes[0] - 1)


@pytest.mark.parametrize("packed", [b"", b"x" * 31, b"x" * 96])
def test_an_edge_has_the_roots_of_its_size(packed):
    with pytest.raises(ValueError, match="edge"):
        merkle.unpacked(5, packed)


def test_a_thousand_sizes_agree_with_the_definition():
    """Against the recursive text of RFC 6962, in lines of its own."""

    def defined(leaves):
        if not leaves:
            return hashlib.sha256(b"").digest()
        if len(leaves) == 1:
            return leaves[0]
        k = 1
        while k * 2 < len(leaves):
            k *= 2
        both = defined(leaves[:k]) + defined(leaves[k:])
        return hashlib.sha256(b"\x01" + both).digest()

    rng = random.Random(7)
    for size in rng.sample(range(2_000), 60):
        leaves = some_leaves(size)
        assert merkle.root_of(leaves) == defined(leaves), size
