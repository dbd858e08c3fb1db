"""The OpenAPI documents are valid and describe the servers' routes, limits and problems."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web
from openapi_spec_validator import OpenAPIV31SpecValidator
from openapi_spec_validator.readers import read_from_filename

from escrow.authority.server import create_authority_app
from escrow.log.asking import SIZE
from escrow.operator.server import create_operator_app
from lab.processes import free_ports
from protocol.primitives.encoding import MAX_MESSAGE_BYTES
from protocol.primitives.errors import Malformed, Rejected, ReplayedRequest
from service.http import SHORT_BODY_BYTES, SMALL_BODY_BYTES, problem_name
from tests.openapi.documents import FOLDER, SERVERS, Operation, operations, outcomes
from tests.openapi.recorder import rules_defined
from tests.spec.text import CHAPTERS, table
from tests.support.running import serving
from tests.support.servers import World
from tests.support.venues import make_venue
from venue.server import create_venue_app

PROBLEMS = {
    *((int(row["status"]), row["name"]) for row in table("problems")),
    *((400, problem_name(kind)) for kind in Malformed.__subclasses__()),
    *((422, problem_name(kind)) for kind in Rejected.__subclasses__() if kind is not ReplayedRequest),
    (409, problem_name(ReplayedRequest)),
}
"""Status and name of every problem in chapters 4 and 5."""


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, web.Application]]:
    """The three servers, running."""
    world = World(tmp_path_factory.mktemp("parties"))
    venue = make_venue(world, tmp_path_factory.mktemp("venue"), "https://door.example")
    apps: dict[str, web.Application] = {}

    async def start() -> list[tuple[web.Application, int]]:
        apps["operator"] = await create_operator_app(world.operator)
        apps["authority"] = await create_authority_app(world.authority)
        apps["venue"] = create_venue_app(venue.home, lambda: world.now)
        return list(zip(apps.values(), free_ports(3), strict=True))

    with serving(start):
        yield apps


@pytest.mark.parametrize("file", sorted(path.name for path in FOLDER.iterdir()))
def test_document_is_valid(file: str) -> None:
    document, uri = read_from_filename(str(FOLDER / file))
    OpenAPIV31SpecValidator(document, base_uri=uri).validate()


def test_there_is_a_document_for_each_server() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.yaml" for name in (*SERVERS, "common")}


@pytest.mark.parametrize("server", SERVERS)
def test_paths_are_the_routes(server: str, apps: dict[str, web.Application]) -> None:
    """All but pages. aiohttp answers HEAD wherever it answers GET, as HTTP demands; the documents need not say so."""
    routes = {
        (route.method, route.resource.canonical)
        for route in apps[server].router.routes()
        if route.resource is not None and route.method not in {"HEAD", "OPTIONS"}
    }
    routes -= {route for route in routes if re.match("/$|/v/|/visitor(/|$)|/door(/|$)", route[1])}
    assert {(one.method, one.path) for one in operations(server)} == routes


def is_open(operation: Operation) -> bool:
    """Whether pages of any origin may use it."""
    return bool(operation.description.get("x-open-to-pages"))


@pytest.mark.parametrize("server", SERVERS)
def test_what_is_open_to_pages_answers_their_browsers(server: str, apps: dict[str, web.Application]) -> None:
    answering = {
        route.resource.canonical
        for route in apps[server].router.routes()
        if route.resource is not None and route.method == "OPTIONS"
    }
    assert answering == {one.path for one in operations(server) if is_open(one)}
    assert all(is_open(one) for one in operations(server) if one.path in answering)


def test_chapter_five_lists_what_is_open_to_pages() -> None:
    text = CHAPTERS["05-http-interface.md"].partition("### Pages of other origins")[2].partition("Each of their")[0]
    listed = re.findall(r"`([A-Z]+) (/[^`]+)`", text)
    documented = {(one.method, one.path) for server in SERVERS for one in operations(server) if is_open(one)}
    assert set(listed) == documented
    assert len(listed) == len(documented)


@pytest.mark.parametrize("server", SERVERS)
def test_limits_are_those_of_the_server(server: str) -> None:
    (said,) = re.findall(r"may have up to 4 KiB: a\s(.*?)\. ", CHAPTERS["05-http-interface.md"], re.DOTALL)
    short = re.findall(r"`(\w+)`", said)
    for one in operations(server):
        large = (server, one.path) in {
            ("operator", "/v1/shares"),
            ("operator", "/v1/notices"),
            ("authority", "/v1/passes"),
        }
        if one.body is not None:
            most = SHORT_BODY_BYTES if one.body["x-cddl"][-1] in short else SMALL_BODY_BYTES
            most = MAX_MESSAGE_BYTES if large else most
            assert one.body["schema"]["maxLength"] == most


@pytest.mark.parametrize("server", SERVERS)
def test_paths_name_the_version(server: str) -> None:
    assert all(one.path.startswith("/v1/") or one.path in {"/healthz", "/readyz"} for one in operations(server))


@pytest.mark.parametrize("server", SERVERS)
def test_problems_are_those_of_the_specification(server: str) -> None:
    named = {outcome for one in operations(server) for outcome in outcomes(one) if outcome[0] >= 400}
    assert named - {(409, SIZE)} <= PROBLEMS


@pytest.mark.parametrize("server", SERVERS)
def test_chapter_five_lists_the_same(server: str) -> None:
    """Its requests are the document's, which has every problem that it names for them."""
    sections = re.split(r"^## ", CHAPTERS["05-http-interface.md"], flags=re.MULTILINE)
    titles = (server.capitalize(), *(["at both parties"] if server != "venue" else []))
    rows = [row for text in sections if text.partition("\n")[0].endswith(titles) for row in text.splitlines()]
    listed: dict[tuple[str, str], set[str]] = {("GET", "/healthz"): set(), ("GET", "/readyz"): {"not-ready"}}
    for row in rows:
        for request in re.findall(r"`(GET|POST) (/[^`]+)`", row.split(" | ")[0]):
            listed.setdefault(request, set()).update(re.findall(r"`([a-z-]+)`", row.rpartition(" | ")[2]))
    documented = {(one.method, one.path): {name for _, name in outcomes(one)} for one in operations(server)}
    assert listed.keys() == documented.keys()
    for request, named in listed.items():
        assert named & {name for _, name in PROBLEMS} <= documented[request], request


@pytest.mark.parametrize("server", SERVERS)
def test_bodies_are_rules_of_the_cddl(server: str) -> None:
    for one in operations(server):
        media_types = [one.body or {}]
        media_types += [kind for response in one.responses.values() for kind in response.get("content", {}).values()]
        assert {rule for kind in media_types for rule in kind.get("x-cddl", [])} <= rules_defined()


def test_all_problems_of_the_specification_are_documented() -> None:
    """All but what no operation answers by itself: other paths, other methods, and failures."""
    named = {name for server in SERVERS for one in operations(server) for _, name in outcomes(one)}
    assert {row["name"] for row in table("problems")} - named == {
        "method-not-allowed",
        "internal-error",
        "storage-failed",
    }


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_links(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text("utf-8")):
        assert (FOLDER / target).exists(), target
