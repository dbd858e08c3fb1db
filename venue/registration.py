"""A venue's way into both parties' registers. Spec: §3.9."""

from __future__ import annotations

from aiohttp import ClientSession

from protocol.epochs import Role
from protocol.statements import JointStatement, sign_statement
from protocol.warrants import VenueApplication
from service.http import Problem, call
from venue.home import ServedVenue


async def apply(venue: ServedVenue, session: ClientSession) -> None:
    """Send the venue's application to both parties; raises `Problem` or `Unreachable`. It may be sent again."""
    application = sign_statement(VenueApplication(venue.record), venue.signing_key)
    for role in Role:
        await call(session, "POST", f"{venue.home.domain_settings.url(role)}/v1/venues", application)


async def confirm(venue: ServedVenue, session: ClientSession) -> list[Role]:
    """Fetch both parties' signatures and keep them; returns the parties that have not signed yet.

    Raises `Problem` or `Unreachable`, and what `keep_registration` raises.
    """
    signed: dict[Role, bytes] = {}
    for role in Role:
        url = f"{venue.home.domain_settings.url(role)}/v1/venues/{venue.venue.hex()}"
        try:
            signed[role] = await call(session, "GET", url)
        except Problem as problem:
            if problem.status != 404:
                raise
    pending = [role for role in Role if role not in signed]
    if not pending:
        venue.keep_registration(JointStatement(authority=signed[Role.AUTHORITY], operator=signed[Role.OPERATOR]))
    return pending
