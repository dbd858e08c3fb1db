"""Fetching a day's passes ahead of time. Spec: §3.6, §3.7.

Registering and asking are two steps, at two times that were drawn before. The next time is on disk before a step is
taken, so that no answer, failure or crash makes an early one. `h` is on disk before its handle is registered, and
leaves it with the first answer.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

from client.errors import NotIssued, PassesWithheld
from client.timing import draw_time
from client.visitor import Visitor
from client.wallet_contents import Account, Day, PendingHandle, StoredPass, Wallet
from protocol.epochs import EpochKey, Role
from protocol.handles import HandleGrant, register_handle, verify_grant
from protocol.passes import OwnedPass, PassAnswers, PendingPass, accept_answers, request_allowance
from protocol.primitives.errors import InvalidEntry, SplitPassError
from service.http_client import call
from service.problems import Problem, Unreachable

if TYPE_CHECKING:
    from aiohttp import ClientSession


class Due(Enum):
    """What may be done for an epoch just now."""

    NOTHING = 0
    ONE_STEP = 1
    BOTH_STEPS = 2


async def fetch_passes(visitor: Visitor, session: ClientSession, epoch: int) -> int:
    """Do what is due for an epoch; returns how many passes came, 0 if it was not the time to ask.

    `session` must allow for the time that the operator may take to answer. Before passes are asked for: `Problem` (404:
    the epoch is not published yet), `Unreachable`, or the `SplitPassError` that an epoch statement or grant deserves.
    After that `NotIssued` if no answer came, and `PassesWithheld` if it held fewer passes than it should. Those that
    came are kept, and the epoch is never asked for again.
    """
    account = visitor.account()
    due = visitor.change(lambda wallet: _begin(wallet, visitor, epoch))
    if due is Due.NOTHING:
        return 0
    epoch_key = await fetch_epoch_key(visitor, session, epoch)
    pending = visitor.change(lambda wallet: _handle(wallet, epoch_key, account))
    if not pending.granted:
        await _register(visitor, session, epoch_key, account, pending)
        visitor.change(lambda wallet: _note_grant(wallet, epoch, pending))
        if due is Due.ONE_STEP:
            return 0
    requested, answer = await _ask(visitor, session, epoch_key, account, pending)
    passes = _accept(epoch_key, requested, answer)
    visitor.change(lambda wallet: _keep(wallet, epoch, pending, passes))
    if len(passes) < visitor.domain.allowance:
        raise PassesWithheld(visitor.day_name(epoch), len(passes), visitor.domain.allowance)
    return len(passes)


async def fetch_epoch_key(visitor: Visitor, session: ClientSession, epoch: int) -> EpochKey:
    """Both statements, asked for anew each time, so that a party that shows two different ones is caught.

    Each is in its party's log, where everybody sees it, or is not used.
    """
    for role in Role:
        statement = await call(session, "GET", f"{visitor.servers.files(role)}/v1/epochs/{epoch}")
        visitor.epochs.keep(role, epoch, statement)
        await visitor.logs.check_epoch(session, role, epoch, statement)
    return visitor.epoch_key(epoch)


def _begin(wallet: Wallet, visitor: Visitor, epoch: int) -> tuple[Wallet, Due]:
    """What is due for an epoch. If anything is, the time of the step after it is drawn, whatever will come of it."""
    day, now, begins = wallet.day(epoch), visitor.clock(), visitor.domain.epoch_begins(epoch)
    next_at, at_once = draw_time(begins, now), visitor.settings.at_once
    if day is None:
        due = Due.BOTH_STEPS if at_once or begins <= now else Due.NOTHING
        return wallet.with_day(Day(epoch, next_at, None, (), None)), due
    if day.issued is not None or (now < day.next_at and not at_once):
        return wallet, Due.NOTHING
    return wallet.with_day(replace(day, next_at=next_at)), Due.BOTH_STEPS if at_once else Due.ONE_STEP


def _handle(wallet: Wallet, epoch_key: EpochKey, account: Account) -> tuple[Wallet, PendingHandle]:
    """The handle of the epoch, drawn if there is none yet."""
    day = wallet.day(epoch_key.epoch)
    if day is None or day.issued is not None:
        raise NotIssued(
            "another command has changed the account, or fetched its passes, meanwhile / "
            "그사이 다른 명령이 계정을 바꾸었거나 출입증을 받았습니다"
        )
    if day.pending is not None:
        return wallet, day.pending
    pending = PendingHandle(*register_handle(epoch_key, account.session.account_id), granted=0)
    return wallet.with_day(replace(day, pending=pending)), pending


async def _register(
    visitor: Visitor, session: ClientSession, epoch_key: EpochKey, account: Account, pending: PendingHandle
) -> None:
    """Register the handle, and check that the directory now holds what this visitor said."""
    url = f"{visitor.servers.url(Role.OPERATOR)}/v1/handles"
    answer = await call(session, "POST", url, pending.registration, account.session.token)
    record = verify_grant(epoch_key, pending.registration.handle, HandleGrant.from_bytes(answer))
    if (record.phone, record.name) != (account.phone, account.name):
        raise InvalidEntry("the operator signed another phone number or name than the one that it verified")


async def _ask(
    visitor: Visitor, session: ClientSession, epoch_key: EpochKey, account: Account, pending: PendingHandle
) -> tuple[list[PendingPass], bytes]:
    """Ask for one allowance; returns what to keep of each request, and the body of the answer."""
    requested, request = request_allowance(epoch_key, pending.h)
    url = f"{visitor.servers.url(Role.OPERATOR)}/v1/passes"
    try:
        return requested, await call(session, "POST", url, request, account.session.token)
    except (Problem, Unreachable) as error:
        why = str(error).partition(";")[0]  # without the advice for those who draw no time to ask again
        raise NotIssued(f"no passes came this time: {why} / 이번에는 출입증을 받지 못했습니다") from None


def _accept(epoch_key: EpochKey, requested: list[PendingPass], answer: bytes) -> list[OwnedPass]:
    """The passes in an answer, none if it is no answer at all: to ask again would tell which of them were good."""
    try:
        return accept_answers(epoch_key, requested, PassAnswers.from_bytes(answer))
    except SplitPassError:
        return []


def _note_grant(wallet: Wallet, epoch: int, pending: PendingHandle) -> tuple[Wallet, None]:
    return wallet.with_day(replace(_waiting(wallet, epoch, pending), pending=replace(pending, granted=1))), None


def _keep(wallet: Wallet, epoch: int, pending: PendingHandle, passes: list[OwnedPass]) -> tuple[Wallet, None]:
    """Keep the passes, and forget `h`."""
    day = _waiting(wallet, epoch, pending)
    kept = tuple(map(StoredPass.of, passes))
    return wallet.with_day(replace(day, pending=None, passes=kept, issued=len(kept))), None


def _waiting(wallet: Wallet, epoch: int, pending: PendingHandle) -> Day:
    """The day that waits for this handle's passes; raises `NotIssued` if none does any more."""
    day = wallet.day(epoch)
    if day is None or day.pending is None or day.pending.h != pending.h:
        raise NotIssued(
            "the account was changed while its passes were on their way / 출입증을 받는 동안 계정이 바뀌었습니다"
        )
    return day
