"""What a program imports, found in its source without running it, also where a function imports it late."""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Collection
from pathlib import Path

from tests.spec.text import ROOT

DISTRIBUTED = ("protocol", "service", "client", "venue", "escrow")


def packages_of(*modules: str, without: Collection[str] = ()) -> set[str]:
    """The top-level names of other people's packages that our modules import, and so on through what they import.

    The modules of `without` are not entered, nor what lies in them.
    """
    found: set[str] = set()
    seen: set[str] = set()
    left = list(modules)
    while left:
        module = left.pop()
        if module in seen or any(module == name or module.startswith(f"{name}.") for name in without):
            continue
        seen.add(module)
        if module.split(".")[0] in DISTRIBUTED:
            left += _imports(module)
        elif module.split(".")[0] not in sys.stdlib_module_names:
            found.add(module.split(".")[0])
    return found


def modules_of(package: str) -> list[str]:
    """Every module of one of our packages."""
    files = sorted((ROOT / package.replace(".", "/")).rglob("*.py"))
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    return [name.removesuffix(".__init__") for name in names]


@functools.cache
def _imports(module: str) -> list[str]:
    """What a module of ours names in imports: modules, and names in them that may be modules."""
    path = _file(module)
    if path is None:
        return []  # a name in a module
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None
            assert not node.level
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


def _file(module: str) -> Path | None:
    path = ROOT / module.replace(".", "/")
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((candidate for candidate in candidates if candidate.exists()), None)
