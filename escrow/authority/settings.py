"""The authority's settings. Spec: §6.1."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from escrow.settings import EscrowSettings
from service.phone_numbers import DEFAULT_REGION, is_region
from service.settings import Port


class AuthoritySettings(EscrowSettings, frozen=True, kw_only=True):
    """`settings.toml` in the authority's home directory."""

    port: Port = 8402
    desk_port: Port = 8412
    threads: Annotated[int, Meta(ge=1, le=64)] = 2
    """Threads that issue passes; libsodium lets them run at once."""
    region: str = DEFAULT_REGION
    """The country in whose form exported phone numbers are written."""
    other_domains: tuple[Path, ...] = ()
    """The homes of this authority's other domains: a case goes through all of them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.region != DEFAULT_REGION and not is_region(self.region):  # which loads a large package
            raise ValueError(f"no country has the region's code {self.region!r}")
