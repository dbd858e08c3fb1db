"""A visitor's home directory, whose wallet is locked, and how it is opened."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.errors import ConfigurationError
from service.files import read_private

if TYPE_CHECKING:
    from client.settings import ClientSettings
    from client.visitor import Visitor

PASSPHRASE_VARIABLE = "SPLITPASS_PASSPHRASE"  # noqa: S105  # the variable's name


@dataclass(frozen=True)
class LockedHome:
    """A visitor's home directory, and where the passphrase of its wallet comes from."""

    directory: Path
    passphrase_file: Path | None

    def settings(self) -> ClientSettings:
        """The visitor's settings, which no passphrase locks; raises `ConfigurationError`."""
        from client.settings import ClientSettings
        from service.settings import load_settings

        return load_settings(ClientSettings, self.directory / "settings.toml")

    def open(self, *, create: bool = False) -> Visitor:
        """The visitor; asks for the passphrase unless a file or the environment has it.

        Raises `ConfigurationError` for a file that others can read, and an empty passphrase.
        """
        is_new = create and not (self.directory / "wallet").exists()
        if self.passphrase_file is not None:
            passphrase = read_private(self.passphrase_file).removesuffix(b"\n")
        elif PASSPHRASE_VARIABLE in os.environ:
            passphrase = os.fsencode(os.environ[PASSPHRASE_VARIABLE])
        else:
            passphrase = _ask(twice=is_new).encode()
        if not passphrase:
            raise ConfigurationError("an empty passphrase protects nothing; choose another / 빈 암호는 쓸 수 없습니다")
        from client.visitor import Visitor  # the question comes at once

        return Visitor(self.directory, passphrase, create=create)


def _ask(*, twice: bool) -> str:
    while True:
        passphrase: str = click.prompt("Passphrase / 암호", hide_input=True, err=True)
        if not twice or click.prompt("The same again / 암호 확인", hide_input=True, err=True) == passphrase:
            return passphrase
        click.echo("The two are not the same. / 두 암호가 다릅니다.", err=True)
