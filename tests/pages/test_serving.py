"""A built page as a server serves it: what a browser may keep, and what the page may do in it."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from lab.processes import free_ports
from service.errors import ConfigurationError
from service.http import create_app
from service.pages import Page, built_page
from tests.pages.browser import get
from tests.pages.building import build, manifest_of, write_page
from tests.support.running import online, serving

DOMAIN = {"number": 7}
PARTIES = ["https://operator.example/base/", "https://authority.example:8402"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sources, output = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("output")
    write_page(sources, main_js=f"document.title = '{'long ' * 100}';")
    write_page(sources, "door")
    assert build(output, sources).returncode == 0
    return output


@pytest.fixture(scope="module")
def url(built: Path) -> Iterator[str]:
    """The address of a server with two pages."""
    (port,) = free_ports(1)

    async def apps() -> list[tuple[web.Application, int]]:
        pages = Page("visitor", json.dumps(DOMAIN).encode(), PARTIES, built), Page("door", None, (), built)
        return [(create_app([route for page in pages for route in page.routes]), port)]

    with serving(apps):
        yield f"http://127.0.0.1:{port}"


def file_of(built: Path, page: str, pattern: str) -> str:
    (name,) = (name for name in manifest_of(built / page) if re.fullmatch(pattern, name))
    return name


def test_every_file_is_served_as_it_was_built(url: str, built: Path) -> None:
    for name, entry in manifest_of(built / "visitor").items():
        answer = get(f"{url}/visitor/{name}")
        assert (answer.status, answer.headers["Content-Type"]) == (200, entry["type"])
        assert answer.body == (built / "visitor" / name).read_bytes()
    assert get(f"{url}/visitor/").body == get(f"{url}/visitor/index.html").body
    assert json.loads(get(f"{url}/visitor/domain.json").body) == DOMAIN


def test_a_page_that_asks_its_server_has_no_file_with_domains(url: str) -> None:
    assert get(f"{url}/door/").status == 200
    assert get(f"{url}/door/domain.json").status == 404


def test_only_names_by_content_are_kept_for_ever(url: str, built: Path) -> None:
    for name, entry in manifest_of(built / "visitor").items():
        caching = get(f"{url}/visitor/{name}").headers["Cache-Control"]
        assert ("immutable" in caching) == (entry["cache"] == "immutable")
        assert caching.startswith("public" if entry["cache"] == "immutable" else "no-cache")
    assert get(f"{url}/visitor/domain.json").headers["Cache-Control"] == "no-cache"


def test_what_a_browser_has_is_not_sent_again(url: str) -> None:
    first = get(f"{url}/visitor/")
    again = get(f"{url}/visitor/", If_None_Match=first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]
    assert get(f"{url}/visitor/", If_None_Match='"another"').status == 200
    assert get(f"{url}/visitor/domain.json").headers["ETag"] != first.headers["ETag"]


def test_a_file_is_sent_compressed_to_who_takes_that(url: str, built: Path) -> None:
    name = file_of(built, "visitor", r"main-.*\.js")

    async def raw(session: ClientSession) -> tuple[str, bytes]:
        async with session.get(f"{url}/visitor/{name}", headers={"Accept-Encoding": "gzip"}) as response:
            return response.headers["Content-Encoding"], await response.content.read()

    async def without_inflating(_session: ClientSession) -> tuple[str, bytes]:
        async with ClientSession(auto_decompress=False) as session:
            return await raw(session)

    encoding, body = online(without_inflating)
    assert encoding == "gzip"
    assert gzip.decompress(body) == (built / "visitor" / name).read_bytes()
    assert len(body) < len(gzip.decompress(body))
    assert get(f"{url}/visitor/{name}").headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("name", ["", "index.html", "scan.html", "domain.json", "manifest.webmanifest"])
def test_a_page_can_do_nothing_but_what_it_needs(url: str, name: str) -> None:
    answer = get(f"{url}/visitor/{name}")
    policy = answer.policy
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["worker-src"] == policy["manifest-src"] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert policy["trusted-types"] == "splitpass"
    assert policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["frame-ancestors"] == ("'self'" if name == "scan.html" else "'none'")
    assert not re.search(r"unsafe|\*|data:", answer.headers["Content-Security-Policy"])
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=(self)" in answer.headers["Permissions-Policy"]
    assert "Set-Cookie" not in answer.headers


def test_a_page_asks_its_own_server_and_the_parties_alone(url: str) -> None:
    asked = get(f"{url}/visitor/").policy["connect-src"]
    assert set(asked.split()) == {"'self'", "https://operator.example", "https://authority.example:8402"}
    assert get(f"{url}/door/").policy["connect-src"] == "'self'"


def test_only_the_document_for_posters_asks_other_servers(url: str, built: Path) -> None:
    open_to_all = {name for name in manifest_of(built / "visitor") if "https:" in asked_by(url, name)}
    assert open_to_all == {"scan.html"}
    assert asked_by(url, "scan.html") == ["'self'", "https:"]
    assert get(f"{url}/visitor/scan.html").policy["sandbox"] == "allow-scripts"  # and no origin


def asked_by(url: str, name: str) -> list[str]:
    return get(f"{url}/visitor/{name}").policy["connect-src"].split()


def test_without_tls_a_poster_leads_to_this_machine_alone(built: Path) -> None:
    page = Page("visitor", b"{}", ["http://127.0.0.1:8401"], built)
    policy = page.files["scan.html"].headers["Content-Security-Policy"]
    assert "connect-src 'self' https: http://127.0.0.1:* http://localhost:*;" in policy


def test_only_a_worker_with_web_assembly_may_compile_it(url: str, built: Path) -> None:
    allowed = {
        name
        for name in manifest_of(built / "door")
        if "'wasm-unsafe-eval'" in get(f"{url}/door/{name}").policy["script-src"]
    }
    assert allowed == {file_of(built, "door", r"decoder-.*\.js")}


def test_other_names_are_not_found(url: str) -> None:
    for path in ("/visitor/manifest.json", "/visitor/..%2f..%2fetc%2fpasswd", "/visitor/main.js", "/visitor/a/b"):
        assert get(url + path).status == 404
    moved = get(f"{url}/visitor")
    assert (moved.status, moved.headers["Location"]) == (308, "/visitor/")


def test_a_page_that_was_not_built_is_named_in_a_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert built_page("visitor", DOMAIN, PARTIES, tmp_path) is None
    (record,) = caplog.records
    assert record.getMessage() == "there is no page at /visitor/: it is not built; run make web and start again"


def test_files_that_are_not_those_of_the_manifest_are_not_served(built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "visitor"
    folder.mkdir()
    for path in (built / "visitor").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    assert built_page("visitor", DOMAIN, PARTIES, tmp_path) is not None
    (folder / "scan.html").write_text("something else")
    with pytest.raises(ConfigurationError, match=r"scan\.html was changed; build the pages again"):
        built_page("visitor", DOMAIN, PARTIES, tmp_path)
    (folder / "scan.html").unlink()
    with pytest.raises(ConfigurationError, match="build the pages again"):
        built_page("visitor", DOMAIN, PARTIES, tmp_path)
