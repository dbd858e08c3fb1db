"""What a venue's server tells its readers, and takes of them. Spec: §3.8, §5.5.

The reader whose token is given says that it is off duty, so that the venue waits for nothing.
"""

from __future__ import annotations

from dataclasses import replace
from secrets import token_bytes

from conformance.answer import Answer
from conformance.check import Checks
from conformance.door import HOUR, expect_decision, fresh_pass, worthless_label
from conformance.errors import Failed
from conformance.tester import Server, Tester
from protocol.assisted_check_ins import AssertedRecord, AssistedCheckIn, seal_assisted
from protocol.check_ins import CheckInMessage, Direction, label_time, sign_check_in
from protocol.deliveries import Delivery, DeliveryAnswer, DoorView, Duty, Pairing
from protocol.epochs import verify_epoch
from protocol.http_messages import Decision, DoorAnswer
from protocol.primitives.encoding import Message

checks = Checks(Server.VENUE)
VENUE = Server.VENUE
MINUTE = 60


async def _send(tester: Tester, token: bytes | None, since: int, *shown: Message | bytes) -> Answer:
    encoded = tuple(one if isinstance(one, bytes) else one.to_bytes() for one in shown)
    return await tester.post(VENUE, "/v1/deliveries", Delivery(since, Duty.OFF, encoded), token)


async def _expect(tester: Tester, *delivered: tuple[Message | bytes, Decision], since: int = 0) -> None:
    """Demand these decisions on the check-ins of one delivery."""
    shown = [one for one, _ in delivered]
    answer = (await _send(tester, tester.options.reader_token, since, *shown)).expect_message(DeliveryAnswer)
    said, expected = list(answer.decisions), [decision for _, decision in delivered]
    used = {
        one.u
        for one, decision in zip(shown, said, strict=False)
        if isinstance(one, CheckInMessage) and decision is Decision.ADMITTED
    }
    tester.passes = [one for one in tester.passes if one.public.u not in used]
    if said != expected:
        names = [", ".join(one.name for one in decisions) or "nothing" for decisions in (said, expected)]
        raise Failed(f"the server said {names[0]} to a delivery; expected {names[1]}")


def _shown(tester: Tester, time: int) -> CheckInMessage:
    """A label of a time, which names no venue, with zeros for a pass and for signatures."""
    return replace(worthless_label(tester), time=label_time(time), venue_id=None)


@checks.add("5.5/pairing-unknown", "5.5/record")
async def pairing_unknown(tester: Tester) -> None:
    """A secret of no link pairs nobody: 403, `pairing-expired`."""
    answer = await tester.post(VENUE, "/v1/readers", Pairing(token_bytes(16), token_bytes(32)))
    answer.expect_problem(403, "pairing-expired")


@checks.add("5.5/door-no-token", "5.5/record")
async def door_no_token(tester: Tester) -> None:
    """What readers need is told to nobody without a reader's token: 401, `unauthenticated`."""
    (await tester.get(VENUE, "/v1/door")).expect_problem(401, "unauthenticated")


@checks.add("5.5/delivery-no-token", "5.5/record")
async def delivery_no_token(tester: Tester) -> None:
    """A delivery without a reader's token is refused with 401, `unauthenticated`."""
    for token in (None, token_bytes(32)):
        (await _send(tester, token, 0)).expect_problem(401, "unauthenticated")


@checks.add("5.5/assisted-no-token", "5.5/record", "5.2/joint-key")
async def assisted_no_token(tester: Tester) -> None:
    """An assisted check-in without a reader's token is refused with 401, `unauthenticated`."""
    (await tester.post(VENUE, "/v1/assisted", _assisted(tester))).expect_problem(401, "unauthenticated")


@checks.add("5.5/door", "--reader-token-file", "5.5/record", "5.2/joint-key")
async def door(tester: Tester) -> None:
    """A reader is told the venue, the domain, and statements of today's epoch that verify to its keys."""
    view = (await tester.get(VENUE, "/v1/door", tester.options.reader_token)).expect_message(DoorView)
    if view.venue_id != tester.venue.venue_id:
        raise Failed("the venue is another")
    for known in view.domains:
        if known.domain == tester.domain:
            for epoch in known.epochs:
                if epoch.epoch == tester.today:
                    if verify_epoch(known.domain, epoch.epoch, epoch.operator, epoch.authority) != tester.key:
                        raise Failed("the keys of today are others than those that the parties publish")
                    return
            raise Failed("the statements of today are missing")
    raise Failed("the domain is missing")


@checks.add("3.8/delivery-one-by-one", "5.5/door")
async def one_by_one(tester: Tester) -> None:
    """Each check-in of a delivery is decided on by itself: no check-in, one that names a venue, another domain, a pass
    that nobody issued.
    """
    shown, named = _shown(tester, tester.clock()), worthless_label(tester)
    elsewhere = [number for number in range(256) if number not in await _numbers(tester)]
    others = [(replace(shown, domain=number), Decision.UNKNOWN_DOMAIN) for number in elsewhere[:1]]
    await _expect(
        tester,
        (b"\0", Decision.UNREADABLE),
        (_assisted(tester), Decision.UNREADABLE),
        (named, Decision.UNREADABLE),
        *others,
        (shown, Decision.FORGED),
    )


@checks.add("3.8/delivery-times", "5.5/door")
async def times(tester: Tester) -> None:
    """A label is not older than the reader's last contact, nor ahead of the server's clock, beyond the tolerance."""
    now = tester.clock()
    old, older = _shown(tester, now - HOUR), _shown(tester, now - 25 * HOUR)
    await _expect(tester, (_shown(tester, now + HOUR), Decision.TOO_EARLY), (older, Decision.TOO_OLD))
    await _expect(tester, (old, Decision.TOO_OLD), since=now - MINUTE)


@checks.add("3.8/delivery-contact", "3.8/delivery-times")
async def contact(tester: Tester) -> None:
    """What a reader said of its last contact stands, whatever it says later."""
    now = tester.clock()
    await _expect(tester, since=now - MINUTE)
    await _expect(tester, (_shown(tester, now - HOUR), Decision.TOO_OLD), since=0)


@checks.add("3.8/delivery", "5.5/door", "5.3/passes")
async def delivery(tester: Tester) -> None:
    """A good check-in is `ADMITTED`, also again with the same bytes; with others, or at a door, `ALREADY_SPENT`."""
    owned, now, token = fresh_pass(tester), tester.clock(), tester.options.reader_token
    entry = sign_check_in(tester.key, owned, now, Direction.ENTRY)
    other = sign_check_in(tester.key, owned, now, Direction.ENTRY)
    await _expect(tester, (entry, Decision.ADMITTED))
    await _expect(tester, (entry, Decision.ADMITTED), (other, Decision.ALREADY_SPENT))
    await expect_decision(tester, entry, Decision.ALREADY_SPENT, token)


@checks.add("3.8/delivery-waiting", "3.8/delivery")
async def waiting(tester: Tester) -> None:
    """An exit whose entry has not been delivered yet is `NO_ENTRY`, and leaves with it."""
    owned, now = fresh_pass(tester), tester.clock()
    entry, leaving, again = (
        sign_check_in(tester.key, owned, now, way) for way in (Direction.ENTRY, Direction.EXIT, Direction.EXIT)
    )
    await _expect(tester, (leaving, Decision.NO_ENTRY))
    await _expect(tester, (entry, Decision.ADMITTED))
    await _expect(tester, (again, Decision.ALREADY_SPENT), (leaving, Decision.ADMITTED))


@checks.add("5.5/assisted", "5.5/door")
async def assisted(tester: Tester) -> None:
    """A sealed name is `ADMITTED`, also again; of another venue or an old time it is not."""
    sealed, token = _assisted(tester), tester.options.reader_token
    view = (await tester.get(VENUE, "/v1/door", token)).expect_message(DoorView)
    is_chosen = view.assisted == tester.domain.number
    for message, expected in (
        (sealed, Decision.ADMITTED if is_chosen else Decision.UNKNOWN_DOMAIN),
        (sealed, Decision.ADMITTED if is_chosen else Decision.UNKNOWN_DOMAIN),
        (replace(sealed, venue_id=token_bytes(16)), Decision.OTHER_VENUE if is_chosen else Decision.UNKNOWN_DOMAIN),
        (replace(sealed, time=sealed.time - HOUR), Decision.TOO_OLD if is_chosen else Decision.UNKNOWN_DOMAIN),
    ):
        answer = (await tester.post(VENUE, "/v1/assisted", message, token)).expect_message(DoorAnswer)
        if answer.decision is not expected:
            raise Failed(f"the server said {answer.decision.name}; expected {expected.name}")


def _assisted(tester: Tester) -> AssistedCheckIn:
    return seal_assisted(tester.key, AssertedRecord("홍길동", "+821012345678"), tester.clock(), tester.venue.venue_id)


async def _numbers(tester: Tester) -> set[int]:
    """The numbers of the domains that the server takes."""
    view = (await tester.get(VENUE, "/v1/door", tester.options.reader_token)).expect_message(DoorView)
    return {known.domain.number for known in view.domains}
