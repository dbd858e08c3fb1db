"""Epochs are published ahead and erased when they are due: after restarts, and never early, whatever the clock says."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from time import sleep

import pytest
import sqlalchemy as sql
from aiohttp import web
from prometheus_client import REGISTRY

from escrow.authority.authority import Authority
from escrow.authority.server import create_authority_app
from escrow.errors import ErasedEpoch
from escrow.housekeeping import check_clock, housekeeping, keep_house
from escrow.operator.operator import Operator
from escrow.party import Party
from protocol.epochs import EPOCH_SECONDS, Role
from protocol.party_requests import sign_request
from protocol.primitives.errors import SplitPassError
from protocol.primitives.statements import JointStatement
from protocol.transparency.log_entries import EpochErased
from service.confirmed_time import ConfirmedTime
from service.errors import ConfigurationError
from service.http_client import new_session
from service.inbox import Inbox
from service.problems import Problem
from tests.support.databases import KINDS
from tests.support.domain import opening_warrant
from tests.support.investigations import store_opening
from tests.support.running import run, serving
from tests.support.servers import World, run_world

HOUR, DAY, YEAR = 3600, 86_400, 365 * 86_400


class Machine:
    """A party's machine: a clock that can be set, and seconds that it counts while the program runs."""

    def __init__(self, world: World, role: Role) -> None:
        self.world, self.role = world, role
        self.clock, self.counted = world.now, 0.0
        self.party: Party
        self.restart()

    def restart(self) -> None:
        kind = Operator if self.role is Role.OPERATOR else Authority
        self.party = kind(self.world.home(self.role), clock=lambda: self.clock)
        self.party.passed = ConfirmedTime(self.party.home / "passed.time", lambda: self.clock, lambda: self.counted)

    def run(self, seconds: int) -> None:
        """Time passes while the program runs."""
        self.counted += seconds
        self.rest(seconds)

    def rest(self, seconds: int) -> None:
        """Time passes while it does not."""
        self.clock += seconds
        self.world.now += seconds

    def keep_house(self) -> None:
        async def once() -> None:
            async with new_session() as session:
                await check_clock(self.party, session)
            await asyncio.to_thread(keep_house, self.party)

        asyncio.run(once())

    @property
    def erased(self) -> list[int]:
        return self.party.epochs.vault.erased_epochs()

    def epochs_ahead(self) -> list[int]:
        return list(range(self.world.today, self.world.today + self.party.settings.publish_ahead_days + 1))

    def until_due(self, epoch: int) -> int:
        """Seconds until an epoch has to be erased, by the world's time."""
        ends = self.party.domain.epoch_begins(epoch + 1)
        return ends + self.party.settings.retention_days * EPOCH_SECONDS - self.world.now


@pytest.fixture
def world(tmp_path: Path, request: pytest.FixtureRequest) -> World:
    return World(tmp_path, getattr(request, "param", "sqlite"))


@pytest.fixture
def machine(world: World) -> Iterator[Machine]:
    """An operator's machine in its second hour; nothing answers where the authority's server should be."""
    machine = Machine(world, Role.OPERATOR)
    machine.keep_house()
    machine.run(HOUR)
    machine.keep_house()
    yield machine
    machine.party.engine.dispose()


def peer(world: World) -> AbstractContextManager[None]:
    """The authority's server, whose clock is right."""

    async def apps() -> list[tuple[web.Application, int]]:
        return [(await create_authority_app(world.authority), world.authority.settings.port)]

    return serving(apps)


def doubts() -> float:
    return REGISTRY.get_sample_value("splitpass_clock_doubts_total") or 0


@pytest.mark.parametrize(
    ("kind", "utc_offset"), [("sqlite", 9 * HOUR), ("postgresql", -12_600), ("postgresql", 14 * HOUR)]
)
@pytest.mark.parametrize("role", Role)
def test_an_epoch_is_erased_at_the_first_housekeeping_after_it_is_due(
    tmp_path: Path, role: Role, kind: str, utc_offset: int
) -> None:
    machine, before = Machine(World(tmp_path, kind, utc_offset=utc_offset), role), doubts()
    first = machine.world.today
    machine.keep_house()
    published = machine.epochs_ahead()
    assert machine.party.epochs.vault.epochs() == published
    machine.run(machine.until_due(first) - 1)
    machine.keep_house()
    assert machine.erased == []
    machine.run(1)
    machine.keep_house()
    assert machine.erased == [first]
    assert {*published[1:], *machine.epochs_ahead()} <= set(machine.party.epochs.vault.epochs())
    assert doubts() == before


@pytest.mark.parametrize(
    ("world", "jump", "with_peer", "restart"),
    [
        ("sqlite", YEAR, False, False),
        ("postgresql", YEAR, False, True),
        ("postgresql", YEAR, True, False),
        ("sqlite", -YEAR, False, True),
        ("postgresql", -YEAR, True, False),
        ("sqlite", 2 * DAY, True, True),
        ("sqlite", -2 * DAY, False, False),
    ],
    indirect=["world"],
)
def test_a_clock_that_jumped_erases_and_publishes_nothing(
    machine: Machine, caplog: pytest.LogCaptureFixture, jump: int, *, with_peer: bool, restart: bool
) -> None:
    """Nobody confirms it: the other party's server is down, or has another time."""
    published, before = machine.party.epochs.vault.epochs(), doubts()
    machine.clock += jump
    if restart:
        machine.restart()
    if with_peer:
        with peer(machine.world):
            machine.keep_house()
    else:
        machine.keep_house()
    assert (machine.party.epochs.vault.epochs(), machine.erased) == (published, [])
    assert doubts() == before + 1
    assert "the clock jumped" in caplog.text

    machine.clock -= jump
    machine.run(DAY)
    machine.keep_house()
    assert machine.party.epochs.vault.epochs() == [published[0], *machine.epochs_ahead()]


def test_what_is_due_is_erased_in_time_although_the_clock_is_wrong(machine: Machine) -> None:
    """The seconds that were counted suffice, with a restart on the way."""
    first = machine.world.today
    machine.clock += YEAR
    machine.run(machine.until_due(first) - HOUR)
    machine.keep_house()
    machine.restart()
    machine.run(HOUR - 1)
    machine.keep_house()
    assert machine.erased == []
    machine.run(1)
    machine.keep_house()
    assert machine.erased == [first]


def test_what_is_due_is_erased_although_the_passed_time_cannot_be_stored(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    first, file = machine.world.today, machine.party.home / "passed.time"
    file.unlink()
    file.mkdir()  # which no file can replace
    machine.run(machine.until_due(first))
    machine.keep_house()
    assert machine.erased == [first]
    assert "the time that has passed could not be stored: " in caplog.text


@pytest.mark.parametrize(("world", "restart"), [("sqlite", False), ("postgresql", True)], indirect=["world"])
def test_a_jump_that_the_other_party_confirms_is_believed(machine: Machine, *, restart: bool) -> None:
    """The machine slept, or was off, for a year."""
    published = machine.party.epochs.vault.epochs()
    machine.rest(YEAR)
    if restart:
        machine.restart()
    with peer(machine.world):
        machine.keep_house()
    assert machine.erased == published
    assert machine.party.epochs.vault.epochs() == machine.epochs_ahead()


@pytest.mark.parametrize("hours", [1, -1, 23])
def test_a_small_jump_over_a_restart_erases_nothing_early(machine: Machine, hours: int) -> None:
    """A clock that was set to local time, say: days go on, but what cannot be undone waits."""
    first = machine.world.today
    machine.run(machine.until_due(first) - 10 * HOUR)
    machine.keep_house()
    machine.clock += hours * HOUR
    machine.restart()
    before = doubts()
    machine.run(10 * HOUR - 1)
    machine.keep_house()
    assert machine.erased == []
    machine.run(1 + max(0, -hours) * HOUR)
    machine.keep_house()
    assert machine.erased == [first]
    assert doubts() == before


def test_a_stop_delays_an_erasure_until_the_other_partys_clock_confirms_it(machine: Machine) -> None:
    first = machine.world.today
    machine.run(machine.until_due(first) - HOUR)
    machine.keep_house()
    machine.rest(10 * HOUR)
    machine.restart()
    machine.keep_house()
    assert machine.erased == []
    with peer(machine.world):
        machine.keep_house()
    assert machine.erased == [first]


def test_a_home_without_its_time_waits_for_the_other_party(machine: Machine) -> None:
    """As after a restoration: the epochs are there, and nothing tells what time has passed."""
    published = machine.party.epochs.vault.epochs()
    (machine.party.home / "passed.time").unlink()
    machine.clock += YEAR
    machine.restart()
    machine.keep_house()
    assert (machine.party.epochs.vault.epochs(), machine.erased) == (published, [])
    machine.clock -= YEAR
    machine.run(DAY)
    with peer(machine.world):
        machine.keep_house()
    assert machine.party.epochs.vault.epochs() == [published[0], *machine.epochs_ahead()]


@pytest.mark.parametrize(
    ("world", "step", "jump"),
    [
        ("sqlite", "vault.mirror", YEAR),
        ("postgresql", "forget_epochs", -YEAR),
        ("sqlite", "forget_epochs", YEAR),
        ("postgresql", "vault.finish_erasure", 0),
    ],
    indirect=["world"],
)
def test_an_erasure_that_a_stop_interrupted_is_finished_at_once(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, step: str, jump: int
) -> None:
    """Whatever the clock says then: it was due before."""
    first = machine.world.today
    machine.run(machine.until_due(first))

    class Stopped(BaseException):
        pass

    def stop(*_: object) -> None:
        raise Stopped

    owner: object = machine.party.epochs.vault if step.startswith("vault.") else machine.party
    monkeypatch.setattr(owner, step.rpartition(".")[2], stop)
    with pytest.raises(Stopped):
        machine.party.epochs.erase(first)
    machine.clock += jump
    machine.restart()
    assert machine.erased == [first]
    assert machine.party.epochs.vault.unfinished_erasures() == [first]
    machine.keep_house()
    assert (machine.erased, machine.party.epochs.vault.unfinished_erasures()) == ([first], [])
    with pytest.raises(ErasedEpoch, match="never be opened"):
        machine.party.epochs.secret(first)


@pytest.mark.parametrize("world", KINDS, indirect=True)
def test_ids_of_old_requests_are_forgotten(machine: Machine) -> None:
    party, path, sent = machine.party, "/v1/shares", [machine.clock + seconds for seconds in (60, 120, 300)]
    for time in sent:
        request = sign_request(
            party.domain, Role.AUTHORITY, "operator", path, time, b"", machine.world.authority.identity
        )
        Inbox(party.engine, party.domain, "operator").receive(Role.AUTHORITY, path, time, request)
    machine.run(340)
    machine.keep_house()
    with party.engine.begin() as connection:
        assert list(connection.scalars(sql.text("SELECT time FROM requests_seen ORDER BY time"))) == sent[1:]


def test_what_cannot_be_published_keeps_nothing_from_being_erased_and_no_other_epoch_from_being_published(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    first = machine.world.today
    machine.run(machine.until_due(first))
    (machine.party.home / "vault" / f"{machine.world.today}.secret").mkdir()  # cannot be read
    machine.keep_house()
    assert machine.erased == [first]
    assert f"epoch {machine.world.today} is not published: " in caplog.text
    assert machine.party.epochs.cache.statement(Role.OPERATOR, machine.world.today) is None
    assert machine.party.epochs.cache.statement(Role.OPERATOR, machine.world.today + 1) is not None


def test_a_damaged_log_keeps_no_share_alive(machine: Machine) -> None:
    first, party = machine.world.today, machine.party
    (party.home / "log.pending").write_bytes(b"damaged")
    machine.run(machine.until_due(first))
    with pytest.raises((ConfigurationError, SplitPassError)):
        machine.keep_house()
    assert machine.erased == [first]
    assert not (party.home / "vault" / f"{first}.secret").exists()
    assert party.epochs.vault.unfinished_erasures() == [first], "it is not on record yet"


@pytest.mark.parametrize("kind", KINDS)
def test_an_epoch_whose_secret_is_lost_is_erased_when_the_log_promises_it(tmp_path: Path, kind: str) -> None:
    """With what the party stores of it; until then it counts as kept."""
    with run_world(tmp_path, kind) as world:
        run(world.visitors_with_passes(2))
        party, first = world.operator, world.today
        (party.home / "vault" / f"{first}.secret").unlink()
        due, rows = party.epochs.erase_by(first), sql.text("SELECT count(*) FROM handles")
        for now, kept in ((due - 1, 2), (due, 0)):
            world.now = now
            party.passed.confirm()
            assert party.epochs.due(now) == ([] if kept else [first])
            keep_house(party)
            with party.engine.begin() as connection:
                assert connection.scalar(rows) == kept
        assert party.epochs.vault.erased_epochs() == [first]
        assert party.log.index_of(EpochErased(first)) is not None


def test_a_vault_that_is_not_restored_yet_takes_no_clocks_word(machine: Machine) -> None:
    """The log alone is back, and promises erasures: they wait until another clock confirms this one."""
    shutil.rmtree(machine.party.home / "vault")
    (machine.party.home / "passed.time").unlink()
    machine.clock += YEAR
    machine.restart()
    machine.keep_house()
    assert machine.erased == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("published", [True, False])
def test_what_was_opened_goes_when_its_windows_last_day_would(tmp_path: Path, kind: str, *, published: bool) -> None:
    """Also if that day has no epoch, because the party did not run then."""
    machine = Machine(World(tmp_path, kind), Role.AUTHORITY)
    machine.keep_house()
    assert isinstance(machine.party, Authority)
    warrants, day = machine.party.warrants, machine.world.today if published else machine.world.today - 1
    ends = machine.party.domain.epoch_begins(day + 1)
    for end in (ends, ends + 1):
        warrant = opening_warrant(machine.party.domain.number, bytes(16), end - 3600, end, machine.world.now)
        joint = JointStatement(bytes(100), bytes(100))
        warrants.add(warrant, b"authority")
        warrants.store_countersigned(warrant.warrant_id, joint)
        store_opening(warrants, joint, warrant)

    def opened() -> list[bool]:
        party = machine.party
        assert isinstance(party, Authority)
        drawn_ones = sorted(warrants.all(), key=lambda drawn: drawn.record.ends)
        left = [len(list(party.opened.of(drawn.record.warrant_id))) for drawn in drawn_ones]
        assert left == [drawn.is_opened for drawn in drawn_ones], "what was opened goes with its transcript"
        return [drawn.is_opened for drawn in drawn_ones]

    machine.run(machine.until_due(day) - 1)
    machine.keep_house()
    assert opened() == [True, True]
    machine.run(1)
    machine.keep_house()
    assert opened() == [False, True]
    machine.party.engine.dispose()


@pytest.mark.parametrize("role", Role)
def test_forgetting_costs_the_same_however_many_epochs_were_erased(tmp_path: Path, role: Role) -> None:
    """And loads nothing of what the warrants hold."""
    machine, statements = Machine(World(tmp_path), role), list[str]()
    sql.event.listen(
        machine.party.engine, "before_cursor_execute", lambda *arguments: statements.append(str(arguments[2]))
    )
    counts = []
    for erased in ({1}, set(range(1, 401))):
        statements.clear()
        machine.party.forget_epochs(erased)
        counts.append(len(statements))
        assert not [text for text in statements if "SELECT" in text and "countersigned" in text.partition("FROM")[0]]
    assert counts[0] == counts[1] < 12
    machine.party.engine.dispose()


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_stored_of_an_epoch_goes_with_it(tmp_path: Path, kind: str) -> None:
    """At the operator handles, at the authority the directory; nobody asks for it."""
    with run_world(tmp_path, kind) as world:
        run(world.visitors_with_passes(2))
        tables = {world.operator: "handles", world.authority: "directory"}
        due = world.operator.domain.epoch_begins(world.today + 1) + 28 * DAY
        for now, kept in ((due - 1, 2), (due, 0)):
            world.now = now
            for party, table in tables.items():
                party.passed.confirm()
                keep_house(party)
                with party.engine.begin() as connection:
                    assert connection.execute(sql.text(f"SELECT count(*) FROM {table}")).scalar_one() == kept


def test_a_clock_that_jumped_back_lets_nobody_have_passes_of_the_past(tmp_path: Path) -> None:
    with run_world(tmp_path) as world:

        async def story() -> None:
            visitor, today, key = await world.enrol(1), world.today, await world.epoch_key()
            statement = await world.get(Role.OPERATOR, f"/v1/epochs/{today}")
            world.now -= YEAR
            past = replace(key, epoch=world.today)
            for epoch_key, name in ((key, "epoch-not-open"), (past, "unknown-epoch")):
                with pytest.raises(Problem) as refusal:
                    await world.register(visitor, epoch_key)
                assert refusal.value.name == name
            assert await world.get(Role.OPERATOR, f"/v1/epochs/{today}") == statement

        run(story())


def test_the_house_is_kept_once_before_a_server_listens_and_then_at_every_turn(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Party] = []
    turns: list[int] = []
    for seconds in ("HOUSEKEEPING_SECONDS", "DOUBT_SECONDS"):
        monkeypatch.setattr(f"escrow.housekeeping.{seconds}", 0.02)
    monkeypatch.setattr("escrow.housekeeping.keep_house", kept.append)
    monkeypatch.setattr("escrow.housekeeping.note_housekeeping", lambda *_: turns.append(len(kept)))

    async def serve() -> None:
        async with new_session() as session, housekeeping(machine.party, session):
            assert kept == [machine.party]
            while len(turns) < 3:
                await asyncio.sleep(0.02)

    asyncio.run(serve())
    assert turns[:3] == [1, 2, 3]


def test_how_long_a_log_is_and_when_it_was_cosigned_is_measured(tmp_path: Path) -> None:
    with run_world(tmp_path, cosigning_seconds=0.05) as world:
        world.now += 120
        for role, party in ((Role.OPERATOR, world.operator), (Role.AUTHORITY, world.authority)):
            before = party.log.published()
            assert before is not None
            party.epochs.publish(world.today + 9)
            expected = [before[1].checkpoint.size + 1, world.now]
            for _ in range(1200):
                if measured_log(role) == expected:
                    break
                sleep(0.05)
            assert measured_log(role) == expected


def measured_log(role: Role) -> list[float | None]:
    names = ("splitpass_log_entries", "splitpass_log_cosigned_timestamp_seconds")
    return [REGISTRY.get_sample_value(name, {"party": role.name.lower()}) for name in names]
