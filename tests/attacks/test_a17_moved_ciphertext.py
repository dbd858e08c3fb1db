"""A17: a ciphertext re-randomised, or moved to another venue's scope, to have it opened there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from client.visits import open_entry
from escrow.authority.reading import OpeningResult
from protocol import check_ins
from protocol.check_ins import CheckInMessage, Direction, sign_check_in
from protocol.http_messages import Decision
from protocol.primitives.group import B, Point, Scalar
from protocol.primitives.signatures import sign_with_scalar
from tests.support.contacts import contacts
from tests.support.investigations import trace
from tests.support.running import run
from tests.support.servers import Door, Enrolled, World, open_door
from tests.support.town import Town


@contextmanager
def two_venues(world: World) -> Iterator[tuple[Door, Door]]:
    """The venue that the victim visits, and one whose owner has a warrant coming and a database to fill."""
    with open_door(world) as visited, open_door(world) as colluding:
        yield visited, colluding


async def visit(world: World, visited: Door, *, scanned: bool) -> tuple[Enrolled, CheckInMessage]:
    """The victim checks in at a venue; its server's disk is copied."""
    (victim, passes), _ = await world.visitors_with_passes(2)
    venue = visited.record.venue_id if scanned else None
    message = sign_check_in(await world.epoch_key(), passes[0], world.now, Direction.ENTRY, venue)
    visited.add(message)
    return victim, message


def rerandomised(message: CheckInMessage, X: Point, venue_id: bytes | None) -> CheckInMessage:
    """Another encryption of the same handle, which nobody recognises, with a signature by what the attacker knows."""
    c = Scalar.random()
    u, v = bytes(Point(message.u) + c * B), bytes(Point(message.v) + c * X)
    public = u + v + message.pass_signature
    return replace(message, venue_id=venue_id, signed_pass=public + sign_with_scalar(c, u, public))


async def rerandomise_and_trace(world: World, visited: Door, colluding: Door) -> tuple[Enrolled, OpeningResult]:
    """The whole attack: the colluding venue releases the changed check-in, and the officers open it."""
    victim, message = await visit(world, visited, scanned=True)
    key = await world.epoch_key()
    colluding.add(rerandomised(message, key.X, colluding.record.venue_id))
    return victim, (await trace(world, colluding.record.venue_id))[1]


def test_a17_a_rerandomised_check_in_is_not_opened(world: World) -> None:
    """A venue under a warrant has another venue's visitor opened as its own, by a ciphertext that looks new.

    Happened: chosen-ciphertext attacks on plain ElGamal. Answer: pass and label signatures cover `u` and `v` (§3.8).
    """
    with two_venues(world) as (visited, colluding):
        _, findings = run(rerandomise_and_trace(world, visited, colluding))
    assert contacts(findings) == ()
    assert findings.set_aside == {"InvalidSignature": 1}


def test_a17_works_on_unsigned_elgamal(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same attack on the same servers when nobody checks the signatures: the victim is found where it never was."""
    monkeypatch.setattr(check_ins, "verify", lambda *_: True)
    with two_venues(world) as (visited, colluding):
        victim, findings = run(rerandomise_and_trace(world, visited, colluding))
    assert [contact.record.phone for contact in contacts(findings)] == [victim.phone]


def test_a17_a_check_in_by_poster_stays_with_its_venue(world: World) -> None:
    """The colluding venue releases the other's check-in as it is, and with its own id in the label.

    Happened: as above. Answer: the label names the venue, and the pass's signature covers the label (§3.8).
    """
    with two_venues(world) as (visited, colluding):

        async def attack() -> OpeningResult:
            _, message = await visit(world, visited, scanned=True)
            colluding.add(
                message,
                replace(message, venue_id=colluding.record.venue_id),
                replace(message, venue_id=None),
            )
            return (await trace(world, colluding.record.venue_id))[1]

        findings = run(attack())
    assert contacts(findings) == ()
    assert findings.set_aside == {"OutOfScope": 1, "InvalidSignature": 2}


def test_a17_a_shown_check_in_is_opened_for_one_venue_only(world: World) -> None:
    """What remains: in present mode the venue is not in the label (§2.4), so a copy opens at whichever venue comes
    first, and at no second one."""
    with two_venues(world) as (visited, colluding):

        async def attack() -> tuple[Enrolled, OpeningResult, OpeningResult]:
            victim, message = await visit(world, visited, scanned=False)
            colluding.add(message)
            first = (await trace(world, colluding.record.venue_id))[1]
            second = (await trace(world, visited.record.venue_id))[1]
            return victim, first, second

        victim, first, second = run(attack())
    assert [contact.record.phone for contact in contacts(first)] == [victim.phone]
    assert contacts(second) == ()


def test_a17_venues_of_one_server_are_traced_one_by_one(town: Town) -> None:
    """A warrant for one venue of a chain, whose server has all of them in one database, is to reach its other visitors.

    Happened: follows from the design. Answer: a chain's venues have ids, keys and stores of their own (§5.5).
    """
    club = town.open_venue()
    cafe = town.open_venue("카페", beside=club)
    at_the_club, at_the_cafe = town.visitors("홍길동", "성춘향")
    for person, place in ((at_the_club, club), (at_the_cafe, cafe)):
        assert town.show(open_entry(person.visitor).text(town.now), place) is Decision.ADMITTED
        assert town.scan(person, place) is Decision.ADMITTED
        findings = town.investigate(place)
        assert [contact.record.phone for contact in contacts(findings)] == [person.phone]
        assert (findings.visits, findings.set_aside) == (2, {})
