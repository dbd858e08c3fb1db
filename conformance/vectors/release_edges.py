"""Vectors of §3.9: releases at the edges of windows and commitments, and visits of several check-ins."""

from __future__ import annotations

from dataclasses import replace

from conformance.vectors.files import VectorFile
from conformance.vectors.pinned import Draws
from conformance.vectors.releases import RELEASE_KEYS, RELEASE_RESULTS, release_result
from conformance.vectors.venue_log import VenueLog
from conformance.vectors.warrants import REGISTERED_VENUE
from conformance.vectors.world import (
    DOMAIN,
    EPOCH,
    EPOCH_KEY,
    JOINT_VENUE,
    NOW,
    PASSES,
    SETTING,
    TIME,
    VENUE,
    VENUE_KEY,
    WARRANT,
    both_sign,
)
from protocol.check_ins import Direction, label_time, sign_check_in
from protocol.commitments import BEGINNING, KeptCommitment
from protocol.epochs import MAX_STAY
from protocol.primitives.errors import CommitmentMismatch
from protocol.releases import COMMITMENT_MARGIN, sign_release, verify_release
from protocol.transparency.merkle import CompactRange
from protocol.warrants import ValidWarrant, Warrant, verify_warrant

ENTRY, EXIT = Direction
EDGES = replace(WARRANT, begins=label_time(TIME) - 7200, ends=label_time(TIME) + 3600, issued=label_time(TIME) + 72_000)
"""Its window begins and ends at times that a label may have. Its last commitment may be one that is newer than all."""
BEGINS, ENDS, STAY = EDGES.begins, EDGES.ends, EDGES.assumed_stay
STARTS = BEGINS - MAX_STAY - COMMITMENT_MARGIN
FINISHES = ENDS + MAX_STAY + COMMITMENT_MARGIN

Label = tuple[int, Direction]


def _log(labels: list[Label], hidden: set[int] | None = None) -> VenueLog:
    """The log of a young venue that committed once, to labels of one pass in this order."""
    log = VenueLog(VENUE, VENUE_KEY)
    for time, direction in labels:
        log.add(EPOCH, _signed(time, direction))
    log.hidden = hidden or set()
    log.commit(max(time for time, _ in labels) + 600, Draws("salt of the edges"))
    return log


def _signed(time: int, direction: Direction) -> bytes:
    return sign_check_in(EPOCH_KEY, PASSES[0], time, direction, None, Draws(f"edge {time} {direction}")).to_bytes()


def _visits() -> dict[str, list[Label]]:
    return {
        "an entry as the window ends": [(ENDS, ENTRY)],
        "an entry before the window ends": [(ENDS - 15, ENTRY)],
        "an exit as the window begins": [(BEGINS - 600, ENTRY), (BEGINS, EXIT)],
        "an exit before the window begins": [(BEGINS - 600, ENTRY), (BEGINS - 15, EXIT)],
        "an assumed stay until the window begins": [(BEGINS - STAY, ENTRY)],
        "an assumed stay until before it begins": [(BEGINS - STAY - 15, ENTRY)],
        "an exit alone as the window begins": [(BEGINS, EXIT)],
        "an exit alone before it begins": [(BEGINS - 15, EXIT)],
        "an exit alone before the window ends": [(ENDS - 15, EXIT)],
        "an exit alone as it ends": [(ENDS, EXIT)],
        "an entry as early as it may be": [(BEGINS - MAX_STAY, ENTRY), (BEGINS, EXIT)],
        "an entry that is too early": [(BEGINS - MAX_STAY - 15, ENTRY), (BEGINS, EXIT)],
        "an exit as late as it may be": [(ENDS - 15, ENTRY), (ENDS + MAX_STAY - 15, EXIT)],
        "an exit that is too late": [(ENDS - 15, ENTRY), (ENDS + MAX_STAY, EXIT)],
        "an exit before its entry and one after it": [(BEGINS + 60, ENTRY), (BEGINS + 45, EXIT), (BEGINS + 75, EXIT)],
        "an exit at the time of its entry": [(BEGINS + 60, ENTRY), (BEGINS + 60, EXIT)],
        "two entries, the later first": [(BEGINS + 75, ENTRY), (BEGINS + 60, ENTRY), (BEGINS + 90, EXIT)],
        "two exits, the later first": [(BEGINS + 60, ENTRY), (BEGINS + 90, EXIT), (BEGINS + 75, EXIT)],
        "a visit before the window, and its pass again": [
            (BEGINS - 600, ENTRY),
            (BEGINS - 540, EXIT),
            (BEGINS + 15, ENTRY),
        ],
    }


def _around_commitments() -> dict[str, VenueLog]:
    """Two commitments, and a check-in that the first or the second covers."""
    usual, second = BEGINS + 3600, BEGINS + 7200
    covered = {
        "a label as late as its commitment lets it be": (0, usual, usual + COMMITMENT_MARGIN),
        "a label later than its commitment lets it be": (0, usual, usual + COMMITMENT_MARGIN + 15),
        "a label a second later than its commitment lets it be": (0, usual - 1, usual + COMMITMENT_MARGIN),
        "a label as early as the commitment before lets it be": (1, usual, usual - COMMITMENT_MARGIN),
        "a label earlier than the commitment before lets it be": (1, usual, usual - COMMITMENT_MARGIN - 15),
        "a label a second earlier than the one before lets it be": (1, usual + 1, usual - COMMITMENT_MARGIN),
    }
    logs = {}
    for name, (by, first, time) in covered.items():
        log = logs[name] = VenueLog(VENUE, VENUE_KEY)
        for index, at in enumerate((first, second)):
            if index == by:
                log.add(EPOCH, _signed(time, ENTRY))
            log.commit(at, Draws(f"salt around {index}"))
    return logs


def _after_the_window() -> VenueLog:
    """Commitments a second before, at, and after the time with which a release may end."""
    log = VenueLog(VENUE, VENUE_KEY)
    log.add(EPOCH, _signed(BEGINS + 60, ENTRY))
    for time in (BEGINS + 3600, FINISHES - 1, FINISHES, FINISHES + 3600):
        log.commit(time, Draws(f"salt at {time}"))
    return log


def _before_the_window() -> VenueLog:
    """Commitments at the time with which a release may begin, and a second later."""
    log = VenueLog(VENUE, VENUE_KEY)
    for time in (STARTS, STARTS + 1, STARTS + 2):
        log.add(EPOCH, _signed(STARTS - STARTS % 15, ENTRY))
        log.commit(time, Draws(f"salt at {time}"))
    log.add(EPOCH, _signed(BEGINS + 60, ENTRY))
    log.commit(BEGINS + 3600, Draws("salt in the window"))
    return log


def _from_to(warrant: ValidWarrant, log: VenueLog, start: int, last: int) -> bytes:
    """A release that begins and ends with the commitments of these places."""
    opened = log.kept[start + 1 : last + 1]
    leaves = log.leaves[log.kept[start].opening.size : opened[-1].opening.size]
    return sign_release(warrant, VENUE_KEY, log.kept[start], [one.opening for one in opened], leaves)


def release_edges() -> VectorFile:
    """`verify_release`."""
    file = VectorFile(
        "release-edges",
        "Releases at the edges of windows and commitments, and visits of several check-ins",
        "§3.9",
        {
            **RELEASE_KEYS,
            **RELEASE_RESULTS,
        },
        SETTING,
    )
    now = max(NOW, EDGES.issued)

    def add(name: str, log: VenueLog, record: Warrant = EDGES, release: bytes | None = None) -> None:
        joint = both_sign(record)
        valid = verify_warrant(DOMAIN, joint, now)
        signed = release or log.release(valid)
        verified = verify_release(valid, REGISTERED_VENUE, {EPOCH: EPOCH_KEY}, log.commitments, signed)
        check = {
            "warrant": joint,
            "now": now,
            "venue": JOINT_VENUE,
            "commitments": dict(log.commitments),
            "release": signed,
        }
        file.accept(name, check=check, result=release_result(verified))

    for name, labels in _visits().items():
        add(name, _log(labels))
    edges = [(time, ENTRY) for time in (BEGINS - 15, BEGINS, ENDS - 15, ENDS)]
    add("withheld around the window's edges", _log(edges, set(range(4))))
    for name, log in _around_commitments().items():
        add(name, log)
    valid = verify_warrant(DOMAIN, both_sign(EDGES), now)
    finished = _after_the_window()
    add("a newer commitment than the release needs", finished)
    file.reject(
        "a newer commitment than the release needs",
        "ending a second too early",
        CommitmentMismatch,
        release=_from_to(valid, _beginning(finished), 0, 2),
    )
    started = _before_the_window()
    add("beginning as late as it may", started)
    file.reject(
        "beginning as late as it may",
        "beginning a second later",
        CommitmentMismatch,
        release=_from_to(valid, started, 1, 3),
    )
    add("beginning earlier than it need", started, release=_from_to(valid, _beginning(started), 0, 4))
    start, *opened = _beginning(finished).kept
    openings = [kept.opening for kept in (*opened[:3], opened[2])]
    twice = sign_release(valid, VENUE_KEY, start, openings, finished.leaves)
    file.reject("a newer commitment than the release needs", "one commitment twice", CommitmentMismatch, release=twice)
    return file


def _beginning(log: VenueLog) -> VenueLog:
    """The log with the beginning as its first commitment."""
    whole = VenueLog(log.venue, log.key)
    whole.leaves, whole.commitments = log.leaves, log.commitments
    whole.kept = [KeptCommitment(BEGINNING, CompactRange()), *log.kept]
    return whole
