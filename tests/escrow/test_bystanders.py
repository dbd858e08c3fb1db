"""What is done for one account, venue, warrant or notice leaves the rows of all others as they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from secrets import token_bytes

import pytest
import sqlalchemy as sql

from escrow.authority.warrants import ReceivedShares
from escrow.judgements import Judgements
from escrow.operator import handles
from escrow.operator.accounts import Accounts
from escrow.operator.errors import TooManyAttempts, WrongCode
from escrow.operator.handles import NewHandle
from escrow.party import Party
from protocol.commitments import HeldCommitment
from protocol.epochs import Role
from protocol.handles import ENTRY_BYTES, NONCE_BYTES, DirectoryEntry, Handle
from protocol.http_messages import VerificationAnswer
from protocol.primitives.group import B, Scalar
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import JointStatement
from protocol.releases import Judgement
from protocol.warrants import Venue, sign_application
from tests.support.alone import alone
from tests.support.domain import opening_warrant
from tests.support.investigations import store_opening
from tests.support.servers import World, run_world

DAY = 86_400
FIRST, SECOND = "+821012345678", "+821087654321"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """On SQLite alone: what a statement is about is the same everywhere."""
    with run_world(tmp_path) as world:
        yield world


def rows(party: Party, *but: object) -> list[tuple[object, ...]]:
    """All rows of a party's database that have none of these values."""
    with party.engine.connect() as connection:
        tables = sql.inspect(connection).get_table_names()
        found = [
            (table, *(bytes(value) if isinstance(value, memoryview) else value for value in row))
            for table in tables
            for row in connection.execute(sql.text(f"SELECT * FROM {table}"))
        ]
    return sorted((row for row in found if not set(but) & set(row)), key=repr)


def enrolled(accounts: Accounts, phone: str, now: int) -> bytes:
    code = accounts.new_code(phone, now)
    accounts.put_in_force(phone, code, now)
    return accounts.verify(VerificationAnswer(phone, code, "홍길동"), now).account_id


def entry(epoch: int) -> DirectoryEntry:
    return DirectoryEntry(epoch, token_bytes(32), token_bytes(NONCE_BYTES), token_bytes(ENTRY_BYTES))


class Pair:
    """Two accounts, each with handles of today and tomorrow, of which requests were counted."""

    def __init__(self, world: World) -> None:
        self.accounts, self.now, self.today = world.operator.accounts, world.now, world.today
        self.engine = world.operator.engine
        self.first, self.second = (enrolled(self.accounts, phone, self.now) for phone in (FIRST, SECOND))
        for account, epoch in product((self.first, self.second), (self.today, self.today + 1)):
            new = NewHandle(account, Handle(Scalar.random() * B), b"record", entry(epoch))
            alone(self.engine, handles.register, new)
            if account == self.second:
                alone(self.engine, handles.mark_deposited, new.key)
            self.count(account, epoch)

    def count(self, account: bytes, epoch: int) -> None:
        """Count a request of one account."""
        alone(self.engine, partial(handles.count_requests, most=3), (epoch, account))


def log_in_again(pair: Pair) -> None:
    enrolled(pair.accounts, FIRST, pair.now + DAY)


def fail_with_codes(pair: Pair) -> None:
    pair.accounts.put_in_force(FIRST, pair.accounts.new_code(FIRST, pair.now), pair.now)
    for _ in range(6):
        with pytest.raises((WrongCode, TooManyAttempts)):
            pair.accounts.verify(VerificationAnswer(FIRST, "no code", "홍길동"), pair.now)


@pytest.mark.parametrize(
    "step",
    [
        log_in_again,
        fail_with_codes,
        lambda pair: pair.accounts.new_code(FIRST, pair.now),
        lambda pair: pair.accounts.put_in_force(FIRST, pair.accounts.new_code(FIRST, pair.now), pair.now),
        lambda pair: pair.accounts.uncount_code(FIRST, pair.now),
    ],
)
def test_codes_and_sessions_are_of_one_number(world: World, step: Callable[[Pair], object]) -> None:
    pair = Pair(world)
    before = rows(world.operator)
    step(pair)
    others = [row for row in before if not {FIRST, pair.first} & set(row)]
    assert rows(world.operator, FIRST, pair.first) == others
    assert rows(world.operator) != before


@pytest.mark.parametrize(
    "step",
    [
        lambda pair: alone(pair.engine, handles.mark_deposited, (pair.today, pair.first)),
        lambda pair: pair.count(pair.first, pair.today),
        lambda pair: handles.uncount_request(pair.engine, (pair.today, pair.first)),
    ],
)
def test_a_handle_is_of_one_account_and_epoch(world: World, step: Callable[[Pair], object]) -> None:
    pair = Pair(world)
    before = rows(world.operator)
    step(pair)
    after = rows(world.operator)
    ((table, *changed),) = [row for row in after if row not in before]
    assert (table, changed[:2]) == ("handles", [pair.today, pair.first])
    assert len([row for row in before if row not in after]) == 1


def test_a_request_is_taken_back_once_for_each_time_it_was_counted(world: World) -> None:
    pair = Pair(world)
    before = rows(world.operator)
    for _ in range(2):
        pair.count(pair.second, pair.today)
    for _ in range(2):
        handles.uncount_request(pair.engine, (pair.today, pair.second))
    assert rows(world.operator) == before


def test_codes_that_may_still_be_used_or_are_counted_stay(world: World) -> None:
    accounts, midnight = world.operator.accounts, world.now // DAY * DAY + DAY
    accounts.new_code(FIRST, midnight - DAY)
    late = accounts.new_code(SECOND, midnight - 1)
    accounts.put_in_force(SECOND, late, midnight - 1)
    accounts.new_code("+821055555555", midnight)
    accounts.forget_old(midnight)
    assert {row[1] for row in rows(world.operator) if row[0] == "verifications"} == {SECOND, "+821055555555"}


@pytest.mark.parametrize("role", Role)
def test_a_change_of_a_venues_key_is_refused_or_approved_alone(world: World, role: Role) -> None:
    party = world.operator if role is Role.OPERATOR else world.authority
    keys = {name: SigningKey.generate() for name in ("카페", "클럽")}
    records = [Venue(7, token_bytes(16), name, "", public_key(key)) for name, key in keys.items()]
    for record, key in zip(records, keys.values(), strict=True):
        party.venues.apply(sign_application(record, key))
        party.venues.approve(record, party.identity)
        for _ in range(2):
            another = SigningKey.generate()
            party.venues.apply(sign_application(replace(record, key=public_key(another)), another, key))
    cafe, club = (record.venue_id for record in records)
    assert [{change.record.venue_id for change in party.venues.changes(one)} for one in (cafe, club)] == [
        {cafe},
        {club},
    ]
    refused, kept = party.venues.changes(cafe)
    others = rows(party, bytes(refused.record.key))
    party.venues.refuse(refused.record)
    assert rows(party) == others
    assert party.venues.changes(cafe) == [kept]
    others = rows(party, cafe)
    party.venues.approve(kept.record, party.identity)
    assert rows(party, cafe) == others
    assert party.venues.get(cafe).record == kept.record
    assert party.venues.changes(cafe) == []


@pytest.mark.parametrize("over", [set(), {1}, {2}, {1, 2}])
def test_what_is_kept_of_warrants_goes_with_their_own_windows(world: World, over: set[int]) -> None:
    """Judgements at both parties; at the authority what it asked for and received."""
    party, drawn = world.authority, world.authority.warrants
    judgements, joint, kept = Judgements(party.engine), JointStatement(bytes(100), bytes(100)), {}
    for number in (1, 2):
        ends = world.now - number
        warrant = opening_warrant(7, bytes(16), ends - 600, ends, world.now)
        release, held = token_bytes(32), (HeldCommitment(ends, token_bytes(32)),)
        drawn.add(warrant, b"authority")
        store_opening(drawn, joint, warrant)
        drawn.store_asked(warrant.warrant_id, release, joint, held)
        drawn.store_received(warrant.warrant_id, release, ReceivedShares(b"shares", ends))
        judgement = judgements.first(warrant, release, Judgement(release, held, held))
        kept[number] = (warrant.warrant_id, release, ends, judgement, (joint, held))

    def is_over(ends: int) -> bool:
        return world.now - ends in over

    drawn.forget_ended(is_over)
    judgements.forget_ended(is_over)
    for number, (warrant_id, release, ends, judgement, asked) in kept.items():
        is_gone = number in over
        assert judgements.get(warrant_id, release) == (None if is_gone else judgement)
        assert drawn.asked(warrant_id, release) == (None if is_gone else asked)
        assert drawn.received(warrant_id, release) == ([] if is_gone else [ReceivedShares(b"shares", ends)])
        assert len(drawn.get(warrant_id).parts) == (0 if is_gone else 1)
        assert judgements.get(warrant_id, token_bytes(32)) is None
        assert drawn.asked(token_bytes(16), release) is None


def test_answers_are_forgotten_of_the_notices_before_a_time_alone(world: World) -> None:
    notices = world.operator.notices
    days = [world.now + number * DAY for number in (1, 2, 3)]
    first = 1 + (world.operator.log.newest_notice() or 0)
    numbers = range(first, first + 3)
    given = [notices.sign(number, time, "", (), ()) for number, time in zip(numbers, days, strict=True)]
    notices.forget_before(days[1])
    assert [notices.answer(number) for number in numbers] == [None, *given[1:]]
