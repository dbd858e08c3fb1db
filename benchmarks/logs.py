"""What a transparency log costs: appending, proofs from tiles, verifying them, and reading a log for an audit."""

from __future__ import annotations

from collections import Counter

from benchmarks.floor import Counts
from benchmarks.operations import POINT, SCALAR, VERIFY_KNOWLEDGE, Operation, each
from benchmarks.session import Session
from escrow.audit.state import KnownLog
from protocol.epochs import EpochStatement, Role, create_epoch, verify_epoch_statement
from protocol.primitives.statements import statement_payload
from protocol.transparency.log_entries import EpochPublished, LogEntry, log_entry
from protocol.transparency.logs import sign_log, verify_witnessed, witness_log
from protocol.transparency.merkle import (
    CompactRange,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    subtrees_of,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from protocol.transparency.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    Tile,
    join_entries,
    split_entries,
    split_hashes,
    subtrees_in,
)

SIZE = 2**16
"""Entries of a log after some decades."""
OLD_SIZE = 2**15 + 2**14 + 1
LEVELS = 16


def log_operations(session: Session) -> list[Operation]:
    """Every operation of §3.11, ready to run."""
    domain, entries = session.parties.domain, _epochs(session)
    entry_tile, leaf_tile = join_entries(entries), b"".join(map(leaf_hash, entries))
    checkpoint = _checkpoint(session, entries)
    leaves = [leaf_hash(i.to_bytes(4, "big")) for i in range(SIZE)]
    tree, subtrees = CompactRange().extend(leaves), subtrees_of(leaves)
    root, old_root = tree.root(), tree_root(leaves[:OLD_SIZE])
    levels = [leaves, [subtrees(8, i) for i in range(SIZE >> 8)]]

    def hashes(tile: Tile) -> list[bytes]:
        assert isinstance(tile.level, int)
        return levels[tile.level][tile.index * TILE_WIDTH : tile.index * TILE_WIDTH + tile.width]

    tiles = subtrees_in(SIZE, hashes)
    inclusion = prove_inclusion(tiles, 0, SIZE)

    needed: Counts = Counter()

    def noted(level: int, index: int) -> bytes:
        needed["sha256_node"] += 2 ** (level % TILE_HEIGHT)  # its own, and one to put it beside the others
        return tiles(level, index)

    consistency = prove_consistency(noted, OLD_SIZE, SIZE)
    needed["sha256_node"] -= len(consistency)

    def audit() -> KnownLog:
        witnessed = verify_witnessed(domain, Role.AUTHORITY, checkpoint)
        log = KnownLog().grown(split_entries(Tile("entries", 0), entry_tile))
        assert log.tree.root() == witnessed.checkpoint.root
        assert split_hashes(Tile(0, 0), leaf_tile) == list(log.leaves)
        for entry in log.entries:
            contents = LogEntry.from_bytes(entry).contents
            assert isinstance(contents, EpochPublished)
            epoch = EpochStatement.from_bytes(statement_payload(contents.statement)).epoch
            verify_epoch_statement(domain, Role.AUTHORITY, epoch, contents.statement)
        return log

    return [
        Operation(
            "append to a tree",
            "§3.11",
            "a leaf and a node for each entry",
            each(TILE_WIDTH, Counter(sha256_leaf=1)) + Counter(sha256_node=TILE_WIDTH - 1),
            lambda: CompactRange().extend(map(leaf_hash, entries)),
            items=TILE_WIDTH,
        ),
        Operation(
            "prove inclusion from tiles",
            "§3.11",
            "the subtrees beside the path: 2^l - 1 nodes each, in tiles of 2^8",
            Counter(sha256_node=sum(2 ** (level % TILE_HEIGHT) - 1 for level in range(LEVELS))),
            lambda: prove_inclusion(tiles, 0, SIZE),
        ),
        Operation(
            "prove consistency from tiles",
            "§3.11",
            "the subtrees that the earlier tree and the rest are made of: 2^l - 1 nodes each, in tiles of 2^8",
            needed,
            lambda: prove_consistency(tiles, OLD_SIZE, SIZE),
        ),
        Operation(
            "verify inclusion",
            "§3.11",
            "the leaf; a node for each hash",
            Counter(sha256_leaf=1, sha256_node=len(inclusion)),
            lambda: leaf_hash(entries[0]) and verify_inclusion(leaves[0], 0, SIZE, inclusion, root),
        ),
        Operation(
            "verify consistency",
            "§3.11",
            "a node for each hash, and one more for each of the earlier tree's",
            Counter(sha256_node=len(consistency) - 1 + OLD_SIZE.bit_count() - 1),
            lambda: verify_consistency(OLD_SIZE, old_root, SIZE, root, consistency),
        ),
        Operation(
            "audit an entry",
            "§6.7",
            "its statement (signature, X_i, proof of possession, pass key), leaf and node; for all of a tile, the "
            "checkpoint's signature and cosignature",
            each(TILE_WIDTH, Counter(verify=1, sha256_leaf=1) + each(2, POINT + SCALAR) + VERIFY_KNOWLEDGE)
            + Counter(sha256_node=TILE_WIDTH - 1, verify=2),
            audit,
            items=TILE_WIDTH,
        ),
    ]


def _epochs(session: Session) -> list[bytes]:
    """The dearest entries that there are: the authority's statements of as many epochs as a tile has room for."""
    domain, authority = session.parties.domain, session.parties.authority
    statements = (create_epoch(domain, Role.AUTHORITY, epoch, authority)[1] for epoch in range(TILE_WIDTH))
    return [log_entry(session.now, EpochPublished(statement, session.now)).to_bytes() for statement in statements]


def _checkpoint(session: Session, entries: list[bytes]) -> bytes:
    parties, root = session.parties, tree_root(map(leaf_hash, entries))
    note = sign_log(parties.domain, Role.AUTHORITY, len(entries), root, parties.authority)
    return note + witness_log(parties.domain, Role.AUTHORITY, note, session.now, parties.operator)
