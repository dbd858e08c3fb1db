"""A24: a notification list leaks which visits belong together. A25: the published list silently stops being updated."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from client.__main__ import main as client
from client.visits import open_entry
from escrow.audit.findings import Fault
from protocol.checkins import Direction, sign_check_in
from protocol.epochs import Role
from protocol.exchanges import Decision
from service.http import Problem
from tests.attacks.auditing import found
from tests.attacks.town import Town, online
from tests.escrow.world import run
from venue.__main__ import cli as venue

DAY = 86_400


@pytest.mark.xfail(strict=True, raises=Problem, reason="no notices (§7.2): there is no list that could be looked at")
def test_a24_a_notice_does_not_tell_which_visits_belong_together(town: Town) -> None:
    """Anyone reads the list of those who are warned, and joins neighbours or groups in it to one person's history.

    Happened: luca. What is missing: a sorted and padded list of digests, made without opening anything.
    """
    notice = run(town.world.get(Role.AUTHORITY, "/v1/notices"))
    digests = [notice[start : start + 32] for start in range(0, len(notice), 32)]
    assert digests == sorted(digests)


@pytest.mark.xfail(strict=True, raises=Problem, reason="no notices (§7.2): there is no list that could go stale")
def test_a25_a_stale_notice_is_noticed(town: Town) -> None:
    """The authority's server goes on serving yesterday's list.

    Happened: luca, 46 hours. What is missing: a signed date in the list, and a client that misses a fresh one.
    """
    first = run(town.world.get(Role.AUTHORITY, "/v1/notices"))
    town.world.now += DAY
    assert run(town.world.get(Role.AUTHORITY, "/v1/notices")) != first


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
    secret.write_text("passphrase")
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
        online(party.have_log_cosigned)
    assert found(town) == set()
    town.world.now += 3 * 3600
    online(town.world.operator.have_log_cosigned)
    assert found(town) == {(Role.AUTHORITY, Fault.STALE)}
