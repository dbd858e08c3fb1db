"""What everyone gets alike is asked for where `files` says, and nothing else is. Spec: §6.1, §8.6."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from urllib.parse import urlsplit

import pytest

from client.list_search import search_lists
from client.list_sources import list_sources
from client.passes import fetch_passes
from client.visitor import Visitor
from conformance.imitated import ImitatedParties
from escrow.operator import pages
from escrow.operator.operator import Operator
from protocol.epochs import Role
from service.epoch_cache import EpochCache
from service.errors import ConfigurationError
from service.settings import DomainSettings, check_settings, load_settings
from tests.client.conftest import PASSPHRASE, Clock, enrol
from tests.support.domain import TODAY
from tests.support.running import online

FOR_ALL = {"epochs", "log", "notices", "disclosures"}


@pytest.fixture
def elsewhere(home: Path) -> DomainSettings:
    """The domain with another name for the same servers, which the visitor's home has from now on."""
    file = home / "domain.toml"
    lines = file.read_text().splitlines()
    for line in [line for line in lines if line.startswith("url")]:
        lines.insert(lines.index(line) + 1, line.replace("url", "files").replace("127.0.0.1", "localhost"))
    file.write_text("\n".join(lines))
    return load_settings(DomainSettings, file, required=True)


def test_a_visitor_asks_another_server_for_what_everyone_gets_alike(
    elsewhere: DomainSettings, home: Path, clock: Clock, imitated: ImitatedParties
) -> None:
    visitor = Visitor(home, PASSPHRASE, clock, create=True)
    enrol(visitor, imitated)
    for epoch in (TODAY, TODAY + 1):
        online(partial(fetch_passes, visitor, epoch=epoch))
    for source in list_sources(visitor):
        online(partial(search_lists, visitor, source=source))
    kinds = {(asked.headers["Host"].split(":")[0], asked.path.split("/")[2]) for asked in imitated.asked}
    assert {kind for host, kind in kinds if host == "localhost"} == FOR_ALL
    assert {kind for host, kind in kinds if host != "localhost"} == {"verifications", "sessions", "handles", "passes"}


def test_a_door_asks_another_server_for_keys(
    elsewhere: DomainSettings, tmp_path: Path, imitated: ImitatedParties
) -> None:
    assert online(partial(EpochCache(tmp_path / "epochs", elsewhere).fetch, epoch=TODAY)) is not None
    assert {asked.headers["Host"].split(":")[0] for asked in imitated.asked} == {"localhost"}


def test_a_domain_keeps_it(elsewhere: DomainSettings, tmp_path: Path) -> None:
    (tmp_path / "domain.toml").write_text(elsewhere.to_toml())
    assert load_settings(DomainSettings, tmp_path / "domain.toml", required=True) == elsewhere
    assert urlsplit(elsewhere.operator.files or "").hostname == "localhost"


def test_the_page_may_ask_there(elsewhere: DomainSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[str]()
    monkeypatch.setattr(pages, "built_page", lambda _name, _domain, urls: asked.extend(urls))
    log = SimpleNamespace(newest_page=lambda: None)
    operator = SimpleNamespace(domain_settings=elsewhere, settings=SimpleNamespace(pages=True), log=log)
    pages.page_routes(cast(Operator, operator))
    assert set(asked) == {url(role) for url in (elsewhere.url, elsewhere.files) for role in Role}
    assert len(set(asked)) == 4


@pytest.mark.parametrize("files", ["http://files.example", "files.example", 'https://files.example/"'])
def test_what_is_no_protected_url_is_refused(elsewhere: DomainSettings, files: str) -> None:
    party = {"key": elsewhere.operator.key, "url": elsewhere.operator.url}
    other = {"key": elsewhere.authority.key, "url": elsewhere.authority.url}
    with pytest.raises(ConfigurationError):
        check_settings(DomainSettings, {"number": 1, "operator": {**party, "files": files}, "authority": other}, "")
