"""What the specification's tables say is what the programs do."""

from __future__ import annotations

import importlib
import re
from dataclasses import replace
from typing import Any, get_args, get_type_hints

import pytest
import qrcode
from msgspec import structs
from qrcode.constants import ERROR_CORRECT_M

import protocol.primitives.errors
from client.lists import MAX_LISTS
from client.timing import SHORTEST_LEAD
from conformance.vectors.venue_log import VenueLog
from escrow.audit.findings import Fault
from escrow.operator.deduplication import REPEAT_SECONDS
from escrow.operator.issuing import ISSUING_SECONDS
from escrow.operator.settings import OperatorSettings
from escrow.settings import EscrowSettings
from protocol.assisted_check_ins import ASSERTED_RECORD_BYTES, SEALED_ASSERTION_BYTES, AssertedRecord, seal_assisted
from protocol.check_ins import MAX_CHECK_IN_BYTES, SIGNED_PASS_BYTES, TIME_STEP, Direction, sign_check_in
from protocol.deliveries import MAX_DELIVERY
from protocol.disclosures import MAX_OPENINGS
from protocol.epochs import EPOCH_SECONDS, MAX_STAY
from protocol.handles import ENTRY_BYTES, MAX_DEPOSITS, RECORD_BYTES
from protocol.http_messages import Decision
from protocol.notices import (
    MAX_DIGESTS,
    MAX_LIST_AGE,
    MAX_NOTICE_RELEASES,
    MIN_DIGESTS,
    VISIT_DIGEST_BYTES,
    Notice,
)
from protocol.opening import Shares
from protocol.paper_check_ins import sign_paper_check_in
from protocol.paper_passes import MAX_PAPER_BYTES, from_paper_text, print_pass, verify_paper
from protocol.party_requests import REQUEST_TOLERANCE
from protocol.passes import ANSWER_BYTES, MAX_BATCH, PASS_BYTES, REQUEST_BYTES, AllowanceRequest
from protocol.primitives import hashing, statements
from protocol.primitives.ed25519_selftest import UnfitLibrary
from protocol.primitives.encoding import MAX_DEPTH, MAX_MESSAGE_BYTES, Message
from protocol.primitives.errors import Malformed, Rejected, SplitPassError
from protocol.primitives.group import POINT_BYTES, SCALAR_BYTES
from protocol.primitives.proofs import EqualityProof, KnowledgeProof, OwnershipProof
from protocol.primitives.signatures import SIGNATURE_BYTES
from protocol.qr_text import to_qr_text
from protocol.releases import COMMITMENT_DELAY, COMMITMENT_MARGIN, MAX_RELEASE_BYTES, Judgement, Release, ReleasedLeaf
from protocol.warrants import MAX_EMBARGO, MAX_RECORDS, MAX_RELEASE, MAX_WARRANT_DAYS
from service.http import HTTP_PROBLEMS, problem_name
from service.refusals import STATUSES, Refusal
from service.settings import Settings
from tests.spec.messages import every_message_type, whole_visit
from tests.spec.text import ROOT, table
from tests.support.domain import NOW, OpenEpoch, Parties, Visitor, enrol, found_domain, open_epoch
from venue.duty import MAX_HOLD
from venue.gate import PAPER_STAY
from venue.pairing import PAIRING_SECONDS
from venue.settings import VenueSettings


def default(settings: type[Settings], name: str) -> Any:
    return next(field.default for field in structs.fields(settings) if field.name == name)


def longest(message: type[Message], *path: str) -> int:
    """The largest size that a message's field, or the field's item, may have."""
    annotation: Any = get_type_hints(message, include_extras=True)[path[0]]
    for _ in path[1:]:
        annotation = get_args(get_args(annotation)[0])[0]
    return int(get_args(annotation)[1].maximum)


def proof_bytes(kind: type[KnowledgeProof | EqualityProof | OwnershipProof]) -> int:
    return SCALAR_BYTES * (1 + kind.RESPONSES)


def present_check_in(today: OpenEpoch, visitor: Visitor) -> Any:
    return sign_check_in(today.key, visitor.passes[0], NOW, Direction.ENTRY)


def longest_paper(today: OpenEpoch, visitor: Visitor) -> str:
    return print_pass(replace(today.key, epoch=2**32 - 1), visitor.passes[0])


def qr_version(text: str) -> int:
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M)
    code.add_data(text)
    code.make()
    return int(code.version)


def test_constants(today: OpenEpoch, visitor: Visitor) -> None:
    text, paper = to_qr_text(present_check_in(today, visitor)), longest_paper(today, visitor)
    assert {row["name"]: int(row["value"]) for row in table("constants")} == {
        "POINT": POINT_BYTES,
        "SCALAR": SCALAR_BYTES,
        "SIGNATURE": SIGNATURE_BYTES,
        "KNOWLEDGE_PROOF": proof_bytes(KnowledgeProof),
        "EQUALITY_PROOF": proof_bytes(EqualityProof),
        "OWNERSHIP_PROOF": proof_bytes(OwnershipProof),
        "RECORD": RECORD_BYTES,
        "SEALED_RECORD": ENTRY_BYTES,
        "PASS_REQUEST": REQUEST_BYTES,
        "PASS_ANSWER": ANSWER_BYTES,
        "PASS": PASS_BYTES,
        "SIGNED_PASS": SIGNED_PASS_BYTES,
        "ASSERTED_RECORD": ASSERTED_RECORD_BYTES,
        "SEALED_ASSERTION": SEALED_ASSERTION_BYTES,
        "MAX_PAPER": MAX_PAPER_BYTES,
        "MAX_PAPER_TEXT": len(paper),
        "PAPER_QR_VERSION": qr_version(paper),
        "MAX_CHECK_IN": MAX_CHECK_IN_BYTES,
        "MAX_QR_TEXT": len(text),
        "QR_VERSION": qr_version(text),
        "EPOCH_SECONDS": EPOCH_SECONDS,
        "TIME_STEP": TIME_STEP,
        "MAX_STAY": MAX_STAY,
        "PAPER_STAY": PAPER_STAY,
        "DOOR_TOLERANCE": default(VenueSettings, "tolerance"),
        "REQUEST_TOLERANCE": REQUEST_TOLERANCE,
        "MAX_MESSAGE": MAX_MESSAGE_BYTES,
        "MAX_DEPTH": MAX_DEPTH,
        "MAX_ALLOWANCE": longest(AllowanceRequest, "requests"),
        "MAX_BATCH": MAX_BATCH,
        "MAX_DEPOSITS": MAX_DEPOSITS,
        "MAX_RELEASE": MAX_RELEASE,
        "MAX_RECORDS": MAX_RECORDS,
        "MAX_LEAVES": longest(Release, "leaves"),
        "MAX_RELEASED_CHECK_IN": longest(ReleasedLeaf, "content"),
        "MAX_COMMITMENTS": longest(Release, "openings"),
        "MAX_HELD": longest(Judgement, "operator"),
        "COMMITMENT_MARGIN": COMMITMENT_MARGIN,
        "COMMITMENT_DELAY": COMMITMENT_DELAY,
        "MAX_LISTS": MAX_LISTS,
        "MAX_RELEASE_BYTES": MAX_RELEASE_BYTES,
        "COMMITMENT_SECONDS": default(VenueSettings, "commitment_seconds"),
        "MAX_SHARED_EPOCHS": longest(Shares, "epochs"),
        "MAX_HOLD": MAX_HOLD,
        "MAX_DELIVERY": MAX_DELIVERY,
        "PAIRING_SECONDS": PAIRING_SECONDS,
        "MAX_WARRANT_DAYS": MAX_WARRANT_DAYS,
        "MAX_EMBARGO": MAX_EMBARGO,
        "VISIT_DIGEST": VISIT_DIGEST_BYTES,
        "MIN_NOTICE": MIN_DIGESTS,
        "MAX_NOTICE": MAX_DIGESTS,
        "MAX_ADVICE": longest(Notice, "advice"),
        "MAX_NOTICE_RELEASES": MAX_NOTICE_RELEASES,
        "MAX_LIST_AGE": MAX_LIST_AGE,
        "MAX_OPENINGS": MAX_OPENINGS,
        "RETENTION_DAYS": default(EscrowSettings, "retention_days"),
        "PUBLISH_AHEAD_DAYS": default(EscrowSettings, "publish_ahead_days"),
        "MINIMUM_ACCOUNTS": default(OperatorSettings, "minimum_accounts"),
        "MIXING_SECONDS": default(OperatorSettings, "mixing_seconds"),
        "SHORTEST_LEAD": SHORTEST_LEAD,
        "ISSUING_SECONDS": ISSUING_SECONDS,
        "REPEAT_SECONDS": REPEAT_SECONDS,
        "REQUESTS_PER_EPOCH": default(OperatorSettings, "requests_per_epoch"),
        "CODE_SECONDS": default(OperatorSettings, "code_seconds"),
        "CODE_ATTEMPTS": default(OperatorSettings, "code_attempts"),
        "CODES_PER_DAY": default(OperatorSettings, "codes_per_day"),
        "CODES_PER_ADDRESS": default(OperatorSettings, "codes_per_address"),
        "VERIFICATIONS_PER_HOUR": default(OperatorSettings, "verifications_per_hour"),
        "SESSIONS_PER_HOUR": default(OperatorSettings, "sessions_per_hour"),
        "ACCOUNT_REQUESTS_PER_HOUR": default(OperatorSettings, "account_requests_per_hour"),
        "REQUESTS_PER_DAY": default(OperatorSettings, "requests_per_day"),
        "APPLICATIONS_PER_HOUR": default(EscrowSettings, "applications_per_hour"),
        "CHECKPOINTS_PER_HOUR": default(EscrowSettings, "checkpoints_per_hour"),
        "COMMITMENTS_PER_HOUR": default(EscrowSettings, "commitments_per_hour"),
        "PAIRINGS_PER_HOUR": default(VenueSettings, "pairings_per_hour"),
        "VERIFICATION_DAYS": default(OperatorSettings, "verification_days"),
        "ACCOUNT_RETENTION_DAYS": default(OperatorSettings, "account_retention_days"),
    }


def test_tags_are_those_that_a_whole_visit_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    used: set[str] = set()

    def recorded(name: str) -> bytes:
        used.add(name)
        return (hashing.TAG_PREFIX + name).encode("ascii")

    def framed(name: str) -> bytes:
        return len(recorded(name)).to_bytes(4, "big") + recorded(name)

    monkeypatch.setattr(hashing, "_framed_tag", framed)
    monkeypatch.setattr(statements, "tag", recorded)
    parties = found_domain()
    today = open_epoch(parties, NOW // 86_400)
    whole_visit(parties, today, enrol(parties, today, "홍길동", "+821012345678"))
    assert {row["name"] for row in table("tags")} == used


def test_statement_tags_have_messages() -> None:
    tags = {kind.TAG for kind in every_message_type() if hasattr(kind, "TAG")}
    assert {row["name"] for row in table("tags") if "statement" in row["used as"]} == tags


def test_errors() -> None:
    kinds = {"malformed": Malformed, "rejected": Rejected, "–": SplitPassError}
    rows = {row["error"]: kinds[row["kind"]] for row in table("errors")}
    named = [value for value in vars(protocol.primitives.errors).values() if isinstance(value, type)] + [UnfitLibrary]
    bases = {SplitPassError, Malformed, Rejected}
    expected = {
        error.__name__: next(kind for kind in (Malformed, Rejected, SplitPassError) if issubclass(error, kind))
        for error in named
        if error not in bases
    }
    assert rows == expected


def test_faults() -> None:
    assert [row["fault"] for row in table("faults")] == [str(fault) for fault in Fault]


def test_decisions() -> None:
    rows = {int(row["number"]): row["decision"] for row in table("decisions")}
    assert rows == {int(decision): decision.name for decision in Decision}


def refusals(kind: type[Refusal]) -> list[type[Refusal]]:
    return [refusal for child in kind.__subclasses__() for refusal in [child, *refusals(child)]]


def test_problems_are_those_of_the_servers() -> None:
    """The spec's table is that of the servers, and each name of it is what something that answers over HTTP says."""
    listed = {row["name"]: int(row["status"]) for row in table("problems")}
    assert listed == STATUSES
    paths = [path for part in ("service", "escrow", "venue") for path in (ROOT / part).rglob("*.py")]
    for path in paths:
        if path.name in {"errors.py", "refusals.py"}:
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    source = "".join(path.read_text("utf-8") for path in paths)
    said = set(re.findall(r"_own_response\(\"([a-z-]+)\"", source)) | set(HTTP_PROBLEMS.values())
    for refusal in refusals(Refusal):
        assert re.search(rf"\b(?:raise|return) {refusal.__name__}\b", source), refusal
        said.add(refusal.name)
    officers_alone = {"not-approved", "unknown-invitation", "wrong-passkey", "challenge-used", "bad-officers"}
    officers_alone |= {"not-an-officer", "wrong-origin", "unknown-matter", "matter-closed", "unknown-job"}
    officers_alone |= {"venue-offline", "no-warrant", "no-release", "not-opened", "warrant-decided"}
    officers_alone |= {
        "unknown-case",
        "case-exists",
        "case-closed",
        "case-unfinished",
        "unknown-window",
        "window-in-use",
    }
    assert said - officers_alone == listed.keys()
    assert officers_alone <= said
    assert not listed.keys() & {problem_name(error) for error in Malformed.__subclasses__() + Rejected.__subclasses__()}


def test_message_types_are_all_listed() -> None:
    listed = [name for row in table("messages") for name in row["message"].split(", ")]
    assert sorted(listed) == sorted(kind.__name__ for kind in every_message_type())


def test_sizes(parties: Parties) -> None:
    twelve = found_domain(number=255, allowance=12)
    today = open_epoch(twelve, NOW // EPOCH_SECONDS)
    visitor = enrol(twelve, today, "홍길동", "+821012345678")
    present = present_check_in(today, visitor).to_bytes()
    scan = sign_check_in(today.key, visitor.passes[0], NOW, Direction.ENTRY, parties.venue.venue_id).to_bytes()
    assisted = seal_assisted(today.key, AssertedRecord("홍길동", "+821012345678"), NOW, parties.venue.venue_id)
    paper = from_paper_text(print_pass(today.key, visitor.passes[0]))
    printed = sign_paper_check_in(
        today.key, verify_paper(today.key, paper), NOW, Direction.ENTRY, parties.venue.venue_id
    )
    leaf = ReleasedLeaf(today.key.epoch, NOW, Direction.ENTRY, present)
    assert {row["message"]: int(row["bytes"]) for row in table("sizes")} == {
        "present-mode check-in": len(present),
        "scan-mode check-in": len(scan),
        "AssistedCheckIn": len(assisted.to_bytes()),
        "PaperPass": len(paper.to_bytes()),
        "PaperCheckInMessage": len(printed.to_bytes()),
        "AllowanceRequest of 12": len(visitor.request.to_bytes()),
        "PassAnswers of 12": len(visitor.answers.to_bytes()),
        "DirectoryEntry": len(visitor.grant.entry.to_bytes()),
        "ReleasedLeaf of a present-mode check-in": len(leaf.to_bytes()),
        "ReleasedLeaf that is withheld": len(replace(leaf, content=leaf.committed.digest).to_bytes()),
        "VenueCommitment statement": len(VenueLog(parties.venue, parties.venue_key).commit(NOW)),
    }
