"""The operator's settings. Spec: §6.1."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from escrow.settings import EscrowSettings
from service.phone_numbers import DEFAULT_REGION, is_region
from service.settings import Port, Positive


class OperatorSettings(EscrowSettings, frozen=True, kw_only=True):
    """`settings.toml` in the operator's home directory."""

    port: Port = 8401
    desk_port: Port = 8411
    pages: bool = True
    """Whether the server serves the page for visitors, if it is built."""
    sender: str = "escrow.operator.code_sender:OutboxSender"
    """Where one-time codes go: `module:Class`, called with the home directory."""
    code_regions: tuple[str, ...] = (DEFAULT_REGION,)
    """The countries (ISO 3166, two letters) whose numbers are sent codes. None that costs extra ever is."""
    code_seconds: Annotated[int, Meta(ge=30)] = 300
    code_attempts: Positive = 5
    codes_per_day: Positive = 10
    codes_per_address: Positive = 4
    """Codes for one phone that are sent in a day because one address asked."""
    verifications_per_hour: Positive = 600
    """Requests for codes from one address, which many share behind a carrier's NAT."""
    sessions_per_hour: Positive = 1800
    """Answers with codes from one address."""
    account_requests_per_hour: Positive = 60
    """Requests of one account for handles and passes."""
    requests_per_day: Positive = 12
    """Requests of one account for the passes of one epoch in a day, with those for which too few others came."""
    verification_days: Positive = 30
    """A phone number counts as verified for so long."""
    account_retention_days: Annotated[int, Meta(ge=31)] = 60
    """An account is deleted when its number has not counted as verified for so long.

    No epoch is published so far ahead, so that a new account gets no second allowance.
    """
    requests_per_epoch: Positive = 3
    """How often one account may ask for its allowance; all but the first are the reserve for lost answers."""
    minimum_accounts: Annotated[int, Meta(ge=2)] = 10
    """A batch holds the requests of at least so many accounts, or does not leave."""
    mixing_seconds: Annotated[float, Meta(gt=0, le=60)] = 45
    """How long a batch collects requests."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for region in self.code_regions:
            if region != DEFAULT_REGION and not is_region(region):  # which loads a large package
                raise ValueError(f"no country has the region's code {region!r}")
        if not self.code_regions:
            raise ValueError("code_regions names no country, so that nobody could enrol")
