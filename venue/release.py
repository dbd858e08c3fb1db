"""What a venue hands over for a warrant. Spec: §3.9."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from protocol.commitments import KeptCommitment
from protocol.epochs import Role
from protocol.http_messages import ReleaseRequest
from protocol.party_requests import PartyRequest
from protocol.primitives.errors import InvalidSignature, WrongDomain, WrongParty
from protocol.primitives.group import Point
from protocol.primitives.statements import statement_payload, verify_payload
from protocol.releases import (
    MAX_COMMITMENTS,
    MAX_LEAVES,
    MAX_RELEASE_BYTES,
    ReleasedLeaf,
    choose_openings,
    parts_to_choose,
    sign_release,
)
from protocol.warrants import MAX_RELEASE, ValidWarrant, verify_warrant
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
    `WindowTooLarge` when not even the shortest part can be released, `KeyLost` when the venue's key is lost.
    """
    signers = {pinned.domain.number for pinned in home.domains if _has_signed(pinned.domain.authority_key, request)}
    if not signers:  # step 1
        raise InvalidSignature("no authority of a domain that this server knows has signed the request")
    asked = PartyRequest.from_bytes(statement_payload(request))  # which is long to decode if a stranger wrote it
    if asked.domain not in signers:
        raise WrongDomain("the request is of another domain than its signature", asked.domain)
    in_domain = (one for one in home.memberships if one.pinned.domain.number == asked.domain)
    membership = next((one for one in in_domain if one.venue_id.hex() == asked.recipient), None)
    if membership is None:
        raise WrongParty("the request is for a venue that this server does not serve")
    body = ReleaseRequest.from_bytes(membership.inbox.receive(Role.AUTHORITY, RELEASE_PATH, now, request))
    warrant = verify_warrant(membership.pinned.domain, body.warrant, now)  # step 2
    if warrant.record.venue_id != membership.venue_id:  # step 3
        raise UnknownVenue("the warrant names another venue")
    return open_log(membership, warrant, body.ended)


def _has_signed(key: Point, request: bytes) -> bool:
    try:
        verify_payload(PartyRequest, request, key)
    except InvalidSignature:
        return False
    return True


def open_log(membership: Membership, warrant: ValidWarrant, ended: int | None = None) -> bytes:
    """A venue's signed release of what its log of a domain has for this domain's warrant; raises as `release`.

    It is whole if that fits, and else the longest part that does, after the one that `ended` at a Unix time.
    """
    try:
        key = membership.signing_key  # step 4
    except ConfigurationError as error:
        logger.error("a release could not be signed: %s", error)  # noqa: TRY400  no trace is needed
        raise KeyLost from None
    start, opened = choose_openings(warrant.record, membership.log.commitments(), ended)
    if ended not in {None, start.opening.time}:  # step 5
        raise WindowTooOld
    last = opened[-1] if opened else start
    uncommitted = membership.log.uncommitted(warrant.record, last.opening.size)

    def sign(openings: Sequence[KeptCommitment], end: KeptCommitment | None = None) -> bytes | None:
        leaves = _leaves(membership, warrant, start, openings, end)
        if leaves is None:
            return None
        part_ends = None if end is None else end.opening.time
        said = [commitment.opening for commitment in openings]
        statement = sign_release(warrant, key, start, said, leaves, part_ends, uncommitted)
        return statement if len(statement) <= MAX_RELEASE_BYTES else None

    statement = sign(opened)
    if statement is None:  # step 6
        choices = parts_to_choose(warrant.record, opened)
        fits, too_long = -1, len(choices)
        while too_long - fits > 1:
            middle = (fits + too_long) // 2
            end, openings = choices[middle]
            part = sign(openings, end)
            if part is None:
                too_long = middle
            else:
                fits, statement = middle, part
    if statement is None:
        raise WindowTooLarge
    return statement


def _leaves(
    membership: Membership,
    warrant: ValidWarrant,
    start: KeptCommitment,
    openings: Sequence[KeptCommitment],
    end: KeptCommitment | None,
) -> list[ReleasedLeaf] | None:
    """The leaves of a release, or None if they are more than one can carry."""
    last = openings[-1] if openings else start
    first, size = start.opening.size, last.opening.size
    if size - first > MAX_LEAVES or len(openings) > MAX_COMMITMENTS:
        return None
    leaves: list[ReleasedLeaf] = []
    shown = content = 0
    for leaf in membership.log.leaves(warrant.record, first, (end or last).opening.size, size):
        leaves.append(leaf)
        shown += not leaf.withheld
        content += len(leaf.content)
        if shown > MAX_RELEASE or content > MAX_RELEASE_BYTES:
            return None
    if len(leaves) < size - first:  # step 5
        raise WindowTooOld
    return leaves
