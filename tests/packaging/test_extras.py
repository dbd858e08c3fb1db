"""Whoever installs one party gets what that party imports, and none of what only others need."""

from __future__ import annotations

import functools
import subprocess
import sys
from importlib.metadata import distribution, packages_distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.packaging.imports import modules_of, packages_of
from tests.packaging.project import EVERYBODY, EXTRAS, extra
from tests.spec.text import ROOT

PARTIES = {
    "operator": ("escrow", ("escrow.authority",)),
    "authority": ("escrow", ("escrow.operator",)),
    "venue": ("venue", ("venue.camera",)),
    "client": ("client", ()),
}
"""The package of each party, and what in it runs only for another party or with another extra."""
READERS_AND_PRINTERS = {"reportlab", "pyzbar", "zxing-cpp", "qrcode", "pillow", "opencv-python-headless"}
"""What draws and reads codes: it belongs to visitors and doors."""


def distributions(requirements: list[str]) -> set[str]:
    """The names of what some requirements install first-hand."""
    return {canonicalize_name(Requirement(text).name) for text in requirements}


def with_dependencies(requirements: list[str]) -> set[str]:
    """The names of all that some requirements install here."""
    found: set[tuple[str, str]] = set()
    left = [(Requirement(text), "") for text in requirements]
    while left:
        requirement, _ = left.pop()
        for chosen in ("", *requirement.extras):
            key = canonicalize_name(requirement.name), chosen
            if key in found:
                continue
            found.add(key)
            for text in distribution(requirement.name).requires or ():
                needed = Requirement(text)
                if needed.marker is None or needed.marker.evaluate({"extra": chosen}):
                    left.append((needed, chosen))
    return {name for name, _ in found}


def imported(*modules: str, without: tuple[str, ...] = ()) -> set[str]:
    """The distributions of what our modules import."""
    names = packages_of(*modules, without=without)
    assert not names - providers().keys(), "something is imported that is not installed"
    return {canonicalize_name(provider) for name in names for provider in providers()[name]}


providers = functools.cache(packages_distributions)
"""The distributions that each top-level name is of."""


@pytest.mark.parametrize("party", PARTIES)
def test_a_party_gets_what_it_imports(party: str) -> None:
    package, others = PARTIES[party]
    needed = imported(*modules_of(package), without=others)
    assert needed <= distributions(EVERYBODY + extra(party))


@pytest.mark.parametrize("party", PARTIES)
def test_a_party_runs_where_nothing_else_is_installed(party: str) -> None:
    package, _ = PARTIES[party]
    installed = {"splitpass", *with_dependencies(EVERYBODY + extra(party))}
    missing = {name for name, of in providers().items() if not {canonicalize_name(one) for one in of} & installed}
    arguments = [package, *([party] if package != party else []), "--help"]
    program = (
        "import runpy, sys\n"
        f"sys.modules.update(dict.fromkeys({sorted(missing)!r}))\n"  # importing any of them fails
        f"sys.argv = {arguments!r}\n"
        f"runpy.run_module({package!r}, run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("Usage: "), done.stderr


@pytest.mark.parametrize("party", PARTIES)
def test_a_party_gets_nothing_that_it_does_not_import(party: str) -> None:
    package, others = PARTIES[party]
    assert distributions(extra(party)) <= imported(*modules_of(package), without=others)


def test_everybody_gets_what_all_import_and_servers_what_all_servers_import() -> None:
    imports = {party: imported(*modules_of(package), without=others) for party, (package, others) in PARTIES.items()}
    assert distributions(EVERYBODY) == set.intersection(*imports.values())
    servers = set.intersection(*(imports[party] for party in ("operator", "authority", "venue")))
    assert distributions(extra("server")) == servers - distributions(EVERYBODY)


def test_an_auditor_needs_no_extra() -> None:
    assert imported("escrow.audit.cli") <= distributions(EVERYBODY)


def test_a_camera_and_postgresql_are_extras_of_their_own() -> None:
    assert imported("venue.camera") - imported("venue.__main__", without=("venue.camera",)) == {
        "opencv-python-headless"
    }
    assert distributions(extra("camera")) == {"opencv-python-headless"}
    assert distributions(extra("postgresql")) == {"psycopg"}
    assert set(EXTRAS) == {*PARTIES, "server", "camera", "postgresql"}


@pytest.mark.parametrize("party", ["operator", "authority"])
def test_key_holders_install_nothing_that_draws_or_reads_codes(party: str) -> None:
    installed = with_dependencies(EVERYBODY + extra(party) + extra("postgresql"))
    assert not installed & READERS_AND_PRINTERS
    assert {"aiohttp", "psycopg", "psycopg-binary"} <= installed


def test_the_search_for_imports_finds_late_and_distant_ones() -> None:
    assert {"pyzbar", "sqlalchemy", "cbor2", "cv2"} <= packages_of("venue.__main__")
    assert "cv2" not in packages_of("venue.__main__", without=("venue.camera",))
