"""Fetching a day's passes ahead of time. Spec: §3.6, §3.7.

`h` is on disk before its handle is registered and leaves it together with the arrival of the passes, so that a batch
that was lost on the way can be asked for again out of the account's reserve.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from client.errors import NotIssued
from client.visitor import Visitor
from client.wallet_contents import Account, Day, PendingHandle, StoredPass, Wallet
from protocol.epochs import EpochKey, Role
from protocol.handles import HandleGrant, register_handle, verify_grant
from protocol.passes import OwnedPass, PassAnswers, accept_answers, request_allowance
from protocol.primitives.errors import InvalidAnswer, InvalidEntry, SplitPassError
from service.http_client import call
from service.problems import Problem, Unreachable

if TYPE_CHECKING:
    from aiohttp import ClientSession


async def fetch_passes(visitor: Visitor, session: ClientSession, epoch: int) -> int:
    """Fetch the passes of an epoch; returns how many came, 0 if they were fetched before.

    `session` must allow for the minute that the operator may take to mix. Before anything is asked for: `Problem`
    (404: the epoch is not published yet), `Unreachable`, or the `SplitPassError` that an epoch statement or grant
    deserves. Once passes were asked for, every failure is `NotIssued`, and asking again within
    `settings.retry_seconds` is, too.
    """
    account = visitor.account()
    epoch_key = await fetch_epoch_key(visitor, session, epoch)
    pending = visitor.change(lambda wallet: _begin(wallet, epoch_key, account))
    if pending is None:
        return 0
    if pending.asked_at is None:
        await _register(visitor, session, epoch_key, account, pending)
    if not visitor.change(lambda wallet: _begin_asking(wallet, visitor, epoch)):
        return 0
    try:
        passes = await _ask(visitor, session, epoch_key, account, pending)
    except (Problem, Unreachable, SplitPassError) as error:
        raise NotIssued(f"no passes for {visitor.day_name(epoch)} this time ({error}); ask again later") from None
    visitor.change(lambda wallet: _keep(wallet, epoch, pending, passes))
    return len(passes)


async def fetch_epoch_key(visitor: Visitor, session: ClientSession, epoch: int) -> EpochKey:
    """Both statements, asked for anew each time, so that a party that shows two different ones is caught.

    Each is in its party's log, where everybody sees it, or is not used.
    """
    for role in Role:
        statement = await call(session, "GET", f"{visitor.servers.url(role)}/v1/epochs/{epoch}")
        visitor.epochs.keep(role, epoch, statement)
        await visitor.logs.check_epoch(session, role, epoch, statement)
    return visitor.epoch_key(epoch)


def _begin(wallet: Wallet, epoch_key: EpochKey, account: Account) -> tuple[Wallet, PendingHandle | None]:
    """The handle of the epoch, drawn if there is none yet; None if its passes were issued."""
    day = wallet.day(epoch_key.epoch)
    if day is None:
        h, registration = register_handle(epoch_key, account.session.account_id)
        day = Day(epoch_key.epoch, PendingHandle(h, registration, None), ())
    return wallet.with_day(day), day.pending


async def _register(
    visitor: Visitor, session: ClientSession, epoch_key: EpochKey, account: Account, pending: PendingHandle
) -> None:
    """Register the handle, and check that the directory now holds what this visitor said."""
    url = f"{visitor.servers.url(Role.OPERATOR)}/v1/handles"
    answer = await call(session, "POST", url, pending.registration, account.session.token)
    record = verify_grant(epoch_key, pending.registration.handle, HandleGrant.from_bytes(answer))
    if (record.phone, record.name) != (account.phone, account.name):
        raise InvalidEntry("the operator signed another phone number or name than the one that it verified")


def _begin_asking(wallet: Wallet, visitor: Visitor, epoch: int) -> tuple[Wallet, bool]:
    """Note the time before asking, so that neither a crash nor a second command asks again at once.

    False if another command fetched the passes meanwhile.
    """
    day, now = wallet.day(epoch), visitor.clock()
    if day is None or day.pending is None:
        return wallet, False
    asked_at = day.pending.asked_at
    if asked_at is not None and now < asked_at + visitor.settings.retry_seconds:
        again = visitor.local_time(asked_at + visitor.settings.retry_seconds)
        raise NotIssued(f"passes for {visitor.day_name(epoch)} were asked for already; ask again after {again}")
    return wallet.with_day(replace(day, pending=replace(day.pending, asked_at=now))), True


async def _ask(
    visitor: Visitor, session: ClientSession, epoch_key: EpochKey, account: Account, pending: PendingHandle
) -> list[OwnedPass]:
    """One allowance; raises `InvalidAnswer` if not one of its answers is a pass."""
    requested, request = request_allowance(epoch_key, pending.h)
    url = f"{visitor.servers.url(Role.OPERATOR)}/v1/passes"
    answers = PassAnswers.from_bytes(await call(session, "POST", url, request, account.session.token))
    passes = accept_answers(epoch_key, requested, answers)
    if not passes:
        raise InvalidAnswer("none of the answers is a pass")
    return passes


def _keep(wallet: Wallet, epoch: int, pending: PendingHandle, passes: list[OwnedPass]) -> tuple[Wallet, None]:
    """Keep the passes and forget `h`; raises `NotIssued` if the wallet no longer waits for this handle's passes."""
    day = wallet.day(epoch)
    if day is None or day.pending is None or day.pending.h != pending.h:
        raise NotIssued("the account was changed while its passes were on their way; fetch again")
    return wallet.with_day(Day(epoch, None, tuple(map(StoredPass.of, passes)))), None
