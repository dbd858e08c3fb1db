"""A19: an operator in the middle of pass issuing reads the passes."""

from __future__ import annotations

from dataclasses import dataclass

from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt

from protocol.epochs import EpochKey, Role
from protocol.passes import (
    AllowanceRequest,
    IssueBatch,
    OwnedPass,
    PassAnswers,
    PassRequest,
    PendingPass,
    _answer_data,
    _answer_key,
    accept_answer,
    request_allowance,
)
from protocol.primitives.errors import InvalidAnswer
from protocol.primitives.group import B, Point, Scalar
from protocol.primitives.proofs import OwnershipProof
from tests.attacks.arithmetic import minus
from tests.attacks.malicious import invent_request
from tests.support.running import run
from tests.support.servers import World


@dataclass(frozen=True)
class Visitor:
    """A visitor's side of issuing."""

    key: EpochKey
    h: Scalar
    pending: list[PendingPass]
    request: AllowanceRequest

    def accepts(self, answers: list[bytes]) -> list[OwnedPass]:
        """The passes that the visitor makes of what the operator gives it, first request first."""
        passes = []
        for pending, answer in zip(self.pending, answers, strict=False):
            try:
                passes.append(accept_answer(self.key, pending, answer))
            except InvalidAnswer:
                continue
        return passes


async def asking_visitor(world: World) -> Visitor:
    key, person = await world.epoch_key(), await world.enrol(1)
    h, _, _ = await world.register(person, key)
    return Visitor(key, h, *request_allowance(key, h))


async def ask_authority(world: World, key: EpochKey, *requests: PassRequest) -> list[bytes]:
    """What the operator gets for a batch that it makes up."""
    batch = IssueBatch(key.epoch, tuple(map(bytes, requests)))
    return list(PassAnswers.from_bytes(await world.as_party(Role.OPERATOR, "/v1/passes", batch.to_bytes())).answers)


def readable(key: EpochKey, request: PassRequest, answer: bytes, secrets: list[Scalar]) -> bool:
    """Whether one of these scalars opens an answer to a request."""
    for secret in secrets:
        try:
            accept_answer(key, PendingPass(secret, request.u0, request.v0), answer)
        except InvalidAnswer:
            continue
        return True
    return False


def test_a19_the_operator_cannot_read_what_it_passes_on(world: World) -> None:
    """The operator keeps requests and answers, and tries every secret that it has.

    Happened: V2X butterfly certificates before the "unified" variant. Answer: an answer is encrypted to `u0` (§3.7).
    """

    async def attack() -> None:
        visitor = await asking_visitor(world)
        answers = await ask_authority(world, visitor.key, *visitor.request.requests)
        own = [world.operator.epochs.secret(visitor.key.epoch).share, Scalar.random(), *_challenges(visitor.request)]
        for request, answer, pending in zip(visitor.request.requests, answers, visitor.pending, strict=True):
            assert not readable(visitor.key, request, answer, own)
            assert readable(visitor.key, request, answer, [pending.r0])  # the visitor alone
        assert len(visitor.accepts(answers)) == len(answers)

    run(attack())


def _challenges(request: AllowanceRequest) -> list[Scalar]:
    """The scalars that a request shows."""
    proofs = [request.encryptions, *(one.ownership for one in request.requests)]
    return [scalar for proof in proofs for scalar in (proof.challenge, *proof.responses)]


def test_a19_an_exchanged_u0_gives_nothing_that_the_visitor_accepts(world: World) -> None:
    """The operator puts a `u0` of its own into the visitor's request, reads the answer, and gives the visitor one that
    it made of it.

    Happened: as above. Answer: the ownership proof covers `u0`; and what the authority signed for one `u0` is no pass
    for another, which the visitor sees (§3.7).
    """

    async def attack() -> None:
        visitor = await asking_visitor(world)
        key, seen = visitor.key, visitor.request.requests[0]
        c, (s_r, s_h) = seen.ownership.challenge, seen.ownership.responses
        t, r = Scalar.random(), Scalar.random()
        shifted = seen.u0 + t * B
        exchanged = [
            (PassRequest(r * B, seen.v0, seen.ownership), r),
            (PassRequest(shifted, seen.v0 + t * key.X, seen.ownership), t),
            (PassRequest(shifted, seen.v0 + t * key.X, OwnershipProof(c, (s_r + c * t, s_h))), t),
            (PassRequest(shifted, seen.v0, seen.ownership), t),
        ]
        answers = await ask_authority(world, key, *(request for request, _ in exchanged))
        for (request, secret), answer in zip(exchanged, answers, strict=True):
            assert not readable(key, request, answer, [secret, r, t, visitor.pending[0].r0 + t])
            assert visitor.accepts([answer]) == []

        pending, own = invent_request(key, Scalar.random())
        (answer,) = await ask_authority(world, key, own)
        read = accept_answer(key, pending, answer)  # what the operator asks for itself it can read
        c_read = read.r + minus(pending.r0)
        for forwarded in (answer, encrypted_to(key, seen.u0, seen.v0, bytes(c_read) + read.public.signature)):
            assert visitor.accepts([forwarded]) == []

    run(attack())


def encrypted_to(key: EpochKey, u0: Point, v0: Point, plaintext: bytes) -> bytes:
    """An answer as the authority makes it, with the operator's contents."""
    e = Scalar.random()
    E = e * B
    answer_key, data = _answer_key(key, E, u0, e * u0), _answer_data(key, u0, v0)
    return bytes(E) + crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, data, bytes(24), answer_key)
