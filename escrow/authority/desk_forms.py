"""What officers fill in at the authority's desk, as the page sends it. Spec: §6.9."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec

from escrow.authority.limits import MAX_ADVICE, MAX_REFERENCE, Limits, demand_line
from protocol.epochs import EPOCH_SECONDS, MAX_STAY
from protocol.primitives.errors import Malformed
from protocol.warrants import MAX_EMBARGO, MAX_RECORDS


class LimitsAsked(msgspec.Struct, forbid_unknown_fields=True):
    """What bounds a warrant beside its window, as on the command line."""

    assumed_stay: Annotated[int, msgspec.Meta(ge=0, le=MAX_STAY // 60)] = 120
    max_records: Annotated[int, msgspec.Meta(ge=1, le=MAX_RECORDS)] = 500
    valid_days: Annotated[int, msgspec.Meta(ge=1, le=90)] = 7
    embargo_days: Annotated[int, msgspec.Meta(ge=0, le=MAX_EMBARGO // EPOCH_SECONDS)] = 14

    def limits(self) -> Limits:
        """The same, for drawing."""
        return Limits(self.assumed_stay, self.max_records, self.valid_days, self.embargo_days)


class WarrantAsked(msgspec.Struct, forbid_unknown_fields=True):
    """A warrant for one window, as an officer drafts it."""

    venue: str
    begins: int
    ends: int
    legal_reference: str
    purpose: Literal["opening", "notice"] = "opening"
    advice: str = ""
    limits: LimitsAsked = msgspec.field(default_factory=LimitsAsked)
    confirmed: bool = False

    def __post_init__(self) -> None:
        demand_line("a legal reference", self.legal_reference, MAX_REFERENCE)
        if self.advice:
            demand_line("advice", self.advice, MAX_ADVICE)
        if bool(self.advice) is not (self.purpose == "notice"):
            raise ValueError("a warrant for a notice has advice, and no other has any")


class NoticeAsked(msgspec.Struct, forbid_unknown_fields=True):
    """The warrants of a notice."""

    warrants: list[str]


def id_bytes(text: str) -> bytes:
    """An id of 16 bytes, as the page sends it; raises `Malformed`."""
    if not re.fullmatch("[0-9a-f]{32}", text):
        raise Malformed("an id is 32 hexadecimal digits, in small letters")
    return bytes.fromhex(text)
