"""A33: the authority keeps something from some visitors, and watches who comes back, and when (C2)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sql
from aiohttp import ClientSession

from client.errors import PassesWithheld, VisitorError
from client.passes import fetch_passes
from client.visitor import Visitor
from client.wallet_contents import Day
from escrow.authority.deposits import Deposit
from protocol.handles import DirectoryEntry
from protocol.passes import AllowanceRequest, IssueBatch, PassAnswers, issue_batch
from protocol.primitives.group import POINT_BYTES
from service.problems import Problem
from tests.support.running import online
from tests.support.town import Town

PEOPLE = 4
Owners = dict[bytes, int]
"""Whose each `u0` is: what the authority wants to know, and a test does."""


def patient_visitors(town: Town) -> list[Visitor]:
    """Visitors who go by drawn times."""
    visitors = []
    for _ in range(PEOPLE):
        home: Path = town.enrol().home
        settings = home / "settings.toml"
        settings.write_text(settings.read_text().replace("at_once = true\n", ""))
        visitors.append(Visitor(home, b"passphrase", lambda: town.now))
    return visitors


def timers_run(town: Town, visitors: Sequence[Visitor], epoch: int, coming: int) -> None:
    """Every visitor's timer runs at the same moment; so many of them will ask for passes."""

    async def fetch(session: ClientSession, visitor: Visitor) -> None:
        with suppress(VisitorError, Problem):
            await fetch_passes(visitor, session, epoch)

    async def all_fetch(session: ClientSession) -> None:
        await asyncio.gather(*(fetch(session, visitor) for visitor in visitors))

    with town.world.asking.announce(coming):
        online(all_fetch)


def day_of(visitor: Visitor, epoch: int) -> Day:
    day = visitor.wallet().day(epoch)
    assert day is not None
    return day


def when_all_are_due(town: Town, visitors: Sequence[Visitor], epoch: int) -> None:
    town.world.now = max(day_of(visitor, epoch).next_at for visitor in visitors)


def asked(town: Town) -> list[AllowanceRequest]:
    """What the operator was asked for; the authority sees how much it is, and no more."""
    return [
        AllowanceRequest.from_bytes(seen.body)
        for seen in town.traffic
        if (seen.server, seen.path) == ("operator", "/v1/passes")
    ]


def answer_two(are_one_visitors: bool, owners: Callable[[], Owners]) -> Callable[..., PassAnswers]:
    """An authority that answers two requests of a batch and sends decoys for all others."""

    def answer(key: object, pass_key: object, batch: IssueBatch, **options: object) -> PassAnswers:
        honest = issue_batch(key, pass_key, batch, **options)  # type: ignore[arg-type]
        owner = [owners()[request[:POINT_BYTES]] for request in batch.requests]
        first = 0
        second = next(place for place in range(1, len(owner)) if (owner[place] == owner[first]) is are_one_visitors)
        decoy = bytes(len(honest.answers[0]))
        return PassAnswers(tuple(one if i in {first, second} else decoy for i, one in enumerate(honest.answers)))

    return answer


def returning(town: Town, monkeypatch: pytest.MonkeyPatch, visitors: Sequence[Visitor], epoch: int, one: bool) -> int:
    """How many ask again, when two requests of an epoch were answered that are one visitor's, or are not."""
    town.traffic.clear()

    def owners() -> Owners:
        return {bytes(ask.u0): number for number, all_of in enumerate(asked(town)) for ask in all_of.requests}

    timers_run(town, visitors, epoch, 0)
    when_all_are_due(town, visitors, epoch)
    timers_run(town, visitors, epoch, 0)
    when_all_are_due(town, visitors, epoch)
    with monkeypatch.context() as patch:
        patch.setattr("escrow.authority.server.issue_batch", answer_two(one, owners))
        timers_run(town, visitors, epoch, PEOPLE)
    assert len(asked(town)) == PEOPLE
    came = Counter(len(day_of(visitor, epoch).passes) for visitor in visitors)
    assert came == ({2: 1, 0: PEOPLE - 1} if one else {1: 2, 0: PEOPLE - 2})

    town.traffic.clear()
    left = town.world.settings.domain.epoch_begins(epoch + 1) - town.world.now
    for _ in range(4):
        town.world.now += left // 5
        timers_run(town, visitors, epoch, 0)
    return len(asked(town))


def test_a33_who_comes_back_does_not_tell_whether_two_passes_are_one_visitors(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The authority answers two requests of a batch, sends decoys for the rest, and counts who asks again.

    Found in this design: those who got nothing asked again, and their number told it in 8 of 8 cases. Answer: an answer
    of any kind is the last for its epoch (§3.7).
    """
    visitors, today = patient_visitors(town), town.world.today
    assert returning(town, monkeypatch, visitors, today + 1, one=True) == 0
    assert returning(town, monkeypatch, visitors, today + 3, one=False) == 0


def test_a33_whoever_was_given_fewer_passes_is_told(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authority keeps passes back, and hopes that nobody notices.

    Found in this design: one pass of twelve was a success. Answer: fewer than the allowance are a fault (§3.7).
    """
    one, other = patient_visitors(town)[:2]

    def decoys(key: object, pass_key: object, batch: IssueBatch, **options: object) -> PassAnswers:
        good = issue_batch(key, pass_key, batch, **options).answers  # type: ignore[arg-type]
        return PassAnswers((good[0], *(bytes(len(good[0])) for _ in good[1:])))

    async def fetch(session: ClientSession) -> list[int | BaseException]:
        both = (fetch_passes(visitor, session, town.world.today) for visitor in (one, other))
        return await asyncio.gather(*both, return_exceptions=True)

    monkeypatch.setattr("escrow.authority.server.issue_batch", decoys)
    with town.world.asking.announce(2):
        told = online(fetch)
    counts = [error.count for error in told if isinstance(error, PassesWithheld)]
    assert sorted(counts) == [0, 1]


def test_a33_a_visitor_whose_receipt_alone_was_given_cannot_be_waited_for(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The authority gives one receipt and keeps the others, and has phones of its own wait for the one who can ask.

    Found in this design: clients asked right after their grant, into a batch that the authority had filled. Answer: the
    time of asking is drawn before registering, hours later; those who got no receipt register again at theirs (§3.7).
    """
    visitors, epoch = patient_visitors(town), town.world.today + 3
    timers_run(town, visitors, epoch, 0)
    when_all_are_due(town, visitors, epoch)
    deposits = list[DirectoryEntry]()

    def one_alone(_connection: sql.Connection, new: Sequence[Deposit]) -> list[list[bool]]:
        drawn.append({visitor: day_of(visitor, epoch).next_at for visitor in visitors})
        deposits.extend(entry for one in new for entry in one.batch.entries)
        return [[entry is deposits[0] for entry in one.batch.entries] for one in new]

    drawn: list[dict[Visitor, int]] = []
    registered = town.world.now
    with monkeypatch.context() as patch:
        patch.setattr("escrow.authority.server.deposit", one_alone)
        timers_run(town, visitors, epoch, 0)
    victims = [visitor for visitor in visitors if (day := day_of(visitor, epoch)).pending and day.pending.granted]
    assert len(victims) == 1
    assert {visitor: day_of(visitor, epoch).next_at for visitor in visitors} == drawn[-1]  # before any receipt

    due = min(drawn[-1].values())
    assert due >= registered + 3600
    for town.world.now in range(registered, due, 1200):
        timers_run(town, visitors, epoch, 0)
    sent = Counter(seen.path for seen in town.traffic if (seen.server, seen.method) == ("operator", "POST"))
    assert (sent["/v1/handles"], sent["/v1/passes"]) == (PEOPLE, 0)
