"""A party's log in memory, which can be made to say anything."""

from __future__ import annotations

from protocol.epochs import Role
from protocol.transparency.log_entries import EpochPublished, log_entry
from protocol.transparency.logs import Inclusion, other_party, sign_log, witness_log
from protocol.transparency.merkle import leaf_hash, prove_inclusion, subtrees_of, tree_root
from protocol.transparency.tiles import TILE_WIDTH, Tile, join_entries
from tests.support.domain import NOW, Parties


class LogInMemory:
    """The log of `role`, whose every checkpoint the other party cosigns."""

    def __init__(self, parties: Parties, role: Role) -> None:
        self._parties, self._role = parties, role
        self.entries: list[bytes] = []

    @property
    def leaves(self) -> list[bytes]:
        return [leaf_hash(entry) for entry in self.entries]

    def publish(self, statement: bytes) -> int:
        """The index of the entry with a statement, which is added if it is not there."""
        entry = log_entry(NOW, EpochPublished(statement, NOW + 86_400)).to_bytes()
        if entry not in self.entries:
            self.entries.append(entry)
        return self.entries.index(entry)

    def checkpoint(self) -> bytes:
        domain, keys = self._parties.domain, self._parties.keys
        note = sign_log(domain, self._role, len(self.entries), tree_root(self.leaves), keys[self._role])
        return note + witness_log(domain, self._role, note, NOW, keys[other_party(self._role)])

    def inclusion(self, index: int) -> Inclusion:
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
