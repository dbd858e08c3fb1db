"""Building a page: the same bytes each time, names by content, and nothing in it that its policy forbids."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from benchmarks.page import BUDGET_KILOBYTES, DOMAIN, kilobytes_to_open
from service.pages import built_page
from tests.pages.building import FILES, build, content_of, manifest_of, write_page
from tests.vectors.javascript import WEB


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sources, output = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("output")
    write_page(sources)
    done = build(output, sources)
    assert done.returncode == 0, done.stderr
    return output / "visitor"


def test_the_same_sources_give_the_same_bytes_wherever_they_are(page: Path, tmp_path: Path) -> None:
    sources = tmp_path / "in" / "another" / "place"
    write_page(sources)
    assert build(tmp_path / "output", sources).returncode == 0
    assert content_of(tmp_path / "output" / "visitor") == content_of(page)


def test_the_pages_of_this_repository_are_built_twice_alike(tmp_path: Path) -> None:
    built = []
    for output in (tmp_path / "once", tmp_path / "again"):
        done = build(output)
        assert done.returncode == 0, done.stderr
        built.append({folder.name: content_of(folder) for folder in output.glob("*")})
    assert built[0] == built[1]
    assert built[0].keys() == {name for name in ("visitor", "door", "desk") if (WEB / name / "index.html").exists()}


def test_opening_the_visitors_page_loads_no_more_than_its_budget(tmp_path: Path) -> None:
    assert build(tmp_path).returncode == 0
    page = built_page("visitor", DOMAIN, (), tmp_path)
    assert page is not None
    assert kilobytes_to_open(page) <= BUDGET_KILOBYTES


def test_the_manifest_lists_every_file_with_its_digest(page: Path) -> None:
    content, manifest = content_of(page), manifest_of(page)
    assert manifest.keys() == content.keys() - {"manifest.json"}
    for name, entry in manifest.items():
        assert entry["sha256"] == hashlib.sha256(content[name]).hexdigest()
        assert entry["type"].startswith(("text/", "image/png", "application/"))


def test_only_names_by_content_may_be_kept_for_ever(page: Path) -> None:
    kept = {name for name, entry in manifest_of(page).items() if entry["cache"] == "immutable"}
    others = {name for name, entry in manifest_of(page).items() if entry["cache"] == "revalidate"}
    assert all(re.search(r"-[0-9a-zA-Z]{8,12}\.[a-z0-9]+$", name) for name in kept)
    assert others == {"index.html", "scan.html", "manifest.webmanifest", "serviceWorker.js"}


def test_a_changed_file_has_another_name_and_so_has_what_names_it(page: Path, tmp_path: Path) -> None:
    write_page(tmp_path / "sources", decoder_wasm="changed")
    assert build(tmp_path / "output", tmp_path / "sources").returncode == 0
    before, after = manifest_of(page).keys(), manifest_of(tmp_path / "output" / "visitor").keys()
    changed = {name.split("-")[0] for name in before ^ after}
    assert changed == {"decoder", "main"}


def test_what_a_file_names_is_served(page: Path) -> None:
    content = content_of(page)
    named = {
        match
        for name in content
        if name.endswith((".html", ".js", ".css", ".webmanifest")) and name != "serviceWorker.js"
        for match in re.findall(r"[a-zA-Z]+-[0-9a-zA-Z]{8,12}\.[a-z0-9]+", content[name].decode())
    }
    assert named
    assert named <= content.keys()
    assert {name.split("-")[0] for name in named} >= {"main", "style", "icon", "decoder", "later"}


def test_the_service_worker_knows_every_other_file(page: Path) -> None:
    text = content_of(page)["serviceWorker.js"].decode()
    assert all(name in text for name in manifest_of(page).keys() - {"serviceWorker.js"})


@pytest.mark.parametrize(
    "added",
    [
        "<script>alert(1)</script>",
        '<script type="module">alert(1)</script>',
        "<style>p { color: red; }</style>",
        '<p style="color: red">',
        '<p onclick="alert(1)">',
        '<img src="https://elsewhere.example/pixel.png">',
        '<link rel="stylesheet" href="//elsewhere.example/style.css">',
        '<base href="/">',
        '<script src="missing.js"></script>',
    ],
)
def test_a_page_with_what_its_policy_forbids_is_not_built(tmp_path: Path, added: str) -> None:
    write_page(tmp_path / "sources", index_html=FILES["index.html"] + added)
    assert build(tmp_path / "output", tmp_path / "sources").returncode != 0
    assert not (tmp_path / "output" / "visitor").exists()
