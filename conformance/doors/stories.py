"""The stories of the test vectors: codes one after the other, and what a door says to each. Spec: §3.8."""

from __future__ import annotations

import re

from conformance.doors.bench import DoorChecks, Tested
from conformance.driven import Values
from conformance.errors import Failed
from conformance.vectors.door_decisions import TOLERANCE, Shown, stories
from conformance.vectors.world import DOMAIN, EPOCH, STATEMENTS, VENUE
from protocol.epochs import Role

checks = DoorChecks()


def pinned() -> Values:
    """What the door pins of the domain of the vectors."""
    keys = {role.name.lower(): {"key": bytes(DOMAIN.identity_key(role)).hex()} for role in Role}
    numbers = {"number": DOMAIN.number, "utc_offset": DOMAIN.utc_offset, "allowance": DOMAIN.allowance}
    return {**numbers, **keys, "tolerance": TOLERANCE}


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9 ]", "", name).replace(" ", "-")


async def _tell(tested: Tested, story: list[Shown]) -> None:
    tested.now = story[0].clock
    await tested.ask("begin", venue=VENUE.venue_id.hex(), domains=[pinned()])
    statements = {role.name.lower(): statement.hex() for role, statement in STATEMENTS.items()}
    await tested.ask("learn", domain=DOMAIN.number, epoch=EPOCH, **statements)
    for number, shown in enumerate(story, start=1):
        tested.now = shown.clock
        is_sent = re.fullmatch("[0-9a-f]+", shown.code)
        said = await (tested.receive(bytes.fromhex(shown.code)) if is_sent else tested.decide(shown.code))
        if said != shown.decision.name:
            raise Failed(f"code {number} of {len(story)}: the door said {said}; expected {shown.decision.name}")


for _name, _story in stories().items():

    @checks.add(f"3.8/{_slug(_name)}", f"Decides as door-decisions.json does: {_name}.")
    async def _told(tested: Tested, story: list[Shown] = _story) -> None:
        await _tell(tested, story)
