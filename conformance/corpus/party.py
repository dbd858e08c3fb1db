"""A party as it is recorded: what its log says, and what its server answers."""

from __future__ import annotations

from conformance.corpus.recording import Answer
from conformance.vectors.world import DOMAIN, IDENTITY
from protocol.epochs import Role
from protocol.primitives.encoding import Message
from protocol.transparency.log_entries import EntryBody, LogEntry, log_entry
from protocol.transparency.logs import log_id, other_party, sign_log, witness_log
from protocol.transparency.merkle import leaf_hash, tree_root
from protocol.transparency.tiles import TILE_WIDTH, Tile, join_entries, tiles_of

PREFIX = "GET /v1"
CHECKPOINT = f"{PREFIX}/log/checkpoint"
ADD_CHECKPOINT = "POST /v1/witness/add-checkpoint"


class Party:
    """One of the two parties. `statements` and `lists` are what it gives, `erased` the epochs that it says are gone."""

    def __init__(self, role: Role) -> None:
        self.role, self.identity = role, IDENTITY[role]
        self.entries: list[bytes] = []
        self.statements: dict[int, bytes] = {}
        self.erased: set[int] = set()
        self.lists: dict[str, dict[int, bytes]] = {"notices": {}, "disclosures": {}}

    def say(self, time: int, contents: EntryBody) -> int:
        """Put something on record at a Unix time; the index of its entry."""
        self.entries.append(log_entry(time, contents).to_bytes())
        return len(self.entries) - 1

    def say_instead(self, index: int, contents: EntryBody, time: int | None = None) -> None:
        """Have another entry in the place of one, by default of the same time."""
        before = LogEntry.from_bytes(self.entries[index]).time
        self.entries[index] = log_entry(before if time is None else time, contents).to_bytes()

    def places(self, kind: type[Message]) -> list[int]:
        """The indices of the entries of a kind."""
        read = map(LogEntry.from_bytes, self.entries)
        return [index for index, entry in enumerate(read) if isinstance(entry.contents, kind)]

    def checkpoint(self, time: int, size: int | None = None) -> bytes:
        """The checkpoint of the first `size` entries, by default of all, cosigned at a Unix time."""
        return checkpoint_of(self.role, self.entries[:size], time)

    def answers(self, cosigned: int) -> dict[str, Answer]:
        """What its server answers when its log was cosigned last at a Unix time, but for what it does as a witness."""
        answers = {CHECKPOINT: Answer(self.checkpoint(cosigned))} | tiles(self.entries)
        for epoch, statement in self.statements.items():
            answers[f"{PREFIX}/epochs/{epoch}"] = Answer(statement)
        for epoch in self.erased:
            answers[f"{PREFIX}/epochs/{epoch}"] = Answer(status=410, problem="epoch-erased")
        for kind, lists in self.lists.items():
            for number, given in lists.items():
                answers[f"{PREFIX}/{kind}/{number}"] = Answer(given)
            if lists:
                answers[f"{PREFIX}/{kind}"] = Answer(lists[max(lists)])
        return answers


def checkpoint_of(role: Role, entries: list[bytes], time: int) -> bytes:
    """A checkpoint of entries that a party's log has signed, and its witness cosigned at a Unix time."""
    return cosigned_root(role, len(entries), tree_root(map(leaf_hash, entries)), time)


def cosigned_root(role: Role, size: int, root: bytes, time: int) -> bytes:
    """A checkpoint of a size and root that both parties have signed."""
    note = sign_log(DOMAIN, role, size, root, IDENTITY[role])
    return note + cosignature(role, note, time)


def cosignature(role: Role, note: bytes, time: int) -> bytes:
    """The line with which the witness of the log of `role` cosigns a checkpoint."""
    return witness_log(DOMAIN, role, note, time, IDENTITY[other_party(role)])


def witnessed(role: Role) -> str:
    """The request for the checkpoint that the witness of the log of `role` cosigned last."""
    return f"{PREFIX}/witness/{log_id(DOMAIN, role)}/checkpoint"


def tile_of(tile: Tile) -> str:
    """The request for a tile."""
    return f"{PREFIX}/log/tile/{tile.path}"


def tiles(entries: list[bytes]) -> dict[str, Answer]:
    """The tiles of the tree of some entries, by the requests for them."""
    size = len(entries)
    answers = {
        tile_of(tile): Answer(join_entries(entries[tile.index * TILE_WIDTH :][: tile.width]))
        for tile in tiles_of("entries", 0, size)
    }
    level, hashes = 0, [leaf_hash(entry) for entry in entries]
    while hashes:
        for tile in tiles_of(level, 0, size):
            answers[tile_of(tile)] = Answer(b"".join(hashes[tile.index * TILE_WIDTH :][: tile.width]))
        full = range(0, len(hashes) - len(hashes) % TILE_WIDTH, TILE_WIDTH)
        level, hashes = level + 1, [tree_root(hashes[begin : begin + TILE_WIDTH]) for begin in full]
    return answers
