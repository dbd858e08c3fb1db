"""C1: without a share of both parties nobody reads a check-in; no key is used before it is proven."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt, sodium_pad

from protocol import handles, http_messages
from protocol.check_ins import Direction, sign_check_in, verify_check_in
from protocol.epochs import (
    EpochSecret,
    EpochStatement,
    Role,
    check_same_statement,
    create_epoch,
    verify_epoch,
    verify_epoch_statement,
)
from protocol.handles import (
    DirectoryEntry,
    HandleGrant,
    IdentityRecord,
    open_entry,
    reopen_entry,
    seal_record,
    sign_receipt,
    verify_grant,
)
from protocol.opening import open_check_in
from protocol.passes import OwnedPass
from protocol.primitives.errors import (
    ConflictingStatements,
    IdentityElement,
    InvalidEntry,
    InvalidProof,
    InvalidReceipt,
    InvalidSignature,
    WrongDomain,
    WrongEpoch,
    WrongParty,
)
from protocol.primitives.group import B, Point, Scalar
from protocol.primitives.proofs import KnowledgeProof, prove_knowledge
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import sign_statement, verify_statement
from tests.support.domain import NOW, TODAY, OpenEpoch, Parties, Visitor, found_domain
from tests.support.edwards import L
from tests.support.strategies import scalar, scalars


def statement_of(parties: Parties, epoch: OpenEpoch, role: Role) -> EpochStatement:
    return verify_statement(EpochStatement, epoch.statements[role], parties.domain.identity_key(role))


def verify_with(parties: Parties, epoch: OpenEpoch, role: Role, message: EpochStatement) -> None:
    """Verify the epoch with one party's statement replaced by another that it signs."""
    statements = {**epoch.statements, role: sign_statement(message, parties.keys[role])}
    verify_epoch(parties.domain, epoch.key.epoch, statements[Role.OPERATOR], statements[Role.AUTHORITY])


@pytest.mark.parametrize("role", Role)
@given(x=scalars)
def test_c1_a_rogue_key_is_refused(parties: Parties, today: OpenEpoch, role: Role, x: Scalar) -> None:
    """One party waits for the other's `X` and answers `x * B - X`, so that the joint key is its own `x * B`."""
    other = Role.AUTHORITY if role is Role.OPERATOR else Role.OPERATOR
    theirs, mine = statement_of(parties, today, other), statement_of(parties, today, role)
    rogue = x * B - theirs.key_share
    assert theirs.key_share + rogue == x * B
    proofs: list[KnowledgeProof] = [
        mine.possession,
        theirs.possession,
        prove_knowledge("epoch-share", b"", x, x * B),
        KnowledgeProof(mine.possession.challenge, theirs.possession.responses),
    ]
    for proof in proofs:
        with pytest.raises(InvalidProof):
            verify_with(parties, today, role, replace(mine, key_share=rogue, possession=proof))


def test_c1_a_proof_of_possession_is_bound_to_domain_role_and_epoch(parties: Parties, today: OpenEpoch) -> None:
    """A copied share with a copied proof: the same secret under another role, epoch or domain is refused."""
    operator, authority = (statement_of(parties, today, role) for role in Role)
    copied = replace(authority, key_share=operator.key_share, possession=operator.possession)
    with pytest.raises(InvalidProof):
        verify_with(parties, today, Role.AUTHORITY, copied)
    tomorrow = sign_statement(replace(operator, epoch=TODAY + 1), parties.keys[Role.OPERATOR])
    with pytest.raises(InvalidProof):
        verify_epoch_statement(parties.domain, Role.OPERATOR, TODAY + 1, tomorrow)
    elsewhere = found_domain(number=1, same_keys=parties).domain
    there = sign_statement(replace(operator, domain=1), parties.keys[Role.OPERATOR])
    with pytest.raises(InvalidProof):
        verify_epoch_statement(elsewhere, Role.OPERATOR, TODAY, there)


def test_c1_a_statement_counts_for_its_domain_role_and_epoch(parties: Parties, today: OpenEpoch) -> None:
    operator, authority = (statement_of(parties, today, role) for role in Role)
    for role, message, error in (
        (Role.OPERATOR, replace(operator, domain=1), WrongDomain),
        (Role.OPERATOR, replace(operator, role=Role.AUTHORITY), WrongParty),
        (Role.OPERATOR, replace(operator, epoch=TODAY + 1), WrongEpoch),
        (Role.OPERATOR, replace(operator, pass_key=authority.pass_key), WrongParty),
        (Role.AUTHORITY, replace(authority, pass_key=None), WrongParty),
        (Role.AUTHORITY, replace(authority, role=Role.OPERATOR), WrongParty),
    ):
        with pytest.raises(error):
            verify_with(parties, today, role, message)
    for statements in (
        (today.statements[Role.AUTHORITY], today.statements[Role.OPERATOR]),
        (today.statements[Role.OPERATOR],) * 2,
        (today.statements[Role.AUTHORITY],) * 2,
    ):
        with pytest.raises(InvalidSignature):
            verify_epoch(parties.domain, TODAY, *statements)


@given(x=scalars)
def test_c1_shares_that_cancel_make_no_key(x: Scalar) -> None:
    """The secrets `x` and `-x`, each with its valid proof: parties that collude in the open gain no `X` of zero."""
    parties = found_domain()
    minus_x = scalar(L - 1) * x

    def pinned(secret: Scalar) -> Callable[[int], bytes]:
        return lambda size: bytes(secret).ljust(size, b"\0") if size == 64 else bytes(size)

    _, operator = create_epoch(parties.domain, Role.OPERATOR, TODAY, parties.keys[Role.OPERATOR], pinned(x))
    _, authority = create_epoch(parties.domain, Role.AUTHORITY, TODAY, parties.keys[Role.AUTHORITY], pinned(minus_x))
    with pytest.raises(IdentityElement):
        verify_epoch(parties.domain, TODAY, operator, authority)


def test_c1_two_statements_for_one_epoch_are_evidence(parties: Parties, today: OpenEpoch) -> None:
    known = today.statements[Role.OPERATOR]
    secret, second = create_epoch(parties.domain, Role.OPERATOR, TODAY, parties.keys[Role.OPERATOR])
    assert (secret.role, secret.epoch) == (Role.OPERATOR, TODAY)
    check_same_statement(known, known)
    with pytest.raises(ConflictingStatements) as caught:
        check_same_statement(known, second)
    assert (caught.value.first, caught.value.second) == (known, second)
    other = verify_epoch(parties.domain, TODAY, second, today.statements[Role.AUTHORITY])
    assert other.context != today.key.context


@pytest.mark.parametrize(
    "change",
    [{"number": 254}, {"utc_offset": 0}, {"allowance": 4}, {"operator_key": None}],
    ids=lambda change: next(iter(change)),
)
def test_c1_every_rule_of_the_domain_is_in_the_epoch_context(
    parties: Parties, today: OpenEpoch, change: dict[str, int | Point | None]
) -> None:
    """Whoever is shown another domain has another context, or statements that do not verify."""
    if "operator_key" in change:
        change = {"operator_key": public_key(SigningKey.generate())}
    domain = replace(parties.domain, **change)  # type: ignore[arg-type]
    operator, authority = today.statements[Role.OPERATOR], today.statements[Role.AUTHORITY]
    with pytest.raises((InvalidProof, InvalidSignature, WrongDomain)):
        verify_epoch(domain, TODAY, operator, authority)


def test_c1_the_joint_key_is_the_sum_and_each_share_belongs_to_its_secret(today: OpenEpoch) -> None:
    operator, authority = (today.secrets[role].share for role in Role)
    assert (operator + authority) * B == today.key.X
    assert today.key.shares == {Role.OPERATOR: operator * B, Role.AUTHORITY: authority * B}
    assert today.key.pass_key == public_key(today.secrets[Role.AUTHORITY].pass_signing_key)
    with pytest.raises(WrongParty):
        _ = today.secrets[Role.OPERATOR].pass_signing_key


@given(guess=scalars)
def test_c1_a_check_in_opens_with_both_shares_and_with_nothing_less(
    today: OpenEpoch, visitor: Visitor, guess: Scalar
) -> None:
    message = sign_check_in(today.key, visitor.passes[0], NOW, Direction.ENTRY)
    check_in = verify_check_in(today.key, message)
    u = Point(message.u)
    D_operator, D_authority = (today.secrets[role].share * u for role in Role)
    assert open_check_in(check_in, D_operator, D_authority) == visitor.handle
    for shares in ((D_operator, guess * u), (guess * u, D_authority), (D_operator, D_operator), (guess * u, guess * u)):
        assert open_check_in(check_in, *shares) != visitor.handle
    identity = Point(message.v) - D_operator
    assert open_check_in(check_in, D_operator, identity) is None


# The sealed directory: whoever does not know `U` reads nothing, not even a length.


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=32)


@given(name=names, phone=st.from_regex(r"\+[0-9]{3,15}", fullmatch=True), h=scalars, guess=scalars)
def test_c1_an_entry_opens_with_its_handle_alone(
    parties: Parties, today: OpenEpoch, name: str, phone: str, h: Scalar, guess: Scalar
) -> None:
    U = h * B
    record = IdentityRecord(parties.domain.number, TODAY, U, phone, name, TODAY)
    _, entry = seal_record(today.key, record, parties.keys[Role.OPERATOR])
    assert open_entry(today.key, U, entry) == record
    assert reopen_entry(today.key, bytes(U), entry) == (phone, name, TODAY)
    assert len(entry.sealed) == 528
    assert len(name.encode()) < 4 or name.encode() not in entry.sealed
    if guess != h:
        with pytest.raises(InvalidEntry):
            open_entry(today.key, guess * B, entry)
        with pytest.raises(InvalidEntry):
            reopen_entry(today.key, bytes(guess * B), entry)


def sealed_for(epoch: OpenEpoch, handle: Point, content: bytes) -> DirectoryEntry:
    """An entry that opens with `handle` and holds any content."""
    index, nonce = handles.directory_index(epoch.key, handle), bytes(24)
    padded, key = sodium_pad(content, handles.RECORD_BYTES), handles._directory_key(epoch.key, handle)
    return DirectoryEntry(TODAY, index, nonce, crypto_aead_xchacha20poly1305_ietf_encrypt(padded, index, nonce, key))


def test_c3_a_lying_entry_is_refused(parties: Parties, today: OpenEpoch, visitor: Visitor, stranger: Visitor) -> None:
    """Entries that the operator, or somebody else who knows `U`, seals with a record that is not the handle's."""
    operator, record, entry = parties.keys[Role.OPERATOR], visitor.record, visitor.grant.entry
    lies = [
        seal_record(today.key, record, SigningKey.generate())[1],
        seal_record(today.key, replace(record, domain=1), operator)[1],
        seal_record(today.key, replace(record, epoch=TODAY + 1), operator)[1],
        sealed_for(today, visitor.handle, sign_statement(stranger.record, operator)),
        sealed_for(today, visitor.handle, b"no statement"),
        replace(entry, index=stranger.grant.entry.index),
        replace(entry, epoch=TODAY + 1),
    ]
    assert open_entry(today.key, visitor.handle, entry) == record
    for lie in lies:
        with pytest.raises(InvalidEntry):
            open_entry(today.key, visitor.handle, lie)


def test_c3_a_grant_must_agree_with_itself(
    parties: Parties, today: OpenEpoch, tomorrow: OpenEpoch, visitor: Visitor, stranger: Visitor
) -> None:
    operator, authority = parties.keys[Role.OPERATOR], parties.keys[Role.AUTHORITY]
    grant = visitor.grant
    renamed, other_entry = seal_record(today.key, replace(visitor.record, name="임꺽정"), operator)
    assert verify_grant(today.key, visitor.handle, grant) == visitor.record
    for wrong, error in (
        (HandleGrant(renamed, grant.entry, grant.receipt), InvalidEntry),
        (HandleGrant(grant.record, other_entry, grant.receipt), InvalidEntry),
        (HandleGrant(renamed, other_entry, grant.receipt), InvalidReceipt),
        (HandleGrant(grant.record, grant.entry, stranger.grant.receipt), InvalidReceipt),
        (HandleGrant(grant.record, grant.entry, sign_receipt(tomorrow.key, grant.entry, authority)), InvalidReceipt),
        (HandleGrant(grant.record, grant.entry, sign_receipt(today.key, grant.entry, operator)), InvalidSignature),
    ):
        with pytest.raises(error):
            verify_grant(today.key, visitor.handle, wrong)


# What is secret does not show.


def shown(*values: object) -> str:
    return " ".join(f"{value!r} {value!s} {[value]!r}" for value in values)


def test_c1_secrets_and_identities_do_not_show(today: OpenEpoch, visitor: Visitor) -> None:
    owned: OwnedPass = visitor.passes[0]
    pending = visitor.pending[0]
    secrets: list[EpochSecret] = list(today.secrets.values())
    token = bytes(range(32))
    text = shown(
        owned,
        pending,
        *secrets,
        visitor.h,
        visitor.record,
        visitor.grant,
        http_messages.Session(visitor.account_id, token),
        http_messages.VerificationAnswer(visitor.record.phone, "483920", visitor.record.name),
    )
    hidden = [owned.r, pending.r0, visitor.h, *(secret.share for secret in secrets)]
    seeds = [secret.pass_seed for secret in secrets if secret.pass_seed]
    for secret in [*map(bytes, hidden), *seeds, token]:
        assert secret.hex() not in text
        assert repr(secret) not in text
        assert str(int.from_bytes(secret, "little")) not in text
    for identity in (visitor.record.phone, visitor.record.name, "483920"):
        assert identity not in text
    assert repr(visitor.registration) == "HandleRegistration(hidden)"
    assert repr(visitor.record) == "IdentityRecord(hidden)"
    assert repr(visitor.grant) == "HandleGrant(hidden)"
    assert repr(http_messages.Session(visitor.account_id, token)) == "Session(hidden)"
    assert repr(http_messages.VerificationRequest("+821")) == "VerificationRequest(hidden)"
    assert repr(http_messages.VerificationAnswer("+821", "483920", "홍길동")) == "VerificationAnswer(hidden)"
    for kept in secrets:
        assert repr(kept) == f"EpochSecret(role={kept.role!r}, epoch={TODAY}, hidden)"
