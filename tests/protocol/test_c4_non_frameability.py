"""C4: neither party makes a check-in that opens to a visitor's handle."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from protocol.check_ins import CheckInMessage, Direction, label_signing_input, sign_check_in, verify_check_in
from protocol.epochs import Role
from protocol.passes import OwnedPass, Pass, PassRequest, PendingPass, accept_answer, pass_signing_input
from protocol.primitives.errors import InvalidAnswer, InvalidProof, InvalidSignature
from protocol.primitives.group import B, Scalar
from protocol.primitives.proofs import OwnershipProof, prove_ownership
from protocol.primitives.signatures import sign_with_scalar
from tests.support.domain import NOW, OpenEpoch, Parties, Visitor
from tests.support.strategies import scalars


def issued(epoch: OpenEpoch, pending: PendingPass, request: PassRequest) -> bool:
    """Whether whoever holds `r0` gets a pass for a request."""
    [answer] = epoch.issue([bytes(request)]).answers
    try:
        accept_answer(epoch.key, pending, answer)
    except InvalidAnswer:
        return False
    return True


def test_c4_the_visitor_itself_gets_its_passes(today: OpenEpoch, visitor: Visitor) -> None:
    for pending, request in zip(visitor.pending, visitor.request.requests, strict=True):
        assert issued(today, pending, request)


@given(r=scalars, h=scalars, raw=st.tuples(scalars, scalars, scalars))
def test_c4_the_operator_gets_no_pass_for_a_handle_that_it_knows(
    today: OpenEpoch, visitor: Visitor, r: Scalar, h: Scalar, raw: tuple[Scalar, Scalar, Scalar]
) -> None:
    """A20: it encrypts `U` with an `r` of its own; what it lacks is a proof that it knows `h`."""
    key, U, seen = today.key, visitor.handle, visitor.request.requests[0]
    u, v = r * B, U + r * key.X
    pending = PendingPass(r, u, v)
    with pytest.raises(InvalidProof):
        prove_ownership(key.context, r, h, key.X, u, v)
    for_another_handle = prove_ownership(key.context, r, h, key.X, u, h * B + r * key.X)
    c, s_r, s_h = raw
    half_seen = OwnershipProof(
        for_another_handle.challenge, (for_another_handle.responses[0], seen.ownership.responses[1])
    )
    for proof in (seen.ownership, for_another_handle, half_seen, OwnershipProof(c, (s_r, s_h))):
        assert not issued(today, pending, PassRequest(u, v, proof))
    assert issued(today, PendingPass(r, u, h * B + r * key.X), PassRequest(u, h * B + r * key.X, for_another_handle))


@given(t=scalars, delta=scalars)
def test_c4_a_request_that_was_seen_cannot_be_changed_into_another(
    today: OpenEpoch, visitor: Visitor, t: Scalar, delta: Scalar
) -> None:
    """Re-randomised, or with another handle added: the proof is bound to `u0` and `v0`, however it is adapted."""
    X = today.key.X
    for pending, seen in zip(visitor.pending, visitor.request.requests, strict=True):
        c, (s_r, s_h) = seen.ownership.challenge, seen.ownership.responses
        for u0, v0, r0, proof in (
            (seen.u0 + t * B, seen.v0 + t * X, pending.r0 + t, seen.ownership),
            (seen.u0 + t * B, seen.v0 + t * X, pending.r0 + t, OwnershipProof(c, (s_r + c * t, s_h))),
            (seen.u0, seen.v0 + delta * B, pending.r0, seen.ownership),
            (seen.u0, seen.v0 + delta * B, pending.r0, OwnershipProof(c, (s_r, s_h + c * delta))),
        ):
            assert not issued(today, PendingPass(r0, u0, v0), PassRequest(u0, v0, proof))


def test_c4_the_operator_cannot_open_the_answer_to_a_request_that_it_passed_on(
    today: OpenEpoch, visitor: Visitor
) -> None:
    for i, request in enumerate(visitor.request.requests):
        knows_no_r0 = PendingPass(Scalar.random(), request.u0, request.v0)
        assert not issued(today, knows_no_r0, request)
        with pytest.raises(InvalidAnswer):
            accept_answer(today.key, knows_no_r0, visitor.answers.answers[i])


@given(guess=scalars, c=scalars)
def test_c4_the_authority_cannot_use_a_pass_that_it_issued(
    today: OpenEpoch, visitor: Visitor, guess: Scalar, c: Scalar
) -> None:
    """It knows `u0`, `v0`, `c` and signs whatever it likes; what it lacks is `r0`, which signs the label."""
    request = visitor.request.requests[0]
    u, v = request.u0 + c * B, request.v0 + c * today.key.X
    signing_key = today.secrets[Role.AUTHORITY].pass_signing_key
    signature = signing_key.sign(pass_signing_input(today.key, bytes(u), bytes(v))).signature
    public = Pass(bytes(u), bytes(v), signature)
    owner = OwnedPass(public, visitor.pending[0].r0 + c)
    assert verify_check_in(today.key, sign_check_in(today.key, owner, NOW, Direction.ENTRY))
    for r in (c, guess, guess + c):
        with pytest.raises(InvalidSignature):
            verify_check_in(today.key, sign_check_in(today.key, OwnedPass(public, r), NOW, Direction.ENTRY))


@given(r=scalars, time=st.integers(-10, 10))
def test_c4_a_check_in_that_was_seen_lends_no_key_to_another(
    parties: Parties, today: OpenEpoch, visitor: Visitor, r: Scalar, time: int
) -> None:
    """The operator keeps a visitor's check-in and signs its pass anew with a key of its own, or puts its own `u`."""
    seen = sign_check_in(today.key, visitor.passes[0], NOW, Direction.ENTRY)
    own_u = bytes(r * B)
    assume(own_u != seen.u)
    label = NOW + 15 * time
    for public in (seen.signed_pass[:128], own_u + seen.signed_pass[32:128]):
        signing_input = label_signing_input(today.key, label, Direction.ENTRY, None, public)
        forged = public + sign_with_scalar(r, public[:32], signing_input)
        with pytest.raises(InvalidSignature):
            verify_check_in(today.key, CheckInMessage(parties.domain.number, label, Direction.ENTRY, None, forged))
