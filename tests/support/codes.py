"""One-time codes without a message."""

from __future__ import annotations

from escrow.operator.accounts import Accounts


def code_in_force(accounts: Accounts, phone: str, now: int) -> str:
    """A code as if it had been sent to a phone at Unix time `now`."""
    code = accounts.new_code(phone, now)
    accounts.put_in_force(phone, code, now)
    return code
