"""A party's log: appended to by any of its processes, and never to be forked by a crash. Spec: §3.11.

What the log has said is what its pending checkpoint says, which is written with its last entry before the tiles are: so
a crash leaves no tile that no checkpoint is over, and whoever comes next writes those that are missing. All of it is
durable before an entry counts as appended and before the witness is shown it. The public checkpoint follows when the
witness has cosigned.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from escrow.log.contents import Contents, fact_digest
from escrow.log.files import TileFiles
from escrow.log.index import LogIndex
from escrow.log.pending import Pending
from protocol.epochs import Domain, Role
from protocol.primitives.errors import SplitPassError
from protocol.primitives.signatures import SigningKey
from protocol.transparency.log_entries import EntryBody, EpochPublished, LogEntry, PagePublished, log_entry
from protocol.transparency.logs import (
    Inclusion,
    WitnessedCheckpoint,
    check_consistency,
    log_origin,
    sign_log,
    verify_log,
    verify_witnessed,
)
from protocol.transparency.merkle import CompactRange, leaf_hash, prove_consistency, prove_inclusion
from protocol.transparency.signed_notes import Checkpoint, only_signature
from protocol.transparency.tiles import TILE_WIDTH, entries_tile, subtrees_in, tiles_of
from service.errors import ConfigurationError
from service.files import public_directory, write_public

if TYPE_CHECKING:
    import sqlalchemy as sql


class TransparencyLog:
    """The log in a directory, which holds what is public and nothing else: `checkpoint` and `tile/`.

    Beside the directory are the pending checkpoint, a lock, and the index of the full tiles. Raises
    `ConfigurationError`, and writes nothing, when files are damaged, or some that a backup has brought back do not fit
    the others.
    """

    def __init__(self, directory: Path, domain: Domain, role: Role, identity: SigningKey) -> None:
        self.domain, self.role, self._identity = domain, role, identity
        self.files = TileFiles(public_directory(directory) / "tile")
        self._published = directory / "checkpoint"
        self._pending = directory.with_suffix(".pending")
        self._lock = FileLock(directory.with_suffix(".lock"), mode=0o600)
        self._thread_lock = threading.RLock()
        self._stored: tuple[bytes | None, bytes | None] = None, None
        self._newest: tuple[bytes, Checkpoint] | None = None
        self._index = LogIndex(directory.with_suffix(".index"))
        self._known = Contents()

    def append(self, contents: EntryBody, time: int) -> int:
        """The index of an entry that says this: a new one at a Unix time, or the one that says it already.

        It is durable when this returns.
        """
        entry = log_entry(time, contents)
        with self._locked():
            known = self._place_of(entry)
            if known is not None:
                return known
            encoded = entry.to_bytes()
            with _damage_named():
                tiles = self.files.tiles_with(self._known.tree.size, encoded)
            tree = self._known.tree.extend([leaf_hash(encoded)])
            newest = Checkpoint(log_origin(self.domain, self.role), tree.size, tree.root())
            note = sign_log(self.domain, self.role, newest.size, newest.root, self._identity)
            Pending(note, encoded).write(self._pending)  # from here on it has been said
            self.files.write(tiles)
            self._grow([encoded], [newest])
            self._newest, self._stored = (note, newest), self._read_checkpoints()
            return newest.size - 1

    def pending(self) -> tuple[bytes, Checkpoint] | None:
        """The newest checkpoint, signed by the log alone; None while the log is empty."""
        with self._locked():
            return self._newest

    def published(self) -> tuple[bytes, WitnessedCheckpoint] | None:
        """The newest checkpoint that the witness has cosigned."""
        try:
            note = self._published.read_bytes()
        except FileNotFoundError:
            return None
        return note, verify_witnessed(self.domain, self.role, note)

    def publish(self, note: bytes) -> None:
        """Make a cosigned checkpoint of this log the public one, unless that is newer."""
        received = verify_witnessed(self.domain, self.role, note)
        with self._locked():
            known = self.published()
            if known is None or _order(known[1]) < _order(received):
                write_public(self._published, note)

    def index_of(self, contents: EntryBody) -> int | None:
        """Where the log says this; None if it does not."""
        entry = log_entry(0, contents)
        with self._locked():
            return self._place_of(entry)

    def published_epoch(self, epoch: int) -> EpochPublished | None:
        """What the log says of the statement of an epoch, if it is on record."""
        with self._locked():
            return self._known.epochs.get(epoch)

    def has_epochs(self) -> bool:
        """Whether the statement of any epoch is on record."""
        with self._locked():
            return bool(self._known.epochs)

    def overdue(self, now: int) -> set[int]:
        """The epochs that should have been erased by Unix time `now`, by what the log says, and are not."""
        with self._locked():
            due = {epoch for epoch, published in self._known.epochs.items() if published.erase_by <= now}
            return due - self._known.erased.keys()

    def erased_epochs(self) -> set[int]:
        """The epochs that the log says are erased."""
        with self._locked():
            return set(self._known.erased)

    def newest_notice(self) -> int | None:
        """The highest number of a notice that is on record."""
        with self._locked():
            return self._known.newest_notice

    def newest_page(self) -> PagePublished | None:
        """What the log says of the visitors' page that is served now."""
        with self._locked():
            return self._known.newest_page

    def shows_erased(self, epoch: int) -> bool:
        """Whether everybody can see that an epoch is erased."""
        with self._locked():
            index, known = self._known.erased.get(epoch), self.published()
            return index is not None and known is not None and index < known[1].checkpoint.size

    def shows(self, index: int) -> bool:
        """Whether an entry is under the public checkpoint."""
        known = self.published()
        return known is not None and known[1].checkpoint.size > index

    def inclusion(self, index: int) -> Inclusion | None:
        """The proof that an entry is under the public checkpoint; None if it is not yet."""
        known = self.published()
        if known is None or known[1].checkpoint.size <= index:
            return None
        note, size = known[0], known[1].checkpoint.size
        entry = self.files.entries(entries_tile(size, index))[index % TILE_WIDTH]
        return Inclusion(index, entry, note, prove_inclusion(subtrees_in(size, self.files.hashes), index, size))

    def consistency(self, old_size: int, size: int) -> tuple[bytes, ...]:
        """The proof that the tree of the first `size` entries continues that of the first `old_size`."""
        return prove_consistency(subtrees_in(size, self.files.hashes), old_size, size)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Nobody appends meanwhile, and what everybody has appended is known."""
        with self._thread_lock, self._lock:
            self._catch_up()
            yield

    def _catch_up(self) -> None:
        """Read what is new, and write the tiles that a crash has kept from being written. Needs the lock."""
        stored = self._read_checkpoints()
        if stored == self._stored:
            return
        with _damage_named():
            pending, published = Pending.read(self._pending), self.published()
            said = [] if pending is None else [(pending.note, verify_log(self.domain, self.role, pending.note))]
            if published is not None:
                key = self.domain.identity_key(self.role)
                own = only_signature(published[0], log_origin(self.domain, self.role), key)
                said.append((own, published[1].checkpoint))
            newest = max(said, key=lambda signed: signed[1].size, default=None)
            last = pending.entry if pending is not None and newest == said[0] else None
            self._follow([checkpoint for _, checkpoint in said], last)
        self._newest, self._stored = newest, stored

    def _follow(self, said: Sequence[Checkpoint], last: bytes | None) -> None:
        """Read what is new under the checkpoints, all of which have to hold. `last` may not be in the tiles yet."""
        is_start = not self._known.tree.size
        known = self._index.read() if is_start else self._known
        begin, size = known.tree.size, max((checkpoint.size for checkpoint in said), default=0)
        if size < begin:
            knows = ", as log.index knows" if is_start else ""
            raise _damaged(f"it had {begin} entries{knows}, and has {size}")
        if is_start:
            self._check_beginning(known.tree, said)
        self._known = known
        encoded = self._entries(begin, size if last is None else size - 1)
        if last is not None and size > begin:
            self._grow(chain(encoded, [last]), said, lambda: self.files.write(self.files.tiles_with(size - 1, last)))
        else:
            self._grow(encoded, said)

    def _entries(self, begin: int, end: int) -> Iterator[bytes]:
        """The entries from one place up to another, a tile at a time."""
        for tile in tiles_of("entries", begin, end):
            yield from self.files.entries(tile)[max(0, begin - tile.index * TILE_WIDTH) :]

    def _grow(
        self, encoded: Iterable[bytes], said: Sequence[Checkpoint], before: Callable[[], None] = lambda: None
    ) -> None:
        """Know the next entries, if all checkpoints hold, or nothing of them; `before` that comes what is not done yet.

        What is known up to the end of a full tile goes to the index.
        """
        known = self._known.copy()
        with ExitStack() as stack:
            saving: sql.Connection | None = None
            _check(known.tree, said)
            for entry in encoded:
                known.add(entry)
                _check(known.tree, said)
                if known.tree.size % TILE_WIDTH == 0:
                    saving = saving or stack.enter_context(self._index.begin())
                    self._index.save(saving, known)
            before()
        self._known = known

    def _place_of(self, entry: LogEntry) -> int | None:
        fact = fact_digest(entry)
        place = self._known.recent.get(fact)
        return self._index.place_of(fact) if place is None else place

    def _check_beginning(self, tree: CompactRange, said: Sequence[Checkpoint]) -> None:
        """Of what is known without being read the checkpoints have to hold too."""
        for checkpoint in said:
            if checkpoint.size < tree.size:
                known = Checkpoint(checkpoint.origin, tree.size, tree.root())
                check_consistency(checkpoint, known, self.consistency(checkpoint.size, tree.size))

    def _read_checkpoints(self) -> tuple[bytes | None, bytes | None]:
        """Both files as they are now, to see whether somebody has written one."""
        return _read(self._pending), _read(self._published)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _check(tree: CompactRange, said: Iterable[Checkpoint]) -> None:
    for checkpoint in said:
        if checkpoint.size == tree.size and checkpoint.root != tree.root():
            raise _damaged(f"its first {tree.size} entries are not those of its checkpoint")


@contextmanager
def _damage_named() -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, SplitPassError) as error:
        raise _damaged(str(error)) from None


def _damaged(why: str) -> ConfigurationError:
    return ConfigurationError(f"the log is damaged: {why}; restore its newest copy, with log.pending")


def _order(witnessed: WitnessedCheckpoint) -> tuple[int, int]:
    return witnessed.checkpoint.size, witnessed.time
