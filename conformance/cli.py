"""The command `python -m conformance`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from client.errors import VisitorError
from service.cli import Hexadecimal, version_option

if TYPE_CHECKING:
    from conformance.check import Outcome
    from conformance.tester import Options, ReadCode

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _numbers(_ctx: click.Context, _param: click.Parameter, phones: tuple[str, ...]) -> tuple[str, ...]:
    """Each number once, as the operator takes it."""
    from client.enrolment import international_number

    try:
        return tuple(dict.fromkeys(map(international_number, phones)))
    except VisitorError as error:
        raise click.BadParameter(str(error)) from None


@click.command()
@version_option
@click.option("--operator", metavar="URL", help="Base URL of the operator's server.")
@click.option("--authority", metavar="URL", help="Base URL of the authority's server.")
@click.option("--venue", metavar="URL", help="Base URL of a server of venues.")
@click.option("--venue-id", type=Hexadecimal(16), help="The id of the venue of that server to be checked.")
@click.option("--domain", type=FILE, help="The domain.toml with both pinned keys; its URLs are not used.")
@click.option(
    "--phone",
    "phones",
    metavar="NUMBER",
    multiple=True,
    callback=_numbers,
    help="A telephone number to enrol, as +821012345678. Give as many as the operator wants in a batch (default 10).",
)
@click.option(
    "--outbox", type=click.Path(dir_okay=False, path_type=Path), help="Read codes from a file of lines PHONE<TAB>TEXT."
)
@click.option("--code-command", metavar="COMMAND", help="Read codes from the output of COMMAND NUMBER.")
@click.option(
    "--reader-token-file", type=FILE, help="The credential of a reader of that venue, in hexadecimal; mode 600."
)
@click.option("--apply", is_flag=True, help="Leave an application of a venue that does not exist at each party.")
@click.option("--slow", is_flag=True, help="Also check that a body that does not arrive is given up: 30 s a server.")
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Also write the results to a file.",
)
def conformance(
    operator: str | None,
    authority: str | None,
    venue: str | None,
    venue_id: bytes | None,
    domain: Path | None,
    phones: tuple[str, ...],
    outbox: Path | None,
    code_command: str | None,
    reader_token_file: Path | None,
    *,
    apply: bool,
    slow: bool,
    json_file: Path | None,
) -> None:
    """Check running servers against the specification.

    They may be anyone's. Each requirement that can be seen from outside is tried.

    Give what you have: each check says which option it needs, and what it needs that is missing is listed as not run.
    Without --phone and --apply nothing is written anywhere.

    With --phone the numbers are sent codes (3 to the first, 1 to the others), get accounts, handles of today and
    passes, and check in at the venue. A number can be used once a day, and not around midnight. The batches take as
    long as the operator mixes: some minutes. Codes are asked for at the terminal unless --outbox or --code-command says
    where they are.

    Use it on servers for trying out: on real ones it leaves test data, and a careless server may keep what it should
    have refused. Requests that only the other party can sign (warrants, shares, releases) are checked for their refusal
    alone. The exit status is 0 if nothing failed.
    """
    import asyncio

    from rich.console import Console

    from conformance.check import Result
    from conformance.report import as_json, result_table, summary
    from conformance.tester import Options, Server
    from service.keys import load_secret
    from service.settings import DomainSettings, load_settings

    urls = {Server.OPERATOR: operator, Server.AUTHORITY: authority, Server.VENUE: venue}
    if not any(urls.values()):
        raise click.UsageError("give the URL of at least one server: --operator, --authority or --venue")
    options = Options(
        urls={server: url.rstrip("/") for server, url in urls.items() if url},
        domain=load_settings(DomainSettings, domain, required=True).domain if domain else None,
        phones=phones,
        read_code=_code_reader(phones, outbox, code_command),
        venue_id=venue_id,
        reader_token=load_secret(reader_token_file) if reader_token_file else None,
        apply=apply,
        slow=slow,
    )
    outcomes = asyncio.run(_run(options))
    console = Console()
    console.print(result_table(outcomes))
    console.print(summary(outcomes), highlight=False)
    if json_file:
        json_file.write_text(json.dumps(as_json(outcomes), ensure_ascii=False, indent=2) + "\n", "utf-8")
    sys.exit(1 if any(outcome.result is Result.FAILED for outcome in outcomes) else 0)


async def _run(options: Options) -> list[Outcome]:
    """All checks, with the name of the present one on a terminal unless a person is asked for codes there."""
    from rich.console import Console

    from conformance.catalogue import CHECKS
    from conformance.check import run_checks
    from conformance.codes import code_from_person
    from conformance.tester import Tester

    progress = Console(stderr=True, quiet=options.read_code is code_from_person)
    async with Tester(options) as tester:
        with progress.status("") as status:
            return await run_checks(CHECKS, tester, lambda check: status.update(check.identifier))


def _code_reader(phones: tuple[str, ...], outbox: Path | None, command: str | None) -> ReadCode:
    from conformance.codes import code_from_person, codes_from_command, codes_from_outbox

    if outbox and command:
        raise click.UsageError("give either --outbox or --code-command")
    if outbox:
        return codes_from_outbox(outbox, phones)
    return codes_from_command(command) if command else code_from_person
