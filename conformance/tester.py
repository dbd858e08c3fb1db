"""The tester: what it was given, what it was answered, and what it has found out."""

from __future__ import annotations

import time
from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from io import BytesIO
from types import TracebackType
from typing import Self

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

from conformance.answer import Answer
from conformance.errors import Failed, NotRun
from protocol.check_ins import CheckInMessage
from protocol.epochs import Domain, EpochKey, Role
from protocol.handles import HandleGrant, HandleRegistration
from protocol.http_messages import Session
from protocol.party_requests import sign_request
from protocol.passes import OwnedPass
from protocol.primitives.encoding import MAX_MESSAGE_BYTES, Message
from protocol.primitives.group import Scalar
from protocol.primitives.signatures import SigningKey
from protocol.warrants import Venue
from service.media_types import CBOR

ANSWER_SECONDS = 180
"""How long an answer may take: the operator mixes for 45 s by default."""

Body = Message | bytes | AsyncIterable[bytes]
ReadCode = Callable[[str], Awaitable[str]]
"""Reads the one-time code that was just sent to a phone."""


class Server(StrEnum):
    """A server under test."""

    OPERATOR = "operator"
    AUTHORITY = "authority"
    VENUE = "venue"

    @property
    def role(self) -> Role:
        """The role of an escrow party."""
        return Role[self.name]


PARTIES = (Server.OPERATOR, Server.AUTHORITY)
KEY_FILES = {Role.OPERATOR: "--operator-key-file", Role.AUTHORITY: "--authority-key-file"}
"""The option that gives a party's identity key."""


def asks(server: Server) -> Role:
    """The only party whose requests a server takes (§4.4)."""
    return Role.OPERATOR if server is Server.AUTHORITY else Role.AUTHORITY


@dataclass(frozen=True)
class Options:
    """What the tester may use.

    `urls` are base URLs; `venue_id` has 16 bytes, `reader_token`, of that venue, 32. `identities` are the parties'
    identity keys with which the tester plays them.
    """

    urls: dict[Server, str]
    domain: Domain | None = None
    phones: tuple[str, ...] = ()
    read_code: ReadCode | None = None
    venue_id: bytes | None = None
    reader_token: bytes | None = field(default=None, repr=False)
    identities: dict[Role, SigningKey] = field(default_factory=dict, repr=False)
    apply: bool = False
    slow: bool = False

    @property
    def given(self) -> set[str]:
        """The options of the command line that these are."""
        options = {
            "--domain": self.domain is not None,
            "--phone": bool(self.phones),
            "--venue-id": self.venue_id is not None,
            "--reader-token-file": self.reader_token is not None,
            **{option: role in self.identities for role, option in KEY_FILES.items()},
            "--apply": self.apply,
            "--slow": self.slow,
        }
        return {f"--{server}" for server in self.urls} | {name for name, given in options.items() if given}


@dataclass
class Visitor:
    """An account that the tester opened, and its handle of today once it is registered."""

    phone: str
    name: str
    session: Session
    handle: tuple[Scalar, HandleRegistration, HandleGrant] | None = None

    @property
    def h(self) -> Scalar:
        """The handle key."""
        assert self.handle is not None
        return self.handle[0]


@dataclass
class Tester:
    """Speaks HTTP with the servers. `clock` tells Unix time in seconds.

    Found out by checks: the parties' `statements` and the keys of `epochs`, the venue's `record`, the `codes` that were
    read, the `visitors` that have a session, their `passes` of today that no door has admitted, and the `entry` that
    one has.
    """

    options: Options
    clock: Callable[[], int] = lambda: int(time.time())
    answers: list[Answer] = field(default_factory=list)
    statements: dict[tuple[Server, int], bytes] = field(default_factory=dict)
    epochs: dict[int, EpochKey] = field(default_factory=dict)
    record: Venue | None = None
    codes: list[str] = field(default_factory=list)
    visitors: list[Visitor] = field(default_factory=list)
    passes: list[OwnedPass] = field(default_factory=list)
    entry: tuple[OwnedPass, CheckInMessage] | None = None

    async def __aenter__(self) -> Self:
        # A connection for each request: a server that refuses a long body may close it.
        self._session = ClientSession(
            connector=TCPConnector(force_close=True),
            timeout=ClientTimeout(total=ANSWER_SECONDS),
            cookie_jar=DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._session.close()

    @property
    def domain(self) -> Domain:
        """The domain; raises `NotRun` without `--domain`."""
        if self.options.domain is None:
            raise NotRun("needs --domain")
        return self.options.domain

    @cached_property
    def today(self) -> int:
        """The epoch in which the run began."""
        return self.domain.epoch_at(self.clock())

    @property
    def key(self) -> EpochKey:
        """The keys of today."""
        return self.epochs[self.today]

    @property
    def venue_path(self) -> str:
        """The path of the venue's record at its server."""
        assert self.options.venue_id is not None
        return f"/v1/venues/{self.options.venue_id.hex()}/{self.domain.number}"

    @property
    def venue(self) -> Venue:
        """The venue's record, as both parties signed it."""
        assert self.record is not None
        return self.record

    @property
    def admitted(self) -> tuple[OwnedPass, CheckInMessage]:
        """The pass and the check-in that the door admitted."""
        assert self.entry is not None
        return self.entry

    def party_request(
        self,
        server: Server,
        path: str,
        body: Message | bytes = b"",
        *,
        key: SigningKey | None = None,
        recipient: str | None = None,
        time: int | None = None,
    ) -> bytes:
        """A request of the party that may ask a server, under its identity key, unless something is to be wrong."""
        sender = asks(server)
        return sign_request(
            self.domain,
            sender,
            recipient or (self.venue.venue_id.hex() if server is Server.VENUE else str(server)),
            path,
            self.clock() if time is None else time,
            body.to_bytes() if isinstance(body, Message) else body,
            key or self.options.identities[sender],
        )

    async def ask(self, server: Server, path: str, body: Message) -> Answer:
        """The answer to a party request."""
        return await self.post(server, path, self.party_request(server, path, body))

    async def get(self, server: Server, path: str, token: bytes | None = None) -> Answer:
        """The answer to a GET request, with a bearer token if there is one."""
        headers = None if token is None else {"Authorization": f"Bearer {token.hex()}"}
        return await self.send(server, "GET", path, headers=headers)

    async def post(
        self,
        server: Server,
        path: str,
        body: Body,
        token: bytes | None = None,
        *,
        media_type: str = CBOR,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """The answer to a POST request, with a bearer token if there is one."""
        sent = {"Content-Type": media_type, **(headers or {})}
        if token is not None:
            sent["Authorization"] = f"Bearer {token.hex()}"
        return await self.send(server, "POST", path, body, sent)

    async def send(
        self, server: Server, method: str, path: str, body: Body = b"", headers: dict[str, str] | None = None
    ) -> Answer:
        """The answer to a request; raises `Failed` if there is none."""
        data = body.to_bytes() if isinstance(body, Message) else body
        try:
            async with self._session.request(
                method,
                self.options.urls[server] + path,
                data=BytesIO(data) if isinstance(data, bytes) else data,
                headers=headers,
                allow_redirects=False,
            ) as response:
                content = bytearray()
                async for chunk in response.content.iter_any():
                    content += chunk
                    if len(content) > MAX_MESSAGE_BYTES:
                        raise Failed(f"{method} {path}: the answer is longer than {MAX_MESSAGE_BYTES} bytes")
        except (ClientError, TimeoutError, OSError) as error:
            raise Failed(f"{method} {path}: no answer ({type(error).__name__})") from None
        answer = Answer(
            server=server,
            request=f"{method} {path}",
            status=response.status,
            media_type=response.content_type if "Content-Type" in response.headers else "",
            cache_control=response.headers.get("Cache-Control", ""),
            request_id=response.headers.get("X-Request-Id", ""),
            body=bytes(content),
        )
        self.answers.append(answer)
        return answer
