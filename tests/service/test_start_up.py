"""A command starts at once: what it does not need is not imported. Spec: §6.1."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from msgspec import structs

from client.visitor import Visitor
from client.wallet_contents import Account
from escrow.__main__ import main
from protocol.http_messages import Session
from protocol.primitives.signatures import SigningKey, public_key
from service.cli import COLLECTED_AFTER
from service.files import write_private
from service.settings import DomainSettings, PartySettings, load_domain
from venue.setup import create_home

PROGRAMS = {
    "client": ("client.__main__", "main"),
    "venue": ("venue.__main__", "cli"),
    "escrow": ("escrow.__main__", "main"),
    "lab": ("lab.__main__", "main"),
    "conformance": ("conformance.cli", "conformance"),
    "conformance.vectors": ("conformance.vectors.__main__", "main"),
}
NETWORK = {"aiohttp", "asyncio", "ssl"}
DATABASE = {"sqlalchemy", "alembic"}
SETTINGS = {"msgspec", "filelock"}
PICTURES = {"PIL", "cv2", "numpy", "pyzbar", "qrcode", "reportlab", "rich", "zxingcpp"}
CRYPTOGRAPHY = {"base45", "cbor2", "nacl"}
WORK = {
    "escrow.authority.investigation",
    "escrow.peer",
    "escrow.server",
    "protocol.check_ins",
    "protocol.handles",
    "protocol.passes",
    "service.http",
    "service.serving",
}
"""Of ours, what officers need who do more than look."""
LOG_AND_OPENINGS = {
    "escrow.log.log",
    "escrow.vault",
    "filelock",
    "protocol.disclosures",
    "protocol.notices",
    "protocol.opening",
    "protocol.releases",
    "protocol.transparency.log_entries",
    "protocol.transparency.logs",
}
"""What a party is made of beside its registers; the operator looks for a decision in its log if there is one."""
OTHERS = {"limits", "phonenumbers", "prometheus_client", "pythonjsonlogger", "webauthn"}
NOT_FOR_LISTS = {"aiohttp", "alembic", "pydantic", "sqlalchemy.ext", "sqlalchemy.orm"} | PICTURES | OTHERS | WORK
POSTGRESQL = {"sqlalchemy.dialects.postgresql"}
"""Of a party whose database is a file."""
NOT_FOR_HELP = sorted(NETWORK | DATABASE | SETTINGS | PICTURES | CRYPTOGRAPHY | OTHERS)
TYPES_OF_OPTIONS = {"escrow": CRYPTOGRAPHY}
"""Officers choose among roles, purposes and lengths that the protocol defines."""
SHOW_HELP = """
import contextlib, io, json, sys
from importlib import import_module

module, group, forbidden, commands = json.loads(sys.argv[1])
group, loaded = getattr(import_module(module), group), {}
for command in commands:
    with contextlib.redirect_stdout(io.StringIO()) as help_text:
        group.main([*command.split(), "--help"], standalone_mode=False)
    assert help_text.getvalue().startswith("Usage:")
    loaded[command] = [name for name in forbidden if sys.modules.pop(name, None)]
json.dump(loaded, sys.stdout)
"""
"""The help of each command in turn. What one of them loads is forgotten, so that the next is not blamed for it."""


def commands(command: click.Command, path: str = "") -> list[str]:
    """The paths of a command and of those in it."""
    inner = command.commands.items() if isinstance(command, click.Group) else ()
    return [path, *(found for name, sub in inner for found in commands(sub, f"{path} {name}".strip()))]


COMMANDS = {program: commands(getattr(import_module(module), group)) for program, (module, group) in PROGRAMS.items()}


@cache
def loaded_by_help(program: str) -> dict[str, list[str]]:
    """Which of the modules that no help needs are imported, by the help of each command of a program."""
    forbidden = sorted(set(NOT_FOR_HELP) - TYPES_OF_OPTIONS.get(program, set()))
    arguments = json.dumps([*PROGRAMS[program], forbidden, COMMANDS[program]])
    ran = subprocess.run([sys.executable, "-c", SHOW_HELP, arguments], capture_output=True, text=True, check=True)
    loaded: dict[str, list[str]] = json.loads(ran.stdout)
    return loaded


@pytest.mark.parametrize(
    ("program", "command"), [(program, command) for program in PROGRAMS for command in COMMANDS[program]]
)
def test_help_needs_click_alone(program: str, command: str) -> None:
    assert loaded_by_help(program)[command] == []


@pytest.mark.parametrize("name", [*NOT_FOR_HELP, *sorted(NOT_FOR_LISTS | LOG_AND_OPENINGS)])
def test_every_module_of_the_list_exists(name: str) -> None:
    """A name that is misspelt would forbid nothing."""
    import_module(name)


RUN = """
import json, sys
from importlib import import_module

module, group, forbidden, arguments = json.loads(sys.argv[1])
getattr(import_module(module), group).main(arguments, standalone_mode=False)
json.dump([name for name in forbidden if name in sys.modules], sys.stderr)
"""


def loaded_by(program: str, *arguments: str, forbidden: set[str]) -> list[str]:
    """Which of the `forbidden` modules a command imports when it runs."""
    values = json.dumps([*PROGRAMS[program], sorted(forbidden), arguments])
    ran = subprocess.run([sys.executable, "-c", RUN, values], capture_output=True, text=True, check=True)
    loaded: list[str] = json.loads(ran.stderr)
    return loaded


def test_a_start_does_not_stop_for_each_of_the_many_objects_that_it_makes() -> None:
    usual = gc.get_threshold()
    gc.set_threshold(COLLECTED_AFTER - 1)  # another test's command may have set it
    try:
        assert CliRunner().invoke(main, ["authority", "--help"]).exit_code == 0
        assert gc.get_threshold()[0] == COLLECTED_AFTER
    finally:
        gc.set_threshold(*usual)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home directory with a domain in it."""
    operator, authority = (
        PartySettings(key=bytes(public_key(SigningKey.generate())).hex(), url=f"http://127.0.0.1:{port}")
        for port in (1, 2)
    )
    domain = DomainSettings(number=1, operator=operator, authority=authority)
    (tmp_path / "domain.toml").write_text(domain.to_toml())
    return tmp_path


def test_a_visitors_status_needs_no_network_no_database_and_no_picture(home: Path) -> None:
    (home / "settings.toml").write_text("passphrase_operations = 1\npassphrase_memory = 8192\n")
    write_private(home / "passphrase", b"correct horse battery staple")
    visitor = Visitor(home, b"correct horse battery staple", create=True)
    account = Account("+821012345678", "홍길동", Session(bytes(16), bytes(32)))
    visitor.change(lambda wallet: (replace(wallet, account=account), None))
    options = ("--home", str(home), "--passphrase-file", str(home / "passphrase"))
    assert loaded_by("client", *options, "status", forbidden=NETWORK | DATABASE | PICTURES | OTHERS) == []


@pytest.fixture
def home_of_venues(home: Path) -> Path:
    """A home of venues that pins the domain."""
    (home / "domains").mkdir()
    (home / "domain.toml").rename(home / "domains" / "city.toml")
    create_home(home, "클럽", "")
    return home


def test_the_list_of_venues_needs_no_network_no_database_and_no_picture(home_of_venues: Path) -> None:
    options = ("--home", str(home_of_venues))
    assert loaded_by("venue", *options, "list", forbidden=NETWORK | DATABASE | PICTURES | {"limits"}) == []


def test_the_list_of_readers_needs_no_network_no_migration_and_no_picture(home_of_venues: Path) -> None:
    options = ("--home", str(home_of_venues))
    forbidden = {"aiohttp", "alembic", "limits"} | PICTURES
    assert loaded_by("venue", *options, "readers", "list", forbidden=forbidden) == []


@pytest.mark.parametrize("party", ["operator", "authority"])
def test_an_officers_lists_need_no_server_and_no_migration(home: Path, party: str) -> None:
    own = home / party
    initialised = CliRunner().invoke(main, [party, "--home", str(own), "init"])
    domain = load_domain(home)
    parties = {party: structs.replace(getattr(domain, party), key=initialised.stdout.strip())}
    (own / "domain.toml").write_text(structs.replace(domain, **parties).to_toml())
    assert CliRunner().invoke(main, [party, "--home", str(own), "venues", "list"]).exit_code == 0  # makes the database
    for register in ("venues", "warrants") if party == "operator" else ("venues", "warrants", "case"):
        forbidden = NOT_FOR_LISTS | LOG_AND_OPENINGS | POSTGRESQL
        assert loaded_by("escrow", party, "--home", str(own), register, "list", forbidden=forbidden) == []
