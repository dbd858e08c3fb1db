"""The statements of epochs on disk: what is damaged is fetched again, and of two different ones both are kept."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from aiohttp import ClientSession

from protocol.epochs import Domain, EpochKey, Role, create_epoch
from protocol.primitives.errors import ConflictingStatements
from protocol.primitives.signatures import SigningKey, public_key
from service import epoch_cache
from service.epoch_cache import EpochCache
from service.files import write_private
from service.problems import Unreachable
from service.settings import DomainSettings, PartySettings
from tests.support.running import online

EPOCH = 20_000
KEYS = {role: SigningKey.generate() for role in Role}
SETTINGS = DomainSettings(
    number=1,
    operator=PartySettings(key=bytes(public_key(KEYS[Role.OPERATOR])).hex(), url="http://127.0.0.1:1"),
    authority=PartySettings(key=bytes(public_key(KEYS[Role.AUTHORITY])).hex(), url="http://127.0.0.1:2"),
)
DOMAIN: Domain = SETTINGS.domain


def statement(role: Role, epoch: int = EPOCH) -> bytes:
    return create_epoch(DOMAIN, role, epoch, KEYS[role])[1]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "epochs"


def make_empty(file: Path) -> None:
    file.write_bytes(b"")


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def take_another_days(file: Path) -> None:
    file.write_bytes(statement(Role.AUTHORITY, EPOCH + 1))


@pytest.mark.parametrize("damage", [make_empty, cut_off, take_another_days])
def test_a_damaged_file_is_as_good_as_none(directory: Path, damage: Callable[[Path], None]) -> None:
    cache = EpochCache(directory, SETTINGS)
    statements = {role: statement(role) for role in Role}
    for role in Role:
        cache.keep(role, EPOCH, statements[role])
    damage(directory / f"{EPOCH}.authority")
    for after in (cache, EpochCache(directory, SETTINGS)):
        assert after.statement(Role.AUTHORITY, EPOCH) is None
    restarted = EpochCache(directory, SETTINGS)
    assert restarted.key(EPOCH) is None
    restarted.keep(Role.AUTHORITY, EPOCH, statements[Role.AUTHORITY])
    assert restarted.key(EPOCH) is not None
    assert not list(directory.glob("*.conflict"))


def test_of_two_that_come_at_once_both_are_kept(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_slowly(path: Path, data: bytes) -> None:
        time.sleep(0.2)
        write_private(path, data)

    monkeypatch.setattr(epoch_cache, "write_private", write_slowly)
    statements = [statement(Role.AUTHORITY) for _ in range(2)]

    def keep(received: bytes) -> bool:
        try:
            EpochCache(directory, SETTINGS).keep(Role.AUTHORITY, EPOCH, received)
        except ConflictingStatements:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(keep, statements)) == [False, True]
    files = [directory / f"{EPOCH}.authority", directory / f"{EPOCH}.authority.conflict"]
    assert {file.read_bytes() for file in files} == set(statements)


def test_what_failed_for_somebody_who_has_left_is_not_in_the_log(
    directory: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked, left = asyncio.Event(), asyncio.Event()

    async def answer(*_: object) -> bytes:
        asked.set()
        await left.wait()
        raise Unreachable("not yet")

    monkeypatch.setattr(epoch_cache, "call", answer)
    cache = EpochCache(directory, SETTINGS)

    async def leave(session: ClientSession) -> None:
        waiting = asyncio.create_task(cache.fetch(session, EPOCH))
        await asked.wait()
        waiting.cancel()
        left.set()
        await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})

    online(leave)
    gc.collect()
    assert caplog.messages == []


def test_those_who_need_an_epoch_at_once_ask_once(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {
        f"{SETTINGS.operator.url}/v1/epochs/{EPOCH}": statement(Role.OPERATOR),
        f"{SETTINGS.authority.url}/v1/epochs/{EPOCH}": statement(Role.AUTHORITY),
    }
    asked = list[str]()

    async def answer(_session: ClientSession, _method: str, url: str) -> bytes:
        asked.append(url)
        await asyncio.sleep(0.01)
        if len(asked) == 1:
            raise Unreachable("not yet")
        return answers[url]

    monkeypatch.setattr(epoch_cache, "call", answer)
    cache = EpochCache(directory, SETTINGS)

    async def fetch_at_once(session: ClientSession) -> list[EpochKey | BaseException | None]:
        first, *others = (asyncio.create_task(cache.fetch(session, EPOCH)) for _ in range(3))
        await asyncio.sleep(0)
        first.cancel()
        return await asyncio.gather(*others, return_exceptions=True)

    assert [type(each) for each in online(fetch_at_once)] == [Unreachable] * 2
    assert online(fetch_at_once) == [cache.key(EPOCH)] * 2
    assert cache.key(EPOCH) is not None
    assert sorted(asked[1:]) == sorted(answers)
