"""Passes: an encryption of the handle whose randomness is also a one-time signing key. Spec: §3.7.

The visitor and the authority each contribute half of that randomness. The operator knows who asks, the authority
knows which pass is made, and the answer is encrypted to the request itself, so that nobody knows both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Self

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError

from protocol.epochs import EpochKey
from protocol.handles import Handle
from protocol.primitives.encoding import Message, Size, Uint32
from protocol.primitives.errors import (
    IdentityElement,
    InvalidAnswer,
    InvalidProof,
    Malformed,
    MalformedEncoding,
    WrongAllowance,
    WrongEpoch,
)
from protocol.primitives.group import POINT_BYTES, SCALAR_BYTES, B, Point, RandomBytes, Scalar, secure_random
from protocol.primitives.hashing import digest32, encodings, frame
from protocol.primitives.proofs import (
    EqualityProof,
    MapFunction,
    OwnershipProof,
    prove_encryptions,
    prove_ownership,
    verify_encryptions,
    verify_ownership,
)
from protocol.primitives.signatures import SIGNATURE_BYTES, SigningKey, verify

REQUEST_BYTES = 2 * POINT_BYTES + 3 * SCALAR_BYTES
PASS_BYTES = 2 * POINT_BYTES + SIGNATURE_BYTES
ANSWER_BYTES = POINT_BYTES + SCALAR_BYTES + SIGNATURE_BYTES + 16
MAX_BATCH = 50_000

_ANSWER_NONCE = bytes(24)  # every answer has a fresh key


@dataclass(frozen=True, slots=True)
class PassRequest:
    """`u0 || v0 || ownership proof`, 160 bytes: what the authority sees of a visitor."""

    u0: Point
    v0: Point
    ownership: OwnershipProof

    @classmethod
    def from_bytes(cls, encoding: bytes) -> Self:
        """Decode a request.

        Args:
            encoding: 160 bytes.

        Returns:
            The request; its proof is not verified.

        Raises:
            Malformed: It is of another length, or a part is no point or scalar.
        """
        if len(encoding) != REQUEST_BYTES:
            raise MalformedEncoding(f"a pass request has {REQUEST_BYTES} bytes, not {len(encoding)}")
        return cls(Point(encoding[:32]), Point(encoding[32:64]), OwnershipProof.from_bytes(encoding[64:]))

    def __bytes__(self) -> bytes:
        return bytes(self.u0) + bytes(self.v0) + bytes(self.ownership)


@dataclass(frozen=True, slots=True)
class AllowanceRequest(Message):
    """A visitor's requests for one epoch, with one proof for the operator that all carry its handle."""

    epoch: Uint32
    requests: Annotated[tuple[PassRequest, ...], Size(1, 1000)]
    encryptions: EqualityProof


@dataclass(frozen=True, slots=True)
class IssueBatch(Message):
    """Many visitors' requests, shuffled and without identities. A request is opaque here: a bad one spoils itself."""

    epoch: Uint32
    requests: Annotated[tuple[Annotated[bytes, Size(REQUEST_BYTES, REQUEST_BYTES)], ...], Size(1, MAX_BATCH)]


@dataclass(frozen=True, slots=True)
class PassAnswers(Message):
    """One answer of 144 bytes for each request, in the order of the batch or allowance that it answers."""

    answers: Annotated[tuple[Annotated[bytes, Size(ANSWER_BYTES, ANSWER_BYTES)], ...], Size(1, MAX_BATCH)]


@dataclass(frozen=True, slots=True)
class PendingPass:
    """What a visitor keeps between request and answer; `r0` is secret."""

    r0: Scalar
    u0: Point
    v0: Point


@dataclass(frozen=True, slots=True)
class Pass:
    """`u || v || signature`, 128 bytes, for the epoch whose authority signed it; made by `accept_answer`."""

    u: bytes
    v: bytes
    signature: bytes

    def __bytes__(self) -> bytes:
        return self.u + self.v + self.signature


@dataclass(frozen=True, slots=True)
class OwnedPass:
    """A pass and its signing key `r`, with `u = r * B`. Whoever holds `r` can use the pass."""

    public: Pass
    r: Scalar


def request_allowance(
    epoch_key: EpochKey, h: Scalar, random_bytes: RandomBytes = secure_random
) -> tuple[list[PendingPass], AllowanceRequest]:
    """Request the domain's allowance of passes for the handle `U = h * B`.

    Args:
        epoch_key: The verified keys of the epoch.
        h: The handle's secret key.
        random_bytes: Asked, per pass, for 64 bytes for `r0` and 64 for the ownership proof; then for 32 for the batched
            proof.

    Returns:
        What to keep of each request until its answer comes, and the request.
    """
    X, U = epoch_key.X, h * B
    pending, requests = [], []
    for _ in range(epoch_key.domain.allowance):
        r0 = Scalar.random(random_bytes)
        u0, v0 = r0 * B, U + r0 * X
        pending.append(PendingPass(r0, u0, v0))
        requests.append(PassRequest(u0, v0, prove_ownership(epoch_key.context, r0, h, X, u0, v0, random_bytes)))
    proof = prove_encryptions(
        epoch_key.context,
        [pending_pass.r0 for pending_pass in pending],
        X,
        U,
        [pending_pass.u0 for pending_pass in pending],
        [pending_pass.v0 for pending_pass in pending],
        random_bytes,
    )
    return pending, AllowanceRequest(epoch_key.epoch, tuple(requests), proof)


def verify_allowance(epoch_key: EpochKey, handle: Handle, request: AllowanceRequest) -> list[bytes]:
    """Check a visitor's requests, as the operator.

    Args:
        epoch_key: The verified keys of the epoch.
        handle: The verified handle of the account.
        request: What the visitor sent.

    Returns:
        The 160-byte requests that may go into a batch.

    Raises:
        WrongEpoch: They are for another epoch.
        WrongAllowance: They are not as many as the allowance, or two are the same.
        InvalidProof: One does not carry the handle.
    """
    if request.epoch != epoch_key.epoch:  # step 1
        raise WrongEpoch("the passes are requested for another epoch", request.epoch)
    u0 = [pass_request.u0 for pass_request in request.requests]
    v0 = [pass_request.v0 for pass_request in request.requests]
    if len(u0) != epoch_key.domain.allowance or len(set(u0)) != len(u0):  # step 2
        raise WrongAllowance(f"a request is for {epoch_key.domain.allowance} different passes")
    if not verify_encryptions(epoch_key.context, epoch_key.X, handle, u0, v0, request.encryptions):  # step 3
        raise InvalidProof("the requested passes do not all carry the account's handle")
    return [bytes(pass_request) for pass_request in request.requests]


def issue_batch(
    epoch_key: EpochKey,
    pass_key: SigningKey,
    batch: IssueBatch,
    random_bytes: RandomBytes = secure_random,
    map_function: MapFunction = map,
) -> PassAnswers:
    """Answer a batch, as the authority.

    A request that is malformed, whose proof fails, or whose `u0` occurs twice in the batch gets an answer that nobody
    can open and that looks like any other.

    Args:
        epoch_key: The verified keys of the epoch.
        pass_key: The authority's pass-issuing key of the epoch.
        batch: The shuffled requests.
        random_bytes: Asked as `issue_pass` asks, for one request after the other.
        map_function: `map`, or one that spreads the work over threads.

    Returns:
        One answer per request, in their order.

    Raises:
        WrongEpoch: The batch is for another epoch.
    """
    if batch.epoch != epoch_key.epoch:
        raise WrongEpoch("the batch is for another epoch", batch.epoch)
    occurrences = Counter(request[:POINT_BYTES] for request in batch.requests)

    def answer(request: bytes) -> bytes:
        if occurrences[request[:POINT_BYTES]] > 1:  # step 2
            return _decoy(random_bytes)
        return issue_pass(epoch_key, pass_key, request, random_bytes)

    return PassAnswers(tuple(map_function(answer, batch.requests)))


def issue_pass(
    epoch_key: EpochKey, pass_key: SigningKey, request: bytes, random_bytes: RandomBytes = secure_random
) -> bytes:
    """Answer one request: `c` and the authority's signature, encrypted to `u0`.

    Args:
        epoch_key: The verified keys of the epoch.
        pass_key: The authority's pass-issuing key of the epoch.
        request: 160 bytes.
        random_bytes: Asked for 64 bytes for `c` and 64 for the ephemeral key; for a decoy, for 64 and 112.

    Returns:
        144 bytes.
    """
    try:
        message = PassRequest.from_bytes(request)  # step 1
        u0, v0, X = message.u0, message.v0, epoch_key.X
        if not verify_ownership(epoch_key.context, X, u0, v0, message.ownership):  # step 3
            return _decoy(random_bytes)
        c = Scalar.random(random_bytes)  # step 4
        u, v = u0 + c * B, v0 + c * X
    except (Malformed, IdentityElement):
        return _decoy(random_bytes)
    signature = pass_key.sign(pass_signing_input(epoch_key, bytes(u), bytes(v))).signature  # step 5
    e = Scalar.random(random_bytes)  # step 6
    E = e * B
    return bytes(E) + crypto_aead_xchacha20poly1305_ietf_encrypt(
        bytes(c) + signature,
        _answer_data(epoch_key, u0, v0),
        _ANSWER_NONCE,
        _answer_key(epoch_key, E, u0, e * u0),
    )


def accept_answer(epoch_key: EpochKey, pending: PendingPass, answer: bytes) -> OwnedPass:
    """Make a pass of a request and its answer.

    Args:
        epoch_key: The verified keys of the epoch.
        pending: What was kept of the request.
        answer: 144 bytes.

    Returns:
        The pass and its signing key.

    Raises:
        InvalidAnswer: The answer is not a pass for this request, whatever is wrong.
    """
    r0, u0, v0, X = pending.r0, pending.u0, pending.v0, epoch_key.X
    if len(answer) != ANSWER_BYTES:
        raise InvalidAnswer(f"an answer has {ANSWER_BYTES} bytes")
    try:
        E = Point(answer[:POINT_BYTES])  # step 1
        plaintext = crypto_aead_xchacha20poly1305_ietf_decrypt(  # step 2
            answer[POINT_BYTES:],
            _answer_data(epoch_key, u0, v0),
            _ANSWER_NONCE,
            _answer_key(epoch_key, E, u0, r0 * E),
        )
        c, signature = Scalar(plaintext[:SCALAR_BYTES]), plaintext[SCALAR_BYTES:]  # step 3
        u, v = bytes(u0 + c * B), bytes(v0 + c * X)  # step 4
    except (Malformed, IdentityElement, CryptoError):
        raise InvalidAnswer("the answer is not a pass for this request") from None
    if not verify(bytes(epoch_key.pass_key), pass_signing_input(epoch_key, u, v), signature):  # step 5
        raise InvalidAnswer("the answer is not a pass for this request")
    return OwnedPass(Pass(u, v, signature), r0 + c)  # step 6


def accept_answers(epoch_key: EpochKey, pending: Sequence[PendingPass], answers: PassAnswers) -> list[OwnedPass]:
    """Make the passes of an allowance. An answer that is not good spoils only itself and is left out.

    Args:
        epoch_key: The verified keys of the epoch.
        pending: What was kept of the requests, in their order.
        answers: The answers, in the same order.

    Returns:
        The passes.

    Raises:
        InvalidAnswer: There are not as many answers as requests.
    """
    if len(answers.answers) != len(pending):
        raise InvalidAnswer("the number of answers is not that of the requests")
    passes = []
    for pending_pass, answer in zip(pending, answers.answers, strict=True):
        with suppress(InvalidAnswer):
            passes.append(accept_answer(epoch_key, pending_pass, answer))
    return passes


def pass_signing_input(epoch_key: EpochKey, u: bytes, v: bytes) -> bytes:
    """What the authority signs of a pass: tag, epoch context, `u` and `v` (32 bytes each).

    Args:
        epoch_key: The verified keys of the epoch.
        u: The pass's one-time public key, 32 bytes.
        v: The encrypted handle, 32 bytes.

    Returns:
        The signing input.
    """
    return frame("pass", epoch_key.context, u, v)


def _answer_data(epoch_key: EpochKey, u0: Point, v0: Point) -> bytes:
    return frame("pass-answer", epoch_key.context, bytes(u0), bytes(v0))


def _answer_key(epoch_key: EpochKey, E: Point, u0: Point, shared: Point) -> bytes:
    return digest32("pass-answer-key", epoch_key.context, encodings((E, u0, shared)))


def _decoy(random_bytes: RandomBytes) -> bytes:
    """What an answer looks like to everyone but the owner of its `u0`."""
    return bytes(Scalar.random(random_bytes) * B) + random_bytes(ANSWER_BYTES - POINT_BYTES)
