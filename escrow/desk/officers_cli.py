"""`officers`: invitations, the set of officers, and the evidence of what they approved. Spec: §6.9."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from escrow.journal_cli import OfficerName, officer
from escrow.program import Program
from service.cli import local_time, printable
from service.errors import ConfigurationError

if TYPE_CHECKING:
    from escrow.desk.records import Action, OfficerSet, Vote
    from escrow.party import Party

P = TypeVar("P", bound="Party")
KINDS = "officers", "warrant", "notice", "venue", "erase"


class Approvals(click.ParamType["tuple[str, int]"]):
    """A kind of decision, and how many officers it takes: `warrant=2`."""

    name = "kind=n"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        """The kind and the number."""
        if isinstance(value, tuple):
            return value
        kind, _, number = value.partition("=")
        if kind not in KINDS or not number.isdecimal() or int(number) > 32:
            self.fail(f"{value!r} is not one of {', '.join(KINDS)}, an equals sign and a number", param, ctx)
        return kind, int(number)


approvals_option = click.option(
    "--approvals", type=Approvals(), multiple=True, help="How many officers a kind of decision takes, as warrant=2."
)


def add_officers_commands(group: click.Group, program: Program[P]) -> None:
    """Add `officers` to a party's command group."""

    @group.group()
    def officers() -> None:
        """Who approves with a passkey what this party does.

        \b
        First:  officers add NAME (each)  ->  they open their links  ->  officers establish SHARES
        Later:  officers add NAME  ->  officers change --add NAME  ->  they approve it at the desk
        """  # noqa: D301  click reads the backspace

    @officers.command()
    @click.argument("name", metavar="NAME", type=OfficerName())
    @click.pass_obj
    def add(home: Path, name: str) -> None:
        """Print a link with which NAME enrols a passkey.

        It works once and within a day, and changes nothing by itself.
        """
        party = program.open(home)
        party.journal.note(officer(), f"invite officer {name}")
        click.echo(f"{party.settings.desk_url}/desk/#enrol={party.officers.invite(name).hex()}")

    @officers.command(name="list")
    @click.pass_obj
    def list_officers(home: Path) -> None:
        """Show the present set, what it takes, and all passkeys."""
        party = program.open(home)
        sets, offset = party.officers.sets(), party.domain.utc_offset
        in_force = {passkey for one in sets[-1].record.officers for passkey in one.passkeys} if sets else set()
        if sets:
            by = "custodians" if sets[-1].by_custodians else "the set before"
            since = local_time(sets[-1].time, offset)
            click.echo(f"set {sets[-1].record.version}, since {since}, by {by}, for {sets[-1].record.origin}")
            _show(sets[-1].record)
        else:
            click.echo("there is no set of officers: this command line decides alone")
        for one in party.officers.enrolled():
            if one.passkey not in in_force:
                enrolled = local_time(one.time, offset)
                click.echo(f"not in the set: {printable(one.name)}, {one.passkey.fingerprint}, enrolled {enrolled}")

    _add_set_commands(officers, program)
    _add_evidence_commands(officers, program)

    @officers.command()
    @click.argument("name", metavar="NAME", type=OfficerName())
    @click.pass_obj
    def forget(home: Path, name: str) -> None:
        """Delete NAME's links, and passkeys that do not count."""
        party = program.open(home)
        party.journal.note(officer(), f"forget passkeys of {name}")
        click.echo(f"{party.officers.forget(name)} passkeys deleted")


def _add_set_commands(officers: click.Group, program: Program[P]) -> None:
    @officers.command()
    @click.option("--officer", "names", multiple=True, help="One of them; without any all who are enrolled.")
    @approvals_option
    @click.option("--yes", is_flag=True, help="Do not ask.")
    @click.argument("shares", type=click.Path(exists=True, dir_okay=False, path_type=Path), nargs=-1, required=True)
    @click.pass_obj
    def establish(
        home: Path,
        names: tuple[str, ...],
        approvals: tuple[tuple[str, int], ...],
        shares: tuple[Path, ...],
        *,
        yes: bool,
    ) -> None:
        """Put a set into force with the custodians' SHARES.

        It is the first one, or one after officers are lost.
        """
        party = program.open(home)
        enrolled = party.officers.passkeys_by_name()
        if missing := [name for name in names if name not in enrolled]:
            raise ConfigurationError(f"nobody of this name has enrolled a passkey: {', '.join(missing)}")
        chosen = {name: keys for name, keys in enrolled.items() if not names or name in names}
        if not chosen:
            raise ConfigurationError("nobody has enrolled a passkey; begin with officers add")
        made = party.officers.next_set(party.settings.desk_url, chosen, _needed(approvals))
        _demand_custodians(party, shares)
        _show(made)
        if not yes:
            click.confirm("Has each of them told you these fingerprints?", abort=True)
        party.journal.note(officer(), f"establish set {made.version} of officers with custodians")
        party.officers.install(made, by_custodians=True)
        click.echo(f"set {made.version} is in force")

    @officers.command()
    @click.option("--add", "added", multiple=True, help="Somebody who has enrolled a passkey, with all that they have.")
    @click.option("--remove", "removed", multiple=True, help="An officer.")
    @approvals_option
    @click.pass_obj
    def change(
        home: Path, added: tuple[str, ...], removed: tuple[str, ...], approvals: tuple[tuple[str, int], ...]
    ) -> None:
        """Put another set into force, if the present one has approved it.

        Until enough of them have done so at the desk, this asks them.
        """
        party = program.open(home)
        made = party.officers.changed(party.settings.desk_url, added, removed, _needed(approvals))
        _show(made)
        party.journal.note(officer(), f"change to set {made.version} of officers")
        party.change_officers(made)
        click.echo(f"set {made.version} is in force")


def _add_evidence_commands(officers: click.Group, program: Program[P]) -> None:
    @officers.command()
    @click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), required=True)
    @click.pass_obj
    def evidence(home: Path, output: Path) -> None:
        """Write every vote, and what passkeys signed, to a file."""
        from escrow.desk.evidence import evidence as written
        from service.files import write_private

        party = program.open(home)
        votes = party.approvals.all()
        write_private(output, written(program.role, party.officers.sets(), votes).encode())
        click.echo(f"{len(votes)} votes, written to {output}")

    @officers.command()
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.pass_obj
    def check(home: Path, file: Path) -> None:
        """Check a FILE of evidence, with domain.toml alone."""
        from escrow.desk.evidence import check_evidence
        from service.settings import load_domain

        domain = load_domain(home).domain
        sets, votes = check_evidence(domain, program.role, file.read_text())
        for kept in sets:
            names = ", ".join(map(printable, kept.approved_by))
            by = f"approved by {names}" if kept.is_approved else "not by its officers' approvals: ask the custodians"
            click.echo(f"set {kept.record.version} ({', '.join(map(printable, kept.record.names))}): {by}")
        for one in votes:
            when = local_time(one.time, domain.utc_offset)
            click.echo(f"{when}  {printable(one.officer)} (set {one.officers.version}): {_told(one.vote)}")


def _show(record: OfficerSet) -> None:
    for one in record.officers:
        click.echo(f"    {printable(one.name)}: {', '.join(passkey.fingerprint for passkey in one.passkeys)}")
    told = ", ".join(f"{one.action.name.lower()} {one.approvals}" for one in record.thresholds)
    click.echo(f"    approvals: {told}")


def _told(vote: Vote) -> str:
    from hashlib import sha256

    reason = f" ({printable(vote.reason)})" if vote.reason else ""
    what = f"{vote.action.name.lower()} {sha256(vote.payload).hexdigest()}"
    return f"{vote.decision.name.lower()} {what}{reason}"


def _needed(approvals: tuple[tuple[str, int], ...]) -> dict[Action, int]:
    from escrow.desk.records import Action

    return {Action[kind.upper()]: number for kind, number in approvals}


def _demand_custodians(party: Party, shares: tuple[Path, ...]) -> None:
    """Raise `ConfigurationError` unless these custodians' shares give the keys of this very party."""
    from escrow.custody import recover_keys, verify_share
    from service.keys import load_secret

    verified = [verify_share(party.domain, party.role, str(share), share.read_bytes()) for share in shares]
    keys = recover_keys(party.domain, party.role, verified)
    if keys.identity_seed != load_secret(party.home / "identity.key"):
        raise ConfigurationError("these shares are of another party's keys")
