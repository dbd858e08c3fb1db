"""The contact list as CSV that no spreadsheet executes. Spec: §5.4.

A cell that begins with `=`, `+`, `-` or `@` can run as a formula, and a cell can also begin after a separator that only
some spreadsheets know. So nothing but letters, marks, digits and a few harmless signs is written at all, and a phone
number is a `tel:` URI.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone

from escrow.authority.investigation import Contact
from protocol.assisted_check_ins import AssertedRecord
from protocol.handles import IdentityRecord
from service.names import joins

HEADER = ("name", "phone", "verified on", "visits")
NOT_VERIFIED = "not verified (asserted by the venue)"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_HARMLESS = frozenset(" .'·-")


def contacts_csv(contacts: Iterable[Contact], utc_offset: int) -> str:
    """One line per person: name, phone, date of verification, and visits in time of `utc_offset` seconds.

    A visit is an interval of ISO 8601, with `..` for an end that is not known. What a venue asserted has no date.
    """
    local = timezone(timedelta(seconds=utc_offset))
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerow(HEADER)
    for contact in contacts:
        visits = " ".join("/".join(_moment(time, local) for time in visit) for visit in contact.visits)
        writer.writerow(
            [harmless(contact.record.name), telephone(contact.record.phone), verification(contact.record), visits]
        )
    return buffer.getvalue()


def harmless(text: str) -> str:
    """`text` without any character that could begin a formula or end a cell; it begins with a letter or digit."""
    cleaned = "".join(
        character if _is_harmless(character) or joins(text, place) else REPLACEMENT
        for place, character in enumerate(text)
    )
    return cleaned if cleaned[:1].isalnum() else REPLACEMENT + cleaned


def verification(record: IdentityRecord | AssertedRecord) -> str:
    """The day on which the operator verified a person, or that nobody did."""
    return day(record.verified_on) if isinstance(record, IdentityRecord) else NOT_VERIFIED


def day(number: int) -> str:
    """The date of a day since 1970-01-01; a replacement character for a day that no calendar has."""
    try:
        return (date(1970, 1, 1) + timedelta(days=number)).isoformat()
    except OverflowError:
        return REPLACEMENT


def telephone(phone: str) -> str:
    """A phone number as a `tel:` URI of digits (RFC 3966)."""
    return "tel:+" + "".join(character for character in phone if character in "0123456789")


def _moment(time: int | None, local: timezone) -> str:
    return ".." if time is None else datetime.fromtimestamp(time, local).isoformat()


def _is_harmless(character: str) -> bool:
    return character.isalnum() or character in _HARMLESS or unicodedata.category(character).startswith("M")
