"""A7, on paper: what a photo of a paper pass gives, which is all that spec §2.4 says, and what it does not."""

from __future__ import annotations

import pytest

from client.papers import print_papers
from client.visits import open_entry
from protocol.checkins import Direction
from protocol.exchanges import Decision
from protocol.papers import PaperPass, from_paper_text
from tests.attacks.test_a07_photographed_code import asked_everywhere, stored
from tests.attacks.town import Person, Town
from tests.attacks.windows import shared
from venue.gate import PAPER_STAY

DAY = 86_400


@pytest.fixture
def people(town: Town) -> list[Person]:
    return town.visitors("홍길동", "성춘향")


def papers_of(town: Town, person: Person, count: int) -> list[str]:
    return print_papers(person.visitor, town.world.today, count)


def test_a07_a_photographed_paper_leads_to_its_own_visit_and_no_other(town: Town, people: list[Person]) -> None:
    """The attacker photographs one paper and has all venues' databases: it looks for its owner's other visits.

    Happened: luca key fobs, "LucaTrack". Answer: a paper has one pass, and nothing of it is in any other (§3.8). What
    remains: whether and when this paper was used (§2.4, 17).
    """
    club, cafe = town.open_venue("클럽"), town.open_venue("카페")
    victim, other = people
    photo, second = papers_of(town, victim, 2)
    (strangers,) = papers_of(town, other, 1)
    for text, place in ((photo, club), (second, cafe), (strangers, cafe)):
        assert town.show(text, place) is Decision.ADMITTED
    assert town.show(open_entry(victim.visitor).text(town.now), cafe) is Decision.ADMITTED

    seen = from_paper_text(photo)
    (visit,) = (one for one in stored(town) if one.u == seen.u)
    assert (visit.venue, visit.time) == (club.id, town.now - town.now % 15)
    others = [one for one in stored(town) if one.u != seen.u]
    assert len(others) == 3
    assert not [one for one in others if shared(seen.to_bytes(), one.signed_pass)]
    assert not shared(seen.to_bytes(), from_paper_text(second).to_bytes())


def test_a07_a_photographed_paper_does_not_log_in_anywhere(town: Town, people: list[Person]) -> None:
    """The attacker asks every server for what belongs to the paper, with all that is on it.

    Happened: luca's servers gave the history to whoever had the badge's code. Answer: nobody has it, and no route
    takes it.
    """
    club = town.open_venue()
    paper: PaperPass = from_paper_text(*papers_of(town, people[0], 1))
    tokens = [paper.u, paper.public_pass[32:64], bytes(paper.r)]
    assert asked_everywhere(town, club, paper.to_bytes(), tokens) <= {400, 401, 404, 405}


def test_a07_what_a_copy_is_good_for(town: Town, people: list[Person]) -> None:
    """The attacker copies a paper and uses the copy: where its owner is, elsewhere, before its owner, and tomorrow.

    What remains (§2.4, 17): it ends the visit, comes in elsewhere as the owner, or first and turns the owner away. It
    is refused where the pass was used up, and after its day.
    """
    club, cafe, cinema = town.open_venue("클럽"), town.open_venue("카페"), town.open_venue("극장")
    copied, early, unused = papers_of(town, people[0], 3)
    assert town.show(copied, club) is Decision.ADMITTED
    assert town.show(copied, club) is Decision.ALREADY_SPENT
    assert town.show(copied, cafe) is Decision.ADMITTED
    town.world.now += PAPER_STAY
    assert town.show(copied, club) is Decision.ADMITTED
    assert {one.direction for one in stored(town) if one.venue == club.id} == set(Direction)
    assert town.show(copied, club) is Decision.ALREADY_SPENT

    assert town.show(early, cinema) is Decision.ADMITTED
    assert town.show(early, cinema) is Decision.ALREADY_SPENT  # this is its owner
    town.world.now += DAY
    assert town.show(unused, cinema) is Decision.TOO_OLD
    assert town.show(early, cinema) is Decision.TOO_OLD


def test_a07_a_copy_leads_to_who_had_the_paper_printed(town: Town, people: list[Person]) -> None:
    """A copy is used at the cafe while the paper is at the club; both venues are traced.

    What remains (§2.4, 17): the one traced first names the paper's owner; a pass is opened for one venue, so the other
    visit stays closed and is counted.
    """
    club, cafe = town.open_venue("클럽"), town.open_venue("카페")
    (paper,) = papers_of(town, people[0], 1)
    assert town.show(paper, cafe) is Decision.ADMITTED
    assert town.show(paper, club) is Decision.ADMITTED
    (contact,) = town.investigate(cafe).contacts
    assert (contact.record.phone, contact.record.name) == (people[0].phone, people[0].name)
    second = town.investigate(club)
    assert second.contacts == ()
    assert second.set_aside["NoShare"] == 1
