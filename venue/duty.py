"""When a venue's commitments wait for what its readers have not delivered. Spec: §3.9."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import Gauge

from protocol.releases import COMMITMENT_MARGIN
from venue.contacts import Contact, Contacts
from venue.domains import DAYS_AHEAD, PinnedDomain
from venue.membership import Membership
from venue.reader_tokens import ReaderToken

MAX_HOLD = 23 * 3600
"""How many seconds after its last commitment a venue makes another one, whatever a reader still has."""

_out_of_touch = Gauge(
    "splitpass_readers_out_of_touch", "Readers on duty that have not delivered for long.", ("domain",)
)
_held = Gauge("splitpass_commitments_held", "Venues whose commitments wait for a reader.", ("domain",))


def out_of_touch(membership: Membership, now: int) -> list[tuple[ReaderToken, Contact]]:
    """The readers on duty that may have admitted somebody whom a commitment at Unix time `now` would make late.

    One that has had no keys for so long that it can admit nobody is none of them.
    """
    pinned = membership.pinned
    earliest, today = now - (COMMITMENT_MARGIN - pinned.tolerance), pinned.domain.epoch_at(now)
    return [
        (reader, contact)
        for reader, contact in Contacts(membership.engine).on_duty(membership.venue_id)
        if contact.since < earliest and today <= pinned.domain.epoch_at(contact.heard) + DAYS_AHEAD
    ]


def is_held(membership: Membership, now: int) -> bool:
    """Whether the venue's commitment in this domain waits for a reader at Unix time `now`."""
    waited_for = out_of_touch(membership, now)  # step 1
    if not waited_for:
        return False
    last = membership.log.newest(now)
    begun = max(contact.since for _, contact in waited_for) if last is None else last
    return now - begun < MAX_HOLD  # step 2


def measure(pinned: PinnedDomain, memberships: Iterable[Membership], now: int) -> None:
    """Tell how many readers of a domain's venues are out of touch, and how many venues' commitments wait for one."""
    own = [membership for membership in memberships if membership.pinned is pinned]
    number = pinned.domain.number
    _out_of_touch.labels(number).set(sum(len(out_of_touch(membership, now)) for membership in own))
    _held.labels(number).set(sum(is_held(membership, now) for membership in own))


def forget(domain: int) -> None:
    """Tell nothing any more of a domain (its number) that was measured."""
    for gauge in (_out_of_touch, _held):
        gauge.remove(str(domain))
