"""A page that is not the one on record: a browser shows it as any other, and an audit finds it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from lab.processes import command_output
from service.pages import Page as ServedPage
from service.pages import PageFile, built_page
from tests.browser.conftest import VisitorTown, running_town


@pytest.fixture(scope="module")
def served() -> list[ServedPage]:
    """What the operator has in memory, once it was started."""
    return []


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, built: Path, served: list[ServedPage]) -> Iterator[VisitorTown]:
    """Both parties, and the visitors' page at the operator."""

    def remember(name: str, domain: object, urls: Iterable[str]) -> ServedPage | None:
        page = built_page(name, domain, urls, built)
        served.extend([page] if page else [])
        return page

    with running_town(VisitorTown, tmp_path_factory.mktemp("town"), remember) as town:
        yield town


def faults(town: VisitorTown, state: Path) -> set[tuple[str, str]]:
    """What `python -m escrow audit` finds: the party, and the fault."""
    domain = town.world.operator.home / "domain.toml"
    command = ("escrow", "audit", "--domain", str(domain), "--state", str(state), "--json")
    report = json.loads(command_output(*command, accept=(0, 2)))
    return {(one["party"], one["fault"]) for one in report["findings"]}


def test_a_page_that_is_not_on_record_is_found_by_the_audit(
    page: Page, town: VisitorTown, served: list[ServedPage], tmp_path: Path
) -> None:
    found = ("operator", "unlogged-page")
    assert found not in faults(town, tmp_path)
    [operators] = served
    file = operators.files["index.html"]
    altered = file.body.replace(b"<title>", b'<meta name="altered" content="yes" /><title>')
    operators.files["index.html"] = PageFile(altered, file.headers)
    operators._compressed["index.html"] = gzip.compress(altered)
    page.goto(town.url)
    expect(page.get_by_role("button", name="I agree")).to_be_visible()
    assert page.locator("meta[name=altered]").count() == 1
    assert found in faults(town, tmp_path)
