"""The parties' registers of venues. Spec: §5.2, §3.9.

What must be refused is an application to another domain, so that a party which lets it pass registers nothing.
"""

from __future__ import annotations

import functools
from secrets import token_bytes

from conformance.answer import Answer
from conformance.check import Checks
from conformance.errors import Failed
from conformance.forgeries import BAD_POINTS, FORGERIES, sign_under_bad_point
from conformance.statements import Sign, application
from conformance.tester import PARTIES, Server, Tester
from protocol.primitives.group import Scalar
from protocol.primitives.signatures import sign_with_scalar
from protocol.primitives.statements import verify_statement
from protocol.warrants import Venue

checks = Checks()


@checks.add_at(PARTIES, "5.2/unknown-venue")
async def unknown_venue(tester: Tester, server: Server) -> None:
    """A venue id that nobody applied with is refused with 404, `unknown-venue`."""
    (await tester.get(server, f"/v1/venues/{token_bytes(16).hex()}")).expect_problem(404, "unknown-venue")


@checks.add_at(PARTIES, "5.2/venue-statement", "5.5/record")
async def venue_statement(tester: Tester, server: Server) -> None:
    """`GET /v1/venues/{venue}` answers the party's own `venue` statement of the record that the venue shows."""
    body = (await tester.get(server, f"/v1/venues/{tester.venue.venue_id.hex()}")).expect(200)
    if verify_statement(Venue, body, tester.domain.identity_key(server.role)) != tester.record:
        raise Failed("the party signed another record than the venue shows")


@checks.add_at(PARTIES, "5.1/upper-case", "5.2/venue-statement/{server}")
async def upper_case(tester: Tester, server: Server) -> None:
    """Binary values in paths are lower-case hexadecimal: in capitals, no path is found."""
    (await tester.get(server, f"/v1/venues/{tester.venue.venue_id.hex().upper()}")).expect(404)


async def _apply(tester: Tester, server: Server, statement: bytes) -> Answer:
    return await tester.post(server, "/v1/venues", statement)


def _other_domain(tester: Tester) -> int:
    return (tester.domain.number + 1) % 256


def _with_other_key(_r: Scalar, A: bytes, message: bytes) -> bytes:
    return sign_with_scalar(Scalar.random(), A, message)


@checks.add_at(PARTIES, "5.2/application-signature", "--domain")
async def application_signature(tester: Tester, server: Server) -> None:
    """Step 1: an application is signed with the key that it names; else `invalid-signature`."""
    statement = application(_other_domain(tester), sign=_with_other_key)
    (await _apply(tester, server, statement)).expect_problem(422, "invalid-signature")


@checks.add_at(PARTIES, "5.2/application-kind", "--domain")
async def application_kind(tester: Tester, server: Server) -> None:
    """Step 1: an application is signed as a `venue-application` and not as another kind of statement."""
    statement = application(_other_domain(tester), kind=Venue.TAG)
    (await _apply(tester, server, statement)).expect_problem(422, "invalid-signature")


@checks.add_at(PARTIES, "5.2/application-domain", "--domain")
async def application_domain(tester: Tester, server: Server) -> None:
    """Step 2: an application is for this domain; else `wrong-domain`."""
    statement = application(_other_domain(tester))
    (await _apply(tester, server, statement)).expect_problem(422, "wrong-domain")


@checks.add_at(PARTIES, "5.2/change-signature", "5.2/venue-statement/{server}")
async def change_signature(tester: Tester, server: Server) -> None:
    """Step 4: a change of key whose `previous` is not signed with the known key is refused, `invalid-signature`."""
    number, venue = tester.domain.number, tester.venue.venue_id
    statement = application(number, venue_id=venue, previous=application(number, venue_id=venue))
    (await _apply(tester, server, statement)).expect_problem(422, "invalid-signature")


@checks.add_at(PARTIES, "5.2/application", "--apply", "--domain")
async def new_application(tester: Tester, server: Server) -> None:
    """An application is answered 202, also when it is sent again, and pends until the officer decides."""
    number, venue, r = tester.domain.number, token_bytes(16), Scalar.random()
    statement = application(number, venue_id=venue, r=r)
    for _ in range(2):
        (await _apply(tester, server, statement)).expect(202)
    (await tester.get(server, f"/v1/venues/{venue.hex()}")).expect_problem(404, "venue-pending")
    other = application(number, venue_id=venue, r=r, name="other")  # step 3
    (await _apply(tester, server, other)).expect_problem(409, "venue-exists")


async def bad_key(tester: Tester, server: Server, key: bytes) -> None:
    """Demand that an application under a key that is no point is refused, although its signature may seem to hold."""
    answer = await _apply(tester, server, application(_other_domain(tester), key=key, sign=sign_under_bad_point))
    if not answer.is_problem(400, "malformed-point") and not answer.is_problem(422, "invalid-signature"):
        raise Failed(f"{answer}; expected 400, malformed-point, or 422, invalid-signature")


async def forged_application(tester: Tester, server: Server, sign: Sign) -> None:
    """Demand that an application with such a signature is refused."""
    answer = await _apply(tester, server, application(_other_domain(tester), sign=sign))
    answer.expect_problem(422, "invalid-signature")


for name, (rule, point) in BAD_POINTS.items():
    checks.add_at(PARTIES, f"3.1/{name}", "--domain", requirement=f"{rule} (Venue key)")(
        functools.partial(bad_key, key=point)
    )
for name, (rule, sign) in FORGERIES.items():
    checks.add_at(PARTIES, f"3.4/{name}", "--domain", requirement=f"{rule} (Application)")(
        functools.partial(forged_application, sign=sign)
    )
