"""Variants in which notices or disclosures are missing, old, or not those on record. Spec: §6.7 step 7."""

from __future__ import annotations

from dataclasses import replace

from conformance.corpus.party import PREFIX, Party
from conformance.corpus.recording import Answer, Seen
from conformance.corpus.story import AUDITED, BOTH, HONEST, HOUR, HOUSEKEEPING, World, day, disclosure, notice, tell
from conformance.vectors.pinned import flip, pinned
from protocol.epochs import Role
from protocol.notices import PublishedNotice, notice_digest
from protocol.transparency.log_entries import DisclosurePublished, NoticePublished, SharesReleased

OPERATOR, AUTHORITY = Role.OPERATOR, Role.AUTHORITY


def _request(kind: str, number: int | None = None) -> str:
    return f"{PREFIX}/{kind}" if number is None else f"{PREFIX}/{kind}/{number}"


def _say_instead(party: Party, number: int, other: int, published: bytes) -> None:
    """The log of a party has, in the place of a notice, another one of this other number."""
    place = party.places(NoticePublished)[number]
    party.say_instead(place, NoticePublished(other, notice_digest(published)))


def _replace_notice(world: World, number: int, other: int, published: bytes) -> None:
    """Both parties have signed, in the place of a notice, another one of this other number."""
    del world.authority.lists["notices"][number]
    world.authority.lists["notices"][other] = published
    for party in world.parties.values():
        _say_instead(party, number, other, published)


def stale_lists() -> World:
    """The authority has published no notice since the first day, and the operator has signed one each day."""
    world = tell(stops=(AUTHORITY, "notices"))
    world.found(AUTHORITY, "stale-lists", list="notices")
    return world


def stale_lists_of_either() -> World:
    """There is no notice since the first day at either party: the authority did not ask, or the operator not sign."""
    world = tell(stops=BOTH)
    for role in Role:
        world.found(role, "stale-lists", list="notices")
    return world


def stale_lists_of_the_operator() -> World:
    """The operator has published no disclosure since the first day, and so has not disclosed the opening."""
    world = tell(operator=replace(HONEST[OPERATOR], told_in=None), stops=(OPERATOR, "disclosures"))
    (place,) = world.operator.places(SharesReleased)
    world.found(OPERATOR, "stale-lists", list="disclosures")
    world.found(OPERATOR, "undisclosed", entry=place)
    return world


def missing_list() -> World:
    """The authority does not give a notice that is on record."""
    world = tell()
    del world.authority.lists["notices"][1]
    world.found(AUTHORITY, "missing-list", list="notices", number=1)
    return world


def missing_list_left_out() -> World:
    """The authority has left out a number of its notices."""
    world = tell()
    _replace_notice(world, 3, 4, notice(4, day(3) + HOUSEKEEPING))
    world.found(AUTHORITY, "missing-list", list="notices", number=3)
    return world


def missing_list_newest() -> World:
    """The authority gives yesterday's notice as the newest, and has today's on record."""
    world = tell()
    world.instead[AUTHORITY][_request("notices")] = Answer(world.authority.lists["notices"][2])
    world.found(AUTHORITY, "missing-list", list="notices", number=3)
    return world


def unlogged_list() -> World:
    """The authority gives, under the number of a notice that is on record, another one. Both parties signed it."""
    world = tell()
    other = notice(1, day(1) + HOUSEKEEPING, "집에 계십시오.", (pinned("corpus another pass"),))
    world.instead[AUTHORITY][_request("notices", 1)] = Answer(other)
    for role in Role:
        world.found(role, "unlogged-list", other, list="notices", number=1)
    return world


def unlogged_list_unsigned() -> World:
    """The authority gives, under the number of a notice that is on record, something that nobody has signed."""
    world = tell()
    world.instead[AUTHORITY][_request("notices", 1)] = Answer(pinned("corpus no notice", 40))
    world.found(AUTHORITY, "unlogged-list", list="notices", number=1)
    return world


def unlogged_list_newest() -> World:
    """The operator's newest disclosure is not the one that it has on record."""
    world = tell()
    other = disclosure(OPERATOR, 3, day(3) + HOUSEKEEPING)
    world.instead[OPERATOR][_request("disclosures")] = Answer(other)
    world.found(OPERATOR, "unlogged-list", other, list="disclosures", number=3)
    return world


def unlogged_list_seen() -> World:
    """One visitor was given another notice than is on record, by which the visitor is known again. Both signed it."""
    world = tell()
    other = notice(2, day(2) + HOUSEKEEPING, "이 번호로 전화하십시오.", (pinned("corpus another pass"),))
    world.seen.append(Seen(AUTHORITY, "notices", other))
    for role in Role:
        world.found(role, "unlogged-list", other, list="notices", number=2)
    return world


def unlogged_list_at_the_operator() -> World:
    """The operator has signed a notice that the authority has on record, and has another one on record itself."""
    world = tell()
    _say_instead(world.operator, 1, 1, notice(1, day(1) + HOUSEKEEPING, "집에 계십시오."))
    world.found(OPERATOR, "unlogged-list", world.authority.lists["notices"][1], list="notices", number=1)
    return world


def unlogged_list_for_two_hours() -> World:
    """The operator's newest disclosure is two hours old, and still not on record."""
    world = tell()
    other = disclosure(OPERATOR, 4, AUDITED - 2 * HOUR)
    world.instead[OPERATOR][_request("disclosures")] = Answer(other)
    world.found(OPERATOR, "unlogged-list", other, list="disclosures", number=4)
    return world


def false_list() -> World:
    """The operator's signature of a notice that is on record does not hold."""
    world = tell()
    given = PublishedNotice.from_bytes(world.authority.lists["notices"][1])
    signed = replace(given.notice, operator=flip(given.notice.operator, -1))
    world.authority.lists["notices"][1] = replace(given, notice=signed).to_bytes()
    world.found(AUTHORITY, "false-list", list="notices", number=1)
    return world


def false_list_two_of_a_number() -> World:
    """The operator's log has two disclosures of one number."""
    world = tell()
    world.operator.say(AUDITED - HOUR, DisclosurePublished(0, pinned("corpus another digest")))
    world.found(OPERATOR, "false-list", list="disclosures", number=0)
    return world


def false_list_dated() -> World:
    """A notice is dated before the one that was on record before it: clients that come for the first time miss it."""
    world = tell()
    _replace_notice(world, 3, 3, notice(3, day(2) - HOUR))
    world.found(AUTHORITY, "false-list", list="notices", number=3)
    return world


def clean_list_on_its_way() -> World:
    """The operator's newest disclosure is half an hour old, and its entry is not cosigned yet."""
    world = tell()
    world.instead[OPERATOR][_request("disclosures")] = Answer(disclosure(OPERATOR, 4, AUDITED - HOUR // 2))
    return world


VARIANTS = (
    stale_lists,
    stale_lists_of_either,
    stale_lists_of_the_operator,
    missing_list,
    missing_list_left_out,
    missing_list_newest,
    unlogged_list,
    unlogged_list_unsigned,
    unlogged_list_newest,
    unlogged_list_seen,
    unlogged_list_at_the_operator,
    unlogged_list_for_two_hours,
    false_list,
    false_list_two_of_a_number,
    false_list_dated,
    clean_list_on_its_way,
)
