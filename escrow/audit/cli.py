"""`python -m escrow audit`. Spec: §6.7."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import click
from aiohttp import ClientSession
from rich.console import Console
from rich.progress import Progress

from escrow.audit.audit import Audit, Check
from escrow.audit.epochs import check_epochs
from escrow.audit.kept_evidence import KeptEvidence
from escrow.audit.lists import check_lists
from escrow.audit.log_follower import ShowProgress
from escrow.audit.releases import check_releases
from escrow.audit.report import as_json, as_lines
from escrow.audit.state import AuditState
from protocol.epochs import Role
from protocol.transparency.logs import log_origin
from service.clock import unix_time
from service.errors import ConfigurationError
from service.http_client import call, new_session
from service.problems import Problem, Unreachable
from service.settings import DomainSettings, load_settings

CHECKS: tuple[Check, ...] = (
    check_epochs,  # steps 4, 5
    check_releases,  # step 6
    check_lists,  # steps 7, 8, 9
)
"""All that is checked once the logs were followed."""
SOMETHING_FOUND = 2
"""The exit status when something was found."""
ANSWER_SECONDS = 20
"""How long a server may take for an answer."""

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
    help="Where the logs are kept from one audit to the next.  [default: ~/.splitpass/audit]",
)
@click.option(
    "--seen",
    type=Directory,
    multiple=True,
    help="A directory of what somebody was shown, such as `epochs` or `lists` in a visitor's home. May be given again.",
)
@click.option("--json", "wants_json", is_flag=True, help="Print the report as JSON.")
def audit(urls: tuple[str, ...], domain_file: Path, state: Path, seen: tuple[Path, ...], *, wants_json: bool) -> None:
    """Compare both parties' logs with what the parties do.

    Without a URL the servers in domain.toml are asked. A URL is asked in the place of the party's whose log it has.

    Prints a dated report. Exit status 0: nothing was found wrong; 2: something was, and the report says what; 1: the
    audit could not be made.
    """
    settings = load_settings(DomainSettings, domain_file, required=True)
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("the parties' logs", total=None)

        def tell(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        finished = asyncio.run(_run(settings, urls, AuditState(state, settings.domain), KeptEvidence(seen), tell))
    if wants_json:
        click.echo(json.dumps(as_json(finished), indent=1))
    else:
        for line in as_lines(finished):
            click.echo(line)
    sys.exit(SOMETHING_FOUND if finished.findings else 0)


async def _run(
    settings: DomainSettings, urls: tuple[str, ...], state: AuditState, kept_evidence: KeptEvidence, tell: ShowProgress
) -> Audit:
    async with new_session(ANSWER_SECONDS) as session:
        given: dict[Role, str] = {}
        for url in urls:
            role = await _role_of(session, settings, url.rstrip("/"))
            if role in given:
                party = role.name.lower()
                raise ConfigurationError(
                    f"{given[role]} and {url} both have the {party}'s log; give one URL for each party"
                )
            given[role] = url.rstrip("/")
        places = {role: settings.url(role) for role in Role} | given
        audit = Audit(session, settings.domain, places, state, unix_time(), kept_evidence, tell)
        await audit.run(CHECKS)
    return audit


async def _role_of(session: ClientSession, settings: DomainSettings, url: str) -> Role:
    """Whose log is at a URL; raises `ConfigurationError` with what to do if that cannot be told."""
    try:
        note = await call(session, "GET", f"{url}/v1/log/checkpoint")
    except Unreachable as error:
        raise ConfigurationError(f"{error}; check the URL, or leave it out to ask the servers in domain.toml") from None
    except Problem as problem:
        raise ConfigurationError(
            f"{url} has no transparency log ({problem.detail}); give the base URL of a party's server, such as "
            f"{settings.url(Role.OPERATOR)}"
        ) from None
    for role in Role:
        if note.startswith(f"{log_origin(settings.domain, role)}\n".encode()):
            return role
    raise ConfigurationError(
        f"{url} has no log of domain {settings.number}, whose logs are called "
        f"{' and '.join(log_origin(settings.domain, role) for role in Role)}; check the URL, and --domain"
    )
