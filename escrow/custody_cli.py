"""`custody`: split a party's keys among custodians, check a share, recover the keys on another machine. Spec: §6.6."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from escrow.environment import VAULT_KEY_VARIABLE
from escrow.program import Program
from service.errors import ConfigurationError

if TYPE_CHECKING:
    from escrow.party import Party

P = TypeVar("P", bound="Party")
ShareArgument = click.Path(exists=True, dir_okay=False, path_type=Path)


def add_custody_commands(group: click.Group, program: Program[P]) -> None:
    """Add `custody split`, `custody verify` and `custody recover` to a party's command group."""
    role = program.role

    @group.group()
    def custody() -> None:
        """Keys for the day that this machine is lost. Any T of N custodians can restore them, fewer cannot."""

    @custody.command()
    @click.option("--threshold", type=int, required=True, help="How many custodians recover the keys.")
    @click.option("--custodians", type=int, required=True, help="How many there are.")
    @click.option("--output", type=click.Path(file_okay=False, path_type=Path), required=True, help="New directory.")
    @click.pass_obj
    def split(home: Path, threshold: int, custodians: int, output: Path) -> None:
        """Write one share file for each custodian. Give each its own, then destroy the directory."""
        from escrow.custody import PartyKeys, split_keys
        from escrow.vault_key import load_vault_key
        from service.keys import load_secret
        from service.settings import load_domain

        if output.exists():
            raise ConfigurationError(f"{output} exists already; shares go into a new directory")
        settings = program.load_settings(home)
        keys = PartyKeys(load_vault_key(home, settings), load_secret(home / "identity.key"))
        shares = split_keys(load_domain(home).domain, role, keys, threshold, custodians)
        names = [f"{role.name.lower()}-{index}-of-{custodians}.share" for index in range(1, custodians + 1)]
        _write_new(output, dict(zip(names, shares, strict=True)))
        for name in names:
            click.echo(output / name)
        click.echo(f"any {threshold} of these are this party's keys: hand them out, and leave none here", err=True)

    @custody.command()
    @click.argument("share", type=ShareArgument)
    @click.pass_obj
    def verify(home: Path, share: Path) -> None:
        """Check a SHARE, as its custodian. Nothing but domain.toml is needed."""
        from escrow.custody import verify_share
        from service.settings import load_domain

        verified = verify_share(load_domain(home).domain, role, str(share), share.read_bytes())
        custody = verified.custody
        click.echo(
            f"share {verified.index} of {custody.custodians} of the {role.name.lower()} of domain {custody.domain}; "
            f"{custody.threshold} recover its keys"
        )

    @custody.command()
    @click.argument("shares", type=ShareArgument, nargs=-1, required=True)
    @click.option(
        "--vault-key-file",
        type=click.Path(dir_okay=False, path_type=Path),
        help=f'With vault_key = "environment": new file for the key that has to go into {VAULT_KEY_VARIABLE}.',
    )
    @click.pass_obj
    def recover(home: Path, shares: tuple[Path, ...], vault_key_file: Path | None) -> None:
        """Write this party's keys on a new machine, from enough SHARES. Put the vault's copy back before `serve`."""
        _recover(program, home, shares, vault_key_file)


def _write_new(output: Path, files: Mapping[str, bytes]) -> None:
    """Write a new directory, whole or not at all: enough shares that an interruption left would be the party's keys."""
    import shutil

    from service.files import private_directory, sync_directory, write_private

    temporary = output.with_name(f".{output.name}.tmp")
    if temporary.exists():  # of a run that was killed
        shutil.rmtree(temporary)
    try:
        private_directory(temporary)
        for name, data in files.items():
            write_private(temporary / name, data)
        temporary.rename(output)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    sync_directory(output.parent)


def _recover(program: Program[P], home: Path, shares: tuple[Path, ...], vault_key_file: Path | None) -> None:
    from escrow.custody import PartyKeys, recover_keys, verify_share
    from escrow.vault_key import has_vault_key, load_vault_key, store_vault_key
    from service.keys import load_secret, store_secret
    from service.settings import load_domain

    domain, settings = load_domain(home).domain, program.load_settings(home)
    if vault_key_file is not None and settings.vault_key != "environment":
        raise click.UsageError(f"the vault key goes where settings.toml says: {settings.vault_key}")
    verified = [verify_share(domain, program.role, str(share), share.read_bytes()) for share in shares]
    keys, identity = recover_keys(domain, program.role, verified), home / "identity.key"
    if vault_key_file is not None and vault_key_file.exists():  # as a run leaves it that was interrupted
        if load_secret(vault_key_file) != keys.vault_key:
            raise ConfigurationError(f"{vault_key_file} holds another key than the shares; a key is never overwritten")
    elif vault_key_file is not None:
        store_secret(vault_key_file, keys.vault_key)
    elif not has_vault_key(home, settings):
        store_vault_key(home, settings, keys.vault_key)
    if not identity.exists():
        store_secret(identity, keys.identity_seed)
    vault_key = load_secret(vault_key_file) if vault_key_file else load_vault_key(home, settings)
    if keys != PartyKeys(vault_key, load_secret(identity)):
        raise ConfigurationError(f"{home} holds other keys than the shares; a key is never overwritten")
    if vault_key_file is not None:
        click.echo(f"put what {vault_key_file} holds into {VAULT_KEY_VARIABLE}, then destroy the file", err=True)
    click.echo("the keys are here")
