"""Merkle trees: the published vectors, the laws, and another implementation's answers."""

from __future__ import annotations

from hashlib import sha256

import pymerkle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preserve.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

# The inputs and roots that the test suites of Certificate Transparency logs share (RFC 6962 hashing).
ENTRIES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
SIZES = st.integers(1, 70)


def leaves_of(size: int) -> list[bytes]:
    return [leaf_hash(b"%d" % number) for number in range(size)]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert Frontier().root == root_of([]) == EMPTY_ROOT == sha256().digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_the_published_roots(size: int) -> None:
    assert root_of(LEAVES[:size]).hex() == ROOTS[size - 1]


@given(SIZES, st.data())
@settings(max_examples=60)
def test_every_leaf_is_proved_and_no_other(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    proof, root = inclusion_proof(leaves, index), root_of(leaves)
    assert verify_inclusion(leaves[index], index, size, proof, root)
    assert verify_inclusion(leaves[other], index, size, proof, root) == (other == index)
    assert verify_inclusion(leaves[index], other, size, proof, root) == (other == index)
    assert not verify_inclusion(leaves[index], index, size, (*proof, root), root)
    assert not proof or not verify_inclusion(leaves[index], index, size, proof[:-1], root)


@given(SIZES, st.data())
@settings(max_examples=60)
def test_every_beginning_is_proved_and_no_other(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    first = data.draw(st.integers(1, size))
    proof, roots = consistency_proof(leaves, first), (root_of(leaves[:first]), root_of(leaves))
    assert verify_consistency((first, size), roots, proof)
    changed = [*leaves[: first - 1], leaf_hash(b"another")]
    assert not verify_consistency((first, size), (root_of(changed), roots[1]), proof)
    assert not verify_consistency((first, size), roots, (*proof, roots[0]))
    assert not proof or not verify_consistency((first, size), roots, proof[:-1])


@given(SIZES)
@settings(max_examples=20)
def test_a_growing_tree_has_the_root_of_the_whole_one(size: int) -> None:
    frontier, leaves = Frontier(), leaves_of(size)
    for leaf in leaves:
        frontier.append(leaf)
        frontier = Frontier(frontier.size, frontier.peaks)
    assert (frontier.size, frontier.root) == (size, root_of(leaves))


def test_a_tree_is_not_resumed_from_another_ones_peaks() -> None:
    with pytest.raises(ValueError, match="has 2 peaks"):
        Frontier(5, LEAVES[:1])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 21])
def test_another_implementation_has_the_same_roots_and_proofs(size: int) -> None:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for number in range(size):
        tree.append_entry(b"%d" % number)
    leaves = leaves_of(size)
    assert tree.get_root() == root_of(leaves)
    for index in range(size):
        theirs = tree.prove_inclusion(index + 1, size)
        # They fold in another order and name the leaf itself too; the hashes are the same.
        assert sorted(theirs.path) == sorted([leaves[index], *inclusion_proof(leaves, index)])
        first, root = root_of(leaves[: index + 1]), root_of(leaves)
        pymerkle.verify_inclusion(leaves[index], root, theirs)
        pymerkle.verify_consistency(first, root, tree.prove_consistency(index + 1, size))
        assert verify_consistency((index + 1, size), (first, root), consistency_proof(leaves, index + 1))


@pytest.mark.parametrize("index", [-1, 3])
def test_there_is_no_proof_for_what_is_not_there(index: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(leaves_of(3), index)


@pytest.mark.parametrize("size", [0, 4])
def test_there_is_no_proof_of_a_beginning_that_never_was(size: int) -> None:
    with pytest.raises(ValueError, match="does not begin"):
        consistency_proof(leaves_of(3), size)


def test_a_leaf_can_not_pass_for_a_node() -> None:
    left, right = LEAVES[:2]
    assert leaf_hash(left + right) != node_hash(left, right)
