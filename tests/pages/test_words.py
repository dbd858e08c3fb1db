"""The doors' page says what readers in Python say."""

from __future__ import annotations

import json
import subprocess

from protocol.check_ins import Direction
from protocol.http_messages import Decision
from service.words import decision_in_a_line, decision_in_words
from tests.vectors.javascript import WEB, install_packages, program

SAY = """
const words = await import('./door/words.js');
process.stdout.write(JSON.stringify({ ...words, kinds: Object.entries(words.DECISIONS) }));
"""


def test_decisions_have_one_wording_in_both_languages() -> None:
    install_packages()
    command = [program("node"), "--input-type=module", "--eval", SAY]
    said = json.loads(subprocess.run(command, cwd=WEB, capture_output=True, text=True, check=True).stdout)
    assert {int(kind): tuple(pair) for kind, pair in said["kinds"]} == {one: decision_in_words(one) for one in Decision}
    paper = decision_in_a_line(Decision.ALREADY_SPENT, Direction.ENTRY, paper=True)
    assert " / ".join(said["PAPER_SHOWN_AGAIN"]) == paper
