"""The authority's HTTP interface. Spec: §5.4."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from aiohttp import ClientSession, web

from escrow.authority.authority import Authority
from escrow.authority.deposits import Deposit, deposit
from escrow.authority.notices import NoticePublisher
from escrow.errors import ErasedEpoch
from escrow.housekeeping import COSIGNING_SECONDS, FIRST_SECONDS, HOUSEKEEPING_SECONDS
from escrow.lists_server import list_routes
from escrow.server import create_party_app
from escrow.settings import PEER_SECONDS
from protocol.epochs import EpochKey
from protocol.handles import DirectoryBatch, DirectoryReceipts, sign_receipt
from protocol.passes import IssueBatch, issue_batch
from protocol.primitives.encoding import MAX_MESSAGE_BYTES
from service.background import log_failures
from service.http import asked_for_later, cbor_response, read_body
from service.http_client import new_session
from service.inbox import accept
from service.plain_documents import front_page
from service.readiness import Readiness, missing_database
from service.refusals import NotReady, TryLater
from service.storage import writing
from service.transactions import Transactions

_WHAT = (
    "이 서버는 전자출입명부 SplitPass의 보건당국 서버입니다. 출입증이 누구의 것인지 모르는 채로 발급하고, "
    "알림과 열람 내역을 공개합니다. 방문자가 여기서 할 일은 없습니다.",
    "This server is the health authority of SplitPass, an electronic visitor log. It issues passes without knowing "
    "whose they are, and publishes notices and what was opened. Visitors have nothing to do here.",
)


MAX_BATCHES = 8
"""So many batches two processors answer, however full they are, before those in them give up."""
BATCH_SECONDS = 10
"""About how long a full batch takes."""


class AuthorityServer:
    """The handlers of the authority's own routes; the operator alone may use them.

    A deposit's signatures are verified and made at once: to have another thread do it takes more time in all.
    """

    def __init__(self, authority: Authority, session: ClientSession) -> None:
        self._authority, self._session = authority, session
        self._writer = Transactions("writer", writing(authority.engine))
        self._threads = ThreadPoolExecutor(authority.settings.threads, "issuing")
        self._batch_thread = ThreadPoolExecutor(1, "batch")  # one after the other, each on all processors
        self._batches = asyncio.Semaphore(MAX_BATCHES)
        self._database = Readiness(lambda: missing_database(authority.engine))

    async def deposit(self, request: web.Request) -> web.Response:
        """Store sealed directory entries and sign a receipt for each."""
        asked = self._authority.peer.verify(request.path, await read_body(request))
        try:
            batch = DirectoryBatch.from_bytes(asked.body)
            epoch_key = await self._kept_epoch(batch.epoch)
        except Exception:
            await self._writer.join(accept, asked)  # what is refused now must not be taken later
            raise
        held = await self._writer.join(deposit, Deposit(asked, batch))
        receipts = [
            sign_receipt(epoch_key, entry, self._authority.identity) if is_held else None
            for entry, is_held in zip(batch.entries, held, strict=True)
        ]
        return cbor_response(DirectoryReceipts(tuple(receipts)))

    async def issue_passes(self, request: web.Request) -> web.Response:
        """Answer a batch of pass requests. Nothing of it is stored."""
        if "Expect" in request.headers:
            await self._demand_room()
        statement = await read_body(request, MAX_MESSAGE_BYTES)
        batch = IssueBatch.from_bytes(await asyncio.to_thread(self._authority.peer.receive, request.path, statement))
        epoch_key = await self._authority.epochs.key(self._session, batch.epoch)
        pass_key = self._authority.epochs.secret(batch.epoch).pass_signing_key
        async with self._batches:  # a place that nobody but the operator can take
            issue = partial(issue_batch, epoch_key, pass_key, batch, map_function=self._threads.map)
            answers = await asyncio.get_running_loop().run_in_executor(self._batch_thread, issue)
        return cbor_response(answers)

    async def _kept_epoch(self, epoch: int) -> EpochKey:
        """The joint key of an epoch that is not erased; raises `ErasedEpoch` or `UnknownEpoch`."""
        if self._authority.epochs.vault.is_erased(epoch):
            raise ErasedEpoch(epoch)
        return await self._authority.epochs.key(self._session, epoch)

    async def _demand_room(self) -> None:
        """Raise `TryLater` before a batch is sent that could not be answered: nobody in it has asked in vain then."""
        if self._batches.locked():
            raise TryLater("as many batches are being answered as may be; try again", BATCH_SECONDS)
        try:
            await self._database.demand()
        except NotReady as lack:
            raise TryLater(str(lack)) from None


async def create_authority_app(authority: Authority) -> web.Application:
    """The authority's server; call it inside the event loop that will run it."""
    session = new_session(PEER_SECONDS)
    server = AuthorityServer(authority, session)
    app = create_party_app(
        authority,
        session,
        [
            web.post("/v1/directory", server.deposit),
            web.post("/v1/passes", server.issue_passes, expect_handler=asked_for_later),
            front_page("SplitPass", _WHAT),
        ],
        list_routes(authority.notices),
    )

    async def warning(_app: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(_warn_daily(authority, session))
        yield
        task.cancel()

    app.cleanup_ctx.append(warning)
    return app


async def _warn_daily(authority: Authority, session: ClientSession) -> None:
    """Have each day's notice signed, and try again soon if the operator cannot just now."""
    while True:
        seconds = COSIGNING_SECONDS
        with log_failures("there is no notice of today"):
            if await asyncio.to_thread(authority.notices.newest) is None:
                seconds = FIRST_SECONDS
            if authority.passed.believable:
                await NoticePublisher(authority, session).publish_daily()
            seconds = HOUSEKEEPING_SECONDS
        await asyncio.sleep(seconds)
