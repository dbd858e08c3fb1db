"""Vectors of §3.10: releases as both parties judge them together, when they hold different commitments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from dataclasses import replace as changed

from conformance.vectors.files import VectorFile
from conformance.vectors.pinned import Draws, drawing_first, pinned
from conformance.vectors.releases import EPOCH_KEYS, RELEASE_RESULTS, release_result
from conformance.vectors.venue_log import VenueLog
from conformance.vectors.warrants import REGISTERED_VENUE, VALID_WARRANT
from conformance.vectors.world import (
    ASSERTED,
    EPOCH,
    EPOCH_KEY,
    JOINT_VENUE,
    JOINT_WARRANT,
    NOW,
    PASSES,
    SETTING,
    TIME,
    VENUE,
    VENUE_KEY,
    WARRANT,
)
from protocol.assisted_check_ins import seal_assisted
from protocol.check_ins import Direction, sign_check_in
from protocol.epochs import MAX_STAY
from protocol.primitives.errors import CommitmentMismatch, ConflictingStatements
from protocol.releases import COMMITMENT_MARGIN, Judgement, deciding_commitments, judge_release, release_digest

JUDGED_KEYS = {
    "check.warrant": "the warrant, a JointStatement message",
    "check.now": "Unix time in seconds",
    "check.venue": "the venue, a JointStatement message",
    "check.operator_commitments": "the commitments that the operator received from the venue, by their time",
    "check.authority_commitments": "those that the authority received",
    "check.release": "the signed release",
}


@dataclass
class TwoViews:
    """A venue's log, and of its commitments those that each party has not received.

    The release is whole, or the part after the one that `ended` at a time.
    """

    log: VenueLog
    operator_lacks: set[int] = field(default_factory=set)
    authority_lacks: set[int] = field(default_factory=set)
    ended: int | None = None
    part_ends: int | None = None

    @property
    def release(self) -> bytes:
        """What the venue hands over."""
        return self.log.release(VALID_WARRANT, self.ended, self.part_ends)

    @property
    def operator(self) -> dict[int, bytes]:
        """What the operator received."""
        return {time: one for time, one in self.log.commitments.items() if time not in self.operator_lacks}

    @property
    def authority(self) -> dict[int, bytes]:
        """What the authority received."""
        return {time: one for time, one in self.log.commitments.items() if time not in self.authority_lacks}

    @property
    def judgement(self) -> Judgement:
        """What both go by."""
        release = self.release
        return Judgement(
            release_digest(release),
            deciding_commitments(WARRANT, self.operator, release),
            deciding_commitments(WARRANT, self.authority, release),
        )

    @property
    def check(self) -> dict[str, object]:
        """What a vector is checked by."""
        return {
            "warrant": JOINT_WARRANT,
            "now": NOW,
            "venue": JOINT_VENUE,
            "operator_commitments": self.operator,
            "authority_commitments": self.authority,
            "release": self.release,
        }


def two_views(
    *committed: tuple[int, list[bytes]], operator_lacks: tuple[int, ...] = (), authority_lacks: tuple[int, ...] = ()
) -> TwoViews:
    """A venue that commits at these times, each time to these check-ins."""
    log = VenueLog(VENUE, VENUE_KEY)
    for time, check_ins in committed:
        log.add_all({EPOCH: check_ins})
        log.commit(time, Draws(f"salt of both {time}"))
    return TwoViews(log, set(operator_lacks), set(authority_lacks))


def _label(which: int, time: int, direction: Direction = Direction.ENTRY) -> bytes:
    draws = Draws(f"judged {which} {time} {direction.name}")
    return sign_check_in(EPOCH_KEY, PASSES[which], time, direction, None, draws).to_bytes()


STEP = TIME - TIME % 15
FIRST, SECOND, LAST = STEP + 1800, STEP + 3600, STEP + 7200
EARLY, MIDDLE = _label(0, STEP), _label(1, FIRST + COMMITMENT_MARGIN + 15)
"""An entry that fits all, and one that the first commitment covers although it is too late for that."""
ONE_ALONE = two_views((FIRST, [EARLY, MIDDLE]), (LAST, [_label(2, LAST - 60)]), authority_lacks=(FIRST,))
"""The operator alone holds the first commitment, and therefore admits one visit fewer."""


PART_REACH = WARRANT.begins + MAX_STAY + COMMITMENT_MARGIN


def _stay() -> TwoViews:
    """An exit that only the operator sets aside, before the window: it alone admits the visit."""
    begins = WARRANT.begins - WARRANT.begins % 15
    entry, left = _label(0, begins - 1800), _label(0, begins - 900, Direction.EXIT)
    first = begins - 900 - COMMITMENT_MARGIN - 15
    return two_views((first, [entry, left]), (LAST, []), authority_lacks=(first,))


def judged_release() -> VectorFile:
    """`deciding_commitments` and `judge_release`."""
    file = VectorFile(
        "judged-release",
        "A release as both parties judge it together, by what each of them holds",
        "§3.10",
        {
            **JUDGED_KEYS,
            "result.judgement": "the Judgement message: of the commitments those that decide",
            **RELEASE_RESULTS,
        },
        SETTING,
    )

    def add(name: str, views: TwoViews) -> None:
        judged = judge_release(VALID_WARRANT, REGISTERED_VENUE, EPOCH_KEYS, views.judgement, views.release)
        file.accept(name, check=views.check, result={"judgement": judged.judgement, **release_result(judged)})

    plain = two_views((FIRST, [EARLY]), (SECOND, [_label(1, SECOND - 600)]), (LAST, []))
    add("both hold the same", plain)
    add("the operator alone holds one that forbids a visit", ONE_ALONE)
    add("the authority alone holds it", changed(ONE_ALONE, operator_lacks={FIRST}, authority_lacks=set()))
    add("the operator alone admits a visit, because it sets aside its exit", _stay())
    add(
        "the authority alone does", changed(_stay(), operator_lacks=set(_stay().authority_lacks), authority_lacks=set())
    )
    add("one that changes nothing is held by the operator alone", changed(plain, authority_lacks={SECOND}))
    both = two_views(
        (FIRST, [EARLY, _label(0, FIRST + COMMITMENT_MARGIN + 15, Direction.EXIT)]),
        (LAST, []),
        authority_lacks=(FIRST,),
    )
    add("both admit a visit, one of them without its exit", both)
    time = FIRST + COMMITMENT_MARGIN + 15
    same = seal_assisted(EPOCH_KEY, ASSERTED, time, VENUE.venue_id, drawing_first(bytes(PASSES[0].r) + bytes(32)))
    again = _label(0, FIRST + COMMITMENT_MARGIN + 60)
    other = two_views((FIRST, [same.to_bytes()]), (LAST, [again]), authority_lacks=(FIRST,))
    add("both admit a pass, each with another ciphertext", other)
    issued = WARRANT.issued
    add(
        "commitments that decide nothing",
        two_views(
            (WARRANT.begins - 2 * 86_400, []),
            (WARRANT.begins - 86_400, []),
            (FIRST, [EARLY]),
            (issued - 60, []),
            (issued, []),
            (issued + 60, []),
            operator_lacks=(WARRANT.begins - 2 * 86_400,),
        ),
    )
    reject = file.reject
    _judge_parts(add, reject)
    base = "both hold the same"

    def without(time: int) -> dict[int, bytes]:
        return {at: one for at, one in plain.log.commitments.items() if at != time}

    reject(base, "the operator lacks the last", CommitmentMismatch, operator_commitments=without(LAST))
    reject(base, "the authority lacks the last", CommitmentMismatch, authority_commitments=without(LAST))
    newer = {**plain.log.commitments, LAST + 60: pinned("newer")}
    reject(base, "the operator has a newer one", CommitmentMismatch, operator_commitments=newer)
    reject(base, "the authority has a newer one", CommitmentMismatch, authority_commitments=newer)
    reject(base, "both have a newer one", CommitmentMismatch, operator_commitments=newer, authority_commitments=newer)
    false = {**plain.log.commitments, SECOND: pinned("false")}
    reject(base, "two commitments of one time, the operator's false", ConflictingStatements, operator_commitments=false)
    reject(
        base, "two commitments of one time, the authority's false", ConflictingStatements, authority_commitments=false
    )
    reject(
        base, "both hold one that is false", CommitmentMismatch, operator_commitments=false, authority_commitments=false
    )
    return file


def _judge_parts(add: Callable[[str, TwoViews], None], reject: Callable[..., None]) -> None:
    """Parts, each by itself: the operator is not told which came before."""
    parts = two_views(
        (FIRST, [EARLY]),
        (SECOND, [_label(1, SECOND - 600)]),
        (PART_REACH, [_label(1, SECOND + 600, Direction.EXIT)]),
        (PART_REACH + 600, []),
    )
    first, last = "a part", "a last part that starts later"
    add(first, changed(parts, part_ends=SECOND))
    add("a part, one of whose commitments the operator lacks", changed(parts, part_ends=SECOND, operator_lacks={FIRST}))
    add("a part that starts later, which is the authority's matter", changed(parts, ended=FIRST, part_ends=SECOND))
    add(last, changed(parts, ended=SECOND))
    received = {at: one for at, one in parts.log.commitments.items() if at != SECOND}
    reject(first, "the operator lacks its end", CommitmentMismatch, operator_commitments=received)
    reject(first, "the authority lacks its end", CommitmentMismatch, authority_commitments=received)
    reject(last, "the operator lacks its start", CommitmentMismatch, operator_commitments=received)
    reject(last, "the authority lacks its start", CommitmentMismatch, authority_commitments=received)
