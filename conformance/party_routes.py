"""What the two parties ask of each other and of venues is refused to everybody else. Spec: §4.4, §5.3 to §5.5."""

from __future__ import annotations

import functools

from conformance.check import Checks
from conformance.errors import Failed
from conformance.tester import KEY_FILES, Server, Tester, asks
from protocol.party_requests import REQUEST_TOLERANCE
from protocol.primitives.signatures import SigningKey

checks = Checks()

ROUTES = (
    ("5.3/warrants", Server.OPERATOR, "/v1/warrants"),
    ("5.3/countersignature", Server.OPERATOR, "/v1/warrants/{warrant}/countersignature"),
    ("5.3/withdrawal", Server.OPERATOR, "/v1/warrants/{warrant}/withdrawal"),
    ("5.3/shares", Server.OPERATOR, "/v1/shares"),
    ("5.3/notices", Server.OPERATOR, "/v1/notices"),
    ("5.4/directory", Server.AUTHORITY, "/v1/directory"),
    ("5.4/passes", Server.AUTHORITY, "/v1/passes"),
    ("5.5/releases", Server.VENUE, "/v1/releases"),
)
"""Where a party request is needed: identifier, receiver, path."""
OUT_OF_TIME = 3 * REQUEST_TOLERANCE
"""Seconds that are too many even if the server's clock is not the tester's."""


def _path(route: str) -> str:
    return route.format(warrant=bytes(16).hex())


def _paths(server: Server) -> list[str]:
    return [_path(route) for _, receiver, route in ROUTES if receiver is server]


async def unsigned(tester: Tester, server: Server, path: str) -> None:
    """Demand that a body without a signature is refused."""
    (await tester.post(server, path, b"\x80")).expect_problem(400, "malformed-encoding")


async def signed_by_stranger(tester: Tester, server: Server, path: str) -> None:
    """Demand that a request in the right party's name under a stranger's key is refused."""
    request = tester.party_request(server, path, key=SigningKey.generate())
    (await tester.post(server, path, request)).expect_problem(422, "invalid-signature")


async def elsewhere(tester: Tester, server: Server) -> None:
    """A party's request for another server or path is refused with 422, `wrong-party`."""
    for path in _paths(server):
        to_other_path = tester.party_request(server, f"{path}/other")
        to_nobody = tester.party_request(server, path, recipient="nobody")
        for request in (to_other_path, to_nobody):
            (await tester.post(server, path, request)).expect_problem(422, "wrong-party")


async def out_of_time(tester: Tester, server: Server) -> None:
    """A party's request of another time than now, earlier or later, is refused with 409, `replayed-request`."""
    for path in _paths(server):
        for time in (tester.clock() - OUT_OF_TIME, tester.clock() + OUT_OF_TIME):
            request = tester.party_request(server, path, time=time)
            (await tester.post(server, path, request)).expect_problem(409, "replayed-request")


async def again(tester: Tester, server: Server) -> None:
    """The very same party request counts once: when it comes again, it is refused with 409, `replayed-request`."""
    for path in _paths(server):
        request = tester.party_request(server, path)
        first = await tester.post(server, path, request)
        if first.problem in {"invalid-signature", "wrong-party", "replayed-request"}:
            raise Failed(f"{first}, although the request is of the right party, for this path and new")
        (await tester.post(server, path, request)).expect_problem(409, "replayed-request")


def _known(server: Server) -> tuple[str, str]:
    """What names the recipient of a request."""
    return f"5.1/answers/{server}", "5.5/record" if server is Server.VENUE else "--domain"


for _identifier, _server, _route in ROUTES:
    checks.add(
        f"{_identifier}-unsigned",
        f"5.1/answers/{_server}",
        requirement=f"`{_route}` refuses a body that is no `party-request` statement.",
    )(functools.partial(unsigned, server=_server, path=_path(_route)))
    checks.add(
        f"{_identifier}-signature",
        *_known(_server),
        requirement=f"`{_route}` refuses what is not under the {asks(_server).name.lower()}'s pinned identity key.",
    )(functools.partial(signed_by_stranger, server=_server, path=_path(_route)))

for _name, _run in {"elsewhere": elsewhere, "out-of-time": out_of_time, "again": again}.items():
    for _server in Server:
        checks.add(
            f"4.4/{_name}/{_server}", *_known(_server), KEY_FILES[asks(_server)], requirement=_run.__doc__ or ""
        )(functools.partial(_run, server=_server))
