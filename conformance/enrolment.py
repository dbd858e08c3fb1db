"""One-time codes and sessions. Spec: §5.3, Verification.

Three codes are sent to the first phone: one is used up by guesses, one opens a session, and one opens the session that
ends it. Every other phone is sent one.
"""

from __future__ import annotations

import functools
import re
from secrets import token_bytes

from conformance.answer import Answer
from conformance.check import Checks
from conformance.errors import Failed, NotRun
from conformance.statements import NAME
from conformance.tester import Server, Tester, Visitor
from protocol.handles import HandleRegistration
from protocol.http_messages import Session, VerificationAnswer, VerificationRequest
from protocol.passes import AllowanceRequest, PassRequest
from protocol.primitives.encoding import Message
from protocol.primitives.group import B
from protocol.primitives.proofs import EqualityProof, KnowledgeProof, OwnershipProof

checks = Checks(Server.OPERATOR)
OPERATOR = Server.OPERATOR

NO_PHONE = "+0123456789"
NOBODYS_PHONE = "+9990000000000"
"""No country has this code."""
MOST_ATTEMPTS = 20
"""The default is 5; an operator that still compares codes after so many does not count."""

SESSION_ROUTES: dict[str, Message] = {
    "/v1/handles": HandleRegistration(1, B, KnowledgeProof.from_bytes(bytes(64))),
    "/v1/passes": AllowanceRequest(
        1, (PassRequest(B, B, OwnershipProof.from_bytes(bytes(96))),), EqualityProof.from_bytes(bytes(64))
    ),
}
"""What needs a session, with a well-formed message that is good for nothing."""


async def ask_code(tester: Tester, phone: str) -> str:
    """The code that the operator sends to a phone."""
    answer = await tester.post(OPERATOR, "/v1/verifications", VerificationRequest(phone))
    if answer.is_problem(429, "too-many-codes"):
        raise NotRun(f"{phone} was sent too many codes today: use another phone")
    if answer.is_problem(429, "too-many-requests"):
        raise NotRun("too many codes were asked for from this address: wait, or raise the operator's limits")
    answer.expect(202)
    assert tester.options.read_code is not None
    code = await tester.options.read_code(phone)
    if not re.fullmatch("[0-9]{6}", code):
        raise Failed(f"the code {code!r} is not six digits")
    return code


async def answer_code(tester: Tester, phone: str, code: str, name: str = NAME) -> Answer:
    """What the operator says to a code."""
    return await tester.post(OPERATOR, "/v1/sessions", VerificationAnswer(phone, code, name))


def _other(code: str, distance: int = 1) -> str:
    return f"{(int(code) + distance) % 10**6:06}"


@checks.add("5.3/invalid-phone")
async def invalid_phone(tester: Tester) -> None:
    """What is not an international telephone number is refused with 422, `invalid-phone`."""
    answer = await tester.post(OPERATOR, "/v1/verifications", VerificationRequest(NO_PHONE))
    answer.expect_problem(422, "invalid-phone")


@checks.add("5.3/invalid-name")
async def invalid_name(tester: Tester) -> None:
    """Step 1: a name that a spreadsheet could run is refused with 422, `invalid-name`."""
    (await answer_code(tester, NOBODYS_PHONE, "000000", "=1+1")).expect_problem(422, "invalid-name")


@checks.add("5.3/no-code")
async def no_code(tester: Tester) -> None:
    """Step 2: without a code that was sent to the phone there is no session: 403, `code-expired`."""
    (await answer_code(tester, NOBODYS_PHONE, "000000")).expect_problem(403, "code-expired")


async def unauthenticated(tester: Tester, authorization: str | None) -> None:
    """Demand that the routes of sessions refuse this header."""
    headers = {} if authorization is None else {"Authorization": authorization}
    for path, message in SESSION_ROUTES.items():
        (await tester.post(OPERATOR, path, message, headers=headers)).expect_problem(401, "unauthenticated")


for _name, _header, _what in (
    ("no-token", None, "a request without a token"),
    ("malformed-token", "Bearer of good news", "a token that is not 64 hexadecimal digits"),
    ("unknown-token", f"Bearer {token_bytes(32).hex()}", "a token that is not known"),
):
    checks.add(f"5.3/{_name}", requirement=f"Routes for sessions refuse {_what} with 401, `unauthenticated`.")(
        functools.partial(unauthenticated, authorization=_header)
    )


@checks.add("5.3/code-sent", "--phone")
async def code_sent(tester: Tester) -> None:
    """A `VerificationRequest` is answered 202, and a code of six digits is sent to the phone."""
    tester.codes.append(await ask_code(tester, tester.options.phones[0]))


@checks.add("5.3/wrong-code", "5.3/code-sent")
async def wrong_code(tester: Tester) -> None:
    """Step 4: a code that was not sent is refused with 403, `wrong-code`."""
    answer = await answer_code(tester, tester.options.phones[0], _other(tester.codes[-1]))
    answer.expect_problem(403, "wrong-code")


@checks.add("5.3/attempts", "5.3/wrong-code")
async def attempts(tester: Tester) -> None:
    """Step 3: after some attempts (default 5) even the right code is refused with 429, `too-many-attempts`."""
    phone, code = tester.options.phones[0], tester.codes[-1]
    for attempt in range(2, MOST_ATTEMPTS + 1):
        answer = await answer_code(tester, phone, _other(code, attempt))
        if answer.is_problem(429, "too-many-attempts"):
            break
        answer.expect_problem(403, "wrong-code")
    else:
        raise Failed(f"{MOST_ATTEMPTS} codes were tried and compared")
    (await answer_code(tester, phone, code)).expect_problem(429, "too-many-attempts")


@checks.add("5.3/new-code", "5.3/code-sent")
async def new_code(tester: Tester) -> None:
    """A new code replaces the last, which is then a `wrong-code`."""
    phone = tester.options.phones[0]
    tester.codes.append(await ask_code(tester, phone))
    old, new = tester.codes
    if old == new:
        raise NotRun("the new code happens to be the old one")
    (await answer_code(tester, phone, old)).expect_problem(403, "wrong-code")


@checks.add("5.3/session", "5.3/new-code")
async def session(tester: Tester) -> None:
    """The code that was sent opens a `Session`."""
    phone = tester.options.phones[0]
    answer = await answer_code(tester, phone, tester.codes[-1])
    tester.visitors.append(Visitor(phone, NAME, answer.expect_message(Session)))


@checks.add("5.3/code-once", "5.3/session")
async def code_once(tester: Tester) -> None:
    """Step 5: a code ends with the session that it opens, and is then `code-expired`."""
    answer = await answer_code(tester, tester.options.phones[0], tester.codes[-1])
    answer.expect_problem(403, "code-expired")


@checks.add("5.3/verified-again", "5.3/session")
async def verified_again(tester: Tester) -> None:
    """Step 5: a phone that is verified again keeps its account, and the account's other sessions end."""
    visitor = tester.visitors[0]
    old, code = visitor.session, await ask_code(tester, visitor.phone)
    visitor.session = (await answer_code(tester, visitor.phone, code)).expect_message(Session)
    if visitor.session.account_id != old.account_id:
        raise Failed("the phone has another account now")
    for path, message in SESSION_ROUTES.items():
        (await tester.post(OPERATOR, path, message, old.token)).expect_problem(401, "unauthenticated")


@checks.add("5.3/other-phones", "5.3/session")
async def other_phones(tester: Tester) -> None:
    """Every other phone opens an account of its own."""
    for phone in tester.options.phones[1:]:
        answer = await answer_code(tester, phone, await ask_code(tester, phone))
        tester.visitors.append(Visitor(phone, NAME, answer.expect_message(Session)))
    if len({visitor.session.account_id for visitor in tester.visitors}) != len(tester.visitors):
        raise Failed("two phones have one account")
