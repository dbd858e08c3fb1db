"""What a venue hands over for a warrant. Spec: §3.9."""

from __future__ import annotations

import logging

from protocol.epochs import Role
from protocol.party_requests import PartyRequest
from protocol.primitives.errors import WrongParty
from protocol.primitives.statements import JointStatement, verify_statement
from protocol.releases import MAX_COMMITMENTS, MAX_LEAVES, MAX_RELEASE_BYTES, choose_openings, sign_release
from protocol.warrants import ValidWarrant, verify_warrant
from service.errors import ConfigurationError
from venue.errors import KeyLost, UnknownVenue, WindowTooLarge, WindowTooOld
from venue.home import ServedVenue, VenueHome

RELEASE_PATH = "/v1/releases"

logger = logging.getLogger("splitpass.venue")


def release(home: VenueHome, request: bytes, now: int) -> bytes:
    """The signed release that the authority asks one of the venues for with a valid warrant, at Unix time `now`.

    Raises what `verify_request` and `verify_warrant` raise, `ReplayedRequest` for a request that came before,
    `UnknownVenue` when the warrant names another venue, `WindowTooOld` when its window is older than what is kept,
    `WindowTooLarge` when it holds more than one release can, `KeyLost` when the venue's key is lost.
    """
    recipient = verify_statement(PartyRequest, request, home.domain.authority_key).recipient
    venue = next((served for served in home.venues if served.venue_id.hex() == recipient), None)
    if venue is None:
        raise WrongParty("the request is for a venue that this server does not serve")
    body = venue.inbox.receive(Role.AUTHORITY, RELEASE_PATH, now, request)  # step 1
    warrant = verify_warrant(home.domain, JointStatement.from_bytes(body), now)  # step 2
    if warrant.record.venue_id != venue.venue_id:  # step 3
        raise UnknownVenue("the warrant names another venue")
    return open_log(venue, warrant)


def open_log(venue: ServedVenue, warrant: ValidWarrant) -> bytes:
    """A venue's signed release of what its log has for a warrant; raises as `release`."""
    start, opened = choose_openings(warrant.record, venue.log.commitments())
    first = start.opening.size
    last = opened[-1].opening.size if opened else first
    if last - first > MAX_LEAVES or len(opened) > MAX_COMMITMENTS:
        raise WindowTooLarge
    try:
        key = venue.signing_key  # step 4
    except ConfigurationError as error:
        logger.error("a release could not be signed: %s", error)  # noqa: TRY400  no trace is needed
        raise KeyLost from None
    leaves = venue.log.leaves(warrant.record, first, last)
    if len(leaves) < last - first:  # step 5
        raise WindowTooOld
    statement = sign_release(warrant, key, start, [commitment.opening for commitment in opened], leaves)
    if len(statement) > MAX_RELEASE_BYTES:  # step 6
        raise WindowTooLarge
    return statement
