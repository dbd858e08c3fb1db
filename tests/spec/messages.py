"""One real message of every type, from one visit that is opened in the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pkgutil import walk_packages
from secrets import token_bytes

import protocol
from conformance.vectors.joint_notices import answer_notice, publish_notice
from conformance.vectors.venue_log import VenueLog
from protocol.assisted_check_ins import AssertedRecord, open_assisted, seal_assisted, verify_assisted
from protocol.check_ins import Direction, sign_check_in, verify_check_in
from protocol.commitments import verify_commitment
from protocol.deliveries import (
    Delivery,
    DeliveryAnswer,
    DomainView,
    DoorView,
    Duty,
    EpochView,
    Openness,
    Pairing,
)
from protocol.disclosures import DisclosedOpening, record_opening, sign_disclosure, verify_disclosure
from protocol.epochs import EPOCH_SECONDS, EpochStatement, Role
from protocol.handles import DirectoryBatch, DirectoryReceipt, DirectoryReceipts, verify_receipt
from protocol.http_messages import (
    Decision,
    DoorAnswer,
    NoticeRequest,
    ReleaseRequest,
    Session,
    SharesRequest,
    VerificationAnswer,
    VerificationRequest,
)
from protocol.notices import PublishedNotice, list_digest, notice_digest, verify_notice, verify_notice_answer
from protocol.opening import OpeningTranscript, Shares, create_shares, open_release, verify_party_shares
from protocol.paper_check_ins import sign_paper_check_in, verify_paper_check_in
from protocol.paper_passes import from_paper_text, print_pass, verify_paper
from protocol.party_requests import sign_request, verify_request
from protocol.passes import IssueBatch
from protocol.primitives.encoding import Message
from protocol.primitives.signatures import public_key
from protocol.primitives.statements import sign_statement, verify_statement
from protocol.releases import Release, VerifiedRelease, release_digest
from protocol.transparency.log_entries import (
    DisclosurePublished,
    EntryBody,
    EpochErased,
    EpochPublished,
    NoticePublished,
    PagePublished,
    SharesReleased,
    WarrantDecided,
    WarrantDecision,
    commit_to_warrant,
    log_entry,
)
from protocol.transparency.logs import Inclusion, sign_log, verify_logged_epoch, witness_log
from protocol.transparency.merkle import leaf_hash, prove_inclusion, subtrees_of, tree_root
from protocol.transparency.page_records import PageRecord, describe_file
from protocol.warrants import (
    VenueApplication,
)
from tests.support.domain import NOW, OpenEpoch, Parties, Released, Visitor


@dataclass(frozen=True)
class Visit:
    """What one visit and its opening say, and the statements among it."""

    messages: dict[type[Message], Message]
    statements: list[bytes]


def whole_visit(parties: Parties, today: OpenEpoch, visitor: Visitor) -> Visit:
    """Check-ins of every kind, a release, and both parties' shares."""
    domain, key, keys = parties.domain, today.key, parties.keys
    entry = sign_check_in(key, visitor.passes[0], NOW, Direction.ENTRY)
    posted = sign_check_in(key, visitor.passes[1], NOW, Direction.ENTRY, parties.venue.venue_id)
    paper = from_paper_text(print_pass(key, visitor.passes[2]))
    printed = sign_paper_check_in(key, verify_paper(key, paper), NOW, Direction.ENTRY, parties.venue.venue_id)
    for check_in in (entry, posted):
        verify_check_in(key, check_in)
    verify_paper_check_in(key, printed)
    asserted = AssertedRecord("성춘향", "+821087654321")
    assisted = seal_assisted(key, asserted, NOW, parties.venue.venue_id)
    D_operator, D_authority = (today.secrets[role].share * assisted.u for role in Role)
    assert open_assisted(key, verify_assisted(key, assisted), D_operator + D_authority) == asserted

    warrant = parties.warrant(NOW - 3600, NOW + 3600)
    log = VenueLog(parties.venue, parties.venue_key)
    log.add(key.epoch, printed.to_bytes())
    log.commit(NOW - EPOCH_SECONDS)  # where the release starts
    log.add_all({key.epoch: [entry.to_bytes(), posted.to_bytes()]})
    commitment, release = log.commit(NOW), log.release(warrant)
    verified = parties.verify(warrant, {key.epoch: key}, Released(release, log.commitments))
    shares = {role: _shares(parties, today, role, verified) for role in Role}
    checked = {
        role: verify_party_shares(domain, role, verified, {key.epoch: key}, statement)
        for role, statement in shares.items()
    }
    opened = [handle for _, handle in open_release(verified, checked[Role.OPERATOR], checked[Role.AUTHORITY])]
    assert opened == [visitor.handle] * 2
    verify_receipt(key, visitor.grant.entry, visitor.grant.receipt)

    joint_venue, joint_warrant = parties.both_sign(parties.venue), parties.both_sign(warrant.record)
    application = sign_statement(VenueApplication(parties.venue), parties.venue_key)
    request = sign_request(
        domain, Role.AUTHORITY, parties.venue.venue_id.hex(), "/v1/releases", NOW,
        ReleaseRequest(joint_warrant).to_bytes(),
        keys[Role.AUTHORITY],
    )  # fmt: skip
    record = verify_statement(Release, release, public_key(parties.venue_key))
    part = replace(record, part_ends=record.openings[-1].time)
    authority_shares = verify_statement(Shares, shares[Role.AUTHORITY], domain.authority_key)
    advice, noticed, digests = "검사를 받으십시오.", [entry.u, posted.u], (release_digest(release),)
    answer = answer_notice(domain, keys[Role.OPERATOR], 0, NOW, advice, noticed, digests)
    assert verify_notice_answer(domain, 0, advice, noticed, NOW, NOW, answer) == frozenset(noticed)
    notice = publish_notice(domain, keys, 0, NOW, advice, noticed)
    published = PublishedNotice.from_bytes(notice)
    assert published.notice.operator == answer.notice
    opening = record_opening(warrant.record, verified.digest, [entry.u, posted.u])
    openings = (DisclosedOpening(0, opening),)
    disclosure = sign_disclosure(domain, Role.AUTHORITY, 0, NOW, openings, keys[Role.AUTHORITY])
    read, told = verify_notice(domain, notice), verify_disclosure(domain, Role.AUTHORITY, disclosure)
    assert all(read.concerns(one.u) and opening.names(one.u) for one in (entry, posted))
    assert len(opening.commitment) == 32
    phone, name = visitor.record.phone, visitor.record.name
    asked = SharesRequest(joint_warrant, joint_venue, release, authority_shares.judgement.authority)
    page = PageRecord(0, (describe_file("index.html", b"<!doctype html>", [("Content-Type", "text/html")]),))
    contents: list[EntryBody] = [
        EpochPublished(today.statements[Role.AUTHORITY], NOW + 86_400),
        EpochErased(key.epoch),
        WarrantDecided(WarrantDecision.COUNTERSIGNED, commit_to_warrant(warrant.record.to_bytes(), token_bytes(32))),
        SharesReleased(2, warrant.record.discloses, opening.commitment),
        NoticePublished(0, notice_digest(notice)),
        DisclosurePublished(0, list_digest(disclosure)),
        PagePublished(0, page.digest),
    ]
    entries = [log_entry(NOW, one) for one in contents]
    published_epoch = EpochView(key.epoch, today.statements[Role.OPERATOR], today.statements[Role.AUTHORITY])
    viewed = DomainView(domain, 30, Openness.OPEN, (published_epoch,))
    messages: list[Message] = [
        domain,
        today.secrets[Role.AUTHORITY],
        verify_statement(EpochStatement, today.statements[Role.AUTHORITY], domain.authority_key),
        VerificationRequest(phone),
        VerificationAnswer(phone, "123456", name),
        Session(visitor.account_id, token_bytes(32)),
        visitor.registration,
        visitor.record,
        visitor.grant,
        visitor.grant.entry,
        DirectoryBatch((visitor.grant.entry,)),
        verify_statement(DirectoryReceipt, visitor.grant.receipt, domain.authority_key),
        DirectoryReceipts((visitor.grant.receipt, None)),
        visitor.request,
        IssueBatch(key.epoch, tuple(bytes(one) for one in visitor.request.requests)),
        visitor.answers,
        posted,
        DoorAnswer(Decision.ADMITTED, Direction.ENTRY),
        paper,
        printed,
        asserted,
        assisted,
        Pairing(token_bytes(16), token_bytes(32)),
        Delivery(NOW, Duty.ON, (entry.to_bytes(),)),
        DeliveryAnswer(NOW, (Decision.ADMITTED,)),
        DoorView(NOW, parties.venue.venue_id, parties.venue.name, "정문", domain.number, (viewed,)),
        viewed,
        viewed.epochs[0],
        parties.venue,
        VenueApplication(parties.venue, application),
        warrant.record,
        joint_warrant,
        verify_commitment(parties.venue, commitment, NOW),
        part,
        record.openings[0],
        record.leaves[0],
        record.leaves[0].committed,
        ReleaseRequest(joint_warrant, NOW),
        asked,
        authority_shares.judgement,
        authority_shares.judgement.authority[0],
        authority_shares,
        authority_shares.epochs[0],
        OpeningTranscript(joint_warrant, release, shares[Role.OPERATOR], shares[Role.AUTHORITY]),
        NoticeRequest(0, NOW, (asked,)),
        answer,
        published,
        read.record,
        told,
        told.openings[0],
        opening,
        page,
        page.files[0],
        verify_request(domain, Role.AUTHORITY, parties.venue.venue_id.hex(), "/v1/releases", NOW, request),
        *contents,
        entries[0],
        _inclusion(parties, today, [entry.to_bytes() for entry in entries]),
    ]
    statements = [
        *today.statements.values(),
        visitor.grant.record,
        visitor.grant.receipt,
        application,
        release,
        request,
        published.notice.authority,
        disclosure,
    ]
    return Visit({type(message): message for message in messages}, [*statements, *shares.values()])


def nullable_messages(parties: Parties, today: OpenEpoch, visitor: Visitor) -> Iterator[Message]:
    """The messages whose optional fields are null."""
    operator = today.statements[Role.OPERATOR]
    yield verify_statement(EpochStatement, operator, parties.domain.operator_key)
    yield today.secrets[Role.OPERATOR]
    yield VenueApplication(parties.venue)
    yield sign_check_in(today.key, visitor.passes[0], NOW, Direction.EXIT)
    yield DoorAnswer(Decision.FORGED)
    yield DoorView(NOW, parties.venue.venue_id, parties.venue.name, "정문", None, ())


def every_message_type() -> set[type[Message]]:
    """The classes that the protocol's modules derive from `Message`."""
    modules = [import_module(module.name) for module in walk_packages(protocol.__path__, "protocol.")]
    named = [value for module in modules for value in vars(module).values() if isinstance(value, type)]
    return {kind for kind in named if issubclass(kind, Message)} - {Message}


def _inclusion(parties: Parties, today: OpenEpoch, entries: list[bytes]) -> Inclusion:
    """The proof that the authority's statement of today is the first of these entries."""
    domain, role, leaves = parties.domain, Role.AUTHORITY, [leaf_hash(entry) for entry in entries]
    note = sign_log(domain, role, len(leaves), tree_root(leaves), parties.keys[role])
    note += witness_log(domain, role, note, NOW, parties.keys[Role.OPERATOR])
    inclusion = Inclusion(0, entries[0], note, prove_inclusion(subtrees_of(leaves), 0, len(leaves)))
    verify_logged_epoch(domain, role, today.statements[role], inclusion)
    return inclusion


def _shares(parties: Parties, today: OpenEpoch, role: Role, release: VerifiedRelease) -> bytes:
    epochs = {today.key.epoch: (today.key, today.secrets[role])}
    return create_shares(parties.domain, role, release, epochs, parties.keys[role])
