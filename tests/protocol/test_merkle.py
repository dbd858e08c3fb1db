"""Merkle trees: what RFC 6962 defines, with `pymerkle` as an oracle, and no proof holds for anything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from protocol.primitives.errors import MalformedEncoding
from protocol.transparency.merkle import (
    EMPTY_ROOT,
    CompactRange,
    leaf_hash,
    node_hash,
    prove_consistency,
    prove_inclusion,
    root_of,
    subtrees_of,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

ENTRIES = [
    bytes.fromhex(entry)
    for entry in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
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
"""The roots of the first 0, 1, ..., 8 entries, as the first implementations of RFC 6962 published them."""

LEAVES = [leaf_hash(bytes([i])) for i in range(70)]

sizes = st.integers(1, len(LEAVES))


def oracle(size: int) -> InmemoryTree:
    return InmemoryTree.init_from_entries([bytes([i]) for i in range(size)], algorithm="sha256")


def test_the_roots_are_those_that_were_published() -> None:
    assert [tree_root(map(leaf_hash, ENTRIES[:size])).hex() for size in range(9)] == ROOTS
    assert EMPTY_ROOT.hex() == ROOTS[0]


@given(size=sizes, parts=st.lists(sizes, max_size=3))
def test_a_compact_range_grows_to_the_root_of_all_its_leaves(size: int, parts: list[int]) -> None:
    grown = CompactRange()
    for begin, end in zip([0, *sorted(parts)], [*sorted(parts), max([size, *parts])], strict=True):
        grown = grown.extend(LEAVES[begin:end])
    assert (
        CompactRange(grown.size, grown.hashes).root()
        == tree_root(LEAVES[: grown.size])
        == oracle(grown.size).get_root()
    )


@pytest.mark.parametrize(("size", "hashes"), [(3, [32]), (0, [32]), (1, []), (1, [31]), (-1, [32])])
def test_a_compact_range_has_a_hash_for_each_subtree(size: int, hashes: list[int]) -> None:
    with pytest.raises(MalformedEncoding):
        CompactRange(size, tuple(map(bytes, hashes)))


@given(size=sizes, data=st.data())
def test_inclusion_proofs_are_those_of_the_oracle(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    root, proof = tree_root(LEAVES[:size]), prove_inclusion(subtrees_of(LEAVES[:size]), index, size)
    assert list(proof) == oracle(size).prove_inclusion(index + 1).path[1:]
    assert proof == prove_inclusion(subtrees_of(LEAVES), index, size)
    assert root_of(subtrees_of(LEAVES), index) == tree_root(LEAVES[:index])
    assert verify_inclusion(LEAVES[index], index, size, proof, root)


@given(size=sizes, data=st.data())
def test_consistency_proofs_hold_for_the_roots_of_the_oracle(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, size))
    proof = prove_consistency(subtrees_of(LEAVES), old, size)
    old_root = oracle(size).get_root(old) if old else EMPTY_ROOT
    assert verify_consistency(old, old_root, size, oracle(size).get_root(), proof)


def test_every_proof_of_small_trees_holds() -> None:
    subtrees, roots = subtrees_of(LEAVES), [tree_root(LEAVES[:size]) for size in range(35)]
    for size, root in enumerate(roots):
        for old in range(size + 1):
            assert verify_consistency(old, roots[old], size, root, prove_consistency(subtrees, old, size))
        for index in range(size):
            assert verify_inclusion(LEAVES[index], index, size, prove_inclusion(subtrees, index, size), root)


def test_proofs_are_those_of_the_example_in_rfc_6962() -> None:
    a, b, c, d, e, f, j = LEAVES[:7]
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, l_ = node_hash(g, h), node_hash(i, j)
    subtrees = subtrees_of(LEAVES[:7])
    assert prove_inclusion(subtrees, 0, 7) == (b, h, l_)
    assert prove_inclusion(subtrees, 3, 7) == (c, g, l_)
    assert prove_inclusion(subtrees, 4, 7) == (f, j, k)
    assert prove_inclusion(subtrees, 6, 7) == (i, k)
    assert prove_consistency(subtrees, 3, 7) == (c, d, g, l_)
    assert prove_consistency(subtrees, 4, 7) == (l_,)
    assert prove_consistency(subtrees, 6, 7) == (i, j, k)


@given(size=sizes, data=st.data())
def test_an_altered_inclusion_proof_is_refused(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    root, proof = tree_root(LEAVES[:size]), prove_inclusion(subtrees_of(LEAVES), index, size)
    for other in range(-1, size + 1):
        assert verify_inclusion(LEAVES[index], other, size, proof, root) == (other == index)
    for altered in altered_proofs(proof):
        assert not verify_inclusion(LEAVES[index], index, size, altered, root)
    assert not verify_inclusion(altered_hash(LEAVES[index]), index, size, proof, root)
    assert not verify_inclusion(LEAVES[index], index, size, proof, altered_hash(root))


@given(size=sizes, data=st.data())
def test_an_altered_consistency_proof_is_refused(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, size))
    root, old_root = tree_root(LEAVES[:size]), tree_root(LEAVES[:old])
    proof = prove_consistency(subtrees_of(LEAVES), old, size)
    for other in range(-1, size + 2):
        assert verify_consistency(other, old_root, size, root, proof) == (other == old)
    for altered in altered_proofs(proof):
        assert not verify_consistency(old, old_root, size, root, altered)
    assert not verify_consistency(old, altered_hash(old_root), size, root, proof)
    assert old == 0 or not verify_consistency(old, old_root, size, altered_hash(root), proof)


def test_a_root_does_not_fix_the_size() -> None:
    """Which is why a size is only taken from a checkpoint."""
    root, subtrees = tree_root(LEAVES[:9]), subtrees_of(LEAVES)
    inclusion, consistency = prove_inclusion(subtrees, 5, 9), prove_consistency(subtrees, 3, 9)
    same_shape = set(range(9, 17))
    assert {size for size in range(32) if verify_inclusion(LEAVES[5], 5, size, inclusion, root)} == same_shape
    old_root = tree_root(LEAVES[:3])
    assert {size for size in range(32) if verify_consistency(3, old_root, size, root, consistency)} == same_shape


def altered_hash(value: bytes) -> bytes:
    return bytes([value[0] ^ 1]) + value[1:]


def altered_proofs(proof: tuple[bytes, ...]) -> list[list[bytes]]:
    """One hash altered, cut short, left out or given twice, or one too many."""
    altered = [[*proof, bytes(32)], [bytes(32), *proof], [*proof, b""]]
    for i, subtree in enumerate(proof):
        replacements: tuple[list[bytes], ...] = ([altered_hash(subtree)], [subtree[:31]], [], [subtree, subtree])
        altered += [[*proof[:i], *replaced, *proof[i + 1 :]] for replaced in replacements]
    return altered
