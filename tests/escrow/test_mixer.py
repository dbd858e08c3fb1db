"""Mixing: who waits for whom, in which order, and what happens when it fails (C2)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from escrow.operator import mixer as mixing
from escrow.operator.mixer import Mixer, NotSent
from tests.escrow.world import run

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
    assert [type(answer) for answer in answers] == [NotSent] * len(accounts)
    assert authority.batches == []


def test_epochs_are_not_mixed_with_each_other() -> None:
    async def story() -> list[object]:
        mixer = Mixer(3, 0.05, Authority().answer)
        return await asyncio.gather(
            *(mixer.submit(EPOCH + one % 2, bytes([one]), requests_of(one)) for one in range(4)), return_exceptions=True
        )

    assert [type(answer) for answer in run(story())] == [NotSent] * 4


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
    assert [type(answer) for answer in answers] == [list] * 4 + [NotSent]


def test_closing_refuses_those_who_wait() -> None:
    async def story() -> list[list[bytes] | BaseException]:
        mixer = Mixer(2, 60, Authority().answer)
        waiting = asyncio.create_task(submit_all(mixer, range(3)))
        await asyncio.sleep(0.01)
        mixer.close()
        return await waiting

    assert [type(answer) for answer in run(story())] == [NotSent] * 3
