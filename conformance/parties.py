"""A whole domain on real keys: both escrow parties and a venue."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from secrets import token_bytes

from conformance.vectors.venue_log import VenueLog
from protocol.epochs import MAX_STAY, Domain, EpochKey, EpochSecret, Role, create_epoch, verify_epoch
from protocol.passes import IssueBatch, PassAnswers, issue_batch
from protocol.primitives.encoding import Message
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import JointStatement, sign_statement
from protocol.releases import VerifiedRelease, verify_release
from protocol.warrants import Purpose, RegisteredVenue, ValidWarrant, Venue, Warrant, verify_venue, verify_warrant

UTC_OFFSET = 32_400
NOW = 1_600_000_005
"""A label time: 21:26:45 in Seoul, so that a stay of twelve hours ends on the next day."""
TODAY = (NOW + UTC_OFFSET) // 86_400


def opening_warrant(
    domain: int,
    venue_id: bytes,
    begins: int,
    ends: int,
    issued: int,
    *,
    assumed_stay: int = 0,
    max_records: int = 100,
) -> Warrant:
    """A new warrant to open the visits to a venue in a window, good for a day."""
    return Warrant(
        domain=domain,
        warrant_id=token_bytes(16),
        venue_id=venue_id,
        purpose=Purpose.OPENING,
        begins=begins,
        ends=ends,
        assumed_stay=assumed_stay,
        legal_reference="감염병예방법 제76조의2",
        max_records=max_records,
        issued=issued,
        expires=issued + 86_400,
        discloses=issued + 86_400,
    )


@dataclass(frozen=True)
class Released:
    """A signed release, and the commitments that both parties have received from its venue."""

    statement: bytes
    commitments: dict[int, bytes]


@dataclass(frozen=True)
class Parties:
    """A domain with the secret keys of everyone in it."""

    domain: Domain
    keys: dict[Role, SigningKey]
    venue: Venue
    venue_key: SigningKey

    def both_sign(self, message: Message) -> JointStatement:
        """The message as both parties' officers sign it."""
        return JointStatement(
            authority=sign_statement(message, self.keys[Role.AUTHORITY]),
            operator=sign_statement(message, self.keys[Role.OPERATOR]),
        )

    @functools.cached_property
    def registered_venue(self) -> RegisteredVenue:
        """The venue as both parties registered it."""
        return verify_venue(self.domain, self.both_sign(self.venue))

    def warrant(self, begins: int, ends: int, *, assumed_stay: int = 0, later: int = 0) -> ValidWarrant:
        """A warrant for the venue and the window `begins <= time < ends`, issued when it ends or so much later."""
        number, venue, issued = self.domain.number, self.venue.venue_id, ends + later
        warrant = opening_warrant(number, venue, begins, ends, issued, assumed_stay=assumed_stay)
        return verify_warrant(self.domain, self.both_sign(warrant), now=issued)

    def release(self, warrant: ValidWarrant, check_ins: Mapping[int, Iterable[bytes]]) -> Released:
        """The venue's release of encoded check-ins by epoch.

        It committed to them when the warrant was issued; if that was long after their epoch, when the epoch ended.
        """
        log, issued = VenueLog(self.venue, self.venue_key), warrant.record.issued
        for epoch in check_ins:
            log.add_all({epoch: check_ins[epoch]})
            if self.domain.epoch_begins(epoch + 1) + MAX_STAY < issued:
                log.commit(self.domain.epoch_begins(epoch + 1))
        log.commit(issued)
        return Released(log.release(warrant), log.commitments)

    def verify(self, warrant: ValidWarrant, epoch_keys: Mapping[int, EpochKey], released: Released) -> VerifiedRelease:
        """A release as a party checks it that received the venue's commitments."""
        return verify_release(warrant, self.registered_venue, epoch_keys, released.commitments, released.statement)


def found_domain(
    number: int = 255, utc_offset: int = UTC_OFFSET, allowance: int = 3, same_keys: Parties | None = None
) -> Parties:
    """A new domain; with `same_keys`, another domain of the same operator, authority and venue."""
    keys = same_keys.keys if same_keys else {role: SigningKey.generate() for role in Role}
    venue_key = same_keys.venue_key if same_keys else SigningKey.generate()
    domain = Domain(number, public_key(keys[Role.OPERATOR]), public_key(keys[Role.AUTHORITY]), utc_offset, allowance)
    venue = Venue(number, token_bytes(16), "클럽 스플릿", "https://door.example/", public_key(venue_key))
    return Parties(domain, keys, venue, venue_key)


@dataclass(frozen=True)
class OpenEpoch:
    """An epoch's verified key, with what each party published and keeps secret."""

    key: EpochKey
    statements: dict[Role, bytes]
    secrets: dict[Role, EpochSecret]

    def issue(self, requests: list[bytes]) -> PassAnswers:
        """The authority's answers to a batch."""
        signing_key = self.secrets[Role.AUTHORITY].pass_signing_key
        return issue_batch(self.key, signing_key, IssueBatch(self.key.epoch, tuple(requests)))


def open_epoch(parties: Parties, epoch: int) -> OpenEpoch:
    """Both parties draw and publish their parts of an epoch."""
    created = {role: create_epoch(parties.domain, role, epoch, parties.keys[role]) for role in Role}
    statements = {role: statement for role, (_, statement) in created.items()}
    key = verify_epoch(parties.domain, epoch, statements[Role.OPERATOR], statements[Role.AUTHORITY])
    return OpenEpoch(key, statements, {role: secret for role, (secret, _) in created.items()})
