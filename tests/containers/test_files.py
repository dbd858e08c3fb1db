"""What the files of `containers/` promise: least privilege, and nobody near what is another's."""

from __future__ import annotations

import re
import tomllib
from itertools import combinations

import pytest

from service.serving import STOP_SECONDS
from service.urls import PLAIN_HTTP_HOSTS, is_protected
from tests.containers.compose import Service, read_compose
from tests.containers.images import Containerfile, read_containerfile
from tests.spec.text import CHAPTERS, ROOT

FOLDER = ROOT / "containers"
SERVERS = ("operator", "authority", "venue")
COMPOSE = read_compose(FOLDER / "compose.yaml")


def containerfile(server: str) -> Containerfile:
    return read_containerfile((FOLDER / f"{server}.Containerfile").read_text("utf-8"))


def settings(server: str) -> dict[str, str | int]:
    return tomllib.loads((FOLDER / f"{server}.toml").read_text("utf-8"))


def party(service: str) -> str:
    return service.removesuffix("-database")


def meet(one: Service, other: Service) -> bool:
    return bool(set(one.networks) & set(other.networks))


def test_every_file_is_used() -> None:
    files = {path.name for path in FOLDER.iterdir() if path.is_file()} - {"domain.toml", "alarms.yml"}
    assert files == {"compose.yaml", *(f"{server}.{kind}" for server in SERVERS for kind in ("Containerfile", "toml"))}


@pytest.mark.parametrize("server", SERVERS)
def test_an_image(server: str) -> None:
    image = containerfile(server)
    oldest = re.search(r'requires-python = ">=3\.(\d+)"', (ROOT / "pyproject.toml").read_text())
    base = re.fullmatch(r"python:3\.(\d+)-slim-[a-z]+@sha256:[0-9a-f]{64}", image.settings["FROM"])
    assert oldest is not None
    assert base is not None
    assert int(base[1]) >= int(oldest[1])
    user, group = image.settings["USER"].split(":")
    assert int(user) > 0
    assert f"--owner={user} --group={group} {image.settings['VOLUME']}" in image.settings["RUN"]
    assert image.command[-3:] == ["--home", image.settings["VOLUME"], "serve"]
    assert image.settings["STOPSIGNAL"] == "SIGTERM"
    assert image.exec_form("HEALTHCHECK")
    assert f":{image.settings['EXPOSE']}/healthz" in image.settings["HEALTHCHECK"]


@pytest.mark.parametrize("server", SERVERS)
def test_an_image_installs_its_partys_lock_and_nothing_else(server: str) -> None:
    """Digests hold for each package, and for the base image; the project itself brings no other package in."""
    layers = containerfile(server).layers
    assert ("COPY", f"requirements/{server}.txt requirements.txt") in layers
    locked, project = [words for kind, words in layers if kind == "RUN" and "pip install" in words]
    assert locked.endswith("--require-hashes --requirement requirements.txt")
    assert project.endswith("--no-deps --no-build-isolation .")


def test_images_have_one_base() -> None:
    images = [containerfile(server) for server in SERVERS]
    stages = {layers[0] for image in images for layers in image.stages.values()}
    assert {("FROM", image.settings["FROM"]) for image in images} == stages
    assert len(stages) == 1


def test_images_with_a_page_build_it_themselves() -> None:
    """From sources, by the lock, without what packages would run; a folder that somebody has built is not taken."""
    for server in SERVERS:
        image = containerfile(server)
        assert ("COPY", "--from=pages /opt/pages service/dist") in image.layers
        commands = [words for kind, words in image.stages["pages"] if kind == "RUN"]
        assert commands[1:] == ["npm ci --ignore-scripts --no-audit --no-fund", "node build.mjs /opt/pages"]
    assert {"service/dist", "**/node_modules"} <= set((ROOT / ".dockerignore").read_text("utf-8").splitlines())


@pytest.mark.parametrize("server", SERVERS)
def test_only_images_that_read_codes_have_the_library_for_it(server: str) -> None:
    (needed,) = set(re.findall(r"libzbar\d", (ROOT / "Makefile").read_text("utf-8")))
    copied = [words.split()[0] for instruction, words in containerfile(server).layers if instruction == "COPY"]
    sources = [path.read_text("utf-8") for name in copied for path in (ROOT / name).rglob("*.py")]
    assert sources
    reads_codes = any("pyzbar" in source for source in sources)
    assert reads_codes == any(needed in words for _, words in containerfile(server).layers)


def test_an_image_takes_nothing_else_than_it_names() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    named = {
        word
        for one in SERVERS
        for layers in (containerfile(one).layers, *containerfile(one).stages.values())
        for kind, words in layers
        if kind == "COPY" and not words.startswith("--from=")
        for word in words.split()[:-1]
    }
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == named


@pytest.mark.parametrize("server", SERVERS)
def test_a_servers_container_has_no_privileges(server: str) -> None:
    service = COMPOSE.services[server]
    assert service.init
    assert service.read_only
    assert service.cap_drop == ["ALL"]
    assert service.security_opt == ["no-new-privileges:true"]
    assert int(service.stop_grace_period.removesuffix("s")) > STOP_SECONDS


@pytest.mark.parametrize("server", SERVERS)
def test_servers_ask_only_each_other_without_tls(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first_day = CHAPTERS["08-running-a-party.md"].partition("<!-- containers -->")[2].split("```")[1]
    urls = re.findall(r"http://\S+", first_day)
    assert {url.split(":")[1].strip("/") for url in urls} == set(SERVERS)
    assert not any(is_protected(url) for url in urls)
    monkeypatch.setenv(PLAIN_HTTP_HOSTS, COMPOSE.services[server].environment[PLAIN_HTTP_HOSTS])
    assert all(is_protected(url) for url in urls)
    assert not is_protected("http://operator.example:8401")


@pytest.mark.parametrize("party", ["operator", "authority"])
def test_no_header_is_believed_where_no_proxy_is(party: str) -> None:
    """Compose's file has none: each service has an image of its own here, or is a database."""
    assert set(COMPOSE.services) == {*SERVERS, "operator-database", "authority-database"}
    assert "client_address_header" not in settings(party)
    assert "# client_address_header = " in (FOLDER / f"{party}.toml").read_text("utf-8")


def test_every_container_is_watched_and_restarted() -> None:
    for service in COMPOSE.services.values():
        assert service.restart == "unless-stopped"
        assert service.build or service.healthcheck
        if service.image is not None:
            assert re.fullmatch(r"postgres:\d+-[a-z]+@sha256:[0-9a-f]{64}", service.image)


def test_a_database_keeps_no_log_of_what_is_erased() -> None:
    """And no server has another command than its image's."""
    for service in COMPOSE.services.values():
        assert service.command == (["postgres", "-c", "wal_recycle=off"] if service.image else [])


def test_a_database_is_reached_by_its_party_alone() -> None:
    reached = {
        frozenset(pair) for pair in combinations(COMPOSE.services, 2) if meet(*(COMPOSE.services[one] for one in pair))
    }
    servers = {frozenset(pair) for pair in combinations(SERVERS, 2)}
    assert reached == servers | {frozenset((one, f"{one}-database")) for one in ("operator", "authority")}
    for name, service in COMPOSE.services.items():
        if name.endswith("-database"):
            assert all(COMPOSE.networks[network].internal for network in service.networks)


def test_nobody_gets_what_is_anothers() -> None:
    volumes = [volume.split(":")[0] for service in COMPOSE.services.values() for volume in service.volumes]
    assert sorted(volumes) == sorted(COMPOSE.volumes)
    for name, service in COMPOSE.services.items():
        assert all(secret.startswith(f"{party(name)}-") for secret in service.secrets)
        assert all(mount.source in {"domain", name} for mount in service.configs)
        assert all(COMPOSE.secrets[secret].file.startswith("secrets/") for secret in service.secrets)
    assert "containers/secrets/" in (ROOT / ".gitignore").read_text().split()


def test_only_servers_are_published_and_to_this_machine_alone() -> None:
    published = {name: service.ports for name, service in COMPOSE.services.items() if service.ports}
    assert published == {
        server: [f"127.0.0.1:{settings(server)['port']}:{settings(server)['port']}"] for server in SERVERS
    }
    for server in SERVERS:
        assert settings(server)["port"] == int(containerfile(server).settings["EXPOSE"])
        assert settings(server)["metrics_port"] != settings(server)["port"]
