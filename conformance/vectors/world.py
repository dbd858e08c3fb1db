"""The one domain, epoch, visitor and venue that the vectors are about; everything in it is pinned."""

from __future__ import annotations

from conformance.vectors.pinned import Draws, pinned
from protocol.assisted_check_ins import AssertedRecord, seal_assisted
from protocol.check_ins import Direction, sign_check_in
from protocol.epochs import Domain, EpochKey, Role, create_epoch, verify_epoch
from protocol.handles import IdentityRecord, register_handle, verify_registration
from protocol.passes import IssueBatch, accept_answers, issue_batch, request_allowance, verify_allowance
from protocol.primitives.encoding import Message
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import JointStatement, sign_statement
from protocol.warrants import Purpose, Venue, Warrant

NUMBER = 7
UTC_OFFSET = 9 * 3600
TIME = 1_591_793_990
"""10 June 2020, 21:59:50 in Seoul."""
EPOCH = (TIME + UTC_OFFSET) // 86_400

OPERATOR = SigningKey(pinned("operator's identity key"))
AUTHORITY = SigningKey(pinned("authority's identity key"))
VENUE_KEY = SigningKey(pinned("venue's key"))
STRANGER = SigningKey(pinned("a key of nobody in the domain"))
IDENTITY = {Role.OPERATOR: OPERATOR, Role.AUTHORITY: AUTHORITY}

DOMAIN = Domain(NUMBER, public_key(OPERATOR), public_key(AUTHORITY), UTC_OFFSET, allowance=3)


def open_epoch(domain: Domain, epoch: int, name: str) -> EpochKey:
    """The verified key of an epoch whose secrets only depend on `name`."""
    statements = [create_epoch(domain, role, epoch, IDENTITY[role], Draws(f"{name} {role.name}"))[1] for role in Role]
    return verify_epoch(domain, epoch, *statements)


SECRETS = {}
STATEMENTS = {}
for _role in Role:
    SECRETS[_role], STATEMENTS[_role] = create_epoch(
        DOMAIN, _role, EPOCH, IDENTITY[_role], Draws(f"epoch {_role.name}")
    )
EPOCH_KEY = verify_epoch(DOMAIN, EPOCH, STATEMENTS[Role.OPERATOR], STATEMENTS[Role.AUTHORITY])
PASS_KEY = SECRETS[Role.AUTHORITY].pass_signing_key
SETTING = {
    "domain": DOMAIN,
    "epoch": EPOCH,
    "operator_statement": STATEMENTS[Role.OPERATOR],
    "authority_statement": STATEMENTS[Role.AUTHORITY],
    "X": EPOCH_KEY.X,
    "pass_key": EPOCH_KEY.pass_key,
    "context": EPOCH_KEY.context,
}

OTHER_EPOCH_KEY = open_epoch(DOMAIN, EPOCH + 1, "next epoch")
"""The day after, in the same domain."""

ACCOUNT = pinned("account", 16)
H, REGISTRATION = register_handle(EPOCH_KEY, ACCOUNT, Draws("handle"))
HANDLE = verify_registration(EPOCH_KEY, ACCOUNT, REGISTRATION)
RECORD = IdentityRecord(NUMBER, EPOCH, HANDLE, "+821012345678", "홍길동", verified_on=EPOCH - 3)

PENDING, ALLOWANCE = request_allowance(EPOCH_KEY, H, Draws("allowance"))
REQUESTS = verify_allowance(EPOCH_KEY, HANDLE, ALLOWANCE)
ANSWERS = issue_batch(EPOCH_KEY, PASS_KEY, IssueBatch(EPOCH, tuple(REQUESTS)), Draws("answers"))
PASSES = accept_answers(EPOCH_KEY, PENDING, ANSWERS)

VENUE = Venue(NUMBER, pinned("venue", 16), "클럽 스플릿", "https://door.example/", public_key(VENUE_KEY))


def both_sign(message: Message) -> JointStatement:
    """The message as both parties sign it."""
    return JointStatement(sign_statement(message, AUTHORITY), sign_statement(message, OPERATOR))


WARRANT = Warrant(
    NUMBER,
    pinned("warrant", 16),
    VENUE.venue_id,
    purpose=Purpose.OPENING,
    begins=TIME - 7200,
    ends=TIME + 7200,
    assumed_stay=3600,
    legal_reference="감염병예방법 제76조의2",
    max_records=100,
    issued=TIME + 43_200,
    expires=TIME + 14 * 86_400,
    discloses=TIME + 28 * 86_400,
)
JOINT_VENUE = both_sign(VENUE)
JOINT_WARRANT = both_sign(WARRANT)
NOW = TIME + 86_400
"""When the warrant is used."""

ASSERTED = AssertedRecord("성춘향", "+821087654321")
ASSISTED = seal_assisted(EPOCH_KEY, ASSERTED, TIME + 300, VENUE.venue_id, Draws("assisted"))
SHOWN = sign_check_in(EPOCH_KEY, PASSES[0], TIME, Direction.ENTRY, None, Draws("shown"))
SCANNED = sign_check_in(EPOCH_KEY, PASSES[1], TIME + 600, Direction.ENTRY, VENUE.venue_id, Draws("scanned"))
