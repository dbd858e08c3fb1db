"""What a party puts on record in its transparency log. Spec: §3.11."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated

from protocol.primitives.encoding import Bytes32, Message, Size, Uint32
from protocol.primitives.hashing import digest32
from protocol.primitives.statements import Statement

MAX_BODY_BYTES = 4096


class EntryKind(IntEnum):
    """What an entry is about."""

    EPOCH_PUBLISHED = 1
    EPOCH_ERASED = 2
    WARRANT_DECIDED = 3
    SHARES_RELEASED = 4
    NOTICE_PUBLISHED = 5
    DISCLOSURE_PUBLISHED = 6
    PAGE_PUBLISHED = 7


@dataclass(frozen=True, slots=True)
class LogEntry(Message):
    """One entry of a log: `time` is Unix time, `body` the encoding of the message that `kind` names."""

    time: Uint32
    kind: EntryKind
    body: Annotated[bytes, Size(1, MAX_BODY_BYTES)]

    @property
    def contents(self) -> EntryBody:
        """What the entry says; raises `Malformed`."""
        return _BODIES[self.kind].from_bytes(self.body)


@dataclass(frozen=True, slots=True)
class EpochPublished(Message):
    """The party's statement of an epoch, and the Unix time by which it promises to erase its share."""

    statement: Statement
    erase_by: Uint32


@dataclass(frozen=True, slots=True)
class EpochErased(Message):
    """The party has destroyed its share of an epoch."""

    epoch: Uint32


class WarrantDecision(IntEnum):
    """What the operator's officer said to a warrant, or that the authority withdrew it."""

    COUNTERSIGNED = 1
    REFUSED = 2
    WITHDRAWN = 3


@dataclass(frozen=True, slots=True)
class WarrantDecided(Message):
    """A warrant was countersigned, refused or withdrawn. `commitment` stands for it and tells nothing of it."""

    decision: WarrantDecision
    commitment: Bytes32


@dataclass(frozen=True, slots=True)
class SharesReleased(Message):
    """Shares for `count` passes are about to leave.

    `discloses`: the warrant's, Unix time from which the opening is disclosed. `commitment` stands for its record
    (§3.13) and tells nothing of it.
    """

    count: Uint32
    discloses: Uint32
    commitment: Bytes32


@dataclass(frozen=True, slots=True)
class NoticePublished(Message):
    """The party has signed the notice of a number; `digest` stands for its statement."""

    number: Uint32
    digest: Bytes32


@dataclass(frozen=True, slots=True)
class DisclosurePublished(Message):
    """The party has published the disclosure of a number; `digest` stands for its statement."""

    number: Uint32
    digest: Bytes32


@dataclass(frozen=True, slots=True)
class PagePublished(Message):
    """The operator serves the visitors' page of a number from now on; `digest` stands for its `PageRecord`."""

    number: Uint32
    digest: Bytes32


EntryBody = (
    EpochPublished
    | EpochErased
    | WarrantDecided
    | SharesReleased
    | NoticePublished
    | DisclosurePublished
    | PagePublished
)

_BODIES: dict[EntryKind, type[EntryBody]] = {
    EntryKind.EPOCH_PUBLISHED: EpochPublished,
    EntryKind.EPOCH_ERASED: EpochErased,
    EntryKind.WARRANT_DECIDED: WarrantDecided,
    EntryKind.SHARES_RELEASED: SharesReleased,
    EntryKind.NOTICE_PUBLISHED: NoticePublished,
    EntryKind.DISCLOSURE_PUBLISHED: DisclosurePublished,
    EntryKind.PAGE_PUBLISHED: PagePublished,
}
_KINDS = {body: kind for kind, body in _BODIES.items()}


def log_entry(time: int, contents: EntryBody) -> LogEntry:
    """The entry that says this at a Unix time."""
    return LogEntry(time, _KINDS[type(contents)], contents.to_bytes())


def commit_to_warrant(warrant: bytes, salt: bytes) -> bytes:
    """The 32 bytes that stand for a warrant (its encoding) in the log, and tell nothing without `salt` (32 bytes)."""
    return digest32("logged-warrant", salt, warrant)
