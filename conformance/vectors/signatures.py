"""Vectors of §3.4: the rule for Ed25519, signing with a scalar, and signed statements."""

from __future__ import annotations

from typing import Any

from nacl.bindings import crypto_hash_sha512

from conformance.vectors.files import VectorFile
from conformance.vectors.pinned import Draws, flip, pinned, pinned_scalar, plus_order
from conformance.vectors.world import AUTHORITY, EPOCH, HANDLE, NUMBER, OPERATOR, RECORD
from protocol.handles import DirectoryReceipt
from protocol.primitives.ed25519_selftest import EDGE_CASES
from protocol.primitives.encoding import encode_item
from protocol.primitives.errors import InvalidSignature, MalformedEncoding
from protocol.primitives.group import B, Scalar
from protocol.primitives.hashing import nonce, tag
from protocol.primitives.signatures import public_key, sign_with_scalar
from protocol.primitives.statements import PROTECTED, sign_statement

_SIGNATURE_KEYS = {
    "check.public": "the key, 32 bytes",
    "check.message": "what was signed",
    "check.signature": "R and S, 32 bytes each",
}


def ed25519_rule() -> VectorFile:
    """The edge cases that `protocol.primitives.ed25519_selftest` decides."""
    file = VectorFile(
        "ed25519-rule",
        "Edge cases of Ed25519, decided by the one rule: S * B == R + k * A exactly, with canonical A and R, S < L, "
        "neither of small order. Mixed: outside the prime-order subgroup, but not of small order",
        "§3.4",
        _SIGNATURE_KEYS,
    )
    for case in sorted(EDGE_CASES, key=lambda case: not case.valid):
        values: dict[str, Any] = {"public": case.public, "message": case.message, "signature": case.signature}
        if case.valid:
            file.accept(case.name, check=values)
        else:
            file.reject("ordinary", case.name, InvalidSignature, **values)
    return file


def signature_with_scalar() -> VectorFile:
    """`sign_with_scalar`, whose signatures are ordinary ones."""
    file = VectorFile(
        "signature-with-scalar",
        "An ordinary Ed25519 signature under u = r * B, made from the scalar r with a hedged nonce",
        "§3.4",
        {
            "make.r": "the secret scalar",
            **_SIGNATURE_KEYS,
            "intermediate.k": "the nonce",
            "intermediate.R": "k * B",
            "intermediate.challenge": "SHA-512 of R, u and the message, modulo L",
        },
    )
    for name, message in {"ordinary": b"a label", "an empty message": b""}.items():
        r, draws = pinned_scalar("signing scalar"), Draws(f"signature, {name}")
        u = bytes(r * B)
        signature = sign_with_scalar(r, u, message, draws)
        k = nonce(Draws(draws.name), b"signature", r, u + message)
        R = bytes(k * B)
        challenge = Scalar.reduce(crypto_hash_sha512(R + u + message))
        assert signature == R + bytes(k + challenge * r)
        file.accept(
            name,
            make={"r": r, "random": draws.drawn},
            intermediate={"k": k, "R": R, "challenge": challenge},
            check={"public": u, "message": message, "signature": signature},
        )
        if name == "ordinary":
            ordinary = signature
    file.reject("ordinary", "another message", InvalidSignature, message=b"another label")
    file.reject("ordinary", "another key", InvalidSignature, public=pinned_scalar("another") * B)
    file.reject("ordinary", "another R", InvalidSignature, signature=flip(ordinary, 0))
    file.reject("ordinary", "another S", InvalidSignature, signature=flip(ordinary, 32))
    file.reject("ordinary", "S above the order", InvalidSignature, signature=ordinary[:32] + plus_order(ordinary[32:]))
    file.reject("ordinary", "63 bytes", InvalidSignature, signature=ordinary[:-1])
    file.reject("ordinary", "65 bytes", InvalidSignature, signature=ordinary + b"\0")
    file.reject("ordinary", "a key of 31 bytes", InvalidSignature, public=bytes(31))
    return file


def statements() -> VectorFile:
    """`sign_statement` and `verify_statement`."""
    file = VectorFile(
        "statements",
        "Signed statements: COSE_Sign1 with EdDSA, fixed headers, and the kind of statement as external data",
        "§3.4",
        {
            "make.seed": "the signer's Ed25519 seed, 32 bytes",
            "make.message": "the message that is signed",
            "check.kind": "the tag of the kind of statement that is expected, a text",
            "check.statement": "the statement",
            "check.key": "the signer's verification key",
            "intermediate.to_be_signed": "the Sig_structure that Ed25519 signs",
            "intermediate.signature": "the signature",
            "result.message": "the message that was signed",
        },
    )
    receipt = DirectoryReceipt(NUMBER, EPOCH, pinned("entry digest"))
    for name, message, key in [("receipt", receipt, AUTHORITY), ("identity record", RECORD, OPERATOR)]:
        payload = message.to_bytes()
        to_be_signed = encode_item(["Signature1", PROTECTED, tag(message.TAG), payload])
        signature = key.sign(to_be_signed).signature
        statement = sign_statement(message, key)
        assert statement == b"\xd2" + encode_item([PROTECTED, {}, payload, signature])
        file.accept(
            name,
            make={"seed": bytes(key), "message": payload},
            intermediate={"to_be_signed": to_be_signed, "signature": signature},
            check={"kind": message.TAG, "statement": statement, "key": public_key(key)},
            result={"message": payload},
        )
    payload, signature = receipt.to_bytes(), sign_statement(receipt, AUTHORITY)[-64:]
    other = DirectoryReceipt(NUMBER, EPOCH + 1, pinned("entry digest")).to_bytes()

    def reject(change: str, error: type[InvalidSignature | MalformedEncoding], *items: object) -> None:
        file.reject("receipt", change, error, statement=b"\xd2" + encode_item(list(items)))

    file.reject("receipt", "expected to be of another kind", InvalidSignature, kind="identity-record")
    file.reject("receipt", "another key", InvalidSignature, key=public_key(OPERATOR))
    reject("another payload", InvalidSignature, PROTECTED, {}, other, signature)
    reject("another signature", InvalidSignature, PROTECTED, {}, payload, flip(signature, 0))
    reject("another algorithm", MalformedEncoding, bytes.fromhex("a10126"), {}, payload, signature)
    reject("no protected header", MalformedEncoding, b"", {}, payload, signature)
    reject("an unprotected header", MalformedEncoding, PROTECTED, {4: b"key"}, payload, signature)
    reject("no payload", MalformedEncoding, PROTECTED, {}, None, signature)
    reject("a signature of 63 bytes", MalformedEncoding, PROTECTED, {}, payload, signature[:-1])
    reject("a fifth item", MalformedEncoding, PROTECTED, {}, payload, signature, None)
    good = encode_item([PROTECTED, {}, payload, signature])
    file.reject("receipt", "no tag", MalformedEncoding, statement=good)
    file.reject("receipt", "the tag of COSE_Sign", MalformedEncoding, statement=b"\xd8\x62" + good)
    file.reject("receipt", "the tag in two bytes", MalformedEncoding, statement=b"\xd8\x12" + good)
    file.reject("receipt", "a byte after it", MalformedEncoding, statement=b"\xd2" + good + b"\0")
    file.reject("receipt", "no bytes", MalformedEncoding, statement=b"")
    payload = encode_item([NUMBER, EPOCH, bytes(HANDLE), None])
    signed = AUTHORITY.sign(encode_item(["Signature1", PROTECTED, tag("directory-receipt"), payload])).signature
    reject("a payload that is no receipt, well signed", MalformedEncoding, PROTECTED, {}, payload, signed)
    return file
