"""What everyone gets alike: what caches may keep of it, and the files that any web server can serve."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from aiohttp import ClientResponse

from escrow.party import Party
from escrow.published import PublishedFiles
from protocol.epochs import Role
from service.caching import FOR_A_MINUTE, FOR_EVER, FOR_HOURS, REVALIDATED
from service.http_client import new_session
from tests.support.running import run
from tests.support.servers import World, run_world

PARTIES = {
    Role.OPERATOR: {
        "/v1/epochs/{today}": FOR_HOURS,
        "/v1/epochs/{today}/inclusion": FOR_A_MINUTE,
        "/v1/log/checkpoint": REVALIDATED,
        "/v1/log/tile/entries/000.p/{size}": FOR_EVER,
        "/v1/disclosures": REVALIDATED,
        "/v1/disclosures/0": FOR_EVER,
    },
}
PARTIES[Role.AUTHORITY] = PARTIES[Role.OPERATOR] | {"/v1/notices": REVALIDATED, "/v1/notices/0": FOR_EVER}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with run_world(tmp_path_factory.mktemp("published")) as made:
        made.keep_houses()
        yield made


def party_of(world: World, role: Role) -> Party:
    return world.operator if role is Role.OPERATOR else world.authority


async def answer(world: World, role: Role, path: str, **headers: str) -> tuple[ClientResponse, bytes]:
    published = party_of(world, role).log.published()
    size = 0 if published is None else published[1].checkpoint.size
    url = world.urls[role] + path.format(today=world.today, size=size)
    async with new_session() as session, session.get(url, headers=headers) as response:
        return response, await response.read()


@pytest.mark.parametrize(("role", "path"), [(role, path) for role, paths in PARTIES.items() for path in paths])
def test_everybody_is_answered_alike(world: World, role: Role, path: str) -> None:
    """Whatever else they send: a cache would give it to the next one."""
    own = {"X-Request-ID", "Date"}

    async def ask(**headers: str) -> tuple[int, bytes, dict[str, str]]:
        response, body = await answer(world, role, path, **headers)
        return response.status, body, {name: value for name, value in response.headers.items() if name not in own}

    async def story() -> None:
        first = await ask()
        assert first[0] == 200
        assert first[2]["Cache-Control"] == PARTIES[role][path]
        assert first[2]["Access-Control-Allow-Origin"] == "*"
        assert not {"Set-Cookie", "Vary"} & first[2].keys()
        for headers in (
            {"Origin": "https://page.example"},
            {"Cookie": "id=1", "User-Agent": "another"},
            {"Authorization": "Bearer " + "0" * 64, "Accept-Language": "ko"},
            {"If-None-Match": '"0"'},
        ):
            assert await ask(**headers) == first

    run(story())


@pytest.mark.parametrize("path", [path for path, lasting in PARTIES[Role.AUTHORITY].items() if lasting == REVALIDATED])
def test_a_cache_learns_that_its_newest_is_the_newest(world: World, path: str) -> None:
    async def story() -> None:
        tag = (await answer(world, Role.AUTHORITY, path))[0].headers["ETag"]
        for sent in (tag, f'"other", W/{tag}', "*"):
            response, body = await answer(world, Role.AUTHORITY, path, **{"If-None-Match": sent})
            assert (response.status, body, response.headers["ETag"]) == (304, b"", tag)
            assert response.headers["Cache-Control"] == REVALIDATED

    run(story())


@pytest.mark.parametrize("path", ["/v1/epochs/1", "/v1/disclosures/99", "/v1/log/tile/entries/009", "/v1/nothing"])
def test_what_is_not_there_yet_is_kept_by_no_cache(world: World, path: str) -> None:
    response, _ = run(answer(world, Role.OPERATOR, path))
    assert (response.status, response.headers["Cache-Control"]) == (404, "no-store")


@pytest.mark.parametrize("role", Role)
def test_files_hold_what_is_answered(world: World, role: Role) -> None:
    directory = world.home(role) / "published"
    for path, lasting in PARTIES[role].items():
        if not path.startswith("/v1/log") and not path.endswith("inclusion"):
            name = path.removeprefix("/v1/").format(today=world.today) + ("/newest" if lasting == REVALIDATED else "")
            file = directory / f"{name}.cbor"
            assert file.read_bytes() == run(answer(world, role, path))[1]
            assert file.stat().st_mode & 0o777 == 0o644
    assert not list(directory.rglob("*.tmp"))
    assert {path.name for path in directory.iterdir()} <= {"epochs", "notices", "disclosures"}


def test_files_that_are_lost_are_written_again(tmp_path: Path) -> None:
    """As those of an older program, which wrote none."""
    with run_world(tmp_path) as world:
        world.keep_houses()
        directory = world.home(Role.OPERATOR) / "published"
        world.now += 86_400
        world.keep_houses()
        before = {path: path.read_bytes() for path in directory.rglob("*.cbor")}
        for path in before:
            path.unlink()
        first, newest = (run(answer(world, Role.OPERATOR, f"/v1/disclosures{number}"))[1] for number in ("/0", ""))
        lists = directory / "disclosures"
        assert (first, newest) == (before[lists / "0.cbor"], before[lists / "1.cbor"])
        assert (lists / "newest.cbor").read_bytes() == newest
        assert run(answer(world, Role.OPERATOR, "/v1/epochs/{today}"))[0].status == 200
        world.keep_houses()
        again = {path: path.read_bytes() for path in directory.rglob("*.cbor")}
        assert again.items() >= {path: data for path, data in before.items() if path.parent == lists}.items()
        assert directory / "epochs" / f"{world.today}.cbor" in again


def test_the_statement_of_an_erased_epoch_goes_when_everybody_can_see_it(tmp_path: Path) -> None:
    with run_world(tmp_path) as world:
        world.keep_houses()
        party, path = world.operator, f"/v1/epochs/{world.today}"
        file = world.home(Role.OPERATOR) / "published" / "epochs" / f"{world.today}.cbor"
        party.epochs.erase(world.today)
        party.epochs.withdraw_statements()
        assert run(answer(world, Role.OPERATOR, path))[0].status == 200
        assert file.exists()

        async def cosign() -> None:
            async with new_session() as session:
                await party.peer.have_log_cosigned(session)

        run(cosign())
        response, _ = run(answer(world, Role.OPERATOR, path))
        assert (response.status, response.headers["Cache-Control"]) == (410, "no-store")
        party.epochs.withdraw_statements()
        assert not file.exists()
        assert (file.parent / f"{world.today + 1}.cbor").exists()
        party.epochs.publish(world.today)
        assert not file.exists()


def test_a_statement_is_served_without_the_lock_of_the_log(world: World) -> None:
    """An entry that is being written, and the wait for its disk, keep nobody waiting."""
    with world.operator.log._lock, ThreadPoolExecutor(1) as thread:
        fetching = thread.submit(run, answer(world, Role.OPERATOR, "/v1/epochs/{today}"))
        assert fetching.result(30)[0].status == 200


def test_the_newest_list_is_that_of_the_highest_number_whoever_writes_last(tmp_path: Path) -> None:
    files = PublishedFiles(tmp_path / "published")
    for number in (0, 1, 3, 2, 1):
        files.write_list("notices", number, b"%d" % number)
    assert files.read("notices", None) == b"3"
    files.write_list("notices", 3, b"another")
    assert files.read("notices", 3) == b"3"
    assert files.numbers("notices") == [0, 1, 2, 3]
