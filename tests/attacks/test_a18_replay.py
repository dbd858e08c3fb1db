"""A18: replay of a check-in at another time, door or domain; screenshot of a QR."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from aiohttp import ClientSession

from client.visits import open_entry
from escrow.authority.investigation import Investigation
from escrow.authority.reading import OpeningResult
from protocol import releases
from protocol.check_ins import CheckInMessage, Direction, sign_check_in, verify_check_in
from protocol.http_messages import Decision, DoorAnswer
from protocol.passes import OwnedPass
from protocol.primitives.errors import CommitmentMismatch, InvalidSignature, WrongDomain
from protocol.qr_text import from_qr_text, to_qr_text
from protocol.releases import COMMITMENT_DELAY, COMMITMENT_MARGIN
from service.http_client import call, new_session
from tests.support.contacts import contacts
from tests.support.domain import NOW, TODAY, OpenEpoch, Parties, Visitor, found_domain, open_epoch, opening_warrant
from tests.support.investigations import trace, warrant_around_now
from tests.support.running import online, run
from tests.support.servers import Door, World, carry_out, open_door
from tests.support.town import Town
from tests.support.venues import only


def test_a18_a_screenshot_is_worth_nothing(town: Town) -> None:
    """The attacker shows a picture of somebody's code: after its lifetime, with another time, at a door where it was
    used, as an exit, under another domain's number.

    Happened: all QR systems. Answer: a signed time, a tolerance of 30 s, each pass once per door (§3.8).
    """
    club = town.open_venue()
    victim, _ = town.visitors("홍길동", "성춘향")
    used, unused = (open_entry(victim.visitor).text(town.now) for _ in range(2))
    assert town.show(used, club) is Decision.ADMITTED
    assert town.show(used, club) is Decision.ALREADY_SPENT
    picture = from_qr_text(unused)
    for changed, decision in (
        (replace(picture, domain=8), Decision.UNKNOWN_DOMAIN),
        (replace(picture, direction=Direction.EXIT), Decision.FORGED),
        (replace(picture, time=picture.time + 15), Decision.FORGED),
    ):
        assert town.show(to_qr_text(changed), club) is decision
    town.world.now += 46
    assert town.show(unused, club) is Decision.TOO_OLD
    fresh = replace(picture, time=town.now - town.now % 15)
    assert town.show(to_qr_text(fresh), club) is Decision.FORGED


def test_a18_two_doors_of_a_venue_admit_a_code_once(town: Town) -> None:
    """The attacker shows the picture at the venue's other door, whose reader has its own server.

    Happened: as above. Answer: the doors of a venue share one store (§6.4).
    """
    club = town.open_venue()
    victim, _ = town.visitors("홍길동", "성춘향")
    text = open_entry(victim.visitor).text(town.now)
    other_door = club.venue.gate
    assert town.show(text, club) is Decision.ADMITTED
    assert other_door.decide_text(text, town.now) is Decision.ALREADY_SPENT


def test_a18_a_check_in_by_poster_is_good_at_its_venue_alone(town: Town) -> None:
    """The venue replays what it received at another venue's server, as it is and with the other's id.

    Happened: as above. Answer: the label names the venue (§3.8).
    """
    club, cafe = town.open_venue("클럽"), town.open_venue("카페")
    victim, _ = town.visitors("홍길동", "성춘향")
    assert town.scan(victim, club) is Decision.ADMITTED
    received = CheckInMessage.from_bytes(town.traffic[-1].body)

    async def replay(session: ClientSession) -> list[Decision]:
        tried = [received, replace(received, venue_id=cafe.venue.venue_id)]
        answers = [await call(session, "POST", f"{cafe.url}/v1/check-ins", one) for one in tried]
        return [DoorAnswer.from_bytes(answer).decision for answer in answers]

    assert online(replay) == [Decision.OTHER_VENUE, Decision.FORGED]
    assert only(cafe.venue).store.days() == []


def test_a18_a_pass_is_good_on_its_day_alone(town: Town) -> None:
    """The attacker keeps a pass for another day and signs that day's time with it.

    Happened: as above. Answer: an entry's epoch is that of its time, and the epoch context is in each signature (§3.5).
    """
    club = town.open_venue()
    thief, _ = town.visitors("홍길동", "성춘향")
    screen = open_entry(thief.visitor)
    town.world.now = town.world.settings.domain.epoch_begins(town.world.today + 1) + 30
    message = sign_check_in(screen.epoch_key, screen.stored.owned, town.now, Direction.ENTRY)
    assert town.show(to_qr_text(message), club) is Decision.FORGED


def test_a18_a_pass_is_good_in_its_domain_alone(parties: Parties, today: OpenEpoch, visitor: Visitor) -> None:
    """The attacker brings a pass to a door of another domain that has the same operator and authority.

    Happened: as above. Answer: the domain is in the epoch context (§3.5).
    """
    there = open_epoch(found_domain(number=254, same_keys=parties), TODAY).key
    message = sign_check_in(today.key, visitor.passes[0], NOW, Direction.ENTRY)
    with pytest.raises(WrongDomain):
        verify_check_in(there, message)
    with pytest.raises(InvalidSignature):
        verify_check_in(there, replace(message, domain=254))
    with pytest.raises(InvalidSignature):
        verify_check_in(there, sign_check_in(there, visitor.passes[0], NOW, Direction.ENTRY))


@contextmanager
def moved(world: World) -> Iterator[tuple[Door, CheckInMessage, OwnedPass]]:
    """A venue with a check-in that was shown to another one, a quarter of an hour before it committed for the hour.

    And the pass of a visitor of its own.
    """
    with open_door(world) as visited, open_door(world) as colluding:

        async def visit() -> tuple[CheckInMessage, OwnedPass]:
            (_, passes), (_, others) = await world.visitors_with_passes(2)
            message = await visited.admit(passes[0])
            world.now += COMMITMENT_MARGIN + 75
            await colluding.commit()
            world.now += 600
            return message, others[0]

        yield colluding, *run(visit())


def test_a18_a_venue_that_hears_of_an_outbreak_cannot_take_over_a_check_in(world: World) -> None:
    """A venue hands another a check-in of the outbreak's hour, and that one commits to it before the warrant comes.

    Happened: follows from the design (§2.4). Answer: a check-in counts only in the first commitment after it (§3.9).
    """
    with moved(world) as (colluding, message, _):
        colluding.add(message)
        findings = run(trace(world, colluding.record.venue_id))[1]
    assert contacts(findings) == ()
    assert findings.set_aside == {"CommittedLate": 1}


@pytest.mark.parametrize(("silence", "set_aside"), [(0, {}), (120, {"CommittedLate": 1})])
def test_a18_a_venue_that_was_silent_cannot_take_over_a_check_in_of_long_ago(
    world: World, silence: int, set_aside: dict[str, int]
) -> None:
    """The same, and the venue has never committed before. Within a day it succeeds, as the limits say (§2.4).

    Happened: as above. Answer: no check-in waits longer than a day for its commitment (§3.9).
    """
    with open_door(world) as visited, open_door(world) as colluding:

        async def story() -> OpeningResult:
            (_, passes), _ = await world.visitors_with_passes(2)
            message = await visited.admit(passes[0])
            world.now += COMMITMENT_DELAY + COMMITMENT_MARGIN + silence
            colluding.add(message)
            venue, window = colluding.record.venue_id, (message.time - 60, message.time + 60)
            warrant = opening_warrant(world.settings.number, venue, *window, world.now)
            steps = [lambda it: it.request_release(warrant.warrant_id), lambda it: it.open(warrant.warrant_id)]
            _, findings = await carry_out(world, warrant, *steps)
            assert isinstance(findings, OpeningResult)
            return findings

        findings = run(story())
    assert (len(contacts(findings)), findings.set_aside) == (not set_aside, set_aside)


async def exchange(world: World, colluding: Door, message: CheckInMessage, own: OwnedPass) -> OpeningResult:
    """The venue learns of the warrant and releases the check-in in the place of its own visitor's."""
    await colluding.admit(own)
    warrant = warrant_around_now(world, colluding.record.venue_id)
    await carry_out(world, warrant)
    colluding.log.leaves.clear()
    colluding.add(message)
    async with new_session() as session:
        investigation = Investigation(world.authority, session)
        await investigation.request_release(warrant.warrant_id)
        return await investigation.open(warrant.warrant_id)


def test_a18_venues_that_collude_cannot_move_a_check_in(world: World) -> None:
    """A venue hands another, which learns of a warrant, a check-in that was shown to it in the warrant's window.

    Happened: as above. Answer: a release opens commitments from before the warrant (§3.9).
    """
    with moved(world) as (colluding, message, own), pytest.raises(CommitmentMismatch):
        run(exchange(world, colluding, message, own))


def test_a18_works_without_commitments(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same attack on the same servers when nobody compares: the visitor is found where it never was."""
    monkeypatch.setattr(releases, "_opens", lambda *_: True)
    monkeypatch.setattr(releases, "COMMITMENT_MARGIN", 3600)
    with moved(world) as (colluding, message, own):
        findings = run(exchange(world, colluding, message, own))
    assert len(contacts(findings)) == 1
