"""`make test`, without what is left to `make test-long`, has a test of every MUST, claim and attack."""

from __future__ import annotations

import ast
import functools
import re

import pytest

from tests.spec.test_musts import UNTESTABLE, demands
from tests.spec.text import ROOT, table

TESTS = ROOT / "tests"
FILES = sorted(str(path.relative_to(TESTS)) for path in TESTS.rglob("test_*.py"))
Marked = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@functools.cache
def short_tests(file: str) -> set[str]:
    """The tests of a file that are not long, those in a class behind its name."""
    return set(_short(ast.parse((TESTS / file).read_text("utf-8")).body))


def _short(body: list[ast.stmt], prefix: str = "") -> list[str]:
    if "pytestmark = pytest.mark.long" in map(ast.unparse, body):
        return []
    found = []
    for node in body:
        if not isinstance(node, Marked) or "pytest.mark.long" in map(ast.unparse, node.decorator_list):
            continue
        if isinstance(node, ast.ClassDef):
            found += _short(node.body, f"{prefix}{node.name}::")
        elif node.name.startswith("test_"):
            found.append(prefix + node.name)
    return found


def test_every_must_has_a_short_test() -> None:
    for demand in demands():
        tests = [shown.partition("::") for shown in demand.shown_by if not shown.startswith(UNTESTABLE)]
        assert not tests or any(name in short_tests(file) for file, _, name in tests), demand.words


@pytest.mark.parametrize("name", [*(row["claim"] for row in table("claims")), *(row["#"] for row in table("attacks"))])
def test_every_claim_and_attack_has_a_short_test(name: str) -> None:
    """Its number is in the name of the test or of the file: `test_c5_…`, `test_a07_…`."""
    pattern = re.compile(rf"_{name[0].lower()}0?{name[1:]}_")
    assert any(pattern.search(f"{file}::{test}") for file in FILES for test in short_tests(file))


def test_marks_of_every_kind_are_seen() -> None:
    text = """
@pytest.mark.long
def test_a(): ...
class TestB:
    @pytest.mark.parametrize("x", [1])
    def test_short(self): ...
    @pytest.mark.long
    async def test_c(self): ...
class TestD:
    pytestmark = pytest.mark.long
    def test_d(self): ...
"""
    assert _short(ast.parse(text).body) == ["TestB::test_short"]
    assert _short(ast.parse(text + "pytestmark = pytest.mark.long").body) == []
