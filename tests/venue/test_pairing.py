"""A page at a door becomes a reader by a link, once (§5.5)."""

from __future__ import annotations

import re
from secrets import token_bytes

import pytest
import sqlalchemy as sql

from protocol.deliveries import Delivery, DoorView, Duty, Openness, Pairing
from protocol.epochs import Role, verify_epoch
from protocol.primitives.encoding import Message
from protocol.primitives.errors import ConflictingStatements
from service.clock import unix_time
from service.errors import ConfigurationError
from service.http_client import call
from service.problems import Problem
from tests.support.domain import NOW, OpenEpoch, Parties, open_epoch
from tests.support.running import run
from tests.support.venue_server import post, problems, serving
from tests.support.venues import only
from tests.venue.conftest import MakeVenue, invoke_venue
from venue.home import ServedVenue
from venue.pairing import PAIRING_SECONDS

EMPTY = Delivery(0, Duty.ON, ())


def link_for(venue: ServedVenue, door: str = "front door", now: int = NOW) -> bytes:
    return venue.home.pairings.offer(venue.venue_id, door, now)


def pair(venue: ServedVenue, *pairings: Message, now: int = NOW) -> list[tuple[int, str] | None]:
    """The problem with each, None where there is none."""
    return [
        (one.status, one.name) if isinstance(one, Problem) else None
        for one in post(venue, "/v1/readers", *pairings, now=now)
    ]


def is_reader(venue: ServedVenue, token: bytes) -> bool:
    return problems(post(venue, "/v1/deliveries", EMPTY, token=token)) == []


def test_a_link_makes_a_reader_of_the_token_that_the_page_drew(venue: ServedVenue) -> None:
    secret, token = link_for(venue), token_bytes(32)
    assert not is_reader(venue, token)
    assert pair(venue, Pairing(secret, token)) == [None]
    assert is_reader(venue, token)
    (reader,) = venue.home.reader_tokens.all(venue.venue_id)
    assert (reader.door, reader.added, reader.revoked) == ("front door", NOW, None)


def test_an_answer_that_was_lost_locks_nobody_out(venue: ServedVenue) -> None:
    once = Pairing(link_for(venue), token_bytes(32))
    assert pair(venue, once, once, once) == [None] * 3
    assert len(venue.home.reader_tokens.all(venue.venue_id)) == 1


def test_a_link_is_good_for_one_device(venue: ServedVenue) -> None:
    """Whoever comes second is told, and the first is a reader that staff can revoke."""
    secret, thief, own = link_for(venue), token_bytes(32), token_bytes(32)
    assert pair(venue, Pairing(secret, thief), Pairing(secret, own)) == [None, (409, "pairing-used")]
    assert not is_reader(venue, own)
    with pytest.raises(ConfigurationError, match="revoke it first"):
        link_for(venue)
    venue.home.reader_tokens.revoke(venue.venue_id, "front door", NOW)
    assert not is_reader(venue, thief)
    assert pair(venue, Pairing(secret, own)) == [(409, "pairing-used")]
    assert pair(venue, Pairing(link_for(venue), own)) == [None]
    assert is_reader(venue, own)


def test_a_link_is_good_for_fifteen_minutes(venue: ServedVenue) -> None:
    late, in_time = (Pairing(link_for(venue, door), token_bytes(32)) for door in ("front door", "back door"))
    assert pair(venue, late, now=NOW + PAIRING_SECONDS + 1) == [(403, "pairing-expired")]
    assert pair(venue, in_time, now=NOW + PAIRING_SECONDS) == [None]


def test_a_link_that_is_over_is_deleted(venue: ServedVenue) -> None:
    kept, gone = (Pairing(link_for(venue, door, NOW - age), token_bytes(32)) for door, age in (("A", 0), ("B", 1)))
    venue.home.forget_requests(NOW + PAIRING_SECONDS)
    assert pair(venue, kept, gone) == [None, (403, "pairing-expired")]


def test_a_new_link_ends_the_one_before(venue: ServedVenue) -> None:
    before, now = link_for(venue), link_for(venue)
    assert pair(venue, Pairing(before, token_bytes(32)), Pairing(now, token_bytes(32))) == [
        (403, "pairing-expired"),
        None,
    ]


def test_a_token_that_is_a_readers_already_pairs_nobody(venue: ServedVenue) -> None:
    token = token_bytes(32)
    venue.home.reader_tokens.add(venue.venue_id, "back door", token, NOW)
    assert pair(venue, Pairing(link_for(venue), token)) == [(409, "pairing-used")]


def test_a_link_for_a_door_that_has_a_reader_meanwhile_is_over(venue: ServedVenue) -> None:
    secret = link_for(venue)
    venue.home.reader_tokens.add(venue.venue_id, "front door", token_bytes(32), NOW)
    assert pair(venue, Pairing(secret, token_bytes(32))) == [(403, "pairing-expired")]


def test_guesses_are_limited(make_venue: MakeVenue, today: OpenEpoch) -> None:
    venue = make_venue([today], settings="pairings_per_hour = 2\n")
    guesses = [Pairing(token_bytes(16), token_bytes(32)) for _ in range(3)]
    assert pair(venue, *guesses) == [(403, "pairing-expired")] * 2 + [(429, "too-many-requests")]


def test_the_secret_of_a_link_is_in_no_file(venue: ServedVenue, caplog: pytest.LogCaptureFixture) -> None:
    secret, token = link_for(venue), token_bytes(32)
    pairing = Pairing(secret, token)
    assert pair(venue, pairing) == [None]
    with venue.home.engine.connect() as connection:
        tables = sql.inspect(connection).get_table_names()
        found = [row for table in tables for row in connection.execute(sql.text(f"SELECT * FROM {table}"))]
    values = [bytes(value) for row in found for value in row if isinstance(value, bytes | memoryview)]
    files = [path.read_bytes() for path in venue.home.path.rglob("*") if path.is_file()]
    for hidden in (secret, token):
        forms = (hidden, hidden.hex().encode())
        assert not [form for form in forms if any(form in one for one in values + files)]
        assert hidden.hex() not in caplog.text + repr(pairing)


def test_the_command_prints_a_link_and_its_code(make_venue: MakeVenue, today: OpenEpoch) -> None:
    venue = make_venue([today])
    done = invoke_venue(venue.home.path, "readers", "add", "정문")
    assert done.exit_code == 0
    link, *rest = done.output.splitlines()
    found = re.fullmatch(r"https://door\.example/door/#([0-9a-f]{32})", link)
    assert found is not None
    assert "▄" in "".join(rest)
    assert found[1] not in "".join(rest)
    assert pair(venue, Pairing(bytes.fromhex(found[1]), token_bytes(32)), now=unix_time()) == [None]
    assert [reader.door for reader in venue.home.reader_tokens.all(venue.venue_id)] == ["정문"]
    other = invoke_venue(venue.home.path, "readers", "add", "뒷문", "--url", "http://localhost:8403/")
    assert other.output.startswith("http://localhost:8403/door/#")
    assert invoke_venue(venue.home.path, "readers", "add", "정문").exit_code == 1
    assert invoke_venue(venue.home.path, "readers", "add", "정문", "--url", "http://door.example").exit_code == 1


def test_a_reader_is_told_all_that_it_needs_to_decide(venue: ServedVenue, parties: Parties, today: OpenEpoch) -> None:
    token = token_bytes(32)
    venue.home.reader_tokens.add(venue.venue_id, "front door", token, NOW)

    async def ask(token: bytes | None) -> bytes:
        async with serving(venue) as (session, url):
            return await call(session, "GET", f"{url}/v1/door", token=token)

    for wrong in (None, token_bytes(32)):
        with pytest.raises(Problem, match="token"):
            run(ask(wrong))
    view = DoorView.from_bytes(run(ask(token)))
    assert (view.time, view.venue_id, view.name, view.door) == (NOW, venue.venue_id, parties.venue.name, "front door")
    assert view.assisted == parties.domain.number
    (known,) = view.domains
    assert (known.domain, known.tolerance, known.openness) == (parties.domain, 30, Openness.OPEN)
    (epoch,) = known.epochs
    assert verify_epoch(known.domain, epoch.epoch, epoch.operator, epoch.authority) == today.key
    assert {epoch.operator, epoch.authority} == {today.statements[role] for role in Role}
    conflicting = open_epoch(parties, today.key.epoch).statements[Role.OPERATOR]
    with pytest.raises(ConflictingStatements):
        only(venue).pinned.epochs.keep(Role.OPERATOR, today.key.epoch, conflicting)
    (known,) = DoorView.from_bytes(run(ask(token))).domains
    assert known.epochs == ()
    (venue.home.path / "domains" / "first.closed").touch()
    (closed,) = DoorView.from_bytes(run(ask(token))).domains
    assert closed.openness is Openness.CLOSED
