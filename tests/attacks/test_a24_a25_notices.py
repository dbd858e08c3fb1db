"""A24: a notification list leaks which visits belong together. A25: the published list silently stops being updated."""

from __future__ import annotations

from itertools import combinations

import pytest
from click.testing import CliRunner

from client.__main__ import main as client
from client.lists import Fault as ListFault
from client.visits import open_entry
from escrow.audit.findings import Fault
from protocol.check_ins import Direction, sign_check_in
from protocol.epochs import Role
from protocol.http_messages import Decision
from protocol.notices import VISIT_DIGEST_BYTES, noticed_visit, verify_notice
from service.files import write_private
from tests.attacks.auditing import found
from tests.support.investigations import warn
from tests.support.running import online, run
from tests.support.town import Town
from venue.__main__ import cli as venue

DAY = 86_400


def digests(town: Town, number: int) -> list[bytes]:
    """The list in a notice, in its order."""
    statement = run(town.world.get(Role.AUTHORITY, f"/v1/notices/{number}"))
    encoding = bytes(verify_notice(town.world.settings.domain, statement, number).digests)
    return [encoding[start : start + VISIT_DIGEST_BYTES] for start in range(0, len(encoding), VISIT_DIGEST_BYTES)]


def test_a24_a_notice_does_not_tell_which_visits_belong_together(town: Town) -> None:
    """Anyone reads the lists of those who are warned, and joins neighbours, groups or repetitions to one history.

    Happened: luca. Answer: the digests are sorted and padded to one size, and other ones in every notice (§3.12).
    """
    club, bar = town.open_venue(), town.open_venue("술집")
    regular, other = town.visitors("홍길동", "성춘향")
    for person, places in ((regular, (club, bar)), (other, (club,))):
        assert {town.scan(person, place) for place in places} == {Decision.ADMITTED}
    for place in (club, bar, club):
        run(warn(town.world, place.venue.venue_id))
    empty, *lists = [digests(town, number) for number in range(4)]
    assert all(one == sorted(set(one)) for one in lists)
    assert {len(one) for one in (empty, *lists)} == {1024}
    assert not [one for one, again in combinations(lists, 2) if set(one) & set(again)]

    visits = [visit for person in (regular, other) for visit in person.visitor.wallet().visits]
    assert [noticed_visit(1, visit.u) in lists[0] for visit in visits] == [True, False, True]
    assert town.search(regular) | town.search(other) == set()
    assert [len(person.visitor.findings().notices) for person in (regular, other)] == [3, 2]


def test_a25_a_stale_notice_is_noticed(town: Town) -> None:
    """The authority's server goes on serving old lists: its housekeeping stopped, or it withholds the new ones.

    Happened: luca, 46 hours. Answer: there is a signed and dated list each day, empty if need be, and a client that
    sees none of the last 48 hours says so (§3.12).
    """
    (person,) = [town.enrol()]
    assert town.search(person) == set()
    town.world.now += DAY
    town.world.keep_houses()
    assert town.search(person) == set()
    town.world.now += 2 * DAY + 1
    assert town.search(person) == {ListFault.STALE}

    secret = town.directory / "passphrase"
    write_private(secret, b"passphrase")
    for command in ("notices", "status"):
        told = CliRunner().invoke(client, ["--home", str(person.home), "--passphrase-file", str(secret), command])
        assert "The authority's notices: none of the last 48 hours" in told.output
        assert "보건당국의 알림: 최근 48시간 안에 나온 것이 없습니다" in told.output


def test_a25_a_door_and_a_client_without_fresh_keys_say_so(town: Town) -> None:
    """The parties stop publishing what clients and doors fetch: the statements of the epochs.

    Happened: as above, with the list. Answer: statements are fetched ahead, and a door without the day's keys says
    `UNKNOWN_EPOCH` instead of going on with old ones (§6.2).
    """
    club = town.open_venue()
    person, _ = town.visitors("홍길동", "성춘향")
    used, unused = open_entry(person.visitor), open_entry(person.visitor)
    assert town.show(used.text(town.now), club) is Decision.ADMITTED
    town.stop_parties()
    town.world.now += 4 * DAY
    with pytest.raises(Exception, match="a new day has begun"):
        unused.text(town.now)
    stale = sign_check_in(unused.epoch_key, unused.stored.owned, town.now, Direction.ENTRY)
    assert club.venue.gate.decide(stale, town.now) is Decision.UNKNOWN_EPOCH

    secret = town.directory / "passphrase"
    write_private(secret, b"passphrase")
    fetched = CliRunner().invoke(client, ["--home", str(person.home), "--passphrase-file", str(secret), "fetch"])
    at_door = CliRunner().invoke(venue, ["--home", str(club.home), "fetch"])
    assert (fetched.exit_code, at_door.exit_code) == (1, 1)
    assert "does not answer" in fetched.output
    assert "these doors admit nobody" in at_door.output


def test_a25_a_log_that_stops_is_seen_by_everybody(town: Town) -> None:
    """A party goes on answering, and puts nothing on record any more.

    Happened: as above, with the list. Answer: a checkpoint is cosigned anew every hour, with the other party's time
    (§3.11), and an audit says when that was last (§6.7).
    """
    parties = (town.world.operator, town.world.authority)
    for party in parties:
        online(party.peer.have_log_cosigned)
    assert found(town) == set()
    town.world.now += 3 * 3600
    online(town.world.operator.peer.have_log_cosigned)
    assert found(town) == {(Role.AUTHORITY, Fault.STALE)}
