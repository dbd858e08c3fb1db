"""Mixing: who waits for whom, in which order, and what happens when it fails (C2)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from escrow.operator import mixer as mixing
from escrow.operator.deduplication import REPEAT_SECONDS, Deduplicator
from escrow.operator.errors import TooFewVisitors
from escrow.operator.mixer import Mixer
from protocol.primitives.errors import ReplayedRequest
from tests.support.running import run

EPOCH = 20_000


class Authority:
    """Remembers the batches it was sent and answers each request with itself, reversed."""

    def __init__(self) -> None:
        self.batches: list[list[bytes]] = []

    async def answer(self, epoch: int, requests: list[bytes]) -> Sequence[bytes]:
        self.batches.append(requests)
        return [request[::-1] for request in requests]


def requests_of(account: int) -> list[bytes]:
    return [b"%d request %d" % (account, place) for place in range(5)]


async def submit_all(mixer: Mixer, accounts: Sequence[int]) -> list[list[bytes] | BaseException]:
    submissions = (mixer.submit(EPOCH, bytes([one]), requests_of(one)) for one in accounts)
    return await asyncio.gather(*submissions, return_exceptions=True)


def test_everyone_gets_the_answers_to_their_own_requests_in_order() -> None:
    authority = Authority()
    answers = run(submit_all(Mixer(3, 0.05, authority.answer), range(6)))
    assert answers == [[request[::-1] for request in requests_of(one)] for one in range(6)]


def test_c2_the_batch_is_shuffled_across_visitors() -> None:
    authority = Authority()
    run(submit_all(Mixer(3, 0.05, authority.answer), range(6)))
    (batch,) = authority.batches
    in_order = [request for one in range(6) for request in requests_of(one)]
    assert sorted(batch) == sorted(in_order)
    assert batch != in_order  # one chance in 30! of being wrong


@pytest.mark.parametrize("accounts", [[1], [1, 2], [1, 1, 1], [1, 2, 2, 1]])
def test_c2_too_few_accounts_are_sent_nowhere(accounts: list[int]) -> None:
    authority = Authority()
    answers = run(submit_all(Mixer(3, 0.05, authority.answer), accounts))
    assert [type(answer) for answer in answers] == [TooFewVisitors] * len(accounts)
    assert authority.batches == []


def test_epochs_are_not_mixed_with_each_other() -> None:
    async def story() -> list[object]:
        mixer = Mixer(3, 0.05, Authority().answer)
        return await asyncio.gather(
            *(mixer.submit(EPOCH + one % 2, bytes([one]), requests_of(one)) for one in range(4)), return_exceptions=True
        )

    assert [type(answer) for answer in run(story())] == [TooFewVisitors] * 4


def test_a_failure_reaches_everyone() -> None:
    async def fail(epoch: int, requests: list[bytes]) -> Sequence[bytes]:
        raise OSError("the authority is gone")

    answers = run(submit_all(Mixer(2, 0.05, fail), range(3)))
    assert [type(answer) for answer in answers] == [OSError] * 3


def test_answers_that_are_too_few_reach_nobody() -> None:
    async def forget(epoch: int, requests: list[bytes]) -> Sequence[bytes]:
        return requests[:-1]

    answers = run(submit_all(Mixer(2, 0.05, forget), range(3)))
    assert [type(answer) for answer in answers] == [ValueError] * 3


def test_a_full_batch_leaves_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixing, "BATCH_REQUESTS", 12)
    authority = Authority()
    answers = run(submit_all(Mixer(2, 0.05, authority.answer), range(5)))
    assert [len(batch) for batch in authority.batches] == [10, 10]
    assert [type(answer) for answer in answers] == [list] * 4 + [TooFewVisitors]


def test_closing_refuses_those_who_wait_and_those_who_come() -> None:
    async def story() -> list[list[bytes] | BaseException]:
        mixer = Mixer(2, 3600, Authority().answer)
        waiting = asyncio.create_task(submit_all(mixer, range(3)))
        await asyncio.sleep(0.01)
        mixer.close()
        async with asyncio.timeout(60):
            return await waiting + await submit_all(mixer, [3])

    assert [type(answer) for answer in run(story())] == [TooFewVisitors] * 4


class Asked:
    """Asks once it is told to, and counts how often it was asked."""

    def __init__(self) -> None:
        self.times = 0
        self.now = asyncio.Event()

    async def ask(self) -> list[bytes]:
        self.times += 1
        await self.now.wait()
        return [b"answer"]


def test_c2_a_repeat_joins_the_request_that_is_under_way() -> None:
    async def story() -> None:
        repeats, asked = Deduplicator(), Asked()
        first, again = (asyncio.create_task(repeats.once(requests_of(1), asked.ask)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()  # whoever leaves takes nothing from the other
        asked.now.set()
        assert await again == [b"answer"]
        assert asked.times == 1

    run(story())


def test_c2_a_repeat_after_the_answer_is_refused_for_as_long_as_it_is_known() -> None:
    async def story() -> None:
        moment = 0.0
        repeats, asked = Deduplicator(lambda: moment), Asked()
        asked.now.set()
        for moment in (0, REPEAT_SECONDS - 1, 2 * REPEAT_SECONDS - 2):
            await repeats.once(requests_of(int(moment)), asked.ask)
        with pytest.raises(ReplayedRequest):
            await repeats.once(requests_of(REPEAT_SECONDS - 1), asked.ask)
        await repeats.once(requests_of(3), asked.ask)
        assert asked.times == 4
        moment += 2 * REPEAT_SECONDS
        await repeats.once(requests_of(3), asked.ask)  # a memory that ends

    run(story())


def test_c2_a_repeat_of_a_request_that_failed_is_refused() -> None:
    """It may have reached the authority all the same."""

    async def fail() -> list[bytes]:
        raise OSError("the authority is gone")

    async def story() -> list[object]:
        repeats = Deduplicator()
        return [await asyncio.gather(repeats.once([b"1"], fail), return_exceptions=True) for _ in range(2)]

    assert [[type(error) for error in errors] for errors in run(story())] == [[OSError], [ReplayedRequest]]  # type: ignore[attr-defined]
