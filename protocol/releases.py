"""Releases: what a venue hands over for a warrant, as both parties check it. Spec: §3.9.

A release opens the commitments around the warrant's window. It shows every check-in between them, each with its
encoding or only its digest, so that none can have been added, taken from another venue, or removed since.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from protocol.any_check_in import AnyCheckIn, read_any_check_in, verify_any_check_in
from protocol.check_ins import MAX_STAY, Direction
from protocol.commitments import (
    BEGINNING,
    CommitmentOpening,
    CommittedCheckIn,
    KeptCommitment,
    append_check_ins,
    check_in_digest,
    commitment_digest,
)
from protocol.epochs import EpochKey
from protocol.primitives.encoding import Bytes16, Bytes32, Message, Size, Uint8, Uint32
from protocol.primitives.errors import (
    CommitmentMismatch,
    CommittedLate,
    Malformed,
    MalformedEncoding,
    OutOfScope,
    Rejected,
)
from protocol.primitives.hashing import digest32
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import sign_statement, verify_statement
from protocol.transparency.merkle import CompactRange
from protocol.visits import Visit, collect_visits
from protocol.warrants import RegisteredVenue, ValidWarrant, Warrant

MAX_LEAVES = 250_000
MAX_COMMITMENTS = 10_000
MAX_RELEASED_CHECK_IN = 640
MAX_RELEASE_BYTES = 16_000_000
"""The longest signed release: a party request with the warrant and the venue beside it is still a message."""
COMMITMENT_MARGIN = 900
"""How many seconds a label's time may lie outside the commitments around it: a door's tolerance, and clocks."""
COMMITMENT_DELAY = 86_400
"""How many seconds after its label's time a venue without a network may commit to a check-in."""
CHECK_IN_DIGEST_BYTES = 32
"""A leaf whose content has this length is withheld: no check-in is so short."""


@dataclass(frozen=True, slots=True)
class ReleasedLeaf(Message):
    """One check-in of a venue's tree. `content` is its encoding, or its digest (32 bytes) if it is withheld.

    The content is opaque here: a bad one is set aside and does not spoil the rest.
    """

    epoch: Uint32
    time: Uint32
    direction: Direction
    content: Annotated[bytes, Size(1, MAX_RELEASED_CHECK_IN)]

    @property
    def withheld(self) -> bool:
        """Whether the leaf shows no check-in."""
        return len(self.content) == CHECK_IN_DIGEST_BYTES

    @property
    def committed(self) -> CommittedCheckIn:
        """The leaf as the venue's tree has it."""
        digest = self.content if self.withheld else check_in_digest(self.content)
        return CommittedCheckIn(self.epoch, self.time, self.direction, digest)


@dataclass(frozen=True, slots=True)
class Release(Message):
    """What a venue hands over for a warrant, signed with the venue's key.

    `opened_from` is the commitment that the leaves come after, or `BEGINNING`, and `frontier` the hashes of that tree's
    complete subtrees, the largest first. `openings` are those after it.
    """

    TAG: ClassVar[str] = "release"

    domain: Uint8
    warrant_id: Bytes16
    venue_id: Bytes16
    opened_from: CommitmentOpening
    frontier: Annotated[tuple[Bytes32, ...], Size(0, 32)]
    openings: Annotated[tuple[CommitmentOpening, ...], Size(0, MAX_COMMITMENTS)]
    leaves: Annotated[tuple[ReleasedLeaf, ...], Size(0, MAX_LEAVES)]


@dataclass(frozen=True, slots=True)
class VerifiedRelease:
    """The visits of a release that hold and lie in scope; made by `verify_release` alone.

    `digest` (32 bytes) stands for the whole release, as it was signed. `visits` are by epoch and pass (`u`).
    `set_aside` counts the check-ins that were left out, by the name of the error, and as `Withheld` those that the
    venue does not show although they lie in the window.
    """

    digest: bytes
    warrant: Warrant
    visits: dict[int, dict[bytes, Visit]]
    set_aside: Counter[str]


def choose_openings(
    warrant: Warrant, kept: Sequence[KeptCommitment]
) -> tuple[KeptCommitment, tuple[KeptCommitment, ...]]:
    """Choose the commitment that a release starts from and those that it opens.

    It starts and ends with commitments that both parties acknowledged.

    Args:
        warrant: The warrant.
        kept: The venue's commitments in the order of time.

    Returns:
        The start, and those to open.
    """
    issued = [commitment for commitment in kept if commitment.opening.time <= warrant.issued]
    start = last = KeptCommitment(BEGINNING, CompactRange())
    for commitment in issued:
        if commitment.acknowledged:
            if commitment.opening.time <= _opens_from(warrant):
                start = commitment
            if last.opening.time < _opens_to(warrant):
                last = commitment
    between = [commitment for commitment in issued if start.opening.time < commitment.opening.time <= last.opening.time]
    return start, tuple(between)


def sign_release(
    warrant: ValidWarrant,
    key: SigningKey,
    start: KeptCommitment,
    openings: Sequence[CommitmentOpening],
    leaves: Sequence[ReleasedLeaf],
) -> bytes:
    """Sign a venue's release of the leaves from one commitment to the last of others.

    Args:
        warrant: The valid warrant.
        key: The venue's key.
        start: The commitment before the leaves.
        openings: The commitments to open.
        leaves: Every check-in between them, in the order of the tree.

    Returns:
        The signed release.
    """
    record = warrant.record
    opened = start.opening, start.tree.hashes, tuple(openings)
    return sign_statement(Release(record.domain, record.warrant_id, record.venue_id, *opened, tuple(leaves)), key)


def verify_release(
    warrant: ValidWarrant,
    venue: RegisteredVenue,
    epoch_keys: Mapping[int, EpochKey],
    commitments: Mapping[int, bytes],
    release: bytes,
) -> VerifiedRelease:
    """Check a venue's release and keep the visits that the warrant covers.

    A check-in that does not hold, lies out of scope, or is of an epoch whose keys are not given is set aside and
    counted.

    Args:
        warrant: The valid warrant.
        venue: The registered venue.
        epoch_keys: The keys of each epoch that is published, by its number.
        commitments: The venue's commitments (32 bytes) by time, as the caller itself received them.
        release: The signed release.

    Returns:
        The visits, and what was set aside.

    Raises:
        Malformed: The bytes are no such statement.
        InvalidSignature: The signature does not hold.
        OutOfScope: It is for another warrant or venue.
        CommitmentMismatch: It does not fit what the venue was committed to.
    """
    record = warrant.record
    if venue.record.venue_id != record.venue_id:  # step 1
        raise OutOfScope("the warrant names another venue", record.warrant_id)
    if len(release) > MAX_RELEASE_BYTES:  # step 2
        raise MalformedEncoding(f"a release has at most {MAX_RELEASE_BYTES} bytes")
    message = verify_statement(Release, release, venue.record.key)
    if (message.domain, message.warrant_id, message.venue_id) != (
        record.domain,
        record.warrant_id,
        record.venue_id,
    ):  # step 3
        raise OutOfScope("the release is for another warrant", record.warrant_id)
    check_ins = []
    set_aside: Counter[str] = Counter()
    for leaf, times in _verify_leaves(record, commitments, message):
        if leaf.withheld:  # step 8
            if record.begins <= leaf.time < record.ends:
                set_aside["Withheld"] += 1
            continue
        try:
            check_ins.append(_verify_content(record, epoch_keys.get(leaf.epoch), leaf, times))
        except (Malformed, Rejected) as error:
            set_aside[type(error).__name__] += 1
    kept: dict[int, dict[bytes, Visit]] = {}
    for epoch, visits in collect_visits(check_ins).items():  # step 10
        for u, visit in visits.items():
            if record.covers(visit.entered, visit.left):  # step 11
                kept.setdefault(epoch, {})[u] = visit
            else:
                set_aside[OutOfScope.__name__] += len(visit.check_ins)
    return VerifiedRelease(release_digest(release), record, kept, set_aside)


def release_digest(release: bytes) -> bytes:
    """The 32 bytes that stand for a signed release."""
    return digest32("release", release)


def _verify_leaves(
    warrant: Warrant, commitments: Mapping[int, bytes], release: Release
) -> list[tuple[ReleasedLeaf, range]]:
    """Every leaf, with the times that its label may have; else `CommitmentMismatch`."""
    known = {time: commitment for time, commitment in commitments.items() if time <= warrant.issued}
    start = release.opened_from
    tree = _start(release)  # step 4
    if start != BEGINNING and (start.time > _opens_from(warrant) or not _opens(start, tree, known)):
        raise CommitmentMismatch("the release does not start from a commitment before its window")
    openings, last = {}, start.time
    for opening in release.openings:  # step 5
        if opening.time <= last:
            raise CommitmentMismatch("the commitments that are opened are not in the order of time")
        openings[opening.time], last = opening, opening.time
    required = sorted(time for time in known if start.time < time <= last)
    if not openings.keys() >= set(required) or (openings and last not in known):
        raise CommitmentMismatch("the release leaves out a commitment, or ends with one that was never received")
    if last < _opens_to(warrant) and any(time > last for time in known):  # step 6
        raise CommitmentMismatch("the venue hides a newer commitment; ask for another release, or draw a new warrant")
    placed: list[tuple[ReleasedLeaf, range]] = []
    before = start.time
    for time in required:  # step 7
        leaves = release.leaves[len(placed) : len(placed) + max(0, openings[time].size - tree.size)]
        tree = append_check_ins(tree, (leaf.committed for leaf in leaves))
        if not _opens(openings[time], tree, known):
            raise CommitmentMismatch("the check-ins are not those that the venue was committed to")
        earliest = max(before, time - COMMITMENT_DELAY) - COMMITMENT_MARGIN
        placed += [(leaf, range(earliest, time + COMMITMENT_MARGIN + 1)) for leaf in leaves]
        before = time
    if len(placed) != len(release.leaves):
        raise CommitmentMismatch("the release has check-ins that no commitment covers")
    return placed


def _start(release: Release) -> CompactRange:
    try:
        return CompactRange(release.opened_from.size, release.frontier)
    except MalformedEncoding:
        raise CommitmentMismatch("the frontier is that of no tree of this size") from None


def _verify_content(warrant: Warrant, epoch_key: EpochKey | None, leaf: ReleasedLeaf, times: range) -> AnyCheckIn:
    """The check-in that a leaf shows."""
    message = read_any_check_in(leaf.content)  # step 9
    if (message.time, message.direction) != (leaf.time, leaf.direction) or leaf.time >= times.stop:
        raise CommitmentMismatch("the check-in has another label, or a later one than its commitment")
    if leaf.time < times.start:
        raise CommittedLate("the venue did not commit to the check-in in time")
    if epoch_key is None or not warrant.is_near(message.time) or message.venue_id not in (None, warrant.venue_id):
        raise OutOfScope("the check-in lies outside the warrant", warrant.warrant_id)
    return verify_any_check_in(epoch_key, message)


def _opens(opening: CommitmentOpening, tree: CompactRange, known: Mapping[int, bytes]) -> bool:
    return opening.size == tree.size and known.get(opening.time) == commitment_digest(opening.salt, tree)


def _opens_from(warrant: Warrant) -> int:
    """No check-in that a commitment of this time covers belongs to a visit in the window."""
    return warrant.begins - MAX_STAY - COMMITMENT_MARGIN


def _opens_to(warrant: Warrant) -> int:
    """A commitment of this time covers every check-in that belongs to a visit in the window."""
    return warrant.ends + MAX_STAY + COMMITMENT_MARGIN
