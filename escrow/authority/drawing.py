"""Before a warrant is signed: what cannot be, and what an officer should look at again. Spec: §3.9, §6.8."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from escrow.authority.errors import NoWarrant, VenueNotApproved
from escrow.authority.warrants import Window
from protocol.epochs import EPOCH_SECONDS, Domain
from protocol.warrants import MAX_WARRANT_DAYS
from service.cli import local_time

if TYPE_CHECKING:
    from escrow.authority.authority import Authority

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


def what_is_known(authority: Authority, window: Window) -> Known:
    """What the authority has of a window; raises `UnknownVenue`, or `VenueNotApproved`."""
    if authority.venues.get(window.venue_id).statement is None:
        raise VenueNotApproved(window.venue_id)
    vault, commitments = authority.epochs.vault, authority.commitments
    return Known(
        vault.epochs(),
        vault.erased_epochs(),
        commitments.newest(window.venue_id),
        commitments.pauses(window.venue_id, window.begins, window.ends),
        any(one.window == window and one.stands_at(authority.clock()) for one in authority.warrants.listed()),
    )


def demand_possible(authority: Authority, window: Window, max_records: int) -> list[str]:
    """What is odd about a window, of which a warrant can be drawn; raises `NoWarrant` if none can be."""
    known, domain, now = what_is_known(authority, window), authority.domain, authority.clock()
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
