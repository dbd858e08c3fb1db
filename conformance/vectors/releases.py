"""Vectors of §3.9: commitments of venues and releases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from conformance.vectors.files import VectorFile
from conformance.vectors.pinned import Draws, pinned
from conformance.vectors.venue_log import VenueLog
from conformance.vectors.warrants import REGISTERED_VENUE, VALID_WARRANT, sign_item
from conformance.vectors.world import (
    ASSERTED,
    ASSISTED,
    EPOCH,
    EPOCH_KEY,
    JOINT_VENUE,
    JOINT_WARRANT,
    NOW,
    NUMBER,
    PASSES,
    SCANNED,
    SETTING,
    SHOWN,
    STRANGER,
    TIME,
    VENUE,
    VENUE_KEY,
    WARRANT,
    both_sign,
)
from protocol.assisted_check_ins import seal_assisted
from protocol.check_ins import Direction, sign_check_in
from protocol.commitments import (
    BEGINNING,
    CommittedCheckIn,
    append_check_ins,
    check_in_digest,
    sign_commitment,
    verify_commitment,
)
from protocol.epochs import MAX_STAY
from protocol.paper_check_ins import PaperCheckInMessage, sign_paper_check_in
from protocol.paper_passes import from_paper_text, print_pass, verify_paper
from protocol.party_requests import REQUEST_TOLERANCE
from protocol.primitives.errors import (
    CommitmentMismatch,
    InvalidSignature,
    MalformedEncoding,
    OutOfScope,
    ReplayedRequest,
    SplitPassError,
    WrongDomain,
)
from protocol.primitives.hashing import digest32
from protocol.primitives.statements import sign_statement, statement_payload
from protocol.releases import (
    COMMITMENT_DELAY,
    COMMITMENT_MARGIN,
    Release,
    ReleasedLeaf,
    VerifiedRelease,
    verify_release,
)
from protocol.transparency.merkle import CompactRange
from protocol.warrants import ValidWarrant, Venue

RELEASED = [
    SHOWN.to_bytes(),
    SCANNED.to_bytes(),
    sign_check_in(EPOCH_KEY, PASSES[0], TIME + 3600, Direction.EXIT, None, Draws("released exit")).to_bytes(),
]
"""An entry and exit with one pass, and an entry with another."""
EPOCH_KEYS = {EPOCH: EPOCH_KEY}


def committed_log(check_ins: Mapping[int, Iterable[bytes]], name: str = "log") -> VenueLog:
    """The log of a young venue that has committed to all its check-ins two hours before the warrant was issued."""
    log = VenueLog(VENUE, VENUE_KEY)
    log.add_all(check_ins)
    log.commit(WARRANT.issued - 7200, Draws(f"salt of {name}"))
    return log


def verified(log: VenueLog) -> VerifiedRelease:
    """The log's release, as a party verifies it that received all commitments."""
    return verify_release(VALID_WARRANT, REGISTERED_VENUE, EPOCH_KEYS, log.commitments, log.release(VALID_WARRANT))


LOG = committed_log({EPOCH: RELEASED})
RELEASE = LOG.release(VALID_WARRANT)
VERIFIED_RELEASE = verified(LOG)

RELEASE_KEYS = {
    "check.warrant": "the warrant, a JointStatement message",
    "check.now": "Unix time in seconds",
    "check.venue": "the venue, a JointStatement message",
    "check.commitments": "the commitments that the party received from the venue, by their time",
    "check.release": "the signed release",
}


RELEASE_RESULTS = {
    "result.digest": "the 32 bytes that stand for the release",
    "result.visits": "what may be opened, in the order of epoch and u: times of entry and exit, null for none",
    "result.set_aside": "how many were left out, by the name of the error",
    "result.check_ins": "how many the venue committed to with a time in the window, up to the end of the part",
    "result.part_begins": "the time of the commitment that the release starts from",
    "result.part_ends": "the time with which the part ends, null in the last one",
    "result.uncommitted": "what the venue says of check-ins that it has not committed to in time",
}


def release_check(log: VenueLog) -> dict[str, object]:
    """What a party goes by when it verifies a log's release."""
    return {
        "warrant": JOINT_WARRANT,
        "now": NOW,
        "venue": JOINT_VENUE,
        "commitments": dict(log.commitments),
        "release": log.release(VALID_WARRANT),
    }


def venue_commitment() -> VectorFile:
    """`sign_commitment` and `verify_commitment`."""
    file = VectorFile(
        "venue-commitment",
        "A venue's commitment to the tree of its check-ins, and what a party takes of it",
        "§3.9",
        {
            "make.seed": "the venue's key, an Ed25519 seed",
            "make.time": "Unix time in seconds",
            "make.check_ins": "the tree's leaves, each a CommittedCheckIn message",
            "check.venue": "the venue as it is registered, a Venue message",
            "check.now": "the party's clock, Unix time in seconds",
            "check.statement": "the signed commitment",
            "intermediate.root": "the tree's root",
            "intermediate.frontier": "its largest complete subtrees, the largest first",
            "result.record": "the VenueCommitment message",
        },
    )
    shown = CommittedCheckIn(EPOCH, SHOWN.time, SHOWN.direction, check_in_digest(SHOWN.to_bytes()))
    others = [replace(shown, time=SHOWN.time + 15 * i, digest=pinned(f"digest {i}")) for i in range(1, 7)]
    for name, leaves, now in (
        ("ordinary", [shown, *others], TIME),
        ("one check-in", [shown], TIME),
        ("none", [], TIME),
        ("on a clock that is ahead", [shown], TIME + REQUEST_TOLERANCE),
        ("on a clock that is behind", [shown], TIME - REQUEST_TOLERANCE),
    ):
        draws = Draws(f"salt, {name}")
        tree = append_check_ins(CompactRange(), leaves)
        _, statement = sign_commitment(VENUE, VENUE_KEY, TIME, tree, draws)
        file.accept(
            name,
            make={"seed": bytes(VENUE_KEY), "random": draws.drawn, "time": TIME, "check_ins": leaves},
            check={"venue": VENUE, "now": now, "statement": statement},
            intermediate={"root": tree.root(), "frontier": tree.hashes},
            result={"record": verify_commitment(VENUE, statement, now)},
        )

    def signed(venue: Venue) -> bytes:
        return sign_commitment(venue, VENUE_KEY, TIME, CompactRange(), Draws("salt"))[1]

    reject = file.reject
    reject("ordinary", "too late", ReplayedRequest, now=TIME + REQUEST_TOLERANCE + 1)
    reject("ordinary", "too early", ReplayedRequest, now=TIME - REQUEST_TOLERANCE - 1)
    reject("ordinary", "another domain", WrongDomain, statement=signed(replace(VENUE, domain=NUMBER + 1)))
    reject("ordinary", "another venue", WrongDomain, statement=signed(replace(VENUE, venue_id=pinned("elsewhere", 16))))
    stranger = sign_commitment(VENUE, STRANGER, TIME, CompactRange(), Draws("salt"))[1]
    reject("ordinary", "signed by another key", InvalidSignature, statement=stranger)
    reject("ordinary", "a release instead", InvalidSignature, statement=RELEASE)
    short = sign_item("venue-commitment", [NUMBER, VENUE.venue_id, TIME, bytes(31)], VENUE_KEY)
    reject("ordinary", "31 bytes", MalformedEncoding, statement=short)
    return file


def release_result(release: VerifiedRelease) -> dict[str, object]:
    """What a vector says of a verified release."""
    return {
        "digest": release.digest,
        "visits": [
            {"epoch": epoch, "u": u, "entered": visit.entered, "left": visit.left}
            for epoch, visits in sorted(release.visits.items())
            for u, visit in sorted(visits.items())
        ],
        "set_aside": dict(sorted(release.set_aside.items())),
        "check_ins": release.check_ins,
        "part_begins": release.part_begins,
        "part_ends": release.part_ends,
        "uncommitted": release.uncommitted,
    }


def _stay(entered: int | None, left: int | None) -> list[bytes]:
    times = ((entered, Direction.ENTRY), (left, Direction.EXIT))
    return [
        sign_check_in(EPOCH_KEY, PASSES[0], time, direction, None, Draws(f"stay {time} {direction.name}")).to_bytes()
        for time, direction in times
        if time is not None
    ]


def _logs() -> dict[str, VenueLog]:
    """Of every kind of release, the log of the venue that makes it."""
    late = sign_check_in(EPOCH_KEY, PASSES[2], WARRANT.ends + 15, Direction.ENTRY, None, Draws("late")).to_bytes()
    elsewhere = sign_check_in(
        EPOCH_KEY, PASSES[2], TIME, Direction.ENTRY, pinned("elsewhere", 16), Draws("elsewhere")
    ).to_bytes()
    forged = replace(SHOWN, time=SHOWN.time + 15).to_bytes()
    foreign = replace(SHOWN, domain=NUMBER + 1).to_bytes()
    bad = [late, elsewhere, forged, foreign, pinned("noise", 204)]
    begins, ends, stay = WARRANT.begins + -WARRANT.begins % 15, WARRANT.ends, WARRANT.assumed_stay
    stays = {
        "an assumed stay that reaches the window": (begins - stay, None),
        "an assumed stay that does not": (begins - stay - 15, None),
        "an exit that shortens a visit": (begins - stay, begins - 15),
        "an exit that lengthens a visit": (begins - MAX_STAY, begins),
        "an exit after the window": (ends - 15, ends + 3600),
        "an exit without an entry": (None, begins),
        "an exit before its entry": (begins, begins - 15),
        "an exit too long after its entry": (begins, begins + MAX_STAY + 15),
    }
    logs = {
        "ordinary": LOG,
        "the exit before the entry": committed_log({EPOCH: RELEASED[::-1]}),
        "some that cannot be opened": committed_log({EPOCH: [*bad, *RELEASED]}),
        "an epoch that is not known": committed_log({EPOCH: RELEASED[:1], EPOCH + 1: RELEASED[1:2]}),
        "an assisted check-in": committed_log({EPOCH: [*RELEASED, ASSISTED.to_bytes()]}),
        "assisted check-ins that cannot be opened": committed_log({EPOCH: [*_bad_assisted(), *RELEASED]}),
        "a paper check-in and its exit": committed_log({EPOCH: [*RELEASED, *printed()]}),
        "paper check-ins that cannot be opened": committed_log({EPOCH: [*_bad_printed(), *RELEASED]}),
        "nothing": committed_log({}),
        "a venue that never committed": VenueLog(VENUE, VENUE_KEY),
        **{name: committed_log({EPOCH: _stay(*times)}, name) for name, times in stays.items()},
        "hourly commitments": _hourly(),
        "some withheld": _hourly(),
        "some committed to too late": _hourly(late=True),
        "leaves that say another time, and another direction": committed_log({EPOCH: RELEASED}),
    }
    logs["some withheld"].hidden = {0, 1, 2, 4, 6}
    logs["a first commitment a day after the check-ins"] = _silent()
    lying = logs["leaves that say another time, and another direction"]
    lying.leaves[0] = replace(lying.leaves[0], time=TIME)
    lying.leaves[1] = replace(lying.leaves[1], direction=Direction.EXIT)
    lying.kept.clear()
    lying.commit(WARRANT.issued - 7200, Draws("salt of lies"))
    return logs


def _bad_assisted() -> list[bytes]:
    """Forged, of another domain, of another venue, after the window, and cut short."""
    elsewhere = seal_assisted(EPOCH_KEY, ASSERTED, TIME, pinned("elsewhere", 16), Draws("assisted elsewhere"))
    late = seal_assisted(EPOCH_KEY, ASSERTED, WARRANT.ends + 15, VENUE.venue_id, Draws("assisted late"))
    forged = replace(ASSISTED, signature=elsewhere.signature)
    foreign = replace(ASSISTED, domain=NUMBER + 1)
    return [*(check_in.to_bytes() for check_in in (forged, foreign, elsewhere, late)), ASSISTED.to_bytes()[:-1]]


def printed(time: int = TIME + 60, venue: bytes = VENUE.venue_id) -> list[bytes]:
    """An entry and an exit with one paper."""
    text = print_pass(EPOCH_KEY, PASSES[2], Draws("released paper"))
    delegated = verify_paper(EPOCH_KEY, from_paper_text(text))
    return [
        sign_paper_check_in(
            EPOCH_KEY, delegated, at, direction, venue, Draws(f"paper {at} {direction.name}")
        ).to_bytes()
        for at, direction in ((time, Direction.ENTRY), (time + 900, Direction.EXIT))
    ]


def _bad_printed() -> list[bytes]:
    """Forged, with a delegation of another pass, of another venue, after the window, and cut short."""
    good = PaperCheckInMessage.from_bytes(printed()[0])
    forged = replace(good, label_signature=SHOWN.label_signature)
    undelegated = replace(good, public_pass=bytes(PASSES[1].public))
    late, elsewhere = printed(WARRANT.ends + 15)[0], printed(venue=pinned("elsewhere", 16))[0]
    return [forged.to_bytes(), undelegated.to_bytes(), elsewhere, late, good.to_bytes()[:-1]]


def _hourly(*, late: bool = False) -> VenueLog:
    """Three check-ins before the commitment that a release may start from, then one or two in some of the hours."""
    log = VenueLog(VENUE, VENUE_KEY)
    start = WARRANT.begins - MAX_STAY - COMMITMENT_MARGIN
    for number in range(3):
        log.add(EPOCH, pinned(f"earlier {number}", 204))
    log.commit(start, Draws("salt of the start"))
    last = RELEASED[2:]
    for hour in range(1, 20):
        at = start + 3600 * hour
        if not late:
            log.add_all({EPOCH: [check_in for check_in in RELEASED if at - 3600 <= _time(check_in) < at]})
        elif hour == 18:
            log.add_all({EPOCH: [*RELEASED[:2], *last]})
        log.commit(at, Draws(f"salt of hour {hour}"))
    log.add(EPOCH, pinned("newer than the warrant", 204))
    log.commit(WARRANT.issued + 1, Draws("salt of later"))
    return log


def _silent() -> VenueLog:
    """The first commitment comes as late as it may for one of two entries, and too late for the other."""
    log = VenueLog(VENUE, VENUE_KEY)
    committed = WARRANT.issued - 60
    earliest = committed - COMMITMENT_DELAY - COMMITMENT_MARGIN
    for owned, entered in zip(PASSES, (earliest + -earliest % 15, earliest + -earliest % 15 - 15), strict=False):
        for time, direction in ((entered, Direction.ENTRY), (entered + MAX_STAY, Direction.EXIT)):
            draws = Draws(f"silent {time} {direction.name}")
            log.add(EPOCH, sign_check_in(EPOCH_KEY, owned, time, direction, None, draws).to_bytes())
    log.commit(committed, Draws("salt after silence"))
    return log


def _time(encoding: bytes) -> int:
    return {SHOWN.to_bytes(): SHOWN.time, SCANNED.to_bytes(): SCANNED.time}.get(encoding, TIME + 3600 - TIME % 15)


def release() -> VectorFile:
    """`sign_release` and `verify_release`."""
    file = VectorFile(
        "release",
        "What a venue hands over for a warrant, held against its commitments, and what of it may be opened",
        "§3.9",
        {
            "make.seed": "the venue's key, an Ed25519 seed",
            "make.opened_from": "the commitment that the leaves come after, a CommitmentOpening message",
            "make.frontier": "the largest complete subtrees of its tree, the largest first",
            "make.openings": "the commitments after it, each a CommitmentOpening message",
            "make.leaves": "the leaves, each a ReleasedLeaf message",
            "make.part_ends": "the time with which the part ends, null in the last one",
            "make.uncommitted": "how many check-ins in the window the venue has not committed to in time",
            **RELEASE_KEYS,
            "intermediate.payload": "the Release message that is signed",
            **RELEASE_RESULTS,
        },
        SETTING,
    )
    for name, log in _logs().items():
        release, signed = verified(log), log.release(VALID_WARRANT)
        assert release.digest == digest32("release", signed)
        record = Release.from_bytes(statement_payload(signed))
        file.accept(
            name,
            make={
                "seed": bytes(VENUE_KEY),
                "opened_from": record.opened_from,
                "frontier": record.frontier,
                "openings": record.openings,
                "leaves": record.leaves,
                "part_ends": record.part_ends,
                "uncommitted": record.uncommitted,
            },
            check=release_check(log),
            intermediate={"payload": record},
            result=release_result(release),
        )
    other_venue = both_sign(replace(VENUE, venue_id=pinned("elsewhere", 16)))
    other_warrant = ValidWarrant(replace(WARRANT, warrant_id=pinned("another warrant", 16)))
    record = Release.from_bytes(statement_payload(RELEASE))
    reject = file.reject
    reject("ordinary", "shown with another venue", OutOfScope, venue=other_venue)
    reject("ordinary", "signed by another key", InvalidSignature, release=sign_statement(record, STRANGER))
    reject("ordinary", "made for another warrant", OutOfScope, release=LOG.release(other_warrant))
    reject("ordinary", "another domain", OutOfScope, release=sign_statement(replace(record, domain=8), VENUE_KEY))
    reject("ordinary", "an expired warrant", OutOfScope, now=WARRANT.expires + 1)
    reject("ordinary", "commitments that were never received", CommitmentMismatch, commitments={})
    other_log = committed_log({}, "another log").commitments
    reject("ordinary", "a commitment to something else", CommitmentMismatch, commitments=other_log)
    newer = {**LOG.commitments, WARRANT.issued: bytes(32)}
    reject("ordinary", "a newer commitment that it does not open", CommitmentMismatch, commitments=newer)
    _reject_changes(file)
    return file


def _reject_changes(file: VectorFile) -> None:
    """Releases that do not fit the hourly commitments."""
    record = Release.from_bytes(statement_payload(_hourly().release(VALID_WARRANT)))
    start, leaves, openings = record.opened_from, record.leaves, record.openings
    inserted = ReleasedLeaf(EPOCH, leaves[0].time, Direction.ENTRY, pinned("inserted", 204))
    last = replace(openings[-1], time=WARRANT.issued + 1)

    def reject(change: str, error: type[SplitPassError] = CommitmentMismatch, **changed: Any) -> None:
        signed = sign_statement(replace(record, **changed), VENUE_KEY)
        file.reject("hourly commitments", change, error, release=signed)

    reject("a check-in inserted", leaves=(leaves[0], inserted, *leaves[1:]))
    reject("a check-in appended", leaves=(*leaves, inserted))
    reject("a check-in deleted", leaves=leaves[1:])
    reject("two exchanged", leaves=(leaves[1], leaves[0], *leaves[2:]))
    reject("another check-in in the place of one", leaves=(inserted, *leaves[1:]))
    reject("another time in a leaf", leaves=(replace(leaves[0], time=leaves[0].time + 15), *leaves[1:]))
    reject("another salt", openings=(replace(openings[0], salt=bytes(32)), *openings[1:]))
    reject("a commitment left out", openings=(*openings[:5], *openings[6:]))
    reject("the newest commitment left out", openings=openings[:-1])
    reject("the commitments in another order", openings=openings[::-1])
    reject("a commitment that is newer than the warrant", openings=(*openings, last))
    reject("a size that shrinks", openings=(*openings[:-1], replace(openings[-1], size=3)))
    reject("the largest size", openings=(*openings[:-1], replace(openings[-1], size=2**32 - 1)))
    reject("a later start", opened_from=replace(start, time=start.time + 1))
    reject("another salt of the start", opened_from=replace(start, salt=bytes(32)))
    reject("another frontier", frontier=(record.frontier[0], bytes(32)))
    reject("the beginning as its start", opened_from=BEGINNING, frontier=())
    reject("a frontier at the beginning", opened_from=BEGINNING)
    reject("a frontier of too few hashes", frontier=record.frontier[:1])
    reject("a frontier of too many hashes", frontier=(*record.frontier, bytes(32)))
    largest = replace(start, size=2**32 - 1)
    reject("the largest frontier", opened_from=largest, frontier=(*record.frontier, *[bytes(32)] * 30))
    fields: list[Any] = [
        NUMBER,
        WARRANT.warrant_id,
        VENUE.venue_id,
        [start.time, start.salt, 3],
        [bytes(32)] * 2,
        [],
        [],
        None,
        0,
    ]
    for change, position, value in (
        ("a frontier of a hash of 31 bytes", 4, [bytes(32), bytes(31)]),
        ("a frontier of 33 hashes", 4, [bytes(32)] * 33),
        ("no start", 3, None),
        ("a leaf without content", 6, [[EPOCH, start.time, 1, b""]]),
        ("a leaf of 641 bytes", 6, [[EPOCH, start.time, 1, bytes(641)]]),
        ("a part that ends at no time", 7, b""),
        ("fewer than no check-ins left", 8, -1),
    ):
        item = [*fields[:position], value, *fields[position + 1 :]]
        file.reject("hourly commitments", change, MalformedEncoding, release=sign_item("release", item, VENUE_KEY))
