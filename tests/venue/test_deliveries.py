"""What a reader admits without its server, and delivers afterwards (§3.8)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from secrets import token_bytes

import pytest
import sqlalchemy as sql

from protocol.assisted_check_ins import AssertedRecord, seal_assisted
from protocol.check_ins import Direction, sign_check_in
from protocol.deliveries import MAX_DELIVERY, Delivery, DeliveryAnswer, Duty
from protocol.epochs import MAX_STAY
from protocol.http_messages import Decision
from protocol.paper_check_ins import sign_paper_check_in
from protocol.paper_passes import from_paper_text, print_pass, verify_paper
from protocol.primitives.encoding import Message
from protocol.releases import COMMITMENT_DELAY
from service.http_client import call
from tests.support.domain import NOW, OpenEpoch, Visitor
from tests.support.venue_server import decisions, post, problems, serving
from tests.support.venues import only
from tests.venue.conftest import stored
from venue.contacts import Contact, Contacts, note_contact
from venue.deliveries import Deliveries
from venue.home import ServedVenue
from venue.reader_tokens import ReaderToken

ENTRY, EXIT = Direction
ADMITTED, SPENT, NO_ENTRY = Decision.ADMITTED, Decision.ALREADY_SPENT, Decision.NO_ENTRY
BEFORE = NOW - 2 * COMMITMENT_DELAY
"""When the readers were paired."""
HOUR = 3600


def reader_at(venue: ServedVenue, door: str = "front door", paired: int = BEFORE) -> ReaderToken:
    token = token_bytes(32)
    venue.home.pairings.use(venue.home.pairings.offer(venue.venue_id, door, paired), token, paired)
    found = venue.home.reader_tokens.find(token)
    assert found is not None
    return found


def deliver(
    venue: ServedVenue, reader: ReaderToken, *shown: Message | bytes, since: int = 0, now: int = NOW + HOUR
) -> list[Decision]:
    """What the server says to check-ins of a reader on duty."""
    encoded = tuple(one if isinstance(one, bytes) else one.to_bytes() for one in shown)
    answer = Deliveries(venue.home.engine, venue.venue_id, venue.door, reader).take(
        Delivery(since, Duty.ON, encoded), now
    )
    assert answer.time == now
    return list(answer.decisions)


def test_what_was_admitted_without_the_server_is_kept_as_it_was_shown(
    venue: ServedVenue, today: OpenEpoch, visitor: Visitor
) -> None:
    shown = [sign_check_in(today.key, owned, NOW, ENTRY) for owned in visitor.passes[:2]]
    leaving = sign_check_in(today.key, visitor.passes[0], NOW + 600, EXIT)
    assert deliver(venue, reader_at(venue), *shown, leaving) == [ADMITTED] * 3
    assert sorted(stored(venue)[today.key.epoch]) == sorted(one.to_bytes() for one in (*shown, leaving))


def test_the_same_delivery_again_is_answered_as_before(venue: ServedVenue, today: OpenEpoch, visitor: Visitor) -> None:
    """Its answer was lost, so the reader sends it again, with what came in meanwhile."""
    reader = reader_at(venue)
    entry, other = (sign_check_in(today.key, owned, NOW, ENTRY) for owned in visitor.passes[:2])
    again, leaving = (sign_check_in(today.key, visitor.passes[0], NOW + 15, way) for way in Direction)
    assert deliver(venue, reader, entry) == [ADMITTED]
    assert deliver(venue, reader, entry, other, again, leaving) == [ADMITTED, ADMITTED, SPENT, ADMITTED]
    assert deliver(venue, reader, leaving, entry, entry, again) == [ADMITTED, ADMITTED, ADMITTED, SPENT]
    assert [(day.entries, day.exits) for day in only(venue).store.days()] == [(2, 1)]


def test_double_use_at_two_readers_shows_at_the_second_delivery(
    venue: ServedVenue, today: OpenEpoch, visitor: Visitor
) -> None:
    """Also if both saw the very same code, and also when they deliver again."""
    first, second = reader_at(venue), reader_at(venue, "back door")
    entry, later = (sign_check_in(today.key, visitor.passes[0], time, ENTRY) for time in (NOW, NOW + 15))
    for _ in range(2):
        assert deliver(venue, first, entry) == [ADMITTED]
        assert deliver(venue, second, entry, later) == [SPENT, SPENT]
    assert stored(venue) == {today.key.epoch: [entry.to_bytes()]}


def test_what_the_server_itself_admitted_is_nobodys_delivery(
    venue: ServedVenue, today: OpenEpoch, visitor: Visitor
) -> None:
    entry = sign_check_in(today.key, visitor.passes[0], NOW, ENTRY)
    assert venue.gate.decide(entry, NOW) is ADMITTED
    assert deliver(venue, reader_at(venue), entry) == [SPENT]


def test_a_label_is_later_than_the_readers_last_answered_contact_less_the_tolerance(
    venue: ServedVenue, today: OpenEpoch, visitor: Visitor
) -> None:
    reader, tolerance = reader_at(venue), only(venue).pinned.tolerance
    owned = iter(visitor.passes)

    def admitted_at(time: int, since: int, now: int = NOW + HOUR) -> list[Decision]:
        return deliver(venue, reader, sign_check_in(today.key, next(owned), time, ENTRY), since=since, now=now)

    assert admitted_at(NOW, NOW + tolerance) == [ADMITTED]
    unused = sign_check_in(today.key, visitor.passes[1], NOW, ENTRY)
    assert deliver(venue, reader, unused, since=NOW + tolerance + 1) == [Decision.TOO_OLD]
    assert deliver(venue, reader, unused, since=0) == [Decision.TOO_OLD]  # what it said before stands
    assert stored(venue)[today.key.epoch] != []


def test_a_reader_cannot_say_that_it_has_answers_of_the_future(
    venue: ServedVenue, today: OpenEpoch, visitor: Visitor
) -> None:
    """A clock that is far ahead locks nobody out."""
    reader = reader_at(venue)
    assert deliver(venue, reader, since=2**32 - 1, now=NOW) == []
    entry = sign_check_in(today.key, visitor.passes[0], NOW, ENTRY)
    assert deliver(venue, reader, entry, now=NOW + 1) == [ADMITTED]


def test_a_reader_that_was_never_heard_of_delivers_what_is_new(
    venue: ServedVenue, today: OpenEpoch, visitor: Visitor
) -> None:
    """A program that sends each code, until somebody steals its token."""
    tolerance, token = only(venue).pinned.tolerance, token_bytes(32)
    venue.home.reader_tokens.add(venue.venue_id, "front door", token, BEFORE)
    reader = venue.home.reader_tokens.find(token)
    assert reader is not None
    entry, other = (sign_check_in(today.key, owned, NOW, ENTRY) for owned in visitor.passes[:2])
    assert deliver(venue, reader, entry, now=NOW + tolerance) == [ADMITTED]
    assert deliver(venue, reader, other, now=NOW + HOUR) == [ADMITTED]  # from now on it is heard of
    silent = replace(reader, digest=token_bytes(32))
    assert deliver(venue, silent, other, now=NOW + tolerance + 1) == [Decision.TOO_OLD]


def test_nothing_is_older_than_the_reader(venue: ServedVenue, today: OpenEpoch, visitor: Visitor) -> None:
    tolerance = only(venue).pinned.tolerance
    entry = sign_check_in(today.key, visitor.passes[0], NOW, ENTRY)
    assert deliver(venue, reader_at(venue, "late", NOW + tolerance + 1), entry) == [Decision.TOO_OLD]
    assert deliver(venue, reader_at(venue, "in time", NOW + tolerance), entry) == [ADMITTED]


def test_what_no_trace_could_use_is_not_taken(venue: ServedVenue, today: OpenEpoch, visitor: Visitor) -> None:
    entry = sign_check_in(today.key, visitor.passes[0], NOW, ENTRY)
    reader = reader_at(venue)
    assert deliver(venue, reader, entry, now=NOW + COMMITMENT_DELAY + 1) == [Decision.TOO_OLD]
    assert deliver(venue, reader, entry, now=NOW + COMMITMENT_DELAY) == [ADMITTED]


def test_a_label_of_the_future_is_refused(venue: ServedVenue, today: OpenEpoch, visitor: Visitor) -> None:
    tolerance = only(venue).pinned.tolerance
    entry = sign_check_in(today.key, visitor.passes[0], NOW, ENTRY)
    reader = reader_at(venue)
    assert deliver(venue, reader, entry, now=NOW - tolerance - 1) == [Decision.TOO_EARLY]
    assert deliver(venue, reader, entry, now=NOW - tolerance) == [ADMITTED]


def test_one_bad_check_in_does_not_hold_up_the_others(venue: ServedVenue, today: OpenEpoch, visitor: Visitor) -> None:
    good = sign_check_in(today.key, visitor.passes[0], NOW, ENTRY)
    forged = replace(good, signed_pass=good.signed_pass[:-1] + bytes([good.signed_pass[-1] ^ 1]))
    scanned = sign_check_in(today.key, visitor.passes[1], NOW, ENTRY, venue.venue_id)
    elsewhere = replace(good, domain=good.domain - 1)
    other_day = replace(good, time=NOW - 12 * HOUR)
    delivered: list[Message | bytes] = [b"\0", good.to_bytes() + b"\0", scanned, elsewhere, other_day, forged, good]
    assert deliver(venue, reader_at(venue), *delivered) == [
        Decision.UNREADABLE,
        Decision.UNREADABLE,
        Decision.UNREADABLE,
        Decision.UNKNOWN_DOMAIN,
        Decision.FORGED,
        Decision.FORGED,
        ADMITTED,
    ]


def test_nothing_is_taken_that_a_reader_could_have_signed_itself(
    venue: ServedVenue, today: OpenEpoch, visitor: Visitor
) -> None:
    """Neither a paper, with its key or signed by a door, nor what staff took down."""
    text = print_pass(today.key, visitor.passes[0])
    paper = from_paper_text(text)
    by_a_door = sign_paper_check_in(today.key, verify_paper(today.key, paper), NOW, ENTRY, venue.venue_id)
    assisted = seal_assisted(today.key, AssertedRecord("홍길동", "+821012345678"), NOW, venue.venue_id)
    assert deliver(venue, reader_at(venue), paper, by_a_door, assisted) == [Decision.UNREADABLE] * 3
    assert stored(venue) == {}


def test_an_exit_waits_for_the_entry_that_another_reader_has(
    venue: ServedVenue, today: OpenEpoch, visitor: Visitor
) -> None:
    first, second = reader_at(venue), reader_at(venue, "back door")
    entry = sign_check_in(today.key, visitor.passes[0], NOW, ENTRY)
    leaving = sign_check_in(today.key, visitor.passes[0], NOW + 600, EXIT)
    for _ in range(2):
        assert deliver(venue, second, leaving) == [NO_ENTRY]
    assert stored(venue) == {}
    assert deliver(venue, first, entry) == [ADMITTED]
    assert sorted(stored(venue)[today.key.epoch]) == sorted([entry.to_bytes(), leaving.to_bytes()])
    assert deliver(venue, second, leaving) == [ADMITTED]


def test_an_exit_that_does_not_fit_does_not_keep_another_from_waiting(
    venue: ServedVenue, today: OpenEpoch, visitor: Visitor
) -> None:
    reader, owned = reader_at(venue), visitor.passes[0]
    early, good = (sign_check_in(today.key, owned, time, EXIT) for time in (NOW - 600, NOW + 600))
    assert deliver(venue, reader, early, good) == [NO_ENTRY, NO_ENTRY]
    assert deliver(venue, reader, sign_check_in(today.key, owned, NOW, ENTRY)) == [ADMITTED]
    assert [(day.entries, day.exits) for day in only(venue).store.days()] == [(1, 1)]
    assert good.to_bytes() in stored(venue)[today.key.epoch]


def test_an_exit_waits_for_a_day(venue: ServedVenue, today: OpenEpoch, visitor: Visitor) -> None:
    first, second = reader_at(venue), reader_at(venue, "back door")
    leaving = sign_check_in(today.key, visitor.passes[0], NOW + 600, EXIT)
    assert deliver(venue, second, leaving) == [NO_ENTRY]
    venue.home.forget_requests(NOW + COMMITMENT_DELAY)
    assert rows(venue, "waiting_exits") == 1
    venue.home.forget_requests(NOW + COMMITMENT_DELAY + 2 * HOUR)
    assert rows(venue, "waiting_exits") == 0
    assert deliver(venue, first, sign_check_in(today.key, visitor.passes[0], NOW, ENTRY)) == [ADMITTED]
    assert [(day.entries, day.exits) for day in only(venue).store.days()] == [(1, 0)]


def test_which_readers_a_check_in_was_is_forgotten_with_its_answer(
    venue: ServedVenue, today: OpenEpoch, visitor: Visitor
) -> None:
    """The venue keeps no more of where somebody came in than it needs."""
    reader, entry = reader_at(venue), sign_check_in(today.key, visitor.passes[0], NOW, ENTRY)
    assert deliver(venue, reader, entry) == [ADMITTED]
    assert rows(venue, "delivered") == 1
    assert deliver(venue, reader, since=NOW + HOUR) == []
    assert rows(venue, "delivered") == 0


def test_a_domain_that_is_being_removed_lets_nobody_in_who_is_delivered(
    venue: ServedVenue, today: OpenEpoch, visitor: Visitor
) -> None:
    reader, entry = reader_at(venue), sign_check_in(today.key, visitor.passes[0], NOW, ENTRY)
    assert deliver(venue, reader, entry) == [ADMITTED]
    (venue.home.path / "domains" / "first.closed").touch()
    other = sign_check_in(today.key, visitor.passes[1], NOW, ENTRY)
    leaving = sign_check_in(today.key, visitor.passes[0], NOW + 600, EXIT)
    assert deliver(venue, reader, other, leaving) == [Decision.UNKNOWN_DOMAIN, ADMITTED]


def test_deliveries_are_for_readers(venue: ServedVenue, today: OpenEpoch, visitor: Visitor) -> None:
    token, empty = token_bytes(32), Delivery(0, Duty.ON, ())
    venue.home.reader_tokens.add(venue.venue_id, "front door", token, NOW)
    assert problems(post(venue, "/v1/deliveries", empty)) == [(401, "unauthenticated")]
    assert problems(post(venue, "/v1/deliveries", empty, token=token_bytes(32))) == [(401, "unauthenticated")]
    entry = sign_check_in(today.key, visitor.passes[0], NOW, ENTRY)
    (answer,) = post(venue, "/v1/deliveries", Delivery(0, Duty.ON, (entry.to_bytes(),)), token=token)
    assert isinstance(answer, bytes)
    assert DeliveryAnswer.from_bytes(answer) == DeliveryAnswer(NOW, (ADMITTED,))
    venue.home.reader_tokens.revoke(venue.venue_id, "front door", NOW)
    assert problems(post(venue, "/v1/deliveries", empty, token=token)) == [(401, "unauthenticated")]


def test_a_delivery_has_no_more_than_it_may(venue: ServedVenue, today: OpenEpoch, visitor: Visitor) -> None:
    token = token_bytes(32)
    venue.home.reader_tokens.add(venue.venue_id, "front door", token, NOW)
    most = Delivery(0, Duty.ON, (b"\0",) * MAX_DELIVERY).to_bytes()
    (answer,) = post(venue, "/v1/deliveries", most, token=token)
    assert isinstance(answer, bytes)
    assert DeliveryAnswer.from_bytes(answer).decisions == (Decision.UNREADABLE,) * MAX_DELIVERY
    count = b"\x98" + bytes([MAX_DELIVERY])
    more = most.replace(count, b"\x98" + bytes([MAX_DELIVERY + 1])) + b"\x41\0"
    assert problems(post(venue, "/v1/deliveries", more, token=token)) == [(400, "malformed-encoding")]


@pytest.mark.parametrize("since", [0, NOW])
def test_several_deliveries_at_once_spend_a_pass_once(
    venue: ServedVenue, today: OpenEpoch, visitor: Visitor, since: int
) -> None:
    """One reader that has lost its patience, and another that saw the same code."""
    tokens = [token_bytes(32) for _ in range(2)]
    for door, token in zip(("front door", "back door"), tokens, strict=True):
        venue.home.reader_tokens.add(venue.venue_id, door, token, NOW)
    entry = sign_check_in(today.key, visitor.passes[0], NOW, ENTRY).to_bytes()

    async def send() -> list[Decision]:
        async with serving(venue) as (session, url):
            asked = [
                call(session, "POST", f"{url}/v1/deliveries", Delivery(since, Duty.ON, (entry,)), token)
                for token in tokens * 4
            ]
            return [DeliveryAnswer.from_bytes(answer).decisions[0] for answer in await asyncio.gather(*asked)]

    said = asyncio.run(send())
    assert sorted([said[0::2], said[1::2]]) == [[ADMITTED] * 4, [SPENT] * 4]


def test_a_reader_sends_what_staff_took_down_sealed(venue: ServedVenue, today: OpenEpoch, visitor: Visitor) -> None:
    token, other = token_bytes(32), token_bytes(32)
    for door, one in (("front door", token), ("back door", other)):
        venue.home.reader_tokens.add(venue.venue_id, door, one, NOW)
    record, tolerance = AssertedRecord("홍길동", "+821012345678"), only(venue).pinned.tolerance
    sealed = seal_assisted(today.key, record, NOW, venue.venue_id)
    assert problems(post(venue, "/v1/assisted", sealed)) == [(401, "unauthenticated")]

    def said(*messages: Message, token: bytes = token, now: int = NOW) -> list[Decision]:
        return decisions(post(venue, "/v1/assisted", *messages, token=token, now=now))

    assert said(sealed, now=NOW + tolerance + 1) == [Decision.TOO_OLD]
    assert said(sealed, now=NOW - tolerance - 1) == [Decision.TOO_EARLY]
    assert said(replace(sealed, domain=sealed.domain - 1)) == [Decision.UNKNOWN_DOMAIN]
    assert said(replace(sealed, venue_id=bytes(16))) == [Decision.OTHER_VENUE]
    assert said(replace(sealed, time=NOW + 15)) == [Decision.FORGED]
    assert said(sealed, sealed) == [ADMITTED, ADMITTED]  # its answer was lost
    assert said(sealed, token=other) == [SPENT]
    assert stored(venue) == {today.key.epoch: [sealed.to_bytes()]}
    tomorrow = replace(sealed, time=NOW + MAX_STAY + 15)
    assert said(tomorrow, now=NOW + MAX_STAY) == [Decision.UNKNOWN_EPOCH]


def test_nothing_is_sealed_for_a_domain_that_the_venue_has_not_chosen(venue: ServedVenue, today: OpenEpoch) -> None:
    deliveries = Deliveries(venue.home.engine, venue.venue_id, venue.door, reader_at(venue))
    sealed = seal_assisted(today.key, AssertedRecord("홍길동", "+821012345678"), NOW, venue.venue_id)
    for chosen in (None, today.key.domain.number - 1):
        assert deliveries.take_assisted(sealed, chosen, NOW) is Decision.UNKNOWN_DOMAIN
    assert deliveries.take_assisted(sealed, today.key.domain.number, NOW) is ADMITTED


def test_a_contact_goes_back_only_from_a_time_that_has_not_come(venue: ServedVenue) -> None:
    """Two deliveries of one reader may be decided on at the same moment."""
    reader = reader_at(venue)

    def noted(since: int, heard: int) -> Contact | None:
        with venue.home.engine.begin() as connection:
            note_contact(connection, reader.digest, Contact(since, heard, on_duty=True))
        return Contacts(venue.home.engine).of(reader)

    assert noted(NOW, NOW) == Contact(NOW, NOW, on_duty=True)
    assert noted(NOW - 60, NOW + 1) == Contact(NOW, NOW + 1, on_duty=True)
    assert noted(NOW - 60, NOW - 30) == Contact(NOW - 30, NOW - 30, on_duty=True)


def rows(venue: ServedVenue, table: str) -> int:
    with venue.home.engine.connect() as connection:
        return int(connection.execute(sql.text(f"SELECT count(*) FROM {table}")).scalar_one())
