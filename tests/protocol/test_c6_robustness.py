"""C6: a wrong share is caught and blamed on the party that sent it, whichever it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from protocol.check_ins import Direction, sign_check_in
from protocol.epochs import Role
from protocol.opening import (
    EpochShares,
    Shares,
    VerifiedShares,
    create_shares,
    make_shares,
    open_release,
    valid_passes,
    verify_party_shares,
)
from protocol.passes import OwnedPass, Pass, pass_signing_input
from protocol.primitives.encoding import encode_item
from protocol.primitives.errors import FaultyShares, InvalidProof, InvalidSignature, OutOfScope
from protocol.primitives.group import B, Point, Scalar
from protocol.primitives.hashing import tag
from protocol.primitives.proofs import prove_shares
from protocol.primitives.statements import PROTECTED, TAG_18, sign_statement, verify_statement
from protocol.releases import VerifiedRelease
from tests.support.domain import TODAY, OpenEpoch, Parties, Visitor
from tests.support.edwards import TORSION, decode
from tests.support.strategies import scalars

every_role = pytest.mark.parametrize("role", Role)


@dataclass(frozen=True)
class Opening:
    """A release of two epochs, and both parties' honest shares for it."""

    parties: Parties
    epochs: dict[int, OpenEpoch]
    release: VerifiedRelease
    statements: dict[Role, bytes]

    def shares(self, role: Role) -> Shares:
        return verify_statement(Shares, self.statements[role], self.parties.domain.identity_key(role))

    def judge(self, role: Role, statement: bytes) -> VerifiedShares:
        keys = {number: epoch.key for number, epoch in self.epochs.items()}
        return verify_party_shares(self.parties.domain, role, self.release, keys, statement)

    def judge_message(self, role: Role, message: Shares) -> VerifiedShares:
        """What is found when the party itself signs `message`."""
        return self.judge(role, sign_statement(message, self.parties.keys[role]))

    def assert_blamed(self, role: Role, message: Shares) -> None:
        with pytest.raises(FaultyShares, match=f"the {role.name.lower()}'s shares") as caught:
            self.judge_message(role, message)
        assert (caught.value.role, caught.value.statement) == (role, sign_statement(message, self.parties.keys[role]))


def hold_opening(parties: Parties, epochs: list[OpenEpoch], owned: list[list[OwnedPass]]) -> Opening:
    """The opening of an entry by every pass of `owned`, by epoch."""
    begins = parties.domain.epoch_begins(epochs[0].key.epoch)
    warrant = parties.warrant(begins, begins + 2 * 86_400)
    handed_over = {
        epoch.key.epoch: [
            sign_check_in(
                epoch.key, one, parties.domain.epoch_begins(epoch.key.epoch) + 60 * i, Direction.ENTRY
            ).to_bytes()
            for i, one in enumerate(passes)
        ]
        for epoch, passes in zip(epochs, owned, strict=True)
    }
    by_number = {epoch.key.epoch: epoch for epoch in epochs}
    keys = {number: epoch.key for number, epoch in by_number.items()}
    release = parties.verify(warrant, keys, parties.release(warrant, handed_over))
    statements = {
        role: create_shares(
            parties.domain,
            role,
            release,
            {number: (epoch.key, epoch.secrets[role]) for number, epoch in by_number.items()},
            parties.keys[role],
        )
        for role in Role
    }
    return Opening(parties, by_number, release, statements)


@pytest.fixture(scope="session")
def opening(
    parties: Parties,
    today: OpenEpoch,
    tomorrow: OpenEpoch,
    visitor: Visitor,
    stranger: Visitor,
    visitor_tomorrow: Visitor,
) -> Opening:
    return hold_opening(parties, [today, tomorrow], [[*visitor.passes, *stranger.passes], visitor_tomorrow.passes])


@every_role
def test_what_a_party_gives_is_what_the_other_verifies(opening: Opening, role: Role) -> None:
    """So a party need not verify its own shares to open with them."""
    secrets = {number: (epoch.key, epoch.secrets[role]) for number, epoch in opening.epochs.items()}
    domain, key, passes = opening.parties.domain, opening.parties.keys[role], valid_passes(opening.release)
    made = make_shares(domain, role, opening.release, secrets, passes, key)
    assert made.given == opening.judge(role, made.statement)
    assert valid_passes(opening.release, made.given) == passes == made.given.passes


def test_passes_that_the_other_party_decoded_are_not_decoded_again(opening: Opening) -> None:
    given = opening.judge(Role.OPERATOR, opening.statements[Role.OPERATOR])
    (epoch, shared), *others = given.passes.items()
    some = replace(given, passes={epoch: shared})
    taken = valid_passes(opening.release, some)
    assert taken == valid_passes(opening.release)
    assert all(taken[epoch][u] is point for u, point in shared.items())
    assert others


def test_c6_honest_shares_open_every_check_in(
    opening: Opening, visitor: Visitor, stranger: Visitor, visitor_tomorrow: Visitor
) -> None:
    verified = [opening.judge(role, opening.statements[role]) for role in Role]
    assert [shares.role for shares in verified] == list(Role)
    found = [handle for _, handle in open_release(opening.release, *verified)]
    expected = [person.handle for person in (visitor, stranger, visitor_tomorrow) for _ in person.passes]
    assert sorted(map(repr, found)) == sorted(map(repr, expected))


@every_role
@given(error=scalars, several=st.sets(st.integers(0, 5), min_size=1))
def test_c6_every_wrong_share_is_blamed_on_its_sender(
    opening: Opening, role: Role, error: Scalar, several: set[int]
) -> None:
    honest = opening.shares(role)
    opening.judge_message(role, honest)
    for part in range(len(honest.epochs)):
        for i in range(len(honest.epochs[part].shares)):
            opening.assert_blamed(role, with_shares(honest, part, {i: honest.epochs[part].shares[i] + error * B}))
    opening.assert_blamed(role, with_shares(honest, 0, dict.fromkeys(several, error * B)))


def with_shares(message: Shares, part: int, changed: dict[int, Point]) -> Shares:
    epoch_shares = message.epochs[part]
    shares = tuple(changed.get(i, share) for i, share in enumerate(epoch_shares.shares))
    return with_part(message, part, replace(epoch_shares, shares=shares))


def with_part(message: Shares, part: int, epoch_shares: EpochShares) -> Shares:
    return replace(message, epochs=(*message.epochs[:part], epoch_shares, *message.epochs[part + 1 :]))


@every_role
@given(order=st.permutations(range(6)))
def test_c6_exchanged_shares_are_blamed_on_their_sender(opening: Opening, role: Role, order: list[int]) -> None:
    honest = opening.shares(role)
    assume(order != sorted(order))
    opening.assert_blamed(role, with_shares(honest, 0, {i: honest.epochs[0].shares[j] for i, j in enumerate(order)}))
    passes = tuple(honest.epochs[0].passes[j] for j in order)
    opening.assert_blamed(role, with_part(honest, 0, replace(honest.epochs[0], passes=passes)))


@every_role
@given(x=scalars)
def test_c6_shares_of_another_secret_are_blamed_whatever_they_prove(opening: Opening, role: Role, x: Scalar) -> None:
    """The shares and the proof agree with each other, but not with the key that the party published."""
    honest = opening.shares(role)
    for part, epoch_shares in enumerate(honest.epochs):
        D = tuple(x * u for u in epoch_shares.passes)
        proof = prove_shares(b"", x, x * B, epoch_shares.passes, D)
        opening.assert_blamed(role, with_part(honest, part, replace(epoch_shares, shares=D, proof=proof)))


@every_role
def test_c6_shares_that_do_not_fit_the_release_are_blamed(opening: Opening, role: Role) -> None:
    honest = opening.shares(role)
    first, second = honest.epochs
    longer = replace(first, passes=(*first.passes, B), shares=(*first.shares, B))
    for wrong in (
        replace(honest, epochs=(first, first)),
        replace(honest, epochs=(first, second, second)),
        with_part(honest, 0, replace(first, epoch=second.epoch)),
        with_part(honest, 0, replace(first, epoch=TODAY + 5)),
        with_part(honest, 0, replace(first, proof=second.proof)),
        with_part(honest, 0, replace(first, shares=first.shares[1:])),
        with_part(honest, 0, replace(first, passes=first.passes[1:])),
        with_part(honest, 0, replace(first, passes=first.passes[1:], shares=first.shares[1:])),
        with_part(honest, 0, longer),
        with_part(honest, 0, replace(second, epoch=first.epoch)),
    ):
        opening.assert_blamed(role, wrong)


@every_role
@given(r=scalars)
def test_c6_a_share_for_a_pass_that_was_not_released_is_blamed(
    opening: Opening, today: OpenEpoch, role: Role, r: Scalar
) -> None:
    """However well it is proven: a party that opens more than the release holds is found out."""
    visit = next(iter(opening.release.visits[TODAY].values()))
    more = replace(
        opening.release,
        visits={TODAY: {**opening.release.visits[TODAY], bytes(r * B): visit}},
    )
    secrets = {TODAY: (today.key, today.secrets[role])}
    statement = create_shares(opening.parties.domain, role, more, secrets, opening.parties.keys[role])
    assert replace(opening, release=more).judge(role, statement)
    with pytest.raises(FaultyShares, match=role.name.lower()):
        opening.judge(role, statement)


@every_role
def test_c6_shares_for_an_epoch_that_was_not_released_are_blamed(opening: Opening, role: Role) -> None:
    """Although its keys are known and its proof holds."""
    today_alone = replace(opening.release, visits={TODAY: opening.release.visits[TODAY]})
    replace(opening, release=today_alone).assert_blamed(role, opening.shares(role))


@every_role
def test_c6_the_other_partys_shares_under_ones_own_name_are_blamed(opening: Opening, role: Role) -> None:
    other = Role.AUTHORITY if role is Role.OPERATOR else Role.OPERATOR
    opening.assert_blamed(role, replace(opening.shares(other), role=role))


@every_role
def test_c6_nobody_is_blamed_for_what_it_did_not_sign_or_for_another_release(opening: Opening, role: Role) -> None:
    honest = opening.shares(role)
    other = Role.AUTHORITY if role is Role.OPERATOR else Role.OPERATOR
    with pytest.raises(InvalidSignature):
        opening.judge(role, opening.statements[other])
    with pytest.raises(InvalidSignature):
        opening.judge(role, sign_statement(honest, opening.parties.keys[other]))
    for wrong in (
        replace(honest, domain=1),
        replace(honest, role=other),
        replace(honest, warrant_id=bytes(16)),
        replace(honest, judgement=replace(honest.judgement, release=bytes(32))),
        replace(honest, judgement=replace(honest.judgement, operator=())),
        replace(honest, judgement=replace(honest.judgement, authority=())),
    ):
        with pytest.raises(OutOfScope) as caught:
            opening.judge_message(role, wrong)
        assert caught.value.warrant_id == honest.warrant_id


@every_role
def test_c6_a_proof_is_bound_to_its_release(opening: Opening, role: Role) -> None:
    """The same passes under another warrant: shares that were given there prove nothing here."""
    for judgement in (
        replace(opening.release.judgement, release=bytes(32)),
        replace(opening.release.judgement, operator=()),
        replace(opening.release.judgement, authority=()),
    ):
        elsewhere = replace(opening, release=replace(opening.release, judgement=judgement))
        elsewhere.assert_blamed(role, replace(opening.shares(role), judgement=judgement))
    record = replace(opening.release.warrant, warrant_id=bytes(16))
    other_warrant = replace(opening, release=replace(opening.release, warrant=record))
    other_warrant.assert_blamed(role, replace(opening.shares(role), warrant_id=bytes(16)))


@every_role
def test_c6_a_secret_of_another_epoch_makes_no_shares(opening: Opening, role: Role) -> None:
    today, tomorrow = opening.epochs.values()
    with pytest.raises(InvalidProof):
        create_shares(
            opening.parties.domain,
            role,
            opening.release,
            {TODAY: (today.key, tomorrow.secrets[role])},
            opening.parties.keys[role],
        )


@every_role
def test_c6_an_epoch_that_gets_no_shares_does_not_stop_the_next(opening: Opening, role: Role) -> None:
    """Its secret is not among those given, because it is erased, or none of its passes has a share."""
    domain, key = opening.parties.domain, opening.parties.keys[role]
    secrets = {number: (epoch.key, epoch.secrets[role]) for number, epoch in opening.epochs.items()}
    [(u, visit), *_] = opening.release.visits[TODAY].items()
    outside = {TODAY: {outside_the_group(Point(u)): visit}}
    broken = replace(opening.release, visits=opening.release.visits | outside)
    for release, available in ((opening.release, {TODAY + 1: secrets[TODAY + 1]}), (broken, secrets)):
        statement = create_shares(domain, role, release, available, key)
        assert opening.judge(role, statement).shares.keys() == {TODAY + 1}


@given(given_by_operator=st.sets(st.integers(0, 5)), given_by_authority=st.sets(st.integers(0, 5)))
def test_c6_what_either_party_leaves_out_stays_closed(
    opening: Opening, given_by_operator: set[int], given_by_authority: set[int]
) -> None:
    today = opening.epochs[TODAY]

    def partial(role: Role, chosen: set[int]) -> VerifiedShares:
        all_visits = opening.release.visits[TODAY]
        left = {u: all_visits[u] for i, u in enumerate(sorted(all_visits)) if i in chosen}
        release = replace(opening.release, visits={TODAY: left} if left else {})
        secrets = {TODAY: (today.key, today.secrets[role])}
        statement = create_shares(opening.parties.domain, role, release, secrets, opening.parties.keys[role])
        return opening.judge(role, statement)

    operator, authority = partial(Role.OPERATOR, given_by_operator), partial(Role.AUTHORITY, given_by_authority)
    opened = {visit.check_in.message.u for visit, _ in open_release(opening.release, operator, authority)}
    everything = sorted(opening.release.visits[TODAY])
    assert opened == {everything[i] for i in given_by_operator & given_by_authority}


def issued_anyhow(epoch: OpenEpoch, r: Scalar, u: bytes, v: bytes) -> OwnedPass:
    """A pass that a cheating authority signs without a request."""
    signature = epoch.secrets[Role.AUTHORITY].pass_signing_key.sign(pass_signing_input(epoch.key, u, v)).signature
    return OwnedPass(Pass(u, v, signature), r)


def outside_the_group(point: Point) -> bytes:
    on_curve = decode(bytes(point))
    assert on_curve is not None
    return bytes(on_curve + TORSION)


@given(r=scalars, s=scalars)
def test_c6_a_check_in_that_opens_to_nobody_does_not_stop_the_rest(
    parties: Parties, today: OpenEpoch, visitor: Visitor, r: Scalar, s: Scalar
) -> None:
    """The authority signs passes whose `v` is `r * X`, which no handle gives, or no point of the group."""
    assume(r != s)
    X = today.key.X
    empty = issued_anyhow(today, r, bytes(r * B), bytes(r * X))
    broken = issued_anyhow(today, s, bytes(s * B), outside_the_group(s * X))
    opening = hold_opening(parties, [today], [[empty, broken, *visitor.passes]])
    verified = [opening.judge(role, opening.statements[role]) for role in Role]
    handles = {visit.check_in.message.u: handle for visit, handle in open_release(opening.release, *verified)}
    assert handles == {
        empty.public.u: None,
        broken.public.u: None,
        **{owned.public.u: visitor.handle for owned in visitor.passes},
    }


@every_role
def test_c6_a_pass_outside_the_group_is_given_no_share(opening: Opening, role: Role) -> None:
    """A share `x * u` of a `u` with torsion would give away `x` modulo 8."""
    [(u, visit), *_] = opening.release.visits[TODAY].items()
    domain, epoch = opening.parties.domain, opening.epochs[TODAY]
    secrets = {TODAY: (epoch.key, epoch.secrets[role])}
    rest = dict(opening.release.visits[TODAY])
    for visits, expected in (({outside_the_group(Point(u)): visit}, []), (rest, [sorted(rest)])):
        mixed = {outside_the_group(Point(u)): visit, **visits}
        release = replace(opening.release, visits={TODAY: mixed})
        statement = create_shares(domain, role, release, secrets, opening.parties.keys[role])
        shares = verify_statement(Shares, statement, domain.identity_key(role))
        assert [list(map(bytes, part.passes)) for part in shares.epochs] == expected


@every_role
def test_c6_signed_shares_that_do_not_decode_are_blamed(opening: Opening, role: Role) -> None:
    """Nobody else can have signed them, so the party cannot say that they were damaged on the way."""
    key = opening.parties.keys[role]
    shares = verify_statement(Shares, opening.statements[role], opening.parties.domain.identity_key(role))
    [part, *_] = shares.epochs
    share = bytes(part.shares[0])
    payload = shares.to_bytes().replace(share, bytes([1]) + bytes(31))
    signed = key.sign(encode_item(["Signature1", PROTECTED, tag("shares"), payload])).signature
    statement = TAG_18 + encode_item([PROTECTED, {}, payload, signed])
    with pytest.raises(FaultyShares, match=role.name.lower()) as caught:
        opening.judge(role, statement)
    assert (caught.value.role, caught.value.statement) == (role, statement)
