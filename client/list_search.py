"""What the published lists say about the visitor's own passes. Spec: §3.12, §3.13.

It is found out here, and nobody is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from client.findings import Found, FoundNotice, FoundOpening
from client.list_sources import Source
from client.lists import Fault
from client.visitor import Visitor
from protocol.disclosures import Disclosure
from protocol.notices import VerifiedNotice
from service.problems import Unreachable

if TYPE_CHECKING:
    from aiohttp import ClientSession

SEARCH_SECONDS = 3600
"""How long the search of one source may take."""


async def search_lists(visitor: Visitor, session: ClientSession, source: Source) -> set[Fault]:
    """Fetch the new lists of a source and keep what they say about the visitor's passes.

    What was found is kept also if the search cannot go on, and written when the last list has come: a pause after one
    of them would show whom it concerns.

    Returns:
        What is wrong with the lists.

    Raises:
        Unreachable: The party does not answer, or takes longer than `SEARCH_SECONDS`.
        Problem: It answers with a problem other than 404.
        SplitPassError: A list is not what its party may publish.
    """
    now, used = visitor.clock(), tuple(visitor.wallet().used)
    if visitor.findings_file(source.name).read() is None:
        source.start_over()
    found: list[Found] = []
    try:
        async with asyncio.timeout(SEARCH_SECONDS):
            result = await source.follow(session, now, lambda published: found.extend(matches(published, used)))
    except TimeoutError:
        raise Unreachable(f"{source.server} takes too long to give all its {source.kind}") from None
    finally:
        visitor.keep_found(source.name, found)
    if result.newest is not None:
        source.keep(result.newest)
    return source.faults(now) | ({result.fault} if result.fault else set())


def matches(published: VerifiedNotice | Disclosure, used: Iterable[bytes]) -> Iterator[Found]:
    """Look for passes in a list.

    Args:
        published: The verified list.
        used: The `u` (32 bytes) of each pass.

    Yields:
        What the list says about one of the passes.
    """
    if isinstance(published, VerifiedNotice):
        yield from (FoundNotice(u, published.number, published.advice) for u in used if published.concerns(u))
    else:
        for record in (opening.record for opening in published.openings):
            yield from (FoundOpening(u, record.warrant_id, record.legal_reference) for u in used if record.names(u))
