"""A29: the door stops working because a back end is down."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from client.show import show_once
from client.visits import group_to_leave, open_entry, open_exits
from lab.town import Person
from protocol.epochs import Role
from protocol.http_messages import Decision
from service.problems import Unreachable
from tests.support.running import run
from tests.support.town import Town
from tests.support.venues import only
from venue.home import ServedVenue
from venue.pictures import read_file

DAY = 86_400


def at_the_door(venue: ServedVenue, person: Person, picture: Path, now: int, *, leaving: bool = False) -> Decision:
    """A phone without a network shows its screen to a reader without a network, whose program has just started."""
    visitor = person.visitor
    screens = open_exits(visitor, group_to_leave(visitor)) if leaving else [open_entry(visitor)]
    show_once(screens, now, Console(quiet=True), picture)
    (text,) = read_file(picture)
    return venue.gate.decide_text(text, now)


def test_a29_doors_work_with_nobody_behind_them(town: Town, tmp_path: Path) -> None:
    """An overload, or whoever causes it, takes operator and authority away for days, on any of which a door may be
    started anew.

    Happened: Korea, 13 and 14 December 2021. Answer: a door decides from what it holds (§3.8, §6.2).
    """
    club, picture = town.open_venue(), tmp_path / "screen.png"
    person, other = town.enrol(), town.enrol()
    days = range(town.world.today, town.world.today + 4)
    for epoch in days:
        town.supply(person, other, epoch=epoch)
    town.stop_parties()
    for role in Role:
        with pytest.raises(Unreachable):
            run(town.world.get(role, "/healthz"))
    for _ in days:
        assert town.show(open_entry(other.visitor).text(town.now), club) is Decision.ADMITTED  # the running server
        assert at_the_door(club.venue, person, picture, town.now) is Decision.ADMITTED
        town.world.now += 3600
        assert at_the_door(club.venue, person, picture, town.now, leaving=True) is Decision.ADMITTED
        town.world.now += DAY - 3600
    assert [(day.entries, day.exits) for day in only(club.venue).store.days()] == [(2, 1)] * 4


def test_a29_a_stranger_gets_in_no_more_easily(town: Town) -> None:
    """The attacker waits for the outage: yesterday's passes, used passes and copies are refused as ever.

    Happened: offline fall-backs elsewhere let everyone in. Answer: the door's rules do not change (§3.8).
    """
    club = town.open_venue()
    person, _ = town.visitors("홍길동", "성춘향")
    used, unused = (open_entry(person.visitor) for _ in range(2))
    town.stop_parties()
    assert town.show(used.text(town.now), club) is Decision.ADMITTED
    assert town.show(used.text(town.now), club) is Decision.ALREADY_SPENT
    old = unused.text(town.now)
    town.world.now += 60
    assert town.show(old, club) is Decision.TOO_OLD
