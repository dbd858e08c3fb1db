"""Vectors of §3.6: handle registration and the sealed directory."""

from __future__ import annotations

from dataclasses import replace

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_encrypt,
    sodium_pad,
)

from conformance.vectors.files import VectorFile
from conformance.vectors.pinned import Draws, flip, pinned, pinned_scalar
from conformance.vectors.world import (
    ACCOUNT,
    AUTHORITY,
    EPOCH,
    EPOCH_KEY,
    HANDLE,
    NUMBER,
    OPERATOR,
    OTHER_EPOCH_KEY,
    RECORD,
    SETTING,
    STRANGER,
)
from protocol.handles import (
    RECORD_BYTES,
    DirectoryEntry,
    DirectoryReceipt,
    HandleGrant,
    IdentityRecord,
    register_handle,
    seal_record,
    sign_receipt,
)
from protocol.primitives.errors import (
    InvalidEntry,
    InvalidProof,
    InvalidReceipt,
    InvalidSignature,
    MalformedEncoding,
    WrongEpoch,
)
from protocol.primitives.group import B, Point, Scalar
from protocol.primitives.hashing import digest32, frame
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import sign_statement


def handle_registration() -> VectorFile:
    """`register_handle` and `verify_registration`."""
    file = VectorFile(
        "handle-registration",
        "A visitor's handle U = h * B for an epoch, with a proof that it knows h",
        "§3.6",
        {
            "check.account": "the visitor's account, 16 bytes",
            "check.registration": "a HandleRegistration message",
            "intermediate.h": "the secret: the first draw modulo L",
            "intermediate.proof_context": "what the proof, named handle, is bound to",
            "intermediate.proof": "the proof of knowledge, from the second draw",
            "result.handle": "U",
        },
        SETTING,
    )
    draws = Draws("handle")
    h, registration = register_handle(EPOCH_KEY, ACCOUNT, draws)
    file.accept(
        "ordinary",
        make={"random": draws.drawn},
        check={"account": ACCOUNT, "registration": registration},
        intermediate={
            "h": h,
            "proof_context": frame("handle", EPOCH_KEY.context, ACCOUNT),
            "proof": registration.knowledge,
        },
        result={"handle": h * B},
    )
    file.reject("ordinary", "another account", InvalidProof, account=pinned("another account", 16))
    file.reject("ordinary", "another handle", InvalidProof, registration=replace(registration, handle=h * (h * B)))
    file.reject("ordinary", "another epoch", WrongEpoch, registration=replace(registration, epoch=EPOCH + 1))
    tomorrow = replace(register_handle(OTHER_EPOCH_KEY, ACCOUNT, Draws("handle"))[1], epoch=EPOCH)
    file.reject("ordinary", "a proof for the next epoch", InvalidProof, registration=tomorrow)
    encoded = registration.to_bytes()
    file.reject("ordinary", "cut short", MalformedEncoding, registration=encoded[:-1])
    return file


def _key(handle: Point) -> bytes:
    return digest32("directory-key", EPOCH_KEY.context, bytes(handle))


def _seal(signed: bytes, handle: Point, index: bytes, nonce: bytes) -> DirectoryEntry:
    return _seal_padded(sodium_pad(signed, RECORD_BYTES), handle, index, nonce)


def _seal_padded(padded: bytes, handle: Point, index: bytes, nonce: bytes) -> DirectoryEntry:
    """An entry with any content, as an operator that breaks the rules could make it."""
    return DirectoryEntry(
        EPOCH, index, nonce, crypto_aead_xchacha20poly1305_ietf_encrypt(padded, index, nonce, _key(handle))
    )


def directory_entry() -> VectorFile:
    """`seal_record` and `open_entry`."""
    file = VectorFile(
        "directory-entry",
        "An identity record, signed by the operator and sealed under a key that only the handle gives",
        "§3.6",
        {
            "make.seed": "the operator's identity key, an Ed25519 seed",
            "make.record": "an IdentityRecord message",
            "check.handle": "the handle U",
            "check.entry": "a DirectoryEntry message",
            "intermediate.signed": "the signed record",
            "intermediate.padded": "the signed record, a byte 80 and zeros, 512 bytes",
            "intermediate.index": "under which the entry is found, and its associated data",
            "intermediate.key": "the key of XChaCha20-Poly1305; the nonce is the draw",
            "result.record": "the IdentityRecord message",
        },
        SETTING,
    )
    index = digest32("directory-index", EPOCH_KEY.context, bytes(HANDLE))
    for name, record in {
        "ordinary": RECORD,
        "the longest name": replace(RECORD, name="김" * 42 + "..", phone="+12345678901234"),
    }.items():
        draws = Draws(f"entry, {name}")
        signed, entry = seal_record(EPOCH_KEY, record, OPERATOR, draws)
        assert entry == _seal(signed, HANDLE, index, draws.drawn[0])
        file.accept(
            name,
            make={"seed": bytes(OPERATOR), "record": record, "random": draws.drawn},
            check={"handle": HANDLE, "entry": entry},
            intermediate={
                "signed": signed,
                "padded": sodium_pad(signed, RECORD_BYTES),
                "index": index,
                "key": _key(HANDLE),
            },
            result={"record": record},
        )
    signed, entry = seal_record(EPOCH_KEY, RECORD, OPERATOR, Draws("entry, ordinary"))
    other = pinned_scalar("another handle") * B
    nonce = pinned("nonce", 24)

    def holding(record: IdentityRecord, key: SigningKey = OPERATOR) -> DirectoryEntry:
        return _seal(sign_statement(record, key), HANDLE, index, nonce)

    for change, wrong in {
        "another byte": replace(entry, sealed=flip(entry.sealed, 9)),
        "another nonce": replace(entry, nonce=nonce),
        "another index": replace(entry, index=pinned("index")),
        "another epoch": replace(entry, epoch=EPOCH + 1),
        "a record of another handle": holding(replace(RECORD, handle=other)),
        "a record of another epoch": holding(replace(RECORD, epoch=EPOCH + 1)),
        "a record of another domain": holding(replace(RECORD, domain=NUMBER + 1)),
        "a record that the operator did not sign": holding(RECORD, STRANGER),
        "no record": _seal(b"no record", HANDLE, index, nonce),
        "no padding": _seal_padded(bytes(RECORD_BYTES), HANDLE, index, nonce),
        "another padding byte": _seal_padded((signed + b"\x01").ljust(RECORD_BYTES, b"\0"), HANDLE, index, nonce),
    }.items():
        file.reject("ordinary", change, InvalidEntry, entry=wrong)
    file.reject("ordinary", "opened with another handle", InvalidEntry, handle=other)
    file.reject("ordinary", "cut short", MalformedEncoding, entry=entry.to_bytes()[:-1])
    return file


def directory_receipt() -> VectorFile:
    """`sign_receipt` and `verify_receipt`."""
    file = VectorFile(
        "directory-receipt",
        "The authority's receipt for a directory entry",
        "§3.6",
        {
            "make.seed": "the authority's identity key, an Ed25519 seed",
            "check.entry": "a DirectoryEntry message",
            "check.receipt": "the signed receipt",
            "intermediate.entry_digest": "the 32 bytes that stand for the entry",
        },
        SETTING,
    )
    _, entry = seal_record(EPOCH_KEY, RECORD, OPERATOR, Draws("entry, ordinary"))
    digest = digest32("directory-entry", EPOCH_KEY.context, entry.to_bytes())
    file.accept(
        "ordinary",
        make={"seed": bytes(AUTHORITY)},
        check={"entry": entry, "receipt": sign_receipt(EPOCH_KEY, entry, AUTHORITY)},
        intermediate={"entry_digest": digest},
    )

    def receipt(domain: int = NUMBER, epoch: int = EPOCH, key: SigningKey = AUTHORITY) -> bytes:
        return sign_statement(DirectoryReceipt(domain, epoch, digest), key)

    file.reject("ordinary", "another entry", InvalidReceipt, entry=replace(entry, nonce=pinned("nonce", 24)))
    file.reject("ordinary", "another domain", InvalidReceipt, receipt=receipt(domain=NUMBER + 1))
    file.reject("ordinary", "another epoch", InvalidReceipt, receipt=receipt(epoch=EPOCH + 1))
    file.reject("ordinary", "signed by the operator", InvalidSignature, receipt=receipt(key=OPERATOR))
    file.reject("ordinary", "no receipt", MalformedEncoding, receipt=pinned("noise", 80))
    return file


def handle_grant() -> VectorFile:
    """`verify_grant`."""
    file = VectorFile(
        "handle-grant",
        "What a visitor gets for its handle, and checks: the signed record, its sealed entry, the authority's receipt",
        "§3.6",
        {
            "check.handle": "the handle U",
            "check.grant": "a HandleGrant message",
            "result.record": "the IdentityRecord message",
        },
        SETTING,
    )
    signed, entry = seal_record(EPOCH_KEY, RECORD, OPERATOR, Draws("entry, ordinary"))
    grant = HandleGrant(signed, entry, sign_receipt(EPOCH_KEY, entry, AUTHORITY))
    file.accept("ordinary", check={"handle": HANDLE, "grant": grant}, result={"record": RECORD})
    renamed = replace(RECORD, name="성춘향")
    other_signed, other_entry = seal_record(EPOCH_KEY, renamed, OPERATOR, Draws("entry, other"))
    file.reject("ordinary", "another record", InvalidEntry, grant=replace(grant, record=other_signed))
    file.reject("ordinary", "another entry", InvalidEntry, grant=replace(grant, entry=other_entry))
    file.reject(
        "ordinary",
        "another record and its entry, the first one's receipt",
        InvalidReceipt,
        grant=replace(grant, record=other_signed, entry=other_entry),
    )
    file.reject(
        "ordinary",
        "a receipt signed by the operator",
        InvalidSignature,
        grant=replace(grant, receipt=sign_receipt(EPOCH_KEY, entry, OPERATOR)),
    )
    file.reject(
        "ordinary",
        "a record signed by nobody",
        InvalidSignature,
        grant=replace(grant, record=sign_statement(RECORD, STRANGER)),
    )
    file.reject("ordinary", "another handle", InvalidEntry, handle=Scalar.reduce(pinned("two", 64)) * HANDLE)
    file.reject("ordinary", "cut short", MalformedEncoding, grant=grant.to_bytes()[:-1])
    return file
