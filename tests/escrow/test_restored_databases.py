"""A database that was restored from before an erasure: what it brings back goes again, though all was told as done."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sql

from escrow.housekeeping import keep_house
from tests.support.databases import FOR_SERVERS
from tests.support.running import run
from tests.support.servers import run_world


@pytest.mark.parametrize("kind", FOR_SERVERS)
def test_c7_what_a_restored_database_holds_of_an_erased_epoch_goes_again(tmp_path: Path, kind: str) -> None:
    with run_world(tmp_path, kind) as world:
        run(world.visitors_with_passes(2))
        tables = {world.operator: "handles", world.authority: "directory"}
        for party, name in tables.items():
            table = sql.Table(name, sql.MetaData(), autoload_with=party.engine)
            with party.engine.connect() as connection:
                before = [dict(row) for row in connection.execute(sql.select(table)).mappings()]
            party.epochs.erase(world.today)
            assert party.epochs.vault.unfinished_erasures() == []
            with party.engine.begin() as connection:
                assert connection.execute(sql.select(table)).all() == []
                connection.execute(sql.insert(table), before)
            keep_house(party)
            with party.engine.connect() as connection:
                assert len(before) == 2
                assert connection.execute(sql.select(table)).all() == []
