"""The settings of a venues' server and of each of its venues. Spec: §6.1."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from msgspec import Meta, field

from service.phone_numbers import DEFAULT_REGION, is_region
from service.settings import Port, ServerSettings, Settings, load_settings

Tolerance = Annotated[int, Meta(ge=0, le=600)]
RetentionDays = Annotated[int, Meta(ge=1, le=60)]


class DomainChoices(Settings, frozen=True, kw_only=True):
    """`[domains.NAME]` in `settings.toml`: what one domain has otherwise than the others of the home."""

    tolerance: Tolerance | None = None
    retention_days: RetentionDays | None = None


class VenueSettings(ServerSettings, frozen=True, kw_only=True):
    """`settings.toml` in the home directory: what all venues of the server have in common."""

    port: Port = 8403
    tolerance: Tolerance = 30
    """How many seconds a label's time may be from the door's clock."""
    retention_days: RetentionDays = 28
    """How many days check-ins are kept after theirs."""
    region: str = DEFAULT_REGION
    """The country (ISO 3166, two letters) of telephone numbers that staff type without a country code."""
    pages: bool = True
    """Whether the server serves the page for doors, if it is built."""
    commitment_seconds: Annotated[int, Meta(ge=600, le=3600)] = 3600
    """How often the venues commit to their check-ins at both parties."""
    client_address_header: str | None = None
    """The header in which a reverse proxy puts the client's address; without a proxy anyone could write it."""
    pairings_per_hour: Annotated[int, Meta(ge=1)] = 600
    """Tries from one address to become a reader by a link."""
    assisted_domain: str | None = None
    """The name of the domain for which staff take down people without a phone; not needed if there is one."""
    domains: dict[str, DomainChoices] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.region != DEFAULT_REGION and not is_region(self.region):  # which loads a large package
            raise ValueError(f"no country has the region's code {self.region!r}")


class VenueDescription(Settings, frozen=True, kw_only=True):
    """`venue.toml` in a venue's own directory; `init` and `add` write it."""

    name: str
    url: str = ""
    """Where visitors reach the server in scan mode, without a slash at its end; empty for a venue without one."""

    @classmethod
    def read(cls, directory: Path) -> VenueDescription:
        """The description in a venue's directory; raises `ConfigurationError`."""
        return load_settings(cls, directory / "venue.toml")
