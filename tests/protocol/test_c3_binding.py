"""C3: what a door accepts opens to the handle of the account that asked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from protocol.check_ins import Direction, sign_check_in, verify_check_in
from protocol.epochs import Role
from protocol.handles import Handle, register_handle, verify_registration
from protocol.opening import open_check_in
from protocol.passes import AllowanceRequest, PassRequest, request_allowance, verify_allowance
from protocol.primitives.errors import InvalidProof, WrongAllowance, WrongEpoch
from protocol.primitives.group import B, Point, Scalar
from protocol.primitives.proofs import EqualityProof, prove_encryptions, prove_ownership
from tests.support.domain import NOW, TODAY, OpenEpoch, Parties, Visitor, found_domain, open_epoch
from tests.support.strategies import scalars


def test_c3_every_accepted_check_in_opens_to_its_visitor(today: OpenEpoch, visitor: Visitor, stranger: Visitor) -> None:
    for person in (visitor, stranger):
        for owned in person.passes:
            message = sign_check_in(today.key, owned, NOW, Direction.ENTRY)
            u = Point(message.u)
            shares = [today.secrets[role].share * u for role in (Role.OPERATOR, Role.AUTHORITY)]
            assert open_check_in(verify_check_in(today.key, message), *shares) == person.handle


def asked(epoch: OpenEpoch, handles: list[Scalar], r0: list[Scalar], proof: EqualityProof) -> AllowanceRequest:
    """An allowance whose i-th pass carries the i-th handle, each with its valid ownership proof."""
    X = epoch.key.X
    requests = []
    for h, r in zip(handles, r0, strict=True):
        u0, v0 = r * B, h * B + r * X
        requests.append(PassRequest(u0, v0, prove_ownership(epoch.key.context, r, h, X, u0, v0)))
    return AllowanceRequest(TODAY, tuple(requests), proof)


three_scalars = st.lists(scalars, min_size=3, max_size=3, unique_by=bytes)


@given(h=scalars, other=scalars, r0=three_scalars, foreign=st.sets(st.integers(0, 2), min_size=1))
def test_c3_a_pass_for_another_handle_is_refused(
    today: OpenEpoch, h: Scalar, other: Scalar, r0: list[Scalar], foreign: set[int]
) -> None:
    """Any of the passes carries another handle, one that the visitor owns too; its proof is the best it can make."""
    assume(h != other)
    key = today.key
    X, U, U_other = key.X, h * B, other * B
    carried = [other if i in foreign else h for i in range(3)]
    u0, v0 = [r * B for r in r0], [c * B + r * X for c, r in zip(carried, r0, strict=True)]
    honest_v0 = [U + r * X for r in r0]
    for_what_it_is_not = prove_encryptions(key.context, r0, X, U, u0, honest_v0)
    for_the_other = prove_encryptions(key.context, r0, X, U_other, u0, [U_other + r * X for r in r0])
    for_its_sum = prove_encryptions(key.context, r0, X, U, u0, v0)
    handle = Handle(U)
    for proof in (for_what_it_is_not, for_the_other, for_its_sum):
        with pytest.raises(InvalidProof):
            verify_allowance(key, handle, asked(today, carried, r0, proof))
    honest = asked(today, [h] * 3, r0, for_what_it_is_not)
    assert verify_allowance(key, handle, honest) == [bytes(pass_request) for pass_request in honest.requests]


def test_c3_an_allowance_is_for_the_account_that_asks(today: OpenEpoch, visitor: Visitor, stranger: Visitor) -> None:
    with pytest.raises(InvalidProof):
        verify_allowance(today.key, visitor.handle, stranger.request)
    with pytest.raises(InvalidProof):
        verify_allowance(today.key, stranger.handle, visitor.request)


@given(h=scalars)
def test_c3_an_allowance_is_for_one_epoch(today: OpenEpoch, tomorrow: OpenEpoch, h: Scalar) -> None:
    _, request = request_allowance(today.key, h)
    handle = Handle(h * B)
    with pytest.raises(WrongEpoch):
        verify_allowance(tomorrow.key, handle, request)
    with pytest.raises(InvalidProof):
        verify_allowance(tomorrow.key, handle, replace(request, epoch=TODAY + 1))


@pytest.mark.parametrize("allowance", [1, 2, 4, 5])
def test_c3_an_allowance_has_the_size_that_everyone_has(parties: Parties, visitor: Visitor, allowance: int) -> None:
    other = open_epoch(found_domain(allowance=allowance, same_keys=parties), TODAY)
    _, request = request_allowance(other.key, visitor.h)
    assert len(verify_allowance(other.key, visitor.handle, request)) == allowance
    here = open_epoch(parties, TODAY)
    with pytest.raises(WrongAllowance):
        verify_allowance(here.key, visitor.handle, request)


@given(h=scalars, r0=three_scalars)
def test_c3_one_pass_twice_is_no_allowance(today: OpenEpoch, h: Scalar, r0: list[Scalar]) -> None:
    r0 = [r0[0], r0[1], r0[0]]
    X, U = today.key.X, h * B
    proof = prove_encryptions(today.key.context, r0, X, U, [r * B for r in r0], [U + r * X for r in r0])
    with pytest.raises(WrongAllowance):
        verify_allowance(today.key, Handle(U), asked(today, [h] * 3, r0, proof))


@given(account_id=st.binary(min_size=16, max_size=16), other=st.binary(min_size=16, max_size=16))
def test_c3_a_handle_is_registered_for_one_account_and_epoch(
    today: OpenEpoch, tomorrow: OpenEpoch, account_id: bytes, other: bytes
) -> None:
    assume(account_id != other)
    h, registration = register_handle(today.key, account_id)
    assert verify_registration(today.key, account_id, registration) == h * B
    with pytest.raises(InvalidProof):
        verify_registration(today.key, other, registration)
    with pytest.raises(WrongEpoch):
        verify_registration(tomorrow.key, account_id, registration)
    with pytest.raises(InvalidProof):
        verify_registration(tomorrow.key, account_id, replace(registration, epoch=TODAY + 1))


def test_c3_nobody_registers_a_handle_that_it_only_saw(today: OpenEpoch, visitor: Visitor, stranger: Visitor) -> None:
    stolen = replace(stranger.registration, handle=visitor.handle)
    for knowledge in (stranger.registration.knowledge, visitor.registration.knowledge):
        with pytest.raises(InvalidProof):
            verify_registration(today.key, stranger.account_id, replace(stolen, knowledge=knowledge))
