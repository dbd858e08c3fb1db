"""The bench on which a door is tried: for each check an empty door of one venue, and domains whose keys are known here.

Spec: §3.8.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Any

from conformance.check import Check, sentence
from conformance.driven import Driven, Refused, answers_read, result_of
from conformance.errors import Failed
from conformance.parties import NOW, TODAY, OpenEpoch, Parties, found_domain, open_epoch
from protocol.check_ins import CheckInMessage, Direction, sign_check_in
from protocol.epochs import Role
from protocol.http_messages import Decision
from protocol.passes import OwnedPass, Pass, pass_signing_input
from protocol.primitives.group import B, Scalar
from protocol.primitives.signatures import SigningKey
from protocol.qr_text import to_qr_text

TOLERANCE = 30
NUMBER, OTHER_NUMBER = 7, 8


@dataclass
class DoorDomain:
    """A domain of which a door may take codes, and its open epochs."""

    parties: Parties
    epochs: dict[int, OpenEpoch] = field(default_factory=dict)

    @classmethod
    def found(cls, number: int = NUMBER) -> DoorDomain:
        """A new domain."""
        return cls(found_domain(number))

    def epoch(self, epoch: int = TODAY) -> OpenEpoch:
        """An epoch, which is opened if it is not yet."""
        if epoch not in self.epochs:
            self.epochs[epoch] = open_epoch(self.parties, epoch)
        return self.epochs[epoch]

    def new_pass(
        self, epoch: OpenEpoch | None = None, u: bytes | None = None, signed_by: SigningKey | None = None
    ) -> OwnedPass:
        """A pass of today or another epoch; `u` and `signed_by` stand in the place of what they should be."""
        opened, r = epoch or self.epoch(), Scalar.random()
        key = opened.key
        point, v = bytes(r * B) if u is None else u, bytes(Scalar.random() * B)
        signing_key = signed_by or opened.secrets[Role.AUTHORITY].pass_signing_key
        return OwnedPass(Pass(point, v, signing_key.sign(pass_signing_input(key, point, v)).signature), r)

    def pinned(self) -> Mapping[str, Any]:
        """What a door pins of the domain."""
        domain = self.parties.domain
        keys = {role.name.lower(): {"key": bytes(domain.identity_key(role)).hex()} for role in Role}
        numbers = {"number": domain.number, "utc_offset": domain.utc_offset, "allowance": domain.allowance}
        return {**numbers, **keys, "tolerance": TOLERANCE}


@dataclass
class Tested:
    """A door, and the domain that it takes codes of unless a check says otherwise; `now` is what its clock says."""

    driven: Driven
    domain: DoorDomain
    venue_id: bytes = field(default_factory=lambda: token_bytes(16))
    now: int = NOW

    async def ask(self, do: str, **values: Any) -> Any:
        """The result of a request; raises `Failed` if the door refuses."""
        try:
            return await result_of(self.driven, {"do": do, "now": self.now, **values})
        except Refused as refused:
            raise Failed(f"{do}: refused with {refused}") from None

    async def begin(self, *domains: DoorDomain) -> None:
        """Have the door begin with nothing but these domains."""
        await self.ask("begin", venue=self.venue_id.hex(), domains=[domain.pinned() for domain in domains])

    async def learn(self, epoch: OpenEpoch, **instead: bytes) -> None:
        """Give the door both statements of an epoch, or others instead. It may refuse them at once."""
        statements = {role.name.lower(): epoch.statements[role].hex() for role in Role}
        statements |= {party: statement.hex() for party, statement in instead.items()}
        number = epoch.key.domain.number
        request = {"do": "learn", "now": self.now, "domain": number, "epoch": epoch.key.epoch, **statements}
        await self.driven.ask(request)

    async def decide(self, text: str) -> str:
        """What the door says to the text of a code."""
        return await self._decision("decide", text=text)

    async def receive(self, message: bytes) -> str:
        """What the door says to a check-in that was sent to its venue."""
        return await self._decision("receive", message=message.hex())

    async def _decision(self, do: str, **values: Any) -> str:
        return Decision[(await self.ask(do, **values))["decision"]].name

    async def expect(self, decision: Decision, shown: str | CheckInMessage) -> None:
        """Demand a decision on a code that is shown."""
        said = await self.decide(shown if isinstance(shown, str) else to_qr_text(shown))
        if said != decision.name:
            raise Failed(f"the door said {said}; expected {decision.name}")

    def entry(self, owned: OwnedPass, direction: Direction = Direction.ENTRY) -> CheckInMessage:
        """A check-in with a pass of today, signed for this moment."""
        return sign_check_in(self.domain.epoch().key, owned, self.now, direction)


@dataclass
class Bench:
    """Makes the tested door of each check."""

    driven: Driven


Run = Callable[[Tested], Awaitable[None]]


class DoorChecks(list[Check[Bench]]):
    """The checks of one subject."""

    def add(self, identifier: str, requirement: str = "") -> Callable[[Run], Run]:
        """Add a coroutine function as a check of a door that has nothing yet; its docstring is the requirement."""

        def register(run: Run) -> Run:
            async def run_fresh(bench: Bench) -> None:
                with answers_read():
                    await run(Tested(bench.driven, DoorDomain.found()))

            self.append(Check(identifier, requirement or sentence(run), (), run_fresh))
            return run

        return register


async def open_door(tested: Tested) -> None:
    """Have the door begin with its domain and the keys of today."""
    await tested.begin(tested.domain)
    await tested.learn(tested.domain.epoch())
