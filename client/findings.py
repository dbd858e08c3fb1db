"""What the published lists say about the visitor's own passes. Spec: §3.12, §3.13.

It is found out here, and nobody is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from aiohttp import ClientSession

from client.contents import FoundNotice, FoundOpening, Wallet
from client.lists import Fault, ListSource
from client.visitor import Visitor
from protocol.disclosures import Disclosure, verify_disclosure
from protocol.epochs import Role
from protocol.notices import Notice, verify_notice

Source = ListSource[Notice] | ListSource[Disclosure]


def notices_source(visitor: Visitor) -> ListSource[Notice]:
    """The authority's notices."""
    role, directory = Role.AUTHORITY, visitor.home / "lists"
    verify = partial(verify_notice, visitor.domain)
    return ListSource(role, "notices", visitor.servers.url(role), directory, verify, visitor.settings.retention_days)


def disclosures_source(visitor: Visitor, role: Role) -> ListSource[Disclosure]:
    """A party's disclosures."""
    directory, verify = visitor.home / "lists", partial(verify_disclosure, visitor.domain, role)
    return ListSource(role, "disclosures", visitor.servers.url(role), directory, verify, visitor.settings.memory_days)


def list_sources(visitor: Visitor) -> list[Source]:
    """All lists that a visitor fetches."""
    return [notices_source(visitor), *(disclosures_source(visitor, role) for role in Role)]


async def search_lists(visitor: Visitor, session: ClientSession, source: Source) -> set[Fault]:
    """Fetch the new lists of a source and keep what they say about the visitor's passes; returns what is wrong.

    Raises `Unreachable`, `Problem`, or the `SplitPassError` that a list deserves.
    """
    now = visitor.clock()
    fetched = await source.fetch(session, now)
    visitor.change(lambda wallet: (with_findings(wallet, fetched.lists), None))
    if fetched.newest is not None:
        source.keep(fetched.newest)
    return source.faults(now) | ({fetched.fault} if fetched.fault else set())


def with_findings(wallet: Wallet, lists: Iterable[Notice | Disclosure]) -> Wallet:
    """A wallet with what the lists say about its passes, each thing once."""
    notices, openings = list(wallet.notices), list(wallet.openings)
    for one in lists:
        if isinstance(one, Notice):
            notices += [FoundNotice(u, one.number, one.advice) for u in wallet.used if one.concerns(u)]
        else:
            records = [opening.record for opening in one.openings]
            openings += [
                FoundOpening(u, record.warrant, record.legal_reference)
                for record in records
                for u in wallet.used
                if record.names(u)
            ]
    return replace(wallet, notices=tuple(dict.fromkeys(notices)), openings=tuple(dict.fromkeys(openings)))
