"""What the entries of a log say, as far as a party asks for it. Spec: §3.11."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import sha256

from protocol.epochs import EpochStatement
from protocol.primitives.statements import statement_payload
from protocol.transparency.log_entries import (
    EntryKind,
    EpochErased,
    EpochPublished,
    LogEntry,
    NoticePublished,
    PagePublished,
)
from protocol.transparency.merkle import CompactRange, leaf_hash


@dataclass(slots=True)
class Contents:
    """What is known of the first entries of a log.

    `recent` has the places of those that are not in the index yet, by `fact_digest`, and `marked` those of them that a
    party asks for by what they say: under their kind, and their epoch if they are about one, the place and the entry.
    """

    tree: CompactRange = field(default_factory=CompactRange)
    epochs: dict[int, EpochPublished] = field(default_factory=dict)
    erased: dict[int, int] = field(default_factory=dict)
    newest_notice: int | None = None
    newest_page: PagePublished | None = None
    recent: dict[bytes, int] = field(default_factory=dict)
    marked: dict[tuple[EntryKind, int], tuple[int, bytes]] = field(default_factory=dict)

    def copy(self) -> Contents:
        """The same, to add to."""
        return replace(
            self,
            epochs=dict(self.epochs),
            erased=dict(self.erased),
            recent=dict(self.recent),
            marked=dict(self.marked),
        )

    def add(self, encoded: bytes) -> None:
        """Know the next entry; raises `MalformedEncoding`."""
        entry, place = LogEntry.from_bytes(encoded), self.tree.size
        about = self.note(place, entry)
        if about is not None:
            self.marked[entry.kind, about] = place, encoded
        self.recent.setdefault(fact_digest(entry), place)
        self.tree = self.tree.extend([leaf_hash(encoded)])

    def note(self, place: int, entry: LogEntry) -> int | None:
        """Know what an entry says; the epoch that it is about, 0 without one, or None if nobody asks for it."""
        contents = entry.contents
        if isinstance(contents, EpochPublished):
            epoch = EpochStatement.from_bytes(statement_payload(contents.statement)).epoch
            return epoch if self.epochs.setdefault(epoch, contents) is contents else None
        if isinstance(contents, EpochErased):
            return contents.epoch if self.erased.setdefault(contents.epoch, place) == place else None
        if isinstance(contents, NoticePublished) and contents.number >= (self.newest_notice or 0):
            self.newest_notice = contents.number
            return 0
        if isinstance(contents, PagePublished):
            self.newest_page = contents
            return 0
        return None


def fact_digest(entry: LogEntry) -> bytes:
    """What stands for what an entry says (32 bytes), whenever it says it."""
    return sha256(entry.kind.to_bytes(1, "big") + entry.body).digest()
