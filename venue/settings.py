"""The settings of a venues' server and of each of its venues. Spec: §6.1."""

from __future__ import annotations

from pydantic import Field, field_validator

from service.contact_details import is_region
from service.settings import ServerSettings, Settings


class VenueSettings(ServerSettings):
    """`settings.toml` in the home directory: what all venues of the server have in common."""

    port: int = Field(default=8403, ge=0, le=65535)
    tolerance: int = Field(default=30, ge=0, le=600)
    """How many seconds a label's time may be from the door's clock."""
    retention_days: int = Field(default=28, ge=1, le=60)
    """How many days check-ins are kept after theirs."""
    region: str = "KR"
    """The country (ISO 3166, two letters) of telephone numbers that staff type without a country code."""
    commitment_seconds: int = Field(default=3600, ge=600, le=3600)
    """How often the venues commit to their check-ins at both parties."""

    @field_validator("region")
    @classmethod
    def _known_region(cls, region: str) -> str:
        if not is_region(region):
            raise ValueError("no country has this code")
        return region


class VenueDescription(Settings):
    """`venue.toml` in a venue's own directory; `init` and `add` write it."""

    name: str
    url: str = ""
    """Where visitors reach the server in scan mode, without a slash at its end; empty for a venue without one."""
