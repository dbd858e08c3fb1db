"""A5: a photo of a poster on the web, and 400,000 remote check-ins at one event."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

from protocol.check_ins import CheckInMessage, Direction, sign_check_in
from protocol.http_messages import Decision, DoorAnswer
from protocol.passes import OwnedPass, Pass
from protocol.primitives.group import B, Scalar
from service.http_client import call, new_session
from tests.attacks.refusals import refusal
from tests.support.running import run
from tests.support.town import Town
from tests.support.venues import only


def test_a05_remote_check_ins_cost_passes(town: Town) -> None:
    """The attacker has one phone and a poster's photo: it uses each pass often, changes it, invents others, and asks
    the operator for more as often as it can.

    Happened: luca, April 2021. Answer: an account gets a limited number of passes an epoch, each good for one entry
    (§3.8, §5.3).
    """
    club, world = town.open_venue(), town.world
    venue = town.venue(club)

    async def attack() -> tuple[Counter[Decision], list[str]]:
        decisions: Counter[Decision] = Counter()
        key = await world.epoch_key()
        people = [await world.enrol(number) for number in (1, 2)]
        secrets = [(await world.register(one, key))[0] for one in people]
        passes: list[OwnedPass] = []
        for _ in range(world.operator.settings.requests_per_epoch):
            mine, _ = await asyncio.gather(*(world.fetch(one, key, h) for one, h in zip(people, secrets, strict=True)))
            passes += mine
        asked_again = [await refusal(world.fetch(people[0], key, secrets[0])) for _ in range(3)]
        async with new_session() as session:

            async def send(message: CheckInMessage) -> None:
                answer = await call(session, "POST", f"{venue.url}/v1/check-ins", message)
                decisions[DoorAnswer.from_bytes(answer).decision] += 1

            for owned in passes:
                honest = sign_check_in(key, owned, town.now, Direction.ENTRY, venue.venue_id)
                again = sign_check_in(key, owned, town.now + 15, Direction.ENTRY, venue.venue_id)
                await asyncio.gather(*(send(one) for one in [honest] * 10 + [again] * 10))
                await send(replace(honest, time=honest.time - 15))
            for _ in range(50):
                r = Scalar.random()
                u = bytes(r * B)
                invented = OwnedPass(Pass(u, passes[0].public.v, passes[0].public.signature), r)
                await send(sign_check_in(key, invented, town.now, Direction.ENTRY, venue.venue_id))
        return decisions, asked_again

    decisions, asked_again = run(attack())
    allowed = world.settings.allowance * world.operator.settings.requests_per_epoch
    assert decisions == {
        Decision.ADMITTED: allowed,
        Decision.ALREADY_SPENT: 19 * allowed,
        Decision.FORGED: allowed + 50,
    }
    assert asked_again == ["allowance-used"] * 3
    assert [(day.entries, day.exits) for day in only(club.venue).store.days()] == [(allowed, 0)]


def test_a05_a_door_without_scan_mode_takes_nothing_from_afar(town: Town) -> None:
    """The attacker posts a present-mode check-in, whose pass is good, to the venue's server from its sofa.

    Happened: as above. Answer: without a venue in its label a check-in is taken from the venue's readers alone (§5.5).
    """
    club, world = town.open_venue(), town.world

    async def attack() -> list[str]:
        (_, passes), _ = await world.visitors_with_passes(2)
        shown = sign_check_in(await world.epoch_key(), passes[0], town.now, Direction.ENTRY)
        async with new_session() as session:
            url = f"{club.url}/v1/check-ins"
            return [await refusal(call(session, "POST", url, shown, token)) for token in (None, bytes(32))]

    assert run(attack()) == ["unauthenticated"] * 2
    assert only(club.venue).store.days() == []
