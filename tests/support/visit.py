"""One visit from registration to opening, and every message of it with its receiver's judgement."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_bytes

from conformance.vectors.venue_log import VenueLog
from protocol import http_messages
from protocol.assisted_check_ins import AssertedRecord, AssistedCheckIn, open_assisted, seal_assisted, verify_assisted
from protocol.check_ins import CheckInMessage, Direction, sign_check_in, verify_check_in
from protocol.commitments import HeldCommitment, VenueCommitment, verify_commitment
from protocol.epochs import EpochStatement, Role, verify_epoch
from protocol.handles import (
    DirectoryBatch,
    DirectoryEntry,
    DirectoryReceipt,
    DirectoryReceipts,
    HandleGrant,
    HandleRegistration,
    open_entry,
    verify_grant,
    verify_receipt,
    verify_registration,
)
from protocol.opening import OpeningTranscript, Shares, create_shares, open_release, verify_party_shares
from protocol.paper_check_ins import PaperCheckInMessage, sign_paper_check_in, verify_paper_check_in
from protocol.paper_passes import PaperPass, from_paper_text, print_pass, verify_paper
from protocol.party_requests import PartyRequest, sign_request, verify_request
from protocol.passes import AllowanceRequest, IssueBatch, PassAnswers, accept_answers, issue_batch, verify_allowance
from protocol.primitives.encoding import Message
from protocol.primitives.errors import Malformed, Rejected
from protocol.primitives.group import Point
from protocol.primitives.statements import JointStatement, sign_statement, statement_payload, verify_statement
from protocol.qr_text import from_qr_text, to_qr_text
from protocol.releases import HeldCommitments, Release, VerifiedRelease
from protocol.visits import Visit
from protocol.warrants import (
    ValidWarrant,
    VenueApplication,
    verify_venue,
    verify_warrant,
)
from tests.support.domain import (
    NOW,
    TODAY,
    OpenEpoch,
    Parties,
    Released,
    Visitor,
    enrol,
    found_domain,
    open_epoch,
    opening_warrant,
)

ASSERTED = AssertedRecord("홍길동", "+821012345678")
Judge = Callable[[bytes], bool]
"""Whether a receiver accepts these bytes. It may raise `Malformed` or `Rejected` instead of answering no."""


@dataclass(frozen=True)
class AcceptedMessage:
    """A message that its receiver accepts. `claim` is the claim that its integrity serves."""

    claim: str
    name: str
    message: bytes
    judge: Judge

    def __str__(self) -> str:
        return f"{self.claim}-{self.name}"


def accepts(judge: Judge, message: bytes) -> bool:
    """The judgement; every error that is not named goes through and fails the test."""
    try:
        return judge(message)
    except (Malformed, Rejected):
        return False


@dataclass(frozen=True)
class RecordedVisit:
    """One visitor's visit to the venue at `time`, and its opening."""

    parties: Parties
    epoch: OpenEpoch
    visitor: Visitor
    time: int
    check_ins: dict[str, CheckInMessage]
    assisted: AssistedCheckIn
    paper: str
    printed: PaperCheckInMessage
    warrant: JointStatement
    commitments: dict[int, bytes]
    commitment: bytes
    transcript: OpeningTranscript
    request: bytes

    @property
    def held(self) -> HeldCommitments:
        return tuple(HeldCommitment(time, self.commitments[time]) for time in sorted(self.commitments))

    @functools.cached_property
    def valid_warrant(self) -> ValidWarrant:
        return verify_warrant(self.parties.domain, self.warrant, self.time)

    def verified_release(self, release: bytes) -> VerifiedRelease:
        keys = {self.epoch.key.epoch: self.epoch.key}
        return self.parties.verify(self.valid_warrant, keys, Released(release, self.commitments))

    def opened(self, transcript: OpeningTranscript) -> list[tuple[Visit, Point | None]]:
        """Repeat every check of an opening."""
        domain, keys = self.parties.domain, {self.epoch.key.epoch: self.epoch.key}
        warrant = verify_warrant(domain, transcript.warrant, self.time)
        release = self.parties.verify(warrant, keys, Released(transcript.release, self.commitments))
        operator = verify_party_shares(domain, Role.OPERATOR, release, keys, transcript.operator_shares)
        authority = verify_party_shares(domain, Role.AUTHORITY, release, keys, transcript.authority_shares)
        return list(open_release(release, operator, authority))


def record_visit(parties: Parties, epoch: OpenEpoch, visitor: Visitor, time: int) -> RecordedVisit:
    """A visitor shows, scans, enters and leaves; then both parties open the visit."""
    venue, first, second = parties.venue.venue_id, visitor.passes[0], visitor.passes[1]
    check_ins = {
        "shown-entry": sign_check_in(epoch.key, first, time, Direction.ENTRY),
        "shown-exit": sign_check_in(epoch.key, first, time + 3600, Direction.EXIT),
        "scanned-entry": sign_check_in(epoch.key, second, time, Direction.ENTRY, venue),
        "scanned-exit": sign_check_in(epoch.key, second, time + 3600, Direction.EXIT, venue),
    }
    warrant = parties.both_sign(opening_warrant(parties.domain.number, venue, time - 600, time + 600, time))
    valid = verify_warrant(parties.domain, warrant, time)
    keys = {epoch.key.epoch: epoch.key}
    encoded = [check_ins[name].to_bytes() for name in ("shown-entry", "scanned-entry")]
    log = VenueLog(parties.venue, parties.venue_key)
    log.add_all({epoch.key.epoch: encoded})
    commitment = log.commit(time)
    signed_release = log.release(valid)
    release = parties.verify(valid, keys, Released(signed_release, log.commitments))
    paper = print_pass(epoch.key, visitor.passes[2])
    delegated = verify_paper(epoch.key, from_paper_text(paper))
    operator_shares, authority_shares = (
        create_shares(
            parties.domain, role, release, {epoch.key.epoch: (epoch.key, epoch.secrets[role])}, parties.keys[role]
        )
        for role in Role
    )
    return RecordedVisit(
        parties,
        epoch,
        visitor,
        time,
        check_ins,
        seal_assisted(epoch.key, ASSERTED, time, venue),
        paper,
        sign_paper_check_in(epoch.key, delegated, time, Direction.ENTRY, venue),
        warrant,
        log.commitments,
        commitment,
        OpeningTranscript(warrant, signed_release, operator_shares, authority_shares),
        sign_request(
            parties.domain, Role.OPERATOR, "authority", "/v1/batches", time, b"body", parties.keys[Role.OPERATOR]
        ),
    )


def accepted_messages(visit: RecordedVisit) -> list[AcceptedMessage]:
    """Every message of a visit, in the order in which it is sent, with its receiver's judgement."""
    parties, epoch, visitor, key = visit.parties, visit.epoch, visit.visitor, visit.epoch.key
    domain = parties.domain
    application = sign_statement(VenueApplication(parties.venue), parties.venue_key)
    release = visit.verified_release(visit.transcript.release)
    keys = {key.epoch: key}

    def epoch_statement(role: Role) -> AcceptedMessage:
        def judge(message: bytes) -> bool:
            both = {**epoch.statements, role: message}
            return verify_epoch(domain, key.epoch, both[Role.OPERATOR], both[Role.AUTHORITY]) == key

        return AcceptedMessage("c1", f"{role.name.lower()}-epoch-statement", epoch.statements[role], judge)

    def registered(message: bytes) -> bool:
        registration = HandleRegistration.from_bytes(message)
        return verify_registration(key, visitor.account_id, registration) == visitor.handle

    def entry_opens(message: bytes) -> bool:
        return open_entry(key, visitor.handle, DirectoryEntry.from_bytes(message)) == visitor.record

    def receipt_holds(message: bytes) -> bool:
        verify_receipt(key, visitor.grant.entry, message)
        return True

    def grant_holds(message: bytes) -> bool:
        return verify_grant(key, visitor.handle, HandleGrant.from_bytes(message)) == visitor.record

    def all_accepted(answers: PassAnswers) -> bool:
        return len(accept_answers(key, visitor.pending, answers)) == len(visitor.pending)

    def allowance_granted(message: bytes) -> bool:
        requests = verify_allowance(key, visitor.handle, AllowanceRequest.from_bytes(message))
        return all_accepted(epoch.issue(requests))

    def batch_issued(message: bytes) -> bool:
        signing_key = epoch.secrets[Role.AUTHORITY].pass_signing_key
        return all_accepted(issue_batch(key, signing_key, IssueBatch.from_bytes(message)))

    def check_in(name: str) -> AcceptedMessage:
        def judge(message: bytes) -> bool:
            return verify_check_in(key, CheckInMessage.from_bytes(message)).epoch == key.epoch

        return AcceptedMessage("c5", f"{name}-check-in", visit.check_ins[name].to_bytes(), judge)

    def qr_text(message: bytes) -> bool:
        return verify_check_in(key, from_qr_text(message.decode("latin-1"))).epoch == key.epoch

    def assisted_opens(message: bytes) -> bool:
        entry = verify_assisted(key, AssistedCheckIn.from_bytes(message))
        D_operator, D_authority = (epoch.secrets[role].share * entry.message.u for role in Role)
        return open_assisted(key, entry, D_operator + D_authority) == ASSERTED

    def paper_admits(paper: PaperPass) -> bool:
        return verify_paper(key, paper).public_pass == bytes(visitor.passes[2].public)

    def paper_checked_in(message: bytes) -> bool:
        return verify_paper_check_in(key, PaperCheckInMessage.from_bytes(message)).epoch == key.epoch

    def venue_registered(message: bytes) -> bool:
        return verify_venue(domain, JointStatement.from_bytes(message)).record == parties.venue

    def venue_applied(message: bytes) -> bool:
        return verify_statement(VenueApplication, message, parties.venue.key).venue == parties.venue

    def warrant_valid(message: bytes) -> bool:
        return verify_warrant(domain, JointStatement.from_bytes(message), visit.time) == visit.valid_warrant

    def released(message: bytes) -> bool:
        return sum(map(len, visit.verified_release(message).visits.values())) == 2

    def committed(message: bytes) -> bool:
        received = verify_commitment(parties.venue, message, visit.time)
        return visit.commitments == {received.time: received.commitment}

    def shares(role: Role, message: bytes) -> AcceptedMessage:
        def judge(statement: bytes) -> bool:
            verified = verify_party_shares(domain, role, release, keys, statement)
            return sum(map(len, verified.shares.values())) == 2

        return AcceptedMessage("c6", f"{role.name.lower()}-shares", message, judge)

    def transcript_holds(message: bytes) -> bool:
        handles = [handle for _, handle in visit.opened(OpeningTranscript.from_bytes(message))]
        return handles == [visitor.handle, visitor.handle]

    def request_holds(message: bytes) -> bool:
        request = verify_request(domain, Role.OPERATOR, "authority", "/v1/batches", visit.time, message)
        return request.body == b"body"

    batch = IssueBatch(key.epoch, tuple(bytes(one) for one in visitor.request.requests))
    receipt, transcript, paper = visitor.grant.receipt, visit.transcript, from_paper_text(visit.paper)
    return [
        epoch_statement(Role.OPERATOR),
        epoch_statement(Role.AUTHORITY),
        AcceptedMessage("c3", "handle-registration", visitor.registration.to_bytes(), registered),
        AcceptedMessage("c3", "directory-entry", visitor.grant.entry.to_bytes(), entry_opens),
        AcceptedMessage("c3", "directory-receipt", receipt, receipt_holds),
        AcceptedMessage("c3", "handle-grant", visitor.grant.to_bytes(), grant_holds),
        AcceptedMessage("c3", "allowance-request", visitor.request.to_bytes(), allowance_granted),
        AcceptedMessage("c4", "issue-batch", batch.to_bytes(), batch_issued),
        AcceptedMessage(
            "c2", "pass-answers", visitor.answers.to_bytes(), lambda m: all_accepted(PassAnswers.from_bytes(m))
        ),
        *(check_in(name) for name in visit.check_ins),
        AcceptedMessage("c5", "qr-text", to_qr_text(visit.check_ins["shown-entry"]).encode("ascii"), qr_text),
        AcceptedMessage("c5", "assisted-check-in", visit.assisted.to_bytes(), assisted_opens),
        AcceptedMessage("c5", "paper-pass", paper.to_bytes(), lambda m: paper_admits(PaperPass.from_bytes(m))),
        AcceptedMessage(
            "c5",
            "paper-text",
            visit.paper.encode("ascii"),
            lambda m: paper_admits(from_paper_text(m.decode("latin-1"))),
        ),
        AcceptedMessage("c5", "paper-check-in", visit.printed.to_bytes(), paper_checked_in),
        AcceptedMessage("c5", "venue", parties.both_sign(parties.venue).to_bytes(), venue_registered),
        AcceptedMessage("c5", "venue-application", application, venue_applied),
        AcceptedMessage("c5", "warrant", visit.warrant.to_bytes(), warrant_valid),
        AcceptedMessage("c5", "venue-commitment", visit.commitment, committed),
        AcceptedMessage("c5", "release", transcript.release, released),
        shares(Role.OPERATOR, transcript.operator_shares),
        shares(Role.AUTHORITY, transcript.authority_shares),
        AcceptedMessage("c6", "opening-transcript", transcript.to_bytes(), transcript_holds),
        AcceptedMessage("c5", "party-request", visit.request, request_holds),
    ]


def messages_of(visit: RecordedVisit) -> list[Message]:
    """At least one message of every type, also those inside statements."""
    transcript, visitor, epoch, parties = visit.transcript, visit.visitor, visit.epoch, visit.parties

    def signed(kind: type[Message], statement: bytes) -> Message:
        return kind.from_bytes(statement_payload(statement))

    release = Release.from_bytes(statement_payload(transcript.release))
    return [
        parties.domain,
        *epoch.secrets.values(),
        *(signed(EpochStatement, statement) for statement in epoch.statements.values()),
        visitor.registration,
        visitor.record,
        visitor.grant,
        visitor.grant.entry,
        DirectoryBatch((visitor.grant.entry,)),
        signed(DirectoryReceipt, visitor.grant.receipt),
        DirectoryReceipts((visitor.grant.receipt, None)),
        visitor.request,
        IssueBatch(epoch.key.epoch, tuple(bytes(one) for one in visitor.request.requests)),
        visitor.answers,
        *visit.check_ins.values(),
        visit.assisted,
        ASSERTED,
        from_paper_text(visit.paper),
        visit.printed,
        VenueApplication(parties.venue),
        parties.venue,
        visit.valid_warrant.record,
        signed(VenueCommitment, visit.commitment),
        release,
        *release.openings,
        *visit.held,
        verify_statement(Shares, transcript.operator_shares, parties.domain.operator_key).judgement,
        *release.leaves,
        *(leaf.committed for leaf in release.leaves),
        signed(Shares, transcript.operator_shares),
        signed(Shares, transcript.authority_shares),
        visit.warrant,
        transcript,
        signed(PartyRequest, visit.request),
        http_messages.VerificationRequest("+821012345678"),
        http_messages.VerificationAnswer("+821012345678", "012345", "홍길동"),
        http_messages.Session(visitor.account_id, token_bytes(32)),
        http_messages.SharesRequest(visit.warrant, parties.both_sign(parties.venue), transcript.release, visit.held),
        http_messages.DoorAnswer(http_messages.Decision.ADMITTED, Direction.ENTRY),
    ]


@functools.cache
def recorded_visit() -> RecordedVisit:
    """The visit that every mutation starts from."""
    parties = found_domain()
    today = open_epoch(parties, TODAY)
    return record_visit(parties, today, enrol(parties, today, "홍길동", "+821012345678"), NOW)


@functools.cache
def other_visits() -> dict[str, RecordedVisit]:
    """Visits that differ from `recorded_visit` in one respect each: the visitor, the epoch, the domain."""
    one = recorded_visit()
    parties, today = one.parties, one.epoch
    tomorrow = open_epoch(parties, TODAY + 1)
    domain = found_domain(number=254, same_keys=parties)
    there = open_epoch(domain, TODAY)
    return {
        "visitor": record_visit(parties, today, enrol(parties, today, "성춘향", "+821087654321"), NOW + 60),
        "epoch": record_visit(parties, tomorrow, enrol(parties, tomorrow, "홍길동", "+821012345678"), NOW + 86_400),
        "domain": record_visit(domain, there, enrol(domain, there, "홍길동", "+821012345678"), NOW),
    }
