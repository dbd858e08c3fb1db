"""Following a log from what is known of it: signatures, consistency, tiles, and whether it is alive. Spec: §6.7."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aiohttp import ClientSession

from escrow.audit.findings import Fault, Finding
from escrow.audit.state import AuditState, KnownLog
from protocol.entries import EntryBody, LogEntry
from protocol.epochs import Domain, Role
from protocol.errors import InvalidSignature, Malformed, SplitPassError, WrongParty
from protocol.logs import COSIGNING_SECONDS, WitnessedCheckpoint, log_id, verify_witnessed
from protocol.merkle import root_of, subtrees_of, tree_root
from protocol.requests import REQUEST_TOLERANCE
from protocol.tiles import TILE_WIDTH, tiles_of
from service.cli import local_time
from service.http import Problem, Unreachable, call
from service.logs import fetch_earlier_root, fetch_entries, fetch_hashes

ALIVE_SECONDS = 2 * COSIGNING_SECONDS
"""How old the last cosignature may be: one that failed is no fault yet."""


@dataclass(frozen=True, slots=True)
class Record:
    """An entry of a log, read: what it says since when, and whether an earlier audit has seen it."""

    index: int
    time: int
    contents: EntryBody
    is_new: bool


@dataclass(frozen=True, slots=True)
class FollowedLog:
    """A log that was found good up to its newest checkpoint."""

    witnessed: WitnessedCheckpoint
    log: KnownLog
    records: tuple[Record, ...]

    def root(self, size: int) -> bytes:
        """The root of its first `size` entries."""
        return root_of(subtrees_of(self.log.leaves), size)


class Broken(Exception):
    """A log that cannot be followed any further; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.detail)
        self.finding = finding


class Follower:
    """Follows one party's log at `url`, whose witness is at `witness_url`. What it finds is in `findings`."""

    def __init__(
        self,
        session: ClientSession,
        domain: Domain,
        role: Role,
        url: str,
        witness_url: str,
        state: AuditState,
        now: int,
    ) -> None:
        self._session, self._domain, self._role, self._state = session, domain, role, state
        self._url, self._witness_url, self._now = url, witness_url, now
        self.findings: list[Finding] = []

    async def follow(self) -> FollowedLog | None:
        """The log, or None if it is broken; what was found good is stored for the next time."""
        try:
            return await self._follow()
        except Broken as broken:
            self.findings.append(broken.finding)
        except (Unreachable, Problem) as error:
            self._find(Fault.UNREACHABLE, f"{self._url}: {error}")
        return None

    async def _follow(self) -> FollowedLog:
        known = self._state.known[self._role]
        seen_by_witness = await self._witnessed()  # first, so that the log's own is the newer one
        note = await call(self._session, "GET", f"{self._url}/v1/log/checkpoint")
        witnessed = self._verified(note, self._url)
        if not -REQUEST_TOLERANCE <= self._now - witnessed.time <= ALIVE_SECONDS:
            self._find(Fault.STALE, f"it was cosigned last at {self._local(witnessed.time)}")
        log = await self._grown(known, note, witnessed)
        followed = FollowedLog(witnessed, log, tuple(self._records(known, log, witnessed)))
        if seen_by_witness is not None:
            self.compare(followed, *seen_by_witness, "its witness")
        self._state.store(self._role, note, log)
        return followed

    def compare(self, followed: FollowedLog, note: bytes, other: WitnessedCheckpoint, whose: str) -> None:
        """Compare the log with a checkpoint that somebody else has of it."""
        size, own = other.checkpoint.size, followed.witnessed.checkpoint.size
        if size > own:
            if other.time < self._now - COSIGNING_SECONDS:
                self._find(Fault.WITHHELD, f"{whose} has seen {size} entries, and it shows {own}")
        elif followed.root(size) != other.checkpoint.root:
            path = self._state.keep_evidence(self._role, note, size)
            self._find(Fault.FORKED, f"{whose} has another tree of {size} entries; {path} is evidence")

    async def _witnessed(self) -> tuple[bytes, WitnessedCheckpoint] | None:
        url = f"{self._witness_url}/v1/witness/{log_id(self._domain, self._role)}/checkpoint"
        try:
            note = await call(self._session, "GET", url)
            return note, verify_witnessed(self._domain, self._role, note)
        except (Unreachable, Problem, SplitPassError):
            return None  # that is the witness's fault, which the audit of its own log tells

    def _verified(self, note: bytes, where: str) -> WitnessedCheckpoint:
        try:
            return verify_witnessed(self._domain, self._role, note)
        except (Malformed, InvalidSignature, WrongParty) as error:
            raise Broken(Finding(self._role, Fault.UNSIGNED, f"{where}: {error}")) from None

    async def _grown(self, known: KnownLog, note: bytes, witnessed: WitnessedCheckpoint) -> KnownLog:
        """The log with the entries that are new, all of it under the checkpoint."""
        size, before = witnessed.checkpoint.size, known.tree.size
        if size < before:
            if root_of(subtrees_of(known.leaves), size) != witnessed.checkpoint.root:
                raise self._forked(note, size, before)
            raise Broken(Finding(self._role, Fault.WITHHELD, f"it had {before} entries before, and it shows {size}"))
        try:
            entries = await self._new_entries(before, size)
            log = known.grown(entries)
            if log.tree.root() != witnessed.checkpoint.root:
                earlier = await fetch_earlier_root(self._session, self._url, witnessed.checkpoint, before)
                if earlier != known.tree.root():
                    raise self._forked(note, size, before)
                raise Broken(Finding(self._role, Fault.FALSE_TILES, "its entries are not those under its checkpoint"))
            await self._check_hashes(log, before)
        except Malformed as error:
            raise Broken(Finding(self._role, Fault.FALSE_TILES, str(error))) from None
        return log

    async def _new_entries(self, before: int, size: int) -> list[bytes]:
        entries: list[bytes] = []
        for tile in tiles_of("entries", before, size):
            entries += await fetch_entries(self._session, self._url, tile)
        return entries[before % TILE_WIDTH :] if size > before else []

    async def _check_hashes(self, log: KnownLog, before: int) -> None:
        """The tiles of hashes, of every level, are made of the entries."""
        level, hashes = 0, list(log.leaves)
        while hashes:
            for tile in tiles_of(level, before, log.tree.size):
                expected = hashes[tile.index * TILE_WIDTH : tile.index * TILE_WIDTH + tile.width]
                if await fetch_hashes(self._session, self._url, tile) != expected:
                    raise Broken(
                        Finding(self._role, Fault.FALSE_TILES, f"{tile.path} does not hold the hashes of entries")
                    )
            full = range(0, len(hashes) - len(hashes) % TILE_WIDTH, TILE_WIDTH)
            level, hashes = level + 1, [tree_root(hashes[i : i + TILE_WIDTH]) for i in full]

    def _records(self, known: KnownLog, log: KnownLog, witnessed: WitnessedCheckpoint) -> Iterator[Record]:
        latest = 0
        for index, encoded in enumerate(log.entries):
            is_new = index >= known.tree.size
            try:
                entry = LogEntry.from_bytes(encoded)
                record = Record(index, entry.time, entry.contents, is_new)
            except SplitPassError as error:
                if is_new:
                    self._find(Fault.FALSE_ENTRY, f"entry {index} is none: {error}")
                continue
            if is_new and not latest - REQUEST_TOLERANCE <= entry.time <= witnessed.time + REQUEST_TOLERANCE:
                self._find(Fault.FALSE_ENTRY, f"entry {index} says {self._local(entry.time)}, among others")
            latest = max(latest, entry.time)
            yield record

    def _forked(self, note: bytes, size: int, before: int) -> Broken:
        path = self._state.keep_evidence(self._role, note, size)
        detail = f"its {size} entries do not continue the {before} that it had before; {path} is evidence"
        return Broken(Finding(self._role, Fault.FORKED, detail))

    def _local(self, time: int) -> str:
        return local_time(time, self._domain.utc_offset)

    def _find(self, fault: Fault, detail: str) -> None:
        self.findings.append(Finding(self._role, fault, detail))
