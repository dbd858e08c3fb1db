"""What the authority refuses its officer, with the names that the officer is told."""

from __future__ import annotations

from service.refusals import Refusal


class VenueNotApproved(Refusal):
    """A warrant names a venue (16-byte id) that the officer has not approved."""

    name = "venue-pending"

    def __init__(self, venue_id: bytes) -> None:
        super().__init__("approve the venue first")
        self.venue_id = venue_id


class NoWarrant(Refusal):
    """No warrant can be for such a window at a venue (16-byte id), for a reason."""

    name = "no-warrant"

    def __init__(self, venue_id: bytes, reason: str) -> None:
        super().__init__(reason)
        self.venue_id, self.reason = venue_id, reason


class VenueOffline(Refusal):
    """A venue (16-byte id) has no server that could be asked for its release."""

    name = "venue-offline"

    def __init__(self, venue_id: bytes, venue_name: str) -> None:
        super().__init__(f"{venue_name} has no server that could be asked")
        self.venue_id = venue_id


class NoRelease(Refusal):
    """The venue's release for a warrant (16-byte id) is not here."""

    name = "no-release"

    def __init__(self, warrant_id: bytes) -> None:
        super().__init__("request the venue's release first")
        self.warrant_id = warrant_id


class NotOpened(Refusal):
    """Nothing was opened under a warrant (16-byte id), or it is not kept any more."""

    name = "not-opened"

    def __init__(self, warrant_id: bytes, *, was_opened: bool) -> None:
        gone = "what was opened under the warrant is not kept any more"
        super().__init__(gone if was_opened else "the warrant has not been opened")
        self.warrant_id, self.was_opened = warrant_id, was_opened


class UnknownCase(Refusal):
    """There is no case of a name."""

    name = "unknown-case"

    def __init__(self, case: str) -> None:
        super().__init__(f"there is no case {case}; see case list")
        self.case = case


class CaseExists(Refusal):
    """A case of a name rests on another legal reference."""

    name = "case-exists"

    def __init__(self, case: str) -> None:
        super().__init__(f"there is a case {case} already, with another legal reference")
        self.case = case


class CaseClosed(Refusal):
    """A case of a name is closed."""

    name = "case-closed"

    def __init__(self, case: str) -> None:
        super().__init__(f"the case {case} is closed")
        self.case = case


class CaseUnfinished(Refusal):
    """A case of a name cannot be closed while warrants (16-byte ids) stand under which nothing was opened.

    Nor while the operator has not been told that one was withdrawn.
    """

    name = "case-unfinished"

    def __init__(self, case: str, warrant_ids: list[bytes]) -> None:
        listed = ", ".join(warrant_id.hex() for warrant_id in warrant_ids)
        super().__init__(f"open what these warrants of {case} are for, or withdraw them: {listed}")
        self.case, self.warrant_ids = case, warrant_ids


class UnknownWindow(Refusal):
    """A case has no such window at a venue (16-byte id)."""

    name = "unknown-window"

    def __init__(self, case: str, venue_id: bytes) -> None:
        super().__init__(f"{case} has no such window at {venue_id.hex()}; nothing is removed")
        self.case, self.venue_id = case, venue_id


class WindowInUse(Refusal):
    """A window cannot leave a case while warrants (16-byte ids) for it stand, or when they were opened."""

    name = "window-in-use"

    def __init__(self, case: str, warrant_ids: list[bytes]) -> None:
        listed = ", ".join(warrant_id.hex() for warrant_id in warrant_ids)
        super().__init__(
            f"nothing is removed: withdraw these warrants of {case} first; what was opened stays in it: {listed}"
        )
        self.case, self.warrant_ids = case, warrant_ids
