"""The page of the benchmark, and the figures in README and specification, are what was measured."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.__main__ import DOCUMENTS, FOLDER, main
from benchmarks.floor import floor_of
from benchmarks.logs import log_operations
from benchmarks.operations import all_operations
from benchmarks.plots import PLOTS, plots
from benchmarks.report import as_page, with_figures
from benchmarks.results import Results
from benchmarks.section import Effort
from benchmarks.sections import SECTIONS
from benchmarks.session import make_session
from benchmarks.without_phone import other_operations

RESULTS = Results.read(FOLDER / "results.json")
MEASURED = re.compile(
    r"(?<![\w.])\d[\d.,]*(?:\s?(?:ms|µs|kB|MB|GB)\b|\s(?:check-ins|passes|requests) a second|\stimes (?:the|its) floor)"
)
"""A number that reads as if it was measured."""
RULES = {"105 MB", "256\nMB"}
"""What reads like it and is a rule of the specification, or computed from its constants."""

PROMISED = (
    "door.sqlite.per_second",
    "door.sqlite.ratio_to_plain_server",
    "door.postgresql.per_second",
    "issuing.operator.ratio",
    "issuing.authority.ratio",
    "case.seconds",
    "case.ratio_to_floor",
    "case.million.resumed",
)
"""Where others look for these numbers."""


def test_the_page_is_what_was_measured() -> None:
    assert as_page(RESULTS) == (FOLDER / "README.md").read_text("utf-8")


def test_every_picture_of_the_page_is_there() -> None:
    drawn = plots(RESULTS)
    assert drawn.keys() == PLOTS.keys()
    for name, picture in drawn.items():
        assert picture.startswith(b"<?xml")
        assert (FOLDER / "plots" / f"{name}.svg").read_bytes().startswith(b"<?xml")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_figure_is_a_result(document: Path) -> None:
    text = document.read_text("utf-8")
    assert with_figures(text, RESULTS) == text
    unnamed = re.sub(r"<!-- [^>]+ ,?\.\df -->[\d.,]*\d", "", text)
    assert set(MEASURED.findall(unnamed)) <= RULES


def test_a_figure_that_was_measured_again_is_noticed() -> None:
    changed = Results({"phone": {"month_kilobytes": 17.5}}, {})
    assert with_figures("<!-- phone.month_kilobytes .1f -->9.9 kB, 9.9 kB", changed) == (
        "<!-- phone.month_kilobytes .1f -->17.5 kB, 9.9 kB"
    )


def test_a_quick_run_shows_its_numbers_and_keeps_none(tmp_path: Path) -> None:
    run = CliRunner().invoke(main, ["--quick", "--folder", str(tmp_path), "qr"])
    assert run.exit_code == 0, run.output
    assert "5 of 5" in run.output
    assert list(tmp_path.iterdir()) == []


def test_a_run_goes_on_where_it_was_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Results()
    before.put("qr", {**RESULTS.get("qr"), "read_back": 7}, Effort.USUAL, 1)
    before.write(tmp_path / "unfinished-usual.json")
    monkeypatch.setattr("benchmarks.small_sections.ROUNDS", dict.fromkeys(Effort, 2))
    run = CliRunner().invoke(main, ["--folder", str(tmp_path), "qr", "threads"])
    assert run.exit_code == 0, run.output
    written = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert written["qr"]["read_back"] == 7
    assert written["threads"]["passes_per_second"].keys() == {"1", "2"}
    assert {path.name for path in tmp_path.iterdir()} == {"results.json", "README.md", "plots"}


def test_every_section_has_a_name_and_a_title_of_its_own() -> None:
    assert len({section.title for section in SECTIONS.values()}) == len(SECTIONS)
    assert set(PLOTS) <= set(SECTIONS)


@pytest.mark.parametrize("path", PROMISED)
def test_a_section_that_was_measured_has_what_others_look_for(path: str) -> None:
    section = max((name for name in SECTIONS if path.startswith(f"{name}.")), key=len)
    assert section not in RESULTS.runs or RESULTS.get(path) is not None


def test_every_operation_beside_its_floor_runs_and_has_a_name_of_its_own() -> None:
    session = make_session()
    operations = all_operations(session) + other_operations(session) + log_operations(session)
    assert len({operation.name for operation in operations}) == len(operations)
    for operation in operations:
        operation.run()
        floor_of(operation.primitives)()
