"""The operations for visitors without a phone (paper passes, what a door seals), and the statements in between."""

from __future__ import annotations

from collections import Counter

from benchmarks.floor import Counts
from benchmarks.operations import HASH_TO_SCALAR, NONCE, POINT, RANDOM_SCALAR, RESPONSE, SCALAR, Operation
from benchmarks.session import Session
from protocol.assisted_check_ins import AssertedRecord, AssistedCheckIn, open_assisted, seal_assisted, verify_assisted
from protocol.check_ins import Direction
from protocol.commitments import sign_commitment, verify_commitment
from protocol.handles import HandleGrant, seal_record, sign_receipt, verify_grant
from protocol.paper_check_ins import PaperCheckInMessage, sign_paper_check_in, verify_paper_check_in
from protocol.paper_passes import from_paper_text, print_pass, verify_paper
from protocol.transparency.merkle import CompactRange

SIGNED_WITH_SCALAR: Counts = NONCE + Counter(base=1) + HASH_TO_SCALAR + RESPONSE


def other_operations(session: Session) -> list[Operation]:
    """All of these, ready to run."""
    return [*_papers(session), *_assisted(session), *_statements(session)]


def _papers(session: Session) -> list[Operation]:
    key, now, place = session.parties.epoch_key, session.now, session.venue.record.venue_id
    owned = session.visitors[0].passes[0]
    text = print_pass(key, owned)
    delegated = verify_paper(key, from_paper_text(text))
    sent = sign_paper_check_in(key, delegated, now, Direction.ENTRY, place).to_bytes()
    return [
        Operation(
            "print a paper pass",
            "§3.8",
            "K = k * B, the pass's signature over it",
            RANDOM_SCALAR + Counter(base=1) + SIGNED_WITH_SCALAR,
            lambda: print_pass(key, owned),
        ),
        Operation(
            "verify a paper pass",
            "§3.8",
            "k, K = k * B; the authority's signature over the pass, the pass's over K",
            SCALAR + Counter(base=1, verify=2),
            lambda: verify_paper(key, from_paper_text(text)),
        ),
        Operation(
            "sign a paper check-in",
            "§3.8",
            "R = n * B, c = H(R, K, label), s = n + c * k",
            SIGNED_WITH_SCALAR,
            lambda: sign_paper_check_in(key, delegated, now, Direction.ENTRY, place).to_bytes(),
        ),
        Operation(
            "verify a paper check-in",
            "§3.8",
            "K; the authority's signature over the pass, the pass's over K, K's over the label",
            POINT + Counter(verify=3),
            lambda: verify_paper_check_in(key, PaperCheckInMessage.from_bytes(sent)),
        ),
    ]


def _assisted(session: Session) -> list[Operation]:
    parties, now, place = session.parties, session.now, session.venue.record.venue_id
    key, record = parties.epoch_key, AssertedRecord("홍길동", "+821012345678")
    sealed = seal_assisted(key, record, now, place)
    sent, entry = sealed.to_bytes(), verify_assisted(key, sealed)
    operator, authority = (secret.share * sealed.u for secret in parties.secrets.values())
    S = operator + authority
    return [
        Operation(
            "seal an assisted check-in",
            "§3.8",
            "u = r * B, H(r * X), encryption; r's signature over the label",
            RANDOM_SCALAR + Counter(base=1, scalarmult=1, hash=1, encrypt_record=1) + SIGNED_WITH_SCALAR,
            lambda: seal_assisted(key, record, now, place).to_bytes(),
        ),
        Operation(
            "verify an assisted check-in",
            "§3.8",
            "u, its signature over the label",
            POINT + Counter(verify=1),
            lambda: verify_assisted(key, AssistedCheckIn.from_bytes(sent)),
        ),
        Operation(
            "open an assisted check-in",
            "§3.10",
            "key = H(D_op + D_auth), decryption",
            Counter(hash=1, decrypt_record=1),
            lambda: open_assisted(key, entry, S),
        ),
    ]


def _statements(session: Session) -> list[Operation]:
    parties, visitor, now = session.parties, session.visitors[0], session.now
    key, venue, venue_key = parties.epoch_key, session.log.venue, session.log.key
    signed, entry = seal_record(key, visitor.record, parties.operator)
    grant = HandleGrant(signed, entry, sign_receipt(key, entry, parties.authority)).to_bytes()
    _, commitment = sign_commitment(venue, venue_key, now, CompactRange())
    return [
        Operation(
            "sign a receipt",
            "§3.6",
            "digest of the entry, signature",
            Counter(hash=1, sign=1),
            lambda: sign_receipt(key, entry, parties.authority),
        ),
        Operation(
            "verify a grant",
            "§3.6",
            "as open record; the record's signature; digest of the entry, the receipt's signature",
            Counter(hash=3, decrypt_record=1, verify=3) + POINT + POINT,
            lambda: verify_grant(key, visitor.handle, HandleGrant.from_bytes(grant)),
        ),
        Operation(
            "sign a commitment",
            "§3.9",
            "salt, digest, signature",
            Counter(random=1, hash=1, sign=1),
            lambda: sign_commitment(venue, venue_key, now, CompactRange()),
        ),
        Operation(
            "verify a commitment",
            "§3.9",
            "signature",
            Counter(verify=1),
            lambda: verify_commitment(venue, commitment, now),
        ),
    ]
