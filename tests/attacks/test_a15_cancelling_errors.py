"""A15: errors that cancel in a batched proof whose coefficients do not cover the batch."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from protocol.check_ins import Direction, sign_check_in
from protocol.epochs import Role
from protocol.opening import EpochShares, Shares, _shares_context, create_shares, open_release, verify_party_shares
from protocol.primitives import proofs
from protocol.primitives.errors import FaultyShares
from protocol.primitives.group import B, Point, Scalar
from protocol.primitives.hashing import digest, encodings
from protocol.primitives.proofs import EqualityProof
from protocol.primitives.statements import sign_statement
from protocol.releases import VerifiedRelease
from tests.attacks.arithmetic import inverse, minus
from tests.support.domain import NOW, TODAY, OpenEpoch, Parties, Visitor
from tests.support.strategies import scalar

GUESS = 7


def weak_coefficient(i: int, u: Point, D: Point) -> Scalar:
    """A coefficient of its own index and pair alone, and one of only 256."""
    return scalar(1 + digest("weak", i.to_bytes(4, "big"), encodings((u, D)))[0])


def weak_batch(
    name: str, context: bytes, bases: Sequence[Point], left: Sequence[Point], right: Sequence[Point]
) -> tuple[bytes, list[Scalar]]:
    """The batch of the protocol with those coefficients."""
    seed = digest(f"{name}/batch", context, encodings(bases), encodings(left), encodings(right))
    return seed, [weak_coefficient(i, u, D) for i, (u, D) in enumerate(zip(left, right, strict=True))]


def with_cancelling_errors(u: list[Point], D: list[Point], error: Point) -> list[Point]:
    """`D` with `error` in the first share, and errors in two others that make up for it under weak coefficients."""
    wrong = [D[0] + error, *D[1:]]
    first = weak_coefficient(0, u[0], wrong[0]) * error
    while True:
        third = Scalar.random() * B
        wrong[2] = D[2] + third
        rest = first + weak_coefficient(2, u[2], wrong[2]) * third
        wrong[1] = D[1] + minus(inverse(scalar(GUESS))) * rest
        if weak_coefficient(1, u[1], wrong[1]) == scalar(GUESS):
            return wrong


@pytest.fixture
def release(parties: Parties, today: OpenEpoch, visitor: Visitor) -> VerifiedRelease:
    """Three check-ins that a warrant covers, all of one visitor."""
    warrant = parties.warrant(NOW - 60, NOW + 60)
    encoded = [sign_check_in(today.key, owned, NOW, Direction.ENTRY).to_bytes() for owned in visitor.passes]
    return parties.verify(warrant, {TODAY: today.key}, parties.release(warrant, {TODAY: encoded}))


class Framing:
    """The operator makes a visitor's first check-in open to a stranger, whose handle it knows."""

    def __init__(
        self, parties: Parties, today: OpenEpoch, release: VerifiedRelease, guilty: Visitor, framed: Visitor
    ) -> None:
        self.parties, self.today, self.release = parties, today, release
        self.x, self.X = today.secrets[Role.OPERATOR].share, today.key.shares[Role.OPERATOR]
        self.context = _shares_context(today.key, Role.OPERATOR, release, release.judgement.to_bytes())
        self.u = [Point(u) for u in sorted(release.visits[today.key.epoch])]
        self.D = [self.x * u for u in self.u]
        self.wrong = with_cancelling_errors(self.u, self.D, guilty.handle - framed.handle)

    def opened(self, proof: EqualityProof) -> list[Point | None]:
        """What the authority opens with the wrong shares; raises `FaultyShares` if it catches them."""
        key, release = self.today.key, self.release
        part = EpochShares(key.epoch, tuple(self.u), tuple(self.wrong), proof)
        said = self.parties.domain.number, Role.OPERATOR, release.warrant.warrant_id
        message = Shares(*said, release.judgement, (part,))
        keys, secrets = {key.epoch: key}, {key.epoch: (key, self.today.secrets[Role.AUTHORITY])}
        operator, authority = (
            verify_party_shares(self.parties.domain, role, release, keys, statement)
            for role, statement in (
                (Role.OPERATOR, sign_statement(message, self.parties.keys[Role.OPERATOR])),
                (
                    Role.AUTHORITY,
                    create_shares(
                        self.parties.domain, Role.AUTHORITY, release, secrets, self.parties.keys[Role.AUTHORITY]
                    ),
                ),
            )
        )
        return [handle for _, handle in open_release(release, operator, authority)]


@pytest.fixture
def framing(
    parties: Parties, today: OpenEpoch, release: VerifiedRelease, visitor: Visitor, stranger: Visitor
) -> Framing:
    return Framing(parties, today, release, visitor, stranger)


def test_a15_errors_do_not_cancel(framing: Framing) -> None:
    """The operator frames a stranger: the errors in its shares cancel under coefficients that it can foresee.

    Happened: derived from RFC 9497 §2.2, whose coefficients are per index. Answer: every coefficient is hashed from
    all pairs (§3.3).
    """
    context, x, X, u = framing.context, framing.x, framing.X, framing.u
    for proof in (proofs.prove_shares(context, x, X, u, D) for D in (framing.D, framing.wrong)):
        with pytest.raises(FaultyShares, match="operator"):
            framing.opened(proof)


def test_a15_works_with_coefficients_of_their_own_index(
    framing: Framing, visitor: Visitor, stranger: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same attack on the same code with such coefficients: the authority believes that the stranger was there."""
    monkeypatch.setattr(proofs, "_batch", weak_batch)
    proof = proofs.prove_shares(framing.context, framing.x, framing.X, framing.u, framing.wrong)
    opened = framing.opened(proof)
    assert opened[0] == stranger.handle
    assert visitor.handle not in opened
