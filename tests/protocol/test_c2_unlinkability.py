"""C2: an answer tells nobody but its owner anything, and no part of a pass comes back in another."""

from __future__ import annotations

from secrets import token_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt

from protocol import passes
from protocol.check_ins import Direction, sign_check_in
from protocol.epochs import Role
from protocol.passes import (
    ANSWER_BYTES,
    IssueBatch,
    PassAnswers,
    PassRequest,
    PendingPass,
    accept_answer,
    accept_answers,
    issue_batch,
    issue_pass,
    pass_signing_input,
    request_allowance,
)
from protocol.primitives.errors import InvalidAnswer, WrongEpoch
from protocol.primitives.group import B, Point, Scalar
from protocol.primitives.proofs import prove_ownership
from protocol.primitives.signatures import SigningKey
from tests.support.domain import NOW, TODAY, OpenEpoch, Parties, Visitor, enrol
from tests.support.edwards import L
from tests.support.strategies import scalar, scalars


def chunks(data: bytes) -> set[bytes]:
    return {data[start : start + 32] for start in range(0, len(data), 32)}


def request_for(epoch: OpenEpoch, h: Scalar, r0: Scalar) -> tuple[PendingPass, bytes]:
    X = epoch.key.X
    u0, v0 = r0 * B, h * B + r0 * X
    proof = prove_ownership(epoch.key.context, r0, h, X, u0, v0)
    return PendingPass(r0, u0, v0), bytes(PassRequest(u0, v0, proof))


def opened(epoch: OpenEpoch, pending: PendingPass, answer: bytes) -> bool:
    try:
        owned = accept_answer(epoch.key, pending, answer)
    except InvalidAnswer:
        return False
    return owned.r * B == Point(owned.public.u)


bad_requests = st.one_of(
    st.binary(min_size=160, max_size=160),
    st.just(bytes(160)),
    st.just(b"\xff" * 160),
)


@given(bad=bad_requests, r0=scalars, h=scalars)
def test_c2_a_decoy_looks_like_an_answer(today: OpenEpoch, bad: bytes, r0: Scalar, h: Scalar) -> None:
    """One length, a valid point first, and nothing that comes back."""
    pending, good = request_for(today, h, r0)
    answers = today.issue([good, bad, good[:64] + bad[64:]]).answers
    decoys_alone = today.issue([bad]).answers
    for answer in (*answers, *decoys_alone, today.issue([good]).answers[0]):
        assert len(answer) == ANSWER_BYTES
        assert bytes(Point(answer[:32])) == answer[:32]
    assert not opened(today, pending, decoys_alone[0])
    assert chunks(answers[0]).isdisjoint(chunks(answers[1]))
    assert opened(today, pending, today.issue([good]).answers[0])


@given(
    order=st.permutations([0, 0, 1, 2, 3]),
    bad_at=st.integers(0, 5),
    bad=st.binary(min_size=160, max_size=160),
    secrets=st.lists(scalars, min_size=4, max_size=4, unique_by=bytes),
)
def test_c2_a_bad_or_doubled_request_spoils_only_itself(
    today: OpenEpoch, order: list[int], bad_at: int, bad: bytes, secrets: list[Scalar]
) -> None:
    made = [request_for(today, secrets[0], r0) for r0 in secrets]
    requests = [made[i][1] for i in order]
    owners = [made[i][0] if i else None for i in order]
    requests.insert(bad_at, bad)
    owners.insert(bad_at, None)
    answers = today.issue(requests).answers
    for owner, answer in zip(owners, answers, strict=True):
        assert len(answer) == ANSWER_BYTES
        for pending, _ in made:
            assert opened(today, pending, answer) is (pending is owner)


def test_c2_a_doubled_request_is_refused_also_when_the_rest_of_it_differs(today: OpenEpoch, visitor: Visitor) -> None:
    r0 = visitor.pending[0].r0
    (mine, one), (_, other) = request_for(today, visitor.h, r0), request_for(today, Scalar.random(), r0)
    assert one[:32] == other[:32]
    assert one[32:64] != other[32:64]
    assert not any(opened(today, mine, answer) for answer in today.issue([one, other]).answers)
    assert opened(today, mine, today.issue([one]).answers[0])


@given(other=scalars)
def test_c2_an_answer_opens_with_its_r0_alone(
    today: OpenEpoch, visitor: Visitor, stranger: Visitor, other: Scalar
) -> None:
    for pending, answer in zip(visitor.pending, visitor.answers.answers, strict=True):
        assert opened(today, pending, answer)
        wrong = [
            PendingPass(other, pending.u0, pending.v0),
            PendingPass(other, other * B, pending.v0),
            PendingPass(pending.r0 + other, pending.u0, pending.v0),
            PendingPass(pending.r0, other * B, pending.v0),
            PendingPass(pending.r0, pending.u0, other * B),
            *stranger.pending,
            *(other for other in visitor.pending if other is not pending),
        ]
        assert not any(opened(today, other, answer) for other in wrong)


def test_c2_an_answer_is_bound_to_the_epoch(
    parties: Parties, today: OpenEpoch, tomorrow: OpenEpoch, visitor: Visitor
) -> None:
    assert not opened(tomorrow, visitor.pending[0], visitor.answers.answers[0])
    with pytest.raises(WrongEpoch):
        issue_batch(
            tomorrow.key,
            tomorrow.secrets[Role.AUTHORITY].pass_signing_key,
            IssueBatch(TODAY, tuple(bytes(pass_request) for pass_request in visitor.request.requests)),
        )
    requests = [bytes(pass_request) for pass_request in visitor.request.requests]
    assert not any(
        opened(epoch, pending, answer)
        for pending, answer in zip(visitor.pending, tomorrow.issue(requests).answers, strict=True)
        for epoch in (today, tomorrow)
    )


@given(u0=scalars)
def test_c2_an_operator_in_the_middle_gets_no_pass_for_the_visitor(
    today: OpenEpoch, visitor: Visitor, u0: Scalar
) -> None:
    """A19: it puts its own `u0` in the visitor's place. It can read that answer; the visitor cannot use it."""
    mine, forged = request_for(today, Scalar.random(), u0)
    answer = today.issue([forged]).answers[0]
    assert opened(today, mine, answer)
    assert not opened(today, visitor.pending[0], answer)


def sealed_to(epoch: OpenEpoch, pending: PendingPass, plaintext: bytes) -> bytes:
    """What anybody who saw a request can send as its answer."""
    e = Scalar.random()
    data = passes._answer_data(epoch.key, pending.u0, pending.v0)
    key = passes._answer_key(epoch.key, e * B, pending.u0, e * pending.u0)
    return bytes(e * B) + crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, data, bytes(24), key)


@given(c=scalars, stranger=scalars)
def test_c2_what_is_inside_an_answer_must_be_signed_by_the_authority(
    today: OpenEpoch, visitor: Visitor, c: Scalar, stranger: Scalar
) -> None:
    pending, authority = visitor.pending[0], today.secrets[Role.AUTHORITY].pass_signing_key

    def inside(signing_key: SigningKey, c: Scalar, signed: Scalar) -> bytes:
        u, v = pending.u0 + signed * B, pending.v0 + signed * today.key.X
        return bytes(c) + signing_key.sign(pass_signing_input(today.key, bytes(u), bytes(v))).signature

    good = inside(authority, c, c)
    assert opened(today, pending, sealed_to(today, pending, good))
    minus_r0, above = scalar(L - 1) * pending.r0, int.from_bytes(bytes(c), "little") + L
    for wrong in (
        inside(SigningKey.generate(), c, c),
        inside(authority, c + stranger, c),
        inside(today.secrets[Role.AUTHORITY].pass_signing_key, c, c)[:95] + b"\xff",
        bytes(32) + good[32:],  # `u` would be `u0`, and the authority would know nothing of it
        bytes(minus_r0) + good[32:],  # `u` would be the identity
        above.to_bytes(32, "little") + good[32:],
        good[:-1],
        good[:16],
        b"",
        good + b"\0",
    ):
        assert not opened(today, pending, sealed_to(today, pending, wrong))


@given(r0=scalars, h=scalars)
def test_c2_a_pass_that_would_be_the_identity_becomes_a_decoy(today: OpenEpoch, r0: Scalar, h: Scalar) -> None:
    """`c = -r0`, which nobody can bring about without knowing both halves."""
    pending, request = request_for(today, h, r0)
    draws = [bytes(scalar(L - 1) * r0) + bytes(32)]
    authority = today.secrets[Role.AUTHORITY].pass_signing_key
    answer = issue_pass(today.key, authority, request, lambda size: draws.pop() if draws else token_bytes(size))
    assert draws == []
    assert len(answer) == ANSWER_BYTES
    assert not opened(today, pending, answer)


def test_c2_answers_are_as_many_as_requests(today: OpenEpoch, visitor: Visitor) -> None:
    answers = visitor.answers.answers
    for wrong in (answers[:-1], (*answers, answers[0])):
        with pytest.raises(InvalidAnswer):
            accept_answers(today.key, visitor.pending, PassAnswers(wrong))
    one_decoy = PassAnswers((bytes(144), *answers[1:]))
    assert len(accept_answers(today.key, visitor.pending, one_decoy)) == len(answers) - 1


def test_c2_no_part_of_a_pass_returns(parties: Parties, today: OpenEpoch) -> None:
    """All passes and requests of one visitor, and check-ins with one pass at two times, share only the pass itself."""
    visitor = enrol(parties, today, "홍길동", "+821012345678")
    seen: set[bytes] = set()
    _, second_request = request_allowance(today.key, visitor.h)
    everything = [
        *(bytes(pass_request) for pass_request in visitor.request.requests),
        *(bytes(pass_request) for pass_request in second_request.requests),
        *visitor.answers.answers,
        *(bytes(owned.public) for owned in visitor.passes),
        *(sign_check_in(today.key, visitor.passes[0], NOW + 15 * i, Direction.ENTRY).label_signature for i in range(3)),
    ]
    for encoding in everything:
        assert seen.isdisjoint(chunks(encoding))
        seen |= chunks(encoding)
    assert bytes(visitor.handle) not in seen
