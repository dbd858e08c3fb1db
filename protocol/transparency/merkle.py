"""Merkle trees of append-only logs, as in RFC 9162 §2.1, with SHA-256. Spec: §3.11.

A tree is given by its complete subtrees: a function that returns the hash of the one with `2 ** level` leaves from leaf
`index * 2 ** level` on. So proofs are made from a list in memory and from tiles on a disk alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from nacl.bindings import crypto_hash_sha256

from protocol.primitives.errors import MalformedEncoding

HASH_BYTES = 32
EMPTY_ROOT = crypto_hash_sha256(b"")

Subtrees = Callable[[int, int], bytes]
"""`(level, index)` to the hash (32 bytes) of that complete subtree."""


def leaf_hash(data: bytes) -> bytes:
    """The hash (32 bytes) of one entry; differs from every node's, so that neither passes for the other."""
    return crypto_hash_sha256(b"\x00" + data)


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash (32 bytes) of two subtrees side by side."""
    return crypto_hash_sha256(b"\x01" + left + right)


@dataclass(frozen=True, slots=True)
class CompactRange:
    """All that appending needs of a tree: its size, and the hashes of its largest complete subtrees, largest first.

    Raises `MalformedEncoding` unless there is one hash of 32 bytes for every bit that is set in `size`.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.hashes) != self.size.bit_count():
            raise MalformedEncoding("a tree of that size has another number of complete subtrees")
        if any(len(subtree) != HASH_BYTES for subtree in self.hashes):
            raise MalformedEncoding(f"a hash has {HASH_BYTES} bytes")

    def extend(self, leaves: Iterable[bytes]) -> CompactRange:
        """The tree with the hashes of further entries appended."""
        size, hashes = self.size, list(self.hashes)
        for leaf in leaves:
            subtree, merged = leaf, size
            while merged & 1:
                subtree = node_hash(hashes.pop(), subtree)
                merged >>= 1
            hashes.append(subtree)
            size += 1
        return CompactRange(size, tuple(hashes))

    def root(self) -> bytes:
        """The root (32 bytes) of the tree."""
        return _merge(self.hashes) if self.hashes else EMPTY_ROOT


def tree_root(leaves: Iterable[bytes]) -> bytes:
    """The root (32 bytes) of the tree with these leaf hashes."""
    return CompactRange().extend(leaves).root()


def subtrees_of(leaves: Sequence[bytes]) -> Subtrees:
    """The complete subtrees of the tree with these leaf hashes, all in memory."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])
    return lambda level, index: levels[level][index]


def root_of(subtrees: Subtrees, size: int) -> bytes:
    """The root (32 bytes) of the tree of the first `size` entries."""
    return _root_of(subtrees, 0, size) if size else EMPTY_ROOT


def prove_inclusion(subtrees: Subtrees, index: int, size: int) -> tuple[bytes, ...]:
    """Prove that an entry is in the tree of the first entries.

    Args:
        subtrees: Gives the tree's complete subtrees.
        index: The entry's place, below `size`.
        size: How many entries the tree has.

    Returns:
        Hashes of 32 bytes.
    """
    begin, end = 0, size
    proof = []
    while end - begin > 1:
        middle = _middle(begin, end)
        if index < middle:
            proof.append(_root_of(subtrees, middle, end))
            end = middle
        else:
            proof.append(_root_of(subtrees, begin, middle))
            begin = middle
    return tuple(reversed(proof))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Check that an entry is in a tree.

    `size` and `root` are those of one verified checkpoint: a root alone does not fix the size.

    Args:
        leaf: The entry's hash, 32 bytes.
        index: The entry's place.
        size: How many entries the tree has.
        proof: Hashes of 32 bytes.
        root: The tree's root, 32 bytes.

    Returns:
        Whether the proof holds.
    """
    if not 0 <= index < size:
        return False
    left, last, computed = index, size - 1, leaf
    for sibling in proof:
        if last == 0 or len(sibling) != HASH_BYTES:
            return False
        if left & 1 or left == last:
            computed = node_hash(sibling, computed)
            while left and not left & 1:
                left, last = left >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        left, last = left >> 1, last >> 1
    return last == 0 and computed == root


def prove_consistency(subtrees: Subtrees, old_size: int, size: int) -> tuple[bytes, ...]:
    """Prove that the first entries of a tree stayed.

    Args:
        subtrees: Gives the tree's complete subtrees.
        old_size: How many there were, at most `size`.
        size: How many there are.

    Returns:
        Hashes of 32 bytes.
    """
    if old_size == 0:
        return ()
    begin, end = 0, size
    proof = []
    while end != old_size:
        middle = _middle(begin, end)
        if old_size <= middle:
            proof.append(_root_of(subtrees, middle, end))
            end = middle
        else:
            proof.append(_root_of(subtrees, begin, middle))
            begin = middle
    if begin:
        proof.append(_root_of(subtrees, begin, end))
    return tuple(reversed(proof))


def verify_consistency(old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Check that one tree is the beginning of another.

    The empty tree is the beginning of every tree. Each size and its root are those of one verified checkpoint.

    Args:
        old_size: How many entries there were.
        old_root: The root of that tree, 32 bytes.
        size: How many there are.
        root: The root of this one, 32 bytes.
        proof: Hashes of 32 bytes.

    Returns:
        Whether the proof holds.
    """
    if not 0 <= old_size <= size or any(len(subtree) != HASH_BYTES for subtree in proof):
        return False
    if old_size in {0, size}:
        return not proof and old_root == (EMPTY_ROOT if old_size < size else root)
    path = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    left, last = old_size - 1, size - 1
    while left & 1:
        left, last = left >> 1, last >> 1
    if not path:
        return False
    old_computed = computed = path[0]
    for subtree in path[1:]:
        if last == 0:
            return False
        if left & 1 or left == last:
            old_computed, computed = node_hash(subtree, old_computed), node_hash(subtree, computed)
            while left and not left & 1:
                left, last = left >> 1, last >> 1
        else:
            computed = node_hash(computed, subtree)
        left, last = left >> 1, last >> 1
    return last == 0 and old_computed == old_root and computed == root


def _middle(begin: int, end: int) -> int:
    """Where RFC 9162 splits a range: after the largest power of two that is smaller than its length."""
    return begin + (1 << (end - begin - 1).bit_length() - 1)


def _root_of(subtrees: Subtrees, begin: int, end: int) -> bytes:
    """The root of the leaves `begin` to `end`, a range that RFC 9162 splits off."""
    hashes = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        hashes.append(subtrees(level, begin >> level))
        begin += 1 << level
    return _merge(hashes)


def _merge(hashes: Sequence[bytes]) -> bytes:
    """The root of complete subtrees side by side, largest first."""
    *others, root = hashes
    for subtree in reversed(others):
        root = node_hash(subtree, root)
    return root
