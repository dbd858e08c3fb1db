"""A10: the venue loses its key and the records are unreadable."""

from __future__ import annotations

import pytest

from client.visits import open_entry
from protocol.exchanges import Decision
from service.http import Problem
from service.settings import ConfigurationError
from tests.attacks.town import Town


def test_a10_records_survive_the_venues_key(town: Town) -> None:
    """The venue's disk loses the key. The door goes on; the records are released under a new registration.

    Happened: luca, August 2021. Answer: a venue's key signs releases and opens nothing (§6.5).
    """
    lost = town.open_venue()
    before, after = town.visitors("홍길동", "성춘향")
    assert town.show(open_entry(before.visitor).text(town.now), lost) is Decision.ADMITTED
    (lost.home / "venue.key").unlink()
    with pytest.raises(ConfigurationError, match=r"venue\.key is missing"):
        assert lost.venue.signing_key
    assert town.show(open_entry(after.visitor).text(town.now), lost) is Decision.ADMITTED
    with pytest.raises(Problem, match="the server failed"):
        town.investigate(lost)

    findings = town.investigate(town.open_venue(records=lost))
    assert {contact.record.phone for contact in findings.contacts} == {before.phone, after.phone}
    assert not findings.set_aside


def test_a10_records_made_by_poster_stay_with_the_lost_id(town: Town) -> None:
    """What remains: a check-in by poster names the old id, and a release under the new one sets it aside (§6.5)."""
    lost = town.open_venue()
    visitor, _ = town.visitors("홍길동", "성춘향")
    assert town.scan(visitor, lost) is Decision.ADMITTED
    (lost.home / "venue.key").unlink()
    findings = town.investigate(town.open_venue(records=lost))
    assert findings.contacts == ()
    assert findings.set_aside == {"OutOfScope": 1}
