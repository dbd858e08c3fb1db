"""Several domains, restarts, forged signatures and encodings at a door. Spec: §3.4, §3.8, §4.1."""

from __future__ import annotations

from dataclasses import replace

from base45 import b45encode

from conformance.doors.bench import OTHER_NUMBER, DoorChecks, DoorDomain, Tested, open_door
from conformance.forgeries import BAD_POINTS, FORGERIES, MIXED, sign_under_bad_point
from conformance.parties import NOW, TODAY
from conformance.statements import Sign
from protocol.check_ins import CheckInMessage, Direction, label_signing_input, sign_check_in
from protocol.http_messages import Decision
from protocol.passes import PASS_BYTES, OwnedPass
from protocol.primitives.encoding import encode_item
from protocol.primitives.signatures import SigningKey
from protocol.qr_text import PREFIX

checks = DoorChecks()
ADMITTED, FORGED, UNREADABLE = Decision.ADMITTED, Decision.FORGED, Decision.UNREADABLE
EXIT = Direction.EXIT
BAD_KEYS = {name: point for name, (_, point) in BAD_POINTS.items() if point != MIXED}
"""No point, or one of small order. The rule of §3.4 lets others outside the subgroup pass."""


@checks.add("3.8/restart")
async def _restart(tested: Tested) -> None:
    """What was admitted is there after a restart without a warning: it is spent, and may leave."""
    await open_door(tested)
    owned = tested.domain.new_pass()
    await tested.expect(ADMITTED, tested.entry(owned))
    await tested.ask("restart")
    await tested.expect(Decision.ALREADY_SPENT, tested.entry(owned))
    await tested.expect(ADMITTED, tested.entry(owned, EXIT))
    await tested.ask("restart")
    await tested.expect(Decision.ALREADY_SPENT, tested.entry(owned, EXIT))


@checks.add("3.8/two-domains")
async def _two_domains(tested: Tested) -> None:
    """A door takes the codes of each domain that it pins with this domain's keys alone (A36)."""
    other = DoorDomain.found(OTHER_NUMBER)
    await tested.begin(tested.domain, other)
    for domain in (tested.domain, other):
        await tested.learn(domain.epoch())
    moved = replace(tested.entry(tested.domain.new_pass()), domain=OTHER_NUMBER)
    await tested.expect(FORGED, moved)
    for domain in (tested.domain, other):
        await tested.expect(ADMITTED, sign_check_in(domain.epoch().key, domain.new_pass(), NOW, Direction.ENTRY))


@checks.add("3.8/one-pass-in-two-domains")
async def _one_pass(tested: Tested) -> None:
    """A pass that came in in one domain is not spent in another (A36)."""
    await tested.expect(ADMITTED, await _same_pass_elsewhere(tested, Direction.ENTRY))


@checks.add("3.8/exit-in-another-domain")
async def _exit_elsewhere(tested: Tested) -> None:
    """Who came in in one domain does not leave in another (A36)."""
    await tested.expect(Decision.NO_ENTRY, await _same_pass_elsewhere(tested, EXIT))


async def _same_pass_elsewhere(tested: Tested, direction: Direction) -> CheckInMessage:
    """A check-in of another domain with the key of a pass that has come in."""
    other = DoorDomain.found(OTHER_NUMBER)
    await tested.begin(tested.domain, other)
    for domain in (tested.domain, other):
        await tested.learn(domain.epoch())
    here = tested.domain.new_pass()
    there = OwnedPass(other.new_pass(u=here.public.u).public, here.r)
    await tested.expect(ADMITTED, tested.entry(here))
    return sign_check_in(other.epoch().key, there, NOW, direction)


@checks.add("3.8/closed-domain")
async def _closed(tested: Tested) -> None:
    """A domain that is being removed has no entries any more, and exits of who is inside."""
    await open_door(tested)
    inside, outside = tested.domain.new_pass(), tested.domain.new_pass()
    await tested.expect(ADMITTED, tested.entry(inside))
    await tested.ask("close", domain=tested.domain.parties.domain.number)
    await tested.expect(Decision.UNKNOWN_DOMAIN, tested.entry(outside))
    await tested.expect(ADMITTED, tested.entry(inside, EXIT))


@checks.add("3.8/keys-of-another-day")
async def _another_day(tested: Tested) -> None:
    """A pass of tomorrow is not taken for one of today, although its keys are known."""
    await open_door(tested)
    tomorrow = tested.domain.epoch(TODAY + 1)
    await tested.learn(tomorrow)
    owned = tested.domain.new_pass(tomorrow)
    await tested.expect(FORGED, sign_check_in(tomorrow.key, owned, NOW, Direction.ENTRY))


@checks.add("3.8/self-made-pass")
async def _self_made(tested: Tested) -> None:
    """A pass that the authority has not signed is forged, whoever signs its label."""
    await open_door(tested)
    owned = tested.domain.new_pass(signed_by=SigningKey.generate())
    await tested.expect(FORGED, tested.entry(owned))


def _signed(tested: Tested, owned: OwnedPass, make: Sign) -> CheckInMessage:
    """A check-in of today whose label is signed in another way."""
    message = tested.entry(tested.domain.new_pass())
    encoded = bytes(owned.public)
    label = label_signing_input(tested.domain.epoch().key, message.time, message.direction, None, encoded)
    return replace(message, signed_pass=encoded + make(owned.r, owned.public.u, label))


for _name, (_rule, _make) in FORGERIES.items():

    @checks.add(f"3.4/{_name}", _rule)
    async def _forgery(tested: Tested, make: Sign = _make) -> None:
        await open_door(tested)
        owned = tested.domain.new_pass()
        await tested.expect(FORGED, _signed(tested, owned, make))
        await tested.expect(ADMITTED, tested.entry(owned))


for _name, _point in BAD_KEYS.items():

    @checks.add(
        f"3.4/{_name}-key",
        "Step 3 or 4: a label under such a key is refused, although the authority has signed the pass.",
    )
    async def _bad_key(tested: Tested, point: bytes = _point) -> None:
        await open_door(tested)
        owned = tested.domain.new_pass(u=point)
        await tested.expect(FORGED, _signed(tested, owned, sign_under_bad_point))


@checks.add("4.1/encodings")
async def _encodings(tested: Tested) -> None:
    """What is no deterministic encoding of a check-in is unreadable."""
    await open_door(tested)
    good = tested.entry(tested.domain.new_pass())
    encoded, fields = good.to_bytes(), [good.domain, good.time, int(good.direction), None, good.signed_pass]
    bad = [
        encoded + b"\0",
        encoded[:-1],
        b"\x9f" + encoded[1:] + b"\xff",
        b"\x98\x05" + encoded[1:],
        encode_item([*fields, None]),
        encode_item([good.domain, good.time + 1, *fields[2:]]),
        encode_item([good.domain, good.time, 3, *fields[3:]]),
        encode_item([256, *fields[1:]]),
        encode_item([*fields[:4], good.signed_pass[:PASS_BYTES]]),
    ]
    for item in bad:
        await tested.expect(UNREADABLE, PREFIX + b45encode(item).decode())
    text = PREFIX + b45encode(encoded).decode()
    for spoiled in (text.lower(), text[len(PREFIX) :], f" {text}", f"{text}\n", text.replace("SP1:", "SP2:")):
        await tested.expect(UNREADABLE, spoiled)
    await tested.expect(ADMITTED, text)
