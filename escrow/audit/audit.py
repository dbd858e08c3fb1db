"""An audit: follow both logs, then compare them with each other and with what the parties do. Spec: §6.7."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import ClientSession

from escrow.audit.findings import Fault, Finding
from escrow.audit.kept_evidence import KeptEvidence
from escrow.audit.log_follower import FollowedLog, LogFollower, ShowProgress
from escrow.audit.state import AuditState
from protocol.epochs import Domain, Role
from protocol.primitives.errors import SplitPassError
from protocol.transparency.logs import WitnessedCheckpoint, verify_witnessed

Check = Callable[["Audit"], AsyncIterator[Finding]]
"""Finds what is wrong, given logs that could be followed."""


def tell_nobody(_what: str, _done: int, _total: int) -> None:
    """Nobody watches."""


@dataclass
class Audit:
    """One audit at Unix time `now`. `urls` are the parties' servers; `logs` what could be followed of their logs.

    `tell` is called as it goes on.
    """

    session: ClientSession
    domain: Domain
    urls: dict[Role, str]
    state: AuditState
    now: int
    kept_evidence: KeptEvidence = field(default_factory=KeptEvidence)
    tell: ShowProgress = tell_nobody
    logs: dict[Role, FollowedLog] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    _noted: set[tuple[Role, Fault, bytes]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """What earlier audits have kept is looked at as what anybody was shown."""
        self.kept_evidence = self.kept_evidence.and_in(self.state.directory)

    async def run(self, checks: tuple[Check, ...]) -> None:
        """Follow both logs and make the checks; what is found is looked at again, for the parties go on meanwhile.

        What a party has signed is kept when it is first seen, and found again, whatever the party then shows.
        """
        await self._run(checks)
        if self.findings:
            await self._run(checks)

    async def continues(self, role: Role, note: bytes, later: WitnessedCheckpoint, whose: str) -> bool:
        """Whether a checkpoint that a party proves something by, verified as `later`, continues its log."""
        follower = self._follower(role)
        continues = await follower.continues(self.logs[role], note, later, whose)
        self._note(*follower.findings)
        return continues

    async def _run(self, checks: tuple[Check, ...]) -> None:
        self.logs, self.findings, self._noted = {}, [], set()
        for role in (Role.AUTHORITY, Role.OPERATOR):  # in this order: the operator releases shares first
            await self._follow(role)
        for check in checks:
            async for finding in check(self):
                self._note(finding)

    async def _follow(self, role: Role) -> None:
        follower = self._follower(role)
        followed = await follower.follow()  # steps 1, 2
        if followed is None:
            self._note(*follower.findings, *self.state.evidence(role))
            return
        self.logs[role] = followed
        for path, note in self.kept_evidence.checkpoints(role):  # step 3
            try:
                other = verify_witnessed(self.domain, role, note)
            except SplitPassError:
                continue  # the parties never signed it
            is_larger = other.checkpoint.size > followed.witnessed.checkpoint.size
            if self._is_evidence(path) and is_larger:
                detail = f"{path} did not continue its log, an audit found"
                follower.findings.append(follower.forked(detail, note, other.checkpoint.size))
                continue
            before = len(follower.findings)
            follower.compare(followed, note, other, str(path))
            if self.state.is_kept(path) and len(follower.findings) == before and not is_larger:
                path.unlink()
        self._note(*follower.findings)

    def _follower(self, role: Role) -> LogFollower:
        return LogFollower(self.session, self.domain, role, self.urls, self.state, self.now, self.tell)

    def _is_evidence(self, path: Path) -> bool:
        return path.parent == self.state.directory and path.suffix == ".conflict"

    def _note(self, *findings: Finding) -> None:
        """Note findings, each statement once for a fault."""
        for finding in findings:
            shown = (finding.role, finding.fault, finding.statement)
            if shown not in self._noted:
                self.findings.append(finding)
            if finding.statement:
                self._noted.add(shown)
                self.state.keep_evidence(finding)
