"""What either party refuses, with the names that callers are told. Spec: §5.1."""

from __future__ import annotations

from service.refusals import Refusal


class UnknownEpoch(Refusal):
    """The party has not published this epoch, or one of both has not."""

    name = "unknown-epoch"

    def __init__(self, epoch: int) -> None:
        super().__init__(f"epoch {epoch} is not published")
        self.epoch = epoch


class ErasedEpoch(Refusal):
    """The share of an epoch was destroyed, and cannot come back; the text says what that means for the caller."""

    name = "epoch-erased"

    def __init__(self, epoch: int, consequence: str | None = None) -> None:
        super().__init__(f"epoch {epoch} was erased" + ("" if consequence is None else f": {consequence}"))
        self.epoch = epoch


class ListNotPublished(Refusal):
    """There is no list of a kind (`notices` or `disclosures`) with this number, or none at all."""

    name = "not-published"

    def __init__(self, kind: str, number: int | None) -> None:
        super().__init__(f"these {kind} are not published")
        self.kind, self.number = kind, number


class NoCheckpoint(Refusal):
    """No checkpoint of a log was cosigned yet."""

    name = "no-checkpoint"


class UnknownLog(Refusal):
    """The witness knows no such log."""

    name = "unknown-log"


class UnsignedCheckpoint(Refusal):
    """A checkpoint is not signed by the log that it names."""

    name = "unsigned-checkpoint"


class UnknownVenue(Refusal):
    """No venue of this id (16 bytes) has applied."""

    name = "unknown-venue"

    def __init__(self, venue_id: bytes) -> None:
        super().__init__(f"no venue {venue_id.hex()} has applied")
        self.venue_id = venue_id


class VenuePending(Refusal):
    """The officer has not approved a venue (16-byte id) yet."""

    name = "venue-pending"

    def __init__(self, venue_id: bytes) -> None:
        super().__init__("the officer has not approved this venue yet")
        self.venue_id = venue_id


class VenueExists(Refusal):
    """Another record has a venue's id (16 bytes) and key."""

    name = "venue-exists"

    def __init__(self, venue_id: bytes) -> None:
        super().__init__("another record has this venue id and key")
        self.venue_id = venue_id


class VenueChanged(Refusal):
    """The party has approved another record of a venue (16-byte id) than the one that it was shown."""

    name = "venue-changed"

    def __init__(self, venue_id: bytes) -> None:
        super().__init__("this is not the venue's present record; ask for its release again")
        self.venue_id = venue_id


class InvalidName(Refusal):
    """A name, or a warrant's legal reference, has characters that are not allowed."""

    name = "invalid-name"


REFUSED = "the operator refused the warrant: "
"""What stands before the reason where a refusal is told."""


class UnknownWarrant(Refusal):
    """A party has no warrant of this id (16 bytes)."""

    name = "unknown-warrant"

    def __init__(self, warrant_id: bytes, detail: str) -> None:
        super().__init__(detail)
        self.warrant_id = warrant_id


class WarrantWithdrawn(Refusal):
    """The authority has withdrawn a warrant (16-byte id)."""

    name = "warrant-withdrawn"

    def __init__(self, warrant_id: bytes) -> None:
        super().__init__("the authority has withdrawn the warrant")
        self.warrant_id = warrant_id


class AlreadyOpened(Refusal):
    """Shares were given or a notice was signed under a warrant (16-byte id), which cannot be taken back."""

    name = "warrant-opened"

    def __init__(self, warrant_id: bytes) -> None:
        super().__init__(
            "shares were given or a notice was signed under the warrant, which cannot be taken back; "
            "open it to the end, or publish the notice"
        )
        self.warrant_id = warrant_id


class WarrantExhausted(Refusal):
    """More passes would be released under a warrant (16-byte id) than its maximum of records."""

    name = "warrant-exhausted"

    def __init__(self, warrant_id: bytes, max_records: int) -> None:
        super().__init__(f"the warrant allows {max_records} records in all")
        self.warrant_id, self.max_records = warrant_id, max_records


class PeerFailed(Refusal):
    """The other party could not do its part."""

    name = "peer-failed"
