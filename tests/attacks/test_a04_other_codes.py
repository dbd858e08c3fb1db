"""A4: a QR code of another type makes the client encrypt the name to the venue alone."""

from __future__ import annotations

import base64
from dataclasses import replace
from hashlib import sha512

import pytest

from client.posters import read_poster
from client.visits import open_entry
from lab.coalition import opened_by, recognised_by_operator
from protocol.check_ins import CheckInMessage
from protocol.epochs import Role
from protocol.http_messages import Decision
from protocol.primitives.encoding import encode_item
from protocol.primitives.errors import Malformed, Rejected
from protocol.primitives.group import Point, Scalar
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import JointStatement, sign_statement
from tests.support.town import Town
from tests.support.venues import only


def secret_scalar(key: SigningKey) -> Scalar:
    """The logarithm of an Ed25519 key, as RFC 8032 derives it from the seed."""
    digest = bytearray(sha512(bytes(key)).digest()[:32])
    digest[0] &= 248
    digest[31] = digest[31] & 63 | 64
    return Scalar.reduce(bytes(digest) + bytes(32))


def test_a04_no_code_makes_a_client_encrypt_to_the_venue(town: Town) -> None:
    """The venue makes posters that carry its key where a client might look for one to encrypt to.

    Happened: luca, CVE-2021-33839. Answer: a poster has one format and no key to encrypt to; the joint key was fixed
    when the pass was issued (§4.3).
    """
    club = town.open_venue()
    person, _ = town.visitors("홍길동", "성춘향")
    venue_key, domain = only(club.venue).signing_key, town.world.settings.domain
    record = only(club.venue).record
    own = sign_statement(record, venue_key)
    honest = only(club.venue).registration
    assert honest is not None
    shown = open_entry(person.visitor).text(town.now)
    before = list(town.traffic)
    genuine, key = town.link(club), bytes(public_key(venue_key))
    for answered in (
        JointStatement(own, own).to_bytes(),
        JointStatement(honest.authority, own).to_bytes(),
        own,
        record.to_bytes(),
        key,
        encode_item([honest.authority, honest.operator, key]),
        honest.to_bytes() + key,
        town.world.operator.epochs.cache.statement(Role.AUTHORITY, town.world.today) or b"",
    ):
        with pytest.raises((Malformed, Rejected)):
            read_poster(domain, genuine, answered)
    for tried in (
        f"{genuine}?key={key.hex()}",
        f"{genuine}#{key.hex()}",
        f"{club.url}/v/{club.id.hex()}/{key.hex()}",
        f"{club.url}/#{base64.urlsafe_b64encode(honest.to_bytes()).decode()}",
        "https://app.luca-app.de/webapp/7f1c0d1e#e30/CWA1/CAESLAgBEhF",
        "WIFI:T:WPA;S=club;P=club;;",
        shown,
    ):
        with pytest.raises((Malformed, Rejected)):
            read_poster(domain, tried, honest.to_bytes())
    assert town.traffic == before


def test_a04_what_an_honest_poster_gets_is_closed_to_its_venue(town: Town) -> None:
    """The venue tries its registered key, the only key on its poster, on the check-ins that it received.

    Happened: as above. Answer: as above.
    """
    club = town.open_venue()
    person, _ = town.visitors("홍길동", "성춘향")
    assert town.scan(person, club) is Decision.ADMITTED
    (received,) = (CheckInMessage.from_bytes(seen.body) for seen in town.traffic if seen.path == "/v1/check-ins")
    venue_key = only(club.venue).signing_key
    assert secret_scalar(venue_key) * Point(bytes.fromhex("58" + "66" * 31)) == public_key(venue_key)
    parties = [party.epochs.secret(town.world.today) for party in (town.world.operator, town.world.authority)]
    recognise = recognised_by_operator(town.world.operator)
    with_venue_key = replace(parties[0], share=secret_scalar(venue_key))
    assert opened_by([with_venue_key], [received], recognise) == 0
    assert opened_by(parties, [received], recognise) == 1


def test_a04_a_reader_takes_check_ins_and_nothing_else(town: Town) -> None:
    """A visitor, or a sticker, shows the reader codes of other types, and the right one under another prefix.

    Happened: as above, the other way round. Answer: as above.
    """
    club = town.open_venue()
    person, _ = town.visitors("홍길동", "성춘향")
    text = open_entry(person.visitor).text(town.now)
    codes = [town.link(club), "SP2:" + text[4:], "sp1:" + text[4:], text[4:], text + " ", text + "0", text[:-3], "SP1:"]
    assert {town.show(code, club) for code in codes} == {Decision.UNREADABLE}
    assert town.show(text, club) is Decision.ADMITTED
