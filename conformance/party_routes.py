"""What the two parties ask of each other and of venues is refused to everybody else. Spec: §4.4, §5.3 to §5.5."""

from __future__ import annotations

import functools

from conformance.check import Checks
from conformance.tester import Server, Tester
from protocol.epochs import Role
from protocol.party_requests import sign_request
from protocol.primitives.signatures import SigningKey

checks = Checks()

ROUTES = (
    ("5.3/warrants", Server.OPERATOR, Role.AUTHORITY, "/v1/warrants"),
    ("5.3/countersignature", Server.OPERATOR, Role.AUTHORITY, "/v1/warrants/{warrant}/countersignature"),
    ("5.3/withdrawal", Server.OPERATOR, Role.AUTHORITY, "/v1/warrants/{warrant}/withdrawal"),
    ("5.3/shares", Server.OPERATOR, Role.AUTHORITY, "/v1/shares"),
    ("5.3/notices", Server.OPERATOR, Role.AUTHORITY, "/v1/notices"),
    ("5.4/directory", Server.AUTHORITY, Role.OPERATOR, "/v1/directory"),
    ("5.4/passes", Server.AUTHORITY, Role.OPERATOR, "/v1/passes"),
    ("5.5/releases", Server.VENUE, Role.AUTHORITY, "/v1/releases"),
)
"""Where a party request is needed: identifier, receiver, the only sender, path."""


async def unsigned(tester: Tester, server: Server, path: str) -> None:
    """Demand that a body without a signature is refused."""
    (await tester.post(server, path, b"\x80")).expect_problem(400, "malformed-encoding")


async def signed_by_stranger(tester: Tester, server: Server, path: str, sender: Role) -> None:
    """Demand that a request in the right party's name under a stranger's key is refused."""
    recipient = tester.venue.venue_id.hex() if server is Server.VENUE else str(server)
    request = sign_request(tester.domain, sender, recipient, path, tester.clock(), b"", SigningKey.generate())
    (await tester.post(server, path, request)).expect_problem(422, "invalid-signature")


for _identifier, _server, _sender, _route in ROUTES:
    _path = _route.format(warrant=bytes(16).hex())
    _knows_recipient = "5.5/record" if _server is Server.VENUE else "--domain"
    checks.add(
        f"{_identifier}-unsigned",
        f"5.1/answers/{_server}",
        requirement=f"`{_route}` refuses a body that is no `party-request` statement.",
    )(functools.partial(unsigned, server=_server, path=_path))
    checks.add(
        f"{_identifier}-signature",
        f"5.1/answers/{_server}",
        _knows_recipient,
        requirement=f"`{_route}` refuses what is not signed with the {_sender.name.lower()}'s pinned identity key.",
    )(functools.partial(signed_by_stranger, server=_server, path=_path, sender=_sender))
