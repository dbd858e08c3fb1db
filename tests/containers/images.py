"""Containerfiles as far as this project uses them, and images of them in directories of this machine.

Whatever is not known here is refused, so that no line of a Containerfile goes untried.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import venv
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import distribution
from pathlib import Path, PurePath

from tests.packaging.locks import read_lock
from tests.vectors.javascript import WEB, install_packages


@dataclass
class Containerfile:
    """What a Containerfile says: the instructions that make layers, in order, and how its container runs.

    `stages` are the layers of images that are only copied from, by their names.
    """

    layers: list[tuple[str, str]] = field(default_factory=list)
    stages: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def command(self) -> list[str]:
        """What a container runs unless it is told otherwise."""
        return self.exec_form("ENTRYPOINT") + self.exec_form("CMD")

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a container's processes."""
        name, value = self.settings["ENV"].split("=")
        return {name: value}

    def exec_form(self, instruction: str) -> list[str]:
        """The command of an instruction, which must not need a shell."""
        command = json.loads(self.settings[instruction][self.settings[instruction].index("[") :])
        assert all(isinstance(word, str) for word in command)
        return list(command)


def read_containerfile(text: str) -> Containerfile:
    """Take a Containerfile apart. `WORKDIR` is a layer and, the last one, a setting."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#")).replace("\\\n", " ")
    found = Containerfile()
    for line in filter(None, lines.splitlines()):
        instruction, argument = line.split(maxsplit=1)
        if instruction == "FROM":
            argument, _, stage = argument.partition(" AS ")
            found.layers = found.stages.setdefault(stage, []) if stage else []
        if instruction in {"FROM", "WORKDIR", "COPY", "RUN"}:
            found.layers.append((instruction, argument))
        else:
            assert instruction in {"CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "STOPSIGNAL", "USER", "VOLUME"}
            assert instruction not in found.settings
        found.settings[instruction] = argument
    return found


def build_image(containerfile: Containerfile, context: Path, image: Path) -> None:
    """Make the directory `image`: the container's files by their paths, and `environment/` with Python's packages.

    Packages come from this environment instead of an index, those that the image's lock names and no other, and pip
    finds that they are there; `npm ci` finds those of `web/`; `RUN apt-get` is left to real engines.
    """
    for stage, layers in containerfile.stages.items():
        _add_layers(layers, context, image.parent / f"{image.name}-{stage}", image)
    locks = [words.split()[0] for kind, words in containerfile.layers if kind == "COPY" and "requirements/" in words]
    _make_environment(image / "environment", [context / lock for lock in locks])
    _add_layers(containerfile.layers, context, image, image)


def _add_layers(layers: list[tuple[str, str]], context: Path, image: Path, result: Path) -> None:
    """Carry out the instructions of an image, or of a stage of the image `result`."""
    image.mkdir(parents=True, exist_ok=True)
    directory = image
    for instruction, argument in layers:
        if instruction == "WORKDIR":
            directory = inside(image, argument)
            directory.mkdir(parents=True, exist_ok=True)
        elif instruction == "COPY":
            *sources, target = argument.split()
            if sources[0].startswith("--from="):
                stage = result.parent / f"{result.name}-{sources[0].removeprefix('--from=')}"
                shutil.copytree(inside(stage, sources[1]), inside(directory, target))
            else:
                _copy(context, sources, inside(directory, target))
        elif instruction == "RUN" and argument.startswith("npm ci "):
            install_packages()
            (directory / "node_modules").symlink_to(WEB / "node_modules")
        elif instruction == "RUN" and not argument.startswith("apt-get"):
            command = re.sub(r"(?<=\s)/", f"{image}/", argument)
            subprocess.run(
                ["sh", "-ec", command], cwd=directory, env=variables(image) | {"PIP_NO_INDEX": "1"}, check=True
            )


def inside(directory: Path, path: str) -> Path:
    """Where a path of the container is below `directory`."""
    return directory / path.lstrip("/")


def variables(image: Path) -> dict[str, str]:
    """What every process of a container has in its environment."""
    return {"PATH": f"{image / 'environment' / 'bin'}:{os.defpath}", "LANG": "C.UTF-8", "HOME": "/nonexistent"}


def _copy(context: Path, sources: list[str], target: Path) -> None:
    ignored = [line for line in (context / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert ignored[0] == "*"
    for source in sources:
        assert f"!{source}" in ignored, f"{source} is not in the build's context"
        if (context / source).is_dir():
            shutil.copytree(
                context / source, target, ignore=shutil.ignore_patterns("__pycache__", "node_modules", "dist")
            )
        else:
            shutil.copy(context / source, target)


def _make_environment(directory: Path, locks: Iterable[Path]) -> None:
    venv.create(directory, symlinks=True)
    (packages,) = directory.glob("lib/*/site-packages")
    for name in ["pip", *(package.name for lock in locks for package in read_lock(lock) if package.is_needed())]:
        installed = distribution(name)
        for top in {PurePath(file).parts[0] for file in installed.files or () if ".." not in file.parts}:
            if not (packages / top).exists():
                (packages / top).symlink_to(Path(str(installed.locate_file(top))))
