"""Using passes: the QR screen, check-ins by a poster's link, and exits. Spec: §3.8.

A pass is burned before anyone sees it: first the wallet on disk says that it is used, then it is shown or sent. What
happens in between costs one pass and never shows one twice.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from client.errors import NoVisit
from client.posters import MAX_ANSWER_BYTES
from client.visitor import Visitor
from client.wallet_contents import StoredPass, Visit, Wallet
from protocol.check_ins import Direction, label_time, possible_epochs, sign_check_in
from protocol.epochs import EpochKey
from protocol.http_messages import Decision, DoorAnswer
from protocol.primitives.errors import WrongEpoch
from protocol.qr_text import to_qr_text
from protocol.warrants import Venue
from service.http_client import call

if TYPE_CHECKING:
    from aiohttp import ClientSession


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
            raise WrongEpoch(
                "a new day has begun; open the screen again / 날짜가 바뀌었습니다. 화면을 다시 열어 주세요",
                self.epoch_key.epoch,
            )
        return to_qr_text(sign_check_in(self.epoch_key, self.stored.owned, time, self.direction))


def open_entries(visitor: Visitor, people: int) -> list[Screen]:
    """Burn a pass of today for each of some people and open the screen that shows them; raises `NoPassLeft`."""
    epoch_key, group = _burn(visitor, None, people)
    return [Screen(epoch_key, stored, Direction.ENTRY) for stored, _ in group]


def open_entry(visitor: Visitor) -> Screen:
    """Open the screen for one person; raises `NoPassLeft`."""
    return open_entries(visitor, 1)[0]


async def check_in(visitor: Visitor, session: ClientSession, venue: Venue, people: int = 1) -> Decision:
    """Burn a pass of today for each of some people and send their entries, bound to `venue`, to its server.

    Returns `ADMITTED` if the door admitted all, else why it refused the first whom it refused. Ask the person first: a
    link never checks in by itself. Raises `NoPassLeft`, `Problem`, `Unreachable` or `Malformed`; who got no answer
    stays in the wallet as unconfirmed.
    """
    epoch_key, group = _burn(visitor, venue, people)
    decisions = []
    for stored, visit in group:
        decision = await _submit(session, venue, epoch_key, stored, visit.entered, Direction.ENTRY)
        _keep(visitor, replace(visit, answer=decision))
        decisions.append(decision)
    return _joint_decision(decisions)


def group_to_leave(visitor: Visitor, number: int | None = None) -> list[Visit]:
    """Those of the group that `status` shows under `number`, or of the latest, who can leave; raises `NoVisit`."""
    groups = visitor.wallet().groups
    index = len(groups) if number is None else number
    if not 1 <= index <= len(groups):
        raise NoVisit("there is no such visit / 그런 방문이 없습니다")
    inside = [visit for visit in groups[index - 1] if visit.exit_pass and visit.answer in {None, Decision.ADMITTED}]
    if not inside:
        raise NoVisit(
            "that visit is over, was refused, or began too long ago; status shows the others / "
            "끝났거나 거절되었거나 너무 오래된 방문입니다. 다른 방문은 status에서 볼 수 있습니다"
        )
    return inside


def open_exits(visitor: Visitor, group: list[Visit]) -> list[Screen]:
    """Open the screen that shows exits with the passes of the entries; raises `NoVisit` when one is over."""
    passes = [(visit, _exit_pass(visit)) for visit in group]
    left = label_time(visitor.clock())
    screens = [Screen(visitor.epoch_key(visit.epoch), stored, Direction.EXIT) for visit, stored in passes]
    _keep(visitor, *(replace(visit, left=left) for visit in group))
    return screens


async def check_out(visitor: Visitor, session: ClientSession, group: list[Visit]) -> Decision:
    """Send exits with the passes of the entries to the venue of scan-mode visits; returns as `check_in` does.

    An exit that the door has already is one whose answer was lost: that visit is over, and counts as admitted. Raises
    `NoVisit`, `Problem`, `Unreachable` or `Malformed`; it can be repeated until the door admits all.
    """
    decisions = []
    for visit in group:
        stored = _exit_pass(visit)
        if visit.venue is None:
            raise NoVisit(
                "the phone does not know where that visit was; show the exit code there / "
                "방문한 곳을 알 수 없습니다. 그곳에서 퇴장 QR 코드를 보여 주세요"
            )
        left = label_time(visitor.clock())
        epoch_key = visitor.epoch_key(visit.epoch)
        decision = await _submit(session, visit.venue, epoch_key, stored, left, Direction.EXIT)
        if decision is Decision.ALREADY_SPENT:  # only this wallet can sign with the pass
            decision = Decision.ADMITTED
        if decision is Decision.ADMITTED:
            _keep(visitor, replace(visit, left=left, exit_pass=None))
        decisions.append(decision)
    return _joint_decision(decisions)


def inside(visitor: Visitor, venue: Venue) -> list[Visit]:
    """Who was checked in at `venue` by its poster and has not left, as far as the wallet knows."""
    return [
        visit
        for visit in visitor.wallet().visits
        if visit.venue is not None
        and (visit.venue.venue_id, visit.answer) == (venue.venue_id, Decision.ADMITTED)
        and visit.exit_pass is not None
    ]


def _burn(visitor: Visitor, venue: Venue | None, people: int) -> tuple[EpochKey, list[tuple[StoredPass, Visit]]]:
    """Move passes of today from the unused to the visits, durably: one for each person, or none."""
    time = label_time(visitor.clock())
    epoch, group = visitor.domain.epoch_at(time), secrets.token_bytes(16)

    def take(wallet: Wallet) -> tuple[Wallet, tuple[EpochKey, list[tuple[StoredPass, Visit]]]]:
        taken, rest = visitor.take_passes(wallet, epoch, people)
        visits = [Visit(epoch, stored.u, group, time, venue, None, None, stored) for stored in taken]
        return rest.with_visits(*visits), (visitor.epoch_key(epoch), list(zip(taken, visits, strict=True)))

    return visitor.change(take)


def _keep(visitor: Visitor, *visits: Visit) -> None:
    visitor.change(lambda wallet: (wallet.with_visits(*visits), None))


def _joint_decision(decisions: list[Decision]) -> Decision:
    return next((decision for decision in decisions if decision is not Decision.ADMITTED), Decision.ADMITTED)


def _exit_pass(visit: Visit) -> StoredPass:
    if visit.exit_pass is None:
        raise NoVisit("that visit is over / 이미 끝난 방문입니다")
    return visit.exit_pass


async def _submit(
    session: ClientSession, venue: Venue, epoch_key: EpochKey, stored: StoredPass, time: int, direction: Direction
) -> Decision:
    message = sign_check_in(epoch_key, stored.owned, time, direction, venue.venue_id)
    url = f"{venue.url.rstrip('/')}/v1/check-ins"
    answer = await call(session, "POST", url, message, max_bytes=MAX_ANSWER_BYTES)
    return DoorAnswer.from_bytes(answer).decision
