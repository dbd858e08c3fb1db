"""Commands that are driven: what they answer, that they end, and lists of checks that they may fail."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conformance.cli import conformance
from conformance.doors.catalogue import CHECKS
from conformance.expected import BadList, read_expected

ADMITTING = """
import json, sys
for line in sys.stdin:
    do = json.loads(line)["do"]
    print(json.dumps({"result": {"decision": "ADMITTED"} if do == "decide" else {}}), flush=True)
"""
NAMES = {check.identifier for check in CHECKS}


def run_door(directory: Path, program: str, *options: str) -> tuple[Result, dict[str, str]]:
    """Run the door's part; the result of the command, and of each check."""
    script, report = directory / "door.py", directory / "report.json"
    script.write_text(program)
    command = shlex.join([sys.executable, str(script)])
    arguments = ["door", "--command", command, "--json", str(report), *options]
    result = CliRunner().invoke(conformance, arguments, env={"COLUMNS": "200"})
    return result, {entry["check"]: entry["result"] for entry in json.loads(report.read_text())["checks"]}


@pytest.mark.parametrize(
    ("program", "seen"),
    [
        ("", "gave no answer"),
        ("while True: print('{}', flush=True)", "gave no answer"),
        ("input(); print('no JSON', flush=True); input()", "gave no answer"),
        ('while True: input(); print(\'{"error": "unsupported"}\', flush=True)', "refused with unsupported"),
        ("while True: input(); print('{\"result\": []}', flush=True)", "not as the contract has it"),
    ],
)
def test_a_command_that_does_not_answer_passes_nothing(tmp_path: Path, program: str, seen: str) -> None:
    result, results = run_door(tmp_path, program)
    assert result.exit_code == 1
    assert set(results.values()) == {"failed"}
    assert seen in result.output


def test_a_client_whose_answers_are_empty_passes_nothing(tmp_path: Path) -> None:
    script = tmp_path / "client.py"
    script.write_text("while True: input(); print('{\"result\": {}}', flush=True)")
    result = CliRunner().invoke(conformance, ["client", "--command", shlex.join([sys.executable, str(script)])])
    assert result.exit_code == 1
    assert "not as the contract has it" in " ".join(result.output.split())
    assert "0 passed, 1 failed" in result.output


def test_a_list_tells_what_may_fail_and_what_passes_in_spite_of_it(tmp_path: Path) -> None:
    result, results = run_door(tmp_path, ADMITTING)
    failing = [name for name, said in results.items() if said == "failed"]
    passing = [name for name, said in results.items() if said == "passed"]
    assert result.exit_code == 1
    assert "3.8/an-entry-twice" in failing
    assert passing

    allowed = tmp_path / "allowed.txt"
    allowed.write_text("# not yet\n\n" + "".join(f"{name}: it admits everybody\n" for name in failing))
    result, results = run_door(tmp_path, ADMITTING, "--expected-failures", str(allowed))
    assert result.exit_code == 0, result.output
    assert {name for name, said in results.items() if said == "failed as expected"} == set(failing)
    assert f"{len(failing)} failed as expected, 0 passed unexpectedly" in result.output
    assert "it admits everybody" in result.output

    allowed.write_text(allowed.read_text() + f"{passing[0]}: who knows\n")
    result, results = run_door(tmp_path, ADMITTING, "--expected-failures", str(allowed))
    assert result.exit_code == 1
    assert results[passing[0]] == "passed unexpectedly"
    assert "take it off the list: who knows" in result.output

    allowed.write_text(f"{failing[0]}: it admits everybody\n")
    assert run_door(tmp_path, ADMITTING, "--expected-failures", str(allowed))[0].exit_code == 1


@pytest.mark.parametrize(
    "line", ["3.8/no-such-check: it fails", "3.8/restart", "3.8/restart:", "3.8/restart: once\n3.8/restart: twice"]
)
def test_a_list_that_makes_no_sense_is_refused(tmp_path: Path, line: str) -> None:
    file = tmp_path / "allowed.txt"
    file.write_text(line)
    with pytest.raises(BadList, match="line"):
        read_expected(file, NAMES)
    command = ["door", "--command", "true", "--expected-failures", str(file)]
    assert CliRunner().invoke(conformance, command).exit_code == 2
