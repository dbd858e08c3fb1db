"""Entries that wait at once are deposited together, and what becomes of one spoils no other."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import pytest
from aiohttp import ClientSession

from escrow.errors import PeerFailed
from escrow.operator.deposits import Deposits
from protocol.epochs import EpochKey, Role
from protocol.handles import DirectoryBatch, DirectoryEntry, DirectoryReceipts, register_handle, verify_receipt
from protocol.party_requests import PartyRequest
from protocol.primitives.statements import sign_statement
from service.http_client import new_session
from service.problems import Problem, Unreachable
from tests.support.deposits import any_entry, batch_of, deposit
from tests.support.running import run
from tests.support.servers import World

Ask = Callable[..., Awaitable[bytes]]
Change = Callable[[list[bytes | None]], Sequence[bytes | None]]


@dataclass
class Wire:
    """The operator's way to the authority: what is sent waits until it is let through, and answers can be changed."""

    ask: Ask
    sent: list[DirectoryBatch] = field(default_factory=list)
    open: bool = False
    held: set[int] = field(default_factory=set)
    change: Callable[[bytes], bytes] | None = None

    async def __call__(self, session: ClientSession, path: str, body: bytes, **how: bool) -> bytes:
        if path != "/v1/directory":
            return await self.ask(session, path, body, **how)
        batch = DirectoryBatch.from_bytes(body)
        self.sent.append(batch)
        if batch.epoch in self.held:
            await asyncio.Event().wait()
        while not self.open:  # the server has an event loop of its own
            await asyncio.sleep(0.001)
        answer = await self.ask(session, path, body, **how)
        return answer if self.change is None or len(batch.entries) == 1 else self.change(answer)


@pytest.fixture
def wire(world: World, monkeypatch: pytest.MonkeyPatch) -> Wire:
    wire = Wire(world.operator.peer.ask)
    monkeypatch.setattr(world.operator.peer, "ask", wire)
    return wire


async def sent(wire: Wire, count: int) -> None:
    """Wait until so many requests are under way or answered."""
    while len(wire.sent) < count:
        await asyncio.sleep(0.001)


async def outcomes(
    world: World, wire: Wire, key: EpochKey, first: DirectoryEntry, others: Sequence[DirectoryEntry]
) -> list[bytes | BaseException]:
    """What becomes of the others, which come while the first one's request is under way."""
    async with new_session() as session:
        deposits = Deposits(world.operator, session)
        alone = asyncio.create_task(deposits.deposit(key, first))
        await sent(wire, 1)
        waiting = [asyncio.create_task(deposits.deposit(key, entry)) for entry in others]
        await asyncio.sleep(0)
        wire.open = True
        verify_receipt(key, first, await alone)
        return await asyncio.gather(*waiting, return_exceptions=True)


def changed(change: Change) -> Callable[[bytes], bytes]:
    def answer(encoded: bytes) -> bytes:
        return DirectoryReceipts(tuple(change(list(DirectoryReceipts.from_bytes(encoded).receipts)))).to_bytes()

    return answer


def test_entries_that_wait_leave_together_in_an_order_that_tells_nothing(
    world: World, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whatever order they come: by index, no more than fit, and each once however often it comes."""
    monkeypatch.setattr("escrow.operator.deposits.MAX_DEPOSITS", 4)

    async def story() -> None:
        key = await world.epoch_key()
        entries = sorted((any_entry(world.today) for _ in range(6)), key=lambda entry: entry.index)
        coming = [*reversed(entries), entries[0]]
        receipts = await outcomes(world, wire, key, any_entry(world.today), coming)
        for entry, receipt in zip(coming, receipts, strict=True):
            assert isinstance(receipt, bytes)
            verify_receipt(key, entry, receipt)
        assert [batch.entries for batch in wire.sent[1:]] == [tuple(entries[2:]), tuple(entries[:2])]

    run(story())


def test_handles_that_are_registered_at_once_are_deposited_together(world: World, wire: Wire) -> None:
    """Visitors over HTTP, of which each gets its own receipt alone, and can ask for passes then."""

    async def story() -> None:
        key, people = await world.epoch_key(), [await world.enrol(number) for number in range(4)]
        first, *others = [asyncio.create_task(world.register(one, key)) for one in people]
        await sent(wire, 1)
        await asyncio.sleep(0.2)
        wire.open = True
        grants = [grant for _, _, grant in await asyncio.gather(first, *others)]
        for grant in grants:
            verify_receipt(key, grant.entry, grant.receipt)
            assert not [other for other in grants if other is not grant and other.entry.index in grant.to_bytes()]
        deposited = [entry for batch in wire.sent for entry in batch.entries]
        assert len(wire.sent) < len(deposited) == len(people)
        assert {entry.index for entry in deposited} == {grant.entry.index for grant in grants}

    run(story())


@pytest.mark.parametrize(
    "change",
    [
        lambda receipts: [None, *receipts[1:]],
        lambda receipts: [receipts[1], *receipts[1:]],
        lambda receipts: [bytes(100), *receipts[1:]],
    ],
    ids=["null", "another-entry", "no-receipt"],
)
def test_a_receipt_that_is_not_good_is_one_visitors_alone(world: World, wire: Wire, change: Change) -> None:
    wire.change = changed(change)

    async def story() -> None:
        key = await world.epoch_key()
        entries = batch_of(*(any_entry(world.today) for _ in range(3))).entries
        refused, *receipts = await outcomes(world, wire, key, any_entry(world.today), entries)
        assert isinstance(refused, PeerFailed)
        assert all(isinstance(receipt, bytes) for receipt in receipts)

    run(story())


@pytest.mark.parametrize(
    "change",
    [
        lambda _answer: b"no receipts",
        changed(lambda receipts: receipts[1:]),
        changed(lambda receipts: [*receipts, receipts[0]]),
    ],
    ids=["malformed", "too-few", "too-many"],
)
def test_an_answer_that_does_not_fit_is_nobodys(world: World, wire: Wire, change: Callable[[bytes], bytes]) -> None:
    """All are told the same. Their entries are in the directory, and each gets its receipt when it comes again."""
    wire.change = change

    async def story() -> None:
        key = await world.epoch_key()
        entries = [any_entry(world.today) for _ in range(3)]
        refused = await outcomes(world, wire, key, any_entry(world.today), entries)
        assert [type(one) for one in refused] == [PeerFailed] * 3
        wire.change = None
        again = await outcomes(world, wire, key, any_entry(world.today), entries)
        for entry, receipt in zip(entries, again, strict=True):
            assert isinstance(receipt, bytes)
            verify_receipt(key, entry, receipt)

    run(story())


def test_a_lost_answer_is_made_good_by_registering_again(
    world: World, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The authority stores a batch, and the operator does not hear of it in time: nobody waits for ever."""
    monkeypatch.setattr("escrow.operator.deposits.ANSWER_SECONDS", 0.5)
    ask = wire.ask

    async def lose(session: ClientSession, path: str, body: bytes, **how: bool) -> bytes:
        await ask(session, path, body, **how)
        await asyncio.Event().wait()
        raise AssertionError

    async def story() -> None:
        wire.open = True
        visitor, key = await world.enrol(1), await world.epoch_key()
        token, (_, registration) = visitor.session.token, register_handle(key, visitor.session.account_id)
        wire.ask = lose
        with pytest.raises(Problem) as lost:
            await world.post(Role.OPERATOR, "/v1/handles", registration, token)
        assert lost.value.name == "peer-unreachable"
        (batch,) = wire.sent
        (entry,) = batch.entries
        assert world.authority.directory.find(entry.epoch, entry.index) == entry
        wire.ask = ask
        await world.post(Role.OPERATOR, "/v1/handles", registration, token)
        assert [batch.entries for batch in wire.sent] == [(entry,)] * 2

    run(story())


@pytest.mark.parametrize("error", [Unreachable("away"), Problem(410, "epoch-erased", "epoch 1 was erased")])
def test_when_a_batch_is_refused_all_in_it_are_told_the_same(world: World, wire: Wire, error: Exception) -> None:
    ask = wire.ask

    async def refuse(session: ClientSession, path: str, body: bytes, **how: bool) -> bytes:
        if len(DirectoryBatch.from_bytes(body).entries) > 1:
            raise error
        return await ask(session, path, body, **how)

    async def story() -> None:
        key = await world.epoch_key()
        wire.ask = refuse
        entries = [any_entry(world.today) for _ in range(3)]
        refused = await outcomes(world, wire, key, any_entry(world.today), entries)
        assert [str(one) for one in refused] == [str(error)] * 3

    run(story())


def test_an_epoch_for_which_the_authority_does_not_answer_keeps_no_other_waiting(world: World, wire: Wire) -> None:
    wire.held = {world.today}

    async def story() -> None:
        today, tomorrow = await world.epoch_key(), await world.epoch_key(world.today + 1)
        wire.open = True
        async with new_session() as session:
            deposits = Deposits(world.operator, session)
            held = asyncio.create_task(deposits.deposit(today, any_entry(today.epoch)))
            await sent(wire, 1)
            entry = any_entry(tomorrow.epoch)
            verify_receipt(tomorrow, entry, await deposits.deposit(tomorrow, entry))
            assert not held.done()
            held.cancel()

    run(story())


def test_another_entry_under_an_index_spoils_no_other_of_its_batch(world: World) -> None:
    """The attacker has an entry in a batch that the directory refuses, in every place of it."""

    async def story() -> None:
        key = await world.epoch_key()
        for place in range(3):
            entries = batch_of(*(any_entry(key.epoch) for _ in range(3))).entries
            await deposit(world, entries[place])
            poison = any_entry(key.epoch, entries[place].index)
            receipts = await deposit(world, *entries[:place], poison, *entries[place + 1 :])
            assert [receipt is None for receipt in receipts] == [at == place for at in range(3)]
            for entry, receipt in zip(entries, receipts, strict=True):
                if receipt is not None:
                    verify_receipt(key, entry, receipt)
                assert world.authority.directory.find(key.epoch, entry.index) == entry

    run(story())


def test_a_batch_of_an_erased_epoch_is_refused_as_a_whole(world: World) -> None:
    async def story() -> None:
        key = await world.epoch_key(world.today + 1)
        entries = [any_entry(key.epoch) for _ in range(2)]
        world.authority.epochs.erase(key.epoch)
        with pytest.raises(Problem) as refusal:
            await deposit(world, *entries)
        assert refusal.value.name == "epoch-erased"
        assert not [entry for entry in entries if world.authority.directory.find(key.epoch, entry.index)]

    run(story())


def test_a_batch_that_is_repeated_is_refused_and_its_entries_keep_their_receipts(world: World) -> None:
    """As the same request it is a replay; as a new one it is answered as before, byte for byte."""

    async def story() -> None:
        entries = [any_entry(world.today) for _ in range(3)]
        body = batch_of(*entries).to_bytes()
        request = PartyRequest(
            world.settings.number, Role.OPERATOR, "authority", "/v1/directory", world.now, bytes(16), body
        )
        recorded = sign_statement(request, world.operator.identity)
        first = DirectoryReceipts.from_bytes(await world.post(Role.AUTHORITY, "/v1/directory", recorded)).receipts
        with pytest.raises(Problem) as refusal:
            await world.post(Role.AUTHORITY, "/v1/directory", recorded)
        assert refusal.value.name == "replayed-request"
        random.shuffle(entries)
        assert await deposit(world, *entries) == first

    run(story())
