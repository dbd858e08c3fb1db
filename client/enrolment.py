"""Enrolment: the operator verifies a phone number. Spec: §5.3."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from client.errors import VisitorError
from client.visitor import Visitor
from client.wallet_contents import Account, Wallet
from protocol.epochs import Role
from protocol.http_messages import Session, VerificationAnswer, VerificationRequest
from service import contact_details
from service.http_client import call

if TYPE_CHECKING:
    from aiohttp import ClientSession


def international_number(text: str) -> str:
    """A phone number in E.164 form, without the spaces, hyphens and brackets people write; raises `VisitorError`."""
    number = contact_details.international_number(text)
    if number is None:
        raise VisitorError("give the number with its country code, for example +82 10-1234-5678")
    return number


async def request_code(visitor: Visitor, session: ClientSession, phone: str) -> None:
    """Have the operator send a one-time code to a phone. Raises `VisitorError`, `Problem` or `Unreachable`."""
    request = VerificationRequest(international_number(phone))
    await call(session, "POST", f"{visitor.servers.url(Role.OPERATOR)}/v1/verifications", request)


async def confirm_code(visitor: Visitor, session: ClientSession, phone: str, name: str, code: str) -> None:
    """Show the operator the code (six digits) and keep the account that it opens.

    Unused passes of another account are dropped: they would be another person's. Raises `VisitorError`, `Malformed`,
    `Problem` or `Unreachable`.
    """
    if not re.fullmatch("[0-9]{6}", code):
        raise VisitorError("a code has six digits")
    answer = VerificationAnswer(international_number(phone), code, contact_details.canonical_name(name))
    url = f"{visitor.servers.url(Role.OPERATOR)}/v1/sessions"
    account = Account(answer.phone, answer.name, Session.from_bytes(await call(session, "POST", url, answer)))

    def keep(wallet: Wallet) -> tuple[Wallet, None]:
        same = wallet.account is not None and wallet.account.session.account_id == account.session.account_id
        return replace(wallet, account=account, days=wallet.days if same else ()), None

    visitor.change(keep)
