"""Vectors of §3.5: epoch statements, the joint key and its context, and which epochs a time belongs to."""

from __future__ import annotations

from dataclasses import replace

from conformance.vectors.files import VectorFile
from conformance.vectors.pinned import Draws, flip, negative, negative_scalar, pinned, pinned_scalar
from conformance.vectors.world import (
    AUTHORITY,
    DOMAIN,
    EPOCH,
    EPOCH_KEY,
    IDENTITY,
    OPERATOR,
    SECRETS,
    STATEMENTS,
    STRANGER,
    TIME,
    WARRANT,
)
from protocol.check_ins import Direction, possible_epochs
from protocol.disclosures import DisclosedOpening, record_opening, sign_disclosure
from protocol.epochs import MAX_STAY, Domain, EpochStatement, Role, create_epoch, verify_epoch
from protocol.notices import list_passes, sign_notice
from protocol.primitives.encoding import encode_item
from protocol.primitives.errors import (
    ConflictingStatements,
    IdentityElement,
    InvalidProof,
    InvalidSignature,
    MalformedEncoding,
    MalformedPoint,
    SplitPassError,
    WrongDomain,
    WrongEpoch,
    WrongParty,
)
from protocol.primitives.group import B, Point, Scalar
from protocol.primitives.hashing import digest32, frame
from protocol.primitives.proofs import prove_knowledge
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import sign_statement, statement_payload


def _possession_context(domain: Domain, role: Role, epoch: int) -> bytes:
    return frame("epoch-share", domain.to_bytes(), bytes([role]), epoch.to_bytes(4, "big"))


def _payload(role: Role) -> EpochStatement:
    return EpochStatement.from_bytes(statement_payload(STATEMENTS[role]))


def _authority_statement(x: Scalar, X: Point) -> EpochStatement:
    """The authority's statement of a key share `X` of which it claims to know the logarithm `x`."""
    context = _possession_context(DOMAIN, Role.AUTHORITY, EPOCH)
    proof = prove_knowledge("epoch-share", context, x, x * B, Draws("rogue key"))
    return replace(_payload(Role.AUTHORITY), key_share=X, possession=proof)


def epoch_statement() -> VectorFile:
    """`create_epoch` and `verify_epoch_statement`."""
    file = VectorFile(
        "epoch-statement",
        "A party's signed statement of its share of an epoch's key, with proof of possession",
        "§3.5",
        {
            "make.seed": "the party's identity key, an Ed25519 seed",
            "check.domain": "a Domain message",
            "check.role": "1 operator, 2 authority",
            "check.epoch": "the number of the epoch",
            "check.statement": "the signed statement",
            "intermediate.x": "the party's share, a scalar: the first draw modulo L",
            "intermediate.pass_seed": "the authority's pass-signing seed, its second draw; null in the operator's",
            "intermediate.possession_context": "what the proof of possession, named epoch-share, is bound to",
            "intermediate.possession": "the proof, from the last draw",
            "intermediate.payload": "the EpochStatement message that is signed",
            "result.key_share": "x * B",
            "result.pass_key": "the key that verifies passes; null in the operator's",
        },
    )
    for role, name in [(Role.OPERATOR, "operator"), (Role.AUTHORITY, "authority")]:
        draws = Draws(f"epoch {role.name}")
        secret, statement = create_epoch(DOMAIN, role, EPOCH, IDENTITY[role], draws)
        payload = EpochStatement.from_bytes(statement_payload(statement))
        pass_key = None if secret.pass_seed is None else public_key(SigningKey(secret.pass_seed))
        context = _possession_context(DOMAIN, role, EPOCH)
        file.accept(
            name,
            make={"seed": bytes(IDENTITY[role]), "random": draws.drawn},
            intermediate={
                "x": secret.share,
                "pass_seed": secret.pass_seed,
                "possession_context": context,
                "possession": payload.possession,
                "payload": payload,
            },
            check={"domain": DOMAIN, "role": role, "epoch": EPOCH, "statement": statement},
            result={"key_share": secret.share * B, "pass_key": pass_key},
        )
    operator, authority = _payload(Role.OPERATOR), _payload(Role.AUTHORITY)

    def reject(change: str, error: type[SplitPassError], said: EpochStatement, key: SigningKey = AUTHORITY) -> None:
        file.reject("authority", change, error, statement=sign_statement(said, key))

    reject("signed by another key", InvalidSignature, authority, STRANGER)
    reject("signed by the operator", InvalidSignature, authority, OPERATOR)
    reject("another domain", WrongDomain, replace(authority, domain=8))
    reject("another epoch", WrongEpoch, replace(authority, epoch=EPOCH + 1))
    reject("the operator's role", WrongParty, replace(authority, role=Role.OPERATOR))
    reject("no pass key", WrongParty, replace(authority, pass_key=None))
    reject("the operator's share and proof", InvalidProof, replace(operator, role=Role.AUTHORITY, pass_key=B))
    x = pinned_scalar("rogue")
    reject(
        "a rogue key: x * B less the operator's share",
        InvalidProof,
        _authority_statement(x, x * B - operator.key_share),
    )
    file.reject("authority", "expected of the operator", InvalidSignature, role=1)
    file.reject("authority", "expected in another epoch", WrongEpoch, epoch=EPOCH + 1)
    file.reject("authority", "in a domain with another allowance", InvalidProof, domain=replace(DOMAIN, allowance=4))
    file.reject("authority", "in a domain with another offset", InvalidProof, domain=replace(DOMAIN, utc_offset=0))
    file.reject("authority", "an allowance of 0", MalformedEncoding, domain=_domain_bytes(allowance=0))
    file.reject("authority", "an offset of 15 hours", MalformedEncoding, domain=_domain_bytes(utc_offset=54_000))
    file.reject(
        "authority", "an identity key of order 4", MalformedPoint, domain=_domain_bytes(authority_key=bytes(32))
    )
    file.reject(
        "operator",
        "with a pass key",
        WrongParty,
        statement=sign_statement(replace(operator, pass_key=authority.pass_key), OPERATOR),
    )
    return file


def _domain_bytes(**changed: object) -> bytes:
    fields = {
        "number": DOMAIN.number,
        "operator_key": bytes(DOMAIN.operator_key),
        "authority_key": bytes(DOMAIN.authority_key),
        "utc_offset": DOMAIN.utc_offset,
        "allowance": DOMAIN.allowance,
    }
    return encode_item(list((fields | changed).values()))


def epoch_key() -> VectorFile:
    """`verify_epoch`."""
    file = VectorFile(
        "epoch-key",
        "The joint key and the context of an epoch, from both parties' statements",
        "§3.5",
        {
            "check.domain": "a Domain message",
            "check.epoch": "the number of the epoch",
            "check.operator_statement": "the operator's signed statement",
            "check.authority_statement": "the authority's signed statement",
            "intermediate.operator": "the operator's EpochStatement message",
            "intermediate.authority": "the authority's EpochStatement message",
            "result.X": "the sum of both key shares",
            "result.pass_key": "the key that verifies passes",
            "result.context": "digest32 of epoch-context, the domain and both messages",
        },
    )
    operator, authority = _payload(Role.OPERATOR), _payload(Role.AUTHORITY)
    context = digest32("epoch-context", DOMAIN.to_bytes(), operator.to_bytes(), authority.to_bytes())
    assert context == EPOCH_KEY.context
    statements = {
        "operator_statement": STATEMENTS[Role.OPERATOR],
        "authority_statement": STATEMENTS[Role.AUTHORITY],
    }
    file.accept(
        "ordinary",
        check={"domain": DOMAIN, "epoch": EPOCH, **statements},
        intermediate={"operator": operator, "authority": authority},
        result={
            "X": operator.key_share + authority.key_share,
            "pass_key": authority.pass_key,
            "context": context,
        },
    )
    other = create_epoch(DOMAIN, Role.AUTHORITY, EPOCH, AUTHORITY, Draws("another statement"))[1]
    key = verify_epoch(DOMAIN, EPOCH, STATEMENTS[Role.OPERATOR], other)
    file.accept(
        "another statement of the authority gives another context",
        check={"domain": DOMAIN, "epoch": EPOCH, **statements, "authority_statement": other},
        intermediate={"operator": operator, "authority": EpochStatement.from_bytes(statement_payload(other))},
        result={"X": key.X, "pass_key": key.pass_key, "context": key.context},
    )
    file.reject(
        "ordinary",
        "statements exchanged",
        InvalidSignature,
        operator_statement=STATEMENTS[Role.AUTHORITY],
        authority_statement=STATEMENTS[Role.OPERATOR],
    )
    file.reject("ordinary", "another epoch", WrongEpoch, epoch=EPOCH - 1)
    x = negative_scalar(SECRETS[Role.OPERATOR].share)
    cancelling = sign_statement(_authority_statement(x, negative(operator.key_share)), AUTHORITY)
    file.reject("ordinary", "shares that cancel", IdentityElement, authority_statement=cancelling)
    return file


def conflicting_statements() -> VectorFile:
    """`check_same_statement`."""
    file = VectorFile(
        "conflicting-statements",
        "Two statements of one party for one epoch, or one number of a list: different ones are evidence of cheating",
        "§3.5, §3.12, §3.13",
        {"check.known": "the statement seen first", "check.received": "the statement seen now"},
    )
    known = STATEMENTS[Role.AUTHORITY]
    file.accept("the same", check={"known": known, "received": known})
    other = create_epoch(DOMAIN, Role.AUTHORITY, EPOCH, AUTHORITY, Draws("another statement"))[1]
    file.reject("the same", "another share", ConflictingStatements, received=other)
    file.accept("the same message, another signature", check={"known": known, "received": flip(known, -1)})
    file.reject("the same", "no statement", MalformedEncoding, received=pinned("noise"))
    padded = {one: list_passes(3, [], pinned(one)) for one in ("a seed", "another seed")}
    known = sign_notice(DOMAIN, 3, TIME, "", padded["a seed"], OPERATOR)
    file.accept("a notice", check={"known": known, "received": flip(known, -1)})
    for name, time, advice, digests in [
        ("a notice with another list", TIME, "", padded["another seed"]),
        ("a notice with other advice", TIME, "검사", padded["a seed"]),
        ("a notice of another time", TIME + 1, "", padded["a seed"]),
    ]:
        received = sign_notice(DOMAIN, 3, time, advice, digests, OPERATOR)
        file.reject("a notice", name, ConflictingStatements, received=received)
    known = sign_disclosure(DOMAIN, Role.AUTHORITY, 3, TIME, (), AUTHORITY)
    file.accept("a disclosure", check={"known": known, "received": known})
    opening = DisclosedOpening(7, record_opening(WARRANT, bytes(32), [bytes(32)], Draws("an opening")))
    for name, time, openings in [("with an opening", TIME, (opening,)), ("of another time", TIME + 1, ())]:
        received = sign_disclosure(DOMAIN, Role.AUTHORITY, 3, time, openings, AUTHORITY)
        file.reject("a disclosure", f"a disclosure {name}", ConflictingStatements, received=received)
    return file


def epochs_of_times() -> VectorFile:
    """`Domain.epoch_at`, `Domain.epoch_begins` and `possible_epochs`."""
    file = VectorFile(
        "epochs-of-times",
        "The epochs that a label may belong to: an entry's time decides; an exit may be of an entry 12 hours before",
        "§3.5, §3.8",
        {
            "check.domain": "a Domain message",
            "check.time": "Unix time in seconds",
            "check.direction": "1 entry, 2 exit",
            "result.epochs": "the possible epochs, in order",
            "result.begins": "when each begins, in Unix seconds",
        },
    )
    midnight = DOMAIN.epoch_begins(EPOCH)
    west = replace(DOMAIN, utc_offset=-5 * 3600)
    for name, domain, time, direction in [
        ("an entry in the evening", DOMAIN, TIME, Direction.ENTRY),
        ("an exit in the evening", DOMAIN, TIME, Direction.EXIT),
        ("an entry at midnight", DOMAIN, midnight, Direction.ENTRY),
        ("an entry a second before midnight", DOMAIN, midnight - 1, Direction.ENTRY),
        ("an exit at midnight", DOMAIN, midnight, Direction.EXIT),
        ("the last exit of the day before", DOMAIN, midnight + MAX_STAY - 1, Direction.EXIT),
        ("an exit at noon", DOMAIN, midnight + MAX_STAY, Direction.EXIT),
        ("west of Greenwich", west, west.epoch_begins(EPOCH), Direction.EXIT),
        ("before the first epoch", west, 0, Direction.EXIT),
    ]:
        epochs = possible_epochs(domain, time, direction)
        file.accept(
            name,
            check={"domain": domain, "time": time, "direction": direction},
            result={"epochs": list(epochs), "begins": [domain.epoch_begins(epoch) for epoch in epochs]},
        )
    return file
