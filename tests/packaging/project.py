"""What `pyproject.toml` says of packages: those that everybody needs, extras and groups."""

from __future__ import annotations

import tomllib

from packaging.requirements import Requirement

from tests.spec.text import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = PYPROJECT["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
EVERYBODY: list[str] = PROJECT["dependencies"]
BUILD: list[str] = PYPROJECT["dependency-groups"]["build"]
DEV: list[str | dict[str, str]] = PYPROJECT["dependency-groups"]["dev"]


def extra(name: str) -> list[str]:
    """What an extra asks for, with the extras that it is made of."""
    found = []
    for text in EXTRAS[name]:
        requirement = Requirement(text)
        if requirement.name == PROJECT["name"]:
            found += [inner for part in sorted(requirement.extras) for inner in extra(part)]
        else:
            found.append(text)
    return found
