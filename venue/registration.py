"""A venue's way into the registers of a domain's parties. Spec: §3.9."""

from __future__ import annotations

from aiohttp import ClientSession

from protocol.epochs import Role
from protocol.primitives.group import Point
from protocol.primitives.statements import JointStatement, verify_statement
from protocol.warrants import Venue, sign_application
from service.errors import ConfigurationError
from service.http_client import call
from service.problems import Problem
from venue.membership import Membership


async def apply(membership: Membership, session: ClientSession) -> None:
    """Send the venue's application to both parties; raises `Problem` or `Unreachable`. It may be sent again.

    While its key changes it is signed with the next key and, unless that is lost, with the one before.
    """
    next_key = membership.next_key
    if next_key is None:
        application = sign_application(membership.record, membership.signing_key)
    else:
        previous = None if membership.lacks_key else membership.signing_key
        application = sign_application(membership.record, next_key, previous)
    for role in Role:
        await call(session, "POST", f"{membership.pinned.settings.url(role)}/v1/venues", application)


async def confirm(membership: Membership, session: ClientSession) -> list[Role]:
    """Fetch both parties' signatures and keep them; returns the parties that have not signed yet.

    A party that signs another key has not. Raises `Problem` or `Unreachable`, and what `keep_registration` raises.
    """
    signed = await _signed(membership, session)
    pending = [role for role in Role if role not in signed]
    if not pending:
        membership.keep_registration(JointStatement(authority=signed[Role.AUTHORITY], operator=signed[Role.OPERATOR]))
    return pending


async def abandon(membership: Membership, session: ClientSession) -> Point:
    """Give up the change of the venue's key; returns the key that nobody gets, which officers may still approve.

    Raises `ConfigurationError` if there is no change, or a party has approved it; else as `confirm`.
    """
    if membership.next_key is None:
        raise ConfigurationError("no change of this venue's key is under way")
    if approved := " and the ".join(role.name.lower() for role in await _signed(membership, session)):
        raise ConfigurationError(f"the change is approved by the {approved} already; have both approve it, run confirm")
    key = membership.record.key
    membership.delete_next_key()
    return key


async def _signed(membership: Membership, session: ClientSession) -> dict[Role, bytes]:
    """The parties' statements of the venue's record with the key that it asks for."""
    signed: dict[Role, bytes] = {}
    for role in Role:
        url = f"{membership.pinned.settings.url(role)}/v1/venues/{membership.venue_id.hex()}"
        try:
            statement = await call(session, "GET", url)
        except Problem as problem:
            if problem.status != 404:
                raise
            continue
        key = verify_statement(Venue, statement, membership.pinned.domain.identity_key(role)).key
        if key == membership.record.key:
            signed[role] = statement
    return signed
