"""Saying on a terminal what was found in the lists, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from client.findings import Source, search_lists
from client.lists import Fault
from client.visitor import Visitor
from client.words import fault_in_words, notice_in_words, opening_in_words
from protocol.primitives.errors import SplitPassError
from service.cli import printable
from service.problems import Problem, Unreachable

if TYPE_CHECKING:
    from aiohttp import ClientSession


async def search_and_tell(visitor: Visitor, session: ClientSession, source: Source) -> bool:
    """Search the new lists of a source and say what is wrong with them; whether nothing is."""
    is_complete = True
    try:
        faults = await search_lists(visitor, session, source)
    except (Problem, Unreachable, SplitPassError) as error:
        click.echo(f"The {source.role.name.lower()}'s {source.kind}: {printable(str(error))}", err=True)
        faults, is_complete = source.faults(visitor.clock()), False
    tell_faults(source, faults)
    return is_complete and not faults


def tell_faults(source: Source, faults: Iterable[Fault]) -> None:
    """Say what is wrong with the lists of a source."""
    for fault in sorted(faults, key=lambda one: one.value):
        click.echo(fault_in_words(fault, source.role, source.kind), err=True)


def tell_findings(visitor: Visitor) -> bool:
    """Say what was found about the visitor's passes; whether there was anything."""
    wallet = visitor.wallet()
    texts = [notice_in_words(visitor, found, wallet.used[found.u]) for found in wallet.notices]
    texts += [opening_in_words(visitor, found, wallet.used[found.u]) for found in wallet.openings]
    for text in dict.fromkeys(texts):  # once for a group
        click.echo(text)
    return bool(texts)
