"""A venue's check-ins and commitments in memory, for whoever plays a venue without its program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from protocol.any_check_in import read_any_check_in
from protocol.check_ins import Direction
from protocol.commitments import (
    KeptCommitment,
    VenueCommitment,
    append_check_ins,
    sign_commitment,
)
from protocol.primitives.errors import Malformed
from protocol.primitives.group import RandomBytes, secure_random
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import statement_payload
from protocol.releases import ReleasedLeaf, choose_openings, parts_to_choose, sign_release
from protocol.transparency.merkle import CompactRange
from protocol.warrants import ValidWarrant, Venue


class VenueLog:
    """The tree of one venue. It shows everything in it but what is `hidden`, also what no warrant asks for."""

    def __init__(self, venue: Venue, key: SigningKey) -> None:
        self.venue, self.key = venue, key
        self.leaves: list[ReleasedLeaf] = []
        self.hidden: set[int] = set()
        self.kept: list[KeptCommitment] = []
        self.commitments: dict[int, bytes] = {}
        """What both parties know: the commitments by time."""

    def add(self, epoch: int, encoding: bytes) -> None:
        """Append a check-in; what does not decode gets the label of an entry at time 0."""
        try:
            message = read_any_check_in(encoding)
            time, direction = message.time, message.direction
        except Malformed:
            time, direction = 0, Direction.ENTRY
        self.leaves.append(ReleasedLeaf(epoch, time, direction, encoding))

    def add_all(self, check_ins: Mapping[int, Iterable[bytes]]) -> None:
        """Append check-ins by epoch."""
        for epoch, encodings in check_ins.items():
            for encoding in encodings:
                self.add(epoch, encoding)

    def commit(self, time: int, random_bytes: RandomBytes = secure_random) -> bytes:
        """The signed commitment to all check-ins so far. Draws 32 random bytes."""
        tree = append_check_ins(CompactRange(), (leaf.committed for leaf in self.leaves))
        opening, statement = sign_commitment(self.venue, self.key, time, tree, random_bytes)
        self.kept.append(KeptCommitment(opening, tree))
        self.commitments[time] = VenueCommitment.from_bytes(statement_payload(statement)).commitment
        return statement

    def release(
        self, warrant: ValidWarrant, ended: int | None = None, part_ends: int | None = None, uncommitted: int = 0
    ) -> bytes:
        """The signed release for a warrant, or its part after the one that `ended` at a time."""
        start, opened = choose_openings(warrant.record, self.kept, ended)
        for end, openings in parts_to_choose(warrant.record, opened):
            if end.opening.time == part_ends:
                opened = openings
        first = start.opening.size
        last = opened[-1].opening.size if opened else first
        leaves = [self._shown(index) for index in range(first, last)]
        shown = [commitment.opening for commitment in opened]
        return sign_release(warrant, self.key, start, shown, leaves, part_ends, uncommitted)

    def _shown(self, index: int) -> ReleasedLeaf:
        leaf = self.leaves[index]
        return replace(leaf, content=leaf.committed.digest) if index in self.hidden else leaf
