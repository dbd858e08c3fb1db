"""`python -m escrow`: the two escrow parties' servers and their officers' commands."""

from __future__ import annotations

import click

from escrow.audit.cli import audit
from escrow.authority.cli import authority_group
from escrow.operator.cli import operator_group
from service.cli import CommandGroup, version_option


@click.group(cls=CommandGroup)
@version_option
def main() -> None:
    """SplitPass's two key holders. Neither can read a check-in without the other."""


main.add_command(operator_group)
main.add_command(authority_group)
main.add_command(audit)


@main.command()
@click.option(
    "--number", type=click.IntRange(0, 255), default=1, show_default=True, help="What check-ins call the domain."
)
@click.option("--operator-key", required=True, help="What `escrow operator init` printed.")
@click.option("--operator-url", default="http://127.0.0.1:8401", show_default=True)
@click.option("--operator-files", help="Where everyone asks for its epochs, log and lists.  [default: at its URL]")
@click.option("--authority-key", required=True, help="What `escrow authority init` printed.")
@click.option("--authority-url", default="http://127.0.0.1:8402", show_default=True)
@click.option("--authority-files", help="Where everyone asks for its epochs, log and lists.  [default: at its URL]")
@click.option(
    "--utc-offset", default=9 * 3600, show_default=True, help="Seconds that the domain's days are ahead of UTC."
)
@click.option("--allowance", default=12, show_default=True, help="Passes in one request, the same for everyone.")
def domain(
    number: int,
    operator_key: str,
    operator_url: str,
    operator_files: str | None,
    authority_key: str,
    authority_url: str,
    authority_files: str | None,
    utc_offset: int,
    allowance: int,
) -> None:
    """Print a domain's domain.toml. Parties, venues and clients all have it in their home directory."""
    from service.errors import ConfigurationError
    from service.settings import DomainSettings, check_settings
    from service.urls import is_base

    values = {
        "number": number,
        "utc_offset": utc_offset,
        "allowance": allowance,
        "operator": {"key": operator_key, "url": operator_url, "files": operator_files},
        "authority": {"key": authority_key, "url": authority_url, "files": authority_files},
    }
    settings = check_settings(DomainSettings, values, "domain.toml")
    for name, party in (("operator", settings.operator), ("authority", settings.authority)):
        if not all(is_base(url) for url in (party.url, party.files) if url is not None):
            raise ConfigurationError(
                f"domain.toml: {name}: the URL has to be the server's alone, as https://{name}.example, without a path"
            )
    click.echo(settings.to_toml(), nl=False)


if __name__ == "__main__":
    main(prog_name="python -m escrow")
