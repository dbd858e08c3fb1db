"""Variants in which a release of shares is hidden, false, or not disclosed as it must be. Spec: §6.7 steps 6, 8, 9."""

from __future__ import annotations

from dataclasses import replace

from conformance.corpus.story import (
    DISCLOSES,
    HONEST,
    HOUR,
    HOUSEKEEPING,
    OPENED_PASSES,
    OPENING_WARRANT,
    Opened,
    World,
    day,
    disclosure,
    publish_disclosure,
    record_of,
    tell,
)
from conformance.vectors.pinned import pinned
from conformance.vectors.world import NOW
from protocol.disclosures import DisclosedOpening
from protocol.epochs import Role
from protocol.notices import list_digest
from protocol.transparency.log_entries import DisclosurePublished, SharesReleased, WarrantDecided, WarrantDecision
from protocol.warrants import MAX_EMBARGO

OPERATOR, AUTHORITY = Role.OPERATOR, Role.AUTHORITY
WARRANT_ID = OPENING_WARRANT.warrant_id
TIMES = {OPERATOR: NOW, AUTHORITY: NOW + 1}
"""When each party's release is put on record."""


def _one_log_lacks(world: World, role: Role) -> None:
    """What is found when the log of `role` lacks the release of the other party."""
    other = AUTHORITY if role is OPERATOR else OPERATOR
    world.found(role, "unlogged-release", time=TIMES[other])
    world.found(other, "unmatched-release", time=TIMES[other])


def unlogged_release() -> World:
    """The operator has no release on record, and the authority discloses one: the operator hides what it gave."""
    world = tell(operator=None)
    _one_log_lacks(world, OPERATOR)
    world.found(OPERATOR, "partial-disclosure", warrant=WARRANT_ID.hex())
    return world


def unmatched_release() -> World:
    """The authority has no release on record, and the operator has had one for more than a day."""
    world = tell(authority=None)
    _one_log_lacks(world, AUTHORITY)
    return world


def unlogged_release_of_another_count() -> World:
    """The operator's log says that it gave shares for two passes, and the authority's for three."""
    record = record_of(OPERATOR, OPENED_PASSES[:2])
    world = tell(operator=Opened(record))
    for role in Role:
        _one_log_lacks(world, role)
    world.found(OPERATOR, "partial-disclosure", warrant=WARRANT_ID.hex())
    return world


def unlogged_warrant() -> World:
    """The operator gave shares under a warrant, and has none on record as countersigned."""
    world = tell()
    place = world.operator.places(WarrantDecided)[-1]
    world.operator.say_instead(place, WarrantDecided(WarrantDecision.REFUSED, pinned("corpus other decision")))
    world.found(OPERATOR, "unlogged-warrant", warrant=WARRANT_ID.hex())
    return world


def false_entry_embargo() -> World:
    """Both parties put on record an embargo that is longer than any may be."""
    until = NOW + MAX_EMBARGO + HOUR
    operator, authority = (replace(HONEST[role], discloses=until, told_in=None) for role in Role)
    world = tell(operator, authority)
    for role in Role:
        (place,) = world.parties[role].places(SharesReleased)
        world.found(role, "false-entry", entry=place)
    return world


def disclosed_early() -> World:
    """The authority discloses the opening half a day before its embargo is over."""
    world = tell(authority=replace(HONEST[AUTHORITY], told_in=2))
    (place,) = world.authority.places(SharesReleased)
    world.found(AUTHORITY, "disclosed-early", entry=place)
    return world


def undisclosed() -> World:
    """The operator has not disclosed an opening a day after its embargo was over."""
    world = tell(operator=replace(HONEST[OPERATOR], told_in=None))
    (place,) = world.operator.places(SharesReleased)
    world.found(OPERATOR, "undisclosed", entry=place)
    return world


def undisclosed_then() -> World:
    """The authority disclosed an opening an hour after the day that it had for it."""
    world = tell(authority=replace(HONEST[AUTHORITY], told_in=None))
    (place,) = world.authority.places(SharesReleased)
    opening = DisclosedOpening(place, HONEST[AUTHORITY].record)
    world.now += 2 * HOUR
    publish_disclosure(world.authority, 4, opening, DISCLOSES + 25 * HOUR)
    world.cosigned = dict.fromkeys(Role, world.now - 600)
    world.found(AUTHORITY, "undisclosed", entry=place)
    return world


def partial_disclosure() -> World:
    """The operator committed to, and disclosed, another pass in the place of one. Who lied, nobody can tell."""
    record = record_of(OPERATOR, (*OPENED_PASSES[:2], pinned("corpus another pass")))
    world = tell(operator=Opened(record))
    for role in Role:
        world.found(role, "partial-disclosure", warrant=WARRANT_ID.hex())
    return world


def false_list_reference() -> World:
    """The parties disclose the opening with different legal references."""
    record = replace(record_of(OPERATOR), legal_reference="통신비밀보호법 제13조")
    world = tell(operator=Opened(record))
    for role in Role:
        world.found(role, "false-list", warrant=WARRANT_ID.hex())
    return world


def false_list_warrant() -> World:
    """The parties disclose one release under different warrants. One of the two is false."""
    other = pinned("corpus another warrant", 16)
    world = tell(operator=Opened(record_of(OPERATOR, warrant_id=other)))
    world.found(OPERATOR, "false-list", warrant=other.hex())
    world.found(AUTHORITY, "false-list", warrant=WARRANT_ID.hex())
    return world


def false_list_opens_nothing() -> World:
    """The operator discloses passes that its log does not commit to, and so not those that it does."""
    world = tell(operator=replace(HONEST[OPERATOR], told_in=None))
    (place,) = world.operator.places(SharesReleased)
    other = DisclosedOpening(place, replace(HONEST[OPERATOR].record, salt=bytes(32)))
    statement = disclosure(OPERATOR, 3, day(3) + HOUSEKEEPING, other)
    world.operator.lists["disclosures"][3] = statement
    said = world.operator.places(DisclosurePublished)[3]
    world.operator.say_instead(said, DisclosurePublished(3, list_digest(statement)))
    world.found(OPERATOR, "false-list", list="disclosures", number=3)
    world.found(OPERATOR, "undisclosed", entry=place)
    return world


def clean_fewer_after_an_erasure() -> World:
    """The authority gave shares for fewer passes: it had erased an epoch of which the operator still had its share."""
    return tell(authority=Opened(record_of(AUTHORITY, OPENED_PASSES[:2])), erased=(AUTHORITY, -HOUR))


def unlogged_release_fewer() -> World:
    """The authority gave shares for fewer passes, and only the operator had erased an epoch before."""
    world = tell(authority=Opened(record_of(AUTHORITY, OPENED_PASSES[:2])), erased=(OPERATOR, -HOUR))
    for role in Role:
        _one_log_lacks(world, role)
    world.found(AUTHORITY, "partial-disclosure", warrant=WARRANT_ID.hex())
    return world


def clean_fewer_after_a_later_erasure() -> World:
    """The authority gave shares for fewer passes: the operator had erased an epoch since, and gave no shares again."""
    return tell(authority=Opened(record_of(AUTHORITY, OPENED_PASSES[:2])), erased=(OPERATOR, HOUR // 2))


VARIANTS = (
    unlogged_release,
    unlogged_release_of_another_count,
    unlogged_release_fewer,
    unmatched_release,
    unlogged_warrant,
    false_entry_embargo,
    disclosed_early,
    undisclosed,
    undisclosed_then,
    partial_disclosure,
    false_list_reference,
    false_list_warrant,
    false_list_opens_nothing,
    clean_fewer_after_an_erasure,
    clean_fewer_after_a_later_erasure,
)
