"""Vectors of §3.3: the proofs, made step by step."""

from __future__ import annotations

from conformance.vectors.files import VectorFile
from conformance.vectors.pinned import Draws, flip, negative_scalar, pinned, pinned_scalar, plus_order
from protocol.primitives.errors import InvalidProof, MalformedEncoding, MalformedScalar
from protocol.primitives.group import B, Point, Scalar
from protocol.primitives.hashing import digest, encodings, frame, hash_to_scalar, nonce
from protocol.primitives.proofs import prove_encryptions, prove_knowledge, prove_ownership, prove_shares

_PROOF_KEYS = {
    "intermediate.statement": "what the nonces and the challenge are bound to",
    "intermediate.challenge": "the challenge: first 32 bytes of the proof",
}


def _replay(draws: Draws) -> Draws:
    """The same draws once more, for the steps."""
    return Draws(draws.name)


def _reject_proof_bytes(file: VectorFile, baseline: str, proof: bytes) -> None:
    file.reject(baseline, "another challenge", InvalidProof, proof=flip(proof, 0))
    for position in range(32, len(proof), 32):
        file.reject(baseline, f"another response at {position}", InvalidProof, proof=flip(proof, position))
    file.reject(baseline, "challenge and responses zero", InvalidProof, proof=bytes(len(proof)))
    file.reject(baseline, "a challenge above the order", MalformedScalar, proof=plus_order(proof[:32]) + proof[32:])
    file.reject(baseline, "a response above the order", MalformedScalar, proof=proof[:-32] + plus_order(proof[-32:]))
    file.reject(baseline, "one byte short", MalformedEncoding, proof=proof[:-1])
    file.reject(baseline, "one byte long", MalformedEncoding, proof=proof + b"\0")


def knowledge_proof() -> VectorFile:
    """`prove_knowledge` and `verify_knowledge`."""
    file = VectorFile(
        "knowledge-proof",
        "Proof of knowledge of x with X = x * B",
        "§3.3",
        {
            "make.x": "the secret",
            "check.name": "what the proof is for, a text",
            "check.context": "what it is bound to",
            "check.X": "x * B",
            "check.proof": "challenge and response",
            **_PROOF_KEYS,
            "intermediate.k": "the nonce",
            "intermediate.commitment": "k * B",
            "intermediate.response": "k + challenge * x",
        },
    )
    for title, name, context in [("ordinary", "handle", pinned("context")), ("an empty context", "epoch-share", b"")]:
        x, draws = pinned_scalar(f"x, {title}"), Draws(f"knowledge, {title}")
        X = x * B
        proof = prove_knowledge(name, context, x, X, draws)
        challenge_input = frame(f"{name}/knowledge", context, encodings((B, X)))
        k = nonce(_replay(draws), b"x", x, challenge_input)
        c = hash_to_scalar("challenge", challenge_input, bytes(k * B))
        assert bytes(proof) == bytes(c) + bytes(k + c * x)
        file.accept(
            title,
            make={"x": x, "random": draws.drawn},
            intermediate={
                "statement": challenge_input,
                "k": k,
                "commitment": k * B,
                "challenge": c,
                "response": k + c * x,
            },
            check={"name": name, "context": context, "X": X, "proof": proof},
        )
        if title == "ordinary":
            ordinary = bytes(proof)
    file.reject("ordinary", "another name", InvalidProof, name="epoch-share")
    file.reject("ordinary", "another context", InvalidProof, context=pinned("another context"))
    file.reject("ordinary", "another point", InvalidProof, X=pinned_scalar("another X") * B)
    _reject_proof_bytes(file, "ordinary", ordinary)
    return file


def ownership_proof() -> VectorFile:
    """`prove_ownership` and `verify_ownership`."""
    file = VectorFile(
        "ownership-proof",
        "Proof of knowledge of r0 and h with u0 = r0 * B and v0 = h * B + r0 * X",
        "§3.3",
        {
            "make.r0": "the randomness of the encryption, a scalar",
            "make.h": "the secret of the handle, a scalar",
            "check.context": "the epoch context, 32 bytes",
            "check.X": "the joint key",
            "check.u0": "r0 * B",
            "check.v0": "h * B + r0 * X",
            "check.proof": "challenge, response for r0, response for h",
            **_PROOF_KEYS,
            "intermediate.k_r": "the nonce for r0",
            "intermediate.k_h": "the nonce for h",
            "intermediate.commitments": "k_r * B and k_h * B + k_r * X",
            "intermediate.responses": "k_r + challenge * r0 and k_h + challenge * h",
        },
    )
    context, X = pinned("context"), pinned_scalar("joint") * B
    r0, h, draws = pinned_scalar("r0"), pinned_scalar("h"), Draws("ownership")
    u0, v0 = r0 * B, h * B + r0 * X
    proof = prove_ownership(context, r0, h, X, u0, v0, draws)
    challenge_input = frame("pass-request/ownership", context, encodings((B, X, u0, v0)))
    again = _replay(draws)
    k_r = nonce(again, b"r0", r0, challenge_input)
    k_h = nonce(again, b"h", h, challenge_input)
    commitments = [k_r * B, k_h * B + k_r * X]
    c = hash_to_scalar("challenge", challenge_input, encodings(commitments))
    responses = [k_r + c * r0, k_h + c * h]
    assert bytes(proof) == bytes(c) + b"".join(map(bytes, responses))
    file.accept(
        "ordinary",
        make={"r0": r0, "h": h, "random": draws.drawn},
        intermediate={
            "statement": challenge_input,
            "k_r": k_r,
            "k_h": k_h,
            "commitments": commitments,
            "challenge": c,
            "responses": responses,
        },
        check={"context": context, "X": X, "u0": u0, "v0": v0, "proof": proof},
    )
    other = pinned_scalar("another") * B
    file.reject("ordinary", "another context", InvalidProof, context=pinned("another context"))
    file.reject("ordinary", "another joint key", InvalidProof, X=other)
    file.reject("ordinary", "another u0", InvalidProof, u0=other)
    file.reject("ordinary", "another v0", InvalidProof, v0=other)
    file.reject("ordinary", "u0 and v0 exchanged", InvalidProof, u0=v0, v0=u0)
    file.reject("ordinary", "re-randomised with one more B and X", InvalidProof, u0=u0 + B, v0=v0 + X)
    raw = bytes(proof)
    file.reject("ordinary", "responses exchanged", InvalidProof, proof=raw[:32] + raw[64:] + raw[32:64])
    _reject_proof_bytes(file, "ordinary", raw)
    return file


_BATCH_KEYS = {
    **_PROOF_KEYS,
    "intermediate.seed": "64 bytes over the whole batch",
    "intermediate.coefficients": "a[i], one per pair",
    "intermediate.k": "the nonce",
    "intermediate.commitments": "k times each base",
    "intermediate.response": "k + challenge * w",
}


def _sum_points(points: list[Point]) -> Point:
    total, *rest = points
    for point in rest:
        total = total + point
    return total


def _sum_scalars(scalars: list[Scalar]) -> Scalar:
    total = Scalar(bytes(32))
    for scalar in scalars:
        total = total + scalar
    return total


def _coefficients(name: str, seed: bytes, count: int) -> list[Scalar]:
    return [hash_to_scalar(f"{name}/coefficient", seed, i.to_bytes(4, "big")) for i in range(count)]


def encryptions_proof() -> VectorFile:
    """`prove_encryptions` and `verify_encryptions`."""
    file = VectorFile(
        "encryptions-proof",
        "One proof that every (u0[i], v0[i]) encrypts the handle U to X",
        "§3.3",
        {
            "make.r0": "the randomness of each encryption, scalars",
            "check.context": "the epoch context, 32 bytes",
            "check.X": "the joint key",
            "check.U": "the handle",
            "check.u0": "r0[i] * B",
            "check.v0": "U + r0[i] * X",
            "check.proof": "challenge and response",
            **_BATCH_KEYS,
            "intermediate.w": "the sum of a[i] * r0[i]",
            "intermediate.P": "the sum of a[i] * u0[i], which is w * B",
            "intermediate.Q": "the sum of a[i] * (v0[i] - U), which is w * X",
        },
    )
    context, X, U = pinned("context"), pinned_scalar("joint") * B, pinned_scalar("h") * B
    for title, count in {"three passes": 3, "one pass": 1}.items():
        r0 = [pinned_scalar(f"r0, {i}") for i in range(count)]
        u0, v0 = [r * B for r in r0], [U + r * X for r in r0]
        draws = Draws(f"encryptions, {title}")
        proof = prove_encryptions(context, r0, X, U, u0, v0, draws)
        seed = digest("allowance/batch", context, encodings((B, X, U)), encodings(u0), encodings(v0))
        a = _coefficients("allowance", seed, count)
        w = _sum_scalars([a_i * r_i for a_i, r_i in zip(a, r0, strict=True)])
        P = _sum_points([a_i * u_i for a_i, u_i in zip(a, u0, strict=True)])
        Q = _sum_points([a_i * v_i for a_i, v_i in zip(a, v0, strict=True)]) - _sum_scalars(a) * U
        challenge_input = frame("allowance/equality", seed, encodings((B, X, P, Q)))
        k = nonce(_replay(draws), b"w", w, challenge_input)
        c = hash_to_scalar("challenge", challenge_input, encodings((k * B, k * X)))
        assert bytes(proof) == bytes(c) + bytes(k + c * w)
        file.accept(
            title,
            make={"r0": r0, "random": draws.drawn},
            intermediate={
                "seed": seed,
                "coefficients": a,
                "w": w,
                "P": P,
                "Q": Q,
                "statement": challenge_input,
                "k": k,
                "commitments": [k * B, k * X],
                "challenge": c,
                "response": k + c * w,
            },
            check={"context": context, "X": X, "U": U, "u0": u0, "v0": v0, "proof": proof},
        )
        if title == "three passes":
            three = bytes(proof), u0, v0
    raw, u0, v0 = three
    error = pinned_scalar("error") * B
    file.reject("three passes", "another context", InvalidProof, context=pinned("another context"))
    file.reject("three passes", "another joint key", InvalidProof, X=error)
    file.reject("three passes", "another handle", InvalidProof, U=error)
    file.reject("three passes", "one pass on another handle", InvalidProof, v0=[v0[0], v0[1] + error, v0[2]])
    file.reject("three passes", "errors that cancel in the sum", InvalidProof, v0=[v0[0] + error, v0[1] - error, v0[2]])
    file.reject("three passes", "another order of v0", InvalidProof, v0=[v0[1], v0[0], v0[2]])
    file.reject(
        "three passes", "another order of passes", InvalidProof, u0=[u0[1], u0[0], u0[2]], v0=[v0[1], v0[0], v0[2]]
    )
    file.reject("three passes", "one pass left out", InvalidProof, u0=u0[:2], v0=v0[:2])
    file.reject("three passes", "one pass twice", InvalidProof, u0=[*u0, u0[0]], v0=[*v0, v0[0]])
    _reject_proof_bytes(file, "three passes", raw)
    return file


def shares_proof() -> VectorFile:
    """`prove_shares` and `verify_shares`."""
    file = VectorFile(
        "shares-proof",
        "One proof that every D[i] = x * u[i] with the x of X = x * B",
        "§3.3",
        {
            "make.x": "the party's share of the epoch's key, a scalar",
            "check.context": "what the shares are for",
            "check.X": "x * B",
            "check.u": "the passes' one-time public keys",
            "check.D": "the shares, x * u[i]",
            "check.proof": "challenge and response",
            **_BATCH_KEYS,
            "intermediate.M": "the sum of a[i] * u[i]",
            "intermediate.Z": "the sum of a[i] * D[i], which is x * M",
        },
    )
    context, x = pinned("shares context", 100), pinned_scalar("share")
    X = x * B
    for title, count in {"three shares": 3, "one share": 1}.items():
        u = [pinned_scalar(f"r, {i}") * B for i in range(count)]
        D = [x * u_i for u_i in u]
        draws = Draws(f"shares, {title}")
        proof = prove_shares(context, x, X, u, D, draws)
        seed = digest("shares/batch", context, encodings((B, X)), encodings(u), encodings(D))
        a = _coefficients("shares", seed, count)
        M = _sum_points([a_i * u_i for a_i, u_i in zip(a, u, strict=True)])
        Z = _sum_points([a_i * D_i for a_i, D_i in zip(a, D, strict=True)])
        challenge_input = frame("shares/equality", seed, encodings((B, M, X, Z)))
        k = nonce(_replay(draws), b"w", x, challenge_input)
        c = hash_to_scalar("challenge", challenge_input, encodings((k * B, k * M)))
        assert bytes(proof) == bytes(c) + bytes(k + c * x)
        file.accept(
            title,
            make={"x": x, "random": draws.drawn},
            intermediate={
                "seed": seed,
                "coefficients": a,
                "M": M,
                "Z": Z,
                "statement": challenge_input,
                "k": k,
                "commitments": [k * B, k * M],
                "challenge": c,
                "response": k + c * x,
            },
            check={"context": context, "X": X, "u": u, "D": D, "proof": proof},
        )
        if title == "three shares":
            three = bytes(proof), u, D
    raw, u, D = three
    error = pinned_scalar("error") * B
    file.reject("three shares", "another context", InvalidProof, context=pinned("another context"))
    file.reject("three shares", "another party", InvalidProof, X=error)
    file.reject("three shares", "one wrong share", InvalidProof, D=[D[0], D[1] + error, D[2]])
    file.reject("three shares", "errors that cancel in the sum", InvalidProof, D=[D[0] + error, D[1] - error, D[2]])
    file.reject("three shares", "shares of other passes", InvalidProof, D=[D[1], D[0], D[2]])
    file.reject("three shares", "shares with the other sign", InvalidProof, D=[negative_scalar(x) * u_i for u_i in u])
    file.reject("three shares", "one share left out", InvalidProof, u=u[:2], D=D[:2])
    _reject_proof_bytes(file, "three shares", raw)
    return file
