"""The distribution installs the parties, with fonts, built pages and the mark of typed packages, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.packaging.imports import DISTRIBUTED
from tests.spec.text import ROOT

PAGES = Path("service", "dist")
BUILT = {PAGES / "visitor" / "manifest.json", PAGES / "door" / "index.html", PAGES / "desk" / "index.html"}
"""What `make web` may have written."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The files of a wheel that is built from a copy of this repository."""
    copy, built = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("built")
    for path in ROOT.iterdir():
        if path.is_dir() and not path.name.startswith("."):
            ignored = shutil.ignore_patterns("__pycache__", "node_modules", "*.egg-info", "vectors")
            shutil.copytree(path, copy / path.name, ignore=ignored)
        elif path.is_file():
            shutil.copy(path, copy)
    shutil.rmtree(copy / PAGES, ignore_errors=True)
    for page in BUILT:
        (copy / page).parent.mkdir(parents=True)
        (copy / page).write_text("built")
    build = f"from setuptools.build_meta import build_wheel; build_wheel({str(built)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=copy, capture_output=True, check=True)
    (wheel,) = built.iterdir()
    return [Path(name) for name in ZipFile(wheel).namelist()]


def test_it_has_the_packages_of_the_parties_and_no_other(files: list[Path]) -> None:
    tops = {file.parts[0] for file in files}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(DISTRIBUTED)
    assert len(tops) == len(DISTRIBUTED) + 1


def test_it_has_every_module(files: list[Path]) -> None:
    modules = {path.relative_to(ROOT) for package in DISTRIBUTED for path in (ROOT / package).rglob("*.py")}
    assert {file for file in files if file.suffix == ".py"} == modules


def test_besides_modules_it_has_types_fonts_and_pages(files: list[Path]) -> None:
    others = {file for file in files if file.suffix != ".py" and not file.parts[0].endswith(".dist-info")}
    fonts = {path.relative_to(ROOT) for path in (ROOT / "client" / "fonts").iterdir()}
    assert others == fonts | BUILT | {Path(package, "py.typed") for package in DISTRIBUTED}
