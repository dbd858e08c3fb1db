"""Several venues in one home: each has its own records, readers and posters."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from secrets import token_bytes

import pytest
import sqlalchemy as sql

from protocol.check_ins import Direction, sign_check_in
from protocol.epochs import Role
from protocol.http_messages import Decision, ReleaseRequest
from protocol.party_requests import sign_request
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import JointStatement, verify_statement
from protocol.qr_text import to_qr_text
from protocol.releases import Release
from protocol.warrants import Venue
from service.http_client import new_session
from service.problems import Problem
from tests.support.databases import new_database
from tests.support.domain import NOW, OpenEpoch, Parties, Visitor
from tests.support.venue_server import decisions, post, problems, until_up
from tests.support.venues import only
from tests.venue.conftest import MakeVenue, commit, environment, free_port, stored, venue_command, write_venue
from venue.home import ServedVenue
from venue.remote import RemoteDoor

ENTRY, EXIT = Direction.ENTRY, Direction.EXIT


@pytest.fixture
def branch(venue: ServedVenue, parties: Parties) -> ServedVenue:
    """Another venue in the same home."""
    key = SigningKey.generate()
    record = Venue(parties.domain.number, token_bytes(16), "카페", parties.venue.url, public_key(key))
    write_venue(venue.home.path, record, key)
    added = venue.home.venue(record.venue_id)
    assert added is not None
    return added


def token_for(venue: ServedVenue, door: str = "front door") -> bytes:
    token = token_bytes(32)
    venue.home.reader_tokens.add(venue.venue_id, door, token, NOW)
    return token


def test_a_poster_leads_to_its_own_venue(
    venue: ServedVenue, branch: ServedVenue, today: OpenEpoch, visitor: Visitor
) -> None:
    scans = [
        sign_check_in(today.key, visitor.passes[0], NOW, ENTRY, scanned.venue_id) for scanned in (branch, branch, venue)
    ]
    answers = decisions(post(venue, "/v1/check-ins", *scans))
    assert answers == [Decision.ADMITTED, Decision.ALREADY_SPENT, Decision.ADMITTED]
    assert stored(branch) == {today.key.epoch: [scans[0].to_bytes()]}
    assert stored(venue) == {today.key.epoch: [scans[2].to_bytes()]}


def test_a_readers_token_is_in_no_file(venue: ServedVenue, today: OpenEpoch, visitor: Visitor) -> None:
    """Whoever takes the venue's disk cannot act as a reader."""
    token = token_for(venue)
    shown = sign_check_in(today.key, visitor.passes[0], NOW, ENTRY)
    assert decisions(post(venue, "/v1/check-ins", shown, token=token)) == [Decision.ADMITTED]
    with venue.home.engine.connect() as connection:
        tables = sql.inspect(connection).get_table_names()
        rows = [row for table in tables for row in connection.execute(sql.text(f"SELECT * FROM {table}"))]
    stored_values = [bytes(value) for row in rows for value in row if isinstance(value, bytes | memoryview)]
    files = [path.read_bytes() for path in venue.home.path.rglob("*") if path.is_file()]
    assert shown.u in stored_values
    assert not [form for form in (token, token.hex().encode()) if any(form in one for one in stored_values + files)]


def test_what_is_shown_is_for_the_venue_of_the_reader(
    venue: ServedVenue, branch: ServedVenue, today: OpenEpoch, visitor: Visitor
) -> None:
    """An exit is good where its pass came in, and a pass is spent once in each venue (§3.8)."""
    entry = sign_check_in(today.key, visitor.passes[0], NOW, ENTRY)
    left = sign_check_in(today.key, visitor.passes[0], NOW, EXIT)
    here, there = token_for(venue), token_for(branch)
    assert decisions(post(venue, "/v1/check-ins", entry, token=here)) == [Decision.ADMITTED]
    assert [(day.entries, day.exits) for day in only(venue).store.days()] == [(1, 0)]
    assert only(branch).store.days() == []
    assert decisions(post(venue, "/v1/check-ins", left, token=there)) == [Decision.NO_ENTRY]
    assert decisions(post(venue, "/v1/check-ins", entry, entry, token=there)) == [
        Decision.ADMITTED,
        Decision.ALREADY_SPENT,
    ]


def test_a_revoked_reader_is_refused_at_once(
    venue: ServedVenue,
    branch: ServedVenue,
    today: OpenEpoch,
    visitor: Visitor,
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, second, other = token_for(venue), token_for(venue, "back door"), token_for(branch)
    entry = sign_check_in(today.key, visitor.passes[0], NOW, ENTRY)
    venue.home.reader_tokens.revoke(venue.venue_id, "front door", NOW)
    assert problems(post(venue, "/v1/check-ins", entry, token=first)) == [(401, "unauthenticated")]
    assert "front door" in caplog.text
    assert first.hex() not in caplog.text
    assert decisions(post(venue, "/v1/check-ins", entry, token=other)) == [Decision.ADMITTED]
    assert decisions(post(venue, "/v1/check-ins", entry, token=second)) == [Decision.ADMITTED]
    assert [reader.door for reader in venue.home.reader_tokens.all(venue.venue_id) if reader.revoked] == ["front door"]


@pytest.mark.parametrize("of", ["a revoked reader", "a reader elsewhere", "nobody", "the reader"])
def test_no_token_changes_what_becomes_of_a_check_in_that_names_a_venue(
    venue: ServedVenue, branch: ServedVenue, today: OpenEpoch, visitor: Visitor, of: str
) -> None:
    """Anyone may send it, so that a token neither opens another door nor closes this one."""
    tokens = {
        "a revoked reader": token_for(venue),
        "a reader elsewhere": token_for(branch),
        "the reader": token_for(venue, "back door"),
    }
    venue.home.reader_tokens.revoke(venue.venue_id, "front door", NOW)
    scan = sign_check_in(today.key, visitor.passes[0], NOW, ENTRY, venue.venue_id)
    answers = decisions(post(venue, "/v1/check-ins", scan, scan, token=tokens.get(of, bytes(32))))
    assert answers == [Decision.ADMITTED, Decision.ALREADY_SPENT]
    assert stored(venue) == {today.key.epoch: [scan.to_bytes()]}
    assert stored(branch) == {}


def warrant_for(venue: ServedVenue, parties: Parties) -> JointStatement:
    return parties.both_sign(replace(parties.warrant(NOW, NOW + 60).record, venue_id=venue.venue_id))


def asked_for(venue: ServedVenue, parties: Parties, warrant: JointStatement) -> bytes:
    recipient, key = venue.venue_id.hex(), parties.keys[Role.AUTHORITY]
    return sign_request(
        parties.domain, Role.AUTHORITY, recipient, "/v1/releases", NOW, ReleaseRequest(warrant).to_bytes(), key
    )


def test_a_release_is_of_one_venue(
    venue: ServedVenue, branch: ServedVenue, parties: Parties, today: OpenEpoch, visitor: Visitor
) -> None:
    scans = [
        sign_check_in(today.key, owned, NOW, ENTRY, scanned.venue_id)
        for scanned, owned in zip((venue, branch), visitor.passes[:2], strict=True)
    ]
    post(venue, "/v1/check-ins", *scans)
    for one in (venue, branch):
        commit(one, NOW)
    warrant = warrant_for(venue, parties)
    [answer] = post(venue, "/v1/releases", asked_for(venue, parties, warrant))
    assert isinstance(answer, bytes)
    [released] = verify_statement(Release, answer, parties.venue.key).leaves
    assert released.content == scans[0].to_bytes()
    at_the_branch = asked_for(branch, parties, warrant)
    assert problems(post(venue, "/v1/releases", at_the_branch)) == [(404, "unknown-venue")]


def test_a10_a_lost_key_stops_the_releases_of_its_venue_and_nothing_else(
    venue: ServedVenue, branch: ServedVenue, parties: Parties, today: OpenEpoch, visitor: Visitor
) -> None:
    (only(branch).path / "venue.key").unlink()
    scan = sign_check_in(today.key, visitor.passes[0], NOW, ENTRY, branch.venue_id)
    assert decisions(post(venue, "/v1/check-ins", scan)) == [Decision.ADMITTED]
    here, there = (asked_for(one, parties, warrant_for(one, parties)) for one in (venue, branch))
    assert problems(post(venue, "/v1/releases", there, here)) == [(503, "venue-key-lost")]


def test_servers_that_share_a_database_spend_a_pass_once_and_know_who_is_revoked(
    make_venue: MakeVenue, tmp_path: Path, present: OpenEpoch, guest: Visitor
) -> None:
    """Two machines, one PostgreSQL: each pass is shown at both at the same moment."""
    database, ports = new_database("postgresql", tmp_path), [free_port(), free_port()]
    settings = f'database = "{database}"\ntolerance = 600\n'
    venue = make_venue([present], settings=f"{settings}port = {ports[0]}\n")
    token = token_for(venue)
    other = shutil.copytree(venue.home.path, tmp_path / "other")
    (other / "settings.toml").write_text(f"{settings}port = {ports[1]}\n")

    async def show() -> list[list[Decision]]:
        for port in ports:
            await until_up(f"http://127.0.0.1:{port}")
        async with new_session() as session:
            doors = [RemoteDoor(session, f"http://127.0.0.1:{port}", token) for port in ports]
            shown = [to_qr_text(sign_check_in(present.key, owned, int(time.time()), ENTRY)) for owned in guest.passes]
            decided = [
                [answer.decision for answer in await asyncio.gather(*(door.decide_text(text) for door in doors))]
                for text in shown
            ]
            venue.home.reader_tokens.revoke(venue.venue_id, "front door", NOW)
            for door in doors:
                with pytest.raises(Problem, match="not the token"):
                    await door.decide_text(shown[0])
            return decided

    with ExitStack() as running:
        for home in (venue.home.path, other):
            server = subprocess.Popen(venue_command(home, "serve"), env=environment(), stderr=subprocess.DEVNULL)
            running.callback(server.wait)
            running.callback(server.terminate)
        decided = asyncio.run(show())
    assert [sorted(one) for one in decided] == [[Decision.ADMITTED, Decision.ALREADY_SPENT]] * len(guest.passes)
