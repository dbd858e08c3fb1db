"""An audit: follow both logs, then compare them with each other and with what the parties do. Spec: §6.7."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from aiohttp import ClientSession

from escrow.audit.findings import Finding
from escrow.audit.follow import FollowedLog, Follower
from escrow.audit.seen import Seen
from escrow.audit.state import AuditState
from protocol.epochs import Domain, Role
from protocol.errors import SplitPassError
from protocol.logs import other_party, verify_witnessed

Check = Callable[["Audit"], AsyncIterator[Finding]]
"""Finds what is wrong, given logs that could be followed."""


@dataclass
class Audit:
    """One audit at Unix time `now`. `urls` are the parties' servers; `logs` what could be followed of their logs."""

    session: ClientSession
    domain: Domain
    urls: dict[Role, str]
    state: AuditState
    now: int
    seen: Seen = field(default_factory=Seen)
    logs: dict[Role, FollowedLog] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    async def run(self, checks: tuple[Check, ...]) -> None:
        """Follow both logs and make the checks; what is found is looked at again, for the parties go on meanwhile."""
        await self._run(checks)
        if self.findings:
            await self._run(checks)

    async def _run(self, checks: tuple[Check, ...]) -> None:
        self.logs, self.findings = {}, []
        for role in (Role.AUTHORITY, Role.OPERATOR):  # in this order: the operator releases shares first
            await self._follow(role)
        for check in checks:
            self.findings += [finding async for finding in check(self)]

    async def _follow(self, role: Role) -> None:
        follower = Follower(
            self.session, self.domain, role, self.urls[role], self.urls[other_party(role)], self.state, self.now
        )
        followed = await follower.follow()
        if followed is not None:
            self.logs[role] = followed
            for path, note in self.seen.checkpoints(role):
                try:
                    follower.compare(followed, note, verify_witnessed(self.domain, role, note), str(path))
                except SplitPassError:
                    continue  # the parties never signed it
        self.findings += follower.findings
