"""The files of `requirements/`: exact versions of Python packages with the digests of their files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


@dataclass(frozen=True)
class LockedPackage:
    """One entry of a lock: `requirement` is `name==version`, with the machines that it is for."""

    requirement: Requirement
    digests: frozenset[str]

    @property
    def name(self) -> str:
        """The name as registries compare it."""
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        """The one version."""
        (specifier,) = self.requirement.specifier
        assert specifier.operator == "=="
        return specifier.version

    def is_needed(self, environment: dict[str, str] | None = None) -> bool:
        """Whether the package belongs on a machine with these marker variables, or else on this one."""
        return self.requirement.marker is None or self.requirement.marker.evaluate(environment)


def read_lock(path: Path) -> list[LockedPackage]:
    """The entries of a lock. A line that is not of this form is an error."""
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    entries = "\n".join(lines).replace(" \\\n", " ").splitlines()
    found = []
    for entry in entries:
        requirement, *digests = re.split(r"\s+--hash=", entry)
        assert digests
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", digest) for digest in digests)
        found.append(LockedPackage(Requirement(requirement), frozenset(digests)))
    return found
