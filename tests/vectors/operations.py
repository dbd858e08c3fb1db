"""How each file of `spec/vectors/` is replayed: which function checks its vectors, and which makes them.

The functions are those of `protocol`: a vector's keys are the names of their parameters. Where a vector is not the
arguments of one function, an adapter calls several.
"""

from __future__ import annotations

from client.posters import read_poster
from protocol.assisted_check_ins import seal_assisted
from protocol.check_ins import verify_check_in
from protocol.commitments import verify_commitment
from protocol.disclosures import record_opening, sign_disclosure, verify_disclosure
from protocol.epochs import check_same_statement, create_epoch, verify_epoch, verify_epoch_statement
from protocol.handles import (
    open_entry,
    register_handle,
    seal_record,
    sign_receipt,
    verify_grant,
    verify_receipt,
    verify_registration,
)
from protocol.paper_check_ins import verify_paper_check_in
from protocol.party_requests import sign_request, verify_request
from protocol.passes import issue_batch, issue_pass, request_allowance, verify_allowance
from protocol.primitives.errors import InvalidProof, InvalidSignature, NotLogged
from protocol.primitives.group import Point, Scalar
from protocol.primitives.hashing import nonce
from protocol.primitives.proofs import (
    prove_encryptions,
    prove_knowledge,
    prove_ownership,
    prove_shares,
    verify_encryptions,
    verify_knowledge,
    verify_ownership,
    verify_shares,
)
from protocol.primitives.signatures import sign_with_scalar, verify
from protocol.transparency.logs import verify_logged_epoch, verify_witnessed
from protocol.transparency.merkle import verify_inclusion
from protocol.warrants import verify_venue, verify_warrant
from tests.vectors import adapters
from tests.vectors.replay import Call, Operation, as_it_is, fields, holds, nothing, second, whole

OPERATIONS = {
    "scalars": Operation(Call(Scalar, whole("encoding"))),
    "scalar-arithmetic": Operation(Call(adapters.scalar_arithmetic, as_it_is)),
    "points": Operation(Call(Point, whole("encoding"))),
    "point-arithmetic": Operation(Call(adapters.point_arithmetic, as_it_is)),
    "items": Operation(Call(adapters.read_item, as_it_is)),
    "messages": Operation(Call(adapters.read_message, as_it_is)),
    "message-edges": Operation(Call(adapters.read_kind, as_it_is)),
    "hashing": Operation(Call(adapters.hashing, as_it_is)),
    "nonces": Operation(Call(nonce, whole("nonce"), covered="statement")),
    "knowledge-proof": Operation(Call(verify_knowledge, holds(InvalidProof)), Call(prove_knowledge, whole("proof"))),
    "ownership-proof": Operation(Call(verify_ownership, holds(InvalidProof)), Call(prove_ownership, whole("proof"))),
    "encryptions-proof": Operation(
        Call(verify_encryptions, holds(InvalidProof)), Call(prove_encryptions, whole("proof"))
    ),
    "shares-proof": Operation(Call(verify_shares, holds(InvalidProof)), Call(prove_shares, whole("proof"))),
    "ed25519-rule": Operation(Call(verify, holds(InvalidSignature))),
    "signature-with-scalar": Operation(
        Call(verify, holds(InvalidSignature)), Call(sign_with_scalar, whole("signature"), u="public")
    ),
    "statements": Operation(Call(adapters.check_statement, as_it_is), Call(adapters.make_statement, as_it_is)),
    "epoch-statement": Operation(
        Call(verify_epoch_statement, fields("key_share", "pass_key")),
        Call(create_epoch, second("statement"), identity="seed"),
    ),
    "epoch-key": Operation(Call(verify_epoch, fields("X", "pass_key", "context"))),
    "conflicting-statements": Operation(Call(check_same_statement, nothing)),
    "epochs-of-times": Operation(Call(adapters.epochs_of_time, as_it_is)),
    "handle-registration": Operation(
        Call(verify_registration, whole("handle"), account_id="account"),
        Call(register_handle, second("registration"), account_id="account"),
    ),
    "directory-entry": Operation(
        Call(open_entry, whole("record")), Call(seal_record, second("entry"), operator="seed")
    ),
    "directory-receipt": Operation(
        Call(verify_receipt, nothing), Call(sign_receipt, whole("receipt"), authority="seed")
    ),
    "handle-grant": Operation(Call(verify_grant, whole("record"))),
    "pass-request": Operation(Call(verify_allowance, whole("requests")), Call(request_allowance, second("request"))),
    "issuing": Operation(
        Call(adapters.check_answer, as_it_is), Call(issue_pass, whole("answer"), pass_key="pass_seed")
    ),
    "issue-batch": Operation(Call(issue_batch, whole("answers"), pass_key="pass_seed")),
    "acceptance": Operation(Call(adapters.check_answer, as_it_is)),
    "check-in": Operation(
        Call(verify_check_in, fields("epoch", "message.u", "message.v")), Call(adapters.make_check_in, as_it_is)
    ),
    "qr-text": Operation(Call(adapters.check_qr_text, as_it_is)),
    "poster-link": Operation(Call(read_poster, whole("record"))),
    "paper-pass": Operation(Call(adapters.check_paper, as_it_is), Call(adapters.make_paper, as_it_is)),
    "paper-check-in": Operation(
        Call(verify_paper_check_in, fields("epoch", "message.u", "message.v")),
        Call(adapters.make_paper_check_in, as_it_is),
    ),
    "assisted-check-in": Operation(
        Call(adapters.check_assisted, as_it_is), Call(seal_assisted, whole("message"), venue_id="venue")
    ),
    "door-decisions": Operation(Call(adapters.decide_all, as_it_is)),
    "deliveries": Operation(Call(adapters.take_all, as_it_is)),
    "venue": Operation(Call(verify_venue, fields("record")), Call(adapters.make_venue, as_it_is)),
    "venue-application": Operation(Call(adapters.check_application, as_it_is)),
    "warrant": Operation(Call(verify_warrant, fields("record")), Call(adapters.make_warrant, as_it_is)),
    "venue-commitment": Operation(Call(verify_commitment, whole("record")), Call(adapters.make_commitment, as_it_is)),
    "release": Operation(Call(adapters.check_release, as_it_is), Call(adapters.make_release, as_it_is)),
    "release-edges": Operation(Call(adapters.check_release, as_it_is)),
    "release-parts": Operation(Call(adapters.check_part, as_it_is)),
    "notice": Operation(
        Call(adapters.check_notice, as_it_is),
        Call(adapters.make_notice, as_it_is),
    ),
    "notice-answer": Operation(
        Call(adapters.check_notice_answer, as_it_is),
        Call(adapters.make_notice_answer, as_it_is),
    ),
    "judged-release": Operation(Call(adapters.check_judged_release, as_it_is)),
    "opening-record": Operation(
        Call(adapters.check_record, as_it_is), Call(record_opening, whole("record"), passes="opened")
    ),
    "disclosure": Operation(
        Call(verify_disclosure, fields("openings")), Call(sign_disclosure, whole("statement"), identity="seed")
    ),
    "shares": Operation(Call(adapters.check_shares, as_it_is), Call(adapters.make_shares, as_it_is)),
    "opening": Operation(Call(adapters.check_opening, as_it_is)),
    "party-request": Operation(
        Call(verify_request, fields("id", "body")), Call(sign_request, whole("statement"), identity="seed")
    ),
    "checkpoint": Operation(Call(verify_witnessed, fields("checkpoint.size", "checkpoint.root", "time"))),
    "consistency": Operation(Call(adapters.check_continued, as_it_is)),
    "inclusion": Operation(Call(verify_inclusion, holds(NotLogged))),
    "log-entry": Operation(Call(adapters.read_log_entry, as_it_is)),
    "page-record": Operation(Call(adapters.describe_page, as_it_is)),
    "tiles": Operation(Call(adapters.read_tile, as_it_is)),
    "witness-request": Operation(Call(adapters.read_witness_request, as_it_is)),
    "officers-approval": Operation(Call(adapters.check_officers, as_it_is)),
    "logged-epoch": Operation(Call(verify_logged_epoch, fields("checkpoint.size", "time"))),
}
"""By the name of the file, without `.json`."""
