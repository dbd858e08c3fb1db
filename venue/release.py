"""What a venue hands over for a warrant. Spec: §3.9."""

from __future__ import annotations

import logging

from protocol.epochs import Role
from protocol.errors import WrongParty
from protocol.requests import PartyRequest
from protocol.statements import JointStatement, verify_statement
from protocol.warrants import MAX_RELEASE, sign_release, verify_warrant
from service.http import Problem
from service.settings import ConfigurationError
from venue.home import VenueHome

RELEASE_PATH = "/v1/releases"

logger = logging.getLogger("splitpass.venue")


def release(home: VenueHome, request: bytes, now: int) -> bytes:
    """The signed release that the authority asks one of the venues for with a valid warrant, at Unix time `now`.

    Raises what `verify_request` and `verify_warrant` raise, `ReplayedRequest` for a request that came before, and
    a problem: 404 when the warrant names another venue, 422 when the window holds more than one release can, 503 when
    the venue's key is lost.
    """
    recipient = verify_statement(PartyRequest, request, home.domain.authority_key).recipient
    venue = next((one for one in home.venues if one.venue.hex() == recipient), None)
    if venue is None:
        raise WrongParty("the request is for a venue that this server does not serve")
    body = venue.inbox.receive(Role.AUTHORITY, RELEASE_PATH, now, request)
    warrant = verify_warrant(home.domain, JointStatement.from_bytes(body), now)
    if warrant.record.venue != venue.venue:
        raise Problem(404, "unknown-venue", "the warrant names another venue")
    check_ins = venue.store.visits(warrant.record)
    if sum(map(len, check_ins.values())) > MAX_RELEASE:
        raise Problem(
            422, "window-too-large", f"the window holds more than {MAX_RELEASE} check-ins; ask for a shorter one"
        )
    try:
        key = venue.signing_key
    except ConfigurationError as error:
        logger.error("a release could not be signed: %s", error)  # noqa: TRY400  no trace is needed
        raise Problem(503, "venue-key-lost", "the venue's key is lost; it has to register a new one") from None
    return sign_release(warrant, key, check_ins)
