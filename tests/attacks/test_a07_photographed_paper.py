"""A7, on paper: what a photo of a paper pass gives, which is all that spec §2.4 says, and what it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from client.papers import print_papers
from client.visits import open_entry
from lab.coalition import recognised_by_authority, recognised_by_operator
from lab.town import Person, Place
from protocol.check_ins import Direction
from protocol.epochs import EpochKey, Role
from protocol.http_messages import Decision
from protocol.paper_check_ins import sign_paper_check_in
from protocol.paper_passes import DelegatedPass, PaperPass, from_paper_text, verify_paper
from protocol.primitives.group import B, Point, Scalar
from tests.attacks.guesses import differences, numbers, points
from tests.attacks.test_a07_photographed_code import asked_everywhere, drawn, stored
from tests.attacks.windows import shared
from tests.support.contacts import contacts
from tests.support.town import Town
from venue.gate import PAPER_STAY

DAY, TEN_MINUTES = 86_400, 600


@pytest.fixture
def people(town: Town) -> list[Person]:
    return town.visitors("홍길동", "성춘향")


def papers_of(town: Town, person: Person, count: int) -> list[str]:
    return print_papers(person.visitor, town.world.today, count)


def epoch_key(town: Town, person: Person) -> EpochKey:
    return person.visitor.epoch_key(town.world.today)


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
    assert (visit.venue_id, visit.time) == (club.id, town.now - town.now % 15)
    others = [one for one in stored(town) if one.u != seen.u]
    assert len(others) == 3
    assert not [one for one in others if shared(seen.to_bytes(), drawn(one))]
    assert not shared(seen.to_bytes(), from_paper_text(second).to_bytes())


@dataclass(frozen=True)
class Coalition:
    """Colluding doors with one party: the numbers in all that they hold, the party's share, and whom it knows."""

    key: EpochKey
    known: list[Scalar]
    share: Scalar
    recognise: Callable[[Point], bool]

    def names(self, paper: PaperPass) -> bool:
        """Whether something in a paper is a handle that the party knows a person for."""
        return any(map(self.recognise, self.handles(paper)))

    def handles(self, paper: PaperPass) -> set[Point]:
        """What may be the handle in a paper: its `v`, also without the party's share, less any known product."""
        u, v = Point(paper.u), Point(paper.public_pass[32:64])
        bases = [self.key.X, *self.key.shares.values(), B, *points([paper.to_bytes()])]
        return differences([v, v - self.share * u], [*self.known, self.share], bases) | {u, v}

    def links(self, one: PaperPass, other: PaperPass) -> bool:
        """Whether the two papers may have one handle: `v - v' = r * X - r' * X`, with any numbers for `r` and `r'`."""
        products = {x * self.key.X for x in self.known}
        difference = Point(one.public_pass[32:64]) - Point(other.public_pass[32:64])
        return bool(
            self.handles(one) & self.handles(other) or {difference + product for product in products} & products
        )


def coalition(town: Town, role: Role, key: EpochKey, papers: list[PaperPass]) -> Coalition:
    """What two doors that keep every paper know together with one party's database and epoch secret."""
    check_ins = stored(town)
    assert {one.u for one in check_ins} == {paper.u for paper in papers}
    known = numbers(one.to_bytes() for one in [*papers, *check_ins])
    operator, authority = town.world.operator, town.world.authority
    if role is Role.OPERATOR:
        return Coalition(key, known, operator.epochs.secret(key.epoch).share, recognised_by_operator(operator))
    return Coalition(key, known, authority.epochs.secret(key.epoch).share, recognised_by_authority(authority, key))


@pytest.mark.parametrize("role", Role)
def test_a07_doors_that_keep_papers_learn_no_handle_with_either_party(
    town: Town, people: list[Person], role: Role
) -> None:
    """Two doors keep the papers that they read and ask the operator, or the authority, whose they are.

    Answer: the key on a paper is not the pass's own, and a signature by that one tells nothing of it (§3.8), so that
    neither the account of a paper is found, nor its directory entry, nor the other paper of its owner; and an authority
    that finds no handle makes no pass for it (C1, C2, C4). With the pass's own key all this succeeds.
    """
    club, cafe = town.open_venue("클럽"), town.open_venue("카페")
    victim, other = people
    day = victim.visitor.wallet().day(town.world.today)
    assert day is not None
    own_keys = {one.u: one.r for one in day.passes}
    texts = [*papers_of(town, victim, 2), *papers_of(town, other, 1)]
    for text, place in zip(texts, (club, cafe, club), strict=True):
        assert town.show(text, place) is Decision.ADMITTED

    first, second, strangers = (from_paper_text(text) for text in texts)
    doors = coalition(town, role, epoch_key(town, victim), [first, second, strangers])
    assert all(paper.k in doors.known for paper in (first, second, strangers))
    assert not any(doors.names(paper) for paper in (first, second))
    assert not doors.links(first, second)

    with_own_keys = replace(doors, known=[own_keys[paper.u] for paper in (first, second)])
    assert all(with_own_keys.names(paper) for paper in (first, second))
    assert with_own_keys.links(first, second)
    assert not with_own_keys.links(first, strangers)


def test_a07_a_photographed_paper_does_not_log_in_anywhere(town: Town, people: list[Person]) -> None:
    """The attacker asks every server for what belongs to the paper, with all that is on it.

    Happened: luca's servers gave the history to whoever had the badge's code. Answer: nobody has it, and no route
    takes it.
    """
    club = town.open_venue()
    paper: PaperPass = from_paper_text(*papers_of(town, people[0], 1))
    tokens = [paper.u, paper.public_pass[32:64], bytes(paper.k)]
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
    assert {one.direction for one in stored(town) if one.venue_id == club.id} == set(Direction)
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
    assert names_of(town, cafe) == [(people[0].phone, people[0].name)]
    second = town.investigate(club)
    assert contacts(second) == ()
    assert second.set_aside["ReleasedElsewhere"] == 1


def test_a07_a_door_that_keeps_a_paper_invents_a_visit_of_its_day(town: Town, people: list[Person]) -> None:
    """A door reads a paper and lets a colluding venue have its key, which signs for itself and for an earlier time.

    What remains (§2.4, 17): the paper's owner is found there, since the venue and time of a paper check-in are the word
    of whoever had the key. It makes nothing of another pass.
    """
    club, cinema = town.open_venue("클럽"), town.open_venue("극장")
    (text,) = papers_of(town, people[0], 1)
    key = epoch_key(town, people[0])
    assert town.show(text, club) is Decision.ADMITTED
    kept, earlier = verify_paper(key, from_paper_text(text)), town.now - TEN_MINUTES
    invented = sign_paper_check_in(key, kept, earlier, Direction.ENTRY, cinema.id)
    assert cinema.venue.gate.decide(invented, earlier) is Decision.ADMITTED

    assert names_of(town, cinema) == [(people[0].phone, people[0].name)]

    shown = open_entry(people[1].visitor).stored
    other = sign_paper_check_in(
        key, DelegatedPass(shown.public, kept.k, kept.K, kept.delegation), earlier, Direction.ENTRY, cinema.id
    )
    assert cinema.venue.gate.decide(other, earlier) is Decision.FORGED


def names_of(town: Town, place: Place) -> list[tuple[str, str]]:
    return [(contact.record.phone, contact.record.name) for contact in contacts(town.investigate(place))]
