"""A10: the venue loses its key and the records are unreadable."""

from __future__ import annotations

import pytest

from client.visits import open_entry
from protocol.exchanges import Decision
from service.http import Problem
from tests.attacks.town import Town


def test_a10_doors_go_on_without_the_venues_key(town: Town) -> None:
    """The venue's disk loses the key. The doors go on, and whoever asks for a release is told what is the matter.

    Happened: luca, August 2021. Answer: a venue's key signs releases and opens nothing (§6.5).
    """
    lost = town.open_venue()
    before, after = town.visitors("홍길동", "성춘향")
    assert town.show(open_entry(before.visitor).text(town.now), lost) is Decision.ADMITTED
    (lost.venue.path / "venue.key").unlink()
    assert town.show(open_entry(after.visitor).text(town.now), lost) is Decision.ADMITTED
    with pytest.raises(Problem, match="the venue's key is lost"):
        town.investigate(lost)
