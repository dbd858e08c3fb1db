"""Where a visitor's files are, and who may open them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import click

from client.visitor import Visitor
from service.settings import ConfigurationError

PASSPHRASE_VARIABLE = "SPLITPASS_PASSPHRASE"  # noqa: S105  # the variable's name


@dataclass(frozen=True)
class Home:
    """Where a visitor's files are and who may open them."""

    directory: Path
    passphrase_file: Path | None

    def open(self, *, create: bool = False) -> Visitor:
        """The visitor; asks for the passphrase unless a file or the environment has it."""
        is_new = create and not (self.directory / "wallet").exists()
        if self.passphrase_file is not None:
            passphrase = self.passphrase_file.read_bytes().removesuffix(b"\n")
        elif PASSPHRASE_VARIABLE in os.environ:
            passphrase = os.fsencode(os.environ[PASSPHRASE_VARIABLE])
        else:
            passphrase = click.prompt(
                "Passphrase / 암호", hide_input=True, confirmation_prompt=is_new, err=True
            ).encode()
        if not passphrase:
            raise ConfigurationError("an empty passphrase protects nothing; choose another")
        return Visitor(self.directory, passphrase, create=create)
