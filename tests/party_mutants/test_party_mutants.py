"""What breaks the parties' programs: that it changes what it says, always the same, and sees what no test notices."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.party_mutants import drawing, reaching, trying
from tests.party_mutants.__main__ import SURVIVORS
from tests.party_mutants.drawing import ROOT, draw, mutants_of
from tests.party_mutants.ends import Ends
from tests.party_mutants.reaching import Reach, run_all
from tests.party_mutants.trying import End, Outcome, try_mutant

PROGRAM = """
def is_old(age: int) -> bool:
    if age < 0:
        raise ValueError("no such age")
    return age >= 30


def greet(name: str) -> str:
    return "how do you do, " + name
"""
FILE = "service/program.py"
FLAKY = """
import pathlib

def test_flaky():
    failed = pathlib.Path(__file__).with_name("failed")
    if not failed.exists():
        failed.touch()
        raise AssertionError
"""
NAMED = """
import pytest

@pytest.mark.parametrize("age", [30], ids=["30|[é]"])
def test_named(age): assert is_old(age)
"""
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
        (thirty, ("that_there_is_not",), End.SURVIVED),
        (welcome, (), End.UNREACHED),
    ):
        reach = Reach({FILE: {mutant.first: frozenset(f"test_program.py::test_{name}" for name in tests)}}, {})
        assert try_mutant(program, mutant, reach, 10).end is end
        assert (program / FILE).read_text() == PROGRAM


def test_what_is_said_over_several_lines_is_not_broken(program: Path) -> None:
    file = program / FILE
    file.write_text(
        "def ask(name: str, age: int) -> None:\n    raise ValueError(\n        name\n        + str(age + 1)\n    )\n"
    )
    assert list(mutants_of(file)) == []
    file.write_text("def ask(name: str, age: int) -> str:\n    return (\n        name\n        + str(age + 1)\n    )\n")
    assert list(mutants_of(file)) != []


def test_a_run_that_was_broken_off_goes_on_with_what_nobody_noticed(tmp_path: Path) -> None:
    outcomes = [Outcome("a", End.KILLED, 1, 2, "FAILED b"), Outcome("b", End.SURVIVED, 2, 2), Outcome("c", End.HUNG)]
    ends = Ends(tmp_path / "ends")
    for outcome in outcomes:
        ends.keep(outcome)
    kept = Ends(tmp_path / "ends")
    assert [kept.noticed(name) for name in "abcd"] == [outcomes[0], None, outcomes[2], None]
    kept.keep(Outcome("b", End.KILLED))
    assert Ends(tmp_path / "ends").noticed("b") == Outcome("b", End.KILLED)


def test_tests_run_again_when_their_file_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing counts that a test of before has found."""
    monkeypatch.setattr(reaching, "PLUGINS", ())
    for path, text in (("service/__init__.py", ""), (FILE, PROGRAM), ("tests/test_it.py", TESTS)):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / "tests" / "test_it.py").write_text(TESTS + NAMED)
    (line,) = (number for number, text in enumerate(PROGRAM.splitlines(), 1) if "age >= 30" in text)
    found = run_all(tmp_path, tmp_path / "reach", ["tests"])
    names = ("named[30|[\\xe9]]", "old", "thirty", "young")
    assert sorted(found.of(FILE, line, line)) == [f"tests/test_it.py::test_{name}" for name in names]
    assert found.seconds.keys() == set(found.of(FILE, line, line))
    (tmp_path / "tests" / "test_it.py").write_text(TESTS.replace("thirty(): assert", "thirty(): assert not"))
    (tmp_path / "tests" / "test_new.py").write_text(TESTS.replace("old(): assert", "old(): assert not"))
    found = run_all(tmp_path, tmp_path / "reach", ["tests"])
    assert sorted(found.failing) == ["tests/test_it.py::test_thirty", "tests/test_new.py::test_old"]
    assert len(found.of(FILE, line, line)) == 4
    (tmp_path / "tests" / "test_it.py").unlink()
    found = run_all(tmp_path, tmp_path / "reach", ["tests"])
    assert {test.partition("::")[0] for test in found.of(FILE, line, line)} == {"tests/test_new.py"}
    assert sorted(run.name for run in (tmp_path / "reach").iterdir()) == ["0", "1"]


def test_a_test_that_fails_now_and_then_notices_nothing(program: Path) -> None:
    """Those after it are tried all the same."""
    (program / "test_program.py").write_text(TESTS + FLAKY)
    thirty = next(mutant for mutant in mutants_of(program / FILE) if "+    return age > 30" in mutant.diff())
    seconds = {f"test_program.py::test_{name}": 3.0 + number for number, name in enumerate(("old", "flaky", "thirty"))}
    for until, end in (("flaky", End.SURVIVED), ("thirty", End.KILLED)):
        (program / "failed").unlink(missing_ok=True)
        names = list(seconds)[: 2 + (until == "thirty")]
        outcome = try_mutant(program, thirty, Reach({FILE: {thirty.first: frozenset(names)}}, seconds), 100)
        assert outcome.end is end
        assert (program / "failed").exists()


def test_the_fastest_tests_that_reach_a_line_come_first() -> None:
    reach = Reach({FILE: {4: frozenset({"a", "b"}), 6: frozenset({"c"})}}, {"a": 2.0, "b": 1.0, "c": 3.0})
    assert reach.of(FILE, 4, 6) == ["b", "a", "c"]
    assert reach.of(FILE, 5, 5) == ["b", "a"], "a statement is known by its first line"
    assert reach.of(FILE, 1, 3) == reach.of("service/other.py", 4, 4) == []
    (reading,) = reach.of("venue/migrations.py", 4, 4)
    path, _, name = reading.partition("::")
    assert f"def {name}(" in (ROOT / path).read_text("utf-8")


def test_survivors_are_named_as_mutants_are() -> None:
    """With the reason before them; each is of a function that there is."""
    names = re.findall(r"^- `(.+?)`", SURVIVORS.read_text("utf-8"), re.MULTILINE)
    assert len(names) == len(set(names))
    for name in names:
        module, _, rest = name.partition("#")
        assert rest.isdecimal()
        parts = module.split(".")
        assert any((ROOT / "/".join(parts[:depth])).with_suffix(".py").exists() for depth in (1, 2, 3, 4)), name
