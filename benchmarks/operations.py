"""The operations of the protocol and the primitives that the spec's formulas cost them.

An operation starts from the bytes that arrive and ends with the bytes that leave. Counted is what its formulas
say and no more: a point or scalar off the wire is checked once (§3.1), although libsodium's scalar multiplication
checks its point again; a prover checks its proof once; an intermediate result that two formulas share is computed
once; and a hash or signature counts as one over a short message, however long its message is, but for a release, which
is long by what it releases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.floor import Counts
from benchmarks.peers import Peer, opening_with_one_key, sealing_to_one_key, two_verifications
from benchmarks.session import ACCOUNT, Session
from protocol.check_ins import CheckInMessage, Direction, sign_check_in, verify_check_in
from protocol.commitments import append_check_ins
from protocol.epochs import Role, create_epoch, verify_epoch
from protocol.handles import (
    HandleRegistration,
    IdentityRecord,
    open_entry,
    register_handle,
    seal_record,
    verify_registration,
)
from protocol.opening import create_shares, open_release, verify_party_shares
from protocol.passes import (
    AllowanceRequest,
    PassAnswers,
    accept_answers,
    issue_pass,
    request_allowance,
    verify_allowance,
)
from protocol.primitives.encoding import Message
from protocol.releases import verify_release
from protocol.transparency.merkle import CompactRange

GOAL = 1.15


@dataclass(frozen=True)
class Operation:
    """What is measured. `primitives` and `run` are for all `items` together; results are given per item.

    `formula` shows where the count comes from, `section` is the spec's; `goal` is the largest ratio to the floor.
    """

    name: str
    section: str
    formula: str
    primitives: Counts
    run: Callable[[], object]
    items: int = 1
    goal: float | None = None
    peer: Peer | None = None


def each(items: int, counts: Counts) -> Counts:
    """`counts`, for each of `items`."""
    return Counter({name: items * count for name, count in counts.items()})


POINT: Counts = Counter(valid_point=1)
SCALAR: Counts = Counter(scalar_reduce=1)  # libsodium has no other check of "< L"
RANDOM_SCALAR: Counts = Counter(random=1, scalar_reduce=1)
HASH_TO_SCALAR: Counts = Counter(hash=1, scalar_reduce=1)
NONCE: Counts = Counter(random=1) + HASH_TO_SCALAR
RESPONSE: Counts = Counter(scalar_multiply=1, scalar_add=1)  # s = k + c * x

# c == Hs(statement, s * B - c * X)
VERIFY_KNOWLEDGE: Counts = Counter(base=1, scalarmult=1, subtract=1) + HASH_TO_SCALAR
# k * B, c, s, and the prover's own check
PROVE_KNOWLEDGE: Counts = NONCE + Counter(base=1) + HASH_TO_SCALAR + RESPONSE + VERIFY_KNOWLEDGE
# c == Hs(statement, s_r * B - c * u0, s_h * B + s_r * X - c * v0)
VERIFY_OWNERSHIP: Counts = Counter(base=2, scalarmult=3, add=1, subtract=2) + HASH_TO_SCALAR
# k_r * B, k_h * B + k_r * X, c, s_r, s_h, and the prover's own check
PROVE_OWNERSHIP: Counts = (
    each(2, NONCE) + Counter(base=2, scalarmult=1, add=1) + HASH_TO_SCALAR + each(2, RESPONSE) + VERIFY_OWNERSHIP
)
# c == Hs(statement, s * B - c * P, s * H - c * Q)
VERIFY_EQUALITY: Counts = Counter(base=1, scalarmult=3, subtract=2) + HASH_TO_SCALAR
# k * B, k * H, c, s, and the prover's own check
PROVE_EQUALITY: Counts = NONCE + Counter(base=1, scalarmult=1) + HASH_TO_SCALAR + RESPONSE + VERIFY_EQUALITY


def coefficients(items: int) -> Counts:
    """A seed over the whole batch, and from it `a_i` for each of its pairs."""
    return Counter(hash=1) + each(items, HASH_TO_SCALAR)


def combination(items: int) -> Counts:
    """The sum of `a_i * P_i`."""
    return Counter(scalarmult=items, add=items - 1)


def handle_combination(items: int) -> Counts:
    """The statement of the batched proof: sums of `a_i * u0_i` and `a_i * v0_i`, less `sum(a_i) * U`."""
    return each(2, combination(items)) + Counter(scalar_add=items - 1, scalarmult=1, subtract=1)


def all_operations(session: Session) -> list[Operation]:
    """Every operation of the protocol, ready to run on the values of `session`."""
    return [*_epochs(session), *_handles(session), *_issuing(session), *_check_ins(session), *_opening(session)]


def _encoded(kept_and_sent: tuple[object, Message]) -> bytes:
    _, sent = kept_and_sent
    return sent.to_bytes()


def _epochs(session: Session) -> list[Operation]:
    parties = session.parties
    domain, epoch = parties.domain, parties.epoch
    statements = parties.statements[Role.OPERATOR], parties.statements[Role.AUTHORITY]
    return [
        Operation(
            "create epoch (authority)",
            "§3.5",
            "X_i = x_i * B, proof of possession, pass key, signature",
            RANDOM_SCALAR + Counter(base=1, random=1, key_pair=1, sign=1) + PROVE_KNOWLEDGE,
            lambda: create_epoch(domain, Role.AUTHORITY, epoch, parties.authority),
        ),
        Operation(
            "verify epoch",
            "§3.5",
            "2 (signature, X_i, proof of possession), pass key; X = X_op + X_auth, context",
            each(2, Counter(verify=1) + POINT + each(2, SCALAR) + VERIFY_KNOWLEDGE) + POINT + Counter(add=1, hash=1),
            lambda: verify_epoch(domain, epoch, *statements),
        ),
    ]


def _handles(session: Session) -> list[Operation]:
    epoch_key, operator, visitor = session.parties.epoch_key, session.parties.operator, session.visitors[0]
    return [
        Operation(
            "register handle",
            "§3.6",
            "U = h * B, proof of h",
            RANDOM_SCALAR + Counter(base=1) + PROVE_KNOWLEDGE,
            lambda: _encoded(register_handle(epoch_key, ACCOUNT)),
        ),
        Operation(
            "verify handle",
            "§3.6",
            "U, proof of h",
            POINT + each(2, SCALAR) + VERIFY_KNOWLEDGE,
            lambda: verify_registration(epoch_key, ACCOUNT, HandleRegistration.from_bytes(visitor.registration)),
        ),
        Operation(
            "seal record",
            "§3.6",
            "signature; index = H(U), key = H(U); encryption",
            Counter(sign=1, hash=2, random=1, encrypt_record=1),
            lambda: _encoded(seal_record(epoch_key, visitor.record, operator)),
        ),
        Operation(
            "open record",
            "§3.6",
            "index = H(U), key = H(U); decryption; signature; U in the record",
            Counter(hash=2, decrypt_record=1, verify=1) + POINT,
            lambda: open_entry(epoch_key, visitor.handle, visitor.entry),
        ),
    ]


def _issuing(session: Session) -> list[Operation]:
    parties, visitor = session.parties, session.visitors[0]
    epoch_key, n = parties.epoch_key, parties.domain.allowance
    pass_key = parties.secrets[Role.AUTHORITY].pass_signing_key
    return [
        Operation(
            "request a pass",
            "§3.7",
            "u0 = r0 * B, v0 = U + r0 * X, ownership; w = sum(a_i * r0_i), w * B, w * X, equality",
            Counter(base=1)
            + each(n, RANDOM_SCALAR + Counter(base=1, scalarmult=1, add=1) + PROVE_OWNERSHIP)
            + coefficients(n)
            + Counter(scalar_multiply=n, scalar_add=n - 1, base=1, scalarmult=1)
            + PROVE_EQUALITY,
            lambda: _encoded(request_allowance(epoch_key, visitor.h)),
            items=n,
            goal=GOAL,
        ),
        Operation(
            "operator verifies a request",
            "§3.7",
            "u0, v0, 3 scalars; sum(a_i * u0_i), sum(a_i * (v0_i - U)), equality",
            each(n, each(2, POINT) + each(3, SCALAR))
            + each(2, SCALAR)
            + coefficients(n)
            + handle_combination(n)
            + VERIFY_EQUALITY,
            lambda: verify_allowance(epoch_key, visitor.handle, AllowanceRequest.from_bytes(visitor.request)),
            items=n,
            goal=GOAL,
        ),
        Operation(
            "authority issues a pass",
            "§3.7",
            "u0, v0, ownership; u = u0 + c * B, v = v0 + c * X, signature; E = e * B, H(e * u0), encryption",
            each(
                n,
                each(2, POINT)
                + each(3, SCALAR)
                + VERIFY_OWNERSHIP
                + each(2, RANDOM_SCALAR)
                + Counter(base=1, scalarmult=1, add=2, sign=1)
                + Counter(base=1, scalarmult=1, hash=1, encrypt_answer=1),
            ),
            lambda: [issue_pass(epoch_key, pass_key, request) for request in visitor.issued],
            items=n,
            goal=GOAL,
        ),
        Operation(
            "accept an answer",
            "§3.7",
            "E, H(r0 * E), decryption; u = u0 + c * B, v = v0 + c * X, signature; r = r0 + c",
            each(
                n,
                POINT
                + Counter(scalarmult=1, hash=1, decrypt_answer=1)
                + SCALAR
                + Counter(base=1, scalarmult=1, add=2, verify=1, scalar_add=1),
            ),
            lambda: accept_answers(epoch_key, visitor.pending, PassAnswers.from_bytes(visitor.answers)),
            items=n,
            goal=GOAL,
        ),
    ]


def _check_ins(session: Session) -> list[Operation]:
    epoch_key, passes, now = session.parties.epoch_key, session.visitors[0].passes, session.now
    arriving = [message.to_bytes() for message in session.check_ins]
    return [
        Operation(
            "sign a check-in",
            "§3.8",
            "R = k * B, c = H(R, u, label), s = k + c * r",
            each(len(passes), NONCE + Counter(base=1) + HASH_TO_SCALAR + RESPONSE),
            lambda: [sign_check_in(epoch_key, owned, now, Direction.ENTRY).to_bytes() for owned in passes],
            items=len(passes),
            peer=sealing_to_one_key(session, len(passes)),
        ),
        Operation(
            "door verifies a check-in",
            "§3.8",
            "the authority's signature over the pass, the pass's over the label",
            Counter(verify=2 * len(arriving)),
            lambda: [verify_check_in(epoch_key, CheckInMessage.from_bytes(message)) for message in arriving],
            items=len(arriving),
            goal=GOAL,
            peer=two_verifications(session),
        ),
    ]


def _opening(session: Session) -> list[Operation]:
    parties, release = session.parties, session.release
    domain, epoch, epoch_key = parties.domain, parties.epoch, parties.epoch_key
    keys, secret, n = {epoch: epoch_key}, parties.secrets[Role.OPERATOR], len(session.check_ins)
    operator, authority = session.shares[Role.OPERATOR], session.shares[Role.AUTHORITY]

    def open_all() -> list[IdentityRecord]:
        handles = [U for _, U in open_release(release, operator, authority) if U is not None]
        return [open_entry(epoch_key, U, session.entries[bytes(U)]) for U in handles]

    return [
        Operation(
            "commit to a check-in",
            "§3.9",
            "its digest, leaf and node",
            Counter(hash=3 * n),
            lambda: append_check_ins(CompactRange(), [leaf.committed for leaf in session.log.leaves]),
            items=n,
        ),
        Operation(
            "verify a released check-in",
            "§3.9",
            "both signatures of each check-in, its digest, leaf and node; the venue's signature, digest, commitment",
            Counter(verify=2 * n, hash=3 * n + 1, verify_release=1, hash_release=1),
            lambda: verify_release(
                session.warrant, session.venue, keys, session.log.commitments, session.signed_release
            ),
            items=n,
            goal=GOAL,
        ),
        Operation(
            "create a share",
            "§3.10",
            "u, D = x * u; M = sum(a_i * u_i), x * M, equality; signature",
            each(n, POINT + Counter(scalarmult=1))
            + coefficients(n)
            + combination(n)
            + Counter(scalarmult=1, sign=1)
            + PROVE_EQUALITY,
            lambda: create_shares(domain, Role.OPERATOR, release, {epoch: (epoch_key, secret)}, parties.operator),
            items=n,
            goal=GOAL,
        ),
        Operation(
            "verify a share",
            "§3.10",
            "signature; u, D; sum(a_i * u_i), sum(a_i * D_i), equality",
            Counter(verify=1)
            + each(n, each(2, POINT))
            + each(2, SCALAR)
            + coefficients(n)
            + each(2, combination(n))
            + VERIFY_EQUALITY,
            lambda: verify_party_shares(domain, Role.OPERATOR, release, keys, session.signed_shares[Role.OPERATOR]),
            items=n,
            goal=GOAL,
        ),
        Operation(
            "open a check-in, its record",
            "§3.10",
            "v, U = v - D_op - D_auth; then as open record",
            each(n, POINT + Counter(subtract=2, hash=2, decrypt_record=1, verify=1) + POINT),
            open_all,
            items=n,
            goal=GOAL,
            peer=opening_with_one_key(session, n),
        ),
    ]
