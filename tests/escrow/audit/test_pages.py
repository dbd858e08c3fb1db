"""The visitors' page is on record before it is served, and an audit compares what is served with what is on record."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import service.pages
from escrow.audit.findings import Fault, Finding
from escrow.housekeeping import keep_house
from escrow.operator import pages
from escrow.operator.pages import page_routes
from protocol.epochs import Role
from protocol.transparency.log_entries import PagePublished
from protocol.transparency.page_records import PageRecord, describe_file
from service.pages import Page
from service.pages import PageFile as ServedFile
from tests.escrow.audit.test_audit import alive, audit
from tests.pages.browser import Answer, get
from tests.pages.building import build, write_page
from tests.support.servers import World, run_world, running_homes


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions of a page."""
    folder = tmp_path_factory.mktemp("built")
    for name in ("one", "other"):
        write_page(folder / name, main_js=f"document.title = '{name}';")
        assert build(folder / f"{name}-dist", folder / name).returncode == 0
    return folder


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Page]:
    """The pages that operators serve, when they have been started."""
    found: list[Page] = []

    def remember(*arguments: object) -> Page | None:
        page = real(*arguments)  # type: ignore[arg-type]
        found.extend([page] if page else [])
        return page

    real = service.pages.built_page
    monkeypatch.setattr(pages, "built_page", remember)
    return found


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch, built: Path) -> Callable[[str], None]:
    """Have operators that start from now on serve a version of the page."""

    def choose(name: str) -> None:
        monkeypatch.setattr("service.pages.DIST", built / f"{name}-dist")

    return choose


@pytest.fixture
def world(served: list[Page], serve: Callable[[str], None], tmp_path: Path) -> Iterator[World]:
    running_homes("sqlite")  # which other tests have too, without a page
    serve("one")
    with run_world(tmp_path) as world:
        yield world


def visit(world: World, name: str = "") -> Answer:
    return get(f"{world.urls[Role.OPERATOR]}/visitor/{name}")


def findings(world: World) -> list[Finding]:
    alive(world)
    return audit(world).findings


def number_on_record(world: World) -> int:
    newest = world.operator.log.newest_page()
    assert newest is not None
    return newest.number


def test_nothing_is_served_before_everybody_can_see_what(world: World) -> None:
    log = world.operator.log
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "published", lambda: None)  # nothing was cosigned yet
        for name in ("", "index.html", "domain.json", "record.cbor", "main.js"):
            refused = visit(world, name)
            assert (refused.status, refused.headers["Retry-After"]) == (503, "30")
            assert json.loads(refused.body)["type"] == "urn:splitpass:problem:try-later"
    alive(world)
    assert visit(world).status == 200
    assert not log.shows(log.append(PagePublished(7, bytes(32)), world.now))
    assert visit(world, "main.js").status == 404
    record = PageRecord.from_bytes(visit(world, "record.cbor").body)
    assert log.index_of(PagePublished(0, record.digest)) is not None
    assert {file.name for file in record.files} >= {"index.html", "domain.json", "serviceWorker.js"}


def test_nothing_is_found_where_the_page_is_the_one_on_record(world: World) -> None:
    assert findings(world) == []
    assert visit(world).status == 200


def alter(page: Page, name: str, body: bytes | None = None, **headers: str) -> None:
    file = page.files[name]
    more = {header.replace("_", "-"): value for header, value in headers.items()}
    page.files[name] = ServedFile(file.body if body is None else body, file.headers | more)
    page._compressed[name] = gzip.compress(page.files[name].body)


@pytest.mark.parametrize(
    "change",
    [
        lambda page: alter(page, "index.html", b"<!doctype html><title>Another</title>"),
        lambda page: alter(page, "serviceWorker.js", b"fetch('https://elsewhere.example')"),
        lambda page: alter(page, "index.html", Content_Security_Policy="default-src *"),
        lambda page: alter(page, "scan.html", Refresh="0; url=https://elsewhere.example"),
        lambda page: page.files.pop("scan.html"),
    ],
    ids=["document", "worker", "policy", "another header", "missing"],
)
def test_another_page_than_the_one_on_record_is_found(
    world: World, served: list[Page], change: Callable[[Page], None]
) -> None:
    alive(world)
    change(served[-1])
    (finding,) = findings(world)
    assert (finding.role, finding.fault, dict(finding.about)) == (Role.OPERATOR, Fault.UNLOGGED_PAGE, {"number": 0})


def test_headers_that_decide_nothing_may_differ(world: World, served: list[Page]) -> None:
    alter(served[-1], "index.html", Cache_Control="max-age=60", X_Served_By="a cache")
    assert findings(world) == []


def test_a_page_of_another_domain_is_found(world: World, served: list[Page]) -> None:
    said = json.loads(served[-1].files["domain.json"].body)
    others: list[object] = [said | {"number": 8}, said | {"operator": said["authority"]}, [], None]
    for changed in others:
        body = json.dumps(changed).encode()
        alter(served[-1], "domain.json", body)
        files = (describe_file(name, one.body, one.headers.items()) for name, one in sorted(served[-1].files.items()))
        record = PageRecord(number_on_record(world) + 1, tuple(files))
        world.operator.log.append(PagePublished(record.number, record.digest), world.now)
        with pytest.MonkeyPatch.context() as patch:
            give = served[-1].guard.__self__  # type: ignore[attr-defined]
            patch.setattr(give, "_record", record.to_bytes())
            (finding,) = findings(world)
        assert finding.detail == "its page pins another domain"


def test_a_start_with_the_same_page_says_nothing_new(world: World) -> None:
    page_routes(world.operator)
    assert number_on_record(world) == 0


def test_another_page_gets_the_next_number_and_so_does_the_first_again(
    world: World, serve: Callable[[str], None]
) -> None:
    digests = []
    for number, name in enumerate(("one", "other", "one")):
        serve(name)
        page_routes(world.operator)
        assert number_on_record(world) == number
        digests.append(newest.digest if (newest := world.operator.log.newest_page()) else b"")
    assert len(set(digests)) == 3
    (finding,) = findings(world)  # the server still shows the first, with its record
    assert (finding.fault, dict(finding.about)) == (Fault.UNLOGGED_PAGE, {"number": 2})


def test_a_page_that_is_taken_down_is_on_record_as_gone(world: World, serve: Callable[[str], None]) -> None:
    serve("missing")
    page_routes(world.operator)
    assert world.operator.log.newest_page() == PagePublished(1, PageRecord(1, ()).digest)
    page_routes(world.operator)
    assert number_on_record(world) == 1
    (finding,) = findings(world)
    assert finding.detail == "it serves a page, and has none on record"


def test_a_new_operator_with_a_page_publishes_its_first_epochs_at_once(
    serve: Callable[[str], None], tmp_path: Path
) -> None:
    """Its log is not empty any more, and yet no time has passed of which the other party's clock knows."""
    serve("one")
    world = World(tmp_path)
    page_routes(world.operator)
    assert number_on_record(world) == 0
    assert not world.operator.epochs.exist
    world.operator.passed.confirm()
    keep_house(world.operator)
    assert world.operator.epochs.exist


def test_without_a_page_nothing_is_on_record(serve: Callable[[str], None], tmp_path: Path) -> None:
    serve("missing")
    with run_world(tmp_path) as world:
        assert world.operator.log.newest_page() is None
        assert findings(world) == []
        assert visit(world).status == 404
