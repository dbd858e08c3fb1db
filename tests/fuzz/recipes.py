"""Valid bodies for every route, in layers: what is changed inside is signed and wrapped again by who should."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from secrets import token_bytes, token_hex

from protocol.assisted_check_ins import AssertedRecord, seal_assisted
from protocol.check_ins import Direction, sign_check_in
from protocol.commitments import HeldCommitment, VenueCommitment, commitment_digest
from protocol.deliveries import Delivery, Duty, Pairing
from protocol.epochs import Role
from protocol.handles import DirectoryEntry, Handle, IdentityRecord, register_handle, seal_record
from protocol.http_messages import NoticeRequest, ReleaseRequest, SharesRequest, VerificationAnswer, VerificationRequest
from protocol.paper_passes import from_paper_text, print_pass
from protocol.party_requests import PartyRequest
from protocol.passes import IssueBatch, request_allowance
from protocol.primitives.errors import MalformedEncoding
from protocol.primitives.group import B, Scalar
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import JointStatement, statement_payload
from protocol.releases import HeldCommitments, Release
from protocol.transparency.logs import log_id, log_origin
from protocol.transparency.signed_notes import parse_note, sign_note
from protocol.transparency.tiles import Tile
from protocol.transparency.witnesses import WitnessRequest
from protocol.warrants import Purpose, ValidWarrant, Venue, VenueApplication, Warrant
from tests.fuzz.discovery import message_types
from tests.fuzz.forgery import sign_anything
from tests.fuzz.generation import random_message
from tests.fuzz.mutation import mutate
from tests.fuzz.servers_under_test import Route, ServersUnderTest
from tests.support.codes import code_in_force
from tests.support.deposits import batch_of
from tests.support.venues import only
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


def recipes(random: Random, tested: ServersUnderTest, route: Route) -> list[Recipe]:
    """The ways to make a body for a route; for one that is new here, messages of every type."""
    if route.method in {"GET", "HEAD"}:
        is_readers = (route.server, route.path) == ("venue", "/v1/door")
        return [Recipe(bytes, token=tested.place.token if is_readers else None)]
    known = _KNOWN.get((route.server, route.path)) or _KNOWN.get(("", route.path))
    return known(random, tested, route) if known else _anything(random, tested, route)


def target(random: Random, tested: ServersUnderTest, route: Route) -> str:
    """A path for a route: each variable is what it stands for, or nearly."""
    return re.sub(r"\{(\w+)\}", lambda match: _value(random, tested, route, match[1]), route.path)


def right_target(tested: ServersUnderTest, route: Route) -> str:
    """A path for a route that leads to something."""
    return re.sub(r"\{(\w+)\}", lambda match: _right_value(tested, route, match[1]), route.path)


def _value(random: Random, tested: ServersUnderTest, route: Route, variable: str) -> str:
    if random.random() < 0.3:
        return _right_value(tested, route, variable)
    if variable == "tile":
        return tile_path(random)
    if variable in {"epoch", "number"}:
        epoch = tested.today.epoch
        return str(random.choice((epoch + 1, 0, 1, 4_294_967_295, 9_999_999_999, "٣", "%D9%A3", "-1", "1" * 5000)))
    return random.choice((token_hex(16), "0", "00", "%00", "٣", "zz" * 16, "%FF", "\ud55c".encode().hex(), "a" * 5000))


def _right_value(tested: ServersUnderTest, route: Route, variable: str) -> str:
    peer = Role.AUTHORITY if route.server == "operator" else Role.OPERATOR
    return {
        "venue": tested.place.id.hex(),
        "domain": str(tested.today.domain.number),
        "warrant": tested.countersigned,
        "epoch": str(tested.today.epoch),
        "number": "0",
        "log": log_id(tested.today.domain, peer),
        "tile": Tile("entries", 0, 1).path,
    }[variable]


def tile_path(random: Random) -> str:
    """The path of a tile, perhaps of none that there can be."""
    level = random.choice(("0", "1", "7", "63", "64", "99", "00", "entries", "data", "-1", "٣", "..", "%2e%2e"))
    groups = [f"x{random.choice((0, 1, 999)):03}" for _ in range(random.choice((0, 0, 1, 2, 4, 5, 7, 1000, 1500)))]
    width = random.choice(("", "", ".p/1", ".p/255", ".p/256", ".p/0", ".p/999", ".p/" + "9" * 20, ".p", "/", "%00"))
    return "/".join((level, *groups, f"{random.choice((0, 1, 67, 999)):03}")) + width


def _anything(random: Random, tested: ServersUnderTest, route: Route) -> list[Recipe]:
    kinds = message_types()

    def core() -> bytes:
        return random_message(random, random.choice(kinds)).to_bytes()

    return [Recipe(core), Recipe(core, _as_party(tested, route.server, route.path))]


def _as_party(tested: ServersUnderTest, recipient: str, path: str) -> tuple[Wrap, Wrap]:
    """The layers of a request from one server to another."""
    sender = Role.OPERATOR if recipient == "authority" else Role.AUTHORITY
    name = tested.place.id.hex() if recipient == "venue" else recipient

    def request(body: bytes) -> bytes:
        now = int(time.time())
        return PartyRequest(tested.today.domain.number, sender, name, path, now, token_bytes(16), body).to_bytes()

    return request, lambda payload: sign_anything(PartyRequest, payload, tested.keys[sender])


def _verification(random: Random, _stage: ServersUnderTest, _route: Route) -> list[Recipe]:
    return [Recipe(lambda: VerificationRequest(f"+8210{random.randrange(10**8):08}").to_bytes())]


def _session(random: Random, tested: ServersUnderTest, _route: Route) -> list[Recipe]:
    """Answers with the code that was sent, with another one, and of a phone that was sent none."""

    def answer(*, is_right: bool) -> Callable[[], bytes]:
        def core() -> bytes:
            phone = f"+8210{random.randrange(10**8):08}"
            code = code_in_force(tested.operator.accounts, phone, int(time.time()))
            return VerificationAnswer(phone, code if is_right else "123456", "홍길동").to_bytes()

        return core

    unknown = VerificationAnswer(tested.town.people[1].phone, "123456", "홍길동")
    return [Recipe(core) for core in (answer(is_right=True), answer(is_right=False), unknown.to_bytes)]


def _handle(_random: Random, tested: ServersUnderTest, _route: Route) -> list[Recipe]:
    fresh = register_handle(tested.tomorrow, tested.account_id)[1]
    return [Recipe(one.to_bytes, token=tested.tokens[0]) for one in (tested.handle, fresh)]


def _allowance(_random: Random, tested: ServersUnderTest, _route: Route) -> list[Recipe]:
    """Fresh requests: one that comes again is refused, whatever is in it."""

    def request(h: Scalar) -> Callable[[], bytes]:
        def core() -> bytes:
            return request_allowance(tested.tomorrow, h)[1].to_bytes()

        return core

    return [Recipe(request(h), token=token) for h, token in zip(tested.hs, tested.tokens, strict=True)]


def _application(_random: Random, tested: ServersUnderTest, _route: Route) -> list[Recipe]:
    key = SigningKey.generate()
    changed = replace(only(tested.place.venue).record, key=public_key(key))

    def core() -> bytes:
        number = tested.today.domain.number
        record = Venue(number, token_bytes(16), "클럽", "http://door.example", public_key(key))
        return VenueApplication(record).to_bytes()

    def signed(payload: bytes) -> bytes:
        return sign_anything(VenueApplication, payload, key)

    def around_agreed(payload: bytes) -> bytes:
        agreed = sign_anything(VenueApplication, payload, only(tested.place.venue).signing_key)
        return VenueApplication(changed, agreed).to_bytes()

    return [Recipe(core, (signed,)), Recipe(VenueApplication(changed).to_bytes, (around_agreed, signed))]


def _commitment(random: Random, tested: ServersUnderTest, _route: Route) -> list[Recipe]:
    """Commitments of a venue that the parties know, and of any other, of later times than those of its releases."""
    key = only(tested.place.venue).signing_key

    def core(venue_id: bytes) -> Callable[[], bytes]:
        number, later = tested.today.domain.number, random.randrange(20, 100)
        return lambda: VenueCommitment(number, venue_id, int(time.time()) + later, token_bytes(32)).to_bytes()

    wrap = (lambda payload: sign_anything(VenueCommitment, payload, key),)
    return [Recipe(core(venue), wrap) for venue in (tested.place.id, token_bytes(16))]


def _warrant(tested: ServersUnderTest) -> Warrant:
    now = int(time.time())
    number, venue = tested.today.domain.number, tested.place.id
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


def _proposal(_random: Random, tested: ServersUnderTest, route: Route) -> list[Recipe]:
    authority = tested.keys[Role.AUTHORITY]
    party = _as_party(tested, route.server, route.path)
    same = _warrant(tested)
    cores = (same.to_bytes, lambda: _warrant(tested).to_bytes())
    return [Recipe(core, (lambda payload: sign_anything(Warrant, payload, authority), *party)) for core in cores]


def _countersignature(_random: Random, tested: ServersUnderTest, route: Route) -> list[Recipe]:
    values = (tested.countersigned, token_hex(16), "00", "%41" * 16)
    paths = [route.path.replace("{warrant}", value) for value in values]
    return [Recipe(bytes, _as_party(tested, route.server, path), path) for path in paths]


def _withdrawal(_random: Random, tested: ServersUnderTest, route: Route) -> list[Recipe]:
    """Not of the warrant that is opened, which is to stand."""
    paths = [route.path.replace("{warrant}", value) for value in (tested.undecided, token_hex(16), "00", "%41" * 16)]
    return [Recipe(bytes, _as_party(tested, route.server, path), path) for path in paths]


def _held(tested: ServersUnderTest) -> HeldCommitments:
    return tuple(
        HeldCommitment(kept.opening.time, commitment_digest(kept.opening.salt, kept.tree))
        for kept in only(tested.place.venue).log.commitments()
    )


def _shares(_random: Random, tested: ServersUnderTest, route: Route) -> list[Recipe]:
    """Of a release, a warrant and a venue, each is changed under the right signatures."""
    party = _as_party(tested, route.server, route.path)
    warrant, venue_key = replace(_warrant(tested), issued=tested.committed), only(tested.place.venue).signing_key
    joint = tested.both_sign(warrant)
    signed = open_log(only(tested.place.venue), ValidWarrant(warrant))
    release = statement_payload(signed)
    held = _held(tested)

    def around_release(statement: bytes) -> bytes:
        return SharesRequest(joint, tested.registration, statement, held).to_bytes()

    def around_warrant(payload: bytes) -> bytes:
        return SharesRequest(_both_sign(tested, Warrant, payload), tested.registration, signed, held).to_bytes()

    def around_venue(payload: bytes) -> bytes:
        return SharesRequest(joint, _both_sign(tested, Venue, payload), signed, held).to_bytes()

    return [
        Recipe(lambda: release, (lambda payload: sign_anything(Release, payload, venue_key), around_release, *party)),
        Recipe(warrant.to_bytes, (around_warrant, *party)),
        Recipe(only(tested.place.venue).record.to_bytes, (around_venue, *party)),
    ]


def _notice(random: Random, tested: ServersUnderTest, route: Route) -> list[Recipe]:
    """For a release, whose warrant is changed under the right signatures; and for nobody."""
    party = _as_party(tested, route.server, route.path)
    warrant = replace(_warrant(tested), purpose=Purpose.NOTICE, advice="검사", issued=tested.committed)
    signed = open_log(only(tested.place.venue), ValidWarrant(warrant))

    def request(*shown: SharesRequest) -> bytes:
        return NoticeRequest(random.choice((0, 1, random.getrandbits(32))), int(time.time()), shown).to_bytes()

    def around_warrant(payload: bytes) -> bytes:
        return request(SharesRequest(_both_sign(tested, Warrant, payload), tested.registration, signed, _held(tested)))

    whole = SharesRequest(tested.both_sign(warrant), tested.registration, signed, _held(tested))
    return [
        Recipe(warrant.to_bytes, (around_warrant, *party)),
        Recipe(lambda: request(whole), party),
        Recipe(request, party),
    ]


def _both_sign(tested: ServersUnderTest, kind: type[Warrant | Venue], payload: bytes) -> JointStatement:
    authority, operator = (sign_anything(kind, payload, tested.keys[role]) for role in (Role.AUTHORITY, Role.OPERATOR))
    return JointStatement(authority, operator)


def _deposit(random: Random, tested: ServersUnderTest, route: Route) -> list[Recipe]:
    def entry() -> DirectoryEntry:
        handle = Handle(Scalar.random() * B)
        record = IdentityRecord(tested.today.domain.number, tested.tomorrow.epoch, handle, "+821012345678", "홍길동", 1)
        return seal_record(tested.tomorrow, record, tested.keys[Role.OPERATOR])[1]

    def core() -> bytes:
        return batch_of(*(entry() for _ in range(random.choice((1, 3))))).to_bytes()

    return [Recipe(core, _as_party(tested, route.server, route.path))]


def _batch(_random: Random, tested: ServersUnderTest, route: Route) -> list[Recipe]:
    requests = request_allowance(tested.tomorrow, tested.hs[0])[1].requests[:3]
    batch = IssueBatch(tested.tomorrow.epoch, tuple(map(bytes, requests)))
    return [Recipe(batch.to_bytes, _as_party(tested, route.server, route.path))]


def _check_in(random: Random, tested: ServersUnderTest, _route: Route) -> list[Recipe]:
    """Check-ins whose bytes are changed, and check-ins whose label is anything, signed by the pass."""
    now = int(time.time())
    owned, here = tested.passes, tested.place.id
    shown = [sign_check_in(tested.today, owned[0], now, Direction.ENTRY, venue) for venue in (None, here)]

    def signed() -> bytes:
        when = random.choice((0, now, now - 86_400, now + 86_400, 2**32 - 1, random.getrandbits(32)))
        where = random.choice((None, here, token_bytes(16)))
        return sign_check_in(tested.today, random.choice(owned), when, random.choice(list(Direction)), where).to_bytes()

    return [Recipe(core, token=tested.place.token) for core in (shown[0].to_bytes, shown[1].to_bytes, signed)]


def _paper(random: Random, tested: ServersUnderTest, _route: Route) -> list[Recipe]:
    """Papers whose bytes are changed, and good ones of any day."""
    paper = from_paper_text(print_pass(tested.today, tested.passes[0]))
    other_day = replace(paper, epoch=random.choice((0, paper.epoch - 1, paper.epoch + 1, 2**32 - 1)))
    return [Recipe(core, token=tested.place.token) for core in (paper.to_bytes, other_day.to_bytes)]


def _pairing(_random: Random, tested: ServersUnderTest, _route: Route) -> list[Recipe]:
    """Links that were just made, each used once."""
    venue = tested.place.venue

    def core() -> bytes:
        secret = venue.home.pairings.offer(tested.place.id, token_hex(8), int(time.time()))
        return Pairing(secret, token_bytes(32)).to_bytes()

    return [Recipe(core)]


def _delivery(random: Random, tested: ServersUnderTest, _route: Route) -> list[Recipe]:
    """Check-ins of any time, and any bytes, from a reader that says anything of itself."""
    now = int(time.time())

    def shown() -> bytes:
        when = random.choice((now, now - 3600, now - 86_400, 0, random.getrandbits(32)))
        owned, way = random.choice(tested.passes), random.choice(list(Direction))
        return random.choice((sign_check_in(tested.today, owned, when, way).to_bytes(), random.randbytes(204)))

    def core() -> bytes:
        since = random.choice((0, 0, 0, now - 60, 2**32 - 1))
        check_ins = tuple(shown() for _ in range(random.choice((0, 1, 3))))
        return Delivery(since, random.choice(list(Duty)), check_ins).to_bytes()

    return [Recipe(core, token=tested.place.token)]


def _assisted(_random: Random, tested: ServersUnderTest, _route: Route) -> list[Recipe]:
    record = AssertedRecord("홍길동", "+821012345678")
    sealed = seal_assisted(tested.today, record, int(time.time()), tested.place.id)
    return [Recipe(sealed.to_bytes, token=tested.place.token)]


def _release(_random: Random, tested: ServersUnderTest, route: Route) -> list[Recipe]:
    party = _as_party(tested, route.server, route.path)
    return [
        Recipe(
            lambda: _warrant(tested).to_bytes(),
            (lambda payload: ReleaseRequest(_both_sign(tested, Warrant, payload)).to_bytes(), *party),
        )
    ]


def _cosigning(_random: Random, tested: ServersUnderTest, route: Route) -> list[Recipe]:
    """The checkpoint that a witness cosigned last, again; and any other text that the log signs."""
    role = Role.AUTHORITY if route.server == "operator" else Role.OPERATOR
    known = tested.town.directory / route.server / "witness" / "checkpoint"
    origin, key = log_origin(tested.today.domain, role), tested.keys[role]

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


_KNOWN: dict[tuple[str, str], Callable[[Random, ServersUnderTest, Route], list[Recipe]]] = {
    ("operator", "/v1/verifications"): _verification,
    ("operator", "/v1/sessions"): _session,
    ("operator", "/v1/handles"): _handle,
    ("operator", "/v1/passes"): _allowance,
    ("operator", "/v1/warrants"): _proposal,
    ("operator", "/v1/warrants/{warrant}/countersignature"): _countersignature,
    ("operator", "/v1/warrants/{warrant}/withdrawal"): _withdrawal,
    ("operator", "/v1/shares"): _shares,
    ("operator", "/v1/notices"): _notice,
    ("authority", "/v1/directory"): _deposit,
    ("authority", "/v1/passes"): _batch,
    ("venue", "/v1/check-ins"): _check_in,
    ("venue", "/v1/papers"): _paper,
    ("venue", "/v1/readers"): _pairing,
    ("venue", "/v1/deliveries"): _delivery,
    ("venue", "/v1/assisted"): _assisted,
    ("venue", "/v1/releases"): _release,
    ("", "/v1/venues"): _application,
    ("", "/v1/commitments"): _commitment,
    ("", "/v1/witness/add-checkpoint"): _cosigning,
}
"""By server and path; an empty name stands for both parties."""
