"""A window in parts gives what one release would give, whatever the limits are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest

from protocol.check_ins import CheckIn, Direction, sign_check_in
from protocol.epochs import EPOCH_SECONDS, MAX_STAY
from protocol.passes import OwnedPass
from protocol.primitives.statements import statement_payload
from protocol.releases import Release, VerifiedRelease, verify_release
from protocol.warrants import ValidWarrant
from tests.support.domain import TODAY, OpenEpoch, Parties, enrol
from tests.support.venues import only
from tests.venue.conftest import commit, keep, known
from venue.home import ServedVenue
from venue.release import open_log

ENTRY, EXIT = Direction
HOUR = 3600


@pytest.fixture(scope="module")
def passes(parties: Parties, today: OpenEpoch) -> list[OwnedPass]:
    return [owned for number in range(6) for owned in enrol(parties, today, "손님", f"+82101000000{number}").passes]


def fill(venue: ServedVenue, parties: Parties, today: OpenEpoch, passes: list[OwnedPass], random: Random) -> None:
    """A day of visits, some without an exit or an entry, and a commitment every half hour."""
    opens = parties.domain.epoch_begins(TODAY) + HOUR
    events: list[tuple[int, int, Direction]] = []
    for which in range(len(passes)):
        entered = opens + 15 * random.randrange(9 * 240)
        left = entered + 15 * random.randrange(1, MAX_STAY // 15)
        shown = random.choice([(ENTRY, EXIT)] * 4 + [(ENTRY,), (EXIT,)])
        events += [(at, which, way) for at, way in ((entered, ENTRY), (left, EXIT)) if way in shown]
    events.sort()
    for until in range(opens + 1800, opens + 23 * HOUR, 1800):
        while events and events[0][0] < until:
            at, which, way = events.pop(0)
            keep(only(venue), CheckIn(sign_check_in(today.key, passes[which], at, way), TODAY))
        commit(venue, until)


def parts_of(venue: ServedVenue, warrant: ValidWarrant) -> Iterator[bytes]:
    ended = None
    while True:
        part = open_log(only(venue), warrant, ended)
        yield part
        ended = Release.from_bytes(statement_payload(part)).part_ends
        if ended is None:
            return


@pytest.mark.parametrize("seed", range(6))
def test_c5_the_parts_open_who_was_there_and_nobody_else(
    venue: ServedVenue,
    parties: Parties,
    today: OpenEpoch,
    passes: list[OwnedPass],
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    """In windows around the length at which no visit begins before them and ends after them."""
    random = Random(seed)
    fill(venue, parties, today, passes, random)
    opens = parties.domain.epoch_begins(TODAY) + HOUR
    for length in (600, HOUR, 6 * HOUR, MAX_STAY - 15, MAX_STAY, MAX_STAY + HOUR):
        begins = opens + 15 * random.randrange(9 * 240)
        drawn = parties.warrant(begins, begins + length, later=2 * EPOCH_SECONDS, assumed_stay=HOUR)
        warrant = ValidWarrant(replace(drawn.record, venue_id=venue.venue_id))

        def verified(release: bytes, ended: int | None, warrant: ValidWarrant = warrant) -> VerifiedRelease:
            keys = {TODAY: today.key}
            return verify_release(warrant, parties.registered_venue, keys, known(venue), release, ended)

        with monkeypatch.context() as limited:
            limited.setattr("venue.release.MAX_RELEASE", 6)
            small = list(parts_of(venue, warrant))
        (whole,) = parts_of(venue, warrant)
        wanted, ended, found = verified(whole, None), None, set()
        check_ins = 0
        for part in small:
            release = verified(part, ended)
            assert not release.set_aside
            found |= {u for visits in release.visits.values() for u in visits}
            ended, check_ins = release.part_ends, check_ins + release.check_ins
        assert found == {u for visits in wanted.visits.values() for u in visits}
        assert check_ins == wanted.check_ins
        assert len(small) >= len(found) / 6
