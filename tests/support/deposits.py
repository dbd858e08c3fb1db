"""Entries for the authority's directory, deposited by the operator in one request."""

from __future__ import annotations

from secrets import token_bytes

from protocol.epochs import Role
from protocol.handles import ENTRY_BYTES, NONCE_BYTES, DirectoryBatch, DirectoryEntry, DirectoryReceipts
from tests.support.servers import World


def any_entry(epoch: int, index: bytes | None = None) -> DirectoryEntry:
    """An entry of nobody, with a random index if none is given."""
    index = token_bytes(32) if index is None else index
    return DirectoryEntry(epoch, index, token_bytes(NONCE_BYTES), token_bytes(ENTRY_BYTES))


def batch_of(*entries: DirectoryEntry) -> DirectoryBatch:
    """The entries in the order of a batch."""
    return DirectoryBatch(tuple(sorted(entries, key=lambda entry: entry.index)))


async def deposit(world: World, *entries: DirectoryEntry) -> tuple[bytes | None, ...]:
    """What the authority answers, for each in the order of a batch; raises its problem."""
    answer = await world.as_party(Role.OPERATOR, "/v1/directory", batch_of(*entries).to_bytes())
    return DirectoryReceipts.from_bytes(answer).receipts
