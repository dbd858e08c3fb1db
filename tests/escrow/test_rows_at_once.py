"""Two transactions at once on a PostgreSQL: who comes second is told what the first did, and nobody else waits."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sql

from escrow import judgements
from escrow.authority import directory
from escrow.authority.directory import Directory
from escrow.desk import register
from escrow.errors import ErasedEpoch
from escrow.judgements import Judgements
from escrow.ledger import ReleaseLedger, giving
from escrow.ledger import metadata as ledger_metadata
from escrow.operator import accounts, handles, warrants
from escrow.operator.accounts import Accounts
from escrow.operator.errors import HandleExists
from escrow.operator.handles import NewHandle
from escrow.operator.settings import OperatorSettings
from escrow.operator.warrants import Warrants
from protocol.commitments import HeldCommitment
from protocol.epochs import Role
from protocol.handles import ENTRY_BYTES, NONCE_BYTES, DirectoryEntry, Handle
from protocol.http_messages import VerificationAnswer
from protocol.primitives.group import B, Scalar
from protocol.primitives.statements import sign_statement
from protocol.releases import Judgement, VerifiedRelease
from protocol.visits import Visit
from service.storage import exclusive, open_database
from tests.support.alone import alone
from tests.support.at_once import at_once
from tests.support.databases import new_database
from tests.support.domain import Parties, opening_warrant
from tests.support.officers import nobody

EPOCH, NOW, DAY = 20_000, 1_728_000_000, 86_400
PHONE = "+821012345678"
TABLES = (
    directory.metadata,
    accounts.metadata,
    warrants.metadata,
    judgements.metadata,
    ledger_metadata,
    register.metadata,
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sql.Engine]:
    """Whoever waits for a lock for two seconds is told so."""
    url = sql.make_url(new_database("postgresql", tmp_path_factory.mktemp("rows")))
    patient = url.update_query_dict({"options": "-c lock_timeout=2s"})
    engine = open_database(patient.render_as_string(hide_password=False), (), *TABLES)
    yield engine
    engine.dispose()


@pytest.fixture
def phones(database: sql.Engine, parties: Parties) -> Accounts:
    return Accounts(database, OperatorSettings(), parties.keys[Role.OPERATOR])


def beside(database: sql.Engine, first: Callable[[sql.Connection], object], second: Callable[[], object]) -> object:
    """What becomes of `second`, which begins in the middle of the transaction `first` and has to wait for its end."""
    waiting, begun = sql.text("SELECT count(*) FROM pg_locks WHERE NOT granted"), threading.Event()

    def go_first() -> None:
        with database.begin() as connection:
            first(connection)
            begun.set()
            deadline = time.monotonic() + 1
            with database.connect() as looking:
                while not looking.scalar(waiting) and time.monotonic() < deadline:
                    looking.rollback()

    def go_second() -> object:
        assert begun.wait(10)
        return second()

    failed, outcome = at_once(go_first, go_second)
    assert failed is None
    return outcome


def entry(index: bytes = bytes(32)) -> DirectoryEntry:
    return DirectoryEntry(EPOCH, index, secrets.token_bytes(NONCE_BYTES), secrets.token_bytes(ENTRY_BYTES))


def handle() -> Handle:
    return Handle(Scalar.random() * B)


def test_locks_of_different_names_and_keys_are_held_at_once(database: sql.Engine) -> None:
    with exclusive(database, "a", b"1"), exclusive(database, "a", b"2"), exclusive(database, "a"):
        with exclusive(database, "b", b"1"):
            pass
        with pytest.raises(sql.exc.OperationalError, match="lock timeout"), exclusive(database, "a", b"1"):
            pass


@pytest.mark.parametrize("same", [True, False])
def test_of_two_entries_at_once_one_is_kept(database: sql.Engine, same: bool) -> None:
    index = secrets.token_bytes(32)
    one = entry(index)
    other = one if same else entry(index)
    row = {"epoch": EPOCH, "entry_index": index, "entry": one.to_bytes()}
    table = directory.metadata.tables["directory"]
    outcome = beside(
        database,
        lambda connection: connection.execute(table.insert().values(row)),
        lambda: alone(database, directory.deposit, other),
    )
    assert outcome is same
    assert Directory(database).find(EPOCH, index) == one


def test_an_entry_that_is_erased_while_it_comes_again_is_not_taken(database: sql.Engine) -> None:
    """It was there when it was inserted, and is gone when it is compared."""
    one = entry(secrets.token_bytes(32))
    alone(database, directory.deposit, one)

    def erase(*_: object) -> None:
        with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sql.text("DELETE FROM directory"))

    sql.event.listen(database, "after_cursor_execute", erase, once=True)
    with pytest.raises(ErasedEpoch):
        alone(database, directory.deposit, one)


def enrol(phones: Accounts, phone: str = PHONE, now: int = NOW) -> bytes:
    code = phones.new_code(phone, now)
    phones.put_in_force(phone, code, now)
    return phones.verify(VerificationAnswer(phone, code, "나"), now).token


def account_of(database: sql.Engine, phones: Accounts, token: bytes, now: int) -> bytes:
    return alone(database, phones.authenticate, (token, now)).account_id


@pytest.mark.parametrize("other_account", [True, False])
def test_of_two_handles_at_once_one_is_kept(database: sql.Engine, phones: Accounts, other_account: bool) -> None:
    first = account_of(database, phones, enrol(phones, "+821012345601"), NOW)
    second = account_of(database, phones, enrol(phones, "+821012345602"), NOW) if other_account else first
    kept, table = handle(), accounts.metadata.tables["handles"]
    shown = kept if other_account else handle()
    row = {"epoch": EPOCH, "account": first, "handle": bytes(kept), "record": b"", "entry": entry().to_bytes()}
    row |= {"deposited": False, "requests": 0}
    outcome = beside(
        database,
        lambda connection: connection.execute(table.insert().values(row)),
        lambda: alone(database, handles.register, NewHandle(second, shown, b"", entry())),
    )
    assert isinstance(outcome, HandleExists)
    phones.forget_epochs([EPOCH])


def test_an_account_that_lapses_while_its_phone_is_verified_is_a_new_one(
    database: sql.Engine, phones: Accounts
) -> None:
    phone = "+821012345603"
    before = account_of(database, phones, enrol(phones, phone), NOW)
    later = NOW + 1000 * DAY

    def delete(connection: sql.Connection) -> None:
        for name in ("sessions", "accounts"):
            table = accounts.metadata.tables[name]
            connection.execute(sql.delete(table).where(table.c.account == before))

    token = beside(database, delete, lambda: enrol(phones, phone, later))
    assert isinstance(token, bytes)
    assert account_of(database, phones, token, later) != before


def test_an_account_that_is_verified_while_lapsed_ones_are_deleted_stays(
    database: sql.Engine, phones: Accounts
) -> None:
    token = enrol(phones, "+821012345604")
    account, later = account_of(database, phones, token, NOW), NOW + 1000 * DAY

    def verify(connection: sql.Connection) -> None:
        table = accounts.metadata.tables["accounts"]
        connection.execute(sql.update(table).where(table.c.account == account).values(verified_at=later))

    assert beside(database, verify, lambda: phones.forget_old(later)) is None
    assert account_of(database, phones, token, later) == account


def test_of_two_judgements_at_once_both_are_told_the_first(database: sql.Engine) -> None:
    warrant = opening_warrant(1, secrets.token_bytes(16), NOW - 600, NOW, NOW)
    one, other = Judgement(bytes(32), (HeldCommitment(NOW, bytes(32)),), ()), Judgement(bytes(32), (), ())
    row = {"warrant": warrant.warrant_id, "release": bytes(32), "judgement": one.to_bytes(), "ends": warrant.ends}
    table = judgements.metadata.tables["judgements"]
    outcome = beside(
        database,
        lambda connection: connection.execute(table.insert().values(row)),
        lambda: Judgements(database).first(warrant, bytes(32), other),
    )
    assert outcome == one


def test_shares_withdrawals_and_decisions_come_one_after_the_other(database: sql.Engine, parties: Parties) -> None:
    warrant = opening_warrant(parties.domain.number, secrets.token_bytes(16), NOW - 600, NOW, NOW)
    none = nobody(database, parties.domain)
    register = Warrants(database, parties.domain, lambda: pytest.fail("nothing is decided"), lambda: NOW, none)
    register.propose(sign_statement(warrant, parties.keys[Role.AUTHORITY]), NOW)
    release = VerifiedRelease(warrant, {EPOCH: {bytes(32): Visit()}}, Counter(), Judgement(bytes(32), (), ()))
    works: tuple[Callable[[], object], ...] = (
        lambda: ReleaseLedger(database).record(release, NOW),
        lambda: register.withdraw(warrant.warrant_id, b"request"),
        lambda: register.refuse(warrant.warrant_id, "no"),
        lambda: register.countersign(warrant.warrant_id, parties.keys[Role.OPERATOR]),
    )
    with giving(database):
        for refused in at_once(*works):
            assert isinstance(refused, sql.exc.OperationalError)
            assert "lock timeout" in str(refused)
