"""`python -m escrow audit`. Spec: §6.7."""

from __future__ import annotations

import sys
from pathlib import Path

import click

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
    import asyncio
    import json

    from rich.console import Console
    from rich.progress import Progress

    from escrow.audit.kept_evidence import KeptEvidence
    from escrow.audit.report import as_json, as_lines
    from escrow.audit.run import make_audit
    from escrow.audit.state import AuditState
    from service.settings import DomainSettings, load_settings

    settings = load_settings(DomainSettings, domain_file, required=True)
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("the parties' logs", total=None)

        def tell(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        kept = AuditState(state, settings.domain)
        finished = asyncio.run(make_audit(settings, urls, kept, KeptEvidence(seen), tell))
    kept.note_end(finished.now, len(finished.findings))
    if wants_json:
        click.echo(json.dumps(as_json(finished), indent=1))
    else:
        for line in as_lines(finished):
            click.echo(line)
    sys.exit(SOMETHING_FOUND if finished.findings else 0)
