"""The command `python -m conformance`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from client.errors import VisitorError
from conformance.driven_cli import client, door, expected_failures, report, report_options
from service.cli import CommandGroup, Hexadecimal, version_option
from service.errors import ConfigurationError

if TYPE_CHECKING:
    from conformance.check import Outcome
    from conformance.tester import Options, ReadCode
    from protocol.epochs import Domain, Role
    from protocol.primitives.signatures import SigningKey

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _numbers(_ctx: click.Context, _param: click.Parameter, phones: tuple[str, ...]) -> tuple[str, ...]:
    """Each number once, as the operator takes it."""
    from client.enrolment import international_number

    try:
        return tuple(dict.fromkeys(map(international_number, phones)))
    except VisitorError as error:
        raise click.BadParameter(str(error)) from None


def _secret(_ctx: click.Context, _param: click.Parameter, path: Path | None) -> bytes | None:
    """The 32 bytes of a private file."""
    from service.keys import load_secret

    try:
        return load_secret(path) if path else None
    except ConfigurationError as error:
        raise click.BadParameter(str(error)) from None


@click.group(cls=CommandGroup)
@version_option
def conformance() -> None:
    """Check somebody's implementation against the specification: running servers, a client, or a door.

    Each requirement that can be seen from outside is tried.
    """


@conformance.command()
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
    "--reader-token-file",
    "reader_token",
    type=FILE,
    callback=_secret,
    help="The credential of a reader of that venue, in hexadecimal; mode 600.",
)
@click.option(
    "--operator-key-file",
    "operator_key",
    type=FILE,
    callback=_secret,
    help="The operator's identity key (identity.key), to ask the authority in its name; mode 600.",
)
@click.option(
    "--authority-key-file",
    "authority_key",
    type=FILE,
    callback=_secret,
    help="The authority's identity key, to ask the operator and the venue in its name; mode 600.",
)
@click.option("--apply", is_flag=True, help="Leave an application of a venue that does not exist at each party.")
@click.option("--slow", is_flag=True, help="Also check that a body that does not arrive is given up: 30 s a server.")
@report_options
def servers(
    operator: str | None,
    authority: str | None,
    venue: str | None,
    venue_id: bytes | None,
    domain: Path | None,
    phones: tuple[str, ...],
    outbox: Path | None,
    code_command: str | None,
    reader_token: bytes | None,
    operator_key: bytes | None,
    authority_key: bytes | None,
    *,
    apply: bool,
    slow: bool,
    expected_file: Path | None,
    json_file: Path | None,
) -> None:
    """Check running servers, which may be anyone's.

    Give what you have: each check says which option it needs, and what it needs that is missing is listed as not run.
    Without --phone, --apply and the parties' keys nothing is written anywhere.

    With --phone the numbers are sent codes (3 to the first, 1 to the others), get accounts, handles of today and
    passes, and check in at the venue. A number can be used once a day, and not around midnight. The batches take as
    long as the operator mixes: some minutes. Codes are asked for at the terminal unless --outbox or --code-command says
    where they are.

    Use it on servers for trying out: on real ones it leaves test data, and a careless server may keep what it should
    have refused. The exit status is 0 if nothing failed that was not expected to.

    What only a party can ask is checked for its refusal alone, unless --operator-key-file or --authority-key-file lets
    the tester play that party. Then the authority keeps three directory entries that nobody can open until it erases
    today, and an operator that has signed no notice signs the first, which warns nobody. Nothing is opened, and no
    shares are given. These are keys of a domain for trying out: that of a real one stays where it is.
    """
    import asyncio

    from conformance.catalogue import CHECKS
    from conformance.tester import Options, Server
    from protocol.epochs import Role
    from service.settings import DomainSettings, load_settings

    urls = {Server.OPERATOR: operator, Server.AUTHORITY: authority, Server.VENUE: venue}
    if not any(urls.values()):
        raise click.UsageError("give the URL of at least one server: --operator, --authority or --venue")
    pinned = load_settings(DomainSettings, domain, required=True).domain if domain else None
    options = Options(
        urls={server: url.rstrip("/") for server, url in urls.items() if url},
        domain=pinned,
        phones=phones,
        read_code=_code_reader(phones, outbox, code_command),
        venue_id=venue_id,
        reader_token=reader_token,
        identities=_identities(pinned, {Role.OPERATOR: operator_key, Role.AUTHORITY: authority_key}),
        apply=apply,
        slow=slow,
    )
    reasons = expected_failures(expected_file, CHECKS)
    report(asyncio.run(_run(options)), reasons, json_file)


def _identities(domain: Domain | None, seeds: dict[Role, bytes | None]) -> dict[Role, SigningKey]:
    """The identity keys that are given, each of which is the pinned one."""
    from conformance.tester import KEY_FILES
    from protocol.primitives.signatures import SigningKey, public_key

    identities = {role: SigningKey(seed) for role, seed in seeds.items() if seed is not None}
    for role, key in identities.items():
        if domain is None:
            raise click.UsageError(f"{KEY_FILES[role]} needs --domain")
        if public_key(key) != domain.identity_key(role):
            raise click.UsageError(f"{KEY_FILES[role]} does not hold the key that the domain pins")
    return identities


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
            return await run_checks(CHECKS, tester, options.given, lambda check: status.update(check.identifier))


def _code_reader(phones: tuple[str, ...], outbox: Path | None, command: str | None) -> ReadCode:
    from conformance.codes import code_from_person, codes_from_command, codes_from_outbox

    if outbox and command:
        raise click.UsageError("give either --outbox or --code-command")
    if outbox:
        return codes_from_outbox(outbox, phones)
    return codes_from_command(command) if command else code_from_person


for command in (client, door):
    conformance.add_command(command)
