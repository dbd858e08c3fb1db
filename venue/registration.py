"""A venue's way into both parties' registers. Spec: §3.9."""

from __future__ import annotations

from aiohttp import ClientSession

from protocol.epochs import Role
from protocol.primitives.group import Point
from protocol.primitives.statements import JointStatement, verify_statement
from protocol.warrants import Venue, sign_application
from service.errors import ConfigurationError
from service.http_client import call
from service.problems import Problem
from venue.home import ServedVenue


async def apply(venue: ServedVenue, session: ClientSession) -> None:
    """Send the venue's application to both parties; raises `Problem` or `Unreachable`. It may be sent again.

    While its key changes it is signed with the next key and, unless that is lost, with the one before.
    """
    next_key = venue.next_key
    if next_key is None:
        application = sign_application(venue.record, venue.signing_key)
    else:
        previous = None if venue.has_lost_key else venue.signing_key
        application = sign_application(venue.record, next_key, previous)
    for role in Role:
        await call(session, "POST", f"{venue.home.domain_settings.url(role)}/v1/venues", application)


async def confirm(venue: ServedVenue, session: ClientSession) -> list[Role]:
    """Fetch both parties' signatures and keep them; returns the parties that have not signed yet.

    A party that signs the key before has not. Raises `Problem` or `Unreachable`, and what `keep_registration` raises.
    """
    signed = await _signed(venue, session)
    pending = [role for role in Role if role not in signed]
    if not pending:
        venue.keep_registration(JointStatement(authority=signed[Role.AUTHORITY], operator=signed[Role.OPERATOR]))
    return pending


async def abandon(venue: ServedVenue, session: ClientSession) -> Point:
    """Give up the change of the venue's key; returns the key that nobody gets, which officers may still approve.

    Raises `ConfigurationError` if there is no change, or a party has approved it; else as `confirm`.
    """
    if venue.next_key is None:
        raise ConfigurationError("no change of this venue's key is under way")
    if approved := " and the ".join(role.name.lower() for role in await _signed(venue, session)):
        raise ConfigurationError(f"the change is approved by the {approved} already; have both approve it, run confirm")
    key = venue.record.key
    venue.delete_next_key()
    return key


async def _signed(venue: ServedVenue, session: ClientSession) -> dict[Role, bytes]:
    """The parties' statements of the venue's record; while its key changes, of the one with the next key alone."""
    signed: dict[Role, bytes] = {}
    for role in Role:
        url = f"{venue.home.domain_settings.url(role)}/v1/venues/{venue.venue_id.hex()}"
        try:
            statement = await call(session, "GET", url)
        except Problem as problem:
            if problem.status != 404:
                raise
            continue
        key = verify_statement(Venue, statement, venue.home.domain.identity_key(role)).key
        if venue.next_key is None or key == venue.record.key:
            signed[role] = statement
    return signed
