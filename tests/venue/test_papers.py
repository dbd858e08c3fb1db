"""Paper passes at a door: one entry and one exit here, on one day, signed by the door; the key is kept nowhere."""

from __future__ import annotations

from dataclasses import replace

import pytest
from nacl.bindings import crypto_sign_open

from protocol.check_ins import Direction, sign_check_in
from protocol.epochs import MAX_STAY
from protocol.http_messages import Decision, DoorAnswer
from protocol.paper_check_ins import (
    PaperCheckIn,
    PaperCheckInMessage,
    sign_paper_check_in,
    verify_paper_check_in,
)
from protocol.paper_passes import PaperPass, from_paper_text, print_pass, verify_paper
from protocol.passes import OwnedPass
from protocol.primitives.group import Scalar
from protocol.qr_text import to_qr_text
from tests.support.domain import NOW, OpenEpoch, Parties, Visitor, enrol, open_epoch
from tests.support.venue_server import decisions, post, problems
from tests.support.venues import only
from tests.venue.conftest import MakeVenue, stored
from venue.gate import PAPER_STAY
from venue.home import ServedVenue
from venue.verdicts import gate_verdict, server_verdict

ADMITTED, SPENT = Decision.ADMITTED, Decision.ALREADY_SPENT


@pytest.fixture
def text(today: OpenEpoch, visitor: Visitor) -> str:
    return print_pass(today.key, visitor.passes[0])


@pytest.fixture
def paper(text: str) -> PaperPass:
    return from_paper_text(text)


def messages(venue: ServedVenue) -> list[PaperCheckInMessage]:
    return [PaperCheckInMessage.from_bytes(encoded) for epoch in stored(venue).values() for encoded in epoch]


def test_a_paper_comes_in_once_and_leaves_once(
    venue: ServedVenue, today: OpenEpoch, text: str, visitor: Visitor
) -> None:
    later = (0, 3, PAPER_STAY - 1, PAPER_STAY, 3600, 7200)
    decided = [venue.gate.decide_text(text, NOW + seconds) for seconds in later]
    assert decided == [ADMITTED, SPENT, SPENT, ADMITTED, SPENT, SPENT]
    entry, exit_ = messages(venue)
    assert (entry.direction, entry.time, entry.venue_id) == (Direction.ENTRY, NOW, venue.venue_id)
    assert (exit_.direction, exit_.time, exit_.venue_id) == (Direction.EXIT, NOW + PAPER_STAY, venue.venue_id)
    assert entry.u == exit_.u == visitor.passes[0].public.u
    for message in (entry, exit_):
        assert verify_paper_check_in(today.key, message) == PaperCheckIn(message, today.key.epoch)


def test_who_leaves_is_told_so_and_who_shows_a_paper_twice_what_to_do(
    venue: ServedVenue, today: OpenEpoch, text: str, visitor: Visitor
) -> None:
    def said(shown: str, seconds: int) -> str:
        return gate_verdict(venue.gate, shown, NOW + seconds).words

    assert said(text, 0).startswith("welcome / ")
    assert "to leave, show it again a minute after coming in" in said(text, 3)
    assert "1분이 지난 뒤에" in said(text, PAPER_STAY - 1)
    assert said(text, PAPER_STAY) == "goodbye / 퇴장이 확인되었습니다"
    entry, exit_ = (
        to_qr_text(sign_check_in(today.key, visitor.passes[1], NOW, way)) for way in (Direction.ENTRY, Direction.EXIT)
    )
    assert said(entry, 0).startswith("welcome / ")
    assert "show a new code" in said(entry, 1)
    assert said(exit_, 1).startswith("goodbye / ")
    assert said("https://example.org", 1).startswith("this is not a SplitPass code")


def test_a_server_tells_a_reader_which_way_a_paper_went(venue: ServedVenue, text: str, paper: PaperPass) -> None:
    token = bytes(range(32))
    venue.home.reader_tokens.add(venue.venue_id, "front door", token, NOW)

    def said(seconds: int) -> str:
        (answer,) = post(venue, "/v1/papers", paper, token=token, now=NOW + seconds)
        assert isinstance(answer, bytes)
        return server_verdict(text, DoorAnswer.from_bytes(answer)).words

    assert said(0).startswith("welcome / ")
    assert "to leave, show it again a minute after coming in" in said(3)
    assert said(PAPER_STAY).startswith("goodbye / ")
    assert "to leave, show it again" in said(PAPER_STAY)


def test_what_the_paper_says_is_verified_once(
    venue: ServedVenue, paper: PaperPass, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The authority's signature and the pass's delegation; the label's is the door's own."""
    verified: list[bytes] = []

    def count(signed: bytes, public: bytes) -> bytes:
        verified.append(public)
        return crypto_sign_open(signed, public)

    gate = venue.gate
    only(venue).pinned.epochs.key(paper.epoch)  # which verifies the two epoch statements, once a day
    monkeypatch.setattr("protocol.primitives.signatures.crypto_sign_open", count)
    assert gate.decide_paper(paper, NOW) is ADMITTED
    assert len(verified) == 2
    assert paper.u in verified


def test_the_key_is_not_kept(venue: ServedVenue, text: str, paper: PaperPass, caplog: pytest.LogCaptureFixture) -> None:
    post(venue, "/v1/papers", paper)
    venue.gate.decide_text(text, NOW)
    key = bytes(paper.k)
    files = [path for path in venue.home.path.rglob("*") if path.is_file()]
    assert not [path for path in files if key in path.read_bytes() or key.hex() in path.read_text("latin-1")]
    assert not [encoded for epoch in stored(venue).values() for encoded in epoch if key in encoded]
    assert key.hex() not in caplog.text
    assert paper.u.hex() not in caplog.text


def test_a_paper_of_another_day(make_venue: MakeVenue, parties: Parties, today: OpenEpoch, text: str) -> None:
    tomorrow = open_epoch(parties, today.key.epoch + 1)
    venue = make_venue([today, tomorrow])
    person = enrol(parties, tomorrow, "이몽룡", "+821055555555")
    early = print_pass(tomorrow.key, person.passes[0])
    assert venue.gate.decide_text(early, NOW) is Decision.TOO_EARLY
    midnight = parties.domain.epoch_begins(tomorrow.key.epoch)
    assert venue.gate.decide_text(text, midnight - 1) is ADMITTED
    assert venue.gate.decide_text(text, midnight + 3600) is ADMITTED  # it leaves
    late = print_pass(today.key, enrol(parties, today, "변학도", "+821055555554").passes[0])
    assert venue.gate.decide_text(late, midnight) is Decision.TOO_OLD
    assert venue.gate.decide_text(early, midnight) is ADMITTED


def test_a_paper_that_stayed_too_long(make_venue: MakeVenue, parties: Parties, today: OpenEpoch, text: str) -> None:
    venue = make_venue([today, open_epoch(parties, today.key.epoch + 1)])
    assert venue.gate.decide_text(text, NOW) is ADMITTED
    for seconds in (MAX_STAY + 1, MAX_STAY + 12 * 3600):
        assert venue.gate.decide_text(text, NOW + seconds) is Decision.TOO_OLD
    assert venue.gate.decide_text(text, NOW + MAX_STAY) is ADMITTED


def test_a_paper_of_another_domain_or_of_an_unknown_day(venue: ServedVenue, paper: PaperPass) -> None:
    decide = venue.gate.decide_paper
    assert decide(replace(paper, domain=paper.domain ^ 1), NOW) is Decision.UNKNOWN_DOMAIN
    assert decide(replace(paper, epoch=paper.epoch + 1), NOW) is Decision.UNKNOWN_EPOCH
    assert stored(venue) == {}


def test_a_forged_paper_learns_nothing_of_the_pass(
    venue: ServedVenue, today: OpenEpoch, visitor: Visitor, stranger: Visitor, text: str
) -> None:
    """Somebody who saw a pass, but not its key, asks the door whether it came in."""
    forged = print_pass(today.key, OwnedPass(visitor.passes[0].public, Scalar.random()))
    own = from_paper_text(print_pass(today.key, stranger.passes[0]))
    borrowed = replace(own, public_pass=bytes(visitor.passes[0].public))  # with what another pass delegated
    mixed = replace(visitor.passes[0].public, signature=stranger.passes[0].public.signature)
    unsigned = print_pass(today.key, OwnedPass(mixed, visitor.passes[0].r))
    papers = [from_paper_text(forged), from_paper_text(unsigned), borrowed]
    before = [venue.gate.decide_paper(one, NOW) for one in papers]
    venue.gate.decide_text(text, NOW)
    after = [venue.gate.decide_paper(one, NOW + seconds) for one in papers for seconds in (0, 3600)]
    assert {*before, *after} == {Decision.FORGED}


def test_a_pass_is_spent_once_on_paper_and_screen_together(
    venue: ServedVenue, today: OpenEpoch, visitor: Visitor, text: str
) -> None:
    shown = sign_check_in(today.key, visitor.passes[0], NOW, Direction.ENTRY)
    assert venue.gate.decide(shown, NOW) is ADMITTED
    assert venue.gate.decide_text(text, NOW) is SPENT
    printed, again = (print_pass(today.key, visitor.passes[1]) for _ in range(2))
    shown = sign_check_in(today.key, visitor.passes[1], NOW, Direction.ENTRY)
    assert venue.gate.decide_text(printed, NOW) is ADMITTED
    assert venue.gate.decide_text(again, NOW) is SPENT
    assert venue.gate.decide(shown, NOW) is SPENT


def test_a_paper_check_in_of_another_venue_is_refused(venue: ServedVenue, today: OpenEpoch, paper: PaperPass) -> None:
    delegated = verify_paper(today.key, paper)
    elsewhere = sign_paper_check_in(today.key, delegated, NOW, Direction.ENTRY, b"another venue...")
    assert venue.gate.decide(elsewhere, NOW) is Decision.OTHER_VENUE
    assert venue.gate.decide(replace(elsewhere, venue_id=venue.venue_id), NOW) is Decision.FORGED
    assert stored(venue) == {}


def test_a_reader_elsewhere_sends_the_paper(venue: ServedVenue, paper: PaperPass, visitor: Visitor) -> None:
    token = bytes(range(32))
    venue.home.reader_tokens.add(venue.venue_id, "front door", token, NOW)
    assert decisions(post(venue, "/v1/papers", paper, paper, token=token)) == [ADMITTED, SPENT]
    assert decisions(post(venue, "/v1/papers", paper, token=token, now=NOW + 3600)) == [ADMITTED]
    assert problems(post(venue, "/v1/papers", paper)) == [(401, "unauthenticated")]
    venue.home.reader_tokens.revoke(venue.venue_id, "front door", NOW)
    assert problems(post(venue, "/v1/papers", paper, b"\xff", token=token)) == [
        (401, "unauthenticated"),
        (400, "malformed-encoding"),
    ]
    assert [message.direction for message in messages(venue)] == [Direction.ENTRY, Direction.EXIT]
