"""Issuing, from an account's allowance request to its answers. Spec: §3.7, §5.3."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

import sqlalchemy as sql
from aiohttp import ClientSession

from escrow.errors import PeerFailed
from escrow.operator import handles
from escrow.operator.deduplication import Deduplicator
from escrow.operator.mixer import Mixer
from escrow.operator.operator import AUTHORITY_FAILED, Operator
from protocol.passes import AllowanceRequest, IssueBatch, PassAnswers, verify_allowance
from protocol.primitives.errors import Malformed
from service.clock import DAY
from service.problems import NotConnected, Unreachable
from service.rate_limits import RateLimit
from service.refusals import TryLater
from service.transactions import Transactions

ISSUING_SECONDS = 100
"""From the first request of a batch to the answers, at most. Every client waits longer."""

logger = logging.getLogger("splitpass")


class Issuing:
    """Verifies allowances, asks for each once, mixes it with those of others, and has the authority answer.

    Which answer belongs to whom exists in memory alone.
    """

    def __init__(self, operator: Operator, session: ClientSession, reader: Transactions, writer: Transactions) -> None:
        self._operator, self._session, self._reader, self._writer = operator, session, reader, writer
        settings = operator.settings
        self._count = partial(handles.count_requests, most=settings.requests_per_epoch)
        self._answer_seconds = ISSUING_SECONDS - settings.mixing_seconds
        self._epoch_requests = RateLimit(settings.requests_per_day, DAY)
        self._deduplicator = Deduplicator()
        self._mixer = Mixer(settings.minimum_accounts, settings.mixing_seconds, self._send_batch)

    async def issue(self, account_id: bytes, allowance: AllowanceRequest) -> PassAnswers:
        """The answers to an account's (16-byte id) allowance request. Coming twice, it is asked for once.

        Raises:
            EpochNotOpen, ErasedEpoch, UnknownEpoch: No passes are issued for the epoch.
            TooManyRequests, NoHandle, AllowanceUsed: The account may not ask, or not again.
            InvalidProof, WrongAllowance: What `verify_allowance` raises.
            ReplayedRequest: The same was asked before.
            TooFewVisitors, TooManyBatches: Too few others asked, or too many. The request is not counted.
            PeerFailed, Unreachable: The authority does not answer. It is not counted if the batch surely did not leave.
        """
        epoch = allowance.epoch
        epoch_key = await self._operator.open_epoch(self._session, epoch)
        self._epoch_requests.count(account_id.hex(), str(epoch))  # or few could lie in wait for one visitor
        handle = await self._reader.join(handles.find, (epoch, account_id))
        requests = verify_allowance(epoch_key, handle, allowance)
        answers = await self._deduplicator.once(requests, lambda: self._count_and_mix(account_id, epoch, requests))
        return PassAnswers(tuple(answers))

    async def _count_and_mix(self, account_id: bytes, epoch: int, requests: list[bytes]) -> list[bytes]:
        """Count the request before it is in a batch; what surely never left the operator does not count.

        Whatever goes wrong, everyone in a batch is told the same.
        """
        self._mixer.demand_room()
        await self._writer.join(self._count, (epoch, account_id))
        try:
            return await self._mixer.submit(epoch, account_id, requests)
        except (TryLater, NotConnected):
            try:
                await asyncio.to_thread(handles.uncount_request, self._operator.engine, (epoch, account_id))
            except sql.exc.SQLAlchemyError as error:  # whose text may quote the account
                logger.error("a request that did not leave stays counted: %s", type(error).__name__)  # noqa: TRY400
            raise

    async def _send_batch(self, epoch: int, requests: list[bytes]) -> Sequence[bytes]:
        """The authority's answers to a batch that the mixer has filled and shuffled, one for each request."""
        batch = IssueBatch(epoch, tuple(requests))
        try:
            async with asyncio.timeout(self._answer_seconds):
                encoded = await self._operator.ask_authority(
                    self._session, "/v1/passes", batch.to_bytes(), ask_first=True
                )
        except TimeoutError:  # before those who came first give up, and come again
            raise Unreachable("the authority takes too long") from None
        try:
            answers = PassAnswers.from_bytes(encoded).answers
        except Malformed:
            raise PeerFailed(AUTHORITY_FAILED) from None
        if len(answers) != len(requests):
            raise PeerFailed(AUTHORITY_FAILED)
        return answers

    def close(self) -> None:
        """Refuse everyone who still waits or still comes."""
        self._mixer.close()
