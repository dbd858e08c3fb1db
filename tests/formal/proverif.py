"""Running ProVerif on one variant of a model."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.formal.models import Model

VERDICTS = {"is true": "holds", "is false": "attack", "cannot be proved": "not proved"}
REACHED = {"is true": "not reached", "is false": "reached", "cannot be proved": "unknown"}


@dataclass(frozen=True)
class Outcome:
    """The verdict of each query of a run (`holds`, `attack`, `not proved`, `reached` …), and how long it took."""

    run: str
    verdicts: list[tuple[str, str]]
    seconds: float


def version() -> str:
    """The prover's own name and version; it has to be on the path."""
    if shutil.which("proverif") is None:
        raise SystemExit("proverif is not on the path: build version 2.05 from https://proverif.inria.fr")
    shown = subprocess.run(["proverif", "--help"], capture_output=True, text=True, check=False).stdout
    return f"ProVerif {shown.split()[1].rstrip('.')}"


def run_model(model: Model, run: str) -> Outcome:
    """Run one variant and name each of its results."""
    queries = model.queries(run)
    with tempfile.TemporaryDirectory(prefix="splitpass-formal-") as temporary:
        source = Path(temporary, "model.pv")
        source.write_text(model.source(run), "utf-8")
        begun = time.monotonic()
        done = subprocess.run(["proverif", source], capture_output=True, text=True, check=False)
        seconds = time.monotonic() - begun
    results = re.findall(r"^RESULT .*?(is true|is false|cannot be proved)", done.stdout, re.MULTILINE)
    if len(results) != len(queries):
        raise SystemExit(
            f"{model.name} {run}: {len(results)} results for {len(queries)} queries\n{done.stdout[-2000:]}"
        )
    verdicts = [
        ((REACHED if query.reached else VERDICTS)[result], query.words)
        for query, result in zip(queries, results, strict=True)
    ]
    return Outcome(run, verdicts, seconds)
