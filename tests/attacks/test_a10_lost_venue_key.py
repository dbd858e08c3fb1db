"""A10: the venue loses its key and the records are unreadable."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
from click.testing import CliRunner

from client.posters import read_poster
from client.visits import check_in, open_entry
from lab.town import Place
from protocol.epochs import Role
from protocol.http_messages import Decision
from protocol.primitives.errors import ConflictingStatements
from protocol.primitives.signatures import SigningKey, public_key
from protocol.warrants import sign_application
from service.keys import fingerprint
from service.problems import Problem
from tests.support.contacts import contacts
from tests.support.running import online
from tests.support.town import Town
from tests.support.venues import only
from venue.__main__ import cli


def manage(place: Place, *command: str) -> str:
    """A command of the venue's staff."""
    done = CliRunner().invoke(cli, ["--home", str(place.home), *command])
    assert done.exit_code == 0, done.output
    return done.stdout


def change_key(town: Town, place: Place, *options: str) -> None:
    """The staff draws a new key and tells both officers its fingerprint on the telephone; the officers approve."""
    told = manage(place, "rotate-key", "--venue", place.id.hex())
    new = next(line.rpartition(" ")[2] for line in told.splitlines() if "fingerprint" in line)
    for role in Role:
        approved = town.world.officer(role, "venues", "approve", place.id.hex(), "--key", new, *options)
        assert approved.exit_code == 0, approved.output
    manage(place, "confirm", "--venue", place.id.hex())


def lose_key(place: Place) -> None:
    (only(place.venue).path / "venue.key").unlink()


def lose_directory(place: Place) -> None:
    """What is left is the database. The staff knows the id, from a poster or from either party."""
    shutil.rmtree(place.venue.path)
    manage(place, "add", "--name", place.name, "--url", place.url, "--venue", place.id.hex())


@pytest.mark.parametrize("lose", [lose_key, lose_directory])
def test_a10_a_lost_key_loses_no_trace(town: Town, lose: Callable[[Place], None]) -> None:
    """The venue's disk loses the key. The doors and posters go on; with another key registered everything is opened,
    what was shown at the door and what was sent by poster.

    Happened: luca, August 2021. Answer: a venue's key signs releases and opens nothing, check-ins name the venue and
    no key, and the parties register another key for the same venue (§3.9, §6.5).
    """
    club = town.open_venue()
    poster = town.link(club)
    shown, scanned, later = town.visitors("홍길동", "성춘향", "이몽룡")
    assert town.show(open_entry(shown.visitor).text(town.now), club) is Decision.ADMITTED
    assert town.scan(scanned, club) is Decision.ADMITTED
    lose(club)
    assert town.show(open_entry(later.visitor).text(town.now), club) is Decision.ADMITTED
    with pytest.raises(Problem, match="the venue's key is lost"):
        town.investigate(club)

    change_key(town, club, "--lost-key")
    record = only(club.venue).registered.to_bytes()
    by_poster = read_poster(town.world.settings.domain, poster, record)  # printed before
    assert online(lambda session: check_in(scanned.visitor, session, by_poster)) is Decision.ADMITTED
    findings = town.investigate(club)
    assert {contact.record.phone for contact in contacts(findings)} == {one.phone for one in (shown, scanned, later)}
    assert not findings.set_aside


def test_a10_a_changed_key_is_worth_nothing_to_its_thief(town: Town) -> None:
    """The key was stolen, and the venue changes it: until both parties have approved, nothing is released, and then
    nothing that the thief signs.

    Happened: follows from the design. Answer: each party goes by the record that it approved last (§3.10).
    """
    club = town.open_venue()
    visitor, _ = town.visitors("홍길동", "성춘향")
    assert town.scan(visitor, club) is Decision.ADMITTED
    stolen = (only(club.venue).path / "venue.key").read_bytes()
    change_key(town, club)
    key_file = only(club.venue).path / "venue.key"
    good = key_file.read_bytes()
    key_file.write_bytes(stolen)
    with pytest.raises(Exception, match="signature"):
        town.investigate(club)
    key_file.write_bytes(good)
    assert [contact.record.phone for contact in contacts(town.investigate(club))] == [visitor.phone]


def test_a10_a_stranger_does_not_become_the_venue(town: Town) -> None:
    """A stranger applies to have its own key registered as the venue's, whose key it says is lost. One officer falls
    for it.

    Happened: follows from the design. Answer: the officers are told that the venue's key did not sign, and both have
    to approve (§6.5).
    """
    club = town.open_venue()
    visitor, _ = town.visitors("홍길동", "성춘향")
    assert town.scan(visitor, club) is Decision.ADMITTED
    stranger = SigningKey.generate()
    record = type(only(club.venue).record)(
        town.world.settings.number, club.id, club.name, club.url, public_key(stranger)
    )
    for role in Role:
        online(lambda _, role=role: town.world.post(role, "/v1/venues", sign_application(record, stranger)))  # type: ignore[misc]
        assert "NOT" in town.world.officer(role, "venues", "list").stdout
    assert [contact.record.phone for contact in contacts(town.investigate(club))] == [visitor.phone]
    fooled = town.world.officer(
        Role.OPERATOR, "venues", "approve", club.id.hex(), "--key", fingerprint(record.key), "--lost-key"
    )
    assert fooled.exit_code == 0
    with pytest.raises(ConflictingStatements):
        town.investigate(club)
