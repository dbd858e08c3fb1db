"""The constants of §0.4 are used by their names, and their values stand there alone."""

from __future__ import annotations

import re

import pytest

from tests.spec.text import CHAPTERS, table

CONSTANTS = {row["name"]: (int(row["value"]), row["unit"]) for row in table("constants")}
TEXTS = {path: text.partition("## 0.4 ")[0] if path.startswith("00-") else text for path, text in CHAPTERS.items()}
COMPARED = ("settings", "metrics", "sizes")
"""Marks of tables whose numbers are compared with the programs by other tests."""
UNITS = {
    "bytes": ("bytes", 1),
    "KiB": ("bytes", 2**10),
    "MiB": ("bytes", 2**20),
    "s": ("s", 1),
    "min": ("s", 60),
    "minutes": ("s", 60),
    "h": ("s", 3600),
    "hours": ("s", 3600),
    "days": ("days", 1),
    "characters": ("characters", 1),
}
QUANTITY = rf"([0-9][0-9,]*)[ -]({'|'.join(UNITS)})\b"
SIZES_OF_OTHER_THINGS = {("bytes", 32), ("bytes", 64)}
"""Digests, salts, seeds, tokens and identifiers are as long as points and signatures."""
OTHER_TIMES_AND_SIZES = (
    "body that does not arrive within 30 s",
    "with status 0 within 30 s",
    "on SIGTERM within 30 s",
    "within 30 s of each new entry",
    "after a failure every 30 s",
    "tried again after 30 s",
    "budget for this is 30 s",
    "asks again after 60 s",
    "1 to 128 bytes",
    "no officer has approved for 30 days",
)
"""Phrases in which a quantity that equals a constant means something else."""


def prose(path: str) -> str:
    """A chapter on one line, without the tables that are compared and the phrases about other things."""
    text = TEXTS[path]
    for mark in COMPARED:
        text = re.sub(rf"<!-- {mark} -->[^|]*(?:^\|.*\|\n)+", "", text, flags=re.MULTILINE)
    text = " ".join(text.split())
    for phrase in OTHER_TIMES_AND_SIZES:
        text = text.replace(phrase, "")
    return text


def quantities(text: str) -> list[tuple[str, int, str]]:
    """Unit, value in it and wording of everything in a text that is a number with a unit."""
    found = re.finditer(QUANTITY, text)
    return [
        (UNITS[one[2]][0], int(one[1].replace(",", "")) * UNITS[one[2]][1], text[max(0, one.start() - 40) : one.end()])
        for one in found
    ]


@pytest.mark.parametrize("phrase", OTHER_TIMES_AND_SIZES)
def test_a_phrase_about_something_else_is_in_the_text(phrase: str) -> None:
    assert any(phrase in " ".join(text.split()) for text in TEXTS.values())


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_constant_is_used_by_its_name(name: str) -> None:
    assert any(re.search(rf"\b{name}\b", text) for text in TEXTS.values())


@pytest.mark.parametrize("path", TEXTS)
def test_a_value_beside_its_name_is_that_of_the_table(path: str) -> None:
    """`NAME` (value), as a reader may want it now and then."""
    for name, said in re.findall(r"`([A-Z_]+)` \((\d[\d,]*(?: [A-Za-z]+)?)\)", TEXTS[path]):
        value, unit = CONSTANTS[name]
        number, _, told = said.partition(" ")
        told_unit, factor = UNITS.get(told, (unit, 1))
        assert (int(number.replace(",", "")) * factor, told_unit) == (value, unit) or (
            int(number) * 86_400 == value and (told, unit) == ("days", "s")
        ), f"{name} ({said})"


@pytest.mark.parametrize("path", TEXTS)
def test_no_value_stands_where_a_name_should(path: str) -> None:
    text = re.sub(r"`[A-Z_]+` \(\d[\d,]*(?: [A-Za-z]+)?\)", "", prose(path))
    fixed = {(unit, value) for value, unit in CONSTANTS.values()} - SIZES_OF_OTHER_THINGS
    assert [said for unit, value, said in quantities(text) if (unit, value) in fixed] == []
    large = {value for value, _ in CONSTANTS.values() if value >= 1000}
    numbers = re.finditer(r"(?<![\w.,/:-])\d{1,3}(?:,\d{3})+(?!\d)|(?<![\w.,/:-])\d{4,}(?!\w)", text)
    assert [one[0] for one in numbers if int(one[0].replace(",", "")) in large] == []


def test_names_in_capitals_are_constants() -> None:
    """A name with an underscore is in the table, unless it is a door's decision or a variable of the environment."""
    others = {row["decision"] for row in table("decisions")}
    for path, text in TEXTS.items():
        used = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", text)) - others
        assert {name for name in used if not name.startswith("SPLITPASS_")} <= set(CONSTANTS), path
