"""Handles and the sealed directory. Spec: §5.3, Handles; §3.6."""

from __future__ import annotations

import functools
from dataclasses import replace

from conformance.answer import Answer
from conformance.check import Checks
from conformance.errors import Failed, NotRun
from conformance.forgeries import BAD_POINTS, LARGE_SCALAR
from conformance.tester import Server, Tester, Visitor
from protocol.handles import HandleGrant, HandleRegistration, register_handle, verify_grant
from protocol.primitives.encoding import Message, encode_item

checks = Checks(Server.OPERATOR)
OPERATOR = Server.OPERATOR

FAR_AHEAD = 1000


async def _register(tester: Tester, visitor: Visitor, registration: Message | bytes) -> Answer:
    return await tester.post(OPERATOR, "/v1/handles", registration, visitor.session.token)


def _new_registration(tester: Tester, visitor: Visitor) -> HandleRegistration:
    return register_handle(tester.key, visitor.session.account_id)[1]


async def _claim_handle(tester: Tester, visitor: Visitor) -> None:
    """Register a handle of today for a visitor, and check what comes back as a client does."""
    h, registration = register_handle(tester.key, visitor.session.account_id)
    answer = await _register(tester, visitor, registration)
    if answer.is_problem(409, "handle-exists"):
        raise NotRun(f"{visitor.phone} has a handle of today already: use a phone that was not used today")
    grant = answer.expect_message(HandleGrant)
    record = verify_grant(tester.key, registration.handle, grant)
    if (record.phone, record.name) != (visitor.phone, visitor.name):
        raise Failed(f"the operator signed the name {record.name!r} and the phone {record.phone!r}")
    visitor.handle = h, registration, grant


@checks.add("5.3/epoch-not-open", "5.3/session", "5.2/joint-key")
async def epoch_not_open(tester: Tester) -> None:
    """A handle is for today or a published day ahead; else 422, `epoch-not-open`."""
    registration = _new_registration(tester, tester.visitors[0])
    for epoch in (tester.today - 1, tester.today + FAR_AHEAD):
        answer = await _register(tester, tester.visitors[0], replace(registration, epoch=epoch))
        answer.expect_problem(422, "epoch-not-open")


@checks.add("5.3/handle-proof", "5.3/session", "5.2/joint-key")
async def handle_proof(tester: Tester) -> None:
    """A handle whose proof of knowledge is another handle's is refused with 422, `invalid-proof`."""
    visitor = tester.visitors[0]
    one, other = _new_registration(tester, visitor), _new_registration(tester, visitor)
    answer = await _register(tester, visitor, replace(one, knowledge=other.knowledge))
    answer.expect_problem(422, "invalid-proof")


async def bad_handle(tester: Tester, handle: bytes) -> None:
    """Demand that a handle which is no point is refused."""
    registration = encode_item([tester.today, handle, bytes(64)])
    (await _register(tester, tester.visitors[0], registration)).expect_problem(400, "malformed-point")


for _name, (_rule, _point) in BAD_POINTS.items():
    checks.add(f"3.1/{_name}-handle", "5.3/session", "--domain", requirement=f"{_rule} (Handle)")(
        functools.partial(bad_handle, handle=_point)
    )


@checks.add("3.1/large-scalar", "5.3/session", "5.2/joint-key")
async def large_scalar(tester: Tester) -> None:
    """Step 2: a scalar that is not below `L` is refused with 400, `malformed-scalar`."""
    registration = _new_registration(tester, tester.visitors[0])
    encoded = encode_item([tester.today, bytes(registration.handle), bytes(32) + LARGE_SCALAR])
    (await _register(tester, tester.visitors[0], encoded)).expect_problem(400, "malformed-scalar")


@checks.add("5.3/handle", "5.3/session", "5.2/joint-key")
async def handle(tester: Tester) -> None:
    """A handle is answered with a `HandleGrant` whose entry opens, whose record is signed, whose receipt covers it."""
    await _claim_handle(tester, tester.visitors[0])


@checks.add("5.3/handle-again", "5.3/handle")
async def handle_again(tester: Tester) -> None:
    """The same registration may be sent again and gives the same record and entry, with a receipt."""
    visitor = tester.visitors[0]
    assert visitor.handle is not None
    _, registration, first = visitor.handle
    grant = (await _register(tester, visitor, registration)).expect_message(HandleGrant)
    verify_grant(tester.key, registration.handle, grant)
    if (grant.record, grant.entry) != (first.record, first.entry):
        raise Failed("the record or the entry is another one than the first time")


@checks.add("5.3/second-handle", "5.3/handle")
async def second_handle(tester: Tester) -> None:
    """Another handle of the same account and epoch is refused with 409, `handle-exists`."""
    visitor = tester.visitors[0]
    answer = await _register(tester, visitor, _new_registration(tester, visitor))
    answer.expect_problem(409, "handle-exists")


@checks.add("5.3/others-handle", "5.3/handle", "5.3/other-phones")
async def others_handle(tester: Tester) -> None:
    """Another account's registration is refused with 422, `invalid-proof`: the proof is bound to the account."""
    if len(tester.visitors) < 2:
        raise NotRun("needs --phone twice")
    owner, other = tester.visitors[:2]
    assert owner.handle is not None
    (await _register(tester, other, owner.handle[1])).expect_problem(422, "invalid-proof")


@checks.add("5.3/other-handles", "5.3/handle", "5.3/other-phones")
async def other_handles(tester: Tester) -> None:
    """Every other account registers a handle of its own."""
    for visitor in tester.visitors[1:]:
        await _claim_handle(tester, visitor)
