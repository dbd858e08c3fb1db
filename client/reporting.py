"""Reports on a terminal: what was found in the lists, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from client.descriptions import describe_notice, describe_opening
from client.list_sources import Source
from client.lists import Fault
from client.visitor import Visitor
from service.words import list_fault_in_words

if TYPE_CHECKING:
    pass


def report_faults(source: Source, faults: Iterable[Fault]) -> None:
    """Say what is wrong with the lists of a source."""
    for fault in sorted(faults, key=lambda fault: fault.value):
        click.echo(list_fault_in_words(fault.value, source.role, source.kind), err=True)


def report_matches(visitor: Visitor) -> bool:
    """Say what was found about the visitor's passes; whether there was anything."""
    wallet = visitor.wallet()
    texts = [describe_notice(visitor, found, wallet.used[found.u]) for found in wallet.notices]
    texts += [describe_opening(visitor, found, wallet.used[found.u]) for found in wallet.openings]
    for text in dict.fromkeys(texts):  # once for a group
        click.echo(text)
    return bool(texts)
