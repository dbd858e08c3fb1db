"""Vectors of §3.8: what a venue's server answers to what its readers deliver, one after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace

from conformance.vectors.check_ins import MIDNIGHT
from conformance.vectors.files import VectorFile
from conformance.vectors.pinned import Draws, flip
from conformance.vectors.world import EPOCH, EPOCH_KEY, NUMBER, PASSES, SETTING, TIME, VENUE
from protocol.assisted_check_ins import AssertedRecord, seal_assisted
from protocol.check_ins import CheckInMessage, Direction, label_time, sign_check_in
from protocol.deliveries import Delivery, DeliveryAnswer, Duty
from protocol.epochs import MAX_STAY
from protocol.http_messages import Decision
from protocol.paper_passes import from_paper_text, print_pass
from protocol.primitives.encoding import Message
from protocol.releases import COMMITMENT_DELAY

NOW = label_time(TIME)
PAIRED = NOW - 2 * COMMITMENT_DELAY
TOLERANCE = 30
HOUR = 3600
ENTRY, EXIT = Direction
ADMITTED, SPENT, NO_ENTRY = Decision.ADMITTED, Decision.ALREADY_SPENT, Decision.NO_ENTRY


@dataclass(frozen=True)
class Delivered:
    """A delivery of a reader (its number) when the server's clock says `clock`, with the decision on each check-in."""

    check_ins: tuple[tuple[Message | bytes, Decision], ...]
    reader: int = 0
    since: int = 0
    clock: int = NOW + HOUR
    duty: Duty = Duty.ON

    @property
    def delivery(self) -> Delivery:
        """What is sent."""
        encoded = (one if isinstance(one, bytes) else one.to_bytes() for one, _ in self.check_ins)
        return Delivery(self.since, self.duty, tuple(encoded))

    @property
    def answer(self) -> DeliveryAnswer:
        """What is answered."""
        return DeliveryAnswer(self.clock, tuple(decision for _, decision in self.check_ins))


def _shown(time: int = NOW, direction: Direction = ENTRY, owned: int = 0) -> CheckInMessage:
    draws = Draws(f"delivered {time} {direction.name} {owned}")
    return sign_check_in(EPOCH_KEY, PASSES[owned], time, direction, None, draws)


def _one(
    message: Message | bytes, decision: Decision, reader: int = 0, since: int = 0, clock: int = NOW + HOUR
) -> Delivered:
    return Delivered(((message, decision),), reader, since, clock)


def _retries() -> dict[str, list[Delivered]]:
    entry, leaving, other = _shown(), _shown(NOW + 600, EXIT), _shown(owned=1)
    return {
        "nothing, from a reader that is there": [Delivered((), since=NOW, clock=NOW)],
        "an entry and its exit": [Delivered(((entry, ADMITTED), (leaving, ADMITTED)))],
        "the same again, and more": [
            Delivered(((entry, ADMITTED), (leaving, ADMITTED))),
            Delivered(((entry, ADMITTED), (leaving, ADMITTED), (other, ADMITTED))),
            Delivered(((other, ADMITTED), (entry, ADMITTED), (_shown(NOW + 15), SPENT)), duty=Duty.OFF),
        ],
        "one code at two readers": [
            _one(entry, ADMITTED),
            _one(entry, SPENT, reader=1),
            _one(entry, ADMITTED),
            _one(entry, SPENT, reader=1),
        ],
        "two codes of one pass at two readers": [_one(_shown(NOW + 15), ADMITTED, reader=1), _one(entry, SPENT)],
    }


def _waiting() -> dict[str, list[Delivered]]:
    entry, leaving = _shown(), _shown(NOW + 600, EXIT)
    return {
        "an exit before its entry": [
            _one(leaving, NO_ENTRY, reader=1),
            _one(leaving, NO_ENTRY, reader=1),
            _one(entry, ADMITTED),
            _one(leaving, ADMITTED, reader=1),
            _one(_shown(NOW + 615, EXIT), SPENT),
        ],
        "an exit that cannot be of its entry": [
            _one(_shown(NOW - 15, EXIT), NO_ENTRY),
            _one(leaving, NO_ENTRY),
            _one(entry, ADMITTED),
            _one(_shown(NOW + 615, EXIT), SPENT),
        ],
        "an exit too long after its entry": [
            _one(_shown(NOW + MAX_STAY + 15, EXIT), NO_ENTRY, clock=NOW + MAX_STAY + HOUR),
            _one(entry, ADMITTED, clock=NOW + MAX_STAY + HOUR),
            _one(_shown(NOW + MAX_STAY, EXIT), ADMITTED, clock=NOW + MAX_STAY + HOUR),
        ],
    }


def _times() -> dict[str, list[Delivered]]:
    entry, contact = _shown(), NOW + TOLERANCE
    return {
        "as old as the last contact lets it be": [
            _one(entry, Decision.TOO_OLD, since=contact + 1),
            _one(_shown(NOW + 15), ADMITTED),
        ],
        "just not too old": [Delivered((), since=contact), _one(entry, ADMITTED)],
        "a contact that is said to be earlier than before": [
            Delivered((), since=contact + 1),
            _one(entry, Decision.TOO_OLD),
            _one(entry, Decision.TOO_OLD, since=NOW - HOUR),
            _one(entry, ADMITTED, reader=1),
        ],
        "a contact in the future": [
            Delivered((), since=2**32 - 1, clock=NOW),
            _one(entry, ADMITTED, clock=NOW + 1),
        ],
        "a server whose clock was ahead": [
            Delivered((), since=NOW + 2 * HOUR, clock=NOW + 2 * HOUR),
            _one(entry, ADMITTED, clock=NOW + TOLERANCE),
            _one(_shown(NOW - 15, owned=1), Decision.TOO_OLD, clock=NOW + TOLERANCE),
            _one(_shown(NOW + 15, owned=1), ADMITTED, clock=NOW + HOUR),
        ],
        "a day old": [
            _one(entry, Decision.TOO_OLD, clock=NOW + COMMITMENT_DELAY + 1),
            _one(entry, ADMITTED, clock=NOW + COMMITMENT_DELAY),
        ],
        "ahead of the server": [
            _one(entry, Decision.TOO_EARLY, clock=NOW - TOLERANCE - 1),
            _one(entry, ADMITTED, clock=NOW - TOLERANCE),
        ],
        "from before the reader": [
            _one(_shown(PAIRED - TOLERANCE - 15), Decision.TOO_OLD, clock=PAIRED),
            _one(_shown(PAIRED), Decision.UNKNOWN_EPOCH, clock=PAIRED),
        ],
        "of a day without keys": [_one(_shown(MIDNIGHT), Decision.UNKNOWN_EPOCH, clock=MIDNIGHT)],
    }


def _others() -> dict[str, list[Delivered]]:
    entry = _shown()
    draws = Draws("delivered elsewhere")
    scanned = sign_check_in(EPOCH_KEY, PASSES[1], NOW, ENTRY, VENUE.venue_id, draws)
    paper = from_paper_text(print_pass(EPOCH_KEY, PASSES[2], Draws("delivered paper")))
    record = AssertedRecord("홍길동", "+821012345678")
    assisted = seal_assisted(EPOCH_KEY, record, NOW, VENUE.venue_id, Draws("delivered assisted"))
    return {
        "one bad check-in among others": [
            Delivered(
                (
                    (b"\0", Decision.UNREADABLE),
                    (entry.to_bytes() + b"\0", Decision.UNREADABLE),
                    (replace(entry, domain=NUMBER + 1), Decision.UNKNOWN_DOMAIN),
                    (replace(entry, signed_pass=flip(entry.signed_pass, -1)), Decision.FORGED),
                    (entry, ADMITTED),
                )
            )
        ],
        "what was not shown, or not signed by a visitor's pass alone": [
            Delivered(
                (
                    (scanned, Decision.UNREADABLE),
                    (paper, Decision.UNREADABLE),
                    (assisted, Decision.UNREADABLE),
                )
            )
        ],
        "a false code of a pass that was delivered": [
            _one(entry, ADMITTED),
            _one(replace(entry, signed_pass=flip(entry.signed_pass, -1)), Decision.FORGED),
        ],
    }


def deliveries() -> VectorFile:
    """`Deliveries.take`."""
    file = VectorFile(
        "deliveries",
        "What a venue's server answers to its readers' deliveries, one after the other; it begins with an empty store",
        "§3.8",
        {
            "check.epochs": "the epochs whose keys the server has: that of the setting",
            "check.venue": "the venue, 16 bytes",
            "check.tolerance": "seconds, of the domain at this venue",
            "check.paired": "when each of the readers was paired, in Unix seconds",
            "check.readers": "the number of the reader that makes each delivery",
            "check.deliveries": "a Delivery each",
            "check.clocks": "what the server's clock says at each, in Unix seconds",
            "result.answers": "a DeliveryAnswer to each",
        },
        SETTING,
    )
    for name, story in (_retries() | _waiting() | _times() | _others()).items():
        file.accept(
            name,
            check={
                "epochs": [EPOCH],
                "venue": VENUE.venue_id,
                "tolerance": TOLERANCE,
                "paired": PAIRED,
                "readers": [one.reader for one in story],
                "deliveries": [one.delivery for one in story],
                "clocks": [one.clock for one in story],
            },
            result={"answers": [one.answer for one in story]},
        )
    return file
