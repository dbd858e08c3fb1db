"""Vectors of §3.7: requesting, issuing and accepting passes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt, crypto_core_ed25519_add

from conformance.vectors.files import VectorFile
from conformance.vectors.group import ORDER_8
from conformance.vectors.pinned import Draws, flip, negative_scalar, pinned, pinned_scalar
from conformance.vectors.world import (
    DOMAIN,
    EPOCH,
    EPOCH_KEY,
    HANDLE,
    OTHER_EPOCH_KEY,
    PASS_KEY,
    PENDING,
    REQUESTS,
    SETTING,
    STRANGER,
    H,
    open_epoch,
)
from protocol.passes import (
    ANSWER_BYTES,
    AllowanceRequest,
    IssueBatch,
    accept_answer,
    issue_batch,
    issue_pass,
    pass_signing_input,
    request_allowance,
)
from protocol.primitives.encoding import encode_item
from protocol.primitives.errors import (
    InvalidAnswer,
    InvalidProof,
    MalformedPoint,
    MalformedScalar,
    WrongAllowance,
    WrongEpoch,
)
from protocol.primitives.group import B, Scalar
from protocol.primitives.hashing import digest32, encodings, frame
from protocol.primitives.proofs import prove_encryptions


def pass_request() -> VectorFile:
    """`request_allowance` and `verify_allowance`."""
    file = VectorFile(
        "pass-request",
        "A visitor's requests for its allowance of passes, with the operator's check",
        "§3.7",
        {
            "make.h": "the secret of the handle, a scalar",
            "check.handle": "the handle U = h * B of the account",
            "check.request": "an AllowanceRequest message",
            "intermediate.r0": "the randomness of each request, scalars: draws 1, 4, 7, ... modulo L",
            "intermediate.u0": "r0 * B",
            "intermediate.v0": "U + r0 * X",
            "intermediate.ownership": "the ownership proofs, each from the two draws after its r0",
            "intermediate.encryptions": "the proof for all, from the last draw",
            "result.requests": "what goes into the batch, 160 bytes each: u0, v0, ownership proof",
        },
        SETTING,
    )
    draws = Draws("allowance")
    pending, request = request_allowance(EPOCH_KEY, H, draws)
    file.accept(
        "ordinary",
        make={"h": H, "random": draws.drawn},
        check={"handle": HANDLE, "request": request},
        intermediate={
            "r0": [pending_pass.r0 for pending_pass in pending],
            "u0": [pending_pass.u0 for pending_pass in pending],
            "v0": [pending_pass.v0 for pending_pass in pending],
            "ownership": [pass_request.ownership for pass_request in request.requests],
            "encryptions": request.encryptions,
        },
        result={"requests": [bytes(pass_request) for pass_request in request.requests]},
    )
    first, second, third = request.requests

    def proven(count_of: list[int]) -> AllowanceRequest:
        """The passes at these places, with a fresh and good proof for all of them."""
        chosen = [pending[i] for i in count_of]
        u0, v0 = [chosen_pass.u0 for chosen_pass in chosen], [chosen_pass.v0 for chosen_pass in chosen]
        proof = prove_encryptions(
            EPOCH_KEY.context, [chosen_pass.r0 for chosen_pass in chosen], EPOCH_KEY.X, HANDLE, u0, v0, Draws("proven")
        )
        return AllowanceRequest(EPOCH, tuple(request.requests[i] for i in count_of), proof)

    other_h = pinned_scalar("another visitor")
    of_other = request_allowance(EPOCH_KEY, other_h, Draws("another visitor's allowance"))[1]
    of_tomorrow = replace(request_allowance(OTHER_EPOCH_KEY, H, Draws("allowance"))[1], epoch=EPOCH)
    file.reject("ordinary", "another epoch", WrongEpoch, request=replace(request, epoch=EPOCH - 1))
    file.reject("ordinary", "two passes", WrongAllowance, request=proven([0, 1]))
    file.reject("ordinary", "four passes", WrongAllowance, request=proven([0, 1, 2, 0]))
    file.reject("ordinary", "one pass twice", WrongAllowance, request=proven([0, 1, 1]))
    file.reject(
        "ordinary",
        "one pass on another handle",
        InvalidProof,
        request=replace(request, requests=(first, second, of_other.requests[0])),
    )
    file.reject("ordinary", "all passes on another handle", InvalidProof, request=of_other)
    file.reject("ordinary", "another account's handle", InvalidProof, handle=other_h * B)
    file.reject("ordinary", "another order", InvalidProof, request=replace(request, requests=(second, first, third)))
    file.reject("ordinary", "made for the next epoch", InvalidProof, request=of_tomorrow)

    def raw(requests: list[bytes]) -> bytes:
        return encode_item([EPOCH, requests, bytes(request.encryptions)])

    torsion = crypto_core_ed25519_add(bytes(first.v0), ORDER_8)
    file.reject(
        "ordinary",
        "v0 outside the subgroup",
        MalformedPoint,
        request=raw([REQUESTS[0][:32] + torsion + REQUESTS[0][64:], *REQUESTS[1:]]),
    )
    file.reject(
        "ordinary",
        "a response above the order",
        MalformedScalar,
        request=raw([*REQUESTS[:2], REQUESTS[2][:-1] + b"\xff"]),
    )
    return file


def _answer_steps(draws: Draws) -> dict[str, Any]:
    """An answer to the first request, step by step."""
    again, pending, X = Draws(draws.name), PENDING[0], EPOCH_KEY.X
    c = Scalar.random(again)
    u, v = pending.u0 + c * B, pending.v0 + c * X
    signature = PASS_KEY.sign(pass_signing_input(EPOCH_KEY, bytes(u), bytes(v))).signature
    e = Scalar.random(again)
    E, shared = e * B, e * pending.u0
    return {
        "c": c,
        "u": u,
        "v": v,
        "pass_statement": frame("pass", EPOCH_KEY.context, bytes(u), bytes(v)),
        "signature": signature,
        "e": e,
        "E": E,
        "shared": shared,
        "key": digest32("pass-answer-key", EPOCH_KEY.context, encodings((E, pending.u0, shared))),
        "associated_data": frame("pass-answer", EPOCH_KEY.context, bytes(pending.u0), bytes(pending.v0)),
        "plaintext": bytes(c) + signature,
    }


_PENDING_KEYS = {
    "check.r0": "the secret that the visitor kept of its request, a scalar",
    "check.u0": "r0 * B",
    "check.v0": "U + r0 * X",
    "check.answer": "144 bytes: E, then the ciphertext",
    "result.pass": "u, v and the authority's signature, 128 bytes",
    "result.r": "r0 + c, the pass's signing key",
}


def issuing() -> VectorFile:
    """`issue_pass`, checked by `accept_answer`."""
    file = VectorFile(
        "issuing",
        "The authority's answer to one request. To a bad request it is a decoy, which looks like any answer and "
        "which nobody can open: the requester finds InvalidAnswer",
        "§3.7",
        {
            "make.pass_seed": "the authority's pass-signing seed of the epoch",
            "make.request": "160 bytes: u0, v0, ownership proof",
            **_PENDING_KEYS,
            "intermediate.c": "the authority's half of the randomness: the first draw modulo L",
            "intermediate.u": "u0 + c * B",
            "intermediate.v": "v0 + c * X",
            "intermediate.pass_statement": "what the pass key signs",
            "intermediate.signature": "the signature",
            "intermediate.e": "the ephemeral secret: the second draw modulo L",
            "intermediate.E": "e * B",
            "intermediate.shared": "e * u0",
            "intermediate.key": "the key of XChaCha20-Poly1305; its nonce is 24 zero bytes",
            "intermediate.associated_data": "what the ciphertext is tied to",
            "intermediate.plaintext": "c and the signature",
        },
        SETTING,
    )
    pending, draws = PENDING[0], Draws("answer")
    answer = issue_pass(EPOCH_KEY, PASS_KEY, REQUESTS[0], draws)
    owned = accept_answer(EPOCH_KEY, pending, answer)
    file.accept(
        "ordinary",
        make={"pass_seed": bytes(PASS_KEY), "request": REQUESTS[0], "random": draws.drawn},
        check={"r0": pending.r0, "u0": pending.u0, "v0": pending.v0, "answer": answer},
        intermediate=_answer_steps(draws),
        result={"pass": bytes(owned.public), "r": owned.r},
    )
    good, other = REQUESTS[0], REQUESTS[1]
    foreign = open_epoch(DOMAIN, EPOCH, "another joint key")
    for change, request in {
        "another challenge": flip(good, 64),
        "another response": flip(good, 96),
        "v0 of another request": good[:32] + other[32:64] + good[64:],
        "the ownership proof of another request": good[:64] + other[64:],
        "u0 outside the subgroup": crypto_core_ed25519_add(good[:32], ORDER_8) + good[32:],
        "u0 the identity": bytes([1]) + bytes(31) + good[32:],
        "a response above the order": good[:128] + bytes([255] * 32),
        "made for another joint key": bytes(request_allowance(foreign, H, Draws("allowance"))[1].requests[0]),
        "noise": pinned("noise", 160),
    }.items():
        draws = Draws(f"decoy, {change}")
        decoy = issue_pass(EPOCH_KEY, PASS_KEY, request, draws)
        file.reject("ordinary", change, InvalidAnswer, make={"request": request, "random": draws.drawn}, answer=decoy)
    return file


def issue_batches() -> VectorFile:
    """`issue_batch`."""
    file = VectorFile(
        "issue-batch",
        "The authority's answers to a batch, in order; a bad request, or each of two with one u0, gets a decoy",
        "§3.7",
        {
            "check.pass_seed": "the authority's pass-signing seed of the epoch",
            "check.batch": "an IssueBatch message",
            "check.random": "the bytes that the authority draws, for one request after the other: c and e, or "
            "for a decoy a scalar and 112 bytes",
            "result.answers": "a PassAnswers message",
        },
        SETTING,
    )
    for name, requests in {
        "three requests": REQUESTS,
        "one malformed": [REQUESTS[0], pinned("noise", 160), REQUESTS[2]],
        "one u0 twice": [REQUESTS[0], REQUESTS[1], REQUESTS[0]],
    }.items():
        batch, draws = IssueBatch(EPOCH, tuple(requests)), Draws(f"batch, {name}")
        answers = issue_batch(EPOCH_KEY, PASS_KEY, batch, draws)
        file.accept(
            name,
            check={"pass_seed": bytes(PASS_KEY), "batch": batch, "random": draws.drawn},
            result={"answers": answers},
        )
    file.reject("three requests", "another epoch", WrongEpoch, batch=IssueBatch(EPOCH + 1, tuple(REQUESTS)), random=[])
    return file


def acceptance() -> VectorFile:
    """`accept_answer`."""
    file = VectorFile(
        "acceptance",
        "The pass that an answer makes of a request; every failure looks the same",
        "§3.7",
        {
            **_PENDING_KEYS,
            "intermediate.shared": "r0 * E",
            "intermediate.key": "the key of XChaCha20-Poly1305; its nonce is 24 zero bytes",
            "intermediate.associated_data": "what the ciphertext is tied to",
            "intermediate.c": "the authority's half of the randomness",
            "intermediate.u": "u0 + c * B",
            "intermediate.v": "v0 + c * X",
            "intermediate.pass_statement": "what the pass key signed",
        },
        SETTING,
    )
    pending, draws = PENDING[0], Draws("answer")
    answer = issue_pass(EPOCH_KEY, PASS_KEY, REQUESTS[0], draws)
    steps = _answer_steps(draws)
    owned = accept_answer(EPOCH_KEY, pending, answer)
    shown = ("shared", "key", "associated_data", "c", "u", "v", "pass_statement")
    file.accept(
        "ordinary",
        check={"r0": pending.r0, "u0": pending.u0, "v0": pending.v0, "answer": answer},
        intermediate={key: steps[key] for key in shown},
        result={"pass": bytes(owned.public), "r": owned.r},
    )

    def sealed(plaintext: bytes) -> bytes:
        """An answer with any content, as an authority that breaks the rules could make it."""
        e = pinned_scalar("ephemeral")
        E = e * B
        key = digest32("pass-answer-key", EPOCH_KEY.context, encodings((E, pending.u0, e * pending.u0)))
        data = frame("pass-answer", EPOCH_KEY.context, bytes(pending.u0), bytes(pending.v0))
        return bytes(E) + crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, data, bytes(24), key)

    def signed(u: bytes, v: bytes) -> bytes:
        return PASS_KEY.sign(pass_signing_input(EPOCH_KEY, u, v)).signature

    u, v, other = owned.public.u, owned.public.v, PENDING[1]
    c, another_c, cancelling_c = (bytes(scalar) for scalar in (steps["c"], owned.r, negative_scalar(pending.r0)))
    for change, wrong in {
        "another byte": flip(answer, 40),
        "another ephemeral key": bytes(pinned_scalar("other") * B) + answer[32:],
        "an ephemeral key of order 4": bytes(32) + answer[32:],
        "an answer to another request": issue_pass(EPOCH_KEY, PASS_KEY, REQUESTS[1], Draws("other answer")),
        "signed by a key of one's own": issue_pass(EPOCH_KEY, STRANGER, REQUESTS[0], Draws("other key")),
        "another c than was signed": sealed(another_c + signed(u, v)),
        "c above the order": sealed(bytes([255] * 32) + signed(u, v)),
        "c that makes u the identity": sealed(cancelling_c + signed(u, v)),
        "a signature of 63 bytes": sealed(c + signed(u, v)[:-1]),
        "empty": b"",
        "143 bytes": answer[: ANSWER_BYTES - 1],
        "noise": pinned("noise", ANSWER_BYTES),
    }.items():
        file.reject("ordinary", change, InvalidAnswer, answer=wrong)
    file.reject("ordinary", "opened as another request", InvalidAnswer, r0=other.r0, u0=other.u0, v0=other.v0)
    file.reject("ordinary", "opened with another v0", InvalidAnswer, v0=other.v0)
    return file
