"""The command as its user sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from aiohttp import web
from click.testing import CliRunner, Result

from conformance.catalogue import CHECKS
from conformance.cli import conformance
from conformance.tester import Server
from protocol.epochs import Role
from tests.conformance.good_servers import GoodServers
from tests.conformance.proxy import Asked, spoiled


def run_command(*arguments: str) -> Result:
    return CliRunner().invoke(conformance, ["servers", *arguments], env={"COLUMNS": "200"})


def test_a_good_server_ends_with_status_0_and_everything_is_listed(good: GoodServers, tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    result = run_command("--venue", good.urls[Server.VENUE] + "/", "--json", str(file))
    assert result.exit_code == 0, result.output
    assert all(check.identifier in result.output for check in CHECKS)
    assert "needs --operator" in result.output
    report = json.loads(file.read_text())
    assert [entry["check"] for entry in report["checks"]] == [check.identifier for check in CHECKS]
    assert report["failed"] == 0
    assert report["passed"] + report["not_run"] == len(CHECKS)
    assert f"{report['passed']} passed, 0 failed, {report['not_run']} not run" in result.output


def test_a_bad_server_ends_with_status_1_and_what_was_seen(good: GoodServers) -> None:
    async def unhealthy(asked: Asked) -> web.Response:
        return web.Response(text="[green]fine") if asked.path == "/healthz" else await asked.answer()

    with spoiled(good.urls[Server.VENUE], unhealthy) as url:
        result = run_command("--venue", url)
    assert result.exit_code == 1
    assert "GET /healthz: 200" in result.output
    assert "[green]fine" in result.output
    assert "1 failed" in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--venue", "http://127.0.0.1:1", "--outbox", "outbox.txt", "--code-command", "cat"],
        ["--venue", "http://127.0.0.1:1", "--domain", "no-such-file"],
        ["--venue", "http://127.0.0.1:1", "--phone", "01012345678"],
        ["--venue", "http://127.0.0.1:1", "--authority-key-file", "no-such-file"],
    ],
)
def test_options_that_make_no_sense_are_refused(arguments: list[str]) -> None:
    result = run_command(*arguments)
    assert result.exit_code == 2
    assert "Usage" in result.output


def test_a_partys_key_is_that_of_the_domain_and_private(good: GoodServers, tmp_path: Path) -> None:
    domain, key = tmp_path / "domain.toml", good.world.home(Role.OPERATOR) / "identity.key"
    domain.write_text(good.world.settings.to_toml())
    url = "--venue", good.urls[Server.VENUE]

    result = run_command(*url, "--domain", str(domain), "--operator-key-file", str(key))
    assert result.exit_code == 0, result.output

    other = run_command(*url, "--domain", str(domain), "--authority-key-file", str(key))
    assert (other.exit_code, "does not hold the key that the domain pins" in other.output) == (2, True)
    alone = run_command(*url, "--operator-key-file", str(key))
    assert (alone.exit_code, "needs --domain" in alone.output) == (2, True)
    shown = tmp_path / "identity.key"
    shown.write_text(key.read_text())
    shown.chmod(0o644)
    public = run_command(*url, "--domain", str(domain), "--operator-key-file", str(shown))
    assert (public.exit_code, "Usage" in public.output) == (2, True)
    assert not any(key.read_text().strip() in result.output for result in (result, other, alone, public))


def test_help_says_what_is_written_where() -> None:
    output = " ".join(run_command("--help").output.split())
    assert "Without --phone, --apply and the parties' keys nothing is written" in output
    assert "Nothing is opened, and no shares are given" in output
    assert all(f"--{server}" in output for server in Server)
