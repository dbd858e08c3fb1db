"""A venue's way into both parties' registers. Spec: §3.9."""

from __future__ import annotations

from aiohttp import ClientSession

from protocol.epochs import Role
from protocol.statements import JointStatement, sign_statement
from protocol.warrants import VenueApplication
from service.http import Problem, call
from venue.home import VenueHome


async def apply(home: VenueHome, session: ClientSession) -> None:
    """Send the venue's application to both parties; raises `Problem` or `Unreachable`. It may be sent again."""
    application = sign_statement(VenueApplication(home.record), home.signing_key)
    for role in Role:
        await call(session, "POST", f"{home.domain_settings.url(role)}/v1/venues", application)


async def confirm(home: VenueHome, session: ClientSession) -> list[Role]:
    """Fetch both parties' signatures and keep them; returns the parties that have not signed yet.

    Raises `Problem` or `Unreachable`, and what `keep_registration` raises.
    """
    signed: dict[Role, bytes] = {}
    for role in Role:
        try:
            signed[role] = await call(
                session, "GET", f"{home.domain_settings.url(role)}/v1/venues/{home.settings.venue}"
            )
        except Problem as problem:
            if problem.status != 404:
                raise
    pending = [role for role in Role if role not in signed]
    if not pending:
        home.keep_registration(JointStatement(authority=signed[Role.AUTHORITY], operator=signed[Role.OPERATOR]))
    return pending
