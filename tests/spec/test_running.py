"""What chapter 8 tells those who run a party is what the programs do: commands, settings, metrics, messages, files."""

from __future__ import annotations

import re
import shlex

import click
import pytest
from msgspec import NODEFAULT, structs
from prometheus_client import REGISTRY

from client.__main__ import main as client
from client.settings import ClientSettings
from escrow import server  # noqa: F401  has the parties' metrics
from escrow.__main__ import main as escrow
from escrow.authority.settings import AuthoritySettings
from escrow.operator.settings import OperatorSettings
from service.settings import Settings
from tests.spec.text import CHAPTERS, ROOT, table
from venue import duty  # noqa: F401  has the venue's metrics
from venue.__main__ import cli as venue
from venue.settings import VenueSettings

CHAPTER = CHAPTERS["08-running-a-party.md"]
PROGRAMS = {"client": client, "escrow": escrow, "venue": venue}
SETTINGS: dict[str, type[Settings]] = {
    "operator": OperatorSettings,
    "authority": AuthoritySettings,
    "venue": VenueSettings,
}
WHOSE = {"all": set(SETTINGS), "parties": {"operator", "authority"}}


def commands() -> list[str]:
    """Every `python -m` command of the chapter, in its blocks and in its sentences."""
    blocks = "\n".join(re.findall(r"^```sh\n(.*?)^```", CHAPTER, re.MULTILINE | re.DOTALL)).replace("\\\n", " ")
    lines = re.findall(r"^(?:.*\$\()?(python -m [^)&\n]*)", blocks, re.MULTILINE)
    return sorted({*lines, *re.findall(r"`(python -m [^`]+)`", CHAPTER)})


@pytest.mark.parametrize("command", commands())
def test_a_command(command: str) -> None:
    """The program knows it, with these options and arguments, and asks for no other."""
    words = shlex.split(command.partition(" > ")[0], comments=True)
    found: click.Command = PROGRAMS[words[2]]
    left = words[3:]
    while isinstance(found, click.Group):
        context = click.Context(found)
        _, left, _ = found.make_parser(context).parse_args(left)
        assert left
        found = found.get_command(context, left[0]) or pytest.fail(f"there is no command {left[0]}")
        left = left[1:]
    given, left, _ = found.make_parser(click.Context(found)).parse_args(left)
    assert not left
    assert {str(one.name) for one in found.params if one.required} <= {name for name, value in given.items() if value}


def written(default: object) -> str:
    return ", ".join(default) if isinstance(default, tuple) else str(default)


def test_settings() -> None:
    stated = {
        (role, row["name"]): row["default"] for row in table("settings") for role in WHOSE.get(row["of"], {row["of"]})
    }
    assert stated == {
        (role, field.name): "–" if field.default in {None, (), NODEFAULT} else written(field.default)
        for role, kind in SETTINGS.items()
        for field in structs.fields(kind)
    }


def test_client_settings() -> None:
    assert {row["name"]: row["default"] for row in table("client settings")} == {
        field.name: str(field.default) for field in structs.fields(ClientSettings)
    }


def test_metrics() -> None:
    rows = table("metrics")
    families = [family for family in REGISTRY.collect() if family.name.startswith("splitpass_")]
    assert {row["metric"] for row in rows} == {
        family.name + {"counter": "_total", "info": "_info"}.get(family.type, "") for family in families
    }
    named = set(re.findall(r"splitpass_[a-z_]+", CHAPTER))
    assert named == {row["metric"] for row in rows}


def test_log_lines() -> None:
    """Each stands in a program, and each warning and error of a program is among them."""
    told = {row["message"]: row["level"] for row in table("log lines")}
    sources = [
        path.read_text("utf-8") for part in ("service", "escrow", "venue") for path in (ROOT / part).rglob("*.py")
    ]
    for message, level in told.items():
        text = message.removesuffix(": [reason]") if level == "WARNING or ERROR" else message
        fixed = ".+".join(map(re.escape, re.split(r"\[[a-zA-Z]+\]", text)))
        assert any(re.search(fixed, source) for source in sources), message
    logged = [found for source in sources for found in re.findall(r'logger\.(\w+)\(\s*"([^"]+)"', source)]
    logged += [
        ("log_failures", f"{text}: %s")
        for source in sources
        for text in re.findall(r'log_failures\(\s*"([^"]+)"', source)
    ]
    levels = {"warning": "WARNING", "error": "ERROR", "exception": "ERROR", "log_failures": "WARNING or ERROR"}
    for level, text in logged:
        pattern = re.sub(r"%[sd]", ".+", re.escape(text))
        stated = {told[message] for message in told if re.fullmatch(pattern, message)}
        assert level == "info" or levels[level] in stated, text
