"""A database that an earlier version of the program made keeps what is in it, and gets what it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sql

from escrow import journal, ledger, venues
from escrow.authority import directory, opened_visits, released_parts
from escrow.authority import warrants as authority_warrants
from escrow.authority.directory import Directory
from escrow.authority.migrations import STEPS
from escrow.authority.warrants import Step, Taken
from escrow.authority.warrants import Warrants as AuthorityWarrants
from escrow.desk import register as officers
from escrow.desk.records import Action, Decision, Subject, Vote, of_venue
from escrow.journal import Journal
from escrow.ledger import ReleaseLedger
from escrow.log.log import TransparencyLog
from escrow.migrations import date_applications, void_votes_on_venues, widen_actions
from escrow.operator import accounts
from escrow.operator import migrations as operator_migrations
from escrow.operator import warrants as operator_warrants
from escrow.operator.errors import AlreadyDecided, HandleExists
from escrow.operator.handles import NewHandle, find, register
from escrow.operator.warrants import LoggedDecision, Warrants
from escrow.venues import VenueRegister
from protocol.epochs import Domain, Role
from protocol.primitives.signatures import SigningKey, public_key
from protocol.transparency.log_entries import WarrantDecided, WarrantDecision, commit_to_warrant
from protocol.warrants import Venue, Warrant
from service.clock import DAY, unix_time
from service.errors import ConfigurationError
from service.storage import open_database
from tests.support.alone import alone
from tests.support.databases import KINDS, new_database
from tests.support.domain import NOW, Parties, Visitor
from tests.support.investigations import store_opening
from tests.support.officers import nobody

first = sql.MetaData()
cases = sql.Table(
    "cases",
    first,
    sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
    sql.Column("record", sql.LargeBinary, nullable=False),
    sql.Column("statement", sql.LargeBinary, nullable=False),
    sql.Column("countersigned", sql.LargeBinary),
    sql.Column("release", sql.LargeBinary),
    sql.Column("opened_release", sql.LargeBinary),
    sql.Column("operator_shares", sql.LargeBinary),
    sql.Column("authority_shares", sql.LargeBinary),
)
released_passes = sql.Table(
    "released_passes",
    first,
    sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
    sql.Column("pass_digest", sql.LargeBinary(32), primary_key=True, index=True),
    sql.Column("epoch", sql.BigInteger, nullable=False),
    sql.Column("venue", sql.LargeBinary(16), nullable=False),
    sql.Column("time", sql.BigInteger, nullable=False),
)
earlier_accounts = sql.Table(
    "accounts",
    first,
    sql.Column("account", sql.LargeBinary(16), primary_key=True),
    sql.Column("phone", sql.String(16), nullable=False, unique=True),
    sql.Column("name", sql.String(128), nullable=False),
    sql.Column("verified_at", sql.BigInteger, nullable=False),
)
sql.Table(
    "sessions",
    first,
    sql.Column("token_digest", sql.LargeBinary(32), primary_key=True),
    sql.Column("account", sql.LargeBinary(16), sql.ForeignKey(earlier_accounts.c.account), nullable=False),
)
handles = sql.Table(
    "handles",
    first,
    sql.Column("account", sql.LargeBinary(16), sql.ForeignKey(earlier_accounts.c.account), primary_key=True),
    sql.Column("epoch", sql.BigInteger, primary_key=True),
    sql.Column("handle", sql.LargeBinary(32), nullable=False, unique=True),
    sql.Column("record", sql.LargeBinary, nullable=False),
    sql.Column("entry", sql.LargeBinary, nullable=False),
    sql.Column("deposited", sql.Boolean, nullable=False),
    sql.Column("requests", sql.Integer, nullable=False),
)

proposals = sql.MetaData()
warrants = sql.Table(
    "warrants",
    proposals,
    sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
    sql.Column("statement", sql.LargeBinary, nullable=False),
    sql.Column("countersignature", sql.LargeBinary),
    sql.Column("refused", sql.String(256)),
)
decisions = sql.MetaData()
warrant_decisions = sql.Table(
    "warrant_decisions",
    decisions,
    sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
    sql.Column("log_index", sql.BigInteger, nullable=False),
    sql.Column("salt", sql.LargeBinary(32), nullable=False),
)


TRANSCRIPT = ("release", "opened_release", "operator_shares", "authority_shares")
NOTED = authority_warrants.metadata.tables


def older_warrants(engine: sql.Engine, parties: Parties, *steps: Sequence[str]) -> list[Warrant]:
    """Warrants that an older program stored, each with what there was after the last of its steps."""
    drawn = []
    with engine.begin() as connection:
        for taken in steps:
            record = parties.warrant(NOW, NOW + 60).record
            joint = parties.both_sign(record)
            row = {"warrant": record.warrant_id, "record": record.to_bytes(), "statement": joint.authority}
            has = {"countersigned": joint.to_bytes()} if taken else {}
            has |= dict.fromkeys(
                TRANSCRIPT if "opened" in taken else TRANSCRIPT[:1] if "released" in taken else (), bytes(80)
            )
            connection.execute(sql.insert(cases).values(**row, **has))
            drawn.append(record)
    return drawn


def upgraded(url: str) -> AuthorityWarrants:
    return AuthorityWarrants(
        open_database(url, STEPS, authority_warrants.metadata, opened_visits.metadata, released_parts.metadata)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_older_program_did_under_a_warrant_is_known(kind: str, tmp_path: Path, parties: Parties) -> None:
    """It noted no steps. A release is asked for again, because it cannot be read any more."""
    url = new_database(kind, tmp_path)
    engine = open_database(url, (), first)
    proposed, released = older_warrants(engine, parties, [], ["countersigned", "released"])
    drawn_ones = upgraded(url)
    assert {one.record: set(one.steps) for one in drawn_ones.listed()} == {
        proposed: {Step.PROPOSED},
        released: {Step.PROPOSED, Step.COUNTERSIGNED},
    }
    assert {step.time for one in drawn_ones.listed() for step in one.steps.values()} == {proposed.issued}
    joint = parties.both_sign(released)
    store_opening(drawn_ones, joint, released)
    assert drawn_ones.get(released.warrant_id).is_opened


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_older_program_opened_is_not_lost_unless_it_was_exported(
    kind: str, tmp_path: Path, parties: Parties
) -> None:
    """By itself, or with its case. Then it stays on record that it was opened, and it cannot be withdrawn."""
    url = new_database(kind, tmp_path)
    engine = open_database(url, (), first, journal.metadata)
    opened = ["countersigned", "released", "opened"]
    alone, of_case = older_warrants(engine, parties, opened, opened)
    NOTED["case_warrants"].create(engine)
    NOTED["warrant_steps"].create(engine)
    with engine.begin() as connection:
        connection.execute(sql.insert(NOTED["case_warrants"]).values(warrant=of_case.warrant_id, case_name="5월"))
        noted = {"warrant": of_case.warrant_id, "step": "opened", "time": NOW + 5, "visits": 7}
        connection.execute(sql.insert(NOTED["warrant_steps"]).values(**noted))
    officers = Journal(engine, lambda: NOW)
    officers.note("officer", "open", warrant_id=alone.warrant_id)
    with pytest.raises(ConfigurationError, match=r"warrants export") as refused:
        upgraded(url)
    assert all(one.warrant_id.hex() in str(refused.value) for one in (alone, of_case))
    officers.note("officer", "export", warrant_id=alone.warrant_id)
    with pytest.raises(ConfigurationError) as refused:
        upgraded(url)
    assert alone.warrant_id.hex() not in str(refused.value)
    with engine.connect() as connection:
        assert len(connection.execute(sql.select(cases)).all()) == 2, "nothing is changed"
    officers.note("officer", "export case", case="5월")
    kept = upgraded(url)
    for one in kept.listed():
        assert (one.state, one.is_released, one.is_to_withdraw) == ("opened", True, False)
    assert kept.listed_one(of_case.warrant_id).steps[Step.OPENED] == Taken(NOW + 5, 7, None)


@pytest.mark.parametrize("kind", KINDS)
def test_a_release_that_was_noted_and_cannot_be_read_is_asked_for_again(
    kind: str, tmp_path: Path, parties: Parties
) -> None:
    url = new_database(kind, tmp_path)
    engine = open_database(url, (), first)
    (released,) = older_warrants(engine, parties, ["countersigned", "released"])
    NOTED["warrant_steps"].create(engine)
    with engine.begin() as connection:
        for step in ("countersigned", "released"):
            connection.execute(
                sql.insert(NOTED["warrant_steps"]).values(warrant=released.warrant_id, step=step, time=NOW)
            )
    (listed,) = upgraded(url).listed()
    assert list(listed.steps) == [Step.COUNTERSIGNED]
    assert not listed.is_released


@pytest.mark.parametrize("kind", KINDS)
def test_a_decision_stays_on_record(kind: str, tmp_path: Path, parties: Parties) -> None:
    """One that is in the log, and one from before there was a log, which counts once it is there."""
    log = TransparencyLog(tmp_path / "log", parties.domain, Role.OPERATOR, parties.keys[Role.OPERATOR])
    url, salt = new_database(kind, tmp_path), bytes(32)
    logged, older = (parties.warrant(NOW, NOW + 60).record for _ in range(2))
    index = log.append(WarrantDecided(WarrantDecision.COUNTERSIGNED, commit_to_warrant(logged.to_bytes(), salt)), NOW)
    with open_database(url, (), first, proposals, decisions).begin() as connection:
        for record in (logged, older):
            joint = parties.both_sign(record)
            row = {"statement": joint.authority, "countersignature": joint.operator}
            connection.execute(sql.insert(warrants).values(warrant=record.warrant_id, **row))
        connection.execute(sql.insert(warrant_decisions).values(warrant=logged.warrant_id, log_index=index, salt=salt))
    engine = open_database(url, operator_migrations.STEPS, operator_warrants.metadata, officers.metadata)
    register = Warrants(engine, parties.domain, lambda: log, lambda: NOW, nobody(engine, parties.domain))
    assert register.decision(logged.warrant_id) == LoggedDecision(index, salt)
    assert {proposed.record: proposed.state for proposed in register.all()} == {
        logged: "countersigned",
        older: "pending",
    }
    with pytest.raises(AlreadyDecided, match="countersigned already"):
        register.refuse(older.warrant_id, "no")
    assert register.get(older.warrant_id).state == "countersigned"
    assert register.decision(older.warrant_id) is not None


@pytest.mark.parametrize("kind", KINDS)
def test_a_database_from_before_the_log_is_taken(kind: str, tmp_path: Path) -> None:
    url = new_database(kind, tmp_path)
    open_database(url, (), first)
    engine = open_database(url, operator_migrations.STEPS, operator_warrants.metadata)
    assert sql.inspect(engine).has_table("warrant_decisions")


@pytest.mark.parametrize("kind", KINDS)
def test_what_goes_with_an_epoch_is_found_by_an_index(kind: str, tmp_path: Path) -> None:
    """In an old database as in a new one."""
    operator = operator_migrations.STEPS, (ledger.metadata, accounts.metadata)
    for steps, tables in ((STEPS, (ledger.metadata,)), operator):
        indexed = []
        for earlier in ((), (first,)):
            url = new_database(kind, tmp_path)
            if earlier:
                open_database(url, (), *earlier).dispose()
            engine = open_database(url, steps, *tables)
            inspector = sql.inspect(engine)
            names = [name for name in ("handles", "released_passes") if inspector.has_table(name)]
            indexed.append({index["name"] for name in names for index in inspector.get_indexes(name)})
            if steps is operator_migrations.STEPS:
                assert inspector.get_pk_constraint("handles")["constrained_columns"] == ["epoch", "account"]
            engine.dispose()
        new, old = indexed
        assert "ix_released_passes_pass" in new
        assert new <= old


def test_a_released_pass_is_found_among_many_of_its_day_without_reading_them(tmp_path: Path) -> None:
    engine = open_database(new_database("sqlite", tmp_path), STEPS, ledger.metadata)
    queries: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, query: str, values: Any, *_: object) -> None:
        queries.append((query, values))

    sql.event.listen(engine, "before_cursor_execute", note)
    assert ReleaseLedger(engine).elsewhere(bytes(16), [(1, bytes(32)), (1, bytes([1] * 32))]) == set()
    (query,) = (one for one in queries if one[0].startswith("SELECT"))
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query[0]}", query[1]).all()
    assert [row.detail for row in plan] == [
        "SEARCH released_passes USING INDEX ix_released_passes_pass (epoch=? AND pass_digest=?)"
    ]


commitments_before = sql.MetaData()
sql.Table(
    "venue_commitments",
    commitments_before,
    sql.Column("venue", sql.LargeBinary(16), primary_key=True),
    sql.Column("time", sql.BigInteger, primary_key=True),
    sql.Column("statement", sql.LargeBinary, nullable=False),
)
directory_before = sql.MetaData()
sql.Table(
    "directory",
    directory_before,
    sql.Column("entry_index", sql.LargeBinary(32), primary_key=True),
    sql.Column("epoch", sql.BigInteger, nullable=False, index=True),
    sql.Column("entry", sql.LargeBinary, nullable=False),
)
opened_before = sql.MetaData()
sql.Table(
    "opened_visits",
    opened_before,
    sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
    sql.Column("begins", sql.BigInteger, primary_key=True, autoincrement=False),
    sql.Column("epoch", sql.BigInteger, primary_key=True, autoincrement=False),
    sql.Column("u", sql.LargeBinary(32), primary_key=True),
    sql.Column("entered", sql.BigInteger),
    sql.Column("left", sql.BigInteger),
    sql.Column("why", sql.String(32)),
    sql.Column("point", sql.LargeBinary(32)),
    sql.Column("assisted", sql.LargeBinary),
    sqlite_with_rowid=False,
)


@pytest.mark.parametrize("kind", KINDS)
def test_of_what_an_older_program_opened_nothing_counts_as_verified(kind: str, tmp_path: Path) -> None:
    row = {"warrant": bytes(16), "begins": 0, "epoch": 20_000, "u": bytes(32), "entered": 0, "point": bytes(32)}
    url = new_database(kind, tmp_path)
    with open_database(url, (), first, opened_before).begin() as connection:
        connection.execute(sql.insert(opened_before.tables["opened_visits"]).values(row))
    (visit,) = opened_visits.OpenedVisits(open_database(url, STEPS, opened_visits.metadata)).of(bytes(16))
    assert (visit.point, visit.verified) == (bytes(32), False)


@pytest.mark.parametrize("kind", KINDS)
def test_the_directory_is_told_by_epoch(kind: str, tmp_path: Path, visitor: Visitor) -> None:
    entry, url = visitor.grant.entry, new_database(kind, tmp_path)
    row = {"entry_index": entry.index, "epoch": entry.epoch, "entry": entry.to_bytes()}
    with open_database(url, (), first, directory_before).begin() as connection:
        connection.execute(sql.insert(directory_before.tables["directory"]).values(row))
    engine = open_database(url, STEPS, directory.metadata)
    kept = Directory(engine)
    assert kept.find(entry.epoch, entry.index) == entry
    assert kept.find(entry.epoch + 1, entry.index) is None
    assert alone(engine, directory.deposit, replace(entry, sealed=bytes(len(entry.sealed)))) is False
    assert sql.inspect(engine).get_pk_constraint("directory")["constrained_columns"] == ["epoch", "entry_index"]


@pytest.mark.parametrize("kind", KINDS)
def test_handles_are_told_by_epoch(kind: str, tmp_path: Path, visitor: Visitor) -> None:
    """An account's handle of an epoch stays its own; one point in two epochs is two handles."""
    entry, url = visitor.grant.entry, new_database(kind, tmp_path)
    account = {"account": visitor.account_id, "phone": "+821012345678", "name": "홍길동", "verified_at": NOW}
    other = {"account": bytes(16), "phone": "+821087654321", "name": "성춘향", "verified_at": NOW}
    row = {
        "account": visitor.account_id,
        "epoch": entry.epoch,
        "handle": bytes(visitor.handle),
        "record": visitor.grant.record,
        "entry": entry.to_bytes(),
        "deposited": True,
        "requests": 2,
    }
    with open_database(url, (), first).begin() as connection:
        connection.execute(sql.insert(earlier_accounts), [account, other])
        connection.execute(sql.insert(handles).values(row))
    engine = open_database(url, operator_migrations.STEPS, accounts.metadata)
    table = accounts.metadata.tables["handles"]
    with engine.connect() as connection:
        assert [dict(kept) for kept in connection.execute(sql.select(table)).mappings()] == [row]
    assert alone(engine, find, (entry.epoch, visitor.account_id)) == visitor.handle
    again = NewHandle(bytes(16), visitor.handle, b"record", entry)
    with pytest.raises(HandleExists):
        alone(engine, register, again)
    tomorrows = replace(entry, epoch=entry.epoch + 1)
    assert alone(engine, register, replace(again, entry=tomorrows)) == (b"record", tomorrows)


@pytest.mark.parametrize("kind", KINDS)
def test_passes_that_were_released_are_told_by_their_epochs(kind: str, tmp_path: Path) -> None:
    url = new_database(kind, tmp_path)
    row = {"warrant": bytes(16), "pass_digest": bytes(32), "epoch": 2, "venue": bytes(16), "time": NOW}
    with open_database(url, (), first).begin() as connection:
        connection.execute(sql.insert(released_passes).values(**row))
    engine = open_database(url, STEPS, ledger.metadata)
    with engine.begin() as connection:
        table = ledger.metadata.tables["released_passes"]
        new = {"epoch": 1, "given": True, "named": True}
        connection.execute(sql.insert(table).values(**row | new))
        (earlier, kept) = connection.execute(sql.select(table).order_by(table.c.epoch)).mappings()
    assert (earlier["epoch"], dict(kept)) == (1, row | {"given": True, "named": False})
    assert sql.inspect(engine).get_pk_constraint("released_passes")["constrained_columns"] == [
        "warrant",
        "epoch",
        "pass_digest",
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("steps", [STEPS, operator_migrations.STEPS])
def test_votes_on_venues_from_before_they_were_good_once_are_void(
    kind: str, steps: Sequence[Any], tmp_path: Path, parties: Parties
) -> None:
    """Nobody noted which of them were carried out. Those on a warrant still count."""
    url = new_database(kind, tmp_path)
    engine = open_database(url, steps[: steps.index(void_votes_on_venues)], officers.metadata)
    subjects = {action: Subject(action, b"payload") for action in (Action.VENUE, Action.WARRANT)}
    with engine.begin() as connection:
        connection.execute(sql.text("DROP TABLE officer_votes_void"))
        for number, (action, subject) in enumerate(subjects.items()):
            nonce = bytes([number]) * 32
            vote = Vote(Role.OPERATOR, action, Decision.APPROVE, "", b"payload", b"", 1, bytes(32), nonce, NOW)
            row = {"nonce": nonce, "subject": subject.subject_id, "vote": vote.to_bytes(), "officer": "Kim"}
            signed = dict.fromkeys(("credential", "authenticator_data", "client_data", "signature"), bytes(1))
            connection.execute(sql.insert(officers.metadata.tables["officer_votes"]).values(**row, **signed, time=NOW))
    engine.dispose()
    with open_database(url, steps, officers.metadata).begin() as connection:
        void = connection.execute(sql.select(officers.metadata.tables["officer_votes_void"])).all()
    assert [tuple(row) for row in void] == [(subjects[Action.VENUE].subject_id, 1)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("steps", [STEPS, operator_migrations.STEPS])
def test_a_journal_of_before_takes_whole_names(kind: str, steps: Sequence[Any], tmp_path: Path) -> None:
    url, before = new_database(kind, tmp_path), sql.MetaData()
    journal.metadata.tables["journal"].to_metadata(before).c.action.type = sql.String(64)
    engine = open_database(url, steps[: steps.index(widen_actions)], before)
    Journal(engine, lambda: NOW).note("김 담당", "sign in")
    engine.dispose()
    officers = Journal(open_database(url, steps, journal.metadata), lambda: NOW)
    officers.note("김 담당", f"forget passkeys of {'k' * 64}")
    assert [one.action for one in officers.entries()] == ["sign in", f"forget passkeys of {'k' * 64}"]


venues_before = sql.MetaData()
sql.Table(
    "venues",
    venues_before,
    sql.Column("venue", sql.LargeBinary(16), primary_key=True),
    sql.Column("record", sql.LargeBinary, nullable=False),
    sql.Column("statement", sql.LargeBinary),
)
sql.Table(
    "venue_changes",
    venues_before,
    sql.Column("venue", sql.LargeBinary(16), primary_key=True),
    sql.Column("key", sql.LargeBinary(32), primary_key=True),
    sql.Column("record", sql.LargeBinary, nullable=False),
    sql.Column("agreed", sql.Boolean, nullable=False),
)


@pytest.mark.parametrize("kind", KINDS)
def test_applications_of_before_are_found_and_kept_for_a_month_from_now(kind: str, tmp_path: Path) -> None:
    url, keys = new_database(kind, tmp_path), [public_key(SigningKey.generate()) for _ in range(4)]
    first, approved = (Venue(7, bytes([number]) * 16, "카페", "", keys[number]) for number in range(2))
    changes = {record: replace(record, key=key) for record, key in zip((first, approved), keys[2:], strict=True)}
    steps = STEPS[: STEPS.index(date_applications)]
    with open_database(url, steps, venues_before).begin() as connection:
        for record, statement in ((first, None), (approved, b"signed")):
            row = {"venue": record.venue_id, "record": record.to_bytes(), "statement": statement}
            connection.execute(sql.insert(venues_before.tables["venues"]).values(row))
            change = changes[record]
            row = {"venue": change.venue_id, "key": bytes(change.key), "record": change.to_bytes()}
            connection.execute(sql.insert(venues_before.tables["venue_changes"]).values(**row, agreed=True))
    domain = Domain(7, keys[0], keys[1], 0, 5)
    engine = open_database(url, STEPS, venues.metadata, officers.metadata)
    register = VenueRegister(engine, domain, nobody(engine, domain), unix_time)
    for record, before in ((first, None), (changes[first], None), (changes[approved], approved)):
        (found,) = register.waiting(of_venue(record, before).subject_id)
        assert (found.record, found.approved) == (record, before)
    assert len(register.waiting()) == 3
    register.forget_old(unix_time() - DAY)
    assert len(register.waiting()) == 3
    register.forget_old(unix_time() + DAY)
    assert [(one.record, one.statement) for one in register.all()] == [(approved, b"signed")]
