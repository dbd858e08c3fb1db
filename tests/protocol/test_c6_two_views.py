"""C6: what two parties admit that hold different commitments, and what either is blamed for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest

from conformance.vectors.venue_log import VenueLog
from protocol.assisted_check_ins import AssertedRecord, seal_assisted, verify_assisted
from protocol.check_ins import CheckInMessage, Direction, sign_check_in, verify_check_in
from protocol.commitments import BEGINNING, CommitmentOpening, HeldCommitment, KeptCommitment, VenueCommitment
from protocol.epochs import EpochKey, Role
from protocol.http_messages import SharesRequest
from protocol.opening import (
    Shares,
    VerifiedShares,
    create_shares,
    judge_and_verify_shares,
    judge_shares,
    valid_passes,
    verify_party_shares,
    without_invalid_passes,
)
from protocol.primitives.errors import (
    CommitmentMismatch,
    ConflictingStatements,
    FaultyShares,
    MalformedEncoding,
    OutOfScope,
)
from protocol.primitives.group import Scalar
from protocol.primitives.statements import sign_statement, verify_statement
from protocol.releases import (
    COMMITMENT_MARGIN,
    MAX_HELD,
    HeldCommitments,
    Judgement,
    VerifiedRelease,
    deciding_commitments,
    judge_release,
    release_digest,
    sign_release,
)
from protocol.transparency.merkle import CompactRange
from protocol.visits import Visit
from protocol.warrants import ValidWarrant
from tests.support.domain import NOW, TODAY, OpenEpoch, Parties, Visitor

FIRST, LAST = NOW + 1800, NOW + 7200


@dataclass(frozen=True)
class TwoParties:
    """A venue's release, and what each party has received."""

    parties: Parties
    today: OpenEpoch
    warrant: ValidWarrant
    log: VenueLog
    operator: dict[int, bytes]
    authority: dict[int, bytes]

    @property
    def keys(self) -> dict[int, EpochKey]:
        return {TODAY: self.today.key}

    @property
    def release(self) -> bytes:
        return self.log.release(self.warrant)

    def held(self, received: Mapping[int, bytes]) -> HeldCommitments:
        return deciding_commitments(self.warrant.record, received, self.release)

    @property
    def judgement(self) -> Judgement:
        return Judgement(release_digest(self.release), self.held(self.operator), self.held(self.authority))

    def judge(self, judgement: Judgement | None = None) -> VerifiedRelease:
        return judge_release(
            self.warrant, self.parties.registered_venue, self.keys, judgement or self.judgement, self.release
        )

    def shares(self, release: VerifiedRelease, role: Role = Role.OPERATOR) -> bytes:
        secrets = {TODAY: (self.today.key, self.today.secrets[role])}
        return create_shares(self.parties.domain, role, release, secrets, self.parties.keys[role])

    def judge_shares(self, statement: bytes, keys: Mapping[int, EpochKey]) -> VerifiedRelease:
        venue, named = self.parties.registered_venue, self.held(self.authority)
        return judge_shares(
            self.parties.domain, Role.OPERATOR, self.warrant, venue, keys, named, self.release, statement
        )

    def judge_and_verify(
        self, statement: bytes, keys: Mapping[int, EpochKey]
    ) -> tuple[VerifiedRelease, VerifiedShares]:
        venue, named = self.parties.registered_venue, self.held(self.authority)
        return judge_and_verify_shares(
            self.parties.domain, Role.OPERATOR, self.warrant, venue, keys, named, self.release, statement
        )

    def verify(self, statement: bytes, keys: Mapping[int, EpochKey] | None = None) -> set[bytes]:
        """The passes that the authority accepts the operator's shares of."""
        keys = self.keys if keys is None else keys
        judged = self.judge_shares(statement, keys)
        shares = verify_party_shares(self.parties.domain, Role.OPERATOR, judged, keys, statement)
        assert (judged, shares) == self.judge_and_verify(statement, keys)
        return {u for by_pass in shares.shares.values() for u in by_pass}


@pytest.fixture
def two(parties: Parties, today: OpenEpoch, visitor: Visitor) -> TwoParties:
    """The operator alone has the first commitment. By it the second entry, of the third, is too late for its hour."""
    log = VenueLog(parties.venue, parties.venue_key)
    times = (NOW, FIRST + COMMITMENT_MARGIN + 60)
    entries = [
        sign_check_in(today.key, owned, time, Direction.ENTRY).to_bytes()
        for owned, time in zip(visitor.passes, times, strict=False)
    ]
    log.add_all({TODAY: entries})
    log.commit(FIRST)
    log.commit(LAST)
    warrant = parties.warrant(NOW - 3600, NOW + 7200, later=3600)
    return TwoParties(parties, today, warrant, log, dict(log.commitments), {LAST: log.commitments[LAST]})


def test_c6_a_visit_that_one_party_forbids_is_set_aside(two: TwoParties, visitor: Visitor) -> None:
    judged = two.judge()
    assert judged.visits[TODAY].keys() == {visitor.passes[0].public.u}
    assert judged.set_aside == {"AdmittedByOne": 1}
    assert two.verify(two.shares(judged)) == {visitor.passes[0].public.u}


def test_c6_equal_judgements_are_one(two: TwoParties) -> None:
    both = replace(two, authority=two.operator)
    assert both.judge().visits == two.judge().visits
    assert both.judge().set_aside == {"CommitmentMismatch": 1}


@pytest.mark.parametrize("role", Role)
def test_c6_what_fails_for_one_party_is_not_opened(two: TwoParties, role: Role) -> None:
    newer = {LAST + 60: bytes(32)}
    sides = {
        Role.OPERATOR: replace(two, operator=two.operator | newer),
        Role.AUTHORITY: replace(two, authority=two.authority | newer),
    }
    with pytest.raises(CommitmentMismatch):
        sides[role].judge()


def test_c6_two_commitments_of_one_time_are_the_venues(two: TwoParties) -> None:
    false = replace(two, authority={LAST: bytes(32)})
    with pytest.raises(ConflictingStatements, match=f"two commitments at {LAST}; each") as conflict:
        false.judge()
    expected = [
        VenueCommitment(two.parties.venue.domain, two.parties.venue.venue_id, LAST, commitment).to_bytes()
        for commitment in (two.operator[LAST], bytes(32))
    ]
    assert [conflict.value.first, conflict.value.second] == expected


def test_c6_two_commitments_that_decide_nothing_hinder_nothing(
    parties: Parties, today: OpenEpoch, visitor: Visitor
) -> None:
    """They are of a time after the release, which reaches beyond the window."""
    log = VenueLog(parties.venue, parties.venue_key)
    log.add(TODAY, sign_check_in(today.key, visitor.passes[0], NOW, Direction.ENTRY).to_bytes())
    log.commit(NOW + 50_000)
    warrant = parties.warrant(NOW - 60, NOW + 60, later=60_000)
    operator, authority = ({**log.commitments, NOW + 50_060: bytes([one]) * 32} for one in (1, 2))
    two = TwoParties(parties, today, warrant, log, operator, authority)
    assert two.judgement.conflicts
    assert two.judge().visits.keys() == {TODAY}


def test_c6_another_ciphertext_of_one_pass_is_another_visit(
    parties: Parties, today: OpenEpoch, visitor: Visitor, two: TwoParties
) -> None:
    """A visitor gives its `r` to a venue, which seals a name with it: each party would open something else."""
    log = VenueLog(parties.venue, parties.venue_key)
    time = FIRST + COMMITMENT_MARGIN + 60
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Scalar, "random", lambda _draws: visitor.passes[0].r)
        sealed = seal_assisted(today.key, AssertedRecord("나", "+821000000000"), time, parties.venue.venue_id)
    log.add(TODAY, sealed.to_bytes())
    log.commit(FIRST)
    log.add(TODAY, sign_check_in(today.key, visitor.passes[0], time + 60, Direction.ENTRY).to_bytes())
    log.commit(LAST)
    other = replace(two, log=log, operator=dict(log.commitments), authority={LAST: log.commitments[LAST]})
    judged = other.judge()
    assert (judged.visits, judged.set_aside) == ({}, {"AdmittedByOne": 1})
    assert other.verify(other.shares(judged)) == set()


def test_c6_a_share_of_what_ones_own_commitments_forbid_is_blamed(two: TwoParties) -> None:
    wider = two.judge(replace(two.judgement, operator=two.judgement.authority))
    assert len(wider.visits[TODAY]) == 2
    with pytest.raises(FaultyShares):
        two.verify(two.shares(replace(wider, judgement=two.judgement)))


def test_c6_shares_whose_commitments_admit_nothing_are_blamed(two: TwoParties) -> None:
    for operator in ((), (HeldCommitment(FIRST, bytes(32)), *two.judgement.operator[1:])):
        false = replace(two.judge(), judgement=replace(two.judgement, operator=operator))
        signed = two.shares(false)
        for judge in (two.verify, two.judge_and_verify):
            with pytest.raises(FaultyShares) as caught:
                judge(signed, two.keys)
            assert (caught.value.role, caught.value.statement) == (Role.OPERATOR, signed)
        none = replace(false, visits={})
        assert two.verify(two.shares(none)) == set()
        assert two.judge_shares(two.shares(none), two.keys) == replace(none, set_aside=Counter(), check_ins=0)


def test_c6_a_judgement_that_was_not_asked_for_proves_nothing(two: TwoParties) -> None:
    judged = two.judge()
    for judgement in (
        replace(two.judgement, authority=two.judgement.operator),
        replace(two.judgement, release=bytes(32)),
    ):
        with pytest.raises(OutOfScope):
            two.verify(two.shares(replace(judged, judgement=judgement)))


def test_c6_an_epoch_whose_keys_are_not_known_is_passed_over(two: TwoParties, tomorrow: OpenEpoch) -> None:
    """An honest party may have erased it, and the other one have fetched its keys before."""
    statement = two.shares(two.judge())
    assert two.verify(statement, {}) == set()
    domain = two.parties.domain
    message = verify_statement(Shares, statement, domain.operator_key)
    for epochs, blamed in (
        ([replace(message.epochs[0], epoch=TODAY + 1)], True),  # no epoch of the warrant
        ([*message.epochs, *message.epochs], True),
        ([replace(message.epochs[0], shares=message.epochs[0].shares * 2)], True),
        ([], False),
    ):
        signed = sign_statement(replace(message, epochs=tuple(epochs)), two.parties.keys[Role.OPERATOR])
        if blamed:
            with pytest.raises(FaultyShares):
                two.verify(signed, {})
        else:
            assert two.verify(signed, {}) == set()


def test_c6_no_more_is_named_than_decides(two: TwoParties) -> None:
    """Neither what is before the release, nor what came after the warrant, nor more than one after the last."""
    issued = two.warrant.record.issued
    more = {1: bytes(32), LAST + 60: bytes(32), LAST + 120: bytes(32), issued + 1: bytes(32)}
    held = two.held({**two.operator, **more})
    assert [one.time for one in held] == [1, FIRST, LAST, LAST + 60]
    start = KeptCommitment(CommitmentOpening(FIRST - 3600, bytes(32), 0), CompactRange())
    empty = sign_release(two.warrant, two.parties.venue_key, start, [], [])
    received = {FIRST - 3601: bytes(32), FIRST - 3600: bytes(32), FIRST: bytes(32), LAST: bytes(32)}
    assert [one.time for one in deciding_commitments(two.warrant.record, received, empty)] == [FIRST - 3600, FIRST]


def test_c6_more_than_a_release_can_open_is_not_named(two: TwoParties) -> None:
    last = CommitmentOpening(MAX_HELD + 5, bytes(32), 0)
    start = KeptCommitment(BEGINNING, CompactRange())
    release = sign_release(two.warrant, two.parties.venue_key, start, [last], [])
    received = {time: bytes(32) for time in range(1, MAX_HELD + 1)}
    assert len(deciding_commitments(two.warrant.record, received, release)) == MAX_HELD
    with pytest.raises(CommitmentMismatch):
        deciding_commitments(two.warrant.record, received | {MAX_HELD + 1: bytes(32)}, release)


def test_what_is_held_is_in_the_order_of_time(two: TwoParties) -> None:
    one, other = HeldCommitment(1, bytes(32)), HeldCommitment(2, bytes(32))
    request = SharesRequest(*(two.parties.both_sign(two.parties.venue),) * 2, bytes(80), (one, other))
    assert request.commitments == Judgement(bytes(32), (one, other), ()).operator
    for disorder in ((other, one), (one, one)):
        for sides in ((disorder, ()), ((), disorder)):
            with pytest.raises(MalformedEncoding):
                Judgement(bytes(32), *sides)
        with pytest.raises(MalformedEncoding):
            replace(request, commitments=disorder)


def test_c6_a_pass_outside_the_group_is_left_out(two: TwoParties) -> None:
    judged = two.judge()
    (visit,) = judged.visits[TODAY].values()
    assert without_invalid_passes(judged, valid_passes(judged)) == judged
    outside = {bytes(32): visit}
    mixed = replace(judged, visits={TODAY: {**judged.visits[TODAY], **outside}, TODAY + 1: outside})
    assert without_invalid_passes(mixed, valid_passes(mixed)) == judged


def test_a_visit_names_the_venue_if_its_holder_signed_for_it(
    parties: Parties, today: OpenEpoch, visitor: Visitor
) -> None:
    key, venue = today.key, parties.venue.venue_id

    def signed(direction: Direction, *, scanned: bool) -> CheckInMessage:
        return sign_check_in(key, visitor.passes[0], NOW, direction, venue if scanned else None)

    for entered in (True, False):
        for left in (True, False):
            entry = verify_check_in(key, signed(Direction.ENTRY, scanned=entered))
            exit_ = verify_check_in(key, signed(Direction.EXIT, scanned=left))
            assert Visit(entry, exit_).names_venue is (entered or left)
    sealed = seal_assisted(key, AssertedRecord("나", "+821000000000"), NOW, venue)
    visit = Visit(verify_assisted(key, sealed))
    assert not visit.names_venue
    assert visit.ciphertext == sealed.sealed
