"""The specification has a new revision whenever a step, message, constant or vector changes, and says why."""

from __future__ import annotations

import re
from hashlib import sha256

from protocol import SPEC_REVISION
from tests.spec.text import SPEC, procedures, table

CHANGES = (SPEC / "CHANGES.md").read_text("utf-8")
LINES = [
    (int(revision), int(oldest), digest, change)
    for revision, oldest, digest, change in re.findall(
        r"^\| (\d+) \| (\d+) \| `(\w+)` \| (.+) \|$", CHANGES, re.MULTILINE
    )
]


def parts() -> list[bytes]:
    """What other programs depend on, without comments and line breaks that mean nothing."""
    steps = [" ".join(steps.split()) for _, steps in procedures()]
    rules = re.sub(r";.*", "", (SPEC / "messages.cddl").read_text("utf-8"))
    constants = [f"{row['name']} {row['value']}" for row in table("constants") if not row["what"].startswith("default")]
    vectors = [
        part for path in sorted((SPEC / "vectors").glob("*.json")) for part in (path.name.encode(), path.read_bytes())
    ]
    return [text.encode() for text in (*steps, " ".join(rules.split()), *constants)] + vectors


def digest() -> str:
    """The digest of a revision: 16 hexadecimal digits."""
    return sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts())).hexdigest()[:16]


def test_the_newest_line_is_of_the_specification_as_it_is() -> None:
    assert LINES[-1][2] == digest(), (
        "a step, message, constant or vector has changed: raise SPEC_REVISION, and add a line with the new digest to "
        "spec/CHANGES.md that says what changed and which revisions still work with it"
    )


def test_revisions_are_counted_without_gaps_up_to_the_programs() -> None:
    assert [revision for revision, *_ in LINES] == list(range(1, SPEC_REVISION + 1))


def test_no_two_revisions_are_the_same() -> None:
    assert len({digest for _, _, digest, _ in LINES}) == len(LINES)


def test_each_revision_names_the_oldest_that_it_works_with() -> None:
    """Not itself newer than the revision, and never one that the revision before has given up."""
    oldest = [oldest for _, oldest, *_ in LINES]
    assert all(1 <= works_with <= revision for revision, works_with, *_ in LINES)
    assert oldest == sorted(oldest)
