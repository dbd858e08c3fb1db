"""`client` and `door`, and what all commands do with the results."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from conformance.check import Check, Outcome

F = TypeVar("F", bound=Callable[..., Any])


def report_options(command: F) -> F:
    """The options of a command whose results are reported."""
    for option in (
        click.option(
            "--json",
            "json_file",
            type=click.Path(dir_okay=False, writable=True, path_type=Path),
            help="Also write the results to a file.",
        ),
        click.option(
            "--expected-failures",
            "expected_file",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="A file of lines CHECK: REASON. They may fail; if one passes, that is reported as a failure.",
        ),
    ):
        command = option(command)
    return command


_command_option = click.option(
    "--command",
    "command",
    required=True,
    help="What starts the program, which is driven as conformance/README.md says.",
)


def expected_failures(path: Path | None, checks: Sequence[Check[Any]]) -> dict[str, str]:
    """The reasons in a file, if there is one; raises `click.BadParameter`."""
    from conformance.expected import BadList, read_expected

    try:
        return read_expected(path, {check.identifier for check in checks}) if path else {}
    except (BadList, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{path}: {error}", param_hint="--expected-failures") from None


def report(outcomes: Sequence[Outcome], reasons: Mapping[str, str], json_file: Path | None) -> None:
    """Print the results, write them to a file if there is one, and leave with status 1 if they are not as expected."""
    from rich.console import Console

    from conformance.expected import as_expected, is_good
    from conformance.report import as_json, result_table, summary

    outcomes = as_expected(outcomes, reasons)
    console = Console()
    console.print(result_table(outcomes))
    console.print(summary(outcomes), highlight=False)
    if json_file:
        json_file.write_text(json.dumps(as_json(outcomes), ensure_ascii=False, indent=2) + "\n", "utf-8")
    sys.exit(0 if is_good(outcomes) else 1)


@click.command()
@_command_option
@click.option("--slow", is_flag=True, help="Also check that no more than 1000 lists of one kind are followed.")
@report_options
def client(command: str, *, slow: bool, expected_file: Path | None, json_file: Path | None) -> None:
    """Check a visitor's client, which may be anyone's.

    The command is driven by one JSON object a line on its standard input, and answers with one on its standard output.
    For each check the tester starts both parties and a venue on this machine, with new keys. They are honest, or lie as
    only they could: with keys for one visitor, wrong grants, decoys, a forked log, unregistered venues, and lists that
    are forged, stale, missing or too long. The client has to refuse the lie, lose nothing by it, and go on with the
    truth.

    Two that pass are `python -m conformance.clients.python_client` and `node web/test/client.js`.
    """
    from conformance.clients.bench import Bench
    from conformance.clients.catalogue import CHECKS

    reasons = expected_failures(expected_file, CHECKS)
    report(_drive(command, Bench, CHECKS, {"--slow"} if slow else set()), reasons, json_file)


@click.command()
@_command_option
@report_options
def door(command: str, *, expected_file: Path | None, json_file: Path | None) -> None:
    """Check a door, which may be anyone's.

    The command is driven by one JSON object a line on its standard input, and answers with one on its standard output.
    The tester gives the door keys and the texts of codes, and demands the decision that the specification has for each:
    of the test vectors' stories, of forged keys and signatures, of several domains, and after a restart.

    Two that pass are `python -m conformance.doors.python_door` and `node web/test/door.js`. The second is a reader that
    leaves some to its server: papers, what is sent to the venue, and who leaves and came in elsewhere. Their checks are
    not run then.
    """
    from conformance.doors.bench import Bench
    from conformance.doors.catalogue import CHECKS

    reasons = expected_failures(expected_file, CHECKS)
    report(_drive(command, Bench, CHECKS, set()), reasons, json_file)


def _drive(command: str, bench: Callable[[Any], Any], checks: Sequence[Check[Any]], given: set[str]) -> list[Outcome]:
    """The outcomes of checks of a command, with the name of the present one on a terminal."""
    import asyncio

    from rich.console import Console

    from conformance.check import run_checks
    from conformance.driven import Command

    async def run() -> list[Outcome]:
        async with Command(command) as driven:
            with Console(stderr=True).status("") as status:
                return await run_checks(checks, bench(driven), given, lambda check: status.update(check.identifier))

    return asyncio.run(run())
