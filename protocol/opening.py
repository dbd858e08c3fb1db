"""Opening: each party's decryption shares, with proof, and the handle that both together give. Spec: §3.10.

`D_i = x_i * u`, and `U = v - D_operator - D_authority`. A wrong share is caught by its proof and blamed on the party
that sent it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from protocol.any_check_in import AnyCheckIn, CheckInVerifier, verify_check_ins
from protocol.assisted_check_ins import AssistedEntry
from protocol.epochs import Domain, EpochKey, EpochSecret, Role
from protocol.primitives.encoding import Bytes16, Message, Size, Uint8, Uint32
from protocol.primitives.errors import (
    CommitmentMismatch,
    ConflictingStatements,
    FaultyShares,
    IdentityElement,
    Malformed,
    MalformedPoint,
    OutOfScope,
)
from protocol.primitives.group import Point, RandomBytes, secure_random
from protocol.primitives.hashing import frame
from protocol.primitives.proofs import EqualityProof, MapFunction, prove_shares, verify_shares
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import JointStatement, Statement, sign_statement, verify_payload
from protocol.releases import HeldCommitments, Judgement, VerifiedRelease, judge_release, release_digest
from protocol.visits import Visit
from protocol.warrants import MAX_RELEASE, RegisteredVenue, ValidWarrant, warrant_epochs


@dataclass(frozen=True, slots=True)
class EpochShares(Message):
    """One party's shares for passes of one epoch: `shares[i]` belongs to `passes[i]`, one proof for all."""

    epoch: Uint32
    passes: Annotated[tuple[Point, ...], Size(1, MAX_RELEASE)]
    shares: Annotated[tuple[Point, ...], Size(1, MAX_RELEASE)]
    proof: EqualityProof


@dataclass(frozen=True, slots=True)
class Shares(Message):
    """All the shares that one party gives for a release, signed with its identity key.

    `judgement` names the release, and the commitments by which both parties judged it.
    """

    TAG: ClassVar[str] = "shares"

    domain: Uint8
    role: Role
    warrant_id: Bytes16
    judgement: Judgement
    epochs: Annotated[tuple[EpochShares, ...], Size(0, 64)]


@dataclass(frozen=True, slots=True)
class VerifiedShares:
    """Shares whose proofs hold, by epoch and pass, made by `verify_party_shares`, or by the party that gives them.

    `passes` are the same passes as points.
    """

    role: Role
    shares: dict[int, dict[bytes, Point]]
    passes: dict[int, dict[bytes, Point]]


@dataclass(frozen=True, slots=True)
class MadeShares:
    """A party's own signed shares, and what they give: nothing of them needs to be verified by whoever made them."""

    statement: bytes
    given: VerifiedShares


@dataclass(frozen=True, slots=True)
class OpeningTranscript(Message):
    """All that was said in an opening. Whoever holds it can repeat every check, and learns the handles."""

    warrant: JointStatement
    release: Statement
    operator_shares: Statement
    authority_shares: Statement


def create_shares(
    domain: Domain,
    role: Role,
    release: VerifiedRelease,
    epochs: Mapping[int, tuple[EpochKey, EpochSecret]],
    identity: SigningKey,
    random_bytes: RandomBytes = secure_random,
) -> bytes:
    """Make a party's signed shares, as `make_shares` does.

    Args:
        domain: The domain, as it is pinned.
        role: The party.
        release: The verified release.
        epochs: Keys and secret of each epoch, by its number.
        identity: The party's identity key.
        random_bytes: Asked for 32 bytes per epoch.

    Returns:
        The signed shares.

    Raises:
        InvalidProof: A secret does not belong to its epoch key.
    """
    return make_shares(domain, role, release, epochs, valid_passes(release), identity, random_bytes).statement


def make_shares(
    domain: Domain,
    role: Role,
    release: VerifiedRelease,
    epochs: Mapping[int, tuple[EpochKey, EpochSecret]],
    passes: Mapping[int, Mapping[bytes, Point]],
    identity: SigningKey,
    random_bytes: RandomBytes = secure_random,
    map_function: MapFunction = map,
) -> MadeShares:
    """Make a party's signed shares for every visit of a release whose epoch is in `epochs`.

    Leave out what may not be opened before calling. A pass whose `u` is no valid point gets no share: only a cheating
    authority signs one.

    Args:
        domain: The domain, as it is pinned.
        role: The party.
        release: The verified release.
        epochs: Keys and secret of each epoch, by its number.
        passes: What `valid_passes` gave for the release, or for more than is in it.
        identity: The party's identity key.
        random_bytes: Asked for 32 bytes per epoch.
        map_function: `map`, or one that spreads the work over threads.

    Returns:
        The shares.

    Raises:
        InvalidProof: A secret does not belong to its epoch key.
    """
    all_shares, given, shared = [], {}, {}
    judgement = release.judgement.to_bytes()
    for epoch, visits in sorted(release.visits.items()):
        points = {u: passes[epoch][u] for u in sorted(visits) if u in passes[epoch]}
        if epoch not in epochs or not points:
            continue
        epoch_key, secret = epochs[epoch]
        x, u = secret.share, list(points.values())
        D = list(map_function(x.__mul__, u))
        context = _shares_context(epoch_key, role, release, judgement)
        proof = prove_shares(context, x, epoch_key.shares[role], u, D, random_bytes, map_function)
        all_shares.append(EpochShares(epoch, tuple(u), tuple(D), proof))
        given[epoch], shared[epoch] = dict(zip(points, D, strict=True)), points
    message = Shares(domain.number, role, release.warrant.warrant_id, release.judgement, tuple(all_shares))
    return MadeShares(sign_statement(message, identity), VerifiedShares(role, given, shared))


def valid_passes(
    release: VerifiedRelease, given: VerifiedShares | None = None, map_function: MapFunction = map
) -> dict[int, dict[bytes, Point]]:
    """The passes of a release as points, without those whose `u` is none: only a cheating authority signs one.

    Args:
        release: The verified release.
        given: The other party's shares, which have points already.
        map_function: `map`, or one that spreads the work over threads.

    Returns:
        The points, by epoch and `u`.
    """
    valid = {}
    for epoch, visits in release.visits.items():
        known = {} if given is None else given.passes.get(epoch, {})
        unknown = [u for u in visits if u not in known]
        points = dict(zip(unknown, map_function(_point, unknown), strict=True))
        valid[epoch] = known | {u: point for u, point in points.items() if point is not None}
    return valid


def without_invalid_passes(release: VerifiedRelease, passes: Mapping[int, Mapping[bytes, Point]]) -> VerifiedRelease:
    """Leave out the passes that get no share.

    Args:
        release: The verified release.
        passes: What `valid_passes` gave for it.

    Returns:
        The release without them.
    """
    kept = {
        epoch: {u: visit for u, visit in visits.items() if u in passes[epoch]}
        for epoch, visits in release.visits.items()
    }
    return replace(release, visits={epoch: visits for epoch, visits in kept.items() if visits})


def judge_shares(
    domain: Domain,
    role: Role,
    warrant: ValidWarrant,
    venue: RegisteredVenue,
    epoch_keys: Mapping[int, EpochKey],
    named: HeldCommitments,
    release: bytes,
    statement: bytes,
) -> VerifiedRelease:
    """Judge a release by what a party's signed shares say that it was judged by.

    Args:
        domain: The domain, as it is pinned.
        role: The party that gives the shares.
        warrant: The valid warrant.
        venue: The registered venue.
        epoch_keys: The keys of each epoch, by its number.
        named: The commitments that the authority named when it asked for the shares.
        release: The signed release.
        statement: The signed shares.

    Returns:
        What both parties admit by these commitments: nothing, if the release does not fit them.

    Raises:
        MalformedEncoding: It is no statement, which proves nothing.
        InvalidSignature: The party did not sign it, which proves nothing.
        FaultyShares: The party signed something else than shares: the error has the evidence.
        OutOfScope: The authority named other commitments, or the release is for another warrant or venue.
    """
    message = _read_shares(domain, role, statement)  # step 1
    return _judge(warrant, venue, epoch_keys, named, release, message, verify_check_ins)


def judge_and_verify_shares(
    domain: Domain,
    role: Role,
    warrant: ValidWarrant,
    venue: RegisteredVenue,
    epoch_keys: Mapping[int, EpochKey],
    named: HeldCommitments,
    release: bytes,
    statement: bytes,
    check_in_verifier: CheckInVerifier = verify_check_ins,
    map_function: MapFunction = map,
) -> tuple[VerifiedRelease, VerifiedShares]:
    """Do what `judge_shares` and then `verify_party_shares` do with these arguments, and decode the shares once.

    `check_in_verifier` is `verify_check_ins`, or what does the same faster, and `map_function` is `map`, or one that
    spreads the work over threads. Returns what both parties admit, and the shares. Raises what those two raise.
    """
    message = _read_shares(domain, role, statement)
    judged = _judge(warrant, venue, epoch_keys, named, release, message, check_in_verifier)
    return judged, _verify_shares(domain, role, judged, epoch_keys, message, statement, map_function)


def _judge(
    warrant: ValidWarrant,
    venue: RegisteredVenue,
    epoch_keys: Mapping[int, EpochKey],
    named: HeldCommitments,
    release: bytes,
    message: Shares,
    check_in_verifier: CheckInVerifier,
) -> VerifiedRelease:
    judgement = message.judgement
    if (judgement.release, judgement.authority) != (release_digest(release), named):  # step 2
        raise OutOfScope("another release was judged, or by other commitments", warrant.record.warrant_id)
    try:
        return judge_release(warrant, venue, epoch_keys, judgement, release, check_in_verifier)  # step 3
    except (CommitmentMismatch, ConflictingStatements):
        return VerifiedRelease(warrant.record, {}, Counter(), judgement)


def verify_party_shares(
    domain: Domain,
    role: Role,
    release: VerifiedRelease,
    epoch_keys: Mapping[int, EpochKey],
    statement: bytes,
) -> VerifiedShares:
    """Check one party's shares for a release that was judged by the commitments that they say.

    Args:
        domain: The domain, as it is pinned.
        role: The party that gives them.
        release: The release, as `judge_release` or `judge_shares` verified it by these commitments.
        epoch_keys: The keys of each epoch, by its number.
        statement: The signed shares.

    Returns:
        The shares, without those of epochs whose keys are not given.

    Raises:
        MalformedEncoding: It is no statement, which proves nothing.
        InvalidSignature: The party did not sign it, which proves nothing.
        OutOfScope: The shares are for another release, or it was judged by other commitments.
        FaultyShares: The party signed it and it is wrong: the error has the evidence.
    """
    message = _read_shares(domain, role, statement)  # steps 1, 2
    return _verify_shares(domain, role, release, epoch_keys, message, statement, map)


def _verify_shares(
    domain: Domain,
    role: Role,
    release: VerifiedRelease,
    epoch_keys: Mapping[int, EpochKey],
    message: Shares,
    statement: bytes,
    map_function: MapFunction,
) -> VerifiedShares:
    expected = (domain.number, role, release.warrant.warrant_id, release.judgement)
    said = (message.domain, message.role, message.warrant_id, message.judgement)
    if said != expected:  # steps 3, 4
        raise OutOfScope("the shares are for another release, or another judgement", release.warrant.warrant_id)
    verified: dict[int, dict[bytes, Point]] = {}
    points: dict[int, dict[bytes, Point]] = {}
    judgement = message.judgement.to_bytes()
    named: set[int] = set()
    for part in message.epochs:
        faulty = FaultyShares(f"the {role.name.lower()}'s shares for epoch {part.epoch} are wrong", role, statement)
        if part.epoch in named or len(part.passes) != len(part.shares):  # step 5
            raise faulty
        named.add(part.epoch)
        epoch_key = epoch_keys.get(part.epoch)
        if epoch_key is None and part.epoch in warrant_epochs(domain, release.warrant):  # step 6
            continue
        passes = [bytes(u) for u in part.passes]
        if (
            epoch_key is None
            or not release.visits.get(part.epoch, {}).keys() >= set(passes)  # step 7
            or not verify_shares(  # step 8
                _shares_context(epoch_key, role, release, judgement),
                epoch_key.shares[role],
                part.passes,
                part.shares,
                part.proof,
                map_function,
            )
        ):
            raise faulty
        verified[part.epoch] = dict(zip(passes, part.shares, strict=True))
        points[part.epoch] = dict(zip(passes, part.passes, strict=True))
    return VerifiedShares(role, verified, points)


def open_release(
    release: VerifiedRelease, operator: VerifiedShares, authority: VerifiedShares
) -> Iterator[tuple[Visit, Point | None]]:
    """Open every visit that both parties gave a share for.

    Args:
        release: The verified release.
        operator: The operator's shares.
        authority: The authority's.

    Yields:
        Each visit, and what `open_check_in` makes of both shares.
    """
    for visit, D_operator, D_authority in shared_visits(release, operator, authority):
        yield visit, open_check_in(visit.check_in, D_operator, D_authority)


def shared_visits(
    release: VerifiedRelease, operator: VerifiedShares, authority: VerifiedShares
) -> Iterator[tuple[Visit, Point, Point]]:
    """Find every visit that both parties gave a share for.

    Args:
        release: The verified release.
        operator: The operator's shares.
        authority: The authority's.

    Yields:
        Each visit, and both shares, as `open_check_in` takes them.
    """
    for epoch, visits in sorted(release.visits.items()):
        from_operator = operator.shares.get(epoch, {})
        from_authority = authority.shares.get(epoch, {})
        for u, visit in sorted(visits.items()):
            if u in from_operator and u in from_authority:
                yield visit, from_operator[u], from_authority[u]


def open_check_in(check_in: AnyCheckIn, D_operator: Point, D_authority: Point) -> Point | None:
    """Put the two shares of a check-in together.

    Args:
        check_in: The verified check-in.
        D_operator: The operator's share.
        D_authority: The authority's.

    Returns:
        The handle `U = v - D_operator - D_authority`; of an assisted check-in, `S = D_operator + D_authority`. None if
        `v` is no valid point or the result is the identity: only a cheating authority signs such a pass.
    """
    try:
        if isinstance(check_in, AssistedEntry):
            return D_operator + D_authority
        return Point(check_in.message.v) - D_operator - D_authority
    except (MalformedPoint, IdentityElement):
        return None


def _point(encoding: bytes) -> Point | None:
    try:
        return Point(encoding)
    except MalformedPoint:
        return None


def _read_shares(domain: Domain, role: Role, statement: bytes) -> Shares:
    payload = verify_payload(Shares, statement, domain.identity_key(role))  # step 1
    try:
        return Shares.from_bytes(payload)  # step 2
    except Malformed:
        raise FaultyShares(f"the {role.name.lower()} signed something else than shares", role, statement) from None


def _shares_context(epoch_key: EpochKey, role: Role, release: VerifiedRelease, judgement: bytes) -> bytes:
    return frame("shares", epoch_key.context, bytes([role]), release.warrant.warrant_id, judgement)
