"""The specification as text: its chapters, and the tables that a comment marks."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "spec"
CHAPTERS = {
    path.relative_to(SPEC).as_posix(): path.read_text("utf-8")
    for path in sorted([*SPEC.glob("0*.md"), *SPEC.glob("03-cryptography/*.md")])
}
"""The files of the normative text by their paths in `spec/`: chapter 3 has a folder, with a file for each section."""

_PROCEDURE = re.compile(
    r"^\*\*`(?P<name>[\w.]+)`\*\*[^\n]*(?:\n[^\n]+)*\n\n(?P<steps>1\. .*?)(?=\n\n(?!\d+\. )[^ ]|\Z)",
    re.MULTILINE | re.DOTALL,
)


def procedures() -> list[tuple[str, str]]:
    """The name and the numbered steps of each procedure, in the order of the text."""
    return [(found["name"], found["steps"]) for text in CHAPTERS.values() for found in _PROCEDURE.finditer(text)]


def table(mark: str) -> list[dict[str, str]]:
    """The rows of the table behind `<!-- mark -->`, by the names in its head; code marks are taken off."""
    found = [text.partition(f"<!-- {mark} -->")[2] for text in CHAPTERS.values() if f"<!-- {mark} -->" in text]
    assert len(found) == 1, f"{len(found)} tables are marked {mark}"
    lines = re.search(r"(?:^\|.*\|\n)+", found[0], re.MULTILINE)
    assert lines is not None
    head, _, *rows = [_cells(line) for line in lines[0].splitlines()]
    return [dict(zip(head, row, strict=True)) for row in rows]


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("`", "") for cell in line.strip("|").split("|")]
