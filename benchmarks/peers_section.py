"""What other ways of needing two parties cost, in the same run, and what they leave open."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from qrcode.util import MODE_ALPHA_NUM, QRData

from benchmarks.section import Effort, Result, Section, Table

ROOT = Path(__file__).parents[1]
ENVIRONMENT = ROOT / ".venv" / "peers"
REQUIREMENTS = Path(__file__).with_name("peers_requirements.txt")
ROUNDS = {Effort.QUICK: 5, Effort.USUAL: 41, Effort.FULL: 101}
CLAIMS = {
    "SplitPass": "C1-C10",
    "nested sealed boxes": "C1, C2, C7",
    "Shamir shares": "C1, C2, C7",
    "pyUmbral, 2 of 2": "C1, C2, C6, C7",
}
"""The claims of §1.3 that a construction can meet by itself, with keys of a day that either party erases."""


def measure(effort: Effort) -> Result:
    """The same job in every construction, in a process and an environment of their own."""
    python = ENVIRONMENT / "bin" / "python"
    try:
        if not python.exists():
            _run(sys.executable, "-m", "venv", str(ENVIRONMENT))
        _run(str(python), "-m", "pip", "install", "--quiet", "--requirement", str(REQUIREMENTS))
    except subprocess.CalledProcessError as error:
        return {"missing": f"the peers cannot be installed: {error.stderr.strip().splitlines()[-1]}"}
    measured: Result = json.loads(_run(str(python), "-m", "benchmarks.peer_job", str(ROUNDS[effort])))
    for one in measured.values():
        one["qr_version"] = _qr_version(one["code_bytes"])
    return {"of": measured}


def _run(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S603 - ours


def _qr_version(size: int) -> int:
    """The smallest code at error correction M for so many bytes in base45, as a check-in has."""
    code = QRCode(error_correction=ERROR_CORRECT_M)
    code.add_data(QRData("A" * (-(-size * 3 // 2) + 4), mode=MODE_ALPHA_NUM))
    code.make(fit=True)
    return int(code.version)


def tables(result: Result) -> Sequence[Table]:
    """One line a construction."""
    if "missing" in result:
        return [Table("Peers", ("what", ""), [(result["missing"], "")])]
    columns = (
        "construction",
        "before, µs",
        "at the door, µs",
        "opening, µs",
        "code, bytes",
        "QR version",
        "kept, bytes",
    )
    rows = [
        (
            name,
            f"{one['before_microseconds']:.0f}",
            f"{one['encrypt_microseconds']:.0f}",
            f"{one['open_microseconds']:.0f}",
            str(one["code_bytes"]),
            str(one["qr_version"]),
            str(one["stored_bytes"]),
            CLAIMS[name],
        )
        for name, one in result["of"].items()
    ]
    return [Table("A visit, and its opening by two parties", (*columns, "claims"), rows)]


SECTION = Section(
    "peers",
    "Other ways of needing two parties",
    "A visitor's contact is encrypted so that two parties are needed, and both open it: processor of all who take "
    "part, for one visit. SplitPass issues a pass before (request, two parties' checks, acceptance), signs at the "
    "door, and opens with proofs that are made and verified, and with a record that the operator has signed. Others "
    "encrypt what the visitor claims to be. luca's construction is the nested boxes. Claims are those of "
    "[§1.3](../spec/01-roles-and-claims.md) that a construction can meet by itself if each party has a key for each "
    "day and erases it: no verified number under the ciphertext, no C3; no signature over time and place, no C4, C5, "
    "C9; no proof of what was opened, no C6; no log and no common list, no C8, C10.",
    measure,
    tables,
)
