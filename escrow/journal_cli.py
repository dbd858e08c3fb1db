"""Who acts, and `journal`: who of the officers did what. Spec: §6.4."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from escrow.program import Program
from service.cli import local_time, printable

if TYPE_CHECKING:
    from escrow.journal import JournalEntry
    from escrow.party import Party

F = TypeVar("F", bound=Callable[..., Any])
P = TypeVar("P", bound="Party")
_OFFICER = "escrow.officer"


class OfficerName(click.ParamType[str]):
    """An officer's name."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name."""
        from escrow.desk.records import MAX_NAME, is_officer_name

        if not is_officer_name(value):
            self.fail(f"an officer's name has at most {MAX_NAME} bytes, all printable", param, ctx)
        return str(value)


def officer_option(command: F) -> F:
    """Give a group of commands `--officer`, which `officer` then tells."""

    def remember(context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
        context.meta[_OFFICER] = value

    return click.option(
        "--officer",
        type=OfficerName(),
        envvar="SPLITPASS_OFFICER",
        expose_value=False,
        callback=remember,
        help="Who you are, for the journal.  [default: your name on this machine]",
    )(command)


def officer() -> str:
    """Who runs the command: the name that was given, or that of the machine's user."""
    import getpass

    from escrow.desk.records import is_officer_name

    named: str | None = click.get_current_context().meta.get(_OFFICER)
    try:
        name = named or printable(getpass.getuser())
    except (KeyError, OSError):  # a container's user may have no name
        return f"user {os.getuid()}"
    if not is_officer_name(name):
        raise click.UsageError("your name on this machine is too long for the journal; say who you are with --officer")
    return name


def show_journal(entries: Iterable[JournalEntry], utc_offset: int) -> None:
    """Print who did what and when, a line for each entry."""
    for entry in entries:
        about = [entry.warrant_id.hex()] if entry.warrant_id else []
        told = " ".join([entry.action, *about, *([f"({entry.case})"] if entry.case else [])])
        click.echo(f"{local_time(entry.time, utc_offset)}  {entry.officer}: {told}")


def add_journal_command(group: click.Group, program: Program[P]) -> None:
    """Add `journal` to a party's command group."""

    @group.command()
    @click.pass_obj
    def journal(home: Path) -> None:
        """Show who of the officers did what, and when."""
        party = program.open(home)
        show_journal(party.journal.entries(), party.domain.utc_offset)
