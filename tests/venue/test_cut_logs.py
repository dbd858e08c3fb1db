"""Where a venue's log is cut: at a commitment that a release can start from, and nothing older is released."""

from __future__ import annotations

import pytest
import sqlalchemy as sql

from protocol.epochs import EPOCH_SECONDS, MAX_STAY, Role
from protocol.releases import COMMITMENT_MARGIN
from tests.support.domain import TODAY, Parties, Released
from tests.support.venues import only
from tests.venue.conftest import known
from tests.venue.test_log import admit
from venue.errors import WindowTooOld
from venue.home import ServedVenue
from venue.log import Log, _commitments, _leaves, delete_leaves
from venue.release import open_log
from venue.store import kept as kept_check_ins

HOUR, DAYS = 3600, 28


@pytest.fixture
def begins(venue: ServedVenue, parties: Parties) -> int:
    """When the oldest day begins of a venue whose older check-ins were deleted; it committed to them every two hours.

    Around where its log was to be cut one party acknowledged nothing.
    """
    begins = parties.domain.epoch_begins(TODAY)
    cut = begins - MAX_STAY - COMMITMENT_MARGIN
    for hour in range(-30, 6, 2):
        time = begins + hour * HOUR
        admit(venue, time)
        made = only(venue).log.commit(only(venue).record, only(venue).signing_key, time + 900)
        assert made is not None
        for role in Role:
            if role is Role.OPERATOR or not cut - 5 * HOUR < time < cut + 3 * HOUR:
                only(venue).log.acknowledge(made[0], role)
    venue.home.delete_expired(only(venue).pinned, begins + DAYS * EPOCH_SECONDS)
    assert kept_check_ins(venue.home.engine, 255)[0] == 3
    return begins


def test_a_log_is_cut_where_both_parties_have_acknowledged_it(
    venue: ServedVenue, parties: Parties, begins: int
) -> None:
    oldest, *later = only(venue).log.commitments()
    assert oldest.acknowledged
    assert [one.acknowledged for one in later[:4]] == [False] * 4
    warrant = parties.warrant(begins, begins + 600, later=EPOCH_SECONDS)
    release = Released(open_log(only(venue), warrant), known(venue))
    assert parties.verify(warrant, {}, release).visits == {}


def test_a_window_before_the_cut_is_too_old(venue: ServedVenue, parties: Parties, begins: int) -> None:
    with pytest.raises(WindowTooOld):
        open_log(only(venue), parties.warrant(begins - 8 * HOUR, begins - 7 * HOUR, later=EPOCH_SECONDS))


def test_a_venues_log_is_cut_and_no_others(venue: ServedVenue, begins: int) -> None:
    """Of another venue of the chain, that is quiet, all commitments and leaves stay."""
    other = Log(venue.home.engine, 255, bytes(16))
    with venue.home.engine.begin() as connection:
        for table in (_leaves, _commitments):
            rows = connection.execute(sql.select(table).where(table.c.venue == venue.venue_id)).mappings().all()
            connection.execute(sql.insert(table), [{**row, "venue": bytes(16)} for row in rows])
    kept = other.commitments()
    delete_leaves(venue.home.engine, 255, TODAY, {venue.venue_id: only(venue).log.cut_before(begins)})
    assert len(only(venue).log.commitments()) < len(kept)
    assert other.commitments() == kept
    with venue.home.engine.connect() as connection:
        left = {
            one: connection.scalar(sql.select(sql.func.count()).where(_leaves.c.venue == one))
            for one in (venue.venue_id, bytes(16))
        }
    assert (left[venue.venue_id] or 0) < (left[bytes(16)] or 0)
