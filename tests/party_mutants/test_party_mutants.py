"""What breaks the parties' programs: that it changes what it says, always the same, and sees what no test notices."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.party_mutants import drawing, trying
from tests.party_mutants.__main__ import SURVIVORS
from tests.party_mutants.drawing import ROOT, draw, mutants_of
from tests.party_mutants.reaching import Reach
from tests.party_mutants.trying import End, try_mutant

PROGRAM = """
def is_old(age: int) -> bool:
    if age < 0:
        raise ValueError("no such age")
    return age >= 30


def greet(name: str) -> str:
    return "how do you do, " + name
"""
FILE = "service/program.py"
TESTS = """
from service.program import is_old

def test_old(): assert is_old(40)
def test_young(): assert not is_old(20)
def test_thirty(): assert is_old(30)
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of one program, and two tests of it."""
    for module in (drawing, trying):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(trying, "PLUGINS", ())
    for path, text in (("service/__init__.py", ""), ("service/program.py", PROGRAM), ("test_program.py", TESTS)):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def test_a_sample_is_the_beginning_of_a_larger_one(program: Path) -> None:
    mutants = list(mutants_of(program / "service" / "program.py"))
    assert draw(mutants, 2, 1) == draw(mutants[::-1], 9, 1)[:2]
    assert draw(mutants, 9, 1) != draw(mutants, 9, 2)
    for mutant in mutants:
        assert mutant.code() != PROGRAM
        compile(mutant.code(), mutant.name, "exec")
    assert [mutant for mutant in mutants if "raise" in mutant.diff().partition("\n-")[2].partition("\n")[0]] == []


def test_what_no_test_notices_survives(program: Path) -> None:
    mutants = list(mutants_of(program / FILE))
    thirty, welcome = (
        next(mutant for mutant in mutants if changed in mutant.diff())
        for changed in ("+    return age > 30", '+    return "how do you do, " - name')
    )
    for mutant, tests, end in (
        (thirty, ("old", "young"), End.SURVIVED),
        (thirty, ("old", "young", "thirty"), End.KILLED),
        (welcome, (), End.UNREACHED),
    ):
        reach = Reach({FILE: {mutant.first: frozenset(f"test_program.py::test_{name}" for name in tests)}}, {})
        assert try_mutant(program, mutant, reach, 10).end is end
        assert (program / FILE).read_text() == PROGRAM


def test_the_fastest_tests_that_reach_a_line_come_first() -> None:
    reach = Reach({FILE: {4: frozenset({"a", "b"}), 6: frozenset({"c"})}}, {"a": 2.0, "b": 1.0, "c": 3.0})
    assert reach.of(FILE, 4, 6) == ["b", "a", "c"]
    assert reach.of(FILE, 5, 5) == ["b", "a"], "a statement is known by its first line"
    assert reach.of(FILE, 1, 3) == reach.of("service/other.py", 4, 4) == []


def test_survivors_are_named_as_mutants_are() -> None:
    """With the reason before them; each is of a function that there is."""
    names = re.findall(r"^- `(.+?)`", SURVIVORS.read_text("utf-8"), re.MULTILINE)
    assert len(names) == len(set(names))
    for name in names:
        module, _, rest = name.partition("#")
        assert rest.isdecimal()
        parts = module.split(".")
        assert any((ROOT / "/".join(parts[:depth])).with_suffix(".py").exists() for depth in (1, 2, 3, 4)), name
