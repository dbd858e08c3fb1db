"""The locks are what `pyproject.toml` asks for, with a digest for each file, and name no registry."""

from __future__ import annotations

import re
from importlib.metadata import distribution
from itertools import product
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.packaging.locks import LockedPackage, read_lock
from tests.packaging.project import BUILD, DEV, EVERYBODY, EXTRAS, PROJECT, extra
from tests.spec.text import ROOT

LOCKS = {path.stem: read_lock(path) for path in sorted((ROOT / "requirements").iterdir())}
WANTED = {
    "dev": [*(text for text in DEV if isinstance(text, str)), *(text for name in EXTRAS for text in extra(name))],
    **{party: extra(party) + extra("postgresql") for party in ("operator", "authority", "venue")},
}
"""What is in each lock besides what everybody has."""
MACHINES = [
    {"python_version": f"3.{minor}", "python_full_version": f"3.{minor}.1", "sys_platform": system.lower()}
    | {"platform_system": system, "platform_machine": processor, "os_name": "posix", "extra": ""}
    | {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
    for minor, system, processor in product(range(11, 15), ("Linux", "Darwin"), ("x86_64", "arm64"))
]


def on_machine(lock: list[LockedPackage], machine: dict[str, str]) -> dict[str, LockedPackage]:
    """What a lock installs on a machine, by name."""
    packages = [package for package in lock if package.is_needed(machine)]
    assert len({package.name for package in packages}) == len(packages), "two versions of one package"
    return {package.name: package for package in packages}


def test_there_is_a_lock_for_the_verbs_and_for_each_image() -> None:
    assert LOCKS.keys() == WANTED.keys()
    assert {"include-group": "build"} in DEV


@pytest.mark.parametrize("name", WANTED)
def test_a_lock_has_what_is_wanted_at_its_floor_or_newer(name: str) -> None:
    """On every version of Python that the project names, whether on Linux or macOS."""
    wanted = [Requirement(text) for text in (*EVERYBODY, *BUILD, *WANTED[name])]
    for machine in MACHINES:
        locked = on_machine(LOCKS[name], machine)
        for requirement in wanted:
            if requirement.marker is None or requirement.marker.evaluate(machine):
                assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)].version)


@pytest.mark.parametrize("name", WANTED)
def test_a_lock_has_the_dependencies_of_what_it_has(name: str) -> None:
    """As far as this machine can tell, where all of them are installed."""
    locked = {package.name: package for package in LOCKS[name] if package.is_needed()}
    for package in locked.values():
        for text in distribution(package.name).requires or ():
            needed = Requirement(text)
            extras = ("", *package.requirement.extras)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                assert canonicalize_name(needed.name) in locked


@pytest.mark.parametrize("name", WANTED)
def test_an_image_has_the_versions_that_were_tested(name: str) -> None:
    for machine in MACHINES:
        tested, locked = on_machine(LOCKS["dev"], machine), on_machine(LOCKS[name], machine)
        assert all(tested[package].version == locked[package].version for package in locked)


@pytest.mark.parametrize("name", WANTED)
def test_a_lock_names_no_registry(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    assert not re.search(r"^\s*-(?!-hash)|://|\s@\s", text, re.MULTILINE)


def test_the_lock_is_for_every_python_that_the_project_is_for() -> None:
    named = {int(text.rpartition(".")[2]) for text in PROJECT["classifiers"] if re.search(r"Python :: 3\.\d+$", text)}
    assert named == {int(machine["python_version"].removeprefix("3.")) for machine in MACHINES}
    assert PROJECT["requires-python"] == f">=3.{min(named)}"


@pytest.mark.parametrize(
    "line", ["click==8.5.1", "click==8.5.1 --hash=md5:00", "--extra-index-url https://pypi.example"]
)
def test_a_line_without_a_digest_is_no_lock(tmp_path: Path, line: str) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(f"{line}\n")
    with pytest.raises(AssertionError):
        read_lock(lock)
