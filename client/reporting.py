"""Reports on a terminal: what was found in the lists, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable

import click

from client.descriptions import describe_notice, describe_opening
from client.list_sources import Source
from client.lists import Fault
from client.visitor import Visitor
from service.words import list_fault_in_words

MORE = (
    "More was published about your passes than is kept here: somebody fills the lists.\n"
    "여기에 보관할 수 있는 것보다 많은 내용이 공개되었습니다. 누군가 목록을 채우고 있습니다."
)


def report_faults(source: Source, faults: Iterable[Fault]) -> None:
    """Say what is wrong with the lists of a source."""
    for fault in sorted(faults, key=lambda fault: fault.value):
        click.echo(list_fault_in_words(fault.value, source.role, source.kind), err=True)


def report_matches(visitor: Visitor) -> bool:
    """Say what was found about the visitor's passes; whether there was anything."""
    used, findings = visitor.wallet().used, visitor.findings()
    texts = [describe_notice(visitor, found, used[found.u]) for found in findings.notices]
    texts += [describe_opening(visitor, found, used[found.u]) for found in findings.openings]
    if findings.left_out:
        texts.append(MORE)
    for text in dict.fromkeys(texts):  # once for a group
        click.echo(text)
    return bool(texts)


def report_lost(visitor: Visitor, sources: Iterable[Source]) -> None:
    """Say of which sources that were read everything that was found is lost."""
    for source in sources:
        if source.known() is not None and visitor.findings_file(source.name).read() is None:
            report_faults(source, {Fault.LOST})
