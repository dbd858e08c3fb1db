"""Releases of shares: what one party has on record, the other has too. Spec: §6.7.

A release that only one log has says that something is wrong, and not with whom, so both parties are named.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from escrow.audit.audit import Audit
from escrow.audit.findings import Fault, Finding
from escrow.audit.log_follower import FollowedLog
from protocol.epochs import Role
from protocol.transparency.log_entries import EpochErased, SharesReleased
from protocol.transparency.logs import other_party
from service.cli import local_time

OPENING_SECONDS = 86_400
"""How long the authority may take from the operator's shares to its own."""
ERASING_SECONDS = 3600
"""How long after an erasure its entry may be."""
TimedRelease = tuple[int, SharesReleased]
"""A release with the Unix time at which it was put on record."""


async def check_releases(audit: Audit) -> AsyncIterator[Finding]:
    """Pair the operator's releases with the authority's.

    The operator gives its shares first, and the authority none for other passes. The authority's count is smaller only
    if one of the two has erased an epoch that the operator still had when it gave.
    """
    if audit.logs.keys() != set(Role):
        return
    operator, authority = audit.logs[Role.OPERATOR], audit.logs[Role.AUTHORITY]
    unmatched = _releases(operator)
    for time, release in _releases(authority):
        match = next((given for given in unmatched if is_pair(audit, given, (time, release))), None)
        if match is None:
            for finding in _unmatched(audit, Role.AUTHORITY, time, release):
                yield finding
        else:
            unmatched.remove(match)
    for time, release in unmatched:
        if time < audit.now - OPENING_SECONDS:
            for finding in _unmatched(audit, Role.OPERATOR, time, release):
                yield finding


MAY_HIDE = {
    Role.OPERATOR: "it gave shares and hides that, or the authority has put on record what did not happen",
    Role.AUTHORITY: "it used the operator's shares and hides that, or it received no valid shares, or did not use them",
}
"""What may be true of the party whose log lacks a release."""
MAY_PRETEND = {
    Role.OPERATOR: "it gave no valid shares, or the authority did not use them, or used them and hides that",
    Role.AUTHORITY: "it put on record what did not happen, or the operator gave shares and hides that",
}
"""What may be true of the party whose log has it."""


def _unmatched(audit: Audit, role: Role, time: int, release: SharesReleased) -> Iterator[Finding]:
    """A release on record at the party `role` alone."""
    other, when = other_party(role), local_time(time, audit.domain.utc_offset)
    has = f"release of {release.count} shares of {when}"
    lacking = f"its log lacks the {role.name.lower()}'s {has}: {MAY_HIDE[other]}"
    yield Finding(other, Fault.UNLOGGED_RELEASE, lacking, about={"time": time})
    lone = f"the {other.name.lower()}'s log lacks its {has}: {MAY_PRETEND[role]}"
    yield Finding(role, Fault.UNMATCHED_RELEASE, lone, about={"time": time})


def _releases(followed: FollowedLog) -> list[TimedRelease]:
    return [
        (record.time, record.contents) for record in followed.records if isinstance(record.contents, SharesReleased)
    ]


def is_pair(audit: Audit, operator: TimedRelease, authority: TimedRelease) -> bool:
    """Whether the authority may have added its shares to these of the operator."""
    (given_at, given), (added_at, added) = operator, authority
    fewer = added.count < given.count and may_be_fewer(audit, given_at, added_at)
    return given.discloses == added.discloses and (given.count == added.count or fewer)


def may_be_fewer(audit: Audit, given: int, added: int) -> bool:
    """Whether by Unix time `added` a party had erased an epoch of which the operator had its share at `given`.

    What the operator had erased is not among what it gave. What it erased after that it does not give again, although
    its record stays. An erasure is on record a little after it was made, maybe in the second of another entry.
    """
    logs = audit.logs
    erased = {epoch for role in Role for epoch in _erased_by(logs[role], added + ERASING_SECONDS)}
    return bool(erased - _erased_by(logs[Role.OPERATOR], given - 1))


def _erased_by(followed: FollowedLog, time: int) -> set[int]:
    contents = (record.contents for record in followed.records if record.time <= time)
    return {said.epoch for said in contents if isinstance(said, EpochErased)}
