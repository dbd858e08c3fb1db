"""A database that an earlier version of the program made keeps every case."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sql

from escrow.authority import casebook
from escrow.authority.casebook import Casebook
from escrow.authority.migrations import STEPS
from service.storage import open_database
from tests.databases import KINDS, new_database
from tests.parties import NOW, Parties

first = sql.MetaData()
cases = sql.Table(
    "cases",
    first,
    sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
    sql.Column("record", sql.LargeBinary, nullable=False),
    sql.Column("statement", sql.LargeBinary, nullable=False),
    sql.Column("countersigned", sql.LargeBinary),
    sql.Column("release", sql.LargeBinary),
    sql.Column("opened_release", sql.LargeBinary),
    sql.Column("operator_shares", sql.LargeBinary),
    sql.Column("authority_shares", sql.LargeBinary),
)


@pytest.mark.parametrize("kind", KINDS)
def test_an_opened_case_can_still_be_read(kind: str, tmp_path: Path, parties: Parties) -> None:
    url, warrant = new_database(kind, tmp_path), parties.warrant(NOW, NOW + 60).record
    joint = parties.both_sign(warrant)
    part = bytes(80)
    with open_database(url, (), first).begin() as connection:
        row = {"warrant": warrant.warrant, "record": warrant.to_bytes(), "statement": joint.authority}
        opened = dict.fromkeys(("release", "opened_release", "operator_shares", "authority_shares"), part)
        connection.execute(sql.insert(cases).values(**row, countersigned=joint.to_bytes(), **opened))
    book = Casebook(open_database(url, STEPS, casebook.metadata))
    (case,) = book.all()
    assert (case.record, case.countersigned, case.release, case.state) == (warrant, joint, part, "opened")
    assert case.opened_venue is None
    assert case.transcript is not None
    venue = parties.both_sign(parties.venue)
    book.store_transcript(warrant.warrant, case.transcript, venue)
    assert book.get(warrant.warrant).opened_venue == venue
