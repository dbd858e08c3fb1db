"""What a venue hands over for a warrant. Spec: §3.9."""

from __future__ import annotations

from protocol.epochs import Role
from protocol.statements import JointStatement
from protocol.warrants import MAX_RELEASE, sign_release, verify_warrant
from service.http import Problem
from venue.home import VenueHome

RELEASE_PATH = "/v1/releases"


def release(home: VenueHome, request: bytes, now: int) -> bytes:
    """The signed release that the authority asks for with a valid warrant, at Unix time `now`.

    Raises what `verify_request` and `verify_warrant` raise, `ReplayedRequest` for a request that came before, and
    a problem: 404 when the warrant names another venue, 422 when the window holds more than one release can.
    """
    body = home.inbox.receive(Role.AUTHORITY, RELEASE_PATH, now, request)
    warrant = verify_warrant(home.domain, JointStatement.from_bytes(body), now)
    if warrant.record.venue != home.venue:
        raise Problem(404, "unknown-venue", "the warrant names another venue")
    check_ins = home.store.visits(warrant.record)
    if sum(map(len, check_ins.values())) > MAX_RELEASE:
        raise Problem(
            422, "window-too-large", f"the window holds more than {MAX_RELEASE} check-ins; ask for a shorter one"
        )
    return sign_release(warrant, home.signing_key, check_ins)
