"""Replays of vectors whose keys are not the parameters of one function of `protocol`."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sql

from conformance.vectors.encoding import readable
from conformance.vectors.joint_notices import answer_notice, publish_notice
from conformance.vectors.message_edges import message_kinds
from escrow.desk.records import OfficerSet, Vote, set_digest, vote_challenge
from protocol.assisted_check_ins import AssistedCheckIn, open_assisted, verify_assisted
from protocol.check_ins import CheckInMessage, Direction, possible_epochs, sign_check_in
from protocol.commitments import (
    CommitmentOpening,
    CommittedCheckIn,
    KeptCommitment,
    append_check_ins,
    sign_commitment,
)
from protocol.deliveries import Delivery
from protocol.disclosures import OpeningRecord
from protocol.epochs import Domain, EpochKey, EpochSecret, Role
from protocol.handles import DirectoryReceipt, IdentityRecord
from protocol.notices import NoticeAnswer, verify_notice, verify_notice_answer
from protocol.opening import (
    VerifiedShares,
    create_shares,
    judge_shares,
    open_check_in,
    open_release,
    verify_party_shares,
)
from protocol.paper_check_ins import sign_paper_check_in
from protocol.paper_passes import PaperPass, from_paper_text, print_pass, verify_paper
from protocol.passes import OwnedPass, Pass, PendingPass, accept_answer
from protocol.primitives.encoding import Message, decode_item, encode_item
from protocol.primitives.errors import MalformedEncoding
from protocol.primitives.group import B, Point, RandomBytes, Scalar
from protocol.primitives.hashing import digest, digest32, frame, hash_to_scalar, tag
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import JointStatement, sign_statement, verify_statement
from protocol.qr_text import from_qr_text, to_qr_text
from protocol.releases import (
    Judgement,
    ReleasedLeaf,
    VerifiedRelease,
    deciding_commitments,
    judge_release,
    release_digest,
    sign_release,
    verify_release,
)
from protocol.transparency.log_entries import EpochPublished, LogEntry
from protocol.transparency.logs import check_consistency
from protocol.transparency.merkle import CompactRange
from protocol.transparency.page_records import PageRecord, describe_file
from protocol.transparency.signed_notes import Checkpoint
from protocol.transparency.tiles import Tile, split_entries, split_hashes
from protocol.transparency.witnesses import WitnessRequest
from protocol.warrants import Venue, Warrant, is_agreed, verify_application, verify_venue, verify_warrant
from venue import contacts
from venue import deliveries as venue_deliveries
from venue.gate import DoorDomain, Gate
from venue.reader_tokens import ReaderToken
from venue.store import Store, metadata

Values = dict[str, Any]

_KINDS = {kind.TAG: kind for kind in (DirectoryReceipt, IdentityRecord)}


def scalar_arithmetic(a: Scalar, b: Scalar, wide: bytes) -> Values:
    return {"sum": a + b, "product": a * b, "reduced": Scalar.reduce(wide)}


def point_arithmetic(a: Scalar, P: Point, Q: Point) -> Values:
    return {"sum": P + Q, "difference": P - Q, "multiple": a * P, "base_multiple": a * B}


def hashing(name: str, parts: list[bytes]) -> Values:
    return {
        "tag": tag(name),
        "frame": frame(name, *parts),
        "digest": digest(name, *parts),
        "digest32": digest32(name, *parts),
        "scalar": hash_to_scalar(name, *parts),
    }


def read_item(encoding: bytes) -> Values:
    decoded = decode_item(encoding)
    assert encode_item(decoded) == encoding
    return {"item": readable(decoded)}


def read_message(encoding: bytes) -> Values:
    decoded = CheckInMessage.from_bytes(encoding)
    assert decoded.to_bytes() == encoding
    return {
        "domain": decoded.domain,
        "time": decoded.time,
        "direction": decoded.direction,
        "venue": decoded.venue_id,
        "signed_pass": decoded.signed_pass,
    }


def read_kind(kind: str, encoding: bytes) -> Values:
    assert message_kinds()[kind].from_bytes(encoding).to_bytes() == encoding
    return {"item": readable(decode_item(encoding))}


def make_statement(seed: SigningKey, kind: str, message: bytes) -> Values:
    return {"statement": sign_statement(_KINDS[kind].from_bytes(message), seed)}


def check_statement(kind: str, statement: bytes, key: Point) -> Values:
    return {"message": verify_statement(_KINDS[kind], statement, key)}


def epochs_of_time(domain: Domain, time: int, direction: Direction) -> Values:
    epochs = list(possible_epochs(domain, time, direction))
    assert domain.epoch_at(time) == epochs[-1]
    return {"epochs": epochs, "begins": [domain.epoch_begins(epoch) for epoch in epochs]}


def check_answer(epoch_key: EpochKey, r0: Scalar, u0: Point, v0: Point, answer: bytes) -> Values:
    owned = accept_answer(epoch_key, PendingPass(r0, u0, v0), answer)
    return {"pass": bytes(owned.public), "r": owned.r}


def make_check_in(
    epoch_key: EpochKey,
    public_pass: bytes,
    r: Scalar,
    time: int,
    direction: Direction,
    venue: bytes | None,
    random: RandomBytes,
) -> Values:
    return {"message": sign_check_in(epoch_key, _owned(public_pass, r), time, direction, venue, random)}


def check_qr_text(text: str) -> Values:
    message = from_qr_text(text)
    assert to_qr_text(message) == text
    return {"message": message}


def make_paper(epoch_key: EpochKey, public_pass: bytes, r: Scalar, random: RandomBytes) -> Values:
    return {"text": print_pass(epoch_key, _owned(public_pass, r), random)}


def _owned(public_pass: bytes, r: Scalar) -> OwnedPass:
    return OwnedPass(Pass(public_pass[:32], public_pass[32:64], public_pass[64:]), r)


def check_paper(epoch_key: EpochKey, text: str) -> Values:
    paper = from_paper_text(text)
    assert verify_paper(epoch_key, paper).public_pass == paper.public_pass
    return {"paper": paper}


def make_paper_check_in(
    epoch_key: EpochKey, paper: PaperPass, time: int, direction: Direction, venue: bytes, random: RandomBytes
) -> Values:
    delegated = verify_paper(epoch_key, paper)
    return {"message": sign_paper_check_in(epoch_key, delegated, time, direction, venue, random)}


def check_assisted(
    epoch_key: EpochKey, message: AssistedCheckIn, operator_share: Point, authority_share: Point
) -> Values:
    entry = verify_assisted(epoch_key, message)
    S = open_check_in(entry, operator_share, authority_share)
    assert S is not None
    return {"epoch": entry.epoch, "record": open_assisted(epoch_key, entry, S)}


def decide_all(
    epoch_key: EpochKey, epochs: list[int], venue: bytes, tolerance: int, codes: list[str], clocks: list[int]
) -> Values:
    engine = sql.create_engine("sqlite://", poolclass=sql.StaticPool)
    metadata.create_all(engine)
    keys = {epoch_key.epoch: epoch_key} if epochs == [epoch_key.epoch] else {}
    domain = epoch_key.domain
    door = DoorDomain(domain, keys.get, Store(engine, domain.number, venue), tolerance)
    gate = Gate(venue, {domain.number: door}.get)
    decisions = [
        gate.decide(CheckInMessage.from_bytes(bytes.fromhex(code)), now)
        if re.fullmatch("[0-9a-f]+", code)
        else gate.decide_text(code, now)
        for code, now in zip(codes, clocks, strict=True)
    ]
    engine.dispose()
    return {"decisions": decisions}


def take_all(
    epoch_key: EpochKey,
    epochs: list[int],
    venue: bytes,
    tolerance: int,
    paired: int,
    readers: list[int],
    deliveries: list[Delivery],
    clocks: list[int],
) -> Values:
    engine = sql.create_engine("sqlite://", poolclass=sql.StaticPool)
    for tables in (metadata, contacts.metadata, venue_deliveries.metadata):
        tables.create_all(engine)
    keys, domain = dict.fromkeys(epochs, epoch_key), epoch_key.domain
    door = DoorDomain(domain, keys.get, Store(engine, domain.number, venue), tolerance)
    known = [ReaderToken(bytes([number] * 32), venue, "", paired, None) for number in range(max(readers) + 1)]
    with engine.begin() as connection:
        for reader in known:
            contacts.note_contact(connection, reader.digest, contacts.Contact(paired, paired, on_duty=False))
    at_door = [venue_deliveries.Deliveries(engine, venue, {domain.number: door}.get, reader) for reader in known]
    answers = [
        at_door[number].take(delivery, clock)
        for number, delivery, clock in zip(readers, deliveries, clocks, strict=True)
    ]
    engine.dispose()
    return {"answers": answers}


def check_application(domain: Domain, known: Venue | None, application: bytes) -> Values:
    verified = verify_application(domain, application)
    agreed = known is not None and is_agreed(verified, known)
    return {"venue": verified.venue, "agreed": int(agreed)}


def check_officers(domain: Domain, officers: OfficerSet, vote: Vote) -> Values:
    return {
        "officers_digest": set_digest(officers),
        "challenge": vote_challenge(domain, vote),
        "fingerprints": [passkey.fingerprint for one in officers.officers for passkey in one.passkeys],
    }


def read_log_entry(entry: bytes) -> Values:
    contents = LogEntry.from_bytes(entry).contents
    return {"statement": contents.statement if isinstance(contents, EpochPublished) else None}


def describe_page(number: int, names: list[str], contents: list[bytes], headers: list[list[list[str]]]) -> Values:
    pairs = ([(name, value) for name, value in one] for one in headers)
    record = PageRecord(number, tuple(map(describe_file, names, contents, pairs)))
    return {"record": record, "digest": record.digest}


def read_tile(path: str, data: bytes) -> Values:
    tile = Tile.at(path)
    if tile is None:
        raise MalformedEncoding("no path of a tile")
    is_bundle = tile.level == "entries"
    items = split_entries(tile, data) if is_bundle else split_hashes(tile, data)
    return {"level": None if is_bundle else tile.level, "index": tile.index, "width": tile.width, "items": items}


def read_witness_request(body: bytes) -> Values:
    request = WitnessRequest.parse(body)
    assert request.encode() == body
    return {"old_size": request.old_size, "proof": request.proof, "checkpoint": request.checkpoint}


def make_venue(authority_seed: SigningKey, operator_seed: SigningKey, record: Venue) -> Values:
    return _both_sign(record, authority_seed, operator_seed)


def make_warrant(authority_seed: SigningKey, operator_seed: SigningKey, record: Warrant) -> Values:
    return _both_sign(record, authority_seed, operator_seed)


def _both_sign(record: Message, authority: SigningKey, operator: SigningKey) -> Values:
    return {"joint": JointStatement(sign_statement(record, authority), sign_statement(record, operator))}


def make_commitment(
    seed: SigningKey, random: RandomBytes, venue: Venue, time: int, check_ins: list[CommittedCheckIn]
) -> Values:
    tree = append_check_ins(CompactRange(), check_ins)
    return {"statement": sign_commitment(venue, seed, time, tree, random)[1]}


def make_release(
    epoch_key: EpochKey,
    seed: SigningKey,
    opened_from: CommitmentOpening,
    frontier: list[bytes],
    openings: list[CommitmentOpening],
    leaves: list[ReleasedLeaf],
    warrant: JointStatement,
    now: int,
    part_ends: int | None,
    uncommitted: int,
) -> Values:
    start = KeptCommitment(opened_from, CompactRange(opened_from.size, tuple(frontier)))
    valid = verify_warrant(epoch_key.domain, warrant, now)
    return {"release": sign_release(valid, seed, start, openings, leaves, part_ends, uncommitted)}


def check_release(
    epoch_key: EpochKey,
    warrant: JointStatement,
    now: int,
    venue: JointStatement,
    commitments: dict[int, bytes],
    release: bytes,
) -> Values:
    return check_part(epoch_key, warrant, now, venue, commitments, release, None)


def check_part(
    epoch_key: EpochKey,
    warrant: JointStatement,
    now: int,
    venue: JointStatement,
    commitments: dict[int, bytes],
    release: bytes,
    ended: int | None,
) -> Values:
    valid = verify_warrant(epoch_key.domain, warrant, now)
    registered = verify_venue(epoch_key.domain, venue)
    return _shown(verify_release(valid, registered, {epoch_key.epoch: epoch_key}, commitments, release, ended))


def _shown(verified: VerifiedRelease) -> Values:
    return {
        "digest": verified.digest,
        "visits": [
            {"epoch": epoch, "u": u, "entered": visit.entered, "left": visit.left}
            for epoch, visits in sorted(verified.visits.items())
            for u, visit in sorted(visits.items())
        ],
        "set_aside": verified.set_aside,
        "check_ins": verified.check_ins,
        "part_begins": verified.part_begins,
        "part_ends": verified.part_ends,
        "uncommitted": verified.uncommitted,
    }


def check_judged_release(
    epoch_key: EpochKey,
    warrant: JointStatement,
    now: int,
    venue: JointStatement,
    operator_commitments: dict[int, bytes],
    authority_commitments: dict[int, bytes],
    release: bytes,
) -> Values:
    judged = _judged(epoch_key, warrant, now, venue, operator_commitments, authority_commitments, release)
    return {"judgement": judged.judgement, **_shown(judged)}


def _judged(
    epoch_key: EpochKey,
    warrant: JointStatement,
    now: int,
    venue: JointStatement,
    operator_commitments: dict[int, bytes],
    authority_commitments: dict[int, bytes],
    release: bytes,
) -> VerifiedRelease:
    valid = verify_warrant(epoch_key.domain, warrant, now)
    registered = verify_venue(epoch_key.domain, venue)
    judgement = Judgement(
        release_digest(release),
        deciding_commitments(valid.record, operator_commitments, release),
        deciding_commitments(valid.record, authority_commitments, release),
    )
    return judge_release(valid, registered, {epoch_key.epoch: epoch_key}, judgement, release)


def make_shares(
    epoch_key: EpochKey,
    seed: SigningKey,
    share: Scalar,
    random: RandomBytes,
    operator_commitments: dict[int, bytes],
    role: Role,
    warrant: JointStatement,
    now: int,
    venue: JointStatement,
    commitments: dict[int, bytes],
    release: bytes,
) -> Values:
    judged = _judged(epoch_key, warrant, now, venue, operator_commitments, commitments, release)
    secret = EpochSecret(role, epoch_key.epoch, share, None)
    epochs = {epoch_key.epoch: (epoch_key, secret)}
    return {"statement": create_shares(epoch_key.domain, role, judged, epochs, seed, random)}


def check_shares(
    epoch_key: EpochKey,
    role: Role,
    warrant: JointStatement,
    now: int,
    venue: JointStatement,
    commitments: dict[int, bytes],
    release: bytes,
    statement: bytes,
) -> Values:
    _, shares = _shares(epoch_key, role, warrant, now, venue, commitments, release, statement)
    return {
        "shares": [
            {"epoch": epoch, "u": u, "D": D}
            for epoch, by_pass in sorted(shares.shares.items())
            for u, D in sorted(by_pass.items())
        ]
    }


def _shares(
    epoch_key: EpochKey,
    role: Role,
    warrant: JointStatement,
    now: int,
    venue: JointStatement,
    commitments: dict[int, bytes],
    release: bytes,
    statement: bytes,
) -> tuple[VerifiedRelease, VerifiedShares]:
    """What the authority makes of a party's shares, if it named what decides of the commitments."""
    domain, keys = epoch_key.domain, {epoch_key.epoch: epoch_key}
    valid, registered = verify_warrant(domain, warrant, now), verify_venue(domain, venue)
    named = deciding_commitments(valid.record, commitments, release)
    judged = judge_shares(domain, role, valid, registered, keys, named, release, statement)
    return judged, verify_party_shares(domain, role, judged, keys, statement)


def check_opening(
    epoch_key: EpochKey,
    warrant: JointStatement,
    now: int,
    venue: JointStatement,
    commitments: dict[int, bytes],
    release: bytes,
    operator_shares: bytes,
    authority_shares: bytes,
) -> Values:
    (judged, operator), (_, authority) = (
        _shares(epoch_key, role, warrant, now, venue, commitments, release, statement)
        for role, statement in [(Role.OPERATOR, operator_shares), (Role.AUTHORITY, authority_shares)]
    )
    opened = open_release(judged, operator, authority)
    return {"opened": [{"u": visit.check_in.message.u, "handle": handle} for visit, handle in opened]}


def check_notice(domain: Domain, number: int | None, notice: bytes, passes: list[bytes]) -> Values:
    verified = verify_notice(domain, notice, number)
    return {"advice": verified.advice, "concerned": [u for u in passes if verified.concerns(u)]}


def make_notice(
    domain: Domain,
    operator_seed: SigningKey,
    authority_seed: SigningKey,
    number: int,
    time: int,
    advice: str,
    noticed: list[bytes],
    padding_seed: bytes,
) -> Values:
    keys = {Role.OPERATOR: operator_seed, Role.AUTHORITY: authority_seed}
    return {"notice": publish_notice(domain, keys, number, time, advice, noticed, padding_seed)}


def make_notice_answer(
    domain: Domain,
    seed: SigningKey,
    number: int,
    time: int,
    advice: str,
    noticed: list[bytes],
    releases: list[bytes],
    padding_seed: bytes,
) -> Values:
    return {"answer": answer_notice(domain, seed, number, time, advice, noticed, tuple(releases), padding_seed)}


def check_notice_answer(
    domain: Domain, number: int, advice: str, passes: list[bytes], earliest: int, now: int, answer: NoticeAnswer
) -> Values:
    noticed = verify_notice_answer(domain, number, advice, passes, earliest, now, answer)
    return {"noticed": sorted(noticed)}


def check_record(record: OpeningRecord, passes: list[bytes]) -> Values:
    return {"commitment": record.commitment, "named": [u for u in passes if record.names(u)]}


def check_continued(earlier: int, earlier_root: bytes, later: int, later_root: bytes, proof: list[bytes]) -> Values:
    check_consistency(Checkpoint("log", earlier, earlier_root), Checkpoint("log", later, later_root), proof)
    return {}
