"""Using passes: the QR screen, check-ins by a poster's link, and exits. Spec: §3.8.

A pass is burned before anyone sees it: first the wallet on disk says that it is used, then it is shown or sent. What
happens in between costs one pass and never shows one twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from aiohttp import ClientSession

from client.contents import StoredPass, Visit, Wallet
from client.errors import NoPassLeft, NoVisit
from client.visitor import Visitor
from protocol.checkins import TIME_STEP, Direction, possible_epochs, sign_check_in
from protocol.epochs import EpochKey
from protocol.errors import WrongEpoch
from protocol.exchanges import Decision, DoorAnswer
from protocol.qrtext import to_qr_text
from protocol.warrants import Venue
from service.http import call


@dataclass(frozen=True, slots=True)
class Screen:
    """One opening of the QR screen: one pass and one direction, signed anew for every time."""

    epoch_key: EpochKey
    stored: StoredPass
    direction: Direction

    def text(self, now: int) -> str:
        """The QR code's text at Unix time `now`; raises `WrongEpoch` when the pass is of another day."""
        time = label_time(now)
        if self.epoch_key.epoch not in possible_epochs(self.epoch_key.domain, time, self.direction):
            raise WrongEpoch("a new day has begun; open the screen again")
        return to_qr_text(sign_check_in(self.epoch_key, self.stored.owned, time, self.direction))


def open_entry(visitor: Visitor) -> Screen:
    """Burn a pass of today and open the screen that shows it; raises `NoPassLeft`."""
    epoch_key, stored, _ = _burn(visitor, None)
    return Screen(epoch_key, stored, Direction.ENTRY)


async def check_in(visitor: Visitor, session: ClientSession, venue: Venue) -> Decision:
    """Burn a pass of today and send an entry bound to `venue` to its server; returns what the door said.

    Ask the person first: a link never checks in by itself. Raises `NoPassLeft`, `Problem`, `Unreachable` or
    `Malformed`; without an answer the visit stays in the wallet as unconfirmed.
    """
    epoch_key, stored, visit = _burn(visitor, venue)
    decision = await _submit(session, venue, epoch_key, stored, visit.entered, Direction.ENTRY)
    visitor.change(lambda wallet: (wallet.with_visit(replace(visit, answer=decision)), None))
    return decision


def visit_to_leave(visitor: Visitor, number: int | None = None) -> Visit:
    """The visit that `status` shows under `number`, or the latest; raises `NoVisit` if it cannot be left."""
    visits = visitor.wallet().visits
    index = len(visits) if number is None else number
    if not 1 <= index <= len(visits):
        raise NoVisit("there is no such visit")
    visit = visits[index - 1]
    if visit.exit_pass is None or visit.answer not in {None, Decision.ADMITTED}:
        raise NoVisit("that visit is over, was refused, or began too long ago; status shows the others")
    return visit


def open_exit(visitor: Visitor, visit: Visit) -> Screen:
    """Open the screen that shows an exit with the pass of the entry; raises `NoVisit` when that is over."""
    stored = _exit_pass(visit)
    epoch_key, left = visitor.epoch_key(visit.epoch), label_time(visitor.clock())
    visitor.change(lambda wallet: (wallet.with_visit(replace(visit, left=left)), None))
    return Screen(epoch_key, stored, Direction.EXIT)


async def check_out(visitor: Visitor, session: ClientSession, visit: Visit) -> Decision:
    """Send an exit with the pass of the entry to the venue of a scan-mode visit; returns what the door said.

    Raises `NoVisit`, `Problem`, `Unreachable` or `Malformed`; it can be repeated until the door admits it.
    """
    stored = _exit_pass(visit)
    if visit.venue is None:
        raise NoVisit("the phone does not know where that visit was; show the exit code there")
    epoch_key, left = visitor.epoch_key(visit.epoch), label_time(visitor.clock())
    decision = await _submit(session, visit.venue, epoch_key, stored, left, Direction.EXIT)
    if decision is Decision.ADMITTED:
        visitor.change(lambda wallet: (wallet.with_visit(replace(visit, left=left, exit_pass=None)), None))
    return decision


def label_time(now: int) -> int:
    """The time that a label made at Unix time `now` says."""
    return now - now % TIME_STEP


def _burn(visitor: Visitor, venue: Venue | None) -> tuple[EpochKey, StoredPass, Visit]:
    """Move a pass of today from the unused to the visits, durably."""
    time = label_time(visitor.clock())
    epoch = visitor.domain.epoch_at(time)

    def take(wallet: Wallet) -> tuple[Wallet, tuple[EpochKey, StoredPass, Visit]]:
        day = wallet.day(epoch)
        if day is None or not day.passes:
            raise NoPassLeft(f"there is no pass left for {visitor.day_name(epoch)}; passes are fetched ahead, by fetch")
        stored, *rest = day.passes
        visit = Visit(epoch, stored.u, time, venue, None, None, stored)
        burned = wallet.with_day(replace(day, passes=tuple(rest))).with_visit(visit)
        return burned, (visitor.epoch_key(epoch), stored, visit)

    return visitor.change(take)


def _exit_pass(visit: Visit) -> StoredPass:
    if visit.exit_pass is None:
        raise NoVisit("that visit is over")
    return visit.exit_pass


async def _submit(
    session: ClientSession, venue: Venue, epoch_key: EpochKey, stored: StoredPass, time: int, direction: Direction
) -> Decision:
    message = sign_check_in(epoch_key, stored.owned, time, direction, venue.venue)
    answer = await call(session, "POST", f"{venue.url.rstrip('/')}/v1/check-ins", message)
    return DoorAnswer.from_bytes(answer).decision
