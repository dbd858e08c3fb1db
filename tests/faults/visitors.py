"""The load that visitors make: they enrol, fetch passes, go in and out; and somebody guesses codes."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from contextlib import suppress

from client.errors import NoPassLeft, NoVisit, VisitorError
from client.papers import print_papers
from client.posters import read_poster
from client.visits import check_in, check_out, group_to_leave, open_entry, open_exits
from lab.town import Person
from protocol.handles import register_handle
from protocol.http_messages import Decision, VerificationAnswer, VerificationRequest
from protocol.passes import request_allowance
from protocol.primitives.encoding import Message
from protocol.warrants import Venue
from service.http_client import call
from service.problems import Problem, Unreachable
from tests.faults.running_town import RunningTown
from venue.code_text import parse_code
from venue.poster import poster_text
from venue.remote import RemoteDoor

NEWCOMERS, GUESTS = 3, 3
"""How many people enrol, and how many go in and out, at the same time."""
STOCK = 8
"""So many people with passes are kept ready, for when no party answers; who came first makes room for newcomers."""
TRIES = 4
GREED = 6
"""How often one account asks for the passes of a day: twice as often as it may."""
GUESSES = 8
"""How often each code is guessed at once: more than is allowed."""
TROUBLE = (Problem, Unreachable, VisitorError)


class Visitors:
    """People whose phones are objects of this process. `came` counts what they achieved.

    Their clocks are `ahead` by so many seconds; `link` is that of the venue's poster.
    """

    def __init__(self, running: RunningTown) -> None:
        self._running_town = running
        self._place = running.town.places[0]
        self._ready: list[Person] = []
        self._guessers = itertools.count()
        self.came: Counter[str] = Counter()
        self.ahead = 0
        _, self.link = poster_text(self._place.venue)
        registered = self._place.membership.registered.to_bytes()
        self._venue: Venue = read_poster(running.town.settings.domain, self.link, registered)

    async def until(self, stop: asyncio.Event) -> None:
        """Come and go until `stop`."""
        async with asyncio.TaskGroup() as group:
            for _ in range(NEWCOMERS):
                group.create_task(self._newcomers(stop))
            for _ in range(GUESTS):
                group.create_task(self._guests(stop))
            group.create_task(self._greedy(stop))
            group.create_task(self._guesser(stop))

    def somebody(self) -> Person | None:
        """One of those who have passes, if there are any just now."""
        return self._running_town.random.choice(self._ready) if self._ready else None

    def are_many(self) -> bool:
        """Whether there are people with passes for a while in which nobody gets any."""
        return len(self._ready) >= STOCK // 2

    async def probe(self) -> bool:
        """Whether newcomers get passes and a guest comes in, just now."""
        before = Counter(self.came)
        await asyncio.gather(*(self._newcomer() for _ in range(2)))
        person = self.somebody()
        if person is not None:
            with suppress(*TROUBLE):
                if await self._by_poster(person) is Decision.ADMITTED:
                    self.came["admitted"] += 1
        return all(self.came[what] > before[what] for what in ("fetched", "admitted"))

    async def _newcomers(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self._newcomer()
            while len(self._ready) > STOCK:
                self._ready.pop(0)

    async def _newcomer(self) -> None:
        """Enrol, ask for passes, and ask again out of the reserve."""
        try:
            person = await self._running_town.town.enrol(self._running_town.session)
        except TROUBLE:
            await self._running_town.pause(0.2)
            return
        self.came["enrolled"] += 1
        person.visitor.clock = self._clock
        for _ in range(TRIES):
            try:
                await self._running_town.town.fetch_passes(self._running_town.session, person)
            except TROUBLE:
                await self._running_town.pause(0.2)
            else:
                self.came["fetched"] += 1
                self._ready.append(person)
                return

    async def _guests(self, stop: asyncio.Event) -> None:
        random = self._running_town.random
        while not stop.is_set():
            await self._running_town.pause(0.15)
            if not self._ready:
                continue
            person = self._ready.pop(random.randrange(len(self._ready)))
            try:
                decision = await random.choice((self._by_code, self._by_poster, self.by_paper, self._leave))(person)
            except NoPassLeft:
                continue
            except TROUBLE:
                pass
            else:
                if decision is Decision.ADMITTED:
                    self.came["admitted"] += 1
            self._ready.append(person)

    async def _by_code(self, person: Person) -> Decision:
        screen = await asyncio.to_thread(open_entry, person.visitor)
        self._running_town.oracle.show(screen.stored.u)
        return await self._read(screen.text(person.visitor.clock()))

    async def by_paper(self, person: Person) -> Decision:
        """Somebody comes with a paper that this person has printed; and perhaps another one with a copy."""
        (paper,) = await asyncio.to_thread(print_papers, person.visitor, self._running_town.town.today, 1)
        self._running_town.oracle.show(parse_code(paper).u)
        decision = await self._read(paper)
        if decision is Decision.ADMITTED:
            self.came["admitted by paper"] += 1
        if self._running_town.random.random() < 0.5:
            await self._read(paper)
        return decision

    async def _by_poster(self, person: Person) -> Decision:
        people = self._running_town.random.choice((1, 1, 2))
        return await check_in(person.visitor, self._running_town.session, self._venue, people)

    async def _leave(self, person: Person) -> Decision:
        visitor = person.visitor
        try:
            group = group_to_leave(visitor)
        except NoVisit:
            return await self._by_poster(person)
        if group[0].venue is not None:
            return await check_out(visitor, self._running_town.session, group)
        (screen,) = await asyncio.to_thread(open_exits, visitor, group)
        return await self._read(screen.text(visitor.clock()))

    async def _read(self, text: str) -> Decision:
        """Show a code to a reader, which asks the venue's server again if it does not answer."""
        door = RemoteDoor(self._running_town.session, self._place.url, self._place.token)
        for _ in range(TRIES - 1):
            try:
                return (await door.decide_text(text)).decision
            except (Problem, Unreachable):
                await self._running_town.pause(0.1)
        return (await door.decide_text(text)).decision

    def _clock(self) -> int:
        return int(time.time()) + self.ahead

    async def _greedy(self, stop: asyncio.Event) -> None:
        """Somebody whose program asks for passes more often than an account may."""
        running = self._running_town
        while not stop.is_set():
            await running.pause(0.2)
            with suppress(*TROUBLE):
                visitor = (await running.town.enrol(running.session)).visitor
                epoch, account = running.town.today, visitor.account().session
                epoch_key = await visitor.epochs.fetch(running.session, epoch)
                if epoch_key is None:
                    continue
                h, registration = register_handle(epoch_key, account.account_id)
                await self._post("/v1/handles", registration, account.token)
                for _ in range(GREED):
                    if not stop.is_set():
                        await self._post("/v1/passes", request_allowance(epoch_key, h)[1], account.token)

    async def _guesser(self, stop: asyncio.Event) -> None:
        """Has codes sent to a phone that is not at hand, and guesses."""
        while not stop.is_set():
            phone = f"+8210{50_000_000 + next(self._guessers)}"
            for _ in range(self._running_town.random.randrange(1, 13)):
                await asyncio.gather(self._post("/v1/verifications", VerificationRequest(phone)))
                guesses = [f"{self._running_town.random.randrange(10**6):06}" for _ in range(GUESSES)]
                answers = [VerificationAnswer(phone, guess, "아무개") for guess in guesses]
                await asyncio.gather(*(self._post("/v1/sessions", answer) for answer in answers))
                await self._running_town.pause(0.3)
                if stop.is_set():
                    return

    async def _post(self, path: str, message: Message, token: bytes | None = None) -> None:
        """Ask the operator for something, whatever becomes of it."""
        with suppress(*TROUBLE):
            await call(
                self._running_town.session, "POST", self._running_town.town.settings.operator.url + path, message, token
            )
