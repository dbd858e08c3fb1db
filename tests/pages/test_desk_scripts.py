"""The officers' page, without a browser: what it has signed, and what it says in Korean."""

from __future__ import annotations

import json
import re
import subprocess

from escrow.authority.drawing import Known, what_cannot_be, what_is_odd, why_closed
from escrow.authority.outcomes import WHY, why_set_aside
from escrow.authority.warrants import Window
from protocol.epochs import EPOCH_SECONDS, Domain
from protocol.primitives.signatures import SigningKey, public_key
from tests.vectors.javascript import WEB, install_packages, program


def test_the_page_has_nothing_signed_but_what_it_shows() -> None:
    install_packages()
    done = subprocess.run(
        [program("node"), "--test", "test/desk/voting.test.js"], cwd=WEB, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_what_the_server_tells_of_windows_and_outcomes_has_its_korean() -> None:
    domain = Domain(7, public_key(SigningKey.generate()), public_key(SigningKey.generate()), 9 * 3600, 12)
    begins = domain.epoch_begins(20_000)
    window = Window(bytes(16), begins, begins + 2 * EPOCH_SECONDS)
    texts = [
        *what_is_odd(
            domain, Known([], [], None, [(0, begins + 9), (begins + 9, begins + 99)], True), window, begins, 9_999
        ),
        *what_is_odd(domain, Known([], [], begins, [], False), window, begins, 1),
        *(what_cannot_be(one, begins + 1) or "" for one in impossible_windows(begins)),
        *(why_closed(domain, Known(kept, erased, None, [], False), window, begins) or "" for kept, erased in CLOSED),
        *WHY.values(),
        why_set_aside("MalformedPoint"),
        why_set_aside("another"),
        "41 of 44 visits opened, 40 contacts, 2 asserted by the venue, not verified; 3 set aside: it does not hold",
        "44 visits released in 2 parts",
        "a visit of which two parts show something counts in both",
        "3 of them with a pass that was opened for another venue",
        "3 of them with a pass that was opened for another venue too",
        "3 of them on days that are erased here: they can never be opened",
        "2 of 3 parts are not opened yet: run `case release` and `case open` again",
        "when the warrant was issued it had last committed 2026-11-30 11:59:39: if it admitted more, have it run",
        "released, not opened yet",
        "not committed",
    ]
    assert "" not in texts
    for text, korean in zip(texts, in_korean(texts), strict=True):
        assert not re.search("[A-Za-z]", korean), f"{text}: {korean}"


CLOSED: tuple[tuple[list[int], list[int]], ...] = (
    ([], [19_999, 20_000, 20_001]),
    ([], [20_001]),
    ([19_000], []),
)
"""Epochs that are kept and erased, none of which a window is of."""


def impossible_windows(begins: int) -> list[Window]:
    """Windows for which no warrant can be drawn, a second after `begins`."""
    spans = ((begins, begins), (begins + 9, begins + 99), (begins, begins + 99 * EPOCH_SECONDS))
    return [Window(bytes(16), *span) for span in spans]


def in_korean(texts: list[str]) -> list[str]:
    """What the page makes of the server's texts."""
    install_packages()
    script = "import { inKorean } from './desk/serverTexts.js'; import { readFileSync } from 'node:fs';"
    script += "console.log(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map(inKorean)));"
    command = [program("node"), "--input-type=module", "--eval", script]
    done = subprocess.run(command, cwd=WEB, input=json.dumps(texts), capture_output=True, text=True, check=True)
    korean: list[str] = json.loads(done.stdout)
    return korean
