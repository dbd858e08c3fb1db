"""Logs and witnesses: what everybody may read, and what a witness refuses."""

from __future__ import annotations

from dataclasses import replace

from escrow.party import Party
from protocol.epochs import Role
from protocol.transparency.logs import log_id, other_party, sign_log
from protocol.transparency.witnesses import WitnessRequest
from service.http import SMALL_BODY_BYTES
from service.http_client import exchange, new_session
from tests.openapi.refusals import refused
from tests.support.servers import World

PATH = "/v1/witness/add-checkpoint"


async def fetch_again(world: World, role: Role, path: str) -> None:
    """Fetch what is the newest of something, and again as a cache does that has it."""
    async with new_session() as session, session.get(world.urls[role] + path) as first:
        headers = {"If-None-Match": first.headers["ETag"]}
        async with session.get(world.urls[role] + path, headers=headers) as second:
            assert (first.status, second.status) == (200, 304)


class LogSteps:
    """Everything about one party's log, and about the party as a witness."""

    def __init__(self, world: World, role: Role) -> None:
        self.world, self.role = world, role

    @property
    def party(self) -> Party:
        return self.world.operator if self.role is Role.OPERATOR else self.world.authority

    @property
    def peer(self) -> Party:
        return self.world.authority if self.role is Role.OPERATOR else self.world.operator

    def witnessed(self, role: Role) -> str:
        return f"/v1/witness/{log_id(self.party.domain, role)}/checkpoint"

    async def alone_at_first(self) -> None:
        await refused("no-checkpoint", self.world.get(self.role, "/v1/log/checkpoint"))
        await refused("no-checkpoint", self.world.get(self.role, self.witnessed(other_party(self.role))))

    async def read(self) -> None:
        get, role, epoch = self.world.get, self.role, self.world.today
        await get(role, f"/v1/epochs/{epoch}/inclusion")
        await refused("unknown-epoch", get(role, f"/v1/epochs/{epoch + 20}/inclusion"))
        await refused("not-found", get(role, "/v1/epochs/today/inclusion"))
        await fetch_again(self.world, role, "/v1/log/checkpoint")
        published = self.party.log.published()
        assert published is not None
        await get(role, f"/v1/log/tile/entries/000.p/{published[1].checkpoint.size}")
        await refused("not-found", get(role, "/v1/log/tile/entries/001"))
        await refused("not-found", get(role, "/v1/log/tile/0/0"))
        await refused("unknown-log", get(role, self.witnessed(role)))
        async with new_session() as session:
            await self.peer.peer.have_log_cosigned(session)
        await get(role, self.witnessed(other_party(role)))

    async def witness(self) -> None:
        """Ask this party to cosign the peer's log, and what it must not cosign."""
        newest = self.peer.log.pending()
        assert newest is not None
        note, size, domain = newest[0], newest[1].size, self.party.domain
        good = WitnessRequest(size, (), note)
        fork = sign_log(domain, self.peer.role, size, bytes(32), self.peer.identity)
        stranger = sign_log(domain, self.peer.role, size, bytes(32), self.party.identity)
        own = sign_log(domain, self.role, size, bytes(32), self.party.identity)
        await self.send(good.encode(), 200)
        await self.send(replace(good, old_size=0).encode(), 409)
        await self.send(replace(good, old_size=size + 1).encode(), 400)
        await self.send(b"\xff", 400)
        await self.send(replace(good, checkpoint=fork).encode(), 422)
        await self.send(replace(good, checkpoint=stranger).encode(), 403)
        await self.send(replace(good, checkpoint=own).encode(), 404)
        await self.send(bytes(SMALL_BODY_BYTES + 1), 413)
        await self.send(good.encode(), 415, {"Content-Encoding": "gzip"})

    async def ask_too_often(self) -> None:
        """The limit is one, and the log itself may have used it."""
        async with new_session() as session:
            await exchange(session, "POST", self.world.urls[self.role] + PATH, b"", {})
        await self.send(b"", 429)

    async def send(self, body: bytes, status: int, headers: dict[str, str] | None = None) -> None:
        async with new_session() as session:
            answer = await exchange(session, "POST", self.world.urls[self.role] + PATH, body, headers or {})
        assert answer.status == status

    async def without_witness(self, name: str) -> None:
        epoch = self.world.today + 12
        self.party.epochs.publish(epoch)
        await refused(name, self.world.get(self.role, f"/v1/epochs/{epoch}/inclusion"))
