"""What the published lists say about the visitor's own passes. Spec: §3.12, §3.13.

It is found out here, and nobody is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from client.lists import Fault, ListSource
from client.visitor import Visitor
from client.wallet_contents import FoundNotice, FoundOpening, Wallet
from protocol.disclosures import Disclosure, verify_disclosure
from protocol.epochs import Role
from protocol.notices import Notice, verify_notice
from service.problems import Unreachable

if TYPE_CHECKING:
    from aiohttp import ClientSession

SEARCH_SECONDS = 3600
"""How long the search of one source may take."""

Found = FoundNotice | FoundOpening
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

    What was found is kept also if the search cannot go on, and written when the last list has come: a pause after one
    of them would show whom it concerns. Raises `Unreachable`, `Problem`, or the `SplitPassError` that a list deserves.
    """
    now, used = visitor.clock(), tuple(visitor.wallet().used)
    found: list[Found] = []
    try:
        async with asyncio.timeout(SEARCH_SECONDS):
            followed = await source.follow(session, now, lambda one: found.extend(findings(one, used)))
    except TimeoutError:
        raise Unreachable(f"{source.server} takes too long to give all its {source.kind}") from None
    finally:
        visitor.change(lambda wallet: (_with(wallet, found), None))
    if followed.newest is not None:
        source.keep(followed.newest)
    return source.faults(now) | ({followed.fault} if followed.fault else set())


def findings(one: Notice | Disclosure, used: Iterable[bytes]) -> Iterator[Found]:
    """What a list says about these passes (each a `u`)."""
    if isinstance(one, Notice):
        yield from (FoundNotice(u, one.number, one.advice) for u in used if one.concerns(u))
    else:
        for record in (opening.record for opening in one.openings):
            yield from (FoundOpening(u, record.warrant_id, record.legal_reference) for u in used if record.names(u))


def _with(wallet: Wallet, found: Iterable[Found]) -> Wallet:
    """The wallet with what was found, each thing once."""
    both = dict.fromkeys((*wallet.notices, *wallet.openings, *found))
    return replace(
        wallet,
        notices=tuple(one for one in both if isinstance(one, FoundNotice)),
        openings=tuple(one for one in both if isinstance(one, FoundOpening)),
    )
