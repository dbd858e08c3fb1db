"""Records as the desk's page is shown them: JSON with ids in hexadecimal and times in Unix seconds. Spec: §6.9."""

from __future__ import annotations

from collections.abc import Iterable

from escrow.desk.records import OfficerSet
from escrow.journal import JournalEntry
from protocol.warrants import Venue, Warrant
from service.keys import fingerprint

View = dict[str, object]


def warrant_view(warrant: Warrant, venue_name: str, state: str, opened: int) -> View:
    """All that a warrant says, how far it is, and of how many passes shares were given under it."""
    return {
        "warrant": warrant.warrant_id.hex(),
        "record": warrant.to_bytes().hex(),
        "purpose": warrant.purpose.name.lower(),
        "venue": warrant.venue_id.hex(),
        "venue_name": venue_name,
        "begins": warrant.begins,
        "ends": warrant.ends,
        "assumed_stay": warrant.assumed_stay,
        "legal_reference": warrant.legal_reference,
        "max_records": warrant.max_records,
        "issued": warrant.issued,
        "expires": warrant.expires,
        "discloses": warrant.discloses,
        "advice": warrant.advice,
        "domain": warrant.domain,
        "state": state,
        "opened": opened,
    }


def venue_view(record: Venue) -> View:
    """A venue's record, with the fingerprint of its key."""
    return {
        "venue": record.venue_id.hex(),
        "name": record.name,
        "url": record.url,
        "key": fingerprint(record.key),
    }


def officers_view(officers: OfficerSet) -> View:
    """Who is in a set, and what it takes."""
    return {
        "version": officers.version,
        "officers": [
            {"name": one.name, "passkeys": [passkey.fingerprint for passkey in one.passkeys]}
            for one in officers.officers
        ],
        "approvals": {one.action.name.lower(): one.approvals for one in officers.thresholds},
    }


def journal_view(entries: Iterable[JournalEntry]) -> list[View]:
    """Who did what and when, the newest first."""
    told: list[View] = [
        {
            "time": entry.time,
            "officer": entry.officer,
            "action": entry.action,
            "warrant": entry.warrant_id and entry.warrant_id.hex(),
            "case": entry.case,
        }
        for entry in entries
    ]
    return told[::-1]
