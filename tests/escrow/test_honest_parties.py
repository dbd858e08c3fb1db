"""C6: no honest party is blamed, whatever reached which party and when. Who cheats alone is (A31).

Two parties with their real registers receive different commitments, venue records and erasures, on clocks that differ,
in any order. Releases are asked for again, with other check-ins withheld. Requests and answers are lost, programs end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from conformance.vectors.venue_log import VenueLog
from conformance.vectors.warrants import sign_item
from escrow.audit.disclosures import compare_disclosures
from escrow.audit.releases import check_releases
from escrow.authority.operators_shares import judge_received
from escrow.authority.warrants import ReceivedShares
from escrow.errors import ErasedEpoch, VenueChanged, WarrantExhausted
from escrow.shares import give_shares
from protocol.check_ins import Direction, sign_check_in
from protocol.commitments import VenueCommitment
from protocol.epochs import EPOCH_SECONDS, Role
from protocol.http_messages import SharesRequest
from protocol.opening import Shares, create_shares, open_release, verify_party_shares
from protocol.party_requests import REQUEST_TOLERANCE
from protocol.primitives.errors import (
    CommitmentMismatch,
    ConflictingStatements,
    FaultyShares,
    InvalidSignature,
    OutOfScope,
)
from protocol.primitives.group import B
from protocol.primitives.statements import JointStatement, sign_statement, statement_payload, verify_statement
from protocol.releases import Judgement, VerifiedRelease, judge_release, release_digest, verify_release
from protocol.visits import Visit
from protocol.warrants import ValidWarrant, Venue, Warrant, verify_venue, verify_warrant
from service.problems import Unreachable
from tests.support.domain import NOW, TODAY, enrol, found_domain, open_epoch, opening_warrant
from tests.support.two_parties import Moment, Officer, PartyInMemory

PARTIES = found_domain(allowance=5)
EPOCHS = {epoch: open_epoch(PARTIES, epoch) for epoch in range(TODAY, TODAY + 9)}
KEYS = {epoch: opened.key for epoch, opened in EPOCHS.items()}
PASSES = {epoch: enrol(PARTIES, opened, "홍길동", "+821012345678").passes for epoch, opened in EPOCHS.items()}
VENUES = [replace(PARTIES.venue, venue_id=bytes([number]) * 16) for number in (1, 2)]
PAIRS = st.tuples(st.integers(0, 4), st.integers(0, 4))
FATES = st.sampled_from(["arrives"] * 4 + ["no request", "no answer", "operator ends", "authority ends"])
LIES = st.sampled_from(["none"] * 6 + ["share", "pass", "payload", "operator holds less", "authority names less"])
REFUSED = (
    CommitmentMismatch,
    ConflictingStatements,
    InvalidSignature,
    OutOfScope,
    VenueChanged,
    ErasedEpoch,
    WarrantExhausted,
)
LOST = (Unreachable, InterruptedError)
Pass = tuple[int, bytes]
"""An epoch and a `u`."""
Given = dict[Pass, set[tuple[bytes, bool]]]
"""For which venues a pass got a share, and whether its label named each."""


def passes_of(release: VerifiedRelease) -> dict[Pass, Visit]:
    return {(epoch, u): visit for epoch, visits in release.visits.items() for u, visit in visits.items()}


def said(statement: bytes) -> set[Pass]:
    """The passes that a statement of shares has."""
    message = Shares.from_bytes(statement_payload(statement))
    return {(part.epoch, bytes(u)) for part in message.epochs for u in part.passes}


@dataclass
class OpenedCase:
    """A warrant, and what the model knows of its releases by their digests."""

    record: Warrant
    joint: JointStatement
    release: bytes | None = None
    given: set[Pass] = field(default_factory=set)
    first: dict[bytes, Judgement] = field(default_factory=dict)
    """By what the operator first judged a release that both admit."""
    named: dict[bytes, dict[int, bytes]] = field(default_factory=dict)
    """What the authority held when it first asked for shares."""
    erased: dict[bytes, set[int]] = field(default_factory=dict)
    """The epochs of which the authority had no share any more when it was first asked to open."""


class TwoParties(RuleBasedStateMachine):
    """What happens to two parties, two venues, and their officers."""

    def __init__(self) -> None:
        super().__init__()
        self.moment = Moment(NOW)
        self.parties = {role: PartyInMemory(role, PARTIES, EPOCHS, self.moment) for role in Role}
        self.operator, self.authority = self.parties[Role.OPERATOR], self.parties[Role.AUTHORITY]
        self.logs = [VenueLog(venue, PARTIES.venue_key) for venue in VENUES]
        self.both = list(self.parties.values())
        self.unsent: list[tuple[Venue, bytes, set[Role]]] = []
        self.cases: list[OpenedCase] = []
        self.given: Given = {}
        self.cheated = False
        self.fate = "arrives"
        self.lie = "none"
        for party in self.parties.values():
            for venue in VENUES:
                party.received[venue.venue_id], party.records[venue.venue_id] = {}, venue
        self.operator.releases.noted = self.note_given
        self.authority.peer.ask = self.ask

    # What happens at the venues.

    @rule(at=st.integers(0, 1), which=st.integers(0, 4), ago=st.integers(0, 80), scanned=st.booleans())
    def admit(self, at: int, which: int, ago: int, scanned: bool) -> None:
        time = self.moment.now - 15 * ago
        epoch = PARTIES.domain.epoch_at(time)
        if epoch in EPOCHS:
            venue = VENUES[at].venue_id if scanned else None
            message = sign_check_in(KEYS[epoch], PASSES[epoch][which], time, Direction.ENTRY, venue)
            self.logs[at].add(epoch, message.to_bytes())

    @rule(at=st.integers(0, 1), which=st.integers(0, 4))
    def leave(self, at: int, which: int) -> None:
        epoch = PARTIES.domain.epoch_at(self.moment.now)
        if epoch in EPOCHS:
            message = sign_check_in(KEYS[epoch], PASSES[epoch][which], self.moment.now, Direction.EXIT)
            self.logs[at].add(epoch, message.to_bytes())

    @rule(at=st.integers(0, 1), roles=st.sets(st.sampled_from(Role)), twice=st.sampled_from([False] * 9 + [True]))
    def commit(self, at: int, roles: set[Role], twice: bool) -> None:
        log = self.logs[at]
        if log.kept and log.kept[-1].opening.time >= self.moment.now:
            self.moment.now = log.kept[-1].opening.time + 1
        if twice:  # something else for the operator alone
            self.deliver(log.venue, log.commit(self.moment.now), {Role.OPERATOR})
            log.kept.pop()
        statement = log.commit(self.moment.now)
        self.deliver(log.venue, statement, roles)
        self.unsent.append((log.venue, statement, set(Role) - roles))

    @rule(at=st.integers(0, 1), pair=PAIRS, role=st.sampled_from(Role), scanned=st.booleans(), fate=FATES, lie=LIES)
    def commit_for_one(self, at: int, pair: tuple[int, int], role: Role, scanned: bool, fate: str, lie: str) -> None:
        """One visit was committed to at both parties, and one at one of them; a day later all is, and is opened."""
        for which, roles in zip(pair, (set(Role), {role}), strict=True):
            self.admit(at, which, 0, scanned)
            self.moment.now += 60
            self.commit(at, roles, twice=False)
        self.moment.now += EPOCH_SECONDS + 1800
        self.commit(at, set(Role), twice=False)
        self.draw(at, EPOCH_SECONDS + 7200, 100)
        if self.cases[-1].release:
            self.attempt(self.cases[-1], fate, lie)

    @rule(
        at=st.integers(0, 1),
        which=st.integers(0, 4),
        roles=st.sets(st.sampled_from(Role), min_size=1),
        fate=st.sampled_from(["no answer", "operator ends", "authority ends"]),
        eraser=st.sampled_from([None, None, *Role]),
    )
    def lose_touch(self, at: int, which: int, roles: set[Role], fate: str, eraser: Role | None) -> None:
        """An opening of two days is interrupted, a commitment arrives late or a day is erased, and it goes on."""
        for _ in range(2):
            self.moment.now += EPOCH_SECONDS
            self.admit(at, which, 0, scanned=True)
            self.commit(at, set(Role), twice=False)
        self.moment.now += 60
        self.commit(at, set(), twice=False)
        self.draw(at, 2 * EPOCH_SECONDS, 100)
        case = self.cases[-1]
        if case.release:
            self.attempt(case, fate)
            if eraser is None:
                venue, statement, _ = self.unsent.pop()
                self.deliver(venue, statement, roles)
            else:
                self.moment.now += 1
                self.parties[eraser].erase(PARTIES.domain.epoch_at(case.record.ends) - 1)
            self.attempt(case)

    @precondition(lambda self: self.unsent)
    @rule(index=st.integers(0, 100))
    def send_again(self, index: int) -> None:
        venue, statement, roles = self.unsent.pop(index % len(self.unsent))
        self.deliver(venue, statement, roles)

    def deliver(self, venue: Venue, statement: bytes, roles: set[Role]) -> None:
        message = VenueCommitment.from_bytes(statement_payload(statement))
        for role in roles:
            party = self.parties[role]
            if abs(party.clock() - message.time) <= REQUEST_TOLERANCE:
                party.received[venue.venue_id].setdefault(message.time, message.commitment)
        log = self.logs[VENUES.index(venue)]
        log.kept = [
            replace(kept, acknowledged=all(kept.opening.time in one.received[venue.venue_id] for one in self.both))
            for kept in log.kept
        ]

    # What happens at the parties.

    @rule(seconds=st.sampled_from([1, 1, 30, 30, 600, 1800, 7200, 50_000]))
    def wait(self, seconds: int) -> None:
        self.moment.now += seconds

    @rule(role=st.sampled_from(Role), skew=st.integers(-60, 60))
    def set_clock(self, role: Role, skew: int) -> None:
        self.parties[role].skew = skew

    @rule(role=st.sampled_from(Role), epoch=st.sampled_from([TODAY, TODAY, TODAY + 1]))
    def erase(self, role: Role, epoch: int) -> None:
        if self.moment.now >= PARTIES.domain.epoch_begins(epoch + 1):
            self.parties[role].erase(epoch)

    @rule(one=st.sampled_from([None, *Role]), at=st.integers(0, 1), name=st.sampled_from(["A", "B"]))
    def approve(self, one: Role | None, at: int, name: str) -> None:
        for role in Role if one is None else [one]:
            self.parties[role].records[VENUES[at].venue_id] = replace(VENUES[at], name=name)

    @rule(at=st.integers(0, 1), back=st.sampled_from([1800, 7200, EPOCH_SECONDS]), most=st.sampled_from([1, 3, 100]))
    def draw(self, at: int, back: int, most: int) -> None:
        now, number = self.moment.now, PARTIES.domain.number
        drawn = opening_warrant(number, VENUES[at].venue_id, now - back, now, now, max_records=most, assumed_stay=1800)
        record = replace(drawn, expires=now + 10 * back)
        joint = PARTIES.both_sign(record)
        self.authority.warrants.add(record, joint.authority)
        self.authority.warrants.store_countersigned(record.warrant_id, joint)
        self.cases.append(OpenedCase(record, joint))
        self.release(len(self.cases) - 1, set())

    @precondition(lambda self: self.cases)
    @rule(index=st.integers(0, 100), hidden=st.sets(st.integers(0, 8)))
    def release(self, index: int, hidden: set[int]) -> None:
        case = self.cases[index % len(self.cases)]
        log = self.logs[[venue.venue_id for venue in VENUES].index(case.record.venue_id)]
        log.hidden = hidden
        statement = log.release(ValidWarrant(case.record))
        warrant, venue = self.verified(case)
        try:
            held = self.authority.received[case.record.venue_id]
            release = verify_release(warrant, venue, KEYS, held, statement)
        except CommitmentMismatch:
            return
        self.authority.warrants.parts.store(statement, release)
        case.release = statement

    @precondition(lambda self: any(case.release for case in self.cases))
    @rule(index=st.integers(0, 100), fate=FATES, lie=LIES)
    def open(self, index: int, fate: str, lie: str) -> None:
        released = [case for case in self.cases if case.release]
        self.attempt(released[index % len(released)], fate, lie)

    def attempt(self, case: OpenedCase, fate: str = "arrives", lie: str = "none") -> None:
        """The officer has a case opened."""
        assert case.release is not None
        digest = release_digest(case.release)
        self.fate, self.lie, self.case = fate, lie, case
        case.erased.setdefault(digest, set(self.authority.erased))
        fewer = dict(list(self.authority.received[case.record.venue_id].items())[-1:])
        names_less = lie == "authority names less" and digest not in case.named
        if self.authority.warrants.asked(case.record.warrant_id, digest) is None:
            case.named[digest] = fewer if names_less else dict(self.authority.received[case.record.venue_id])
        self.operator.interrupted, self.authority.interrupted = fate == "operator ends", fate == "authority ends"
        self.told: str | None = None
        try:
            with holding(self.authority, case.record.venue_id, fewer if names_less else None):
                asyncio.run(Officer(self.authority, self.operator).open(case.record.warrant_id))
        except FaultyShares as blame:
            self.check_blame(case, digest, blame)
        except REFUSED as refused:
            self.check_refused(case, digest, refused)
        except LOST:
            assert fate != "arrives"
        else:
            assert self.told is None, "who cheats is not blamed"
            self.check_opened(case, digest)
        finally:
            self.operator.interrupted = self.authority.interrupted = False

    # What has to be so.

    def verified(self, case: OpenedCase, venue: Venue | None = None) -> tuple[ValidWarrant, Any]:
        record = venue or self.authority.records[case.record.venue_id]
        return ValidWarrant(case.record), verify_venue(PARTIES.domain, PARTIES.both_sign(record))

    def note_given(self, release: VerifiedRelease) -> None:
        """What the operator has recorded: exactly what both admit, but for what another venue had."""
        case, venue = self.case, release.warrant.venue_id
        admitted = passes_of(self.admitted(case, release.digest))
        expected = {
            key
            for key, visit in admitted.items()
            if key[0] not in self.operator.erased
            and (visit.names_venue or not {other for other, named in self.given.get(key, set()) if not named} - {venue})
        }
        assert set(passes_of(release)) == expected
        case.given |= expected
        assert len(case.given) <= case.record.max_records
        for key in expected:
            self.given.setdefault(key, set()).add((venue, admitted[key].names_venue))

    def admitted(self, case: OpenedCase, digest: bytes) -> VerifiedRelease:
        assert case.release is not None
        warrant, venue = self.verified(case)
        return judge_release(warrant, venue, KEYS, case.first[digest], case.release)

    def check_refused(self, case: OpenedCase, digest: bytes, refused: Exception) -> None:
        assert self.told is None
        if digest in case.first:  # it was judged, and is again by the same
            assert not isinstance(refused, CommitmentMismatch)
            expired = any(party.clock() > case.record.expires for party in self.both)
            assert expired or not isinstance(refused, OutOfScope)
        if isinstance(refused, WarrantExhausted):
            assert case.record.max_records < 100

    def check_blame(self, case: OpenedCase, digest: bytes, blame: FaultyShares) -> None:
        assert self.told is not None, "an honest party is blamed"
        assert blame.role is Role.OPERATOR
        kept = self.authority.warrants.received(case.record.warrant_id, digest)
        assert blame.statement in {received.statement for received in kept}

    def check_opened(self, case: OpenedCase, digest: bytes) -> None:
        stored = self.authority.warrants.get(case.record.warrant_id)
        (part,) = stored.parts
        if part.closed:
            assert self.operator.erased | self.authority.erased
            return
        assert part.is_opened
        transcript = self.authority.warrants.parts.transcript(part, case.joint)
        assert case.release is not None
        authority: Any = self.authority
        received = ReceivedShares(transcript.operator_shares, case.record.issued)
        judged = judge_received(authority, stored, case.release, received, KEYS)
        statement = transcript.authority_shares
        own = verify_party_shares(PARTIES.domain, Role.AUTHORITY, judged.release, KEYS, statement)
        opened = {
            (visit.check_in.epoch, bytes(visit.check_in.message.u))
            for visit, _ in open_release(judged.release, judged.given, own)
        }
        warrant, venue = self.verified(case)
        for held in (case.first[digest].operator, case.first[digest].authority):
            alone = verify_release(warrant, venue, KEYS, {one.time: one.commitment for one in held}, case.release)
            assert opened <= set(passes_of(alone))
        gave = {key for key in said(transcript.operator_shares) if key[0] not in case.erased[digest]}
        assert opened <= gave
        if not self.authority.erased:
            assert opened == gave
        message = Shares.from_bytes(statement_payload(statement))
        if message.epochs:
            wrong = replace(message.epochs[0], shares=(message.epochs[0].shares[0] + B, *message.epochs[0].shares[1:]))
            false = sign_statement(replace(message, epochs=(wrong, *message.epochs[1:])), self.authority.identity)
            with pytest.raises(FaultyShares) as blame:
                verify_party_shares(PARTIES.domain, Role.AUTHORITY, judged.release, KEYS, false)
            assert blame.value.role is Role.AUTHORITY

    # What passes between the parties.

    async def ask(self, session: Any, _path: str, body: bytes) -> bytes:
        if self.fate == "no request":
            raise Unreachable("operator", OSError())
        case, request = self.case, SharesRequest.from_bytes(body)
        digest, venue_id = release_digest(request.release), case.record.venue_id
        holds = dict(self.operator.received[venue_id])
        if self.lie == "operator holds less" and digest not in case.first:
            self.cheated = True
            holds = dict(list(holds.items())[-1:])
        self.remember(case, request, holds)
        operator: Any = self.operator
        with holding(self.operator, venue_id, holds):
            honest = await give_shares(operator, session, request)
        statement = self.falsified(case, digest, honest)
        if self.fate == "no answer":
            raise Unreachable("operator", OSError())
        if statement != honest:
            self.told = self.lie
            self.cheated = True
        return statement

    def remember(self, case: OpenedCase, request: SharesRequest, holds: dict[int, bytes]) -> None:
        """By what the operator judges a release for the first time, if both admit it."""
        digest = release_digest(request.release)
        if digest in case.first:
            return
        warrant, venue = self.verified(case, self.operator.records[case.record.venue_id])
        named = {one.time: one.commitment for one in request.commitments}
        try:
            verdicts = [verify_release(warrant, venue, KEYS, held, request.release) for held in (holds, named)]
            verify_venue(PARTIES.domain, request.venue)
            verify_warrant(PARTIES.domain, request.warrant, self.operator.clock())
        except (CommitmentMismatch, ConflictingStatements, OutOfScope):
            return
        case.first[digest] = Judgement(digest, *(verdict.judgement.operator for verdict in verdicts))
        whole = verify_release(warrant, venue, KEYS, case.named[digest], request.release)
        assert case.first[digest].authority == whole.judgement.authority == request.commitments

    def falsified(self, case: OpenedCase, digest: bytes, honest: bytes) -> bytes:
        """What the operator signs instead, if it lies."""
        message = verify_statement(Shares, honest, PARTIES.domain.operator_key)
        key = self.operator.identity
        if self.lie == "payload":
            return sign_item("shares", [], key)
        if self.lie == "share" and message.epochs:
            wrong = replace(message.epochs[0], shares=(message.epochs[0].shares[0] + B, *message.epochs[0].shares[1:]))
            return sign_statement(replace(message, epochs=(wrong, *message.epochs[1:])), key)
        admitted = self.admitted(case, digest)
        for epoch, visits in admitted.visits.items():
            outside = {owned.public.u for owned in PASSES[epoch]} - visits.keys()
            if self.lie == "pass" and outside:
                more = replace(admitted, visits={epoch: dict.fromkeys(outside, next(iter(visits.values())))})
                secrets = {epoch: (KEYS[epoch], EPOCHS[epoch].secrets[Role.OPERATOR])}
                return create_shares(PARTIES.domain, Role.OPERATOR, more, secrets, key)
        return honest

    # What an auditor sees at the end.

    def teardown(self) -> None:
        for case in self.cases:  # what can be finished is finished
            if case.release:
                self.attempt(case)
        if self.cheated:
            return
        told = {role: party.disclosures() for role, party in self.parties.items()}
        audit: Any = SimpleNamespace(
            logs={
                role: SimpleNamespace(
                    records=[
                        SimpleNamespace(index=index, time=time, contents=contents, is_new=True)
                        for index, (time, contents) in enumerate(party.entries)
                    ]
                )
                for role, party in self.parties.items()
            },
            now=self.moment.now + 10 * EPOCH_SECONDS,
            domain=PARTIES.domain,
        )
        unfinished = len(self.operator.released) - len(self.authority.released)
        found = asyncio.run(_all(check_releases(audit)))
        assert len(found) == 2 * unfinished
        if unfinished == 0:
            assert list(compare_disclosures(audit, told)) == []


async def _all(findings: Any) -> list[Any]:
    return [finding async for finding in findings]


@contextmanager
def holding(party: PartyInMemory, venue_id: bytes, held: dict[int, bytes] | None) -> Iterator[None]:
    """The party goes by these commitments of a venue, and not by what it has received."""
    before = party.received[venue_id]
    party.received[venue_id] = before if held is None else held
    yield
    party.received[venue_id] = before


BUDGET = settings(
    max_examples=4,
    stateful_step_count=10,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def test_c6_no_honest_party_is_blamed_in_some_stories() -> None:
    run_state_machine_as_test(TwoParties, settings=BUDGET)


@pytest.mark.long
def test_c6_no_honest_party_is_blamed_in_many_longer_stories() -> None:
    run_state_machine_as_test(TwoParties, settings=settings(BUDGET, max_examples=100, stateful_step_count=50))
