"""Readers that ask at once are looked up together, each by its own token and each time anew."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from secrets import token_bytes

import pytest
import sqlalchemy as sql

from service.refusals import Unauthenticated
from tests.support.domain import NOW
from venue.home import ServedVenue
from venue.reader_tokens import ReaderTokens
from venue.readers import Readers


def test_many_readers_are_found_in_one_query(venue: ServedVenue) -> None:
    tokens, home = [token_bytes(32) for _ in range(4)], venue.home
    for number, token in enumerate(tokens[:3]):
        home.reader_tokens.add(venue.venue_id, f"door {number}", token, NOW)
    home.reader_tokens.revoke(venue.venue_id, "door 1", NOW)
    queries = list[str]()

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        queries.append(statement)

    async def ask() -> Sequence[object]:
        readers = Readers(home)
        return await asyncio.gather(*map(readers.find, [*tokens, tokens[0]]), return_exceptions=True)

    sql.event.listen(home.engine, "before_cursor_execute", note)
    found = asyncio.run(ask())
    doors = [one[1].door if isinstance(one, tuple) else type(one) for one in found]
    assert doors == ["door 0", Unauthenticated, "door 2", Unauthenticated, "door 0"]
    assert sum("readers" in query for query in queries) == 1


def test_a_reader_that_is_revoked_is_refused_from_then_on(venue: ServedVenue) -> None:
    token, home = token_bytes(32), venue.home
    home.reader_tokens.add(venue.venue_id, "front door", token, NOW)

    async def ask() -> None:
        readers = Readers(home)
        await readers.find(token)
        home.reader_tokens.revoke(venue.venue_id, "front door", NOW)
        with pytest.raises(Unauthenticated):
            await readers.find(token)

    asyncio.run(ask())


def test_a_database_that_fails_is_told_to_everybody_who_asked(
    venue: ServedVenue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise sql.exc.OperationalError("SELECT", {}, Exception("away"))

    async def ask() -> Sequence[object]:
        return await asyncio.gather(*map(Readers(venue.home).find, map(bytes, (32, 32))), return_exceptions=True)

    monkeypatch.setattr(ReaderTokens, "find_all", fail)
    assert [type(one) for one in asyncio.run(ask())] == [sql.exc.OperationalError] * 2
