"""The formal models' transcript is of the models and of the specification as they are; it shows what it has to show."""

from __future__ import annotations

import re
from datetime import date

import pytest

from tests.formal.clauses import CLAUSES, runs
from tests.formal.models import FORMAL, Model, models, preprocess, references, step_text
from tests.formal.transcript import sections

README = (FORMAL / "README.md").read_text("utf-8")
MODELS = models()
each_model = pytest.mark.parametrize("model", MODELS, ids=[model.name for model in MODELS])


@each_model
def test_the_transcript_is_of_model_and_steps_as_they_are(model: Model) -> None:
    section, _ = sections()[model.name]
    assert section.is_of(model), (
        f"{model.name}, or a step that it names, has changed: read it again and run make formal"
    )
    assert re.fullmatch(r"ProVerif \d+\.\d+", section.prover)
    assert date.fromisoformat(section.date) >= date(2026, 11, 29)


@each_model
def test_what_has_to_hold_was_proved_and_can_happen(model: Model) -> None:
    section, _ = sections()[model.name]
    for run in model.runs("holds"):
        assert {verdict for verdict, _ in section.verdicts[run]} <= {"holds", "reached"}, run


@each_model
def test_what_is_dropped_is_needed(model: Model) -> None:
    section, _ = sections()[model.name]
    for run in model.runs("attack"):
        assert {"attack", "not proved"} & {verdict for verdict, _ in section.verdicts[run]}, run


def test_the_transcript_has_no_other_sections() -> None:
    assert list(sections()) == [model.name for model in MODELS]


def test_the_table_names_every_run() -> None:
    """Each row names models and their runs in code marks; all of a model's rows together name all of its runs."""
    table = README.split("<!-- formal -->")[1].split("\n\n")[1].splitlines()[2:]
    named: dict[str, set[str]] = {}
    for row in table:
        marked = re.findall(r"`([^`]+)`", " ".join(row.split(" | ")[3:]))
        found = [name for name in marked if name in {model.name for model in MODELS} or name.startswith("clauses/")]
        assert found, row
        for name in found:
            named.setdefault(name, set()).update(marked)
    files = {model.name: model.all_runs() for model in MODELS}
    files |= {f"clauses/{path.stem}": [*runs(path, "holds"), *runs(path, "attack")] for path in CLAUSES}
    assert named.keys() == files.keys()
    assert [(name, run) for name, all_runs in files.items() for run in all_runs if run not in named[name]] == []


def test_the_rules_name_steps_that_there_are() -> None:
    named = [step for path in CLAUSES for step in references(path.read_text("utf-8"))]
    assert len(named) > 10
    assert all(map(step_text, named))


def test_references_and_switches_are_read() -> None:
    assert references("issue_batch/1,3-4, and Gate.decide_text/8; §3.4, a/b") == [
        "Gate.decide_text/8",
        "issue_batch/1",
        "issue_batch/3",
        "issue_batch/4",
    ]
    text = "a\n#ifdef X\nb\n#ifndef Y\nc\n#endif\n#else\nd\n#endif\n"
    assert preprocess(text, set()) == "a\nd\n"
    assert preprocess(text, {"X"}) == "a\nb\nc\n"
    assert preprocess(text, {"X", "Y"}) == "a\nb\n"
