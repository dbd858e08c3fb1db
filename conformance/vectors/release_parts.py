"""Vectors of §3.9: what is too much for one release, in parts under one warrant."""

from __future__ import annotations

from dataclasses import replace

from conformance.vectors.files import VectorFile
from conformance.vectors.pinned import Draws, pinned
from conformance.vectors.releases import EPOCH_KEYS, RELEASE_KEYS, RELEASE_RESULTS, release_result
from conformance.vectors.venue_log import VenueLog
from conformance.vectors.warrants import REGISTERED_VENUE
from conformance.vectors.world import (
    DOMAIN,
    EPOCH,
    EPOCH_KEY,
    JOINT_VENUE,
    PASSES,
    SETTING,
    VENUE,
    VENUE_KEY,
    WARRANT,
    both_sign,
)
from protocol.check_ins import Direction, sign_check_in
from protocol.epochs import MAX_STAY
from protocol.primitives.errors import CommitmentMismatch, OutOfScope
from protocol.primitives.statements import sign_statement, statement_payload
from protocol.releases import COMMITMENT_MARGIN, Release, verify_release
from protocol.warrants import ValidWarrant, Warrant, verify_warrant

ENTRY, EXIT = Direction
HOUR = 3600
BEGINS = DOMAIN.epoch_begins(EPOCH) + 8 * HOUR


def _window(seconds: int) -> Warrant:
    ends = BEGINS + seconds
    return replace(WARRANT, begins=BEGINS, ends=ends, issued=ends + 14 * HOUR, expires=ends + 14 * 86_400)


LONG, SHORT = _window(MAX_STAY), _window(HOUR)
"""In the first no visit begins before the window and ends after it."""
LATER = LONG.issued
LONG_REACH, SHORT_REACH = BEGINS + COMMITMENT_MARGIN, BEGINS + MAX_STAY + COMMITMENT_MARGIN
"""Until when the leaves of a part go on at least."""
EARLY_END = BEGINS - HOUR + 15
"""A commitment before the window, to two entries."""
LABELS = [
    (0, BEGINS - 2 * HOUR, ENTRY),
    (1, BEGINS - HOUR, ENTRY),
    (2, BEGINS + 300, ENTRY),
    (2, BEGINS + 600, EXIT),
    (1, BEGINS + 1800, EXIT),
    (0, BEGINS + 2 * HOUR, EXIT),
]
"""In a window of an hour the first visit begins before it and ends after it."""


def parted_log(*times: int, hidden: tuple[int, ...] = ()) -> VenueLog:
    """A venue that commits at these times, each time to what was admitted up to then."""
    log = VenueLog(VENUE, VENUE_KEY)
    log.hidden = set(hidden)
    before = 0
    for time in times:
        for which, at, direction in LABELS:
            if before <= at < time:
                log.add(EPOCH, labelled(which, at, direction))
        log.commit(time, Draws(f"salt of part {time}"))
        before = time
    return log


def labelled(which: int, time: int, direction: Direction) -> bytes:
    """A check-in with one of the passes."""
    draws = Draws(f"part {which} {time} {direction.name}")
    return sign_check_in(EPOCH_KEY, PASSES[which], time, direction, None, draws).to_bytes()


def valid(record: Warrant) -> ValidWarrant:
    """The warrant as it is shown."""
    return verify_warrant(DOMAIN, both_sign(record), LATER)


def release_parts() -> VectorFile:
    """`verify_release`, for a part of what a warrant covers."""
    file = VectorFile(
        "release-parts",
        "What is too much for one release, in parts under one warrant",
        "§3.9",
        {
            **RELEASE_KEYS,
            "check.ended": "the time with which the part before ended, null for the first part",
            **RELEASE_RESULTS,
        },
        SETTING,
    )
    _in_a_long_window(file)
    _in_a_short_window(file)
    return file


def _add(
    file: VectorFile, name: str, record: Warrant, log: VenueLog, ended: int | None, part_ends: int | None
) -> bytes:
    signed = log.release(valid(record), ended, part_ends, 0 if part_ends else 2)
    release = verify_release(valid(record), REGISTERED_VENUE, EPOCH_KEYS, log.commitments, signed, ended)
    assert (release.part_ends, release.part_begins) == (part_ends, ended or 0)
    check = {
        "warrant": both_sign(record),
        "now": LATER,
        "venue": JOINT_VENUE,
        "commitments": dict(log.commitments),
        "release": signed,
        "ended": ended,
    }
    file.accept(name, check=check, result=release_result(release))
    return signed


def _in_a_long_window(file: VectorFile) -> None:
    noon, later = BEGINS + HOUR, BEGINS + 3 * HOUR
    log = parted_log(LONG_REACH, noon, later, LONG.ends + MAX_STAY + COMMITMENT_MARGIN)
    first = _add(file, "the first part", LONG, log, None, LONG_REACH)
    _add(file, "the part after it", LONG, log, LONG_REACH, noon)
    _add(file, "the part before the last", LONG, log, noon, later)
    last = _add(file, "the last part", LONG, log, noon, None)
    _add(file, "a last part without anything", LONG, parted_log(LONG_REACH, noon), noon, None)
    withheld = parted_log(LONG_REACH, noon, hidden=(2, 4))
    _add(file, "withheld up to the end of the part", LONG, withheld, None, LONG_REACH)
    _reject_starts(file, log, noon, first)
    base, reject = "the first part", file.reject
    reject(base, "ending a second after its commitment", CommitmentMismatch, release=_ending(first, LONG_REACH + 1))
    reject(base, "ending with the beginning", CommitmentMismatch, release=_ending(first, 0))
    reject(base, "ending after its leaves", CommitmentMismatch, release=_ending(first, noon))
    reject(base, "shown as the whole", CommitmentMismatch, release=_ending(first, None))
    base = "the last part"
    reject(base, "ending with its start", CommitmentMismatch, release=_ending(last, noon))
    reject(base, "a newer commitment hidden", CommitmentMismatch, release=_cut(last, log, 1, None))
    base = "a last part without anything"
    reject(base, "a newer commitment hidden", CommitmentMismatch, commitments=dict(log.commitments))

    early, end = parted_log(EARLY_END, LONG_REACH - 1, LONG_REACH, noon), EARLY_END
    base = "a part that ends before its leaves"
    shown = _add(file, base, LONG, early, None, end)
    _add(file, "a part that starts before the window begins", LONG, early, end, LONG_REACH)
    unreceived = {time: one for time, one in early.commitments.items() if time != end}
    reject(base, "ending with what was never received", CommitmentMismatch, commitments=unreceived)
    reject(base, "leaves that end a second too early", CommitmentMismatch, release=_cut(shown, early, 2, end))


def _reject_starts(file: VectorFile, log: VenueLog, noon: int, first: bytes) -> None:
    base, reject = "the part after it", file.reject
    skipping = log.release(valid(LONG), noon, BEGINS + 3 * HOUR)
    reject(base, "starting a commitment later", CommitmentMismatch, release=skipping)
    reject(base, "starting from the beginning", CommitmentMismatch, release=first)
    reject(base, "the part before ended a second later", CommitmentMismatch, ended=LONG_REACH + 1)
    reject(base, "the part before ended a second earlier", CommitmentMismatch, ended=LONG_REACH - 1)
    reject(base, "shown as the first", CommitmentMismatch, ended=None)
    reject("the first part", "shown as the second", CommitmentMismatch, ended=noon)
    other = valid(replace(LONG, warrant_id=pinned("another warrant", 16)))
    reject(base, "of another warrant", OutOfScope, release=log.release(other, LONG_REACH, noon))
    for which, at in (("start", LONG_REACH), ("end", noon)):
        received = {time: one for time, one in log.commitments.items() if time != at}
        reject(base, f"its {which} was never received", CommitmentMismatch, commitments=received)


def _in_a_short_window(file: VectorFile) -> None:
    log = parted_log(EARLY_END, LONG_REACH, SHORT_REACH - 1, SHORT_REACH, SHORT.ends + MAX_STAY + HOUR)
    base = "a visit that began before a short window and ended after it"
    spanning = _add(file, base, SHORT, log, None, EARLY_END)
    early = _cut(spanning, log, 3, EARLY_END)
    file.reject(base, "leaves that end a second too early", CommitmentMismatch, release=early)
    _add(file, "the same, with the window's first commitments", SHORT, log, None, LONG_REACH)
    _add(file, "the part of a short window after that", SHORT, log, LONG_REACH, SHORT_REACH)
    hidden = parted_log(EARLY_END, LONG_REACH, SHORT_REACH, hidden=(2, 3, 4, 5))
    _add(file, "withheld after the end of the part", SHORT, hidden, None, EARLY_END)
    _add(file, "a window that is a second too short", _window(MAX_STAY - 1), log, None, LONG_REACH)


def _ending(signed: bytes, part_ends: int | None) -> bytes:
    record = Release.from_bytes(statement_payload(signed))
    return sign_statement(replace(record, part_ends=part_ends), VENUE_KEY)


def _cut(signed: bytes, log: VenueLog, openings: int, part_ends: int | None) -> bytes:
    """The same release with so many openings and their leaves alone."""
    record = Release.from_bytes(statement_payload(signed))
    kept = record.openings[:openings]
    leaves = record.leaves[: kept[-1].size - record.opened_from.size]
    assert kept[-1].time in log.commitments
    return sign_statement(replace(record, openings=kept, leaves=leaves, part_ends=part_ends), VENUE_KEY)
