"""The entries that wait at once go to the authority in one request. Spec: §3.6, §5.3."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiohttp import ClientSession

from escrow.errors import PeerFailed
from escrow.operator.operator import AUTHORITY_FAILED, Operator
from protocol.epochs import EpochKey
from protocol.handles import MAX_DEPOSITS, DirectoryBatch, DirectoryEntry, DirectoryReceipts, verify_receipt
from protocol.primitives.errors import Malformed, Rejected
from service.batches import Batches
from service.problems import Unreachable

ANSWER_SECONDS = 20
"""So long a batch waits for its receipts. The authority refuses what has waited there for half of this (§6.4)."""


class Deposits:
    """One batch of an epoch after the other, each of the entries that wait when it begins.

    An epoch for which the authority does not answer keeps no other one waiting.
    """

    def __init__(self, operator: Operator, session: ClientSession) -> None:
        self._operator, self._session = operator, session
        self._epochs = dict[int, _Deposits]()

    async def deposit(self, epoch_key: EpochKey, entry: DirectoryEntry) -> bytes:
        """The authority's verified receipt for an entry, which may have been deposited before.

        Raises:
            Problem: The authority has erased the epoch, or does not know it.
            PeerFailed: It has another entry under this index, gives no good receipt, or refused.
            Unreachable: It does not answer, or not in time.
            TryLater: It took so long for the entries before that this one was not sent.
        """
        if entry.epoch not in self._epochs:
            today = self._operator.epochs.today
            self._epochs = {epoch: kept for epoch, kept in self._epochs.items() if epoch >= today}
            self._epochs[entry.epoch] = _Deposits(self._operator, self._session)
        receipt = await self._epochs[entry.epoch].deposit(entry)
        try:
            verify_receipt(epoch_key, entry, receipt)
        except (Malformed, Rejected):
            raise PeerFailed(AUTHORITY_FAILED) from None
        return receipt


class _Deposits(Batches[DirectoryEntry, bytes]):
    """Those of one epoch."""

    def __init__(self, operator: Operator, session: ClientSession) -> None:
        super().__init__(MAX_DEPOSITS)
        self._operator, self._session = operator, session

    async def deposit(self, entry: DirectoryEntry) -> bytes:
        """The receipt for an entry, as the authority gave it."""
        return await self._join(entry)

    async def _do(self, items: Sequence[DirectoryEntry]) -> Sequence[bytes | Exception]:
        try:
            receipts = await self._send({entry.index: entry for entry in items})
        except Exception as error:  # noqa: BLE001  whatever it is, those who wait must hear of it
            return [error] * len(items)
        return [receipts[entry.index] or PeerFailed(AUTHORITY_FAILED) for entry in items]

    async def _send(self, entries: dict[bytes, DirectoryEntry]) -> dict[bytes, bytes | None]:
        """What the authority answers to each of these, of an epoch, by its index."""
        indexes = sorted(entries)
        batch = DirectoryBatch(tuple(entries[index] for index in indexes))
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                encoded = await self._operator.ask_authority(self._session, "/v1/directory", batch.to_bytes())
            return dict(zip(indexes, DirectoryReceipts.from_bytes(encoded).receipts, strict=True))
        except TimeoutError:
            raise Unreachable("the authority takes too long") from None
        except (Malformed, ValueError):
            raise PeerFailed(AUTHORITY_FAILED) from None
