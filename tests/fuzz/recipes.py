"""Valid bodies for every route, in layers: what is changed inside is signed and wrapped again by who should."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from secrets import token_bytes, token_hex

from protocol.check_ins import Direction, sign_check_in
from protocol.commitments import VenueCommitment
from protocol.epochs import Role
from protocol.handles import Handle, IdentityRecord, register_handle, seal_record
from protocol.http_messages import SharesRequest, VerificationAnswer, VerificationRequest
from protocol.paper_passes import from_paper_text, print_pass
from protocol.party_requests import PartyRequest
from protocol.passes import IssueBatch, request_allowance
from protocol.primitives.errors import MalformedEncoding
from protocol.primitives.group import B, Scalar
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import JointStatement, statement_payload
from protocol.releases import Release
from protocol.transparency.logs import log_id, log_origin
from protocol.transparency.signed_notes import parse_note, sign_note
from protocol.transparency.tiles import Tile
from protocol.transparency.witnesses import WitnessRequest
from protocol.warrants import Purpose, ValidWarrant, Venue, VenueApplication, Warrant
from tests.fuzz.discovery import message_types
from tests.fuzz.forgery import sign_anything
from tests.fuzz.generation import random_message
from tests.fuzz.mutation import mutate
from tests.fuzz.stage import Route, Stage
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

    def whole(self) -> bytes:
        """A body that is not changed."""
        body = self.core()
        for wrap in self.wraps:
            body = wrap(body)
        return body

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
    return re.sub(r"\{(\w+)\}", lambda match: _value(random, stage, route, match[1]), route.path)


def right_target(stage: Stage, route: Route) -> str:
    """A path for a route that leads to something."""
    return re.sub(r"\{(\w+)\}", lambda match: _right_value(stage, route, match[1]), route.path)


def _value(random: Random, stage: Stage, route: Route, variable: str) -> str:
    if random.random() < 0.3:
        return _right_value(stage, route, variable)
    if variable == "tile":
        return tile_path(random)
    if variable in {"epoch", "number"}:
        epoch = stage.today.epoch
        return str(random.choice((epoch + 1, 0, 1, 4_294_967_295, 9_999_999_999, "٣", "%D9%A3", "-1", "1" * 5000)))
    return random.choice((token_hex(16), "0", "00", "%00", "٣", "zz" * 16, "%FF", "\ud55c".encode().hex(), "a" * 5000))


def _right_value(stage: Stage, route: Route, variable: str) -> str:
    peer = Role.AUTHORITY if route.server == "operator" else Role.OPERATOR
    return {
        "venue": stage.place.id.hex(),
        "warrant": stage.countersigned,
        "epoch": str(stage.today.epoch),
        "number": "0",
        "log": log_id(stage.today.domain, peer),
        "tile": Tile("entries", 0, 1).path,
    }[variable]


def tile_path(random: Random) -> str:
    """The path of a tile, perhaps of none that there can be."""
    level = random.choice(("0", "1", "7", "63", "64", "99", "00", "entries", "data", "-1", "٣", "..", "%2e%2e"))
    groups = [f"x{random.choice((0, 1, 999)):03}" for _ in range(random.choice((0, 0, 1, 2, 4, 5, 7, 1000, 1500)))]
    width = random.choice(("", "", ".p/1", ".p/255", ".p/256", ".p/0", ".p/999", ".p/" + "9" * 20, ".p", "/", "%00"))
    return "/".join((level, *groups, f"{random.choice((0, 1, 67, 999)):03}")) + width


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


def _session(random: Random, stage: Stage, _route: Route) -> list[Recipe]:
    """Answers with the code that was sent, with another one, and of a phone that was sent none."""

    def answer(*, is_right: bool) -> Callable[[], bytes]:
        def core() -> bytes:
            phone = f"+8210{random.randrange(10**8):08}"
            code = stage.operator.accounts.new_code(phone, int(time.time()))
            return VerificationAnswer(phone, code if is_right else "123456", "홍길동").to_bytes()

        return core

    unknown = VerificationAnswer(stage.town.people[1].phone, "123456", "홍길동")
    return [Recipe(core) for core in (answer(is_right=True), answer(is_right=False), unknown.to_bytes)]


def _handle(_random: Random, stage: Stage, _route: Route) -> list[Recipe]:
    fresh = register_handle(stage.tomorrow, stage.account_id)[1]
    return [Recipe(one.to_bytes, token=stage.tokens[0]) for one in (stage.handle, fresh)]


def _allowance(_random: Random, stage: Stage, _route: Route) -> list[Recipe]:
    """Fresh requests: one that comes again is refused, whatever is in it."""

    def request(h: Scalar) -> Callable[[], bytes]:
        def core() -> bytes:
            return request_allowance(stage.tomorrow, h)[1].to_bytes()

        return core

    return [Recipe(request(h), token=token) for h, token in zip(stage.hs, stage.tokens, strict=True)]


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

    def core(venue_id: bytes) -> Callable[[], bytes]:
        number = stage.today.domain.number
        return lambda: VenueCommitment(number, venue_id, int(time.time()), token_bytes(32)).to_bytes()

    wrap = (lambda payload: sign_anything(VenueCommitment, payload, key),)
    return [Recipe(core(venue), wrap) for venue in (stage.place.id, token_bytes(16))]


def _warrant(stage: Stage) -> Warrant:
    now = int(time.time())
    number, venue = stage.today.domain.number, stage.place.id
    return Warrant(
        domain=number,
        warrant_id=token_bytes(16),
        venue_id=venue,
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
    values = (stage.countersigned, token_hex(16), "00", "%41" * 16)
    paths = [route.path.replace("{warrant}", value) for value in values]
    return [Recipe(bytes, _as_party(stage, route.server, path), path) for path in paths]


def _shares(_random: Random, stage: Stage, route: Route) -> list[Recipe]:
    """Of a release, a warrant and a venue, each is changed under the right signatures."""
    party = _as_party(stage, route.server, route.path)
    warrant, venue_key = replace(_warrant(stage), issued=stage.committed), stage.place.venue.signing_key
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
    def core() -> bytes:
        handle = Handle(Scalar.random() * B)
        record = IdentityRecord(stage.today.domain.number, stage.tomorrow.epoch, handle, "+821012345678", "홍길동", 1)
        return seal_record(stage.tomorrow, record, stage.keys[Role.OPERATOR])[1].to_bytes()

    return [Recipe(core, _as_party(stage, route.server, route.path))]


def _batch(_random: Random, stage: Stage, route: Route) -> list[Recipe]:
    requests = request_allowance(stage.tomorrow, stage.hs[0])[1].requests[:3]
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


def _cosigning(_random: Random, stage: Stage, route: Route) -> list[Recipe]:
    """The checkpoint that a witness cosigned last, again; and any other text that the log signs."""
    role = Role.AUTHORITY if route.server == "operator" else Role.OPERATOR
    known = stage.town.directory / route.server / "witness" / "checkpoint"
    origin, key = log_origin(stage.today.domain, role), stage.keys[role]

    def text() -> bytes:
        return parse_note(known.read_bytes()).text.encode()

    def sign(changed: bytes) -> bytes:
        try:
            return sign_note(changed.decode(), origin, key)
        except UnicodeDecodeError:
            return changed

    def ask(note: bytes) -> bytes:
        return WitnessRequest(int(text().split(b"\n")[1]), (), note).encode()

    return [Recipe(text, (sign, ask))]


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
    ("", "/v1/witness/add-checkpoint"): _cosigning,
}
"""By server and path; an empty name stands for both parties."""
