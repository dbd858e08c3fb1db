"""The commands of §8.1 as they stand there, on one machine: from nothing to a check-in."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lab.processes import free_ports
from lab.town import offset_of_noon
from tests.spec.text import CHAPTERS, ROOT

SECTION = CHAPTERS["08-running-a-party.md"].partition("<!-- first day -->")[2].partition("\n## ")[0]
COMMANDS = "".join(re.findall(r"^```sh\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL))
SERVERS = {"operator": "8401", "authority": "8402", "door": "8403"}


def on_this_machine(commands: str) -> str:
    """The commands with this machine's addresses and ports, at noon."""
    for (name, stated), port in zip(SERVERS.items(), free_ports(len(SERVERS)), strict=True):
        commands = commands.replace(f"https://{name}.example", f"http://127.0.0.1:{port}").replace(stated, str(port))
    return commands.replace("--number 1", f"--number 1 --utc-offset {offset_of_noon()}")


@pytest.mark.long
def test_the_first_day(tmp_path: Path) -> None:
    said, path = tmp_path / "said", f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = os.environ | {"HOME": str(tmp_path), "PATH": path, "PYTHONPATH": str(ROOT)}
    script = ["sh", "-euc", on_this_machine(COMMANDS)]
    with said.open("w") as output:
        shell = subprocess.Popen(
            script, cwd=tmp_path, env=environment, stdout=output, stderr=output, start_new_session=True
        )
        try:
            assert shell.wait(150) == 0, said.read_text()
        finally:
            os.killpg(shell.pid, signal.SIGTERM)  # the servers
    assert "\nADMITTED" in said.read_text()
    assert "1 in, 0 out" in said.read_text()
