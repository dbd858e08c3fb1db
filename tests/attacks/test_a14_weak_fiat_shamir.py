"""A14: weak Fiat-Shamir. What is claimed is missing from the challenge, and a wrong share gets a proof that holds."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from protocol.check_ins import Direction, sign_check_in
from protocol.epochs import Role
from protocol.opening import EpochShares, Shares, _shares_context, create_shares, open_release, verify_party_shares
from protocol.primitives import proofs
from protocol.primitives.errors import FaultyShares
from protocol.primitives.group import B, Point, Scalar
from protocol.primitives.hashing import digest, encodings, frame, hash_to_scalar
from protocol.primitives.proofs import EqualityProof
from protocol.primitives.statements import sign_statement
from protocol.releases import VerifiedRelease
from tests.attacks.arithmetic import inverse
from tests.support.domain import NOW, TODAY, OpenEpoch, Parties, Visitor


def weak_batch(
    name: str, context: bytes, bases: Sequence[Point], left: Sequence[Point], right: Sequence[Point]
) -> tuple[bytes, list[Scalar]]:
    """The batch of the protocol, with the shares left out of the hash."""
    seed = digest(f"{name}/batch", context, encodings(bases), encodings(left))
    return seed, [hash_to_scalar(f"{name}/coefficient", seed, bytes([i])) for i in range(len(left))]


def weak_challenge_input(name: str, context: bytes, G: Point, H: Point, P: Point, Q: Point) -> bytes:
    """The challenge input of the protocol, with what is claimed left out."""
    return frame(f"{name}/equality", context, encodings((G, H)))


@pytest.fixture
def release(parties: Parties, today: OpenEpoch, visitor: Visitor) -> VerifiedRelease:
    """One check-in that a warrant covers."""
    warrant = parties.warrant(NOW - 60, NOW + 60)
    encoded = sign_check_in(today.key, visitor.passes[0], NOW, Direction.ENTRY).to_bytes()
    return parties.verify(warrant, {TODAY: today.key}, parties.release(warrant, {TODAY: [encoded]}))


def forged_shares(parties: Parties, today: OpenEpoch, release: VerifiedRelease) -> tuple[bytes, Point]:
    """A wrong share of the operator, with a proof: commit, take the challenge, then solve for the share."""
    key, x = today.key, today.secrets[Role.OPERATOR].share
    X, u = key.shares[Role.OPERATOR], Point(next(iter(release.visits[key.epoch])))
    context = _shares_context(key, Role.OPERATOR, release, release.judgement.to_bytes())
    claimed = Scalar.random() * B  # what a challenge that covers the share makes the forger decide first
    seed, (a,) = proofs._batch("shares", context, (B, X), [u], [claimed])
    M, k, T = a * u, Scalar.random(), Scalar.random() * B
    challenge_input = proofs._equality_challenge_input("shares", seed, B, M, X, a * claimed)
    c = hash_to_scalar("challenge", challenge_input, encodings((k * B, T)))
    s = k + c * x
    wrong = inverse(c * a) * (s * M - T)
    assert wrong != x * u
    part = EpochShares(key.epoch, (u,), (wrong,), EqualityProof(c, (s,)))
    said = parties.domain.number, Role.OPERATOR, release.warrant.warrant_id
    message = Shares(*said, release.judgement, (part,))
    return sign_statement(message, parties.keys[Role.OPERATOR]), wrong


def test_a14_a_wrong_share_with_a_forged_proof_is_caught(
    parties: Parties, today: OpenEpoch, release: VerifiedRelease
) -> None:
    """The operator hides a person in a trace: it gives a wrong share and forges the proof that it is right.

    Happened: Helios, and several threshold libraries. Answer: the challenge covers tag, context, bases, inputs and
    commitments (§3.3).
    """
    for _ in range(20):
        statement, _ = forged_shares(parties, today, release)
        with pytest.raises(FaultyShares, match="operator"):
            verify_party_shares(parties.domain, Role.OPERATOR, release, {today.key.epoch: today.key}, statement)


def test_a14_works_with_a_short_challenge(
    parties: Parties, today: OpenEpoch, visitor: Visitor, release: VerifiedRelease, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same attack on the same code with a challenge that leaves the shares out: the person is not found."""
    monkeypatch.setattr(proofs, "_batch", weak_batch)
    monkeypatch.setattr(proofs, "_equality_challenge_input", weak_challenge_input)
    keys = {today.key.epoch: today.key}
    shares = {
        role: create_shares(
            parties.domain, role, release, {today.key.epoch: (today.key, today.secrets[role])}, parties.keys[role]
        )
        for role in Role
    }
    honest = {role: verify_party_shares(parties.domain, role, release, keys, shares[role]) for role in Role}
    assert [U for _, U in open_release(release, honest[Role.OPERATOR], honest[Role.AUTHORITY])] == [visitor.handle]
    statement, _ = forged_shares(parties, today, release)
    forged = verify_party_shares(parties.domain, Role.OPERATOR, release, keys, statement)
    (opened,) = (U for _, U in open_release(release, forged, honest[Role.AUTHORITY]))
    assert opened != visitor.handle
