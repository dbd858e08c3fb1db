"""Handles, deposits and requests of many visitors in one transaction: each is answered as if it had come alone."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sql

from escrow.authority import directory
from escrow.authority.deposits import Deposit, deposit
from escrow.authority.directory import Directory
from escrow.operator import accounts, handles
from escrow.operator.errors import AllowanceUsed, HandleExists, NoHandle
from escrow.operator.handles import NewHandle
from protocol.epochs import Role
from protocol.handles import DirectoryEntry, Handle
from protocol.party_requests import PartyRequest
from protocol.primitives.errors import ReplayedRequest
from protocol.primitives.group import B, Scalar
from service import inbox
from service.storage import open_database, writing
from tests.support.databases import KINDS, new_database
from tests.support.deposits import any_entry, batch_of

EPOCH, NOW, MOST = 20_000, 1_728_000_000, 3
FIRST, SECOND, THIRD = (bytes([number]) * 16 for number in (1, 2, 3))


@pytest.fixture(params=KINDS)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sql.Engine]:
    tables = accounts.metadata, directory.metadata, inbox.metadata
    engine = open_database(new_database(request.param, tmp_path), (), *tables)
    people = [
        {"account": account, "phone": f"+82101234567{number}", "name": "나", "verified_at": NOW}
        for number, account in enumerate((FIRST, SECOND, THIRD))
    ]
    with engine.begin() as connection:
        connection.execute(sql.insert(accounts.metadata.tables["accounts"]), people)
    yield engine
    engine.dispose()


def new_handle(account: bytes, handle: Handle | None = None, epoch: int = EPOCH) -> NewHandle:
    return NewHandle(account, handle or Handle(Scalar.random() * B), secrets.token_bytes(80), any_entry(epoch))


def kinds(outcomes: list[Exception | None]) -> list[type]:
    return [type(outcome) for outcome in outcomes]


def test_of_handles_that_come_together_the_first_one_is_kept(engine: sql.Engine) -> None:
    one, other, taken = new_handle(FIRST), new_handle(SECOND), new_handle(THIRD)
    again, changed, stolen = new_handle(FIRST, one.handle), new_handle(SECOND), new_handle(THIRD, one.handle)
    ahead = new_handle(FIRST, one.handle, EPOCH + 1)
    with writing(engine).begin() as connection:
        outcomes = handles.register(connection, [other, one, again, changed, stolen, ahead])
    kept, first = (other.record, other.entry), (one.record, one.entry)
    assert outcomes[:3] == [kept, first, first]
    assert isinstance(outcomes[3], HandleExists)
    assert isinstance(outcomes[4], HandleExists)
    assert outcomes[5] == (ahead.record, ahead.entry)
    with writing(engine).begin() as connection:
        repeated = handles.register(connection, [again, taken, changed])
    assert repeated[:2] == [first, (taken.record, taken.entry)]
    assert isinstance(repeated[2], HandleExists)


def test_a_handle_is_found_when_its_own_entry_is_deposited(engine: sql.Engine) -> None:
    new = [new_handle(FIRST), new_handle(SECOND), new_handle(FIRST, epoch=EPOCH + 1)]
    with writing(engine).begin() as connection:
        handles.register(connection, new)
        handles.mark_deposited(connection, [new[0].key, new[2].key, new[0].key])
        wanted = [new[2].key, new[1].key, new[0].key, (EPOCH, THIRD)]
        ahead, lacking, today, unknown = handles.find(connection, wanted)
    assert (ahead, today) == (new[2].handle, new[0].handle)
    assert isinstance(lacking, NoHandle)
    assert isinstance(unknown, NoHandle)


def test_requests_of_one_account_that_come_together_are_counted_one_by_one(engine: sql.Engine) -> None:
    new = [new_handle(FIRST), new_handle(SECOND), new_handle(FIRST, epoch=EPOCH + 1)]
    one, other, ahead = (handle.key for handle in new)
    with writing(engine).begin() as connection:
        handles.register(connection, new)
        counted = handles.count_requests(connection, [one, other, one, ahead, one, one, (EPOCH, THIRD)], MOST)
        assert kinds(counted) == [type(None)] * 5 + [AllowanceUsed] * 2
        counted = handles.count_requests(connection, [one, other, other, other], MOST)
    assert kinds(counted) == [AllowanceUsed, type(None), type(None), AllowanceUsed]
    handles.uncount_request(engine, one)
    with writing(engine).begin() as connection:
        assert kinds(handles.count_requests(connection, [one, one], MOST)) == [type(None), AllowanceUsed]


def request(*entries: DirectoryEntry) -> Deposit:
    batch = batch_of(*entries)
    asked = PartyRequest(1, Role.OPERATOR, "authority", "/v1/directory", NOW, secrets.token_bytes(16), batch.to_bytes())
    return Deposit(asked, batch)


def test_deposits_that_come_together_are_each_taken_once(engine: sql.Engine) -> None:
    one, other, third = any_entry(EPOCH), any_entry(EPOCH), any_entry(EPOCH)
    first, pair = request(one), request(other, third)
    changed, ahead = request(any_entry(EPOCH, one.index)), request(any_entry(EPOCH + 1, one.index))
    with writing(engine).begin() as connection:
        taken, both, replayed, again, none, tomorrow = deposit(
            connection, [first, pair, first, request(one), changed, ahead]
        )
    assert (taken, both, again, none, tomorrow) == ([True], [True, True], [True], [False], [True])
    assert isinstance(replayed, ReplayedRequest)
    with writing(engine).begin() as connection:
        *replayed_each, repeated = deposit(connection, [changed, pair, request(other, third)])
    assert [type(each) for each in replayed_each] == [ReplayedRequest, ReplayedRequest]
    assert repeated == [True, True]
    entries = {one, other, third, *ahead.batch.entries}
    assert set(Directory(engine).find_all((entry.epoch, entry.index) for entry in entries).values()) == entries


def test_an_entry_that_is_another_in_the_directory_spoils_nobody_elses_deposit(engine: sql.Engine) -> None:
    known, new, last = any_entry(EPOCH, bytes([1] * 32)), any_entry(EPOCH, bytes(32)), any_entry(EPOCH, bytes([2] * 32))
    poison = any_entry(EPOCH, known.index)
    with writing(engine).begin() as connection:
        deposit(connection, [request(known)])
    with writing(engine).begin() as connection:
        assert deposit(connection, [request(new, poison, last)]) == [[True, False, True]]
    kept = Directory(engine).find_all((EPOCH, entry.index) for entry in (new, known, last))
    assert set(kept.values()) == {new, known, last}


def test_the_entries_of_a_replayed_request_are_not_stored(engine: sql.Engine) -> None:
    one, other = any_entry(EPOCH), any_entry(EPOCH)
    replayed, good = request(one), request(other)
    with writing(engine).begin() as connection:
        inbox.accept(connection, [replayed.request])
    with writing(engine).begin() as connection:
        refused, taken = deposit(connection, [replayed, good])
    assert isinstance(refused, ReplayedRequest)
    assert taken == [True]
    assert Directory(engine).find(EPOCH, one.index) is None
    assert Directory(engine).find(EPOCH, other.index) == other
