"""Passes: what the operator refuses, mixes and counts, and what the authority issues. Spec: §5.3, Passes; §3.7.

All accounts ask at the same time, so that the batch has a crowd. Each round takes as long as the operator mixes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from secrets import token_bytes

from conformance.answer import Answer
from conformance.check import Checks
from conformance.errors import Failed, NotRun
from conformance.forgeries import MIXED
from conformance.tester import Server, Tester, Visitor
from protocol.epochs import EpochKey
from protocol.passes import (
    AllowanceRequest,
    OwnedPass,
    PassAnswers,
    PassRequest,
    PendingPass,
    accept_answer,
    request_allowance,
)
from protocol.primitives.encoding import Message, encode_item
from protocol.primitives.errors import InvalidAnswer
from protocol.primitives.group import RandomBytes, Scalar, secure_random
from protocol.primitives.proofs import prove_ownership

checks = Checks(Server.OPERATOR)
OPERATOR = Server.OPERATOR
MOST_ROUNDS = 10
"""The default is 3 requests an epoch."""

Asked = tuple[list[PendingPass], AllowanceRequest]


def disowned(key: EpochKey, h: Scalar, pending: PendingPass) -> PassRequest:
    """A request whose ownership proof is of another epoch."""
    r0, u0, v0 = pending.r0, pending.u0, pending.v0
    return PassRequest(u0, v0, prove_ownership(b"another epoch", r0, h, key.X, u0, v0))


async def _ask(tester: Tester, visitor: Visitor, request: Message | bytes) -> Answer:
    return await tester.post(OPERATOR, "/v1/passes", request, visitor.session.token)


async def _ask_together(tester: Tester, requests: Iterable[AllowanceRequest]) -> list[Answer]:
    """All accounts' answers, from one batch."""
    asking = (_ask(tester, visitor, request) for visitor, request in zip(tester.visitors, requests, strict=True))
    answers = await asyncio.gather(*asking)
    if any(answer.is_problem(503, "try-later") for answer in answers):
        raise NotRun(f"the operator wants more than {len(answers)} accounts in a batch: give more --phone")
    return answers


async def _ask_again(tester: Tester, asked: list[Asked]) -> list[Answer]:
    """All accounts' answers, if their reserve lets them ask once more."""
    answers = await _ask_together(tester, (request for _, request in asked))
    if answers[0].is_problem(429, "allowance-used"):
        raise NotRun("the operator's reserve is too small for one more request")
    return answers


def opened(key: EpochKey, pending: list[PendingPass], answer: Answer) -> list[OwnedPass | None]:
    """What each answer to an allowance is: a pass, or nothing that can be opened."""
    answers = answer.expect_message(PassAnswers).answers
    if len(answers) != len(pending):
        raise Failed(f"{len(answers)} answers to {len(pending)} requests")

    def accept(one: PendingPass, encrypted: bytes) -> OwnedPass | None:
        try:
            return accept_answer(key, one, encrypted)
        except InvalidAnswer:
            return None

    return [accept(one, encrypted) for one, encrypted in zip(pending, answers, strict=True)]


def _keep(tester: Tester, asked: list[Asked], answers: list[Answer], *, spoiled: int = 0) -> None:
    """Keep the passes of all accounts; demand that all can be opened but the first of the first `spoiled` accounts."""
    for number, ((pending, _), answer) in enumerate(zip(asked, answers, strict=True)):
        passes = opened(tester.key, pending, answer)
        tester.passes += [one for one in passes if one is not None]
        if number < spoiled and passes.pop(0) is not None:
            raise Failed("the bad request was answered with a pass")
        if None in passes:
            raise Failed(f"{passes.count(None)} answers to good requests give no pass")


@checks.add("5.3/no-handle", "5.3/handle")
async def no_handle(tester: Tester) -> None:
    """Passes of an epoch for which the account has no handle are refused with 409, `no-handle`."""
    _, request = request_allowance(tester.epochs[tester.today + 1], Scalar.random())
    (await _ask(tester, tester.visitors[0], request)).expect_problem(409, "no-handle")


@checks.add("5.3/allowance-size", "5.3/handle")
async def allowance_size(tester: Tester) -> None:
    """A request for one pass less or more than the allowance is refused with 422, `wrong-allowance`."""
    visitor, allowance = tester.visitors[0], tester.domain.allowance
    for number in {max(allowance - 1, 1), min(allowance + 1, 1000)} - {allowance}:
        key = replace(tester.key, domain=replace(tester.domain, allowance=number))
        _, request = request_allowance(key, visitor.h)
        (await _ask(tester, visitor, request)).expect_problem(422, "wrong-allowance")


@checks.add("5.3/same-pass-twice", "5.3/handle")
async def same_pass_twice(tester: Tester) -> None:
    """An allowance with one `u0` twice is refused with 422, `wrong-allowance`."""
    if tester.domain.allowance == 1:
        raise NotRun("the allowance is one pass")
    visitor = tester.visitors[0]
    _, request = request_allowance(tester.key, visitor.h)
    twice = (*request.requests[:-1], request.requests[0])
    (await _ask(tester, visitor, replace(request, requests=twice))).expect_problem(422, "wrong-allowance")


@checks.add("5.3/allowance-proof", "5.3/handle")
async def allowance_proof(tester: Tester) -> None:
    """Passes that carry another handle than the account's are refused with 422, `invalid-proof`."""
    _, request = request_allowance(tester.key, Scalar.random())
    (await _ask(tester, tester.visitors[0], request)).expect_problem(422, "invalid-proof")


@checks.add("3.1/mixed-order-request", "5.3/handle")
async def mixed_order_request(tester: Tester) -> None:
    """Step 3: a `u0` outside the subgroup is refused with 400, `malformed-point`."""
    _, request = request_allowance(tester.key, tester.visitors[0].h)
    first, *others = map(bytes, request.requests)
    encoded = encode_item([request.epoch, [MIXED + first[32:], *others], bytes(request.encryptions)])
    (await _ask(tester, tester.visitors[0], encoded)).expect_problem(400, "malformed-point")


@checks.add("5.3/lone-request", "5.3/handle")
async def lone_request(tester: Tester) -> None:
    """A batch of one account does not leave: 503, `try-later`, unless somebody else asks at the same time."""
    _, request = request_allowance(tester.key, tester.visitors[0].h)
    (await _ask(tester, tester.visitors[0], request)).expect_problem(503, "try-later")


@checks.add("5.3/passes", "5.3/handle", "5.3/other-handles")
async def passes(tester: Tester) -> None:
    """Accounts that ask together get their own answers in their own order, and each gives a pass."""
    asked = [request_allowance(tester.key, visitor.h) for visitor in tester.visitors]
    _keep(tester, asked, await _ask_together(tester, (request for _, request in asked)))


@checks.add("3.7/false-ownership", "5.3/passes")
async def false_ownership(tester: Tester) -> None:
    """Issuing, step 3: a request whose ownership proof is false gets a decoy from the authority, all others a pass."""
    asked = [request_allowance(tester.key, visitor.h) for visitor in tester.visitors]
    pending, request = asked[0]
    false = disowned(tester.key, tester.visitors[0].h, pending[0])
    asked[0] = pending, replace(request, requests=(false, *request.requests[1:]))
    _keep(tester, asked, await _ask_again(tester, asked), spoiled=1)


@checks.add("3.7/repeated-request", "5.3/passes")
async def repeated_request(tester: Tester) -> None:
    """Issuing, step 2: two requests of a batch with one `u0` both get a decoy from the authority, all others a pass."""
    shared = token_bytes(64)
    asked = [
        request_allowance(tester.key, visitor.h, _beginning_with(shared) if number < 2 else secure_random)
        for number, visitor in enumerate(tester.visitors)
    ]
    _keep(tester, asked, await _ask_again(tester, asked), spoiled=2)


def _beginning_with(first: bytes) -> RandomBytes:
    """Randomness whose first draw is known: it makes the `r0` of the first request."""
    draws = iter([first])
    return lambda number: next(draws, b"") or secure_random(number)


@checks.add("5.3/allowance-used", "5.3/passes")
async def allowance_used(tester: Tester) -> None:
    """An account's requests for an epoch are counted (default 3), and then refused with 429, `allowance-used`."""
    for _ in range(MOST_ROUNDS):
        asked = [request_allowance(tester.key, visitor.h) for visitor in tester.visitors]
        answer, *_ = await _ask_together(tester, (request for _, request in asked))
        if answer.status != 200:
            answer.expect_problem(429, "allowance-used")
            return
    raise Failed(f"{MOST_ROUNDS} more requests were answered")
