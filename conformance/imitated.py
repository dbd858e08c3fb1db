"""The other parties as small real servers: they verify, seal, sign and issue with the protocol's own functions.

Whatever they say can be made a lie, signed with the keys that they really have.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import formatdate
from functools import partial
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Middleware

from conformance.log_in_memory import LogInMemory
from conformance.parties import NOW, OpenEpoch, Parties, found_domain, open_epoch
from protocol.check_ins import CheckIn, CheckInMessage, Direction, verify_check_in
from protocol.epochs import Domain, Role
from protocol.handles import (
    DirectoryEntry,
    Handle,
    HandleGrant,
    HandleRegistration,
    IdentityRecord,
    seal_record,
    sign_receipt,
    verify_registration,
)
from protocol.http_messages import Decision, DoorAnswer, Session, VerificationAnswer, VerificationRequest
from protocol.passes import AllowanceRequest, PassAnswers, verify_allowance
from protocol.primitives.errors import Rejected
from protocol.primitives.signatures import public_key
from protocol.primitives.statements import JointStatement
from protocol.transparency.logs import Inclusion
from protocol.transparency.tiles import Tile
from protocol.warrants import Venue
from service.http import Handler, bearer_token, cbor_response, create_app, read_message
from service.problems import Problem

ALLOWANCE = 3
SERVERS = ("operator", "authority", "venue")


@dataclass(frozen=True)
class Asked:
    """A request that one of the servers has received."""

    server: str
    method: str
    path: str
    headers: dict[str, str]

    def __str__(self) -> str:
        return f"{self.server} {self.method} {self.path}"


class ImitatedParties:
    """Operator, authority and venue, and knobs that make them misbehave; `now` is when their logs were written.

    `urls` says where the servers are, `instead` what answers a request in their place, by its text as `Asked` has it.
    """

    def __init__(self, now: int = NOW) -> None:
        self.parties: Parties = found_domain(allowance=ALLOWANCE)
        self.epochs: dict[int, OpenEpoch] = {}
        self.served: dict[tuple[Role, int], bytes] = {}
        self.requests: list[str] = []
        self.asked: list[Asked] = []
        self.instead: dict[str, Handler] = {}
        self.on_response: Callable[[web.Request, web.StreamResponse], Awaitable[None]] | None = None
        self.code: str | None = None
        """The code that every phone is sent; a random one if there is none."""
        self.codes: dict[str, str] = {}
        self.sessions: dict[bytes, tuple[bytes, str, str]] = {}
        self.accounts: dict[str, bytes] = {}
        self.handles: dict[tuple[bytes, int], Handle] = {}
        self.allowances: list[AllowanceRequest] = []
        self.check_ins: list[CheckIn] = []
        self.alter_record: Callable[[IdentityRecord], IdentityRecord] = lambda record: record
        self.alter_grant: Callable[[HandleGrant], HandleGrant] = lambda grant: grant
        self.alter_answers: Callable[[PassAnswers], PassAnswers] = lambda answers: answers
        self.door: Callable[[CheckIn], Decision] = lambda _: Decision.ADMITTED
        self.alter_inclusion: Callable[[Inclusion], Inclusion] = lambda inclusion: inclusion
        self.logs = {role: LogInMemory(self.parties, role, now) for role in Role}
        self.publishes = True
        self.refused: dict[str, Problem] = {}
        """What the operator says of a number or a name that it does not take."""
        self.lists: dict[tuple[Role, str], dict[int, bytes]] = {}
        self.outbox: Path | None = None
        self.date: dict[str, int] = {}
        """By how many seconds a server's `Date` is ahead."""
        self.urls: dict[str, str] = {}
        self._given: JointStatement | None = None

    @property
    def domain(self) -> Domain:
        """The domain of the parties."""
        return self.parties.domain

    def epoch(self, epoch: int) -> OpenEpoch:
        """An epoch, which is opened if it is not yet."""
        if epoch not in self.epochs:
            self.epochs[epoch] = open_epoch(self.parties, epoch)
        return self.epochs[epoch]

    def venue(self, **changes: object) -> Venue:
        """The venue's record, with other values in the place of some."""
        fields: dict[str, object] = {
            "domain": self.domain.number,
            "venue_id": b"splitpass venue!",
            "name": "클럽 스플릿",
            "url": self.urls["venue"],
            "key": public_key(self.parties.venue_key),
        }
        return Venue(**{**fields, **changes})  # type: ignore[arg-type]

    def receipt(self, epoch: int, entry: DirectoryEntry) -> bytes:
        """The authority's receipt of an entry."""
        return sign_receipt(self.epoch(epoch).key, entry, self.parties.keys[Role.AUTHORITY])

    def apps(self) -> dict[str, web.Application]:
        """The application of each server."""
        escrow = {
            role.name.lower(): [
                web.get("/v1/epochs/{epoch}", self._epoch_handler(role)),
                web.get("/v1/epochs/{epoch}/inclusion", self._inclusion_handler(role)),
                web.get("/v1/log/tile/{tile:.+}", self._tile_handler(role)),
                web.get("/v1/{kind}", self._list_handler(role)),
                web.get("/v1/{kind}/{number}", self._list_handler(role)),
            ]
            for role in Role
        }
        escrow["operator"] += [
            web.post("/v1/verifications", self._verifications),
            web.post("/v1/sessions", self._sessions),
            web.post("/v1/handles", self._handles),
            web.post("/v1/passes", self._passes),
        ]
        record = web.get("/v1/venues/{venue}/{domain}", self._venue_record)
        routes = {**escrow, "venue": [web.post("/v1/check-ins", self._check_ins), record]}
        apps = {name: create_app(of_party) for name, of_party in routes.items()}
        for name, app in apps.items():
            app.on_response_prepare.append(partial(self._set_date, name))
            app.middlewares.append(self._interfering(name))
        return apps

    def _interfering(self, server: str) -> Middleware:
        @web.middleware
        async def interfere(request: web.Request, handler: Handler) -> web.StreamResponse:
            asked = Asked(server, request.method, request.path, dict(request.headers))
            self.asked.append(asked)
            return await self.instead.get(str(asked), handler)(request)

        return interfere

    async def _set_date(self, name: str, request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = formatdate(time.time() + self.date.get(name, 0), usegmt=True)
        if self.on_response is not None:
            await self.on_response(request, response)

    def _epoch_handler(self, role: Role) -> Handler:
        async def handler(request: web.Request) -> web.Response:
            epoch = int(request.match_info["epoch"])
            self.requests.append(f"{role.name} epoch {epoch}")
            if not self.publishes:
                raise Problem(404, "not-found", "this epoch is not published")
            if (role, epoch) in self.served:
                return cbor_response(self.served[role, epoch])
            return cbor_response(self.epoch(epoch).statements[role])

        return handler

    def _inclusion_handler(self, role: Role) -> Handler:
        async def handler(request: web.Request) -> web.Response:
            statement = self.epoch(int(request.match_info["epoch"])).statements[role]
            log = self.logs[role]
            return cbor_response(self.alter_inclusion(log.inclusion(log.publish(statement))))

        return handler

    def _tile_handler(self, role: Role) -> Handler:
        async def handler(request: web.Request) -> web.Response:
            self.requests.append(f"{role.name} tile {request.match_info['tile']}")
            tile = Tile.at(request.match_info["tile"])
            data = None if tile is None else self.logs[role].tile(tile)
            if data is None:
                raise Problem(404, "not-found", "there is no such tile")
            return web.Response(body=data)

        return handler

    def _list_handler(self, role: Role) -> Handler:
        async def handler(request: web.Request) -> web.Response:
            self.requests.append(f"{role.name} {request.path}")
            lists = self.lists.get((role, request.match_info["kind"]), {})
            number = int(request.match_info.get("number", max(lists, default=0)))
            if number not in lists:
                raise Problem(404, "not-published", "there is no such list")
            return cbor_response(lists[number])

        return handler

    async def _verifications(self, request: web.Request) -> web.Response:
        phone = (await read_message(request, VerificationRequest)).phone
        self.requests.append("verification")
        if phone in self.refused:
            raise self.refused[phone]
        self.codes[phone] = self.code or f"{secrets.randbelow(10**6):06}"
        if self.outbox is not None:
            self.outbox.write_text(f"{phone}\tYour code is {self.codes[phone]}\n")
        return cbor_response(b"", 202)

    async def _sessions(self, request: web.Request) -> web.Response:
        answer = await read_message(request, VerificationAnswer)
        self.requests.append("session")
        if self.codes.get(answer.phone) != answer.code:
            raise Problem(403, "wrong-code", "the code is not the one that was sent")
        if answer.name in self.refused:
            raise self.refused[answer.name]
        account = self.accounts.setdefault(answer.phone, secrets.token_bytes(16))
        session = Session(account, secrets.token_bytes(32))
        self.sessions[session.token] = (account, answer.phone, answer.name)
        return cbor_response(session)

    async def _handles(self, request: web.Request) -> web.Response:
        self.requests.append("handle")
        account, phone, name = self._session(request)
        registration = await read_message(request, HandleRegistration)
        epoch = self.epoch(registration.epoch)
        handle = verify_registration(epoch.key, account, registration)
        if self.handles.setdefault((account, registration.epoch), handle) != handle:
            raise Problem(409, "handle-exists", "this account has another handle for the epoch")
        record = IdentityRecord(self.domain.number, registration.epoch, handle, phone, name, registration.epoch)
        signed, entry = seal_record(epoch.key, self.alter_record(record), self.parties.keys[Role.OPERATOR])
        return cbor_response(self.alter_grant(HandleGrant(signed, entry, self.receipt(registration.epoch, entry))))

    async def _passes(self, request: web.Request) -> web.Response:
        self.requests.append("passes")
        account, _, _ = self._session(request)
        message = await read_message(request, AllowanceRequest)
        epoch = self.epoch(message.epoch)
        batch = verify_allowance(epoch.key, self.handles[account, message.epoch], message)
        self.allowances.append(message)
        return cbor_response(self.alter_answers(epoch.issue(batch)))

    async def _check_ins(self, request: web.Request) -> web.Response:
        self.requests.append("check-in")
        message = await read_message(request, CheckInMessage)
        try:
            check_in = self.verify(message)
        except Rejected:
            return cbor_response(DoorAnswer(Decision.FORGED))
        if message.venue_id != self.venue().venue_id:
            return cbor_response(DoorAnswer(Decision.OTHER_VENUE))
        decision = self.door(check_in)
        if decision is Decision.ADMITTED:
            self.check_ins.append(check_in)
        return cbor_response(DoorAnswer(decision, message.direction if decision is Decision.ADMITTED else None))

    def verify(self, message: CheckInMessage) -> CheckIn:
        """Verify a check-in as a door does: an exit in the epoch of this pass's entry."""
        entries = {one.message.u: one.epoch for one in self.check_ins if one.message.direction is Direction.ENTRY}
        epoch = entries.get(message.u, self.domain.epoch_at(message.time))
        return verify_check_in(self.epoch(epoch).key, message)

    def poster(self, venue: Venue | None = None) -> JointStatement:
        """A venue's record as both parties sign it; from now on its server gives this one."""
        self._given = self.parties.both_sign(venue or self.venue())
        return self._given

    async def _venue_record(self, request: web.Request) -> web.Response:
        venue, domain = request.match_info["venue"], request.match_info["domain"]
        self.requests.append(f"venue record {venue} of {domain}")
        return cbor_response(self._given or self.poster())

    def _session(self, request: web.Request) -> tuple[bytes, str, str]:
        try:
            return self.sessions[bearer_token(request)]
        except KeyError:
            raise Problem(401, "unauthenticated", "the session is unknown; enrol again") from None
