"""What a venue's server refuses, with the names that callers are told. Spec: §5.1, §5.5."""

from __future__ import annotations

from service.refusals import Refusal


class UnknownVenue(Refusal):
    """The server does not serve this venue, or the warrant names another."""

    name = "unknown-venue"


class NotRegistered(Refusal):
    """The two parties have not both signed a venue (16-byte id) yet."""

    name = "not-registered"

    def __init__(self, venue_id: bytes) -> None:
        super().__init__("the two parties have not both signed this venue yet")
        self.venue_id = venue_id


class NoScanMode(Refusal):
    """A venue was registered without a URL, so that there is no poster."""

    name = "no-scan-mode"


class KeyLost(Refusal):
    """A venue's key is lost."""

    name = "venue-key-lost"

    def __init__(self) -> None:
        super().__init__("the venue's key is lost; it has to register a new one")


class WindowTooOld(Refusal):
    """What a venue had committed to before a warrant's window is deleted."""

    name = "window-too-old"

    def __init__(self) -> None:
        super().__init__("the venue no longer keeps what it had committed to before this window")


class WindowTooLarge(Refusal):
    """Not even the shortest part of a warrant's window can be released: the venue commits too rarely."""

    name = "window-too-large"

    def __init__(self) -> None:
        super().__init__("what the venue committed to at once is more than one release can hold")


class PairingUsed(Refusal):
    """Another reader was paired by this link."""

    name = "pairing-used"

    def __init__(self) -> None:
        super().__init__("another device was paired by this link; if it is not yours, revoke the reader and pair anew")


class PairingExpired(Refusal):
    """There is no such link, or its time is over."""

    name = "pairing-expired"

    def __init__(self) -> None:
        super().__init__("there is no such link, or its time is over; make another with `readers add`")
