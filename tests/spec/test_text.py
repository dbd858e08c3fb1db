"""The chapters hang together: every reference leads somewhere, and every claim and attack has its place."""

from __future__ import annotations

import re

import pytest

from tests.spec.text import CHAPTERS, ROOT, SPEC, table

CHAPTER_3 = "03-cryptography"
SECTIONS = {number for text in CHAPTERS.values() for number in re.findall(r"^#+ (\d(?:\.\d+)?) ", text, re.MULTILINE)}
SOURCES = sorted(
    path
    for part in ("protocol", "service", "client", "venue", "escrow", "lab", "conformance", "benchmarks")
    for path in (ROOT / part).rglob("*")
    if path.suffix in {".py", ".js"} and "node_modules" not in path.parts
)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_references_between_sections(chapter: str) -> None:
    text = re.sub(r"(RFC|ISO/IEC) [0-9-]+ §[0-9.]+|\(RFC 4648\n§5\)", "", CHAPTERS[chapter])
    assert set(re.findall(r"§(\d+(?:\.\d+)?)", text)) <= SECTIONS


def test_references_of_the_code() -> None:
    for path in SOURCES:
        text = re.sub(r"RFC \d+ §[0-9.]+", "", path.read_text("utf-8"))
        assert set(re.findall(r"§(\d+(?:\.\d+)?)", text)) <= SECTIONS, path.name


def test_links_between_files() -> None:
    for path in [*CHAPTERS, "README.md", "CHANGES.md", "formal/README.md"]:
        for target in re.findall(r"\]\(([^)#]+)\)", (SPEC / path).read_text("utf-8")):
            assert (SPEC / path).parent.joinpath(target).exists(), f"{path}: {target}"


def test_every_section_of_chapter_3_is_in_its_index() -> None:
    """With the modules of `protocol/` that follow it, each of which is there."""
    listed = re.findall(
        r"^\| \[(3\.\d+ [^]]+)\]\(([^)]+)\) \| (.*) \|$", CHAPTERS[f"{CHAPTER_3}/README.md"], re.MULTILINE
    )
    heads = {path: text.partition("\n")[0].removeprefix("# ") for path, text in CHAPTERS.items()}
    assert {f"{CHAPTER_3}/{path}": head for head, path, _ in listed} == {
        path: head for path, head in heads.items() if re.match(f"{CHAPTER_3}/[0-9]", path)
    }
    named = {module for _, _, modules in listed for module in re.findall("`([^`]+)`", modules)}
    assert all((ROOT / "protocol" / module).exists() for module in named)
    here = {path.name for path in (ROOT / "protocol").glob("*.py")}
    assert here - named == {"__init__.py", "qr_text.py", "party_requests.py", "http_messages.py"}  # of chapters 4 and 5


def test_every_attack_is_answered() -> None:
    rows = table("attacks")
    numbers = [int(row["#"].removeprefix("A")) for row in rows]
    assert numbers == sorted(set(numbers))
    assert set(range(1, 31)) <= set(numbers)
    for row in rows:
        assert all(row[column] for column in ("attack", "claim", "what answers it", "what remains")), row["#"]


def test_tests_that_the_text_names_exist() -> None:
    for text in CHAPTERS.values():
        for path in re.findall(r"`(tests/[^`*]+\.py)`", text):
            assert (ROOT / path).is_file(), path


def test_every_claim_is_made() -> None:
    text = CHAPTERS["01-roles-and-claims.md"]
    made = re.findall(r"^\*\*(C\d+) ", text, re.MULTILINE)
    assert made == [row["claim"] for row in table("claims")]
    assert made == [f"C{number}" for number in range(1, 11)]


def test_every_demand_has_the_words_of_rfc_2119() -> None:
    for name, text in CHAPTERS.items():
        assert not re.findall(r"\b(?:SHALL|REQUIRED|RECOMMENDED|OPTIONAL)\b", text), name
