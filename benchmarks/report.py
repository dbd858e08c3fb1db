"""The results as one page of Markdown."""

from __future__ import annotations

import re

from benchmarks import nation
from benchmarks.plots import PLOTS
from benchmarks.results import Results
from benchmarks.section import Result, Section
from benchmarks.sections import SECTIONS

_HEAD = """# What it costs

Made by `make bench` (minutes) and `make bench-full` (hours; it goes on where it was stopped) from
[results.json](results.json). Times are of the machine that each part names. What travels from one machine to another is
the ratio: what something costs next to its floor, or next to something else in the same run.
"""


_NATION = """## A nation, on paper

Computed by `benchmarks/nation.py` from the numbers above. Nothing of it was tried at that size. Not looked at: what a
phone network or a carrier's NAT does with so many connections, how long a database of that size takes to be restored,
and what operating it costs.
"""


def as_page(results: Results) -> str:
    """The whole page."""
    parts = (as_part(section, results) for section in SECTIONS.values() if section.name in results.runs)
    return "\n".join([_HEAD, *parts, _NATION, *(table.markdown() for table in nation.tables(results))])


def as_part(section: Section, results: Results) -> str:
    """One section with its tables and its picture, and the machine that it was measured on."""
    run = results.runs[section.name]
    where = (
        f"Measured on {run['measured']} in {run['seconds']} s: {run['cores']} cores ({run['processor']}), load "
        f"{run['load']}, {run['system']}, {_programs(run)}; "
        f"`make bench ARGS={section.name}`."
    )
    picture = PLOTS.get(section.name)
    shown = [f"![{section.title}](plots/{section.name}.svg)", ""] if picture and results.get(picture[0]) else []
    tables = (table.markdown() for table in section.tables(results.get(section.name)))
    return "\n".join([f"## {section.title}", "", section.text, "", where, "", *shown, *tables])


def _programs(run: Result) -> str:
    names = {"python": "Python", "pynacl": "PyNaCl", "sqlite": "SQLite", "postgresql": "PostgreSQL"}
    known = [f"{name} {run[key]}" for key, name in names.items() if key in run]
    return ", ".join([*([f"{run['memory_gigabytes']} GB"] if "memory_gigabytes" in run else []), *known])


def with_figures(text: str, results: Results) -> str:
    """A document with its measured figures as they are in the results.

    A figure stands behind a comment with its path and format, `<!-- phone.month_kilobytes .0f -->524`.
    """

    def figure(found: re.Match[str]) -> str:
        value = results.get(found[2])
        return f"{found[1]}{value:{found[3]}}" if value is not None else found[0]

    return re.sub(r"(<!-- ([^>]+) (,?\.\df) -->)[\d.,]*\d", figure, text)
