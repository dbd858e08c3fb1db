"""Releases of shares: what one party has on record, the other has too. Spec: §6.7."""

from __future__ import annotations

from collections.abc import AsyncIterator

from escrow.audit.audit import Audit
from escrow.audit.findings import Fault, Finding
from escrow.audit.follow import FollowedLog
from protocol.entries import EpochErased, SharesReleased
from protocol.epochs import Role
from protocol.logs import other_party
from service.cli import local_time

OPENING_SECONDS = 86_400
"""How long the authority may take from the operator's shares to its own."""


async def check_releases(audit: Audit) -> AsyncIterator[Finding]:
    """Pair the operator's releases with the authority's.

    The operator gives its shares first, and the authority none for other passes. The authority's count is smaller only
    if one of the parties had erased an epoch that the other still had.
    """
    if audit.logs.keys() != set(Role):
        return
    operator, authority = audit.logs[Role.OPERATOR], audit.logs[Role.AUTHORITY]
    unmatched = _releases(operator)
    for time, release in _releases(authority):
        match = next((one for one in unmatched if is_pair(audit, one[1], release, time)), None)
        if match is None:
            yield _unlogged(audit, Role.OPERATOR, time, release)
        else:
            unmatched.remove(match)
    for time, release in unmatched:
        if time < audit.now - OPENING_SECONDS:
            yield _unlogged(audit, Role.AUTHORITY, time, release)


def _unlogged(audit: Audit, role: Role, time: int, release: SharesReleased) -> Finding:
    other, when = other_party(role).name.lower(), local_time(time, audit.domain.utc_offset)
    return Finding(role, Fault.UNLOGGED_RELEASE, f"the {other} released {release.count} shares at {when}")


def _releases(followed: FollowedLog) -> list[tuple[int, SharesReleased]]:
    return [(one.time, one.contents) for one in followed.records if isinstance(one.contents, SharesReleased)]


def is_pair(audit: Audit, operator: SharesReleased, authority: SharesReleased, time: int) -> bool:
    """Whether the authority, at Unix time `time`, may have added its shares to these of the operator."""
    fewer = authority.count <= operator.count and not erased_alike(audit, time)
    return operator.discloses == authority.discloses and (operator.count == authority.count or fewer)


def erased_alike(audit: Audit, time: int) -> bool:
    """Whether both parties had erased the same epochs at a Unix time."""
    return _erased_by(audit.logs[Role.OPERATOR], time) == _erased_by(audit.logs[Role.AUTHORITY], time)


def _erased_by(followed: FollowedLog, time: int) -> set[int]:
    contents = (one.contents for one in followed.records if one.time <= time)
    return {one.epoch for one in contents if isinstance(one, EpochErased)}
