"""A family's entries and exits at a real gate, and what a trace makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from client.visits import check_in, check_out, group_to_leave, open_entries, open_exits
from protocol.http_messages import Decision
from tests.support.contacts import contacts
from tests.support.running import online
from tests.support.town import Town, run_town
from tests.support.venues import only


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with run_town(tmp_path) as town:
        yield town


@pytest.mark.parametrize("by_poster", [False, True])
def test_a_family_leaves_together_and_its_visits_end_then(town: Town, by_poster: bool) -> None:
    club = town.open_venue()
    parent, alone = town.visitors("홍길동", "성춘향")
    entered = town.now - town.now % 15

    def come() -> set[Decision]:
        if by_poster:
            return {online(lambda session: check_in(parent.visitor, session, town.venue(club), 3))}
        return {town.show(screen.text(town.now), club) for screen in open_entries(parent.visitor, 3)}

    def go() -> set[Decision]:
        group = group_to_leave(parent.visitor)
        assert len(group) == 3
        if by_poster:
            return {online(lambda session: check_out(parent.visitor, session, group))}
        return {town.show(screen.text(town.now), club) for screen in open_exits(parent.visitor, group)}

    assert come() == {Decision.ADMITTED}
    (screen,) = open_entries(alone.visitor, 1)
    assert town.show(screen.text(town.now), club) is Decision.ADMITTED
    town.world.now += 600
    left = town.now - town.now % 15
    assert go() == {Decision.ADMITTED}
    [day] = only(club.venue).store.days()
    assert (day.entries, day.exits) == (4, 3)

    findings = town.investigate(club)
    visits = {contact.record.phone: contact.visits for contact in contacts(findings)}
    assert visits == {parent.phone: ((entered, left),) * 3, alone.phone: ((entered, None),)}
