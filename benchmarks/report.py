"""The results as one page of Markdown."""

from __future__ import annotations

from benchmarks.results import Results
from benchmarks.section import Section
from benchmarks.sections import SECTIONS

_HEAD = """# What it costs

Made by `make bench` (minutes) and `make bench-full` (hours; it goes on where it was stopped) from
[results.json](results.json). Times are of the machine that each part names. What travels from one machine to another is
the ratio: what something costs next to its floor, or next to something else in the same run.
"""


def as_page(results: Results) -> str:
    """The whole page."""
    return "\n".join(
        [_HEAD, *(as_part(section, results) for section in SECTIONS.values() if section.name in results.runs)]
    )


def as_part(section: Section, results: Results) -> str:
    """One section with its tables, and the machine that it was measured on."""
    run = results.runs[section.name]
    where = (
        f"Measured on {run['measured']} in {run['seconds']} s: {run['cores']} cores ({run['processor']}), load "
        f"{run['load']}, {run['system']}, Python {run['python']}, PyNaCl {run['pynacl']}."
    )
    tables = (table.markdown() for table in section.tables(results.get(section.name)))
    return "\n".join([f"## {section.title}", "", section.text, "", where, "", *tables])
