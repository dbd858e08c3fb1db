"""A command starts at once: its help needs nothing that takes long to import."""

from __future__ import annotations

import subprocess
import sys

import pytest

SLOW = (
    "aiohttp",
    "alembic",
    "cv2",
    "limits",
    "numpy",
    "phonenumbers",
    "PIL",
    "prometheus_client",
    "pydantic",
    "pyzbar",
    "qrcode",
    "reportlab",
    "rich",
    "sqlalchemy",
    "zxingcpp",
)
"""What no command's help may import: each takes as long as Python itself, or much longer."""

PROGRAMS = {"client": "client.__main__:main", "escrow": "escrow.__main__:main"}

ASK_FOR_HELP = """
import importlib, sys
import click

module, name = sys.argv[1].split(":")
slow = sys.argv[2:]
program = getattr(importlib.import_module(module), name)

def commands(group, path):
    yield path
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, [*path, name])

count = 0
for path in commands(program, []):
    program.main([*path, "--help"], standalone_mode=False)
    count += 1
    found = sorted(set(slow) & sys.modules.keys())
    if found:
        sys.exit(f"{' '.join(path) or 'the program'} --help imports {', '.join(found)}")
print(count, file=sys.stderr)
"""
"""Asks a program and every command of it for help, in one process."""


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_imports_nothing_slow(program: str) -> None:
    asked = subprocess.run(
        [sys.executable, "-c", ASK_FOR_HELP, PROGRAMS[program], *SLOW], capture_output=True, text=True, check=False
    )
    assert asked.returncode == 0, asked.stderr
    assert int(asked.stderr) > 5, "every command was asked"
