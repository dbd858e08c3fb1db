"""Following a log from what is known of it: signatures, consistency, tiles, and whether it is alive. Spec: §6.7."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from aiohttp import ClientSession

from escrow.audit.findings import About, Fault, Finding
from escrow.audit.state import AuditState, KnownLog
from escrow.audit.witness import WitnessCheck
from protocol.epochs import Domain, Role
from protocol.party_requests import REQUEST_TOLERANCE
from protocol.primitives.errors import Malformed, SplitPassError
from protocol.transparency.log_entries import EntryBody, LogEntry
from protocol.transparency.logs import COSIGNING_SECONDS, WitnessedCheckpoint, other_party, verify_witnessed
from protocol.transparency.merkle import root_of, subtrees_of, tree_root
from protocol.transparency.signed_notes import Checkpoint
from protocol.transparency.tiles import TILE_HEIGHT, TILE_WIDTH, Tile, tiles_of
from service.cli import local_time
from service.http_client import call
from service.log_client import fetch_earlier_root, fetch_entries, fetch_hashes
from service.problems import Problem, Unreachable

ALIVE_SECONDS = 2 * COSIGNING_SECONDS
"""How old the last cosignature may be: one that failed is no fault yet."""
MAX_ENTRIES = 2**32
"""How many entries a log can have: their indexes are of 32 bits."""
MAX_READ = 2**18
"""How many new entries are read at a time, for they are all held in memory: what two busy parties say in years."""

T = TypeVar("T")
ShowProgress = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and how much there is to do."""


@dataclass(frozen=True, slots=True)
class LogRecord:
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
    records: tuple[LogRecord, ...]

    def root(self, size: int) -> bytes:
        """The root of its first `size` entries."""
        return root_of(subtrees_of(self.log.leaves), size)


class BrokenLog(Exception):
    """A log that cannot be followed any further; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.detail)
        self.finding = finding


class LogFollower:
    """Follows one party's log at its URL. What it finds, also of the other party as the witness, is in `findings`."""

    def __init__(
        self,
        session: ClientSession,
        domain: Domain,
        role: Role,
        urls: Mapping[Role, str],
        state: AuditState,
        now: int,
        tell: ShowProgress,
    ) -> None:
        self._session, self._domain, self._role, self._state = session, domain, role, state
        self._url, self._now, self._tell = urls[role], now, tell
        self._witness = WitnessCheck(session, domain, role, urls[other_party(role)], now)
        self._size = 0
        self.findings: list[Finding] = []

    async def follow(self) -> FollowedLog | None:
        """The log, or None if it is broken or read in part; what was found good is stored for the next time."""
        try:
            seen_by_witness = await self._witness.shown()  # first, so that the log's own is the newer one
            note = await call(self._session, "GET", f"{self._url}/v1/log/checkpoint")
            witnessed = self._verified(note)
            self._size = witnessed.checkpoint.size
            self._state.keep_later(self._role, note)  # it is signed, whatever the party shows next
            return await self._follow(note, witnessed, seen_by_witness)
        except BrokenLog as broken:
            self.findings.append(broken.finding)
        except Unreachable as error:
            self._find(Fault.UNREACHABLE, str(error))
        except Problem as problem:
            self._find(Fault.UNREACHABLE, f"{self._url}: {problem}")
        return None

    def compare(self, followed: FollowedLog, note: bytes, other: WitnessedCheckpoint, whose: str) -> None:
        """Compare the log with a checkpoint that somebody else has of it, verified as `other`.

        When the log's own one was cosigned, the witness had seen none that is larger. So a larger one that was cosigned
        earlier is of another log, and one that was cosigned later was withheld once the own one is over an hour old.
        """
        size, own = other.checkpoint.size, followed.witnessed.checkpoint.size
        if size <= own:
            if followed.root(size) != other.checkpoint.root:
                self.findings.append(self.forked(f"{whose} has another tree of {size} entries", note, size))
        elif other.time < followed.witnessed.time - REQUEST_TOLERANCE <= self._now:
            earlier = f"{whose} has {size} entries, cosigned earlier than the {own} that it shows"
            self.findings.append(self.forked(earlier, note, size))
        elif followed.witnessed.time < self._now - COSIGNING_SECONDS:
            since = self._local(followed.witnessed.time)
            self._find(Fault.WITHHELD, f"{whose} has {size} entries, and it shows the {own} of {since}", {"size": own})

    async def continues(self, followed: FollowedLog, note: bytes, later: WitnessedCheckpoint, whose: str) -> bool:
        """Whether a checkpoint, verified as `later`, is larger than the log's and continues it.

        If so it is kept to be compared next time, if it is another log's that is found.
        """
        if later.checkpoint.size <= followed.witnessed.checkpoint.size:
            self.compare(followed, note, later, whose)
            return False
        try:
            root = await fetch_earlier_root(self._session, self._url, later.checkpoint, followed.log.tree.size)
        except (Malformed, Problem, Unreachable):
            return False
        if root != followed.witnessed.checkpoint.root:
            size = later.checkpoint.size
            self.findings.append(self.forked(f"{whose} has {size} entries that do not continue it", note, size))
            return False
        self._state.keep_later(self._role, note)
        return True

    def forked(self, detail: str, note: bytes, size: int) -> Finding:
        """That the party has signed two logs, and the other party has cosigned both. `size` is that of the note."""
        return Finding(self._role, Fault.FORKED, detail, note, {"size": size})

    async def _follow(
        self, note: bytes, witnessed: WitnessedCheckpoint, seen_by_witness: tuple[bytes, WitnessedCheckpoint] | None
    ) -> FollowedLog:
        await self._check_time(note, witnessed)
        self.findings += self._witness.findings
        log = await self._grown(note, witnessed.checkpoint)
        self._state.store(self._role, note, log)
        if log.tree.size < witnessed.checkpoint.size:
            read = f"{log.tree.size} of its {witnessed.checkpoint.size} entries were read: the next audit goes on"
            raise self._broken(Fault.UNREAD, read)
        followed = FollowedLog(witnessed, log, tuple(self._records(log, witnessed)))
        if seen_by_witness is not None:
            self.compare(followed, *seen_by_witness, "its witness")
        return followed

    def _verified(self, note: bytes) -> WitnessedCheckpoint:
        try:
            return verify_witnessed(self._domain, self._role, note)
        except SplitPassError as error:
            raise BrokenLog(Finding(self._role, Fault.UNSIGNED, f"{self._url}: {error}")) from None

    async def _check_time(self, note: bytes, witnessed: WitnessedCheckpoint) -> None:
        self._witness.check_time(witnessed.time)
        if self._now - witnessed.time > ALIVE_SECONDS:
            blame = await self._witness.blame(note, witnessed.checkpoint.size)
            if blame is not None:
                detail = f"it was cosigned last at {self._local(witnessed.time)}; {blame}"
                self._find(Fault.STALE, detail, {"time": witnessed.time})

    async def _grown(self, note: bytes, newest: Checkpoint) -> KnownLog:
        """The log with the entries that are new, or the next of them, all of it under the checkpoint."""
        known, last = self._state.known[self._role], self._state.checkpoints[self._role]
        size, before = newest.size, known.tree.size
        if size > MAX_ENTRIES:
            detail = f"its checkpoint is of {size} entries, and a log has at most {MAX_ENTRIES}"
            raise self._broken(Fault.FALSE_TILES, detail)
        if size < before:
            if root_of(subtrees_of(known.leaves), size) != newest.root:
                raise self._broken_off(note, size, before)
            raise self._broken(Fault.WITHHELD, f"it had {before} entries before, and it shows {size}")
        until = size if size - before <= MAX_READ else (before + MAX_READ) // TILE_WIDTH * TILE_WIDTH
        try:
            if last is not None and before < last.size:  # the rest of these is still to be read
                await self._check_continued(note, newest, last)
            log = known.grown(await self._new_entries(before, until))
            if log.tree.root() != await self._earlier_root(newest, until):
                if await self._earlier_root(newest, before) != known.tree.root():
                    raise self._broken_off(note, size, before)
                raise self._broken(Fault.FALSE_TILES, "its entries are not those under its checkpoint")
            await self._check_hashes(log, before, size)
        except Malformed as error:
            raise self._broken(Fault.FALSE_TILES, str(error)) from None
        return log

    async def _check_continued(self, note: bytes, newest: Checkpoint, last: Checkpoint) -> None:
        if newest.size < last.size:
            detail = f"it had {last.size} entries before, and it shows {newest.size}"
            raise self._broken(Fault.WITHHELD, detail)
        if await self._earlier_root(newest, last.size) != last.root:
            raise self._broken_off(note, newest.size, last.size)

    async def _earlier_root(self, newest: Checkpoint, size: int) -> bytes:
        return await self._given(fetch_earlier_root(self._session, self._url, newest, size), "tiles")

    async def _new_entries(self, before: int, until: int) -> list[bytes]:
        entries: list[bytes] = []
        for tile in tiles_of("entries", before, until):
            self._tell(f"entries of the {self._role.name.lower()}'s log", before + len(entries), until)
            entries += await self._given(fetch_entries(self._session, self._url, tile), tile.path)
        return entries[before % TILE_WIDTH :] if until > before else []

    async def _check_hashes(self, log: KnownLog, before: int, size: int) -> None:
        """The tiles of hashes, of every level, are made of the entries."""
        level, hashes = 0, list(log.leaves)
        while hashes:
            for tile in tiles_of(level, before, log.tree.size):
                self._tell(f"hashes of the {self._role.name.lower()}'s log", tile.index * TILE_WIDTH, len(hashes))
                expected = hashes[tile.index * TILE_WIDTH : tile.index * TILE_WIDTH + tile.width]
                there = _as_in(tile, level, size)
                if (await self._given(fetch_hashes(self._session, self._url, there), there.path))[
                    : tile.width
                ] != expected:
                    detail = f"{there.path} does not hold the hashes of entries"
                    raise self._broken(Fault.FALSE_TILES, detail)
            full = range(0, len(hashes) - len(hashes) % TILE_WIDTH, TILE_WIDTH)
            level, hashes = level + 1, [tree_root(hashes[i : i + TILE_WIDTH]) for i in full]

    async def _given(self, fetched: Awaitable[T], what: str) -> T:
        """What a request for tiles gives; a tile that is not there is a fault of the log."""
        try:
            return await fetched
        except Problem as problem:
            if problem.status != 404:
                raise
            raise self._broken(Fault.FALSE_TILES, f"it does not have the {what} of its checkpoint") from None

    def _records(self, log: KnownLog, witnessed: WitnessedCheckpoint) -> Iterator[LogRecord]:
        latest, known = 0, self._state.sizes[self._role]
        present = min(witnessed.time, self._now) + REQUEST_TOLERANCE
        for index, encoded in enumerate(log.entries):
            is_new = index >= known
            try:
                entry = LogEntry.from_bytes(encoded)
                record = LogRecord(index, entry.time, entry.contents, is_new)
            except SplitPassError as error:
                if is_new:
                    self._find(Fault.FALSE_ENTRY, f"entry {index} is none: {error}", {"entry": index})
                continue
            if is_new and not latest - REQUEST_TOLERANCE <= entry.time <= present:
                detail = f"entry {index} says {self._local(entry.time)}, among others"
                self._find(Fault.FALSE_ENTRY, detail, {"entry": index})
            latest = max(latest, entry.time)
            yield record

    def _broken_off(self, note: bytes, size: int, before: int) -> BrokenLog:
        return BrokenLog(self.forked(f"its {size} entries do not continue the {before} that it had before", note, size))

    def _broken(self, fault: Fault, detail: str) -> BrokenLog:
        return BrokenLog(Finding(self._role, fault, detail, about={"size": self._size}))

    def _local(self, time: int) -> str:
        return local_time(time, self._domain.utc_offset)

    def _find(self, fault: Fault, detail: str, about: About | None = None) -> None:
        self.findings.append(Finding(self._role, fault, detail, about=about or {}))


def _as_in(tile: Tile, level: int, size: int) -> Tile:
    """The tile of hashes as a larger tree has it: it need not keep one that is partial."""
    return replace(tile, width=min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - tile.index * TILE_WIDTH))
