"""A13: one party picks its public share after the other's, so that it alone knows the joint key's logarithm."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocol import epochs
from protocol.check_ins import CheckInMessage, Direction, sign_check_in
from protocol.epochs import EpochStatement, Role, create_epoch, verify_epoch
from protocol.primitives.errors import InvalidProof
from protocol.primitives.group import B, Point, Scalar
from protocol.primitives.proofs import KnowledgeProof, prove_knowledge
from protocol.primitives.statements import sign_statement, statement_payload
from tests.support.domain import NOW, TODAY, OpenEpoch, Parties, enrol, found_domain


def rogue_epoch(parties: Parties, role: Role, x: Scalar, proof: KnowledgeProof | None = None) -> OpenEpoch:
    """The epoch in which `role` waits for the other's share and answers `x * B - X_other`.

    Its proof is one that holds for `x * B`, unless it brings another. Raises what `verify_epoch` raises.
    """
    (honest,) = set(Role) - {role}
    created = {party: create_epoch(parties.domain, party, TODAY, parties.keys[party]) for party in Role}
    secrets = {party: secret for party, (secret, _) in created.items()}
    statements = {party: statement for party, (_, statement) in created.items()}
    mine, theirs = (EpochStatement.from_bytes(statement_payload(statements[party])) for party in (role, honest))
    context = epochs._possession_context(parties.domain, role, TODAY)
    proof = proof or prove_knowledge("epoch-share", context, x, x * B)
    rogue = replace(mine, key_share=x * B - theirs.key_share, possession=proof)
    statements[role] = sign_statement(rogue, parties.keys[role])
    key = verify_epoch(parties.domain, TODAY, statements[Role.OPERATOR], statements[Role.AUTHORITY])
    return OpenEpoch(key, statements, secrets)


def opened_alone(x: Scalar, message: CheckInMessage) -> Point:
    """The handle in a check-in, if `x` is the whole secret."""
    return Point(message.v) - x * Point(message.u)


@pytest.mark.parametrize("role", Role)
def test_a13_a_share_chosen_after_the_others_is_refused(role: Role) -> None:
    """A party answers the other's `X` with `x * B - X` and every proof that it can make or copy.

    Happened: general, wherever keys are added without proofs of possession. Answer: the proof is for the share
    itself, bound to domain, role and epoch (§3.5).
    """
    parties, x = found_domain(), Scalar.random()
    for proof in (
        None,
        KnowledgeProof(Scalar.random(), (Scalar.random(),)),
        prove_knowledge("epoch-share", epochs._possession_context(parties.domain, role, TODAY + 1), x, x * B),
        prove_knowledge("handle", b"", x, x * B),
    ):
        with pytest.raises(InvalidProof):
            rogue_epoch(parties, role, x, proof)


@pytest.mark.parametrize("role", Role)
def test_a13_works_without_the_proof_of_possession(role: Role, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same attack on the same code without its one check: the party reads every check-in of the day alone."""
    parties, x = found_domain(), Scalar.random()
    monkeypatch.setattr(epochs, "verify_knowledge", lambda *_: True)
    epoch = rogue_epoch(parties, role, x)
    visitor = enrol(parties, epoch, "홍길동", "+821012345678")
    message = sign_check_in(epoch.key, visitor.passes[0], NOW, Direction.ENTRY)
    assert opened_alone(x, message) == visitor.handle
