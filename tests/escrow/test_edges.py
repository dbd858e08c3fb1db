"""To the second, and to the day: when a number stops counting as verified, what a late answer takes back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from escrow.authority.errors import NoRelease
from escrow.authority.operators_shares import judge_received
from escrow.authority.warrants import ReceivedShares, Warrants
from escrow.operator.accounts import Account, Accounts
from escrow.operator.errors import TooManyCodes, VerificationExpired
from protocol.http_messages import VerificationAnswer
from protocol.primitives.statements import JointStatement
from protocol.releases import release_digest
from service.refusals import Unauthenticated
from tests.support.alone import alone
from tests.support.domain import opening_warrant
from tests.support.investigations import store_opening
from tests.support.servers import World

PHONE, DAY = "+821012345678", 86_400


def enrolled(accounts: Accounts, now: int) -> bytes:
    """The token of a new session."""
    code = accounts.new_code(PHONE, now)
    accounts.put_in_force(PHONE, code, now)
    return accounts.verify(VerificationAnswer(PHONE, code, "홍길동"), now).token


def authenticated(world: World, token: bytes, now: int) -> Account:
    return alone(world.operator.engine, world.operator.accounts.authenticate, (token, now))


def test_a_number_counts_as_verified_for_thirty_days_and_is_kept_for_sixty_more(world: World) -> None:
    accounts, now = world.operator.accounts, world.now
    token = enrolled(accounts, now)
    assert authenticated(world, token, now + 30 * DAY).phone == PHONE
    with pytest.raises(VerificationExpired):
        authenticated(world, token, now + 30 * DAY + 1)
    accounts.forget_old(now + 90 * DAY)
    assert authenticated(world, token, now).phone == PHONE
    accounts.forget_old(now + 90 * DAY + 1)
    with pytest.raises(Unauthenticated):
        authenticated(world, token, now)


def test_a_code_of_yesterday_that_could_not_be_sent_gives_none_back_today(world: World) -> None:
    """It is found out after midnight, when another one was drawn."""
    accounts, midnight = world.operator.accounts, world.now // DAY * DAY + DAY
    accounts.new_code(PHONE, midnight - 1)
    for _ in range(world.operator.settings.codes_per_day):
        accounts.new_code(PHONE, midnight)
    accounts.uncount_code(PHONE, midnight - 1)
    with pytest.raises(TooManyCodes):
        accounts.new_code(PHONE, midnight)
    accounts.uncount_code(PHONE, midnight)
    accounts.new_code(PHONE, midnight)


@pytest.mark.parametrize("is_over", [lambda _ends: True, lambda _ends: False])
def test_of_a_case_that_is_over_the_warrant_stays_alone(world: World, is_over: Callable[[int], bool]) -> None:
    warrants = Warrants(world.authority.engine)
    warrant = opening_warrant(world.settings.number, bytes(16), world.now - 600, world.now, world.now)
    joint = JointStatement(bytes(100), bytes(100))
    warrants.add(warrant, b"authority")
    warrants.store_countersigned(warrant.warrant_id, joint)
    store_opening(warrants, joint, warrant)
    warrants.forget_ended(is_over)
    (drawn,) = warrants.all()
    assert (drawn.record, drawn.statement, drawn.countersigned) == (warrant, b"authority", joint)
    assert (drawn.parts == ()) is is_over(0)


@pytest.mark.parametrize("known", [(), ("countersigned",), ("asked",)])
def test_shares_that_nobody_asked_for_are_not_judged(world: World, known: tuple[str, ...]) -> None:
    drawn, now = world.authority.warrants, world.now
    warrant = opening_warrant(world.settings.number, bytes(16), now - 600, now, now)
    joint = JointStatement(bytes(100), bytes(100))
    drawn.add(warrant, b"authority")
    if "countersigned" in known:
        drawn.store_countersigned(warrant.warrant_id, joint)
    if "asked" in known:
        drawn.store_asked(warrant.warrant_id, release_digest(b"release"), joint, ())
    with pytest.raises(NoRelease):
        judge_received(world.authority, drawn.get(warrant.warrant_id), b"release", ReceivedShares(b"shares", now), {})
