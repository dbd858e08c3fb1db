"""The bench on which a client is tried: for each check a new wallet, and new parties that can be made to lie."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from conformance.check import Check, sentence
from conformance.driven import Driven, Refused, Values, answers_read, result_of
from conformance.errors import Failed
from conformance.imitated import ALLOWANCE, Asked, ImitatedParties
from conformance.parties import TODAY, UTC_OFFSET
from protocol.check_ins import CheckIn, CheckInMessage, verify_check_in
from protocol.epochs import EPOCH_SECONDS, Role
from protocol.qr_text import from_qr_text

MORNING = TODAY * EPOCH_SECONDS - UTC_OFFSET + 8 * 3600
"""When each check begins: early enough that every step that is due is due on the same day."""
BASIC = "3.7/allowance"
"""The check that a client gets passes at all, which all others need."""
LONGEST_WAIT = 10_800
"""The longest time that a client draws for a day that has begun (§3.7)."""
NO_ANSWER = frozenset({"Problem", "Unreachable"})
"""What a client may say of a server that answers with something else than it should."""
PHONE, OTHER_PHONE, NAME, CODE = "+821012345678", "+821087654321", "홍길동", "271828"
WITH_SESSION = frozenset({"operator POST /v1/handles", "operator POST /v1/passes"})
"""The requests that carry the session's token (§5.3)."""


@dataclass(frozen=True)
class Wallet:
    """What a client says that it holds: see README.md."""

    passes: dict[int, int]
    visits: tuple[Values, ...]
    papers: tuple[str, ...]
    notices: tuple[Values, ...]
    openings: tuple[Values, ...]

    @classmethod
    def of(cls, said: Values) -> Wallet:
        """The answer to `wallet`."""
        passes = {int(epoch): int(left) for epoch, left in said["passes"].items() if left}
        lists = (tuple(said[name]) for name in ("visits", "papers", "notices", "openings"))
        return cls(passes, *lists)


@dataclass
class Tested:
    """A client with an empty wallet, beside its own parties; `now` is what its clock says."""

    driven: Driven
    parties: ImitatedParties = field(default_factory=lambda: ImitatedParties(MORNING))
    now: int = MORNING

    @property
    def lines(self) -> list[str]:
        """The requests that the servers have received, as `SERVER METHOD PATH`."""
        return [str(asked) for asked in self.parties.asked]

    async def ask(self, do: str, **values: Any) -> Any:
        """The result of a request; raises `Failed` if the client refuses."""
        try:
            return await self._ask(do, values)
        except Refused as refused:
            raise Failed(f"{do}: refused with {refused}") from None

    async def refuses(self, errors: str | AbstractSet[str], do: str, **values: Any) -> None:
        """Demand that a request is refused, with this error or one of these."""
        wanted = {errors} if isinstance(errors, str) else errors
        try:
            await self._ask(do, values)
        except Refused as refused:
            expect(str(refused) in wanted, f"{do}: refused with {refused}; expected {' or '.join(sorted(wanted))}")
        else:
            raise Failed(f"{do}: accepted; expected {' or '.join(sorted(wanted))}")

    async def _ask(self, do: str, values: Mapping[str, Any]) -> Any:
        return await result_of(self.driven, {"do": do, "now": self.now, **values})

    async def begin(self) -> None:
        """Have the client begin with an empty wallet in this domain."""
        domain = self.parties.domain
        parties = {
            role.name.lower(): {
                "key": bytes(domain.identity_key(role)).hex(),
                "url": self.parties.urls[role.name.lower()],
            }
            for role in Role
        }
        numbers = {"number": domain.number, "utc_offset": domain.utc_offset, "allowance": domain.allowance}
        await self.ask("begin", domain={**numbers, **parties})

    async def enrol(self, phone: str = PHONE, name: str = NAME) -> None:
        """Have the client show the operator a code."""
        self.parties.code = CODE
        await self.ask("enrol", phone=phone, name=name, code=CODE)

    async def fetch(self, epoch: int = TODAY) -> None:
        """Have the client do what is due for an epoch."""
        await self.ask("fetch", epoch=epoch)

    async def supply(self, phone: str = PHONE) -> None:
        """Enrol, and fetch the passes of today."""
        await self.enrol(phone)
        await self.fetch()
        await self.holds(ALLOWANCE)

    async def fetch_ahead(self) -> None:
        """Get the passes of tomorrow at the drawn times."""
        for _ in range(3):
            await self.fetch(TODAY + 1)
            self.now += LONGEST_WAIT
        await self.holds(ALLOWANCE, TODAY + 1)

    async def wallet(self) -> Wallet:
        """What the client holds."""
        return Wallet.of(await self.ask("wallet"))

    async def holds(self, passes: int, epoch: int = TODAY) -> None:
        """Demand that there are so many unused passes of an epoch."""
        left = (await self.wallet()).passes.get(epoch, 0)
        expect(left == passes, f"the wallet has {left} unused passes of epoch {epoch}; expected {passes}")

    async def gets_passes_later(self) -> None:
        """Demand that at its next drawn times the client registers and gets the passes of today."""
        for _ in range(2):
            self.now += LONGEST_WAIT
            await self.fetch()
            if (await self.wallet()).passes.get(TODAY) == ALLOWANCE:
                return
        await self.holds(ALLOWANCE)

    async def show(self, people: int = 1) -> list[str]:
        """The texts of a new opening of the screen."""
        return self._texts("show", await self.ask("show", people=people), people)

    async def texts(self, do: str, people: int = 1) -> list[str]:
        """The texts that a request without values results in."""
        return self._texts(do, await self.ask(do), people)

    def _texts(self, do: str, said: Any, count: int) -> list[str]:
        texts: list[str] = said["texts"]
        expect(len(texts) == count, f"{do}: expected {count} texts of codes")
        return texts

    def read(self, text: str, epoch: int = TODAY) -> CheckIn:
        """The check-in of a text; raises what the protocol says to it."""
        return self.verify(from_qr_text(text), epoch)

    def verify(self, message: CheckInMessage, epoch: int = TODAY) -> CheckIn:
        """The check-in of a message."""
        return verify_check_in(self.parties.epoch(epoch).key, message)

    @property
    def link(self) -> str:
        """The link of the venue's poster."""
        return f"{self.parties.urls['venue']}/v/{self.parties.venue().venue_id.hex()}"

    @contextmanager
    def nothing_sent(self, *but: str) -> Iterator[None]:
        """Demand that no server receives anything meanwhile, except these requests."""
        before = len(self.parties.asked)
        yield
        sent = [line for line in self.lines[before:] if line not in but]
        expect(not sent, f"sent {', '.join(sent[:3])}; expected nothing")

    @contextmanager
    def only_asking(self) -> Iterator[None]:
        """Demand that no server is sent anything but questions meanwhile: nothing is registered or checked in."""
        before = len(self.parties.asked)
        yield
        sent = [str(asked) for asked in self.parties.asked[before:] if asked.method != "GET"]
        expect(not sent, f"sent {', '.join(sent[:3])} after what does not hold")

    @contextmanager
    def lying(self, **knobs: Any) -> Iterator[None]:
        """Set some of the parties' knobs, and set them back."""
        honest = {name: getattr(self.parties, name) for name in knobs}
        for name, value in knobs.items():
            setattr(self.parties, name, value)
        yield
        for name, value in honest.items():
            setattr(self.parties, name, value)


@dataclass
class Bench:
    """Makes the tested client of each check."""

    driven: Driven

    @asynccontextmanager
    async def fresh(self) -> AsyncIterator[Tested]:
        """A client with an empty wallet and parties that run."""
        tested = Tested(self.driven)
        async with _served(tested.parties):
            await tested.begin()
            yield tested


Run = Callable[[Tested], Awaitable[None]]


class ClientChecks(list[Check[Bench]]):
    """The checks of one subject, all of which need others."""

    def __init__(self, *needs: str) -> None:
        super().__init__()
        self._needs = needs

    def add(self, identifier: str, *needs: str, requirement: str = "") -> Callable[[Run], Run]:
        """Add a coroutine function as a check; its docstring is the requirement unless one is given."""

        def register(run: Run) -> Run:
            async def run_fresh(bench: Bench) -> None:
                async with bench.fresh() as tested:
                    with answers_read():
                        await run(tested)

            self.append(Check(identifier, requirement or sentence(run), (*self._needs, *needs), run_fresh))
            return run

        return register


def expect(holds: object, seen: str) -> None:
    """Raise `Failed` with what was seen unless something holds."""
    if not holds:
        raise Failed(seen)


def headers_of(asked: Collection[Asked], line: str) -> dict[str, str]:
    """The headers of the last request like this, in lower case, without the server's own name."""
    last = [one for one in asked if str(one) == line][-1]
    return {name.lower(): value for name, value in last.headers.items() if name.lower() != "host"}


@asynccontextmanager
async def _served(parties: ImitatedParties) -> AsyncIterator[None]:
    """Serve the parties on free ports of this machine."""
    runners = []
    try:
        for name, app in parties.apps().items():
            runners.append(web.AppRunner(app, access_log=None, shutdown_timeout=1, auto_decompress=False))
            await runners[-1].setup()
            await web.TCPSite(runners[-1], "127.0.0.1", 0).start()
            parties.urls[name] = f"http://127.0.0.1:{runners[-1].addresses[0][1]}"
        yield
    finally:
        await asyncio.gather(*(runner.cleanup() for runner in runners))
