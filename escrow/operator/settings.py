"""The operator's settings. Spec: §6.1."""

from __future__ import annotations

from pydantic import Field

from escrow.settings import EscrowSettings


class OperatorSettings(EscrowSettings):
    """`settings.toml` in the operator's home directory."""

    port: int = Field(default=8401, ge=0, le=65535)
    sender: str = "escrow.operator.code_sender:OutboxSender"
    """Where one-time codes go: `module:Class`, called with the home directory."""
    code_seconds: int = Field(default=300, ge=30)
    code_attempts: int = Field(default=5, ge=1)
    codes_per_day: int = Field(default=10, ge=1)
    codes_per_address: int = Field(default=4, ge=1)
    """Codes for one phone that are sent in a day because one address asked."""
    verifications_per_hour: int = Field(default=600, ge=1)
    """Requests for codes from one address, which many share behind a carrier's NAT."""
    sessions_per_hour: int = Field(default=1800, ge=1)
    """Answers with codes from one address."""
    account_requests_per_hour: int = Field(default=60, ge=1)
    """Requests of one account for handles and passes."""
    requests_per_day: int = Field(default=12, ge=1)
    """Requests of one account for the passes of one epoch in a day, with those for which too few others came."""
    verification_days: int = Field(default=30, ge=1)
    """A phone number counts as verified for so long."""
    account_retention_days: int = Field(default=60, ge=31)
    """An account is deleted when its number has not counted as verified for so long.

    No epoch is published so far ahead, so that a new account gets no second allowance.
    """
    requests_per_epoch: int = Field(default=3, ge=1)
    """How often one account may ask for its allowance; all but the first are the reserve for lost answers."""
    minimum_accounts: int = Field(default=10, ge=2)
    """A batch holds the requests of at least so many accounts, or does not leave."""
    mixing_seconds: float = Field(default=45, gt=0, le=60)
    """How long a batch collects requests."""
