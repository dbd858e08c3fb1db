"""What somebody finds who has nothing but `domain.toml`."""

from __future__ import annotations

from pathlib import Path

from aiohttp import ClientSession

from escrow.audit.audit import Audit
from escrow.audit.checks import CHECKS
from escrow.audit.findings import Fault
from escrow.audit.kept_evidence import KeptEvidence
from escrow.audit.state import AuditState
from protocol.epochs import Role
from tests.support.running import online
from tests.support.town import Town


def audit(town: Town, *seen: Path) -> Audit:
    """An audit of the town's parties, with what others give out of their phones."""

    async def run(session: ClientSession) -> Audit:
        domain = town.world.settings.domain
        state = AuditState(town.directory / "audit", domain)
        one = Audit(session, domain, town.world.urls, state, town.now, KeptEvidence(seen))
        await one.run(CHECKS)
        return one

    return online(run)


def found(town: Town, *seen: Path) -> set[tuple[Role, Fault]]:
    """The faults that an audit names."""
    return {(finding.role, finding.fault) for finding in audit(town, *seen).findings}
