"""A37: what a reader says it admitted while nobody could ask is invented, backdated, replayed, or used twice."""

from __future__ import annotations

from dataclasses import replace
from secrets import token_bytes

import pytest

from client.visits import open_entry
from lab.town import Person, Place
from protocol.check_ins import CheckInMessage, Direction
from protocol.deliveries import Delivery, DeliveryAnswer, Duty
from protocol.http_messages import Decision
from protocol.paper_passes import PaperPass
from protocol.primitives.encoding import Message
from protocol.primitives.group import Scalar
from protocol.qr_text import from_qr_text
from protocol.releases import COMMITMENT_DELAY
from service.http_client import call
from service.problems import Problem
from tests.support.contacts import contacts
from tests.support.running import online
from tests.support.town import Town
from tests.support.venues import only

ADMITTED, SPENT = Decision.ADMITTED, Decision.ALREADY_SPENT
HOUR = 3600


def code_of(person: Person, now: int) -> CheckInMessage:
    """What stands on somebody's screen."""
    return from_qr_text(open_entry(person.visitor).text(now))


def deliver(place: Place, *shown: Message, since: int = 0, duty: Duty = Duty.ON) -> list[Decision]:
    """What a venue's server says to what its reader brings."""
    body = Delivery(since, duty, tuple(one.to_bytes() for one in shown))
    answer = online(lambda session: call(session, "POST", f"{place.url}/v1/deliveries", body, place.token))
    return list(DeliveryAnswer.from_bytes(answer).decisions)


def paired(place: Place, door: str, now: int) -> Place:
    """The venue, from the page at one of its doors, which was paired at a time."""
    page, pairings = replace(place, token=token_bytes(32)), place.venue.home.pairings
    pairings.use(pairings.offer(place.id, door, now), page.token, now)
    return page


def test_a37_a_code_from_before_the_last_contact_is_too_old(town: Town) -> None:
    """A thief of a reader's token brings a picture that is as old as the door's last contact, and says that the reader
    has been away for hours.

    Follows from the design. Answer: the server goes by the latest contact that the reader has had answered, and a time
    of admission that somebody claims counts for nothing (§3.8).
    """
    club = paired(town.open_venue(), "tablet", town.now)
    victim, other = town.visitors("홍길동", "성춘향")
    picture, later = code_of(victim, town.now), code_of(other, town.now + 600)
    town.world.now += 600
    assert deliver(club, since=town.now) == []
    for claimed in (0, picture.time, town.now):
        assert deliver(club, picture, since=claimed) == [Decision.TOO_OLD]
    assert deliver(club, replace(picture, time=later.time)) == [Decision.FORGED]
    assert deliver(club, later) == [ADMITTED]


def test_a37_nothing_comes_from_before_the_reader(town: Town) -> None:
    """Somebody pairs a new reader and delivers what it saw hours ago. Answer: as above, from the pairing on."""
    club = paired(town.open_venue(), "tablet", town.now)
    victim, _ = town.visitors("홍길동", "성춘향")
    picture = code_of(victim, town.now)
    town.world.now += HOUR
    assert deliver(paired(club, "back door", town.now), picture) == [Decision.TOO_OLD]


def test_a37_the_token_of_a_program_that_delivers_nothing_is_good_for_what_is_shown_now(town: Town) -> None:
    """A thief of such a token, which was made long ago, brings a picture of an hour ago.

    Answer: who was never heard of has its last contact now (§3.8).
    """
    club = town.open_venue()
    victim, other = town.visitors("홍길동", "성춘향")
    picture = code_of(victim, town.now)
    town.world.now += HOUR
    assert deliver(club, picture) == [Decision.TOO_OLD]
    assert deliver(club, code_of(other, town.now)) == [ADMITTED]


def test_a37_a_code_is_good_for_one_reader_once(town: Town) -> None:
    """One code is shown at two doors that reach no server; both deliver it, and one of them again and again.

    Answer: only the reader whose check-in it became is told so again, and of two one learns of it (§3.8).
    """
    club = paired(town.open_venue(), "tablet", town.now)
    cheat, _ = town.visitors("홍길동", "성춘향")
    back, code = paired(club, "back door", town.now), code_of(cheat, town.now)
    town.world.now += HOUR
    for _ in range(2):
        assert deliver(club, code) == [ADMITTED]
        assert deliver(back, code) == [SPENT]
    assert [(day.entries, day.exits) for day in only(club.venue).store.days()] == [(1, 0)]


def test_a37_only_what_a_visitor_signed_for_a_door_is_taken(town: Town) -> None:
    """The thief delivers a check-in by poster, which its visitor took back for want of an answer, and a paper.

    Answer: a delivery has what was shown at a reader, and no key of anybody (§3.8).
    """
    club = paired(town.open_venue(), "tablet", town.now)
    victim, _ = town.visitors("홍길동", "성춘향")
    assert town.scan(victim, club) is ADMITTED
    scanned = CheckInMessage.from_bytes(town.traffic[-1].body)
    paper = PaperPass(scanned.domain, town.world.today, bytes(128), Scalar(bytes(32)), bytes(64))
    assert deliver(club, scanned, paper) == [Decision.UNREADABLE] * 2


@pytest.mark.parametrize(("commits", "found", "set_aside"), [(False, 1, {}), (True, 0, {"CommittedLate": 1})])
def test_a37_a_delivery_puts_nobody_behind_a_commitment(
    town: Town, commits: bool, found: int, set_aside: dict[str, int]
) -> None:
    """A venue that has heard of an outbreak has its reader deliver codes of the hour, which it has committed to since.

    Answer: a delivery changes nothing of what counts in a release. So an honest venue waits for its readers (§3.9).
    """
    club = paired(town.open_venue(), "tablet", town.now)
    visitor, _ = town.visitors("홍길동", "성춘향")
    online(lambda _: town.commit(club))
    deliver(club, since=town.now, duty=Duty.OFF if commits else Duty.ON)
    shown = code_of(visitor, town.now)
    town.world.now += HOUR - 120
    online(lambda _: town.commit(club))
    town.world.now += 60
    assert deliver(club, shown) == [ADMITTED]
    assert deliver(club, since=town.now) == []
    result = town.investigate(club)
    assert (len(contacts(result)), dict(result.set_aside)) == (found, set_aside)


def test_a37_a_stolen_token_ends_when_it_is_revoked(town: Town) -> None:
    """A thief has a reader's token, keeps the venue waiting for it, and goes on after it was revoked.

    Answer: each reader has a token of its own, which is looked up each time; nobody waits for one that was revoked.
    What remains: until then the thief can deliver what it has seen since the reader's last contact, make what the
    reader itself still has too old, and keep commitments back for 23 hours (§2.4).
    """
    club = paired(town.open_venue(), "tablet", town.now)
    victim, other = town.visitors("홍길동", "성춘향")
    stolen = paired(club, "back door", town.now)
    assert deliver(stolen, since=town.now) == []
    seen = code_of(victim, town.now)
    town.world.now += HOUR
    online(lambda _: town.commit(club))
    assert only(club.venue).log.newest(town.now) != town.now
    assert deliver(stolen, seen) == [ADMITTED]
    club.venue.home.reader_tokens.revoke(club.id, "back door", town.now)
    online(lambda _: town.commit(club))
    assert [one.opening.time for one in only(club.venue).log.commitments() if one.opening.time == town.now] == [
        town.now
    ]
    with pytest.raises(Problem, match="not the token"):
        deliver(stolen, code_of(other, town.now))


def test_a37_nothing_older_than_a_day_is_taken(town: Town) -> None:
    """A reader that was never heard of brings codes of days ago. Answer: no trace could use them, so none are kept."""
    club = paired(town.open_venue(), "tablet", town.now)
    victim, _ = town.visitors("홍길동", "성춘향")
    old = code_of(victim, town.now)
    assert old.direction is Direction.ENTRY
    town.world.now += COMMITMENT_DELAY + 60
    assert deliver(club, old) == [Decision.TOO_OLD]
    assert only(club.venue).store.days() == []
