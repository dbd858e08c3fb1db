"""Valid bodies for every route, in layers: what is changed inside is signed and wrapped again by who should."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from secrets import token_bytes, token_hex

from lab.fuzz.discovery import message_types
from lab.fuzz.forgery import sign_anything
from lab.fuzz.generation import random_message
from lab.fuzz.mutation import mutate
from lab.fuzz.stage import Route, Stage
from protocol.checkins import Direction, sign_check_in
from protocol.commitments import VenueCommitment
from protocol.epochs import Role
from protocol.errors import MalformedEncoding
from protocol.exchanges import SharesRequest, VerificationAnswer, VerificationRequest
from protocol.handles import IdentityRecord, register_handle, seal_record
from protocol.papers import from_paper_text, print_pass
from protocol.passes import IssueBatch, request_allowance
from protocol.releases import Release
from protocol.requests import PartyRequest
from protocol.signatures import SigningKey, public_key
from protocol.statements import JointStatement, statement_payload
from protocol.warrants import Purpose, ValidWarrant, Venue, VenueApplication, Warrant
from venue.release import open_log

Wrap = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Recipe:
    """How a body is made: a valid core, and what is wrapped around it, from the inside out.

    `target` is the path that it is sent to, and `token` the bearer token that belongs to it.
    """

    core: Callable[[], bytes]
    wraps: tuple[Wrap, ...] = ()
    target: str | None = None
    token: bytes | None = None

    def draw(self, random: Random) -> bytes:
        """A body that is changed in one layer; the layers around it are valid. One in fifty is not changed."""
        layer = random.randrange(len(self.wraps) + 1) if random.random() < 0.98 else None
        body = self.core()
        for number, wrap in enumerate(self.wraps):
            changed = mutate(random, body) if number == layer else body
            try:
                body = wrap(changed)
            except MalformedEncoding:  # the change is too long or short for this layer, so nothing goes around it
                return changed
        return mutate(random, body) if layer == len(self.wraps) else body


def recipes(random: Random, stage: Stage, route: Route) -> list[Recipe]:
    """The ways to make a body for a route; for one that is new here, messages of every type."""
    if route.method in {"GET", "HEAD"}:
        return [Recipe(bytes)]
    known = _KNOWN.get((route.server, route.path)) or _KNOWN.get(("", route.path))
    return known(random, stage, route) if known else _anything(random, stage, route)


def target(random: Random, stage: Stage, route: Route) -> str:
    """A path for a route: each variable is what it stands for, or nearly."""

    def value(match: re.Match[str]) -> str:
        if match[1] == "venue":
            return random.choice((stage.place.id.hex(), token_hex(16), "0", "%00", "٣", "zz" * 16))
        if match[1] == "epoch":
            epoch = stage.today.epoch
            return str(random.choice((epoch, epoch + 1, 0, 999_999_999, "٣", "%D9%A3", "-1", "1" * 5000)))
        return random.choice((token_hex(16), "00", "%FF", "\ud55c".encode().hex()))

    return re.sub(r"\{(\w+)\}", value, route.path)


def _anything(random: Random, stage: Stage, route: Route) -> list[Recipe]:
    kinds = message_types()

    def core() -> bytes:
        return random_message(random, random.choice(kinds)).to_bytes()

    return [Recipe(core), Recipe(core, _as_party(stage, route.server, route.path))]


def _as_party(stage: Stage, recipient: str, path: str) -> tuple[Wrap, Wrap]:
    """The layers of a request from one server to another."""
    sender = Role.OPERATOR if recipient == "authority" else Role.AUTHORITY
    name = stage.place.id.hex() if recipient == "venue" else recipient

    def request(body: bytes) -> bytes:
        now = int(time.time())
        return PartyRequest(stage.today.domain.number, sender, name, path, now, token_bytes(16), body).to_bytes()

    return request, lambda payload: sign_anything(PartyRequest, payload, stage.keys[sender])


def _verification(random: Random, _stage: Stage, _route: Route) -> list[Recipe]:
    return [Recipe(lambda: VerificationRequest(f"+8210{random.randrange(10**8):08}").to_bytes())]


def _session(_random: Random, stage: Stage, _route: Route) -> list[Recipe]:
    phone = stage.town.people[1].phone
    return [Recipe(VerificationAnswer(phone, "123456", "홍길동").to_bytes)]


def _handle(_random: Random, stage: Stage, _route: Route) -> list[Recipe]:
    fresh = register_handle(stage.tomorrow, stage.account)[1]
    return [Recipe(one.to_bytes, token=stage.tokens[0]) for one in (stage.handle, fresh)]


def _allowance(_random: Random, stage: Stage, _route: Route) -> list[Recipe]:
    request = request_allowance(stage.tomorrow, stage.h)[1]
    return [Recipe(request.to_bytes, token=token) for token in stage.tokens]


def _application(_random: Random, stage: Stage, _route: Route) -> list[Recipe]:
    key = SigningKey.generate()
    changed = replace(stage.place.venue.record, key=public_key(key))

    def core() -> bytes:
        number = stage.today.domain.number
        record = Venue(number, token_bytes(16), "클럽", "http://door.example", public_key(key))
        return VenueApplication(record).to_bytes()

    def signed(payload: bytes) -> bytes:
        return sign_anything(VenueApplication, payload, key)

    def around_agreed(payload: bytes) -> bytes:
        agreed = sign_anything(VenueApplication, payload, stage.place.venue.signing_key)
        return VenueApplication(changed, agreed).to_bytes()

    return [Recipe(core, (signed,)), Recipe(VenueApplication(changed).to_bytes, (around_agreed, signed))]


def _commitment(_random: Random, stage: Stage, _route: Route) -> list[Recipe]:
    """Commitments of a venue that the parties know, and of any other."""
    key = stage.place.venue.signing_key

    def core(venue: bytes) -> Callable[[], bytes]:
        number = stage.today.domain.number
        return lambda: VenueCommitment(number, venue, int(time.time()), token_bytes(32)).to_bytes()

    wrap = (lambda payload: sign_anything(VenueCommitment, payload, key),)
    return [Recipe(core(venue), wrap) for venue in (stage.place.id, token_bytes(16))]


def _warrant(stage: Stage) -> Warrant:
    now = int(time.time())
    number, venue = stage.today.domain.number, stage.place.id
    return Warrant(
        domain=number,
        warrant=token_bytes(16),
        venue=venue,
        purpose=Purpose.OPENING,
        begins=now - 3600,
        ends=now + 3600,
        assumed_stay=3600,
        legal_reference="제76조의2",
        max_records=100,
        issued=now,
        expires=now + 86_400,
        discloses=now + 86_400,
    )


def _proposal(_random: Random, stage: Stage, route: Route) -> list[Recipe]:
    authority = stage.keys[Role.AUTHORITY]
    party = _as_party(stage, route.server, route.path)
    same = _warrant(stage)
    cores = (same.to_bytes, lambda: _warrant(stage).to_bytes())
    return [Recipe(core, (lambda payload: sign_anything(Warrant, payload, authority), *party)) for core in cores]


def _countersignature(_random: Random, stage: Stage, route: Route) -> list[Recipe]:
    paths = [route.path.replace("{warrant}", value) for value in (token_hex(16), "00", "%41" * 16)]
    return [Recipe(bytes, _as_party(stage, route.server, path), path) for path in paths]


def _shares(_random: Random, stage: Stage, route: Route) -> list[Recipe]:
    """Of a release, a warrant and a venue, each is changed under the right signatures."""
    party = _as_party(stage, route.server, route.path)
    warrant, venue_key = _warrant(stage), stage.place.venue.signing_key
    joint = stage.both_sign(warrant)
    signed = open_log(stage.place.venue, ValidWarrant(warrant))
    release = statement_payload(signed)

    def around_release(statement: bytes) -> bytes:
        return SharesRequest(joint, stage.registration, statement).to_bytes()

    def around_warrant(payload: bytes) -> bytes:
        return SharesRequest(_both_sign(stage, Warrant, payload), stage.registration, signed).to_bytes()

    def around_venue(payload: bytes) -> bytes:
        return SharesRequest(joint, _both_sign(stage, Venue, payload), signed).to_bytes()

    return [
        Recipe(lambda: release, (lambda payload: sign_anything(Release, payload, venue_key), around_release, *party)),
        Recipe(warrant.to_bytes, (around_warrant, *party)),
        Recipe(stage.place.venue.record.to_bytes, (around_venue, *party)),
    ]


def _both_sign(stage: Stage, kind: type[Warrant | Venue], payload: bytes) -> JointStatement:
    authority, operator = (sign_anything(kind, payload, stage.keys[role]) for role in (Role.AUTHORITY, Role.OPERATOR))
    return JointStatement(authority, operator)


def _deposit(_random: Random, stage: Stage, route: Route) -> list[Recipe]:
    record = IdentityRecord(
        stage.today.domain.number, stage.tomorrow.epoch, stage.handle.handle, "+821012345678", "홍길동", 1
    )
    entry = seal_record(stage.tomorrow, record, stage.keys[Role.OPERATOR])[1]
    return [Recipe(entry.to_bytes, _as_party(stage, route.server, route.path))]


def _batch(_random: Random, stage: Stage, route: Route) -> list[Recipe]:
    requests = request_allowance(stage.tomorrow, stage.h)[1].requests[:3]
    batch = IssueBatch(stage.tomorrow.epoch, tuple(map(bytes, requests)))
    return [Recipe(batch.to_bytes, _as_party(stage, route.server, route.path))]


def _check_in(random: Random, stage: Stage, _route: Route) -> list[Recipe]:
    """Check-ins whose bytes are changed, and check-ins whose label is anything, signed by the pass."""
    now = int(time.time())
    owned, here = stage.passes, stage.place.id
    shown = [sign_check_in(stage.today, owned[0], now, Direction.ENTRY, venue) for venue in (None, here)]

    def signed() -> bytes:
        when = random.choice((0, now, now - 86_400, now + 86_400, 2**32 - 1, random.getrandbits(32)))
        where = random.choice((None, here, token_bytes(16)))
        return sign_check_in(stage.today, random.choice(owned), when, random.choice(list(Direction)), where).to_bytes()

    return [Recipe(core, token=stage.place.token) for core in (shown[0].to_bytes, shown[1].to_bytes, signed)]


def _paper(random: Random, stage: Stage, _route: Route) -> list[Recipe]:
    """Papers whose bytes are changed, and good ones of any day."""
    paper = from_paper_text(print_pass(stage.today, stage.passes[0]))
    other_day = replace(paper, epoch=random.choice((0, paper.epoch - 1, paper.epoch + 1, 2**32 - 1)))
    return [Recipe(core, token=stage.place.token) for core in (paper.to_bytes, other_day.to_bytes)]


def _release(_random: Random, stage: Stage, route: Route) -> list[Recipe]:
    party = _as_party(stage, route.server, route.path)
    return [
        Recipe(
            lambda: _warrant(stage).to_bytes(),
            (lambda payload: _both_sign(stage, Warrant, payload).to_bytes(), *party),
        )
    ]


_KNOWN: dict[tuple[str, str], Callable[[Random, Stage, Route], list[Recipe]]] = {
    ("operator", "/v1/verifications"): _verification,
    ("operator", "/v1/sessions"): _session,
    ("operator", "/v1/handles"): _handle,
    ("operator", "/v1/passes"): _allowance,
    ("operator", "/v1/warrants"): _proposal,
    ("operator", "/v1/warrants/{warrant}/countersignature"): _countersignature,
    ("operator", "/v1/shares"): _shares,
    ("authority", "/v1/directory"): _deposit,
    ("authority", "/v1/passes"): _batch,
    ("venue", "/v1/check-ins"): _check_in,
    ("venue", "/v1/papers"): _paper,
    ("venue", "/v1/releases"): _release,
    ("", "/v1/venues"): _application,
    ("", "/v1/commitments"): _commitment,
}
"""By server and path; an empty name stands for both parties."""
