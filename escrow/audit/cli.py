"""`python -m escrow audit`. Spec: §6.7."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import click
from aiohttp import ClientSession

from escrow.audit.audit import Audit, Check
from escrow.audit.epochs import check_epochs
from escrow.audit.lists import check_lists
from escrow.audit.releases import check_releases
from escrow.audit.report import as_json, as_tables
from escrow.audit.seen import Seen
from escrow.audit.state import AuditState
from escrow.cli import console
from protocol.epochs import Role
from protocol.logs import log_origin
from service.clock import unix_time
from service.http import call, new_session
from service.settings import ConfigurationError, DomainSettings, load_settings

CHECKS: tuple[Check, ...] = (check_epochs, check_releases, check_lists)
"""All that is checked once the logs were followed."""
SOMETHING_FOUND = 2
"""The exit status when something was found."""

Directory = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.argument("urls", metavar="[URL]...", nargs=-1)
@click.option(
    "--domain",
    "domain_file",
    type=click.Path(dir_okay=False, path_type=Path),
    default="domain.toml",
    show_default=True,
    help="The domain's domain.toml: all that an auditor needs.",
)
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path.home() / ".splitpass" / "audit",
    show_default="~/.splitpass/audit",
    help="Where the logs are kept from one audit to the next.",
)
@click.option(
    "--seen",
    type=Directory,
    multiple=True,
    help="A directory of what somebody was shown, such as `epochs` or `lists` in a visitor's home. May be given again.",
)
@click.option("--json", "wants_json", is_flag=True, help="Print the report as JSON.")
def audit(urls: tuple[str, ...], domain_file: Path, state: Path, seen: tuple[Path, ...], *, wants_json: bool) -> None:
    """Follow both parties' logs and compare them with what the parties do.

    A URL is asked in the place of the one in domain.toml of the party whose log it has. Exit status 2: something was
    found.
    """
    settings = load_settings(DomainSettings, domain_file, required=True)
    finished = asyncio.run(_run(settings, urls, AuditState(state, settings.domain), Seen(seen)))
    if wants_json:
        click.echo(json.dumps(as_json(finished), indent=1))
    else:
        for table in as_tables(finished):
            console.print(table)
    sys.exit(SOMETHING_FOUND if finished.findings else 0)


async def _run(settings: DomainSettings, urls: tuple[str, ...], state: AuditState, seen: Seen) -> Audit:
    async with new_session() as session:
        places = {role: settings.url(role) for role in Role}
        for url in urls:
            places[await _role_of(session, settings, url.rstrip("/"))] = url.rstrip("/")
        audit = Audit(session, settings.domain, places, state, unix_time(), seen)
        await audit.run(CHECKS)
    return audit


async def _role_of(session: ClientSession, settings: DomainSettings, url: str) -> Role:
    """Whose log is at a URL."""
    note = await call(session, "GET", f"{url}/v1/log/checkpoint")
    for role in Role:
        if note.startswith(f"{log_origin(settings.domain, role)}\n".encode()):
            return role
    raise ConfigurationError(f"{url} has no log of this domain")
