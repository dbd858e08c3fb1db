"""The contact list as an officer reads it, from the file that the authority's `export` wrote."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from rich.table import Table

from escrow.authority.contacts import NOT_VERIFIED
from service.phone_numbers import DEFAULT_REGION, international_number

SHOWN = 20
"""How many lines a table of the story has."""


@dataclass(frozen=True, slots=True)
class ListedContact:
    """A line of the list. `visits` are entry and exit in local time, empty if not known."""

    name: str
    phone: str
    verified_on: str
    visits: tuple[tuple[str, str], ...]

    @property
    def is_verified(self) -> bool:
        """Whether the operator verified the number."""
        return self.verified_on != NOT_VERIFIED


def read_contacts(file: Path) -> list[ListedContact]:
    """The people of an exported list, each with every visit of theirs and of who came with them."""
    rows = csv.DictReader(io.StringIO(file.read_text("utf-8-sig")))
    contacts = []
    for _, of_person in groupby(rows, lambda row: row["person"]):
        own = list(of_person)
        name, phone, verified = (own[0][column] for column in ("name", "phone", "verified"))
        visits = [(row["arrived"], row["left"]) for row in own for _ in range(int(row["party size"]))]
        number = international_number(phone, DEFAULT_REGION) or phone
        contacts.append(ListedContact(name, number, verified, tuple(visits)))
    return contacts


def contacts_table(contacts: list[ListedContact], title: str) -> Table:
    """The list for a terminal; of a long one the first lines, and whom nobody verified."""
    table = Table("name", "phone", "verified on", "visits", title=title)
    shown = contacts if len(contacts) <= SHOWN else contacts[: SHOWN - 2]
    for contact in [*shown, *(contact for contact in contacts[len(shown) :] if not contact.is_verified)]:
        verified = contact.verified_on if contact.is_verified else "not verified"
        table.add_row(contact.name, contact.phone, verified, _stay(contact))
    if len(contacts) > len(shown):
        table.caption = f"and others: {len(contacts)} in all"
    return table


def _stay(contact: ListedContact) -> str:
    """Times of day from the first entry to the last exit, and how many visits these are."""
    entered, left = min(entered for entered, _ in contact.visits), max(left for _, left in contact.visits)
    count = f", {len(contact.visits)} visits" if len(contact.visits) > 1 else ""
    return f"{_time_of_day(entered)}–{_time_of_day(left)}{count}"


def _time_of_day(moment: str) -> str:
    return moment[11:]
