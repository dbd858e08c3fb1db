"""Commitments of venues at the parties, from whoever has no venue's key. Spec: §5.2, §3.9."""

from __future__ import annotations

import time
from secrets import token_bytes

from conformance.answer import Answer
from conformance.check import Checks
from conformance.tester import PARTIES, Server, Tester
from protocol.commitments import VenueCommitment
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import sign_statement

checks = Checks()


async def _commit(tester: Tester, server: Server, venue_id: bytes) -> Answer:
    message = VenueCommitment(tester.domain.number, venue_id, int(time.time()), token_bytes(32))
    return await tester.post(server, "/v1/commitments", sign_statement(message, SigningKey.generate()))


@checks.add_at(PARTIES, "5.2/commitment-venue", "--domain")
async def commitment_venue(tester: Tester, server: Server) -> None:
    """A commitment of a venue that nobody applied with is refused with 404, `unknown-venue`."""
    (await _commit(tester, server, token_bytes(16))).expect_problem(404, "unknown-venue")


@checks.add_at(PARTIES, "5.2/commitment-signature", "5.2/venue-statement/{server}")
async def commitment_signature(tester: Tester, server: Server) -> None:
    """A commitment is signed with the key of the venue that it names; else `invalid-signature`."""
    (await _commit(tester, server, tester.venue.venue_id)).expect_problem(422, "invalid-signature")
