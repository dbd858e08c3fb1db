"""What a party asks of the other one, and takes from it. Spec: §3.11, §4.4."""

from __future__ import annotations

import asyncio

from aiohttp import ClientSession

from escrow.errors import PeerFailed
from escrow.log.cosigning import have_cosigned
from escrow.log.log import TransparencyLog
from protocol.epochs import Domain, Role
from protocol.party_requests import PartyRequest, sign_request
from protocol.primitives.signatures import SigningKey
from protocol.transparency.log_entries import EntryBody, LogEntry
from protocol.transparency.logs import Inclusion, other_party, verify_logged_entry
from service.clock import Clock
from service.errors import ConfigurationError
from service.http_client import call
from service.inbox import Inbox
from service.settings import DomainSettings


class Peer:
    """The other party, as the party `own` of a domain speaks with it.

    Every request is signed with `identity`. Requests from the other party come through the `inbox`, which takes none
    twice.
    """

    def __init__(
        self,
        settings: DomainSettings,
        own: Role,
        identity: SigningKey,
        log: TransparencyLog,
        inbox: Inbox,
        clock: Clock,
    ) -> None:
        self._domain: Domain = settings.domain
        self._own, self._identity, self._log, self._inbox, self._clock = own, identity, log, inbox, clock
        self.role = other_party(own)
        self.url = settings.url(self.role)

    async def ask(self, session: ClientSession, path: str, body: bytes, *, ask_first: bool = False) -> bytes:
        """Send a signed request to the other party and return its answer; raises as `call` does."""
        return await self.ask_server(session, self.url, self.role.name.lower(), path, body, ask_first=ask_first)

    async def ask_server(
        self, session: ClientSession, url: str, recipient: str, path: str, body: bytes, *, ask_first: bool = False
    ) -> bytes:
        """The same of any server: at a base URL, with the name that the recipient goes by in requests."""
        statement = sign_request(self._domain, self._own, recipient, path, self._clock(), body, self._identity)
        return await call(session, "POST", url + path, statement, ask_first=ask_first)

    def verify(self, path: str, statement: bytes) -> PartyRequest:
        """A request from the other party that is not counted yet; raises what `Inbox.verify` raises."""
        return self._inbox.verify(self.role, path, self._clock(), statement)

    def receive(self, path: str, statement: bytes) -> bytes:
        """The body of a request from the other party; raises what `Inbox.receive` raises."""
        return self._inbox.receive(self.role, path, self._clock(), statement)

    async def have_log_cosigned(self, session: ClientSession) -> None:
        """Have the other party cosign the newest checkpoint of the log, and publish it; raises as `have_cosigned`."""
        await have_cosigned(self._log, session, self.url, self._clock)

    async def witnessed(self, session: ClientSession, contents: EntryBody) -> Inclusion:
        """The verified proof that what was appended to the log is under a checkpoint that the other party has cosigned.

        Raises:
            ConfigurationError: Something else is in its place, or it is in none.
            PeerFailed: The other party did not cosign the log.
        """
        index = await asyncio.to_thread(self._log.index_of, contents)
        inclusion = None if index is None else await asyncio.to_thread(self._log.inclusion, index)
        if index is not None and inclusion is None:
            await self.have_log_cosigned(session)
            inclusion = await asyncio.to_thread(self._log.inclusion, index)
            if inclusion is None:
                raise PeerFailed("the other party did not cosign the log; try again later")
        if inclusion is None or LogEntry.from_bytes(inclusion.entry).contents != contents:
            raise ConfigurationError("the log does not say what was put on record: restore its newest copy")
        verify_logged_entry(self._domain, self._own, inclusion)
        return inclusion
