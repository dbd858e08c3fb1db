"""What an audit can find. Spec: §6.7."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from protocol.epochs import Role


class Fault(StrEnum):
    """What a party did, or did not do."""

    UNREACHABLE = "unreachable"
    """Its server does not answer, or not with what it should."""
    UNSIGNED = "unsigned"
    """Its checkpoint is not signed by it, or not cosigned by the other party."""
    STALE = "stale"
    """Its log was not cosigned within the last hours; the detail says what is known of its witness."""
    BAD_WITNESS = "bad-witness"
    """It does not cosign the other party's log, does not show what it cosigned, or cosigned with a false time."""
    FORKED = "forked"
    """Its log does not continue what it was before, or what somebody else was shown."""
    WITHHELD = "withheld"
    """Its log is shown without entries that it had before, or that its witness has seen."""
    UNREAD = "unread"
    """Its log has more new entries than one audit reads; the next one goes on."""
    FALSE_TILES = "false-tiles"
    """Its tiles are missing, or not those of its checkpoint."""
    FALSE_ENTRY = "false-entry"
    """An entry is none, is not of the time that it says, or sets an embargo that is longer than any may be."""
    TWO_KEYS = "two-keys"
    """Its log has two statements for one epoch."""
    UNLOGGED_KEY = "unlogged-key"
    """It shows, or has shown a visitor, a statement of an epoch that is not in its log."""
    KEPT_TOO_LONG = "kept-too-long"
    """It did not erase an epoch when it had promised to."""
    PROMISED_TOO_LONG = "promised-too-long"
    """It promises to erase an epoch later than a party may."""
    ERASURE_DENIED = "erasure-denied"
    """Its log and its server disagree about whether an epoch is erased."""
    UNLOGGED_WARRANT = "unlogged-warrant"
    """It gave shares under a warrant without having one on record as countersigned."""
    UNLOGGED_RELEASE = "unlogged-release"
    """The other party's log has a release of shares that this one's lacks; or it recorded one that did not happen."""
    UNMATCHED_RELEASE = "unmatched-release"
    """Its log has a release of shares that the other party's lacks; or it gave no valid shares."""
    STALE_LISTS = "stale-lists"
    """It has published no notice, or no disclosure, within the last two days."""
    MISSING_LIST = "missing-list"
    """It does not give a notice or disclosure that is on record, or has left out a number."""
    UNLOGGED_LIST = "unlogged-list"
    """It gives, or has given a visitor, a notice or disclosure that is not in its log."""
    FALSE_LIST = "false-list"
    """A notice or disclosure on record is not what it should be."""
    DISCLOSED_EARLY = "disclosed-early"
    """It disclosed an opening before its embargo was over."""
    UNDISCLOSED = "undisclosed"
    """It did not disclose an opening within a day after its embargo."""
    PARTIAL_DISCLOSURE = "partial-disclosure"
    """It did not disclose passes that the other party disclosed under the same warrant, or nothing of this warrant."""
    UNLOGGED_PAGE = "unlogged-page"
    """It serves another page for visitors than the newest one in its log, or none; or one without an entry."""


About = Mapping[str, int | str]


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault of a party, and what shows it.

    `statement` is what the party signed and cannot take back, if that shows the fault: a checkpoint that is cosigned,
    or the statement of an epoch, notice or disclosure. `about` has the values concerned, by the names of §6.7.
    """

    role: Role
    fault: Fault
    detail: str
    statement: bytes = b""
    about: About = field(default_factory=dict)
