"""Before a warrant is signed: what cannot be, and what an officer should look at again. Spec: §3.9, §6.8."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from escrow.authority.errors import NoWarrant, VenueNotApproved
from escrow.authority.warrants import Window
from protocol.epochs import EPOCH_SECONDS, Domain
from protocol.warrants import MAX_WARRANT_DAYS
from service.cli import local_time
from service.http_client import exchange
from service.problems import Unreachable

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from escrow.authority.authority import Authority

ANSWER_SECONDS = 10
"""How long an operator may take to say whether it has erased a day."""
MANY_RECORDS = 5_000
"""Of a warrant for more records an officer is asked whether that is meant."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a party has that a window may be about: the epochs that it keeps, and those that it has erased.

    `committed` is when the venue last committed; `pauses` are when it did not for long, as far as the window touches
    that; `drawn` is whether a warrant for this very window stands. Times are in Unix seconds.
    """

    kept: Collection[int]
    erased: Collection[int]
    committed: int | None
    pauses: Collection[tuple[int, int]]
    drawn: bool


class Held(NamedTuple):
    """What an authority has whatever the window: the epochs that both parties keep, as far as it knows, and those that
    one has erased; and the windows for which a warrant stands.
    """

    kept: frozenset[int]
    erased: frozenset[int]
    drawn: frozenset[Window]


async def erased_by_operator(authority: Authority, session: ClientSession, windows: Collection[Window]) -> set[int]:
    """Those epochs of windows that the authority keeps and the operator's server says it has erased.

    A statement may be in caches, which are told to ask again. None if the operator is out of reach: it says so when
    shares are asked for.
    """
    now, erased = authority.clock(), set[int]()
    days = set[int]().union(*(_days(authority.domain, window, now) for window in windows if window.begins < now))
    for epoch in sorted(days.intersection(authority.epochs.vault.epochs())):
        url = f"{authority.peer.url}/v1/epochs/{epoch}"
        try:
            answer = await exchange(session, "GET", url, b"", {"Cache-Control": "no-cache"}, ANSWER_SECONDS)
        except Unreachable:
            break
        if answer.status == HTTPStatus.GONE:
            erased.add(epoch)
    return erased


def what_is_held(authority: Authority, erased_by_operator: Collection[int] = ()) -> Held:
    """What the authority has whatever the window, read once for all of them."""
    vault, now = authority.epochs.vault, authority.clock()
    return Held(
        frozenset(vault.epochs()).difference(erased_by_operator),
        frozenset(vault.erased_epochs()).union(erased_by_operator),
        frozenset(one.window for one in authority.warrants.listed() if one.stands_at(now)),
    )


def what_is_known(authority: Authority, window: Window, held: Held) -> Known:
    """What the authority has of a window; raises `UnknownVenue`, or `VenueNotApproved`."""
    if authority.venues.get(window.venue_id).statement is None:
        raise VenueNotApproved(window.venue_id)
    commitments = authority.commitments
    return Known(
        held.kept,
        held.erased,
        commitments.newest(window.venue_id),
        commitments.pauses(window.venue_id, window.begins, window.ends),
        window in held.drawn,
    )


def demand_possible(
    authority: Authority, window: Window, max_records: int, erased_by_operator: Collection[int] = ()
) -> list[str]:
    """What is odd about a window, of which a warrant can be drawn; raises `NoWarrant` if none can be."""
    known = what_is_known(authority, window, what_is_held(authority, erased_by_operator))
    domain, now = authority.domain, authority.clock()
    if why := what_cannot_be(window, now) or why_closed(domain, known, window, now):
        raise NoWarrant(window.venue_id, why)
    return what_is_odd(domain, known, window, now, max_records)


def what_cannot_be(window: Window, now: int) -> str | None:
    """Why no warrant is drawn for a window at Unix time `now`, in any domain; None if one can be."""
    if window.begins >= window.ends:
        return "the window ends before it begins"
    if window.begins >= now:
        return "the window is in the future"
    if window.ends - window.begins > MAX_WARRANT_DAYS * EPOCH_SECONDS:
        return f"the window is longer than {MAX_WARRANT_DAYS} days; draw several warrants"
    return None


def why_closed(domain: Domain, known: Known, window: Window, now: int) -> str | None:
    """Why a domain has nothing of a window that could be opened at Unix time `now`; None if it may have."""
    days = _days(domain, window, now)
    if days & set(known.kept):
        return None
    if days <= set(known.erased):
        return "every day of the window is erased: its check-ins can never be opened"
    first = min([*known.kept, *known.erased], default=None)
    if first is None or max(days) < first:
        return "the window is before the domain's first day"
    return "no day of the window is kept any more: its check-ins can never be opened"


def what_is_odd(domain: Domain, known: Known, window: Window, now: int, max_records: int) -> list[str]:
    """What an officer should look at again before a warrant for a window is signed at Unix time `now`."""
    offset = domain.utc_offset
    odd = []
    if known.drawn:
        odd.append("there is a warrant for this very window already")
    if window.ends > now:
        odd.append("the window ends in the future: what is admitted from now on is not released under this warrant")
    if window.ends - window.begins > EPOCH_SECONDS:
        odd.append("the window is longer than a day")
    missing = sorted(_days(domain, window, now).difference(known.kept))
    odd += [f"{local_time(domain.epoch_begins(day), offset)[:10]} is not kept: nothing of it opens" for day in missing]
    if max_records > MANY_RECORDS:
        odd.append(f"the warrant is for more than {MANY_RECORDS} records")
    if known.committed is None or known.committed < min(window.ends, now):
        since = (
            "never committed" if known.committed is None else f"last committed {local_time(known.committed, offset)}"
        )
        odd.append(f"the venue has {since}: what it admitted later is not released under this warrant")
    for before, after in known.pauses:
        since = f"from {local_time(before, offset)} " if before else ""
        odd.append(
            f"the venue did not commit {since}until {local_time(after, offset)}: among what it admitted then could be "
            "another venue's check-ins"
        )
    return odd


def _days(domain: Domain, window: Window, now: int) -> set[int]:
    """The epochs of a window that have begun; no window is so long that these are many."""
    return set(range(domain.epoch_at(window.begins), domain.epoch_at(min(window.ends, now + 1) - 1) + 1))
