"""Warrants, releases and shares: what is refused, and what is given."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocol.epochs import Role
from protocol.exchanges import SharesRequest
from protocol.requests import sign_request
from protocol.statements import JointStatement, sign_statement
from protocol.warrants import Purpose, Warrant
from tests.openapi.refusals import ZEROS, refused
from tests.openapi.stage import NO_POINT, Stage, signed, spoiled

OPERATOR, AUTHORITY = Role.OPERATOR, Role.AUTHORITY


class WarrantSteps:
    """The authority's steps, against the operator's and a venue's servers."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    async def investigate(self) -> None:
        warrant = self.stage.warrant()
        await self.decide(warrant)
        release = await self.release(warrant)
        await self.shares(warrant, release)
        single = replace(self.stage.warrant(), max_records=1)
        await refused("warrant-exhausted", self.shares(single, await self.release(single)))
        self.stage.world.operator.erase(self.stage.world.today)
        await refused("epoch-erased", self.shares(warrant, release))

    async def decide(self, warrant: Warrant) -> None:
        world, identity = self.stage.world, self.stage.world.authority.identity

        async def propose(statement: bytes) -> bytes:
            return await world.as_party(AUTHORITY, "/v1/warrants", statement)

        async def countersignature(warrant: str) -> bytes:
            return await world.as_party(AUTHORITY, f"/v1/warrants/{warrant}/countersignature", b"")

        await refused("unknown-warrant", countersignature(ZEROS))
        await refused("not-found", countersignature("none"))
        await propose(sign_statement(warrant, identity))
        await refused("warrant-exists", propose(sign_statement(replace(warrant, ends=warrant.ends + 1), identity)))
        await refused("out-of-scope", propose(signed("warrant", spoiled(warrant, 5, warrant.begins), identity)))
        await refused("warrant-pending", countersignature(warrant.warrant.hex()))
        assert world.officer(OPERATOR, "warrants", "countersign", warrant.warrant.hex()).exit_code == 0
        await countersignature(warrant.warrant.hex())
        other = self.stage.warrant()
        await propose(sign_statement(other, identity))
        world.operator.warrants.refuse(other.warrant, "no")
        await refused("warrant-refused", countersignature(other.warrant.hex()))

    async def release(self, warrant: Warrant) -> bytes:
        """A release, after those that are refused."""
        wider = replace(warrant, ends=warrant.ends + 1)
        for name, joint in {
            "unknown-venue": self.stage.both_sign(replace(warrant, venue=bytes(16))),
            "conflicting-statements": replace(
                self.stage.both_sign(warrant), operator=self.stage.both_sign(wider).operator
            ),
            "out-of-scope": self.stage.both_sign(replace(warrant, expires=self.stage.world.now - 1)),
        }.items():
            await refused(name, self.ask_release(joint))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("venue.release.MAX_RELEASE", 1)
            await refused("window-too-large", self.ask_release(self.stage.both_sign(warrant)))
        key_file = self.stage.door.venue.path / "venue.key"
        key_file.rename(key_file.with_suffix(".lost"))
        await refused("venue-key-lost", self.ask_release(self.stage.both_sign(warrant)))
        key_file.with_suffix(".lost").rename(key_file)
        return await self.ask_release(self.stage.both_sign(warrant))

    async def ask_release(self, joint: JointStatement) -> bytes:
        world, path = self.stage.world, "/v1/releases"
        recipient, identity = self.stage.door.venue.venue.hex(), world.authority.identity
        domain, body = world.settings.domain, joint.to_bytes()
        request = sign_request(domain, AUTHORITY, recipient, path, world.now, body, identity)
        return await self.stage.ask(self.stage.door, "POST", path, request)

    async def shares(self, warrant: Warrant, release: bytes) -> bytes:
        """The operator's shares, after those that are refused."""
        world, record = self.stage.world, self.stage.door.venue.record
        joint, venue = self.stage.both_sign(warrant), self.stage.both_sign(record)
        no_key = signed("venue", spoiled(record, 4, NO_POINT), world.authority.identity)
        wider = replace(warrant, ends=warrant.ends + 1)
        for name, request in {
            "malformed-point": SharesRequest(joint, replace(venue, authority=no_key), release),
            "venue-changed": SharesRequest(joint, self.stage.both_sign(replace(record, name="다른 클럽")), release),
            "conflicting-statements": SharesRequest(
                replace(joint, operator=self.stage.both_sign(wider).operator), venue, release
            ),
            "out-of-scope": SharesRequest(
                self.stage.both_sign(replace(warrant, purpose=Purpose.NOTICE)), venue, release
            ),
        }.items():
            await refused(name, world.as_party(AUTHORITY, "/v1/shares", request.to_bytes()))
        return await world.as_party(AUTHORITY, "/v1/shares", SharesRequest(joint, venue, release).to_bytes())
