"""The operator's HTTP interface. Spec: §5.3."""

from __future__ import annotations

import asyncio
import logging

from aiohttp import ClientSession, web

from escrow.errors import WarrantWithdrawn
from escrow.operator import handles
from escrow.operator.accounts import Account
from escrow.operator.deposits import Deposits
from escrow.operator.errors import CodeNotSent, WarrantPending, WarrantRefused
from escrow.operator.handles import NewHandle
from escrow.operator.issuing import Issuing
from escrow.operator.notices import give_notice
from escrow.operator.operator import Operator
from escrow.operator.pages import page_routes
from escrow.server import create_party_app
from escrow.settings import PEER_SECONDS
from escrow.shares import give_shares
from protocol.epochs import EpochKey
from protocol.handles import (
    Handle,
    HandleGrant,
    HandleRegistration,
    IdentityRecord,
    seal_record,
    verify_registration,
)
from protocol.http_messages import NoticeRequest, SharesRequest, VerificationAnswer, VerificationRequest
from protocol.passes import AllowanceRequest
from protocol.primitives.encoding import MAX_MESSAGE_BYTES
from protocol.primitives.statements import statement_payload
from protocol.warrants import Warrant
from service.clock import DAY, HOUR
from service.http import SMALL_BODY_BYTES, bearer_token, cbor_response, path_bytes, read_body, read_message
from service.http_client import new_session
from service.rate_limits import RateLimit, client_network
from service.serving import REQUESTS
from service.storage import writing
from service.transactions import Transactions

logger = logging.getLogger("splitpass")


class OperatorServer:
    """The handlers of the operator's routes.

    Proofs and signatures are verified and made at once: to have other threads do it takes more time in all.
    """

    def __init__(self, operator: Operator, session: ClientSession) -> None:
        self._operator, self._session = operator, session
        settings = operator.settings
        self._reader = Transactions("reader", operator.engine)
        self._writer = Transactions("writer", writing(operator.engine))
        self._deposits = Deposits(operator, session)
        self.issuing = Issuing(operator, session, self._reader, self._writer)
        self._verifications = RateLimit(settings.verifications_per_hour, HOUR)
        self._codes = RateLimit(settings.codes_per_address, DAY)
        self._sessions = RateLimit(settings.sessions_per_hour, HOUR)
        self._account_requests = RateLimit(settings.account_requests_per_hour, HOUR)

    async def request_code(self, request: web.Request) -> web.Response:
        """Send a one-time code to a phone."""
        client = self._client(request)
        self._verifications.count(client)
        phone = (await read_message(request, VerificationRequest)).phone
        self._codes.count(client, phone)
        now = self._operator.clock()
        code = await asyncio.to_thread(self._operator.accounts.new_code, phone, now)
        try:
            await asyncio.to_thread(self._operator.sender.send, phone, f"SplitPass code: {code}")
        except Exception as error:  # noqa: BLE001  whatever it raises; its text may have the number
            logger.error("a code could not be sent: %s", type(error).__name__)  # noqa: TRY400
            await asyncio.to_thread(self._operator.accounts.uncount_code, phone, now)
            self._codes.uncount(client, phone)
            raise CodeNotSent from None
        await asyncio.to_thread(self._operator.accounts.put_in_force, phone, code, self._operator.clock())
        return web.Response(status=202)

    async def open_session(self, request: web.Request) -> web.Response:
        """Open a session for whoever received the code."""
        self._sessions.count(self._client(request))
        answer = await read_message(request, VerificationAnswer)
        return cbor_response(await asyncio.to_thread(self._operator.accounts.verify, answer, self._operator.clock()))

    async def register_handle(self, request: web.Request) -> web.Response:
        """Register a handle, seal its record and deposit it with the authority. May be repeated."""
        account = await self._account(request)
        registration = await read_message(request, HandleRegistration)
        epoch_key = await self._operator.open_epoch(self._session, registration.epoch)
        handle = verify_registration(epoch_key, account.account_id, registration)
        record, entry = await self._writer.join(handles.register, self._seal(epoch_key, account, handle))
        receipt = await self._deposits.deposit(epoch_key, entry)
        await self._writer.join(handles.mark_deposited, (entry.epoch, account.account_id))
        return cbor_response(HandleGrant(record, entry, receipt))

    async def issue_passes(self, request: web.Request) -> web.Response:
        """Mix an account's allowance into a batch and wait for the answers. Coming twice, it is asked for once."""
        account = await self._account(request)
        allowance = await read_message(request, AllowanceRequest, SMALL_BODY_BYTES)
        return cbor_response(await self.issuing.issue(account.account_id, allowance))

    async def propose_warrant(self, request: web.Request) -> web.Response:
        """Take a warrant from the authority, for the officer to decide."""
        statement = await asyncio.to_thread(self._operator.peer.receive, request.path, await read_body(request))
        await asyncio.to_thread(self._operator.warrants.propose, statement, self._operator.clock())
        return web.Response(status=202)

    async def countersignature(self, request: web.Request) -> web.Response:
        """The officer's decision on a warrant, for the authority alone."""
        await asyncio.to_thread(self._operator.peer.receive, request.path, await read_body(request))
        warrant_id = path_bytes(request, "warrant", 16)
        proposed = await asyncio.to_thread(self._operator.warrants.get, warrant_id)
        if proposed.withdrawn is not None:
            raise WarrantWithdrawn(warrant_id)
        if proposed.refused is not None:
            raise WarrantRefused(warrant_id, proposed.refused)
        if proposed.countersignature is None:
            raise WarrantPending(warrant_id)
        return cbor_response(proposed.countersignature)

    async def withdraw_warrant(self, request: web.Request) -> web.Response:
        """Take a warrant back for the authority."""
        statement = await read_body(request)
        await asyncio.to_thread(self._operator.peer.receive, request.path, statement)
        await asyncio.to_thread(self._operator.warrants.withdraw, path_bytes(request, "warrant", 16), statement)
        return web.Response(status=202)

    async def give_shares(self, request: web.Request) -> web.Response:
        """The operator's shares for a release under a valid warrant."""
        statement = await read_body(request, MAX_MESSAGE_BYTES)
        body = await asyncio.to_thread(self._operator.peer.receive, request.path, statement)
        asked = SharesRequest.from_bytes(body)
        warrant = Warrant.from_bytes(statement_payload(asked.warrant.authority))
        await asyncio.to_thread(self._operator.warrants.demand_standing, warrant.warrant_id)
        return cbor_response(await give_shares(self._operator, self._session, asked))

    async def give_notice(self, request: web.Request) -> web.Response:
        """The operator's signature under a notice, with its list."""
        statement = await read_body(request, MAX_MESSAGE_BYTES)
        body = await asyncio.to_thread(self._operator.peer.receive, request.path, statement)
        return cbor_response(await give_notice(self._operator, self._session, NoticeRequest.from_bytes(body)))

    def _client(self, request: web.Request) -> str:
        return client_network(request, self._operator.settings.client_address_header)

    async def _account(self, request: web.Request) -> Account:
        session = bearer_token(request), self._operator.clock()
        account = await self._reader.join(self._operator.accounts.authenticate, session)
        self._account_requests.count(account.account_id.hex())
        return account

    def _seal(self, epoch_key: EpochKey, account: Account, handle: Handle) -> NewHandle:
        verified_on = account.verified_at // DAY
        record = IdentityRecord(
            epoch_key.domain.number, epoch_key.epoch, handle, account.phone, account.name, verified_on
        )
        return NewHandle(account.account_id, handle, *seal_record(epoch_key, record, self._operator.identity))


async def create_operator_app(operator: Operator) -> web.Application:
    """The operator's server; call it inside the event loop that will run it."""
    session = new_session(PEER_SECONDS)
    server = OperatorServer(operator, session)
    logger.info(
        "nobody gets passes until %d visitors ask within %g s: a smaller domain has none (minimum_accounts)",
        operator.settings.minimum_accounts,
        operator.settings.mixing_seconds,
    )
    app = create_party_app(
        operator,
        session,
        [
            web.post("/v1/warrants", server.propose_warrant),
            web.post("/v1/warrants/{warrant}/countersignature", server.countersignature),
            web.post("/v1/warrants/{warrant}/withdrawal", server.withdraw_warrant),
            web.post("/v1/shares", server.give_shares),
            web.post("/v1/notices", server.give_notice),
            *page_routes(operator),
        ],
        [
            web.post("/v1/verifications", server.request_code),
            web.post("/v1/sessions", server.open_session),
            web.post("/v1/handles", server.register_handle),
            web.post("/v1/passes", server.issue_passes),
        ],
    )
    app[REQUESTS].refusals.append(server.issuing.close)
    return app
