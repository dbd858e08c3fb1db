"""Warrants, releases and shares: what is refused, and what is given."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from protocol.commitments import sign_commitment
from protocol.epochs import Role
from protocol.http_messages import NoticeRequest, ReleaseRequest, SharesRequest
from protocol.party_requests import REQUEST_TOLERANCE, sign_request
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import JointStatement, sign_statement, statement_payload
from protocol.releases import Release
from protocol.transparency.merkle import CompactRange
from protocol.warrants import Warrant, sign_application
from tests.openapi.refusals import ZEROS, refused
from tests.openapi.story_servers import NO_POINT, StoryServers, signed, spoiled
from tests.support.servers import named, notice_for
from tests.support.venues import only

OPERATOR, AUTHORITY = Role.OPERATOR, Role.AUTHORITY


class WarrantSteps:
    """The authority's steps, against the operator's and a venue's servers."""

    def __init__(self, servers: StoryServers) -> None:
        self.servers = servers

    async def investigate(self) -> None:
        warrant = self.servers.warrant()
        await self.commit()
        await self.decide(warrant)
        release, world = await self.release(warrant), self.servers.world
        with pytest.MonkeyPatch.context() as patch:
            witness = world.authority.witness
            honest = witness.add_checkpoint
            patch.setattr(witness, "add_checkpoint", lambda body, time: honest(body, time + 3600))  # not to rely on
            await refused("peer-failed", self.shares(warrant, release))
        await self.shares(warrant, release)
        withdrawal = f"/v1/warrants/{warrant.warrant_id.hex()}/withdrawal"
        await refused("warrant-opened", world.as_party(AUTHORITY, withdrawal, b""))
        await self.notices()
        single = replace(self.servers.warrant(), max_records=1)
        await refused("warrant-exhausted", self.shares(single, await self.release(single)))
        world.operator.epochs.erase(world.today)
        await refused("epoch-erased", self.shares(warrant, release))

    async def notices(self) -> None:
        """The operator's signature under a notice, after those that are refused."""
        world, membership = self.servers.world, only(self.servers.door.venue)
        record, key = membership.record, membership.signing_key
        venue, warrant = self.servers.both_sign(record), notice_for(self.servers.warrant())
        joint = self.servers.both_sign(warrant)
        release = await self.release(warrant)
        shown = SharesRequest(joint, venue, release, named(world, record.venue_id))
        no_key = signed("venue", spoiled(record, 4, NO_POINT), world.authority.identity)
        unfit = replace(Release.from_bytes(statement_payload(release)), openings=(), leaves=())
        wider = self.servers.both_sign(replace(warrant, ends=warrant.ends + 1)).operator

        async def ask(number: int, *releases: SharesRequest, time: int = world.now) -> bytes:
            request = NoticeRequest(number, time, releases)
            return await world.as_party(AUTHORITY, "/v1/notices", request.to_bytes())

        await ask(0)
        await refused("notice-exists", ask(1))
        await refused("replayed-request", ask(1, shown, time=world.now - REQUEST_TOLERANCE - 1))
        for name, one in {
            "commitment-mismatch": replace(shown, release=sign_statement(unfit, key)),
            "malformed-point": replace(shown, venue=replace(venue, authority=no_key)),
            "venue-changed": replace(shown, venue=self.servers.both_sign(replace(record, name="다른 클럽"))),
            "conflicting-statements": replace(shown, warrant=replace(joint, operator=wider)),
            "out-of-scope": replace(shown, warrant=self.servers.both_sign(self.servers.warrant())),
        }.items():
            await refused(name, ask(1, one))
        await ask(5, shown)
        await refused("wrong-number", ask(4))

    async def commit(self) -> None:
        """The door's commitment at both parties, after those that are refused."""
        world, venue = self.servers.world, only(self.servers.door.venue)
        time, waiting = world.now - 60, SigningKey.generate()
        pending = replace(venue.record, venue_id=b"a venue in wait.", key=public_key(waiting))
        made = venue.log.commit(venue.record, venue.signing_key, time)
        assert made is not None

        def other(key: SigningKey = venue.signing_key, time: int = time, **changed: Any) -> bytes:
            return sign_commitment(replace(venue.record, **changed), key, time, CompactRange())[1]

        for role in Role:
            await world.post(role, "/v1/venues", sign_application(pending, waiting))
            await world.post(role, "/v1/commitments", made[1])
            venue.log.acknowledge(time, role)
            for name, statement in {
                "unknown-venue": other(venue_id=bytes(16)),
                "venue-pending": other(waiting, venue_id=pending.venue_id),
                "invalid-signature": other(SigningKey.generate()),
                "wrong-domain": other(domain=1),
                "replayed-request": other(time=world.now - REQUEST_TOLERANCE - 1),
                "conflicting-statements": other(),
            }.items():
                await refused(name, world.post(role, "/v1/commitments", statement))

    async def decide(self, warrant: Warrant) -> None:
        world, identity = self.servers.world, self.servers.world.authority.identity

        async def propose(statement: bytes) -> bytes:
            return await world.as_party(AUTHORITY, "/v1/warrants", statement)

        async def countersignature(warrant: str) -> bytes:
            return await world.as_party(AUTHORITY, f"/v1/warrants/{warrant}/countersignature", b"")

        await refused("unknown-warrant", countersignature(ZEROS))
        await refused("not-found", countersignature("none"))
        await propose(sign_statement(warrant, identity))
        await refused("warrant-exists", propose(sign_statement(replace(warrant, ends=warrant.ends + 1), identity)))
        await refused("out-of-scope", propose(signed("warrant", spoiled(warrant, 5, warrant.begins), identity)))
        await refused("invalid-name", propose(sign_statement(replace(warrant, legal_reference="\x1b[2J"), identity)))
        await refused("invalid-name", propose(sign_statement(notice_for(warrant, "\x1b[2J"), identity)))
        await refused("warrant-pending", countersignature(warrant.warrant_id.hex()))
        assert world.officer(OPERATOR, "warrants", "countersign", warrant.warrant_id.hex()).exit_code == 0
        await countersignature(warrant.warrant_id.hex())
        other = self.servers.warrant()
        await propose(sign_statement(other, identity))
        world.operator.warrants.refuse(other.warrant_id, "no")
        await refused("warrant-refused", countersignature(other.warrant_id.hex()))
        await self.withdraw()

    async def withdraw(self) -> None:
        """Other warrants are taken back, and nothing is done under them."""
        world, mistake = self.servers.world, self.servers.warrant()
        path = f"/v1/warrants/{mistake.warrant_id.hex()}"
        await refused("unknown-warrant", world.as_party(AUTHORITY, f"{path}/withdrawal", b""))
        await refused("not-found", world.as_party(AUTHORITY, "/v1/warrants/none/withdrawal", b""))
        await world.as_party(AUTHORITY, "/v1/warrants", sign_statement(mistake, world.authority.identity))
        await world.as_party(AUTHORITY, f"{path}/withdrawal", b"")
        await refused("warrant-withdrawn", world.as_party(AUTHORITY, f"{path}/countersignature", b""))
        record = only(self.servers.door.venue).record
        joint, venue = self.servers.both_sign(mistake), self.servers.both_sign(record)
        shown = SharesRequest(joint, venue, sign_statement(record, world.authority.identity), ())
        await refused("warrant-withdrawn", world.as_party(AUTHORITY, "/v1/shares", shown.to_bytes()))
        warning = notice_for(self.servers.warrant())
        await world.as_party(AUTHORITY, "/v1/warrants", sign_statement(warning, world.authority.identity))
        await world.as_party(AUTHORITY, f"/v1/warrants/{warning.warrant_id.hex()}/withdrawal", b"")
        notice = NoticeRequest(9, world.now, (replace(shown, warrant=self.servers.both_sign(warning)),))
        await refused("warrant-withdrawn", world.as_party(AUTHORITY, "/v1/notices", notice.to_bytes()))

    async def release(self, warrant: Warrant) -> bytes:
        """A release, after those that are refused."""
        wider = replace(warrant, ends=warrant.ends + 1)
        for name, joint in {
            "unknown-venue": self.servers.both_sign(replace(warrant, venue_id=bytes(16))),
            "conflicting-statements": replace(
                self.servers.both_sign(warrant), operator=self.servers.both_sign(wider).operator
            ),
            "out-of-scope": self.servers.both_sign(replace(warrant, expires=self.servers.world.now - 1)),
        }.items():
            await refused(name, self.ask_release(joint))
        for name, place, value in (
            ("window-too-large", "venue.release.MAX_LEAVES", 0),
            ("window-too-old", "venue.log.Log.leaves", lambda *_: []),
        ):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(place, value)
                await refused(name, self.ask_release(self.servers.both_sign(warrant)))
        key_file = only(self.servers.door.venue).path / "venue.key"
        key_file.rename(key_file.with_suffix(".lost"))
        await refused("venue-key-lost", self.ask_release(self.servers.both_sign(warrant)))
        key_file.with_suffix(".lost").rename(key_file)
        return await self.ask_release(self.servers.both_sign(warrant))

    async def ask_release(self, joint: JointStatement) -> bytes:
        world, path = self.servers.world, "/v1/releases"
        recipient, identity = self.servers.door.venue.venue_id.hex(), world.authority.identity
        domain, body = world.settings.domain, ReleaseRequest(joint).to_bytes()
        request = sign_request(domain, AUTHORITY, recipient, path, world.now, body, identity)
        return await self.servers.ask(self.servers.door, "POST", path, request)

    async def shares(self, warrant: Warrant, release: bytes) -> bytes:
        """The operator's shares, after those that are refused."""
        world, record = self.servers.world, only(self.servers.door.venue).record
        joint, venue = self.servers.both_sign(warrant), self.servers.both_sign(record)
        no_key = signed("venue", spoiled(record, 4, NO_POINT), world.authority.identity)
        wider = replace(warrant, ends=warrant.ends + 1)
        unfit = replace(Release.from_bytes(statement_payload(release)), openings=(), leaves=())
        key, held = only(self.servers.door.venue).signing_key, named(world, record.venue_id)
        for name, request in {
            "commitment-mismatch": SharesRequest(joint, venue, sign_statement(unfit, key), held),
            "malformed-point": SharesRequest(joint, replace(venue, authority=no_key), release, held),
            "venue-changed": SharesRequest(
                joint, self.servers.both_sign(replace(record, name="다른 클럽")), release, held
            ),
            "conflicting-statements": SharesRequest(
                replace(joint, operator=self.servers.both_sign(wider).operator), venue, release, held
            ),
            "out-of-scope": SharesRequest(self.servers.both_sign(notice_for(warrant)), venue, release, held),
        }.items():
            await refused(name, world.as_party(AUTHORITY, "/v1/shares", request.to_bytes()))
        return await world.as_party(AUTHORITY, "/v1/shares", SharesRequest(joint, venue, release, held).to_bytes())
