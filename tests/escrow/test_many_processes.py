"""Server processes that share a home and one PostgreSQL: what happens once or a number of times does so in all."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes

import pytest
import sqlalchemy as sql
from aiohttp import web
from msgspec.structs import replace

from escrow.authority.authority import Authority
from escrow.authority.migrations import STEPS
from escrow.authority.server import create_authority_app
from escrow.errors import WarrantExhausted
from escrow.operator.server import create_operator_app
from lab.processes import Servers
from protocol.check_ins import Direction, sign_check_in
from protocol.epochs import Role
from protocol.handles import DirectoryEntry, DirectoryReceipts, register_handle
from protocol.http_messages import Decision, DoorAnswer, VerificationAnswer, VerificationRequest
from protocol.party_requests import sign_request
from protocol.passes import request_allowance
from protocol.primitives.encoding import Message
from protocol.primitives.statements import sign_statement
from protocol.releases import Judgement, VerifiedRelease
from protocol.visits import Visit
from protocol.warrants import Warrant
from service.clock import unix_time
from service.http_client import call, new_session
from service.problems import Problem
from service.storage import exclusive
from tests.support.databases import new_database
from tests.support.deposits import any_entry, batch_of
from tests.support.domain import opening_warrant
from tests.support.processes import real_world, start_many
from tests.support.programs import CONTEXT, launch
from tests.support.running import run, serving
from tests.support.servers import World
from tests.support.venues import make_venue, only

OPERATORS, AUTHORITIES, VENUES = 3, 3, 2


@dataclass
class Crowd:
    """A world whose operator is several processes, each with a URL."""

    world: World
    servers: Servers
    urls: list[str]

    async def everywhere(self, path: str, *bodies: Message | bytes, token: bytes | None = None) -> Counter[str]:
        """What becomes of these bodies, each sent to each process, all at once."""
        return await outcomes(self.send(url, path, body, token) for body, url in itertools.product(bodies, self.urls))

    async def send(self, url: str, path: str, body: Message | bytes, token: bytes | None = None) -> bytes:
        async with new_session() as session:
            return await call(session, "POST", url + path, body, token)


async def outcomes(requests: Iterator[Awaitable[bytes]] | list[Awaitable[bytes]]) -> Counter[str]:
    """How many were granted, and how many refused with each problem."""
    answers = await asyncio.gather(*requests, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, Problem):
            raise answer
    return Counter(answer.name if isinstance(answer, Problem) else "granted" for answer in answers)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    """All operator processes begin at once, on a home and a database that are empty."""
    world = real_world(tmp_path_factory.mktemp("crowd"), "postgresql")
    home = world.home(Role.OPERATOR)
    settings = home / "settings.toml"
    settings.write_text(settings.read_text().replace(f"port = {world.operator.settings.port}", "port = 0"))
    with Servers(world.directory, launch) as servers:
        command = ("escrow", "operator", "--home", str(home))
        urls = asyncio.run(start_many(servers, world, OPERATORS, "operator", *command))
        world.urls[Role.OPERATOR] = urls[0]
        operator = replace(world.settings.operator, url=urls[0])
        world.settings = replace(world.settings, operator=operator)
        (world.home(Role.AUTHORITY) / "domain.toml").write_text(world.settings.to_toml())
        world.authority = Authority(world.home(Role.AUTHORITY))

        async def authority() -> list[tuple[web.Application, int]]:
            return [(await create_authority_app(world.authority), world.authority.settings.port)]

        with serving(authority):
            yield Crowd(world, servers, urls)


@contextmanager
def starting_gate(engine: sql.Engine, count: int, what: str = "schema") -> Iterator[None]:
    """Nobody opens the database, or does what another lock is for, before so many processes want to.

    Those that wait for another one do not count.
    """
    here = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    waiting = sql.text(f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND {here}")

    def hold() -> None:
        with exclusive(engine, what):
            held.set()
            for _ in range(600):
                with engine.connect() as connection:
                    if connection.execute(waiting).scalar_one() >= count:  # one may be a server's housekeeping
                        return
                time.sleep(0.1)
            raise AssertionError("they do not come")

    held = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        held.wait(60)
        yield
        holding.result()


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    """All authority processes begin at once, on a database of the program's first version with one warrant."""
    world = real_world(tmp_path_factory.mktemp("authorities"), "postgresql")
    home, engine = world.home(Role.AUTHORITY), world.authority.engine
    warrant = opening_warrant(world.settings.number, token_bytes(16), world.now - 600, world.now, world.now)
    world.authority.warrants.add(warrant, b"signed")
    with engine.begin() as connection:
        connection.execute(sql.text("DROP TABLE cases"))  # of investigations, which that version had not
        connection.execute(sql.text("DROP TABLE released_parts"))
        connection.execute(sql.text("DROP TABLE opened_visits"))
        for name in ("release", "opened_release", "operator_shares", "authority_shares"):
            connection.execute(sql.text(f"ALTER TABLE warrants ADD COLUMN {name} BYTEA"))
        connection.execute(sql.text("ALTER TABLE warrants RENAME TO cases"))
        connection.execute(sql.text("DROP TABLE officer_votes_void"))
        for name in ("venues", "venue_changes"):
            connection.execute(sql.text(f"ALTER TABLE {name} DROP COLUMN applied, DROP COLUMN subject"))
        connection.execute(sql.text("DROP INDEX ix_released_passes_pass"))
        connection.execute(sql.text("DROP INDEX ix_venue_commitments_time"))
        connection.execute(sql.text("CREATE INDEX ix_released_passes_pass_digest ON released_passes (pass_digest)"))
        connection.execute(sql.text("UPDATE schema_version SET version = 0"))
    settings = home / "settings.toml"
    settings.write_text(settings.read_text().replace(f"port = {world.authority.settings.port}", "port = 0"))

    async def operator() -> list[tuple[web.Application, int]]:
        return [(await create_operator_app(world.operator), world.operator.settings.port)]

    with serving(operator), Servers(world.directory, launch) as servers:
        command = ("escrow", "authority", "--home", str(home))
        with starting_gate(engine, AUTHORITIES):
            urls = asyncio.run(start_many(servers, world, AUTHORITIES, "authority", *command))
        yield Crowd(world, servers, urls)
    engine.dispose()


def test_processes_that_begin_at_once_bring_an_older_database_up_to_date_once(authorities: Crowd) -> None:
    (drawn,) = authorities.world.authority.warrants.all()
    assert (drawn.statement, drawn.parts) == (b"signed", ())
    engine = authorities.world.authority.engine
    assert "ix_released_passes_pass" in {one["name"] for one in sql.inspect(engine).get_indexes("released_passes")}
    with engine.connect() as connection:
        assert connection.execute(sql.text("SELECT version FROM schema_version")).scalar_one() == len(STEPS)


def test_an_entry_is_written_once_among_the_authoritys_processes(authorities: Crowd) -> None:
    world, path, index = authorities.world, "/v1/directory", token_bytes(32)
    entries = [any_entry(world.today, index) for _ in range(2)]

    def request(entry: DirectoryEntry) -> bytes:
        domain, key = world.settings.domain, world.operator.identity
        return sign_request(domain, Role.OPERATOR, "authority", path, unix_time(), batch_of(entry).to_bytes(), key)

    async def deposit(url: str, entry: DirectoryEntry) -> DirectoryEntry | None:
        (receipt,) = DirectoryReceipts.from_bytes(await authorities.send(url, path, request(entry))).receipts
        return None if receipt is None else entry

    async def story() -> list[DirectoryEntry | None]:
        return await asyncio.gather(*(deposit(url, entry) for entry in entries for url in authorities.urls))

    promised = run(story())
    kept = world.authority.directory.find(world.today, index)
    assert kept in entries
    assert Counter(promised) == {kept: AUTHORITIES, None: AUTHORITIES}


def release_each(home: Path, warrant_id: bytes, passes: list[bytes]) -> list[str]:
    """What becomes of one pass after the other, in a process of the authority."""
    authority, outcomes = Authority(home), []
    for u in passes:
        release = VerifiedRelease(
            Warrant.from_bytes(warrant_id),
            {authority.epochs.today: {u: Visit()}},
            Counter(),
            Judgement(bytes(32), (), ()),
        )
        try:
            authority.releases.record(release, unix_time())
        except WarrantExhausted as refusal:
            outcomes.append(refusal.name)
        else:
            outcomes.append("granted")
    return outcomes


def test_a_warrants_maximum_holds_among_the_authoritys_processes(authorities: Crowd) -> None:
    world, now = authorities.world, unix_time()
    warrant = opening_warrant(world.settings.number, token_bytes(16), now - 600, now, now, max_records=10)
    work = [
        (world.home(Role.AUTHORITY), warrant.to_bytes(), [token_bytes(32) for _ in range(4)])
        for _ in range(AUTHORITIES)
    ]
    with ProcessPoolExecutor(AUTHORITIES, mp_context=CONTEXT) as pool:
        with starting_gate(world.authority.engine, AUTHORITIES, "shares"):
            parts = [pool.submit(release_each, *one) for one in work]
        found = Counter(itertools.chain.from_iterable(part.result() for part in parts))
    assert found == {"granted": 10, "warrant-exhausted": 2}


async def code_for(crowd: Crowd, phone: str) -> int:
    await crowd.world.post(Role.OPERATOR, "/v1/verifications", VerificationRequest(phone))
    return int(crowd.world.last_code(phone))


def test_an_epoch_has_one_statement_however_many_publish_it(crowd: Crowd) -> None:
    async def served(url: str) -> bytes:
        async with new_session() as session:
            return await call(session, "GET", f"{url}/v1/epochs/{crowd.world.today}")

    async def story() -> list[bytes]:
        return [await served(url) for url in crowd.urls]

    assert len(set(run(story()))) == 1


def test_a_code_is_tried_five_times_in_all(crowd: Crowd) -> None:
    async def story() -> Counter[str]:
        phone = "+821000000001"
        code = await code_for(crowd, phone)
        wrong = [VerificationAnswer(phone, f"{(code + step) % 10**6:06}", "나") for step in range(1, 5)]
        return await crowd.everywhere("/v1/sessions", *wrong)

    assert run(story()) == {"wrong-code": 5, "too-many-attempts": 7}


def test_a_phone_is_sent_ten_codes_a_day_in_all(crowd: Crowd) -> None:
    phone = "+821000000002"
    request = VerificationRequest(phone)
    assert run(crowd.everywhere("/v1/verifications", *[request] * 5)) == {"granted": 10, "too-many-codes": 5}
    assert (crowd.world.home(Role.OPERATOR) / "outbox.txt").read_text().count(phone) == 10


def test_a_code_opens_one_session_in_all(crowd: Crowd) -> None:
    async def story() -> Counter[str]:
        phone = "+821000000003"
        return await crowd.everywhere(
            "/v1/sessions", VerificationAnswer(phone, f"{await code_for(crowd, phone):06}", "나")
        )

    assert run(story()) == {"granted": 1, "code-expired": OPERATORS - 1}


def test_an_account_has_one_handle_in_all(crowd: Crowd) -> None:
    async def story() -> Counter[str]:
        session, key = (await crowd.world.enrol(4)).session, await crowd.world.epoch_key()
        registrations = [register_handle(key, session.account_id)[1] for _ in range(2)]
        return await crowd.everywhere("/v1/handles", *registrations, token=session.token)

    assert run(story()) == {"granted": OPERATORS, "handle-exists": OPERATORS}


def test_an_allowance_is_counted_in_all(crowd: Crowd) -> None:
    """Requests that wait in vain, because too few come to their process, are not counted."""
    world, allowed = crowd.world, crowd.world.operator.settings.requests_per_epoch

    def counted(account_id: bytes) -> int:
        with world.operator.engine.connect() as connection:
            query = sql.text("SELECT requests FROM handles WHERE account = :account")
            return int(connection.execute(query, {"account": account_id}).scalar_one())

    async def story() -> None:
        key = await world.epoch_key()
        visitors = [await world.enrol(number) for number in (5, 6)]
        secrets = [(await world.register(visitor, key))[0] for visitor in visitors]
        granted = [0, 0]
        for _ in range(50):
            rounds = await asyncio.gather(
                *(
                    crowd.everywhere(
                        "/v1/passes", *(request_allowance(key, h)[1] for _ in range(2)), token=visitor.session.token
                    )
                    for visitor, h in zip(visitors, secrets, strict=True)
                )
            )
            granted = [before + outcome["granted"] for before, outcome in zip(granted, rounds, strict=True)]
            assert granted == [counted(visitor.session.account_id) for visitor in visitors]
            if max(granted) >= allowed:  # the other one may be alone from now on
                break
        assert max(granted) == allowed

    run(story())


def test_a_party_request_is_received_once_in_all(crowd: Crowd) -> None:
    world, path, now = crowd.world, "/v1/warrants", unix_time()
    warrants = [opening_warrant(world.settings.number, token_bytes(16), now - 600, now, now) for _ in range(4)]
    key = world.authority.identity
    requests = [
        sign_request(world.settings.domain, Role.AUTHORITY, "operator", path, now, sign_statement(warrant, key), key)
        for warrant in warrants
    ]
    assert run(crowd.everywhere(path, *requests)) == {"granted": 4, "replayed-request": 4 * (OPERATORS - 1)}


def test_a_pass_is_spent_once_among_a_venues_servers(crowd: Crowd) -> None:
    world, home = crowd.world, crowd.world.directory / "venue"
    venue = make_venue(world, home, "https://door.example")
    (home / "settings.toml").write_text(f'port = 0\ndatabase = "{new_database("postgresql", home)}"\n')

    async def story() -> Counter[Decision]:
        async with new_session() as session:
            await only(venue).pinned.epochs.refresh(session, world.today, world.today)
        urls = await start_many(crowd.servers, world, VENUES, "venue", "venue", "--home", str(home))
        key = await world.epoch_key()
        passes = [one for _, passes in await world.visitors_with_passes(2) for one in passes]
        shown = [sign_check_in(key, one, unix_time(), Direction.ENTRY, venue.venue_id) for one in passes]
        answers = await asyncio.gather(
            *(crowd.send(url, "/v1/check-ins", one) for one, url in itertools.product(shown, urls * 2))
        )
        return Counter(DoorAnswer.from_bytes(answer).decision for answer in answers)

    assert run(story()) == {Decision.ADMITTED: 6, Decision.ALREADY_SPENT: 18}
