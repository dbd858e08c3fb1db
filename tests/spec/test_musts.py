"""Every MUST of the specification has a test that is there, or a reason why there can be none: MUSTS.md."""

from __future__ import annotations

import ast
import functools
import re
from dataclasses import dataclass, field
from pathlib import Path

from tests.spec.text import CHAPTERS, ROOT

LIST = Path(__file__).with_name("MUSTS.md")
UNTESTABLE = "untestable: "


@dataclass
class Demand:
    """One MUST: its section, words around it that stand nowhere else in the section, and what shows it."""

    section: str
    words: str
    shown_by: list[str] = field(default_factory=list)


@functools.cache
def sections() -> dict[str, str]:
    """The text of each numbered section on one line, without §0.1, which defines the words."""
    found = {}
    for text in CHAPTERS.values():
        parts = re.split(r"^#{1,2} (\d(?:\.\d+)?) .*$", text, flags=re.MULTILINE)[1:]
        found.update(dict(zip(parts[::2], (" ".join(part.split()) for part in parts[1::2]), strict=True)))
    del found["0.1"]
    return found


def demands() -> list[Demand]:
    """The list, in its order."""
    section, listed = "", list[Demand]()
    for line in LIST.read_text("utf-8").splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        elif line.startswith("- "):
            listed.append(Demand(section, line.removeprefix("- ")))
        elif line.startswith("  - "):
            listed[-1].shown_by.append(line.removeprefix("  - "))
    return listed


def place(demand: Demand) -> tuple[str, int] | None:
    """Where the MUST stands: section and position in its text; None unless the words name exactly one."""
    text = sections().get(demand.section, "")
    if demand.words.count("MUST") != 1 or text.count(demand.words) != 1:
        return None
    return demand.section, text.index(demand.words) + demand.words.index("MUST")


@functools.cache
def names_in(file: str) -> set[str]:
    """The tests of a file, those in a class behind its name."""
    found: set[str] = set()
    for node in ast.parse((ROOT / "tests" / file).read_text("utf-8")).body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        names = {one.name for one in inside if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
        found |= {prefix + name for name in names if name.startswith("test_")}
    return found


def test_every_must_is_listed_once_and_every_line_is_one() -> None:
    stated = [(section, found.start()) for section, text in sections().items() for found in re.finditer("MUST", text)]
    listed = [(demand, place(demand)) for demand in demands()]
    places = [at for _, at in listed]
    gone = [demand.words for demand, at in listed if at is None]
    assert not gone, f"lines that are not, or not only, one MUST of their section: {gone}"
    missing = [sections()[section][at - 60 : at + 60] for section, at in stated if (section, at) not in places]
    assert not missing, f"not in {LIST.name}: {missing}"
    displaced = [demand.words for (demand, at), other in zip(listed, stated, strict=False) if at != other]
    assert not displaced, f"twice, or not in the order of the text, from here on: {displaced[0]}"
    assert len(listed) == len(stated)


def test_every_must_is_shown_by_tests_that_exist() -> None:
    for demand in demands():
        assert demand.shown_by, demand.words
        for shown in demand.shown_by:
            if shown.startswith(UNTESTABLE):
                assert len(demand.shown_by) == 1, demand.words
                continue
            file, _, name = shown.partition("::")
            assert (ROOT / "tests" / file).is_file(), shown
            assert name in names_in(file), f"there is no {shown}, for: {demand.words}"


def test_few_are_untestable() -> None:
    reasons = [shown for demand in demands() for shown in demand.shown_by if shown.startswith(UNTESTABLE)]
    assert all(len(reason) > len(UNTESTABLE) + 20 for reason in reasons)
    assert len(reasons) < len(demands()) / 10
