"""The sections of the report are the spec's, and those that have checks."""

from __future__ import annotations

import re

from conformance.catalogue import CHECKS
from conformance.clients.catalogue import CHECKS as OF_CLIENTS
from conformance.doors.catalogue import CHECKS as OF_DOORS
from conformance.sections import SECTIONS
from tests.spec.text import CHAPTERS


def test_a_section_has_its_title_and_a_check() -> None:
    heads = dict(re.findall(r"^#+ (\d\.\d+) (.+)$", "\n".join(CHAPTERS.values()), re.MULTILINE))
    used = {check.section for check in CHECKS} | {check.section for check in (*OF_CLIENTS, *OF_DOORS)}
    assert {section: heads[section] for section in used} == SECTIONS
