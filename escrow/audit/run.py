"""Making an audit: whom it asks, and all that it checks. Spec: §6.7."""

from __future__ import annotations

from aiohttp import ClientSession

from escrow.audit.audit import Audit
from escrow.audit.checks import CHECKS
from escrow.audit.kept_evidence import KeptEvidence
from escrow.audit.log_follower import ShowProgress
from escrow.audit.state import AuditState
from protocol.epochs import Role
from protocol.transparency.logs import log_origin
from service.clock import unix_time
from service.errors import ConfigurationError
from service.http_client import call, new_session
from service.problems import Problem, Unreachable
from service.settings import DomainSettings

ANSWER_SECONDS = 20
"""How long a server may take for an answer."""


async def make_audit(
    settings: DomainSettings, urls: tuple[str, ...], state: AuditState, kept_evidence: KeptEvidence, tell: ShowProgress
) -> Audit:
    """Make an audit of the servers in a domain's settings, or those at `urls` in their place, and return it finished.

    `tell` is called as it goes on. Raises `ConfigurationError` for a URL that is of no party.
    """
    async with new_session(ANSWER_SECONDS) as session:
        given: dict[Role, str] = {}
        for url in urls:
            role = await _role_of(session, settings, url.rstrip("/"))
            if role in given:
                party = role.name.lower()
                raise ConfigurationError(
                    f"{given[role]} and {url} both have the {party}'s log; give one URL for each party"
                )
            given[role] = url.rstrip("/")
        places = {role: settings.url(role) for role in Role} | given
        audit = Audit(session, settings.domain, places, state, unix_time(), kept_evidence, tell)
        await audit.run(CHECKS)
    return audit


async def _role_of(session: ClientSession, settings: DomainSettings, url: str) -> Role:
    """Whose log is at a URL; raises `ConfigurationError` with what to do if that cannot be told."""
    try:
        note = await call(session, "GET", f"{url}/v1/log/checkpoint")
    except Unreachable as error:
        raise ConfigurationError(f"{error}; check the URL, or leave it out to ask the servers in domain.toml") from None
    except Problem as problem:
        raise ConfigurationError(
            f"{url} has no transparency log ({problem.detail}); give the base URL of a party's server, such as "
            f"{settings.url(Role.OPERATOR)}"
        ) from None
    for role in Role:
        if note.startswith(f"{log_origin(settings.domain, role)}\n".encode()):
            return role
    raise ConfigurationError(
        f"{url} has no log of domain {settings.number}, whose logs are called "
        f"{' and '.join(log_origin(settings.domain, role) for role in Role)}; check the URL, and --domain"
    )
