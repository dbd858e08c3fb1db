"""The ways in which a network is bad."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from tests.faults.proxy import Answered, Asked, Gone, Losing, Manner, Reordering, Repeating, Slow, Stalled


class Server:
    """Answers every request with its own body, and remembers the order in which they came."""

    def __init__(self) -> None:
        self.came: list[bytes] = []

    async def forward(self, asked: Asked) -> Answered:
        self.came.append(asked.body)
        return Answered(200, {}, asked.body)

    async def ask(self, manner: Manner, *bodies: bytes) -> list[bytes | BaseException]:
        """The answers to requests that are sent at the same time, in this order."""
        asked = [Asked("operator", "POST", "/", {}, body) for body in bodies]
        answers = await asyncio.gather(*(manner.pass_on(one, self.forward) for one in asked), return_exceptions=True)
        return [answer.body if isinstance(answer, Answered) else answer for answer in answers]


@pytest.mark.parametrize("manner", [Manner(), Slow(Random(1), 0.01), Stalled(0.01), Repeating(), Reordering(0.05)])
def test_everyone_gets_an_own_answer(manner: Manner) -> None:
    assert asyncio.run(Server().ask(manner, b"1", b"2", b"3")) == [b"1", b"2", b"3"]
    assert (manner.disturbed > 0) == (type(manner) is not Manner)


def test_repeating_sends_twice() -> None:
    server = Server()
    asyncio.run(server.ask(Repeating(), b"1"))
    assert server.came == [b"1", b"1"]


def test_reordering_lets_the_later_one_pass() -> None:
    server = Server()

    async def story() -> None:
        await server.ask(Reordering(5), b"1", b"2")
        await asyncio.sleep(0.01)

    asyncio.run(story())
    assert server.came == [b"2", b"1", b"1"]


def test_losing_loses_requests_and_answers() -> None:
    server, bodies = Server(), [bytes([number]) for number in range(100)]
    answers = asyncio.run(server.ask(Losing(Random(1)), *bodies))
    lost = sum(isinstance(answer, Gone) for answer in answers)
    assert 0 < 100 - len(server.came) < lost < 100
