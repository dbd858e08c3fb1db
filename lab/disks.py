"""What each party's disk holds about one visitor, in plain words and real bytes."""

from __future__ import annotations

import sqlalchemy as sql
from rich.table import Table

from escrow.authority.authority import Authority
from escrow.operator.operator import Operator
from lab.town import Person, Place, Town

SHOWN = 16


def disk_table(town: Town, person: Person, place: Place) -> Table:
    """A table of the four disks, for a visitor who was at `place` and whom no warrant reached."""
    table = Table(title=f"What the disks hold about {person.name}, {person.phone}", show_lines=True)
    for column in ("whose disk", "in plain words", "bytes"):
        table.add_column(column, overflow="fold")
    visit = next(visit for visit in person.visitor.wallet().visits if visit.venue is None)
    table.add_row(
        "the visitor's phone",
        "its own passes and visits, encrypted under its passphrase",
        _shown((person.home / "wallet").read_bytes()),
    )
    with place.venue.home.engine.begin() as connection:
        stored = connection.scalar(sql.text("SELECT encoded FROM check_ins WHERE u = :u"), {"u": visit.u})
    table.add_row(f"the venue {place.name}", "a time and a ciphertext; no name, no number", _shown(stored))
    with Operator(town.operator).engine.begin() as connection:
        account, handles = (
            connection.execute(sql.text(query), {"phone": person.phone}).all()
            for query in (
                "SELECT name, phone FROM accounts WHERE phone = :phone",
                "SELECT handle FROM handles JOIN accounts USING (account) WHERE phone = :phone",
            )
        )
    table.add_row(
        "the operator",
        "an account, and nothing of any visit; its share of the day and the day's handles are erased",
        f"{account[0].name} {account[0].phone}, {len(handles)} handles",
    )
    authority = Authority(town.authority)
    with authority.engine.begin() as connection:
        entries = connection.scalars(sql.text("SELECT entry FROM directory")).all()
    table.add_row(
        "the authority",
        f"one of {len(entries)} sealed entries; it cannot tell which, nor read any",
        _shown(entries[0]),
    )
    return table


def _shown(data: bytes) -> str:
    return f"{data[:SHOWN].hex(' ')} … ({len(data)} bytes)"
