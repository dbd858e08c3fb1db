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
from escrow.authority.errors import EntryExists
from escrow.operator import accounts, handles
from escrow.operator.errors import AllowanceUsed, HandleExists, NoHandle
from escrow.operator.handles import NewHandle
from protocol.epochs import Role
from protocol.handles import ENTRY_BYTES, NONCE_BYTES, DirectoryEntry, Handle
from protocol.party_requests import PartyRequest
from protocol.primitives.errors import ReplayedRequest
from protocol.primitives.group import B, Scalar
from service import inbox
from service.storage import open_database, writing
from tests.support.databases import KINDS, new_database

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


def entry(index: bytes | None = None, epoch: int = EPOCH) -> DirectoryEntry:
    index = secrets.token_bytes(32) if index is None else index
    return DirectoryEntry(epoch, index, secrets.token_bytes(NONCE_BYTES), secrets.token_bytes(ENTRY_BYTES))


def new_handle(account: bytes, handle: Handle | None = None, epoch: int = EPOCH) -> NewHandle:
    return NewHandle(account, handle or Handle(Scalar.random() * B), secrets.token_bytes(80), entry(epoch=epoch))


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


def request(body: DirectoryEntry) -> Deposit:
    asked = PartyRequest(1, Role.OPERATOR, "authority", "/v1/directory", NOW, secrets.token_bytes(16), body.to_bytes())
    return Deposit(asked, body)


def test_deposits_that_come_together_are_each_taken_once(engine: sql.Engine) -> None:
    one, other = request(entry()), request(entry())
    replayed, again, changed = one, request(one.entry), request(entry(one.entry.index))
    ahead = request(entry(one.entry.index, EPOCH + 1))
    with writing(engine).begin() as connection:
        outcomes = deposit(connection, [other, one, replayed, again, changed, ahead])
    assert kinds(outcomes) == [type(None), type(None), ReplayedRequest, type(None), EntryExists, type(None)]
    with writing(engine).begin() as connection:
        outcomes = deposit(connection, [changed, other, request(other.entry), request(entry(other.entry.index))])
    assert kinds(outcomes) == [ReplayedRequest, ReplayedRequest, type(None), EntryExists]
    kept = [Directory(engine).find(each.entry.epoch, each.entry.index) for each in (one, other, ahead)]
    assert kept == [one.entry, other.entry, ahead.entry]


def test_the_entry_of_a_replayed_request_is_not_stored(engine: sql.Engine) -> None:
    one = request(entry())
    with writing(engine).begin() as connection:
        inbox.accept(connection, [one.request])
    with writing(engine).begin() as connection:
        assert kinds(deposit(connection, [one])) == [ReplayedRequest]
    assert Directory(engine).find(EPOCH, one.entry.index) is None
