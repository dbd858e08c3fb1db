"""Every program says which version it is of, and reads that only when asked."""

from __future__ import annotations

import sys
from importlib.metadata import version

import click
import pytest
from click.testing import CliRunner

from client.__main__ import main as client
from conformance.cli import conformance
from escrow.__main__ import main as escrow
from lab.__main__ import main as lab
from protocol import SPEC_REVISION
from venue.__main__ import cli as venue

PROGRAMS = {"client": client, "venue": venue, "escrow": escrow, "lab": lab, "conformance": conformance}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_a_program_says_its_version_and_that_of_the_specification(program: click.Command) -> None:
    shown = CliRunner().invoke(program, ["--version"])
    assert shown.exit_code == 0
    assert shown.output == f"splitpass {version('splitpass')}, specification revision {SPEC_REVISION}\n"


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_a_program_does_not_read_its_version_to_say_what_it_does(
    program: click.Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["importlib.metadata"], "version", None)
    assert CliRunner().invoke(program, ["--help"]).exit_code == 0
    assert isinstance(CliRunner().invoke(program, ["--version"]).exception, TypeError)
