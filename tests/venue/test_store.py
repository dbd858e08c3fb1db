"""A pass is spent once among any number of processes, and what was acknowledged is there after a crash."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import subprocess
import time
from collections import Counter
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
import sqlalchemy as sql

from protocol.check_ins import CheckIn, CheckInMessage, Direction, sign_check_in
from protocol.http_messages import Decision, DoorAnswer
from protocol.passes import OwnedPass
from service.http_client import call, new_session
from service.problems import Unreachable
from service.storage import open_database
from tests.support.databases import KINDS, new_database, postgresql_log
from tests.support.domain import NOW, OpenEpoch, Parties, Visitor
from tests.support.venues import only
from tests.venue.conftest import MakeVenue, environment, free_port, venue_command
from venue import store
from venue.home import ServedVenue, VenueHome
from venue.store import DayCount, Store, delete_before

PROCESSES = 4


def decide_at_once(home: Path, encoded: list[bytes], barrier: Barrier, decisions: Queue[list[int]]) -> None:
    """What each process of the test does; nobody has opened the database before."""
    barrier.wait()
    [venue] = VenueHome(home).venues
    decided = []
    for message in encoded:
        barrier.wait()
        decided.append(int(venue.gate.decide(CheckInMessage.from_bytes(message), NOW)))
    decisions.put(decided)


def test_several_processes_spend_a_pass_once(make_venue: MakeVenue, today: OpenEpoch, visitor: Visitor) -> None:
    venue = make_venue([today])
    shown = [sign_check_in(today.key, owned, NOW, Direction.ENTRY).to_bytes() for owned in visitor.passes]
    context = multiprocessing.get_context("spawn")
    barrier, decisions = context.Barrier(PROCESSES), context.Queue()
    processes = [
        context.Process(target=decide_at_once, args=(venue.home.path, shown, barrier, decisions))
        for _ in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    decided = [decisions.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    expected = Counter({Decision.ADMITTED: 1, Decision.ALREADY_SPENT: PROCESSES - 1})
    assert [Counter(of_one_pass) for of_one_pass in zip(*decided, strict=True)] == [expected] * len(shown)


def test_no_pass_that_is_shown_again_is_in_the_log_of_postgresql(
    make_venue: MakeVenue, tmp_path: Path, today: OpenEpoch, visitor: Visitor
) -> None:
    """It would outlive the check-in there: of a row that it refuses as a second one a database quotes the key."""
    venue = make_venue([today], settings=f'database = "{new_database("postgresql", tmp_path)}"\n')
    shown = sign_check_in(today.key, visitor.passes[0], NOW, Direction.ENTRY)
    decisions = [venue.gate.decide(shown, NOW) for _ in range(2)]
    assert decisions == [Decision.ADMITTED, Decision.ALREADY_SPENT]
    with pytest.raises(sql.exc.ProgrammingError), venue.home.engine.connect() as connection:
        connection.execute(sql.text("SELECT nothing FROM nowhere"))
    told = postgresql_log()
    assert "nowhere" in told
    assert shown.u.hex() not in told


def test_what_was_answered_survives_kill_9(
    make_venue: MakeVenue, parties: Parties, present: OpenEpoch, guest: Visitor
) -> None:
    port = free_port()
    venue = make_venue([present], settings=f"port = {port}\ntolerance = 600\n")
    url = f"http://127.0.0.1:{port}/v1/check-ins"

    def answer(owned: OwnedPass) -> Decision:
        """Start a server, send it a check-in, and kill it once it has answered."""
        with subprocess.Popen(venue_command(venue.home.path, "serve"), env=environment()) as server:
            try:
                shown = sign_check_in(present.key, owned, int(time.time()), Direction.ENTRY, parties.venue.venue_id)
                return DoorAnswer.from_bytes(asyncio.run(send_when_up(url, shown))).decision
            finally:
                server.send_signal(signal.SIGKILL)

    assert answer(guest.passes[0]) is Decision.ADMITTED
    assert only(venue).store.entered(present.key.epoch, guest.passes[0].public.u) is not None
    assert answer(guest.passes[0]) is Decision.ALREADY_SPENT


async def send_when_up(url: str, message: CheckInMessage) -> bytes:
    async with new_session() as session:
        for _ in range(600):
            try:
                return await call(session, "POST", url, message)
            except Unreachable:
                await asyncio.sleep(0.1)
    raise AssertionError("the server does not come up")


def check_in(number: int, time: int, epoch: int, direction: Direction = Direction.ENTRY) -> CheckIn:
    return CheckIn(CheckInMessage(255, time, direction, None, bytes([number]) * 192), epoch)


@pytest.mark.parametrize("kind", KINDS)
def test_entries_days_and_deletion(tmp_path: Path, kind: str) -> None:
    engine = open_database(new_database(kind, tmp_path), (), store.metadata)
    kept, elsewhere = Store(engine, 255, bytes(16)), Store(engine, 255, bytes([1]) * 16)
    of_another_domain = Store(engine, 0, bytes(16))
    entries = [check_in(1, 900, 10), check_in(2, 915, 10), check_in(3, 1800, 11)]
    exits = [check_in(2, 1815, 10, Direction.EXIT)]
    for one in (*entries, *exits):
        assert kept.spend(one)
    assert not kept.spend(check_in(1, 930, 10))
    assert [kept.entered(epoch, bytes([number]) * 32) for epoch, number in ((10, 2), (10, 4), (11, 2))] == [
        915,
        None,
        None,
    ]
    assert kept.days() == [DayCount(10, 2, 1), DayCount(11, 1, 0)]
    for other in (elsewhere, of_another_domain):
        assert (other.entered(10, bytes([2]) * 32), other.days()) == (None, [])
        assert other.spend(entries[0])
    assert kept.spend(check_in(1, 1800, 11))  # one `u` of two epochs is two passes
    delete_before(engine, 255, 11)
    assert kept.days() == [DayCount(11, 2, 0)]
    assert elsewhere.days() == []
    assert of_another_domain.days() == [DayCount(10, 1, 0)]


def test_check_ins_are_deleted_after_their_retention(venue: ServedVenue, parties: Parties) -> None:
    epoch = parties.domain.epoch_at(NOW)
    for number in range(3):
        only(venue).store.spend(check_in(number, NOW, epoch + number))
    end = parties.domain.epoch_begins(epoch + 1) + 28 * 86_400
    for now, left in ((end - 1, 3), (end, 2)):
        venue.home.delete_expired(only(venue).pinned, now)
        assert len(only(venue).store.days()) == left


def test_the_venue_holds_ciphertexts_and_nothing_that_opens_one(
    make_venue: MakeVenue, today: OpenEpoch, visitor: Visitor
) -> None:
    venue, owned = make_venue([today]), visitor.passes[0]
    venue.gate.decide(sign_check_in(today.key, owned, NOW, Direction.ENTRY), NOW)
    written = b"".join(path.read_bytes() for path in venue.home.path.rglob("*") if path.is_file())
    assert owned.public.u in written
    secrets = [bytes(owned.r), bytes(visitor.handle), visitor.record.phone.encode(), visitor.record.name.encode()]
    secrets += [bytes(secret.share) for secret in today.secrets.values()]
    assert not [secret for secret in secrets if secret in written or secret.hex().encode() in written]
