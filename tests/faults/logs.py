"""What the parties' transparency logs say, from the files that anyone may read. Spec: §3.11."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from escrow.log.files import TileFiles
from escrow.log.pending import Pending
from protocol.disclosures import OpeningRecord, opened_visit
from protocol.epochs import Role
from protocol.opening import Shares
from protocol.primitives.hashing import digest32
from protocol.transparency.log_entries import EntryBody, EpochErased, EpochPublished, LogEntry, SharesReleased
from protocol.transparency.logs import verify_log, verify_witnessed
from protocol.transparency.merkle import leaf_hash, tree_root
from protocol.transparency.signed_notes import Checkpoint
from protocol.transparency.tiles import tiles_of
from tests.faults.town import PARTIES, FaultyTown


class Forked(Exception):
    """A log does not hold what its checkpoint says, or no longer what it held."""


@dataclass(frozen=True)
class Records:
    """The ledger of a party: warrants and passes; and the records of openings that its cosigned log commits to."""

    ledger: set[tuple[bytes, bytes]]
    openings: list[OpeningRecord]

    def cover(self, shares: Shares) -> bool:
        """Whether these shares are all on record, in both."""
        passes = {bytes(u) for part in shares.epochs for u in part.passes}
        opened = {opened_visit(shares.warrant_id, u) for u in passes}
        return not passes or (
            {(shares.warrant_id, digest32("released-pass", u)) for u in passes} <= self.ledger
            and any(
                record.release == shares.judgement.release and opened <= set(record.digests) for record in self.openings
            )
        )


class Logs:
    """Both parties' logs. What was read of one is remembered: it may never change."""

    def __init__(self, town: FaultyTown) -> None:
        self._town = town
        self._known: dict[str, list[bytes]] = {party: [] for party in PARTIES}

    def cosigned(self, party: str) -> list[EntryBody]:
        """What is under a party's public checkpoint; raises `Forked`, or what `verify_witnessed` raises."""
        public = self._town.directory / party / "log" / "checkpoint"
        if not public.exists():
            return []
        domain, role = self._town.settings.domain, Role[party.upper()]
        return self._read(party, verify_witnessed(domain, role, public.read_bytes()).checkpoint)

    def said(self, party: str) -> list[EntryBody]:
        """What a party has put on record, cosigned or not; raises as `cosigned`."""
        pending = Pending.read(self._town.directory / party / "log.pending")
        assert pending is not None
        checkpoint = verify_log(self._town.settings.domain, Role[party.upper()], pending.note)
        return self._read(party, checkpoint, pending.entry)

    def recorded(self, party: str, shares: Shares) -> bool:
        """Whether a party has it on record that it gives these shares."""
        return self.records(party, shares.warrant_id).cover(shares)

    def records(self, party: str, warrant_id: bytes | None = None) -> Records:
        """What a party has on record of its releases, under this warrant if one is given; raises as `cosigned`."""
        where, values = ("", {}) if warrant_id is None else (" WHERE warrant = :warrant", {"warrant": warrant_id})
        ledger = self._town.query(party, f"SELECT warrant, pass_digest FROM released_passes{where}", **values)
        records = self._town.query(party, f"SELECT record FROM openings{where}", **values)
        logged = {entry.commitment: entry.count for entry in self.cosigned(party) if isinstance(entry, SharesReleased)}
        return Records(
            {(bytes(warrant_id), bytes(digest)) for warrant_id, digest in ledger},
            [
                record
                for record in (OpeningRecord.from_bytes(bytes(encoded)) for (encoded,) in records)
                if logged.get(record.commitment) == len(record.digests)
            ],
        )

    def erased(self, party: str) -> set[int]:
        """The epochs that a party says it has erased."""
        return {entry.epoch for entry in self.said(party) if isinstance(entry, EpochErased)}

    def unpublished(self, party: str) -> Iterator[str]:
        """The statements that a party serves and has not put on record."""
        logged = {entry.statement for entry in self.said(party) if isinstance(entry, EpochPublished)}
        for path in (self._town.directory / party / "epochs").glob(f"*.{party}"):
            if path.read_bytes() not in logged:
                yield f"the {party} published {path.name} and has not put it on record"

    def _read(self, party: str, checkpoint: Checkpoint, last: bytes | None = None) -> list[EntryBody]:
        """The entries under a checkpoint; the `last` one may not be in the tiles yet."""
        tiles, encoded = TileFiles(self._town.directory / party / "log" / "tile"), list[bytes]()
        for tile in tiles_of("entries", 0, checkpoint.size):
            try:
                encoded += tiles.entries(tile)
            except FileNotFoundError:
                if last is None or len(encoded) + tile.width < checkpoint.size:
                    raise
                if tile.width > 1:
                    encoded += tiles.entries(replace(tile, width=tile.width - 1))
                encoded.append(last)
        if tree_root(map(leaf_hash, encoded)) != checkpoint.root:
            raise Forked(f"the {party}'s log does not hold what its checkpoint says")
        known = self._known[party]
        if any(old != new for old, new in zip(known, encoded, strict=False)):
            raise Forked(f"the {party}'s log says other things than before")
        self._known[party] = max(known, encoded, key=len)
        return [LogEntry.from_bytes(entry).contents for entry in encoded]
