"""What receivers do with a message after decoding it: every verification, on payloads signed by the right key."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conformance.vectors import logs, world
from conformance.vectors.venue_log import VenueLog
from protocol.assisted_check_ins import AssertedRecord, AssistedCheckIn, open_assisted, seal_assisted, verify_assisted
from protocol.check_ins import CheckInMessage, Direction, verify_check_in
from protocol.commitments import VenueCommitment, verify_commitment
from protocol.epochs import EpochStatement, Role, verify_epoch, verify_epoch_statement
from protocol.handles import (
    DirectoryEntry,
    DirectoryReceipt,
    HandleGrant,
    HandleRegistration,
    open_entry,
    seal_record,
    sign_receipt,
    verify_grant,
    verify_receipt,
    verify_registration,
)
from protocol.opening import Shares, create_shares, open_check_in, open_release, verify_party_shares
from protocol.paper_check_ins import PaperCheckInMessage, sign_paper_check_in, verify_paper_check_in
from protocol.paper_passes import PaperPass, from_paper_text, print_pass, verify_paper
from protocol.party_requests import PartyRequest, sign_request, verify_request
from protocol.passes import (
    ANSWER_BYTES,
    AllowanceRequest,
    IssueBatch,
    PassAnswers,
    accept_answer,
    accept_answers,
    issue_batch,
    issue_pass,
    verify_allowance,
)
from protocol.primitives.encoding import Message
from protocol.primitives.errors import SplitPassError
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import JointStatement, statement_payload
from protocol.releases import Release, verify_release
from protocol.transparency.logs import (
    Inclusion,
    log_origin,
    sign_log,
    verify_logged_epoch,
    verify_witnessed,
    witness_log,
)
from protocol.transparency.merkle import leaf_hash
from protocol.transparency.signed_notes import sign_note
from protocol.transparency.tiles import Tile, join_entries, split_entries
from protocol.transparency.witnesses import WitnessRequest
from protocol.warrants import Venue, Warrant, verify_venue, verify_warrant
from tests.fuzz.forgery import sign_anything
from tests.fuzz.trial import Decoder

_KEYS = {world.EPOCH: world.EPOCH_KEY}
_VALID_WARRANT = verify_warrant(world.DOMAIN, world.JOINT_WARRANT, world.NOW)
_REGISTERED = verify_venue(world.DOMAIN, world.JOINT_VENUE)
_LOG = VenueLog(world.VENUE, world.VENUE_KEY)
_LOG.add_all({world.EPOCH: [world.SHOWN.to_bytes(), world.SCANNED.to_bytes()]})
_COMMITMENT = _LOG.commit(world.WARRANT.issued)
_RELEASE = _LOG.release(_VALID_WARRANT)
_VERIFIED = verify_release(_VALID_WARRANT, _REGISTERED, _KEYS, _LOG.commitments, _RELEASE)
_SHARES = {
    role: create_shares(
        world.DOMAIN, role, _VERIFIED, {world.EPOCH: (world.EPOCH_KEY, world.SECRETS[role])}, world.IDENTITY[role]
    )
    for role in Role
}
_RECORD, _ENTRY = seal_record(world.EPOCH_KEY, world.RECORD, world.OPERATOR)
_RECEIPT = sign_receipt(world.EPOCH_KEY, _ENTRY, world.AUTHORITY)
_ASSISTED = seal_assisted(world.EPOCH_KEY, AssertedRecord("홍길동", "+821012345678"), world.TIME, world.VENUE.venue_id)
_PAPER = from_paper_text(print_pass(world.EPOCH_KEY, world.PASSES[2]))
_PRINTED = sign_paper_check_in(
    world.EPOCH_KEY, verify_paper(world.EPOCH_KEY, _PAPER), world.TIME, Direction.ENTRY, world.VENUE.venue_id
)
_WITNESSED = sign_log(world.DOMAIN, logs.ROLE, 1, leaf_hash(logs.ENTRIES[0]), world.AUTHORITY)
_WITNESSED += witness_log(world.DOMAIN, logs.ROLE, _WITNESSED, world.TIME, world.OPERATOR)
_PATH = "/v1/shares"
_REQUEST = sign_request(world.DOMAIN, Role.AUTHORITY, "operator", _PATH, world.NOW, b"body", world.AUTHORITY)


def reader_decoders() -> Iterator[Decoder]:
    """The verifications of the protocol as decoders."""

    def reader(name: str, read: Callable[[bytes], object], *samples: bytes, cost: int = 4) -> Decoder:
        return Decoder(f"verify {name}", read, (SplitPassError,), samples, cost)

    key = world.EPOCH_KEY
    for role in Role:
        statement = world.STATEMENTS[role]
        yield reader(
            f"epoch statement of the {role.name.lower()}",
            lambda data, role=role: verify_epoch_statement(  # type: ignore[misc]
                world.DOMAIN, role, world.EPOCH, sign_anything(EpochStatement, data, world.IDENTITY[role])
            ),
            statement_payload(statement),
        )
        yield reader(
            f"shares of the {role.name.lower()}",
            lambda data, role=role: _open(role, data),  # type: ignore[misc]
            statement_payload(_SHARES[role]),
        )
    yield reader("epoch key", _joint_key, statement_payload(world.STATEMENTS[Role.OPERATOR]))
    yield reader(
        "registration",
        lambda data: verify_registration(key, world.ACCOUNT, HandleRegistration.from_bytes(data)),
        world.REGISTRATION.to_bytes(),
    )
    yield reader(
        "entry", lambda data: open_entry(key, world.HANDLE, DirectoryEntry.from_bytes(data)), _ENTRY.to_bytes(), cost=3
    )
    yield reader(
        "receipt",
        lambda data: verify_receipt(key, _ENTRY, sign_anything(DirectoryReceipt, data, world.AUTHORITY)),
        statement_payload(_RECEIPT),
    )
    yield reader(
        "grant",
        lambda data: verify_grant(key, world.HANDLE, HandleGrant.from_bytes(data)),
        HandleGrant(_RECORD, _ENTRY, _RECEIPT).to_bytes(),
    )
    yield reader(
        "allowance",
        lambda data: verify_allowance(key, world.HANDLE, AllowanceRequest.from_bytes(data)),
        world.ALLOWANCE.to_bytes(),
    )
    yield reader("batch", _answer_batch, IssueBatch(world.EPOCH, tuple(world.REQUESTS)).to_bytes(), cost=15)
    yield reader("pass request", _answer_request, *world.REQUESTS)
    yield reader(
        "answers",
        lambda data: accept_answers(key, world.PENDING, PassAnswers.from_bytes(data)),
        world.ANSWERS.to_bytes(),
        cost=8,
    )
    yield reader("answer", lambda data: accept_answer(key, world.PENDING[0], data), *world.ANSWERS.answers)
    yield reader(
        "check-in",
        lambda data: verify_check_in(key, CheckInMessage.from_bytes(data)),
        world.SHOWN.to_bytes(),
        world.SCANNED.to_bytes(),
    )
    yield reader("assisted check-in", _open_assisted, _ASSISTED.to_bytes(), cost=5)
    yield reader("paper pass", lambda data: verify_paper(key, PaperPass.from_bytes(data)), _PAPER.to_bytes())
    yield reader(
        "paper check-in",
        lambda data: verify_paper_check_in(key, PaperCheckInMessage.from_bytes(data)),
        _PRINTED.to_bytes(),
    )
    yield reader(
        "venue", lambda data: verify_venue(world.DOMAIN, JointStatement.from_bytes(data)), world.JOINT_VENUE.to_bytes()
    )
    yield reader(
        "venue, signed", lambda data: verify_venue(world.DOMAIN, _both_sign(Venue, data)), world.VENUE.to_bytes()
    )
    yield reader(
        "warrant",
        lambda data: verify_warrant(world.DOMAIN, JointStatement.from_bytes(data), world.NOW),
        world.JOINT_WARRANT.to_bytes(),
    )
    yield reader(
        "warrant, signed",
        lambda data: verify_warrant(world.DOMAIN, _both_sign(Warrant, data), world.NOW),
        world.WARRANT.to_bytes(),
    )
    yield reader(
        "venue commitment",
        lambda data: verify_commitment(
            world.VENUE, sign_anything(VenueCommitment, data, world.VENUE_KEY), world.WARRANT.issued
        ),
        statement_payload(_COMMITMENT),
    )
    yield reader(
        "release",
        lambda data: verify_release(
            _VALID_WARRANT, _REGISTERED, _KEYS, _LOG.commitments, sign_anything(Release, data, world.VENUE_KEY)
        ),
        statement_payload(_RELEASE),
        cost=8,
    )
    yield reader(
        "party request",
        lambda data: verify_request(
            world.DOMAIN,
            Role.AUTHORITY,
            "operator",
            _PATH,
            world.NOW,
            sign_anything(PartyRequest, data, world.AUTHORITY),
        ),
        statement_payload(_REQUEST),
    )
    yield reader("checkpoint", lambda data: verify_witnessed(world.DOMAIN, logs.ROLE, data), _WITNESSED)
    yield reader("checkpoint, signed", _witnessed, _WITNESSED.partition(b"\n\n")[0] + b"\n")
    yield reader(
        "logged epoch",
        lambda data: verify_logged_epoch(
            world.DOMAIN, logs.ROLE, world.STATEMENTS[logs.ROLE], Inclusion.from_bytes(data)
        ),
        Inclusion(0, logs.ENTRIES[0], _WITNESSED, ()).to_bytes(),
    )
    yield reader("request to a witness", WitnessRequest.parse, WitnessRequest(5, (bytes(32),), _WITNESSED).encode())
    yield reader(
        "tile of entries",
        lambda data: split_entries(Tile("entries", 0, len(logs.ENTRIES)), data),
        join_entries(logs.ENTRIES),
    )


def _witnessed(text: bytes) -> object:
    """Verify any text as a checkpoint that both parties signed."""
    note = sign_note(text.decode("utf-8", "replace"), log_origin(world.DOMAIN, logs.ROLE), world.AUTHORITY)
    note += witness_log(world.DOMAIN, logs.ROLE, note, world.TIME, world.OPERATOR)
    return verify_witnessed(world.DOMAIN, logs.ROLE, note)


def _both_sign(kind: type[Message], payload: bytes) -> JointStatement:
    def signed(key: SigningKey) -> bytes:
        return sign_anything(kind, payload, key)

    return JointStatement(signed(world.AUTHORITY), signed(world.OPERATOR))


def _joint_key(payload: bytes) -> object:
    statement = sign_anything(EpochStatement, payload, world.OPERATOR)
    return verify_epoch(world.DOMAIN, world.EPOCH, statement, world.STATEMENTS[Role.AUTHORITY])


def _open_assisted(data: bytes) -> object:
    entry = verify_assisted(world.EPOCH_KEY, AssistedCheckIn.from_bytes(data))
    S = open_check_in(entry, *(world.SECRETS[role].share * entry.message.u for role in Role))
    return None if S is None else open_assisted(world.EPOCH_KEY, entry, S)


def _open(role: Role, payload: bytes) -> object:
    """Open a release with one party's honest shares and any that the other one signed."""
    statements = {**_SHARES, role: sign_anything(Shares, payload, world.IDENTITY[role])}
    verified = {
        one: verify_party_shares(world.DOMAIN, one, _VERIFIED, _KEYS, statement)
        for one, statement in statements.items()
    }
    return list(open_release(_VERIFIED, verified[Role.OPERATOR], verified[Role.AUTHORITY]))


def _answer_batch(data: bytes) -> object:
    batch = IssueBatch.from_bytes(data)
    answers = issue_batch(world.EPOCH_KEY, world.PASS_KEY, batch).answers
    if len(answers) != len(batch.requests):
        raise AssertionError("a batch has an answer for each request")
    return answers


def _answer_request(data: bytes) -> object:
    answer = issue_pass(world.EPOCH_KEY, world.PASS_KEY, data)
    if len(answer) != ANSWER_BYTES:
        raise AssertionError(f"an answer has {ANSWER_BYTES} bytes, whatever was asked")
    return answer
