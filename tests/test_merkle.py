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
    consistency_path,
    consistency_proof,
    inclusion_path,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    subtree_roots,
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
# Their proofs, too: of leaf and size, of first and second size.
PATHS = {
    (0, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (5, 8): (
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 3): ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",),
    (1, 5): (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}
GROWTHS = {
    (1, 1): (),
    (1, 8): PATHS[0, 8],
    (2, 5): (
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
    (6, 8): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
}
SIZES = st.integers(1, 70)


def frontier_of(leaves: list[bytes]) -> Frontier:
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier


def leaves_of(size: int) -> list[bytes]:
    return [leaf_hash(b"%d" % number) for number in range(size)]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert Frontier().root == root_of([]) == EMPTY_ROOT == sha256().digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_the_published_roots(size: int) -> None:
    assert root_of(LEAVES[:size]).hex() == ROOTS[size - 1]


@pytest.mark.parametrize(("index", "size"), PATHS)
def test_the_published_inclusion_proofs(index: int, size: int) -> None:
    proof = inclusion_proof(LEAVES[:size], index)
    assert tuple(step.hex() for step in proof) == PATHS[index, size]
    assert verify_inclusion(LEAVES[index], index, size, proof, bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize(("first", "second"), GROWTHS)
def test_the_published_consistency_proofs(first: int, second: int) -> None:
    proof = consistency_proof(LEAVES[:second], first)
    assert tuple(step.hex() for step in proof) == GROWTHS[first, second]
    roots = bytes.fromhex(ROOTS[first - 1]), bytes.fromhex(ROOTS[second - 1])
    assert verify_consistency((first, second), roots, proof)


def test_the_proofs_of_the_rfcs_own_example() -> None:
    """RFC 9162, section 2.1.5: seven leaves; the subtrees are named there as a to d, i, j, g, h, k and l."""
    a, b, c, d, f, i, j = ((0, 1), (1, 2), (2, 3), (3, 4), (5, 6), (4, 6), (6, 7))
    g, h, k, l = ((0, 2), (2, 4), (4, 6), (4, 7))  # noqa: E741 - the RFC's names
    assert [inclusion_path(leaf, 7) for leaf in (0, 3, 4, 6)] == [(b, h, l), (c, g, l), (f, j, (0, 4)), (i, (0, 4))]
    assert consistency_path(3, 7) == (c, d, g, l)
    assert consistency_path(4, 7) == (l,)
    assert consistency_path(6, 7) == (k, j, (0, 4))
    assert a == inclusion_path(1, 2)[0]


@pytest.mark.parametrize("size", [4095, 4096, 4097, 9000, 3 * 4096])
def test_many_leaves_are_proved_in_one_pass_that_takes_no_more_than_it_needs(size: int) -> None:
    leaves, index, first = leaves_of(size), size - 3, size // 2 + 1
    spans = (*inclusion_path(index, size), *consistency_path(first, size))
    stream = iter([*leaves, b"the next one"])
    roots = subtree_roots(stream, [*spans, (0, size), (index, index + 1)])
    assert next(stream) == b"the next one"
    *proof, root, leaf = roots
    path = proof[: len(inclusion_path(index, size))]
    assert (root, leaf) == (frontier_of(leaves).root, leaves[index])
    assert verify_inclusion(leaf, index, size, path, root)
    sizes, both = (first, size), (frontier_of(leaves[:first]).root, root)
    assert verify_consistency(sizes, both, proof[len(path) :])


def test_a_log_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="3 leaves, and 4"):
        subtree_roots(leaves_of(3), [(0, 4)])


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
