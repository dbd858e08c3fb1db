"""A party's log in memory, which can be made to say anything. Spec: §3.11."""

from __future__ import annotations

from conformance.parties import NOW, Parties
from protocol.epochs import Role
from protocol.transparency.log_entries import EpochPublished, log_entry
from protocol.transparency.logs import Inclusion, other_party, sign_log, witness_log
from protocol.transparency.merkle import leaf_hash, prove_inclusion, subtrees_of, tree_root
from protocol.transparency.tiles import TILE_WIDTH, Tile, join_entries


class LogInMemory:
    """The log of `role`, whose every checkpoint the other party cosigns at Unix time `time`."""

    def __init__(self, parties: Parties, role: Role, time: int = NOW) -> None:
        self._parties, self._role, self._time = parties, role, time
        self.entries: list[bytes] = []

    @property
    def leaves(self) -> list[bytes]:
        """The hashes of the entries."""
        return [leaf_hash(entry) for entry in self.entries]

    def publish(self, statement: bytes) -> int:
        """The index of the entry with a statement, which is added if it is not there."""
        entry = log_entry(self._time, EpochPublished(statement, self._time + 86_400)).to_bytes()
        if entry not in self.entries:
            self.entries.append(entry)
        return self.entries.index(entry)

    def checkpoint(self) -> bytes:
        """The note of all entries, signed and cosigned."""
        domain, keys = self._parties.domain, self._parties.keys
        note = sign_log(domain, self._role, len(self.entries), tree_root(self.leaves), keys[self._role])
        return note + witness_log(domain, self._role, note, self._time, keys[other_party(self._role)])

    def inclusion(self, index: int) -> Inclusion:
        """The proof that an entry is under the checkpoint."""
        proof = prove_inclusion(subtrees_of(self.leaves), index, len(self.entries))
        return Inclusion(index, self.entries[index], self.checkpoint(), proof)

    def tile(self, tile: Tile) -> bytes | None:
        """A tile of hashes or entries of a log of fewer than 65,536 entries."""
        levels = {"entries": self.entries, 0: self.leaves}
        full = range(0, len(self.leaves) - len(self.leaves) % TILE_WIDTH, TILE_WIDTH)
        levels[1] = [tree_root(self.leaves[i : i + TILE_WIDTH]) for i in full]
        values = levels.get(tile.level, [])[tile.index * TILE_WIDTH : tile.index * TILE_WIDTH + tile.width]
        if len(values) < tile.width:
            return None
        return join_entries(values) if tile.level == "entries" else b"".join(values)
