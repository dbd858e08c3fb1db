"""Enrolment: the operator verifies a phone number. Spec: §5.3."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

from client.errors import VisitorError
from client.visitor import Visitor
from client.wallet_contents import Account, Wallet
from protocol.epochs import Role
from protocol.http_messages import Session, VerificationAnswer, VerificationRequest
from service import names, phone_numbers
from service.http_client import call

if TYPE_CHECKING:
    from aiohttp import ClientSession


def international_number(text: str, region: str | None = None) -> str:
    """A phone number in E.164 form, without the spaces, hyphens and brackets people write; raises `VisitorError`.

    Without a country code it is one of `region` (ISO 3166, two letters) if there is one.
    """
    number = phone_numbers.international_number(text, region)
    if number is None or not phone_numbers.is_assigned(number):
        raise VisitorError(
            "this is no telephone number; with its country code one looks like +82 10-1234-5678 / "
            "전화번호를 확인해 주세요. 예: 010-1234-5678, +82 10-1234-5678"
        )
    return number


def checked_name(text: str) -> str:
    """A name as the operator takes it; raises `VisitorError` with what is wrong, before anything costs a message."""
    name = names.canonical_name(text)
    if fault := names.fault_of(name):
        raise VisitorError(fault)
    return name


def checked_code(text: str) -> str:
    """The six digits of a code, without what stands around them in its message; raises `VisitorError`."""
    digits = "".join(str(unicodedata.decimal(one, one)) for one in text)
    codes = re.findall(r"(?<!\d)\d{6}(?!\d)", re.sub(r"(?<=\d)[\s-]+(?=\d)", "", digits))
    if len(codes) != 1:
        raise VisitorError("a code has six digits / 인증 번호는 숫자 여섯 자리입니다")
    return str(codes[0])


async def request_code(visitor: Visitor, session: ClientSession, phone: str) -> None:
    """Have the operator send a one-time code to a phone. Raises `VisitorError`, `Problem` or `Unreachable`."""
    request = VerificationRequest(international_number(phone, visitor.settings.region))
    await call(session, "POST", f"{visitor.servers.url(Role.OPERATOR)}/v1/verifications", request)


async def confirm_code(visitor: Visitor, session: ClientSession, phone: str, name: str, code: str) -> None:
    """Show the operator the code (six digits) and keep the account that it opens.

    Unused passes of another account are dropped: they would be another person's. Raises `VisitorError`, `Malformed`,
    `Problem` or `Unreachable`.
    """
    number = international_number(phone, visitor.settings.region)
    answer = VerificationAnswer(number, checked_code(code), checked_name(name))
    url = f"{visitor.servers.url(Role.OPERATOR)}/v1/sessions"
    account = Account(answer.phone, answer.name, Session.from_bytes(await call(session, "POST", url, answer)))

    def keep(wallet: Wallet) -> tuple[Wallet, None]:
        same = wallet.account is not None and wallet.account.session.account_id == account.session.account_id
        return replace(wallet, account=account, days=wallet.days if same else ()), None

    visitor.change(keep)
