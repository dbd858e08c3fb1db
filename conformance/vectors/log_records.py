"""Vectors of §3.11: that an entry is in a tree, and what an entry says."""

from __future__ import annotations

from conformance.vectors.files import Values, VectorFile
from conformance.vectors.logs import LEAVES
from conformance.vectors.pinned import flip, pinned
from conformance.vectors.world import EPOCH, STATEMENTS, TIME
from protocol.epochs import Role
from protocol.primitives.encoding import encode_item
from protocol.primitives.errors import MalformedEncoding, NotLogged
from protocol.transparency.log_entries import (
    MAX_BODY_BYTES,
    DisclosurePublished,
    EntryBody,
    EpochErased,
    EpochPublished,
    NoticePublished,
    PagePublished,
    SharesReleased,
    WarrantDecided,
    WarrantDecision,
    log_entry,
)
from protocol.transparency.merkle import prove_inclusion, subtrees_of, tree_root

_SIZES = (1, 2, 3, 4, 5, 6, 7, 8, 9)


def inclusion() -> VectorFile:
    """`verify_inclusion`."""
    file = VectorFile(
        "inclusion",
        "That an entry is at its place in a tree",
        "§3.11",
        {
            "check.leaf": "the hash of the entry",
            "check.index": "its place",
            "check.size": "how many entries the tree has",
            "check.proof": "the inclusion proof, a list of hashes",
            "check.root": "the root of the tree",
        },
    )
    for size in _SIZES:
        subtrees, root = subtrees_of(LEAVES[:size]), tree_root(LEAVES[:size])
        for index in range(size):
            path = prove_inclusion(subtrees, index, size)
            check = {"leaf": LEAVES[index], "index": index, "size": size, "proof": path, "root": root}
            file.accept(f"{index} of {size}", check=check)
    proof = list(prove_inclusion(subtrees_of(LEAVES), 3, 9))
    changes: dict[str, Values] = {
        "another leaf": {"leaf": LEAVES[4]},
        "another place": {"index": 2},
        "a place behind the end": {"index": 12},
        "another root": {"root": flip(tree_root(LEAVES), 0)},
        "the root of fewer entries": {"root": tree_root(LEAVES[:8])},
        "a hash altered": {"proof": [flip(proof[0], 0), *proof[1:]]},
        "a hash too few": {"proof": proof[:-1]},
        "a hash too many": {"proof": [*proof, bytes(32)]},
        "two hashes exchanged": {"proof": [proof[1], proof[0], *proof[2:]]},
        "no proof": {"proof": []},
    }
    for change, values in changes.items():
        file.reject("3 of 9", change, NotLogged, None, **values)
    # The hash of a node has 64 bytes in front of it. They could be cut elsewhere than between two hashes.
    shifted: Values = {"leaf": LEAVES[0][:31], "proof": [LEAVES[0][31:] + LEAVES[1]]}
    file.reject("0 of 2", "a hash of 33 bytes behind one of 31", NotLogged, None, **shifted)
    file.reject("0 of 1", "the place behind the only one", NotLogged, index=1)
    file.reject("0 of 1", "an empty tree", NotLogged, size=0)
    file.reject("7 of 8", "the place behind the last", NotLogged, index=8)
    file.reject("1 of 2", "a larger tree with this root", NotLogged, size=3)
    return file


def log_entries() -> VectorFile:
    """`LogEntry.from_bytes` and `LogEntry.contents`."""
    file = VectorFile(
        "log-entry",
        "The kinds of entries of a log: an entry's body is the message that its kind stands for",
        "§3.11",
        {
            "check.entry": "the encoding of a LogEntry",
            "result.statement": "the statement that the entry puts on record, or null if its kind is another than 1",
        },
    )
    published = EpochPublished(STATEMENTS[Role.OPERATOR], TIME + 30 * 86_400)
    contents: dict[str, EntryBody] = {
        "an epoch published": published,
        "an epoch erased": EpochErased(EPOCH),
        "a warrant countersigned": WarrantDecided(WarrantDecision.COUNTERSIGNED, pinned("logged warrant")),
        "a warrant refused": WarrantDecided(WarrantDecision.REFUSED, pinned("refused warrant")),
        "a warrant withdrawn": WarrantDecided(WarrantDecision.WITHDRAWN, pinned("withdrawn warrant")),
        "shares released": SharesReleased(17, TIME + 28 * 86_400, pinned("opening")),
        "a notice published": NoticePublished(3, pinned("published notice")),
        "a disclosure published": DisclosurePublished(3, pinned("published disclosure")),
        "a page published": PagePublished(3, pinned("published page")),
    }
    for name, body in contents.items():
        statement = published.statement if body is published else None
        file.accept(name, check={"entry": log_entry(TIME, body).to_bytes()}, result={"statement": statement})
    for name, body in contents.items():
        kind, encoding = int(log_entry(TIME, body).kind), body.to_bytes()
        for other in {1: 3, 2: 1, 3: 4, 4: 2, 5: 2, 6: 1, 7: 2}[kind], 0, 8:
            file.reject(name, f"with kind {other}", MalformedEncoding, entry=encode_item([TIME, other, encoding]))
        file.reject(
            name, "a byte behind its body", MalformedEncoding, entry=encode_item([TIME, kind, encoding + b"\0"])
        )
    name = "an epoch erased"
    file.reject(name, "no body", MalformedEncoding, entry=encode_item([TIME, 2, b""]))
    file.reject(name, "a body that is no byte string", MalformedEncoding, entry=encode_item([TIME, 2, [EPOCH]]))
    long = encode_item([bytes(MAX_BODY_BYTES - 9), TIME])
    assert len(long) == MAX_BODY_BYTES
    file.reject(name, "a body of 4097 bytes", MalformedEncoding, entry=encode_item([TIME, 1, long + b"\0"]))
    return file
