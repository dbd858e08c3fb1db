"""What a venue hands over for a warrant. Spec: §3.9."""

from __future__ import annotations

import logging

from protocol.epochs import Role
from protocol.party_requests import PartyRequest
from protocol.primitives.errors import WrongDomain, WrongParty
from protocol.primitives.statements import JointStatement, statement_payload
from protocol.releases import MAX_COMMITMENTS, MAX_LEAVES, MAX_RELEASE_BYTES, choose_openings, sign_release
from protocol.warrants import ValidWarrant, verify_warrant
from service.errors import ConfigurationError
from venue.errors import KeyLost, UnknownVenue, WindowTooLarge, WindowTooOld
from venue.home import VenueHome
from venue.membership import Membership

RELEASE_PATH = "/v1/releases"

logger = logging.getLogger("splitpass.venue")


def release(home: VenueHome, request: bytes, now: int) -> bytes:
    """The signed release that the authority asks one of the venues for with a valid warrant, at Unix time `now`.

    Raises what `verify_request` and `verify_warrant` raise, `ReplayedRequest` for a request that came before,
    `UnknownVenue` when the warrant names another venue, `WindowTooOld` when its window is older than what is kept,
    `WindowTooLarge` when it holds more than one release can, `KeyLost` when the venue's key is lost.
    """
    asked = PartyRequest.from_bytes(statement_payload(request))  # step 1: who has to have signed it
    if home.domains.find(asked.domain) is None:
        raise WrongDomain("the request is of a domain that this server does not know", asked.domain)
    in_domain = (one for one in home.memberships if one.pinned.domain.number == asked.domain)
    membership = next((one for one in in_domain if one.venue.venue_id.hex() == asked.recipient), None)
    if membership is None:
        raise WrongParty("the request is for a venue that this server does not serve")
    body = membership.inbox.receive(Role.AUTHORITY, RELEASE_PATH, now, request)
    warrant = verify_warrant(membership.pinned.domain, JointStatement.from_bytes(body), now)  # step 2
    if warrant.record.venue_id != membership.venue.venue_id:  # step 3
        raise UnknownVenue("the warrant names another venue")
    return open_log(membership, warrant)


def open_log(membership: Membership, warrant: ValidWarrant) -> bytes:
    """A venue's signed release of what its log of a domain has for this domain's warrant; raises as `release`."""
    start, opened = choose_openings(warrant.record, membership.log.commitments())
    first = start.opening.size
    last = opened[-1].opening.size if opened else first
    if last - first > MAX_LEAVES or len(opened) > MAX_COMMITMENTS:
        raise WindowTooLarge
    try:
        key = membership.signing_key  # step 4
    except ConfigurationError as error:
        logger.error("a release could not be signed: %s", error)  # noqa: TRY400  no trace is needed
        raise KeyLost from None
    leaves = membership.log.leaves(warrant.record, first, last)
    if len(leaves) < last - first:  # step 5
        raise WindowTooOld
    statement = sign_release(warrant, key, start, [commitment.opening for commitment in opened], leaves)
    if len(statement) > MAX_RELEASE_BYTES:  # step 6
        raise WindowTooLarge
    return statement
