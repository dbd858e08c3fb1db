"""Releases: what a venue hands over for a warrant, as both parties check it. Spec: §3.9.

A release opens the commitments around the warrant's window. It shows every check-in between them, each with its
encoding or only its digest, so that none can have been added, taken from another venue, or removed since. What is too
much for one release comes in parts, each of which is judged by itself.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Annotated, ClassVar

from protocol.any_check_in import AnyCheckInMessage, CheckInVerifier, read_any_check_in, verify_check_ins
from protocol.check_ins import Direction
from protocol.commitments import (
    BEGINNING,
    CommitmentOpening,
    CommittedCheckIn,
    HeldCommitment,
    KeptCommitment,
    VenueCommitment,
    check_in_digest,
    commitment_digest,
)
from protocol.epochs import MAX_STAY, EpochKey
from protocol.primitives.encoding import Bytes16, Bytes32, Message, Size, Uint8, Uint32, encode_item
from protocol.primitives.errors import (
    CommitmentMismatch,
    CommittedLate,
    ConflictingStatements,
    Malformed,
    MalformedEncoding,
    OutOfScope,
    Rejected,
)
from protocol.primitives.hashing import digest32
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import sign_statement, statement_payload, verify_statement
from protocol.transparency.merkle import CompactRange, leaf_hash
from protocol.visits import Visit, collect_visits
from protocol.warrants import MAX_RELEASE, RegisteredVenue, ValidWarrant, Venue, Warrant

MAX_LEAVES = 250_000
MAX_COMMITMENTS = 10_000
MAX_HELD = MAX_COMMITMENTS + 2
"""So many commitments can decide about a release: the one it starts from, those it opens, and the next one."""
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
        return CommittedCheckIn(self.epoch, self.time, self.direction, self._digest)

    @property
    def tree_hash(self) -> bytes:
        """The hash (32 bytes) of `committed`, whose fields are not checked once more."""
        return leaf_hash(encode_item([self.epoch, self.time, int(self.direction), self._digest]))

    @property
    def _digest(self) -> bytes:
        return self.content if self.withheld else check_in_digest(self.content)


@dataclass(frozen=True, slots=True)
class Release(Message):
    """What a venue hands over for a warrant, or a part of it, signed with the venue's key.

    `opened_from` is the commitment that the leaves come after, or `BEGINNING`, and `frontier` the hashes of that tree's
    complete subtrees, the largest first. `openings` are those after it. `part_ends`: the time of the one from which the
    next part goes on, None in the last part. `uncommitted`: how many check-ins with a label in the window the venue has
    admitted that come after all commitments that count. It is the venue's word alone.
    """

    TAG: ClassVar[str] = "release"

    domain: Uint8
    warrant_id: Bytes16
    venue_id: Bytes16
    opened_from: CommitmentOpening
    frontier: Annotated[tuple[Bytes32, ...], Size(0, 32)]
    openings: Annotated[tuple[CommitmentOpening, ...], Size(0, MAX_COMMITMENTS)]
    leaves: Annotated[tuple[ReleasedLeaf, ...], Size(0, MAX_LEAVES)]
    part_ends: Uint32 | None = None
    uncommitted: Uint32 = 0

    def __post_init__(self) -> None:
        if sum(not leaf.withheld for leaf in self.leaves) > MAX_RELEASE:
            raise MalformedEncoding(f"a release shows at most {MAX_RELEASE} check-ins")


HeldCommitments = Annotated[tuple[HeldCommitment, ...], Size(0, MAX_HELD)]


@dataclass(frozen=True, slots=True)
class Judgement(Message):
    """The commitments of a venue by which both parties judge one of its releases, each in the order of time.

    `release` is the release digest. The operator's commitments are what it has received itself, the authority's what it
    named when it asked for shares.
    """

    release: Bytes32
    operator: HeldCommitments
    authority: HeldCommitments

    def __post_init__(self) -> None:
        for held in (self.operator, self.authority):
            check_order(held)

    @property
    def conflicts(self) -> list[tuple[HeldCommitment, HeldCommitment]]:
        """What the parties hold differently of one time: both, as the venue signed them, are evidence against it."""
        operator = {held.time: held for held in self.operator}
        pairs = ((operator[held.time], held) for held in self.authority if held.time in operator)
        return [(first, second) for first, second in pairs if first != second]


@dataclass(frozen=True, slots=True)
class VerifiedRelease:
    """The visits of a release that hold and lie in scope; made by `verify_release` and `judge_release` alone.

    `visits` are by epoch and pass (`u`).
    `set_aside` counts the check-ins that were left out, by the name of the error, as `Withheld` those that the venue
    does not show although they lie in the window, and as `AdmittedByOne` visits that one party alone admits.
    `judgement` has the commitments that decided it; of a release that one party has verified, for both what it holds.
    `check_ins` counts those with a label in the window that the venue committed to in this part, shown or not.
    `part_begins` is the time of the commitment that it starts from; `part_ends` and `uncommitted` are as it says.
    """

    warrant: Warrant
    visits: dict[int, dict[bytes, Visit]]
    set_aside: Counter[str]
    judgement: Judgement
    check_ins: int = 0
    part_begins: int = 0
    part_ends: int | None = None
    uncommitted: int = 0

    @property
    def digest(self) -> bytes:
        """The 32 bytes that stand for the whole release, as it was signed."""
        return self.judgement.release


def check_order(held: Sequence[HeldCommitment]) -> None:
    """Refuse commitments that are not in ascending order of time, one for each.

    Args:
        held: What a party says that it holds.

    Raises:
        MalformedEncoding: They are not.
    """
    if any(earlier.time >= later.time for earlier, later in pairwise(held)):
        raise MalformedEncoding("the commitments are not in the order of time, one for each")


def choose_openings(
    warrant: Warrant, kept: Sequence[KeptCommitment], ended: int | None = None
) -> tuple[KeptCommitment, tuple[KeptCommitment, ...]]:
    """Choose the commitment that a release starts from and those that it opens, if one release can carry all of it.

    It starts and ends with commitments that both parties acknowledged.

    Args:
        warrant: The warrant.
        kept: The venue's commitments in the order of time.
        ended: The time with which the part before ended; None for the first part.

    Returns:
        The start, and those to open.
    """
    from_time = _opens_from(warrant) if ended is None else ended
    issued = [commitment for commitment in kept if commitment.opening.time <= warrant.issued]
    start = last = KeptCommitment(BEGINNING, CompactRange())
    for commitment in issued:
        if commitment.acknowledged:
            if commitment.opening.time <= from_time:
                start = commitment
            if last.opening.time < _opens_to(warrant):
                last = commitment
    between = [commitment for commitment in issued if start.opening.time < commitment.opening.time <= last.opening.time]
    return start, tuple(between)


def parts_to_choose(
    warrant: Warrant, openings: Sequence[KeptCommitment]
) -> list[tuple[KeptCommitment, tuple[KeptCommitment, ...]]]:
    """Where a part that is not the last one may end, if one release cannot carry all of these openings.

    Args:
        warrant: The warrant.
        openings: What `choose_openings` gave.

    Returns:
        For each possible end, the earliest first, its commitment and those to open.
    """
    acknowledged = [place for place, commitment in enumerate(openings) if commitment.acknowledged]
    choices = []
    for end in acknowledged[:-1]:
        reach = max(openings[end].opening.time, _part_opens_to(warrant))
        last = next((place for place in acknowledged if openings[place].opening.time >= reach), acknowledged[-1])
        choices.append((openings[end], tuple(openings[: last + 1])))
    return choices


def sign_release(
    warrant: ValidWarrant,
    key: SigningKey,
    start: KeptCommitment,
    openings: Sequence[CommitmentOpening],
    leaves: Sequence[ReleasedLeaf],
    part_ends: int | None = None,
    uncommitted: int = 0,
) -> bytes:
    """Sign a venue's release of the leaves from one commitment to the last of others, or a part of it.

    Args:
        warrant: The valid warrant.
        key: The venue's key.
        start: The commitment before the leaves.
        openings: The commitments to open.
        leaves: Every check-in between them, in the order of the tree.
        part_ends: The time of the commitment from which the next part goes on; None in the last part.
        uncommitted: How many check-ins with a label in the window come after all commitments that count.

    Returns:
        The signed release.

    Raises:
        MalformedEncoding: It would be more than one release can carry.
    """
    record = warrant.record
    opened = start.opening, start.tree.hashes, tuple(openings)
    said = Release(record.domain, record.warrant_id, record.venue_id, *opened, tuple(leaves), part_ends, uncommitted)
    return sign_statement(said, key)


def verify_release(
    warrant: ValidWarrant,
    venue: RegisteredVenue,
    epoch_keys: Mapping[int, EpochKey],
    commitments: Mapping[int, bytes],
    release: bytes,
    ended: int | None = None,
    check_in_verifier: CheckInVerifier = verify_check_ins,
) -> VerifiedRelease:
    """Check a venue's release by one party's commitments and keep the visits that the warrant covers.

    A check-in that does not hold, lies out of scope, or is of an epoch whose keys are not given is set aside and
    counted.

    Args:
        warrant: The valid warrant.
        venue: The registered venue.
        epoch_keys: The keys of each epoch that is published, by its number.
        commitments: The venue's commitments (32 bytes) by time, as the caller itself received them.
        release: The signed release.
        ended: The time with which the part before ended; None for the first part.
        check_in_verifier: `verify_check_ins`, or what does the same faster.

    Returns:
        The visits, and what was set aside.

    Raises:
        Malformed: The bytes are no such statement.
        InvalidSignature: The signature does not hold.
        OutOfScope: It is for another warrant or venue.
        CommitmentMismatch: It does not fit what the venue was committed to, or does not start where it should.
    """
    message = _read_release(warrant.record, venue.record, release)
    start = message.opened_from
    is_first = start == BEGINNING or start.time <= _opens_from(warrant.record)
    if not is_first if ended is None else start.time != ended:  # step 4
        raise CommitmentMismatch("the release does not start where the part before it ended, or its window asks for")
    digest = release_digest(release)
    return _verify(warrant.record, epoch_keys, commitments, message, digest, check_in_verifier)


def deciding_commitments(warrant: Warrant, commitments: Mapping[int, bytes], release: bytes) -> HeldCommitments:
    """Of a party's commitments, those by which a release is judged: with no others the verdict is the same.

    Args:
        warrant: The warrant.
        commitments: The venue's commitments (32 bytes) by time, as the party received them.
        release: The signed release.

    Returns:
        The commitments in the order of time.

    Raises:
        Malformed: The bytes are no such statement.
        CommitmentMismatch: They are more than a release can open.
    """
    return _deciding(warrant, commitments, Release.from_bytes(statement_payload(release)))


def judge_release(
    warrant: ValidWarrant,
    venue: RegisteredVenue,
    epoch_keys: Mapping[int, EpochKey],
    judgement: Judgement,
    release: bytes,
    check_in_verifier: CheckInVerifier = verify_check_ins,
) -> VerifiedRelease:
    """Check a venue's release by the commitments of both parties, and keep the visits that both admit.

    Args:
        warrant: The valid warrant.
        venue: The registered venue.
        epoch_keys: The keys of each epoch that is published, by its number.
        judgement: What each party holds, for this release.
        release: The signed release.
        check_in_verifier: `verify_check_ins`, or what does the same faster.

    Returns:
        The visits that both verdicts have, as the authority's has them, and what was set aside.

    Raises:
        Malformed: The bytes are no such statement.
        InvalidSignature: The signature does not hold.
        OutOfScope: It is for another warrant or venue.
        CommitmentMismatch: It does not fit what one of the parties holds.
        ConflictingStatements: The same, and the parties hold different commitments of one time. The error has both
            `VenueCommitment` messages, without the venue's signatures.
    """
    message = _read_release(warrant.record, venue.record, release)
    verdicts: dict[HeldCommitments, VerifiedRelease] = {}
    try:
        for held in (judgement.operator, judgement.authority):  # step 1
            if held not in verdicts:
                received = {commitment.time: commitment.commitment for commitment in held}
                verdicts[held] = _verify(
                    warrant.record, epoch_keys, received, message, judgement.release, check_in_verifier
                )
    except CommitmentMismatch:
        if judgement.conflicts:
            raise _conflict(venue.record, judgement) from None
        raise
    operator, authority = verdicts[judgement.operator], verdicts[judgement.authority]
    visits: dict[int, dict[bytes, Visit]] = {}
    for epoch, u in sorted(_passes(operator) & _passes(authority)):  # step 2
        visit = authority.visits[epoch][u]
        if visit.ciphertext == operator.visits[epoch][u].ciphertext:
            visits.setdefault(epoch, {})[u] = visit
    set_aside = authority.set_aside.copy()
    both = sum(map(len, visits.values()))
    set_aside["AdmittedByOne"] = len(_passes(operator) | _passes(authority)) - both  # step 3
    return replace(authority, visits=visits, set_aside=+set_aside, judgement=judgement)


def release_digest(release: bytes) -> bytes:
    """The 32 bytes that stand for a signed release."""
    return digest32("release", release)


def _read_release(warrant: Warrant, venue: Venue, release: bytes) -> Release:
    if venue.venue_id != warrant.venue_id:  # step 1
        raise OutOfScope("the warrant names another venue", warrant.warrant_id)
    if len(release) > MAX_RELEASE_BYTES:  # step 2
        raise MalformedEncoding(f"a release has at most {MAX_RELEASE_BYTES} bytes")
    message = verify_statement(Release, release, venue.key)
    said = message.domain, message.warrant_id, message.venue_id
    if said != (warrant.domain, warrant.warrant_id, warrant.venue_id):  # step 3
        raise OutOfScope("the release is for another warrant", warrant.warrant_id)
    return message


def _verify(
    warrant: Warrant,
    epoch_keys: Mapping[int, EpochKey],
    commitments: Mapping[int, bytes],
    message: Release,
    digest: bytes,
    check_in_verifier: CheckInVerifier,
) -> VerifiedRelease:
    """A release that was read, by one party's commitments, wherever it starts."""
    placed, ends = _verify_leaves(warrant, commitments, message)
    committed, to_verify, check_ins, window = 0, [], [], range(warrant.begins, warrant.ends)
    set_aside: Counter[str] = Counter()
    for place, (leaf, times) in enumerate(placed):
        is_in_window = place < ends and leaf.time in window
        committed += is_in_window
        if leaf.withheld:  # step 10
            if is_in_window:
                set_aside["Withheld"] += 1
            continue
        try:
            to_verify.append(_read_content(warrant, epoch_keys.get(leaf.epoch), leaf, times))
        except (Malformed, Rejected) as error:
            set_aside[type(error).__name__] += 1
    for verified in check_in_verifier(to_verify):
        if isinstance(verified, Malformed | Rejected):
            set_aside[type(verified).__name__] += 1
        else:
            check_ins.append(verified)
    kept = defaultdict[int, dict[bytes, Visit]](dict)
    for epoch, visits in collect_visits(check_ins).items():  # step 12
        for u, visit in visits.items():
            if warrant.covers(visit.entered, visit.left):  # step 13
                kept[epoch][u] = visit
            else:
                set_aside[OutOfScope.__name__] += len(visit.check_ins)
    held = _deciding(warrant, commitments, message)
    judgement = Judgement(digest, held, held)
    place_of_it = message.opened_from.time, message.part_ends, message.uncommitted
    return VerifiedRelease(warrant, dict(kept), set_aside, judgement, committed, *place_of_it)


def _verify_leaves(
    warrant: Warrant, commitments: Mapping[int, bytes], release: Release
) -> tuple[list[tuple[ReleasedLeaf, range]], int]:
    """Every leaf with the times that its label may have, and how many the part has; else `CommitmentMismatch`."""
    known = {time: commitment for time, commitment in commitments.items() if time <= warrant.issued}
    start = release.opened_from
    tree = _start(release)  # step 5
    if start != BEGINNING and not _opens(start, tree, known):
        raise CommitmentMismatch("the release does not start from a commitment that was received")
    openings, last = {}, start.time
    for opening in release.openings:  # step 6
        if opening.time <= last:
            raise CommitmentMismatch("the commitments that are opened are not in the order of time")
        openings[opening.time], last = opening, opening.time
    required = sorted(time for time in known if start.time < time <= last)
    if not openings.keys() >= set(required) or (openings and last not in known):
        raise CommitmentMismatch("the release leaves out a commitment, or ends with one that was never received")
    reach = _opens_to(warrant)
    if release.part_ends is not None:  # step 7
        if release.part_ends not in required:
            raise CommitmentMismatch("the part ends with no commitment that it opens and that was received")
        reach = _part_opens_to(warrant)
    if last < reach and any(time > last for time in known):  # step 8
        raise CommitmentMismatch("the venue hides a newer commitment; ask for another release, or draw a new warrant")
    placed: list[tuple[ReleasedLeaf, range]] = []
    before, ends = start.time, len(release.leaves)
    for time in required:  # step 9
        leaves = release.leaves[len(placed) : len(placed) + max(0, openings[time].size - tree.size)]
        tree = tree.extend(leaf.tree_hash for leaf in leaves)
        if not _opens(openings[time], tree, known):
            raise CommitmentMismatch("the check-ins are not those that the venue was committed to")
        earliest = max(before, time - COMMITMENT_DELAY) - COMMITMENT_MARGIN
        times = range(earliest, time + COMMITMENT_MARGIN + 1)
        placed += [(leaf, times) for leaf in leaves]
        before = time
        if time == release.part_ends:
            ends = len(placed)
    if len(placed) != len(release.leaves):
        raise CommitmentMismatch("the release has check-ins that no commitment covers")
    return placed, ends


def _passes(release: VerifiedRelease) -> set[tuple[int, bytes]]:
    return {(epoch, u) for epoch, visits in release.visits.items() for u in visits}


def _conflict(venue: Venue, judgement: Judgement) -> ConflictingStatements:
    """The first time for which the parties hold different commitments."""
    first, second = (
        VenueCommitment(venue.domain, venue.venue_id, held.time, held.commitment).to_bytes()
        for held in judgement.conflicts[0]
    )
    detail = f"the venue made two commitments at {judgement.conflicts[0][0].time}; each party has one of the two"
    return ConflictingStatements(detail, first, second)


def _deciding(warrant: Warrant, commitments: Mapping[int, bytes], release: Release) -> HeldCommitments:
    first = release.opened_from.time
    last = release.openings[-1].time if release.openings else first
    known = sorted(time for time in commitments if first <= time <= warrant.issued)  # step 1
    deciding = known[: bisect_right(known, last) + 1]  # step 2
    if len(deciding) > MAX_HELD:  # step 3
        raise CommitmentMismatch("the venue has made more commitments than a release can open")
    return tuple(HeldCommitment(time, commitments[time]) for time in deciding)


def _start(release: Release) -> CompactRange:
    try:
        return CompactRange(release.opened_from.size, release.frontier)
    except MalformedEncoding:
        raise CommitmentMismatch("the frontier is that of no tree of this size") from None


def _read_content(
    warrant: Warrant, epoch_key: EpochKey | None, leaf: ReleasedLeaf, times: range
) -> tuple[EpochKey, AnyCheckInMessage]:
    """The check-in that a leaf shows, and the keys under which it has to hold."""
    message = read_any_check_in(leaf.content)  # step 11
    if message.time != leaf.time or message.direction != leaf.direction or leaf.time >= times.stop:
        raise CommitmentMismatch("the check-in has another label, or a later one than its commitment")
    if leaf.time < times.start:
        raise CommittedLate("the venue did not commit to the check-in in time")
    if epoch_key is None or not warrant.is_near(message.time) or message.venue_id not in (None, warrant.venue_id):
        raise OutOfScope("the check-in lies outside the warrant", warrant.warrant_id)
    return epoch_key, message


def _opens(opening: CommitmentOpening, tree: CompactRange, known: Mapping[int, bytes]) -> bool:
    return opening.size == tree.size and known.get(opening.time) == commitment_digest(opening.salt, tree)


def _opens_from(warrant: Warrant) -> int:
    """No check-in that a commitment of this time covers belongs to a visit in the window."""
    return warrant.begins - MAX_STAY - COMMITMENT_MARGIN


def _opens_to(warrant: Warrant) -> int:
    """A commitment of this time covers every check-in that belongs to a visit in the window."""
    return warrant.ends + MAX_STAY + COMMITMENT_MARGIN


def _part_opens_to(warrant: Warrant) -> int:
    """A commitment of this time covers the exits that tell of an entry before the window whether its visit counts."""
    spans = MAX_STAY if warrant.ends - warrant.begins < MAX_STAY else 0
    return warrant.begins + spans + COMMITMENT_MARGIN
