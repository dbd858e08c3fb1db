"""Visits: what the check-ins of one pass at one venue say together. Spec: §3.9."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from protocol.any_check_in import AnyCheckIn
from protocol.assisted_check_ins import AssistedCheckIn
from protocol.check_ins import CheckInMessage, Direction
from protocol.epochs import MAX_STAY


@dataclass(frozen=True, slots=True)
class Visit:
    """The entry and the exit of one pass (`u`) in one epoch; one of them may be missing, never both.

    An assisted check-in is an entry, and nobody leaves with it.
    """

    entry: AnyCheckIn | None = None
    exit: AnyCheckIn | None = None

    @property
    def check_in(self) -> AnyCheckIn:
        """The check-in that is opened for the visit: its entry, where there is one."""
        first = self.entry or self.exit
        assert first is not None
        return first

    @property
    def ciphertext(self) -> bytes:
        """What both parties' shares open: the `v` of a pass, or the sealed record of an assisted check-in."""
        message = self.check_in.message
        return message.sealed if isinstance(message, AssistedCheckIn) else message.v

    @property
    def names_venue(self) -> bool:
        """Whether the holder of the pass signed that it is at this venue: in scan mode, and never on paper."""
        messages = (check_in.message for check_in in self.check_ins)
        return any(isinstance(message, CheckInMessage) and message.venue_id is not None for message in messages)

    @property
    def check_ins(self) -> list[AnyCheckIn]:
        """Entry and exit, as far as they are there."""
        return [check_in for check_in in (self.entry, self.exit) if check_in is not None]

    @property
    def entered(self) -> int | None:
        """The label time of the entry, in Unix seconds."""
        return None if self.entry is None else self.entry.message.time

    @property
    def left(self) -> int | None:
        """The label time of the exit, in Unix seconds."""
        return None if self.exit is None else self.exit.message.time


def collect_visits(check_ins: Iterable[AnyCheckIn]) -> dict[int, dict[bytes, Visit]]:
    """Put the check-ins of one venue together to visits.

    Of several entries, or exits, of one pass the earliest counts, and of several with one time the first. An exit
    before its entry, or more than `MAX_STAY` after it, is left out.

    Args:
        check_ins: Verified check-ins of one venue.

    Returns:
        The visits, by epoch and `u`.
    """
    visits = defaultdict[int, dict[bytes, Visit]](dict)
    for check_in in check_ins:
        same_epoch, u = visits[check_in.epoch], bytes(check_in.message.u)
        same_epoch[u] = _with(same_epoch.get(u, _NOTHING), check_in)
    return {
        epoch: {u: visit if _is_stay(visit) else Visit(visit.entry) for u, visit in same_epoch.items()}
        for epoch, same_epoch in visits.items()
    }


_NOTHING = Visit()


def _with(visit: Visit, check_in: AnyCheckIn) -> Visit:
    is_entry = check_in.message.direction is Direction.ENTRY
    known = visit.entry if is_entry else visit.exit
    if known is not None and known.message.time <= check_in.message.time:
        return visit
    return Visit(check_in, visit.exit) if is_entry else Visit(visit.entry, check_in)


def _is_stay(visit: Visit) -> bool:
    if visit.entry is None or visit.exit is None:
        return True
    return 0 <= visit.exit.message.time - visit.entry.message.time <= MAX_STAY
