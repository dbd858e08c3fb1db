"""A party's log: appended to by any of its processes, and never to be forked by a crash. Spec: §3.11.

What the log has said is what its pending checkpoint says: it is durable, with every tile under it, before an entry
counts as appended and before the witness is shown it. The public checkpoint follows when the witness has cosigned.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from escrow.log.files import TileFiles
from protocol.entries import EntryBody, EpochErased, EpochPublished, LogEntry, log_entry
from protocol.epochs import Domain, EpochStatement, Role
from protocol.errors import Malformed
from protocol.logs import Inclusion, WitnessedCheckpoint, sign_log, verify_log, verify_witnessed
from protocol.merkle import CompactRange, leaf_hash, prove_consistency, prove_inclusion
from protocol.notes import Checkpoint
from protocol.signatures import SigningKey
from protocol.statements import statement_payload
from protocol.tiles import TILE_WIDTH, entries_tile, subtrees_in, tiles_of
from service.files import private_directory, write_private
from service.settings import ConfigurationError


class TransparencyLog:
    """The log in a directory, which holds what is public and nothing else: `checkpoint` and `tile/`.

    Beside the directory are the pending checkpoint and a lock. Raises `ConfigurationError` when the files are damaged.
    """

    def __init__(self, directory: Path, domain: Domain, role: Role, identity: SigningKey) -> None:
        self._domain, self._role, self._identity = domain, role, identity
        self.files = TileFiles(private_directory(directory) / "tile")
        self._published = directory / "checkpoint"
        self._pending = directory.with_suffix(".pending")
        self._lock = FileLock(directory.with_suffix(".lock"), mode=0o600)
        self._thread_lock = threading.RLock()
        self._tree = CompactRange()
        self._places: dict[tuple[int, bytes], int] = {}
        self._epochs: dict[int, tuple[int, int]] = {}
        self._erased: dict[int, int] = {}

    def append(self, contents: EntryBody, time: int) -> int:
        """The index of an entry that says this: a new one at a Unix time, or the one that says it already.

        It is durable when this returns.
        """
        entry = log_entry(time, contents)
        with self._locked():
            known = self._places.get((entry.kind, entry.body))
            if known is not None:
                return known
            size, leaf = self._tree.size, leaf_hash(entry.to_bytes())
            tree = self._tree.extend([leaf])
            self.files.append(size, [entry.to_bytes()], [leaf])
            note = sign_log(self._domain, self._role, tree.size, tree.root(), self._identity)
            write_private(self._pending, note)  # from here on it has been said
            self._tree = tree
            self._index(size, entry)
            self.files.prune(size, tree.size)
            return size

    def pending(self) -> tuple[bytes, Checkpoint] | None:
        """The newest checkpoint, signed by the log alone; None while the log is empty."""
        for path in (self._pending, self._published):  # the latter alone if the log was restored from what is public
            try:
                note = path.read_bytes()
            except FileNotFoundError:
                continue
            return note, verify_log(self._domain, self._role, note)
        return None

    def published(self) -> tuple[bytes, WitnessedCheckpoint] | None:
        """The newest checkpoint that the witness has cosigned."""
        try:
            note = self._published.read_bytes()
        except FileNotFoundError:
            return None
        return note, verify_witnessed(self._domain, self._role, note)

    def publish(self, note: bytes) -> None:
        """Make a cosigned checkpoint of this log the public one, unless that is newer."""
        received = verify_witnessed(self._domain, self._role, note)
        with self._locked():
            known = self.published()
            if known is None or _order(known[1]) < _order(received):
                write_private(self._published, note)

    def index_of(self, contents: EntryBody) -> int | None:
        """Where the log says this; None if it does not."""
        entry = log_entry(0, contents)
        with self._locked():
            return self._places.get((entry.kind, entry.body))

    def index_of_epoch(self, epoch: int) -> int | None:
        """Where the statement of an epoch is on record."""
        with self._locked():
            return self._epochs[epoch][0] if epoch in self._epochs else None

    def overdue(self, now: int) -> set[int]:
        """The epochs that should have been erased by Unix time `now`, by what the log says, and are not."""
        with self._locked():
            due = {epoch for epoch, (_, erase_by) in self._epochs.items() if erase_by <= now}
            return due - self._erased.keys()

    def shows_erased(self, epoch: int) -> bool:
        """Whether everybody can see that an epoch is erased."""
        with self._locked():
            index, known = self._erased.get(epoch), self.published()
            return index is not None and known is not None and index < known[1].checkpoint.size

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
            newest = self.pending()
            if newest is not None and newest[1].size != self._tree.size:
                self._catch_up(newest[1])
            yield

    def _catch_up(self, newest: Checkpoint) -> None:
        try:
            for tile in tiles_of("entries", self._tree.size, newest.size):
                entries = self.files.entries(tile)[self._tree.size - tile.index * TILE_WIDTH :]
                for index, entry in enumerate(entries, self._tree.size):
                    self._index(index, LogEntry.from_bytes(entry))
                self._tree = self._tree.extend(map(leaf_hash, entries))
        except (OSError, Malformed) as error:
            raise ConfigurationError(f"the log is damaged: {error}") from None
        if (self._tree.size, self._tree.root()) != (newest.size, newest.root):
            raise ConfigurationError("the log is damaged: its entries are not those of its checkpoint")

    def _index(self, index: int, entry: LogEntry) -> None:
        contents = entry.contents
        self._places.setdefault((entry.kind, entry.body), index)
        if isinstance(contents, EpochPublished):
            epoch = EpochStatement.from_bytes(statement_payload(contents.statement)).epoch
            self._epochs.setdefault(epoch, (index, contents.erase_by))
        elif isinstance(contents, EpochErased):
            self._erased.setdefault(contents.epoch, index)


def _order(witnessed: WitnessedCheckpoint) -> tuple[int, int]:
    return witnessed.checkpoint.size, witnessed.time
