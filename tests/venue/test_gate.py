"""C9: what a door decides, and why; all of it offline."""

from __future__ import annotations

from dataclasses import replace

import pytest
from aiohttp.test_utils import TestServer

from protocol.check_ins import CheckInMessage, Direction, sign_check_in
from protocol.epochs import MAX_STAY, Role
from protocol.http_messages import Decision
from protocol.passes import OwnedPass, pass_signing_input
from protocol.primitives.ed25519_selftest import UnfitLibrary
from protocol.qr_text import to_qr_text
from service.words import decision_in_a_line
from tests.support.domain import NOW, OpenEpoch, Parties, Visitor, found_domain, open_epoch
from tests.support.running import run
from tests.support.venues import only
from tests.venue.conftest import MakeVenue, invoke_venue, stored
from venue.home import ServedVenue
from venue.server import create_venue_app

ENTRY, EXIT = Direction.ENTRY, Direction.EXIT


@pytest.fixture
def shown(today: OpenEpoch, visitor: Visitor) -> CheckInMessage:
    return sign_check_in(today.key, visitor.passes[0], NOW, ENTRY)


def test_admits_a_fresh_check_in_and_stores_it(venue: ServedVenue, today: OpenEpoch, shown: CheckInMessage) -> None:
    assert venue.gate.decide(shown, NOW + 3) is Decision.ADMITTED
    assert stored(venue) == {today.key.epoch: [shown.to_bytes()]}


def test_admits_what_a_qr_code_says(venue: ServedVenue, shown: CheckInMessage) -> None:
    assert venue.gate.decide_text(to_qr_text(shown), NOW) is Decision.ADMITTED


def test_a_door_does_not_start_with_an_unfit_library(venue: ServedVenue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("protocol.primitives.ed25519_selftest.verify", lambda *_: True)
    with pytest.raises(UnfitLibrary):
        create_venue_app(venue.home)
    picture = venue.home.path / "picture.png"
    picture.write_bytes(b"")
    reading = invoke_venue(venue.home.path, "read", str(picture))
    assert reading.exit_code == 1
    assert "UnfitLibrary" in reading.output


@pytest.mark.parametrize("text", ["", "https://example.com", "SP1:", "SP1:%%%", "sp1:00", "SP1:\ufffd", "SP1:한글"])
def test_another_code_is_unreadable(venue: ServedVenue, text: str) -> None:
    assert venue.gate.decide_text(text, NOW) is Decision.UNREADABLE


@pytest.mark.parametrize(
    ("late", "decision"),
    [
        (30, Decision.ADMITTED),
        (31, Decision.TOO_OLD),
        (86_400, Decision.TOO_OLD),
        (-30, Decision.ADMITTED),
        (-31, Decision.TOO_EARLY),
    ],
)
def test_tolerance_is_thirty_seconds_both_ways(
    venue: ServedVenue, shown: CheckInMessage, late: int, decision: Decision
) -> None:
    assert venue.gate.decide(shown, NOW + late) is decision


def test_a_refused_check_in_is_not_stored(venue: ServedVenue, shown: CheckInMessage) -> None:
    venue.gate.decide(shown, NOW + 60)
    venue.gate.decide(replace(shown, direction=EXIT), NOW)
    assert stored(venue) == {}


def test_a18_replay_is_refused_also_in_the_same_second_and_with_a_new_time(
    venue: ServedVenue, today: OpenEpoch, visitor: Visitor, shown: CheckInMessage
) -> None:
    assert venue.gate.decide(shown, NOW) is Decision.ADMITTED
    assert venue.gate.decide(shown, NOW) is Decision.ALREADY_SPENT
    later = sign_check_in(today.key, visitor.passes[0], NOW + 15, ENTRY)
    assert venue.gate.decide(later, NOW + 15) is Decision.ALREADY_SPENT
    assert (
        venue.gate.decide(sign_check_in(today.key, visitor.passes[1], NOW + 15, ENTRY), NOW + 15) is Decision.ADMITTED
    )


def test_a18_label_of_another_venue(venue: ServedVenue, parties: Parties, today: OpenEpoch, visitor: Visitor) -> None:
    other = sign_check_in(today.key, visitor.passes[0], NOW, ENTRY, bytes(16))
    ours = sign_check_in(today.key, visitor.passes[0], NOW, ENTRY, parties.venue.venue_id)
    assert venue.gate.decide(other, NOW) is Decision.OTHER_VENUE
    assert venue.gate.decide(replace(other, venue_id=parties.venue.venue_id), NOW) is Decision.FORGED
    assert venue.gate.decide(ours, NOW) is Decision.ADMITTED


def test_a18_another_domain(venue: ServedVenue, parties: Parties, visitor: Visitor, shown: CheckInMessage) -> None:
    assert venue.gate.decide(replace(shown, domain=1), NOW) is Decision.UNKNOWN_DOMAIN
    elsewhere = open_epoch(found_domain(1, same_keys=parties), parties.domain.epoch_at(NOW))
    foreign = sign_check_in(elsewhere.key, visitor.passes[0], NOW, ENTRY)
    assert venue.gate.decide(replace(foreign, domain=parties.domain.number), NOW) is Decision.FORGED


def test_an_epoch_whose_key_is_not_known(
    make_venue: MakeVenue, tomorrow: OpenEpoch, shown: CheckInMessage, database: str
) -> None:
    venue = make_venue([tomorrow], settings=database)
    assert venue.gate.decide(shown, NOW) is Decision.UNKNOWN_EPOCH


def test_an_epoch_key_that_arrives_later_is_used(
    make_venue: MakeVenue, today: OpenEpoch, shown: CheckInMessage, database: str
) -> None:
    venue = make_venue(settings=database)
    assert venue.gate.decide(shown, NOW) is Decision.UNKNOWN_EPOCH
    make_venue([today], settings=database)
    assert venue.gate.decide(shown, NOW) is Decision.ADMITTED


@pytest.mark.parametrize("position", [0, 31, 32, 63, 64, 127, 128, 191])
def test_every_part_of_a_check_in_is_signed(venue: ServedVenue, shown: CheckInMessage, position: int) -> None:
    changed = bytearray(shown.signed_pass)
    changed[position] ^= 1
    assert venue.gate.decide(replace(shown, signed_pass=bytes(changed)), NOW) is Decision.FORGED


def test_the_label_is_signed(venue: ServedVenue, shown: CheckInMessage) -> None:
    assert venue.gate.decide(replace(shown, time=NOW + 15), NOW) is Decision.FORGED
    assert venue.gate.decide(replace(shown, direction=EXIT), NOW) is Decision.FORGED


def test_a_pass_of_tomorrow_is_forged_today(
    make_venue: MakeVenue, today: OpenEpoch, tomorrow: OpenEpoch, visitor: Visitor, database: str
) -> None:
    venue = make_venue([today, tomorrow], settings=database)
    assert venue.gate.decide(sign_check_in(tomorrow.key, visitor.passes[0], NOW, ENTRY), NOW) is Decision.FORGED


def test_an_entry_before_midnight_is_of_its_label_s_day(
    make_venue: MakeVenue, parties: Parties, today: OpenEpoch, tomorrow: OpenEpoch, visitor: Visitor, database: str
) -> None:
    venue = make_venue([today, tomorrow], settings=database)
    midnight = parties.domain.epoch_begins(tomorrow.key.epoch)
    late = sign_check_in(today.key, visitor.passes[0], midnight - 15, ENTRY)
    assert venue.gate.decide(late, midnight + 10) is Decision.ADMITTED
    assert list(stored(venue)) == [today.key.epoch]


class TestExit:
    @pytest.fixture
    def inside(
        self, make_venue: MakeVenue, today: OpenEpoch, tomorrow: OpenEpoch, shown: CheckInMessage, database: str
    ) -> ServedVenue:
        venue = make_venue([today, tomorrow], settings=database)
        assert venue.gate.decide(shown, NOW) is Decision.ADMITTED
        return venue

    @pytest.mark.parametrize("stay", [0, 15, MAX_STAY])
    def test_up_to_twelve_hours_also_after_midnight(
        self, inside: ServedVenue, today: OpenEpoch, visitor: Visitor, stay: int
    ) -> None:
        left = sign_check_in(today.key, visitor.passes[0], NOW + stay, EXIT)
        assert inside.gate.decide(left, NOW + stay) is Decision.ADMITTED
        assert stored(inside)[today.key.epoch][-1] == left.to_bytes()

    @pytest.mark.parametrize("stay", [-15, MAX_STAY + 15])
    def test_neither_before_the_entry_nor_after_twelve_hours(
        self, inside: ServedVenue, today: OpenEpoch, visitor: Visitor, stay: int
    ) -> None:
        left = sign_check_in(today.key, visitor.passes[0], NOW + stay, EXIT)
        assert inside.gate.decide(left, NOW + stay) is Decision.NO_ENTRY

    def test_counts_once(self, inside: ServedVenue, today: OpenEpoch, visitor: Visitor) -> None:
        left = sign_check_in(today.key, visitor.passes[0], NOW + 60, EXIT)
        assert inside.gate.decide(left, NOW + 60) is Decision.ADMITTED
        assert inside.gate.decide(left, NOW + 60) is Decision.ALREADY_SPENT
        back = sign_check_in(today.key, visitor.passes[0], NOW + 75, ENTRY)
        assert inside.gate.decide(back, NOW + 75) is Decision.ALREADY_SPENT

    def test_without_an_entry(self, venue: ServedVenue, today: OpenEpoch, visitor: Visitor) -> None:
        left = sign_check_in(today.key, visitor.passes[0], NOW, EXIT)
        assert venue.gate.decide(left, NOW) is Decision.NO_ENTRY

    def test_signed_in_another_epoch_than_the_entry(
        self, inside: ServedVenue, tomorrow: OpenEpoch, visitor: Visitor
    ) -> None:
        left = sign_check_in(tomorrow.key, visitor.passes[0], NOW + MAX_STAY, EXIT)
        assert inside.gate.decide(left, NOW + MAX_STAY) is Decision.FORGED

    def test_of_a_pass_that_came_in_in_another_epoch(
        self, inside: ServedVenue, tomorrow: OpenEpoch, visitor: Visitor
    ) -> None:
        """An authority that issues the same pass in two epochs."""
        public = visitor.passes[0].public
        signing_key = tomorrow.secrets[Role.AUTHORITY].pass_signing_key
        signature = signing_key.sign(pass_signing_input(tomorrow.key, public.u, public.v)).signature
        again = OwnedPass(replace(public, signature=signature), visitor.passes[0].r)
        left = sign_check_in(tomorrow.key, again, NOW + MAX_STAY, EXIT)
        assert inside.gate.decide(left, NOW + MAX_STAY) is Decision.NO_ENTRY

    def test_on_the_first_morning_of_a_venue(
        self, make_venue: MakeVenue, today: OpenEpoch, visitor: Visitor, parties: Parties
    ) -> None:
        """It never had yesterday's key, of which an exit before noon might be."""
        venue, begins = make_venue([today]), parties.domain.epoch_begins(today.key.epoch)
        entry = sign_check_in(today.key, visitor.passes[0], begins + 600, ENTRY)
        assert venue.gate.decide(entry, begins + 600) is Decision.ADMITTED
        left = sign_check_in(today.key, visitor.passes[0], begins + 1200, EXIT)
        assert venue.gate.decide(left, begins + 1200) is Decision.ADMITTED
        unknown = replace(left, signed_pass=left.signed_pass[:-64] + bytes(64))
        assert venue.gate.decide(unknown, begins + 1200) is Decision.UNKNOWN_EPOCH

    def test_a_forged_exit_does_not_tell_whether_a_pass_came_in(
        self, inside: ServedVenue, today: OpenEpoch, visitor: Visitor
    ) -> None:
        answers = set()
        for owned in visitor.passes[:2]:
            left = sign_check_in(today.key, owned, NOW + 15, EXIT)
            forged = replace(left, signed_pass=left.signed_pass[:-64] + bytes(64))
            answers.add(inside.gate.decide(forged, NOW + 15))
        assert answers == {Decision.FORGED}


def test_every_decision_has_words() -> None:
    assert len({decision_in_a_line(decision, None) for decision in Decision}) == len(Decision)


def test_a_server_says_which_of_its_venues_nobody_has_registered(
    venue: ServedVenue, caplog: pytest.LogCaptureFixture
) -> None:
    async def start() -> None:
        async with TestServer(create_venue_app(venue.home)):
            pass

    (only(venue).path / "venue.cbor").unlink(missing_ok=True)
    with caplog.at_level("WARNING"):
        run(start())
    told = f"the venue {venue.venue_id.hex()} is not registered in first: run register and confirm"
    assert told in [record.getMessage() for record in caplog.records]
