"""Passes through both real servers: allowances, mixing, and what is left of it afterwards (C2, C3, C4, C7)."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import msgspec
import pytest
import sqlalchemy as sql
from aiohttp import ClientSession

from escrow.authority.server import AuthorityServer
from escrow.operator import handles
from escrow.operator.issuing import Issuing
from escrow.operator.server import create_operator_app
from escrow.party import Party
from lab.coalition import opened_by, recognised_by_authority, recognised_by_operator
from lab.processes import free_ports
from protocol.check_ins import Direction, sign_check_in
from protocol.epochs import EpochKey, EpochSecret, Role
from protocol.handles import DirectoryEntry, register_handle, sign_receipt
from protocol.passes import ANSWER_BYTES, AllowanceRequest, IssueBatch, PassAnswers, accept_answers, request_allowance
from protocol.primitives.encoding import encode_item
from protocol.primitives.group import POINT_BYTES, Scalar
from protocol.primitives.signatures import SigningKey
from service.problems import NotConnected, Problem, Unreachable
from service.storage import writing
from service.transactions import Transactions
from tests.support.deposits import deposit
from tests.support.running import run
from tests.support.servers import ALLOWANCE, World


async def problem(world: World, path: str, body: object, token: bytes) -> str:
    with pytest.raises(Problem) as refusal:
        await world.post(Role.OPERATOR, path, body, token)  # type: ignore[arg-type]
    return refusal.value.name


def test_every_visitor_gets_its_own_passes(world: World) -> None:
    async def story() -> None:
        visitors = await world.visitors_with_passes(4)
        assert [len(passes) for _, passes in visitors] == [ALLOWANCE] * 4
        every_u = [owned.public.u for _, passes in visitors for owned in passes]
        assert len(set(every_u)) == 4 * ALLOWANCE

    run(story())


def test_a_lone_request_is_not_sent_and_not_counted(world: World) -> None:
    """C2: alone in a batch, a visitor would be the only one it could be."""

    async def story() -> None:
        visitor, key = await world.enrol(1), await world.epoch_key()
        h, *_ = await world.register(visitor, key)
        for _ in range(world.operator.settings.requests_per_epoch + 1):
            with pytest.raises(Problem) as refusal, world.asking.alone():
                await world.fetch(visitor, key, h)
            assert refusal.value.name == "try-later"

    run(story())


def test_one_account_twice_is_no_company(world: World) -> None:
    async def story() -> None:
        visitor, key = await world.enrol(1), await world.epoch_key()
        h, *_ = await world.register(visitor, key)
        both = await asyncio.gather(*(world.fetch(visitor, key, h) for _ in range(2)), return_exceptions=True)
        assert [getattr(one, "name", None) for one in both] == ["try-later"] * 2

    run(story())


def test_the_allowance_and_its_reserve_are_all_there_is(world: World) -> None:
    async def story() -> None:
        key, pair = await world.epoch_key(), [await world.enrol(number) for number in range(2)]
        secrets = [(await world.register(one, key))[0] for one in pair]
        for _ in range(world.operator.settings.requests_per_epoch):
            await asyncio.gather(*(world.fetch(one, key, h) for one, h in zip(pair, secrets, strict=True)))
        with pytest.raises(Problem) as refusal:
            await world.fetch(pair[0], key, secrets[0])
        assert refusal.value.name == "allowance-used"

    run(story())


def test_requests_that_no_connection_took_are_not_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    operator, (port,) = world.operator, free_ports(1)

    async def ask_nobody(session: ClientSession, path: str, body: bytes, **how: bool) -> bytes:
        return await operator.peer.ask_server(session, f"http://127.0.0.1:{port}", "authority", path, body, **how)

    async def story() -> None:
        key, pair = await world.epoch_key(), [await world.enrol(number) for number in range(2)]
        secrets = [(await world.register(one, key))[0] for one in pair]

        async def fetch() -> list[object]:
            fetching = (world.fetch(one, key, h) for one, h in zip(pair, secrets, strict=True))
            return await asyncio.gather(*fetching, return_exceptions=True)

        with monkeypatch.context() as patch:
            patch.setattr(operator.peer, "ask", ask_nobody)
            for _ in range(operator.settings.requests_per_epoch + 1):
                assert {getattr(answer, "name", answer) for answer in await fetch()} == {"peer-unreachable"}
        for _ in range(operator.settings.requests_per_epoch):
            assert [type(answer) for answer in await fetch()] == [list, list]
        assert {getattr(answer, "name", answer) for answer in await fetch()} == {"allowance-used"}

    run(story())


def test_a_damaged_secret_is_told_to_whoever_runs_the_party(world: World, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        key, pair = await world.epoch_key(), [await world.enrol(number) for number in range(2)]
        secrets = [(await world.register(one, key))[0] for one in pair]
        (world.home(Role.AUTHORITY) / "vault" / f"{world.today}.secret").write_bytes(bytes(100))
        fetching = (world.fetch(one, key, h) for one, h in zip(pair, secrets, strict=True))
        answers = await asyncio.gather(*fetching, return_exceptions=True)
        assert {getattr(answer, "name", answer) for answer in answers} == {"peer-failed"}

    run(story())
    told = [record.getMessage() for record in caplog.records]
    assert "the authority answered 503 storage-failed to /v1/passes" in told
    path = world.home(Role.AUTHORITY) / "vault" / f"{world.today}.secret"
    assert f"storage failed: {path} is damaged or under another vault key" in told


def test_requests_at_once_do_not_exceed_the_allowance(world: World) -> None:
    async def story() -> int:
        key, pair = await world.epoch_key(), [await world.enrol(number) for number in range(2)]
        secrets = [(await world.register(one, key))[0] for one in pair]
        tries = [world.fetch(one, key, h) for _ in range(6) for one, h in zip(pair, secrets, strict=True)]
        answers = await asyncio.gather(*tries, return_exceptions=True)
        return sum(isinstance(answer, list) for answer in answers)

    assert run(story()) == 2 * world.operator.settings.requests_per_epoch


def test_c2_a_request_that_a_network_brings_twice_is_sent_and_counted_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[IssueBatch] = []
    ask_peer = world.operator.peer.ask

    async def remember(session: ClientSession, path: str, body: bytes, **how: bool) -> bytes:
        if path == "/v1/passes":
            batches.append(IssueBatch.from_bytes(body))
        return await ask_peer(session, path, body, **how)

    monkeypatch.setattr(world.operator.peer, "ask", remember)

    async def story() -> None:
        key, pair = await world.epoch_key(), [await world.enrol(number) for number in range(2)]
        (h, *_), (other, *_) = [await world.register(one, key) for one in pair]
        token = pair[0].session.token
        for _ in range(world.operator.settings.requests_per_epoch):
            pending, request = request_allowance(key, h)
            answers, _ = await asyncio.gather(
                asyncio.gather(*(world.post(Role.OPERATOR, "/v1/passes", request, token) for _ in range(3))),
                world.fetch(pair[1], key, other),
            )
            assert len(set(answers)) == 1
            assert len(accept_answers(key, pending, PassAnswers.from_bytes(answers[0]))) == ALLOWANCE
            assert await problem(world, "/v1/passes", request, token) == "replayed-request"
        sent = [request[:POINT_BYTES] for batch in batches for request in batch.requests]
        assert len(sent) == len(set(sent)) == 2 * ALLOWANCE * world.operator.settings.requests_per_epoch

    run(story())


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Unreachable("the authority is away"), "peer-unreachable"),
        (NotConnected("the authority is away"), "peer-unreachable"),
        (Problem(410, "epoch-erased", "epoch 1 was erased"), "epoch-erased"),
        (Problem(503, "try-later", "the authority is busy"), "peer-failed"),
        (b"no answers", "peer-failed"),
        (lambda batch: [bytes(ANSWER_BYTES)] * (len(batch) - 1), "peer-failed"),
        (lambda batch: [*[bytes(ANSWER_BYTES)] * (len(batch) - 1), bytes(ANSWER_BYTES - 1)], "peer-failed"),
        (None, "peer-unreachable"),
    ],
)
def test_c2_everyone_in_a_batch_is_told_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch, answer: object, told: str
) -> None:
    """Whatever the authority does with a batch, also nothing at all, and although one account cannot be written."""
    monkeypatch.setattr("escrow.operator.issuing.ISSUING_SECONDS", world.operator.settings.mixing_seconds + 0.2)
    engine, session = world.operator.engine, None
    reader, writer = Transactions("reader", engine), Transactions("writer", writing(engine))
    issuing = Issuing(world.operator, session, reader, writer)  # type: ignore[arg-type]
    uncount, uncounted = handles.uncount_request, list[bytes]()

    async def ask(_: object, path: str, body: bytes, **_how: bool) -> bytes:
        assert path == "/v1/passes"
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            await asyncio.sleep(0.2 + 1.5 * world.operator.settings.mixing_seconds)
            return b"an answer for which those who wait had no time"
        if isinstance(answer, bytes):
            return answer
        return encode_item([answer(IssueBatch.from_bytes(body).requests)])  # type: ignore[operator]

    def uncount_some(engine: sql.Engine, key: handles.Key) -> None:
        uncounted.append(key[1])
        if len(uncounted) == 1:
            raise sql.exc.OperationalError("UPDATE handles", {}, Exception("disk I/O error"))
        uncount(engine, key)

    async def story() -> None:
        key, people = await world.epoch_key(), [await world.enrol(number) for number in range(3)]
        secrets = [(await world.register(one, key))[0] for one in people]
        monkeypatch.setattr(world.operator.peer, "ask", ask)
        monkeypatch.setattr(handles, "uncount_request", uncount_some)
        with world.asking.announce(len(people)):
            errors = await asyncio.gather(
                *(
                    issuing.issue(one.session.account_id, request_allowance(key, h)[1])
                    for one, h in zip(people, secrets, strict=True)
                ),
                return_exceptions=True,
            )
        assert [str(error) for error in errors] == [str(errors[0])] * len(people)
        assert {getattr(error, "name", "peer-unreachable") for error in errors} == {told}
        assert len(uncounted) == (len(people) if isinstance(answer, NotConnected) else 0)

    run(story())


def test_a_handle_is_registered_once_and_may_be_repeated(world: World) -> None:
    async def story() -> None:
        visitor, key = await world.enrol(1), await world.epoch_key()
        _, registration, grant = await world.register(visitor, key)
        again = await world.post(Role.OPERATOR, "/v1/handles", registration, visitor.session.token)
        assert again == grant.to_bytes()
        _, other = register_handle(key, visitor.session.account_id)
        assert await problem(world, "/v1/handles", other, visitor.session.token) == "handle-exists"

    run(story())


def test_c3_passes_are_only_for_handles_that_the_directory_holds(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever registers while the authority is away cannot have passes that open to nobody."""

    async def away(*_: object, **_how: bool) -> bytes:
        raise Unreachable("the authority is away")

    async def story() -> None:
        visitor, key = await world.enrol(1), await world.epoch_key()
        h, registration = register_handle(key, visitor.session.account_id)
        with monkeypatch.context() as patch:
            patch.setattr(world.operator.peer, "ask", away)
            assert await problem(world, "/v1/handles", registration, visitor.session.token) == "peer-unreachable"
        _, request = request_allowance(key, h)
        assert await problem(world, "/v1/passes", request, visitor.session.token) == "no-handle"
        await world.post(Role.OPERATOR, "/v1/handles", registration, visitor.session.token)
        assert await problem(world, "/v1/passes", request, visitor.session.token) == "try-later"

    run(story())


@pytest.mark.parametrize("eraser", Role)
def test_nothing_is_issued_for_an_erased_epoch(world: World, eraser: Role) -> None:
    async def story() -> None:
        visitor, key = await world.enrol(1), await world.epoch_key()
        (world.operator if eraser is Role.OPERATOR else world.authority).epochs.erase(world.today)
        _, registration = register_handle(key, visitor.session.account_id)
        assert await problem(world, "/v1/handles", registration, visitor.session.token) == "epoch-erased"

    run(story())


def test_a_handle_is_not_registered_for_another_account(world: World) -> None:
    """C3: the proof of knowledge is bound to the account."""

    async def story() -> None:
        thief, victim, key = await world.enrol(1), await world.enrol(2), await world.epoch_key()
        _, registration, _ = await world.register(victim, key)
        assert await problem(world, "/v1/handles", registration, thief.session.token) == "invalid-proof"

    run(story())


def test_passes_on_another_handle_are_refused(world: World) -> None:
    """C3: a pass carries the handle of the account that asks."""

    async def story() -> None:
        visitor, key = await world.enrol(1), await world.epoch_key()
        await world.register(visitor, key)
        _, request = request_allowance(key, Scalar.random())
        assert await problem(world, "/v1/passes", request, visitor.session.token) == "invalid-proof"

    run(story())


def test_more_passes_than_everyone_asks_for_are_refused(world: World) -> None:
    async def story() -> None:
        visitor, key = await world.enrol(1), await world.epoch_key()
        h, *_ = await world.register(visitor, key)
        greedy = replace(key, domain=replace(key.domain, allowance=ALLOWANCE + 1))
        _, request = request_allowance(greedy, h)
        assert await problem(world, "/v1/passes", request, visitor.session.token) == "wrong-allowance"

    run(story())


def test_passes_are_issued_only_for_published_days(world: World) -> None:
    async def story() -> None:
        visitor, key = await world.enrol(1), await world.epoch_key()
        for epoch in (world.today - 1, world.today + 30):
            _, registration = register_handle(replace(key, epoch=epoch), visitor.session.account_id)
            assert await problem(world, "/v1/handles", registration, visitor.session.token) == "epoch-not-open"

    run(story())


def test_the_operator_cannot_ask_for_passes_on_a_handle_it_knows(world: World) -> None:
    """C4: without `h` there is no ownership proof, and the answers are worth nothing."""

    async def story() -> None:
        visitor, key = await world.enrol(1), await world.epoch_key()
        _, registration, _ = await world.register(visitor, key)
        pending, request = request_allowance(key, Scalar.random())
        forged = [
            replace(one, v0=registration.handle + mine.r0 * key.X)
            for one, mine in zip(request.requests, pending, strict=True)
        ]
        batch = AllowanceRequest(key.epoch, tuple(forged), request.encryptions)
        raw = [bytes(one) for one in batch.requests]
        answers = await world.as_party(Role.OPERATOR, "/v1/passes", _batch(key.epoch, raw))
        mine = [replace(one, v0=other.v0) for one, other in zip(pending, forged, strict=True)]
        assert accept_answers(key, mine, PassAnswers.from_bytes(answers)) == []

    run(story())


def test_the_directory_is_written_once(world: World) -> None:
    async def story() -> None:
        visitor, key = await world.enrol(1), await world.epoch_key()
        _, _, grant = await world.register(visitor, key)
        other = replace(grant.entry, sealed=bytes(len(grant.entry.sealed)))
        assert await deposit(world, grant.entry) == (grant.receipt,)
        assert await deposit(world, other) == (None,)
        assert world.authority.directory.find(grant.entry.epoch, grant.entry.index) == grant.entry

    run(story())


def test_a_receipt_is_signed_once_the_entry_is_stored(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another connection reads it, so it is committed."""
    stored = []

    def sign(epoch_key: EpochKey, entry: DirectoryEntry, authority: SigningKey) -> bytes:
        stored.append(world.authority.directory.find(entry.epoch, entry.index) == entry)
        return sign_receipt(epoch_key, entry, authority)

    monkeypatch.setattr("escrow.authority.server.sign_receipt", sign)

    async def story() -> None:
        visitor, key = await world.enrol(1), await world.epoch_key()
        await world.register(visitor, key)

    run(story())
    assert stored == [True]


def test_c7_everything_both_parties_wrote_connects_no_check_in_with_an_account(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Both parties' disks, database rows and logs, joined: without the shares of both, nothing is connected.

    With both shares the same search connects every check-in, so that it is known to be able to.
    """
    caplog.set_level(logging.DEBUG)

    async def story() -> None:
        visitors, key = await world.visitors_with_passes(3), await world.epoch_key()
        shown = [sign_check_in(key, owned, world.now, Direction.ENTRY) for _, passes in visitors for owned in passes]
        written = [path.read_bytes() for role in Role for path in world.home(role).rglob("*") if path.is_file()]
        written += [caplog.text.encode(), repr([_tables(world.operator), _tables(world.authority)]).encode()]
        assert len(written) > 10
        for message in shown:
            for value in (message.u, message.v, message.pass_signature, message.label_signature):
                for needle in (value, value.hex().encode(), repr(value).encode()):
                    assert not [data for data in written if needle in data]

        known_to_operator = recognised_by_operator(world.operator)
        known_to_authority = recognised_by_authority(world.authority, key)
        secrets = {role: _secret(world, role) for role in Role}
        for recognise in (known_to_operator, known_to_authority):
            for alone in secrets.values():
                assert opened_by([alone], shown, recognise) == 0
            assert opened_by([], shown, recognise) == 0
            assert opened_by(list(secrets.values()), shown, recognise) == len(shown)

    run(story())


def test_c7_issuing_leaves_the_authority_as_it_was(world: World) -> None:
    """The authority writes nothing per request: its files before and after differ in no table but seen request ids."""

    async def story() -> None:
        key, pair = await world.epoch_key(), [await world.enrol(number) for number in range(2)]
        secrets = [(await world.register(one, key))[0] for one in pair]
        before = _tables(world.authority)
        await asyncio.gather(*(world.fetch(one, key, h) for one, h in zip(pair, secrets, strict=True)))
        after = _tables(world.authority)
        assert {name for name in before if before[name] != after[name]} == {"requests_seen"}

    run(story())


def _batch(epoch: int, requests: list[bytes]) -> bytes:
    return IssueBatch(epoch, tuple(requests)).to_bytes()


def _secret(world: World, role: Role) -> EpochSecret:
    party = world.operator if role is Role.OPERATOR else world.authority
    return party.epochs.secret(world.today)


def _tables(party: Party) -> dict[str, list[object]]:
    tables = sql.MetaData()
    tables.reflect(party.engine)
    with party.engine.begin() as connection:
        return {name: list(connection.execute(sql.select(table))) for name, table in tables.tables.items()}


def test_an_operator_says_at_start_how_many_visitors_a_batch_needs(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async def start() -> None:
        await (await create_operator_app(world.operator)).cleanup()

    with caplog.at_level("INFO"):
        run(start())
    told = "nobody gets passes until 2 visitors ask within 0.8 s: a smaller domain has none (minimum_accounts)"
    assert told in [record.getMessage() for record in caplog.records]


def test_as_many_threads_issue_as_the_settings_say(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int | None] = []

    class Noting(ThreadPoolExecutor):
        def __init__(self, threads: int | None, name: str) -> None:
            if name == "issuing":
                made.append(threads)
            super().__init__(threads, name)

    monkeypatch.setattr("escrow.authority.server.ThreadPoolExecutor", Noting)
    for threads in (1, 3):
        world.authority.settings = msgspec.structs.replace(world.authority.settings, threads=threads)
        AuthorityServer(world.authority, None)  # type: ignore[arg-type]
    assert made == [1, 3]
