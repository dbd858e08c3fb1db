"""An investigation, step by step: warrant, countersignature, release, opening. Spec: §3.9, §3.10."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass

from aiohttp import ClientSession

from escrow.authority.authority import Authority
from escrow.authority.errors import AlreadyOpened, NoRelease, NotOpened, VenueNotApproved, VenueOffline
from escrow.authority.operators_shares import ask_for_shares, judge_received, kept_shares
from escrow.authority.warrants import NOT_TOLD, DrawnWarrant, ReceivedShares, Step
from escrow.shares import record_and_share, warrant_epoch_keys
from protocol.any_check_in import AnyCheckIn
from protocol.assisted_check_ins import AssertedRecord, AssistedEntry, open_assisted
from protocol.epochs import EpochKey, Role
from protocol.handles import IdentityRecord, directory_index, open_entry
from protocol.http_messages import SharesRequest
from protocol.opening import OpeningTranscript, open_release, verify_party_shares
from protocol.primitives.errors import InvalidEntry, OutOfScope
from protocol.primitives.group import Point
from protocol.primitives.statements import JointStatement, sign_statement
from protocol.releases import HeldCommitments, VerifiedRelease, release_digest, verify_release
from protocol.warrants import Purpose, Warrant, verify_venue, verify_warrant
from service.http_client import call
from service.problems import Problem

Person = tuple[bool, str, str]
"""Whether the operator verified it, phone, and name."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A person who was there, and the visits that say so: each the Unix times of its entry and its exit.

    `record` is what the operator verified, or what the venue asserted.
    """

    record: IdentityRecord | AssertedRecord
    visits: tuple[tuple[int | None, int | None], ...]


@dataclass(frozen=True, slots=True)
class OpenedVisit:
    """A visit that both parties gave a share of: its pass (epoch and `u`), entry and exit in Unix seconds, and whose.

    `record` is None if it leads to nobody.
    """

    epoch: int
    u: bytes
    entered: int | None
    left: int | None
    record: IdentityRecord | AssertedRecord | None


@dataclass(frozen=True, slots=True)
class OpeningResult:
    """What an opening gave. `visits` counts those in scope, `set_aside` what gave no contact, by the reason's name.

    `opened` are those with both parties' shares. `contacts` are people whom the operator verified, `asserted` those
    whom nobody did. `reused` counts the visits whose pass was opened for another venue too.
    """

    visits: int
    contacts: tuple[Contact, ...]
    asserted: tuple[Contact, ...]
    set_aside: Counter[str]
    reused: int = 0
    opened: tuple[OpenedVisit, ...] = ()


class Investigation:
    """The steps of the authority's officer. Each may be repeated and carries on where the last one ended."""

    def __init__(self, authority: Authority, session: ClientSession) -> None:
        self._authority, self._session = authority, session

    def draw_warrant(self, warrant: Warrant) -> None:
        """Sign a warrant and store it."""
        self._authority.warrants.add(warrant, sign_statement(warrant, self._authority.identity))

    async def propose_warrant(self, warrant_id: bytes) -> None:
        """Propose a warrant that was drawn to the operator."""
        statement = self._authority.warrants.standing(warrant_id).statement
        self._authority.warrants.note(warrant_id, Step.PROPOSED)  # before: it may arrive without an answer
        await self._authority.peer.ask(self._session, "/v1/warrants", statement)

    async def withdraw_warrant(self, warrant_id: bytes) -> None:
        """Take a warrant back under which nothing was opened: here at once, and at the operator, which may know it.

        Raises `AlreadyOpened`, and what asking the operator raises: then it has to be repeated.
        """
        warrants = self._authority.warrants
        steps = warrants.listed_one(warrant_id).steps
        if Step.OPENED in steps:
            raise AlreadyOpened(warrant_id)
        warrants.note(warrant_id, Step.WITHDRAWN, reason=NOT_TOLD)
        if Step.PROPOSED in steps or Step.COUNTERSIGNED in steps:
            try:
                await self._authority.peer.ask(self._session, f"/v1/warrants/{warrant_id.hex()}/withdrawal", b"")
            except Problem as problem:
                if problem.name != "unknown-warrant":  # it never arrived
                    raise
        warrants.note(warrant_id, Step.WITHDRAWN, reason="also for the operator")

    async def countersigned(self, warrant_id: bytes) -> JointStatement:
        """The warrant with both signatures; raises `Problem` while the operator has not signed, or when it refused."""
        drawn = self._authority.warrants.standing(warrant_id)
        if drawn.countersigned is not None:
            return drawn.countersigned
        path = f"/v1/warrants/{warrant_id.hex()}/countersignature"
        try:
            countersignature = await self._authority.peer.ask(self._session, path, b"")
        except Problem as problem:
            if problem.name == "warrant-refused":
                self._authority.warrants.note(warrant_id, Step.REFUSED, reason=problem.detail[:256])
            if problem.name != "unknown-warrant":
                raise
            await self.propose_warrant(warrant_id)
            countersignature = await self._authority.peer.ask(self._session, path, b"")
        joint = JointStatement(drawn.statement, countersignature)
        verify_warrant(self._authority.domain, joint, self._authority.clock())
        self._authority.warrants.store_countersigned(warrant_id, joint)
        return joint

    async def request_release(self, warrant_id: bytes) -> VerifiedRelease:
        """Show the venue the warrant, verify what it hands over, and store it."""
        joint = await self.countersigned(warrant_id)
        valid = verify_warrant(self._authority.domain, joint, self._authority.clock())
        venue = verify_venue(self._authority.domain, await self._venue(valid.record.venue_id))
        if not venue.record.url:
            raise VenueOffline(venue.record.venue_id, venue.record.name)
        statement = await self._authority.peer.ask_server(
            self._session, venue.record.url, venue.record.venue_id.hex(), "/v1/releases", joint.to_bytes()
        )
        keys = await warrant_epoch_keys(self._authority, self._session, valid.record)
        commitments = await asyncio.to_thread(self._authority.commitments.of, venue.record.venue_id)
        release = await asyncio.to_thread(verify_release, valid, venue, keys, commitments, statement)
        self._authority.warrants.store_release(warrant_id, statement, sum(map(len, release.visits.values())))
        return release

    async def released(self, warrant_id: bytes) -> tuple[SharesRequest, VerifiedRelease]:
        """What was released under a warrant (16-byte id) for a notice that is valid now, and what shows it.

        The commitments that are named are stored first: the operator repeats its judgement by them.

        Raises `OutOfScope` for a warrant that is for opening, `NoRelease`, and what `verify_release` raises.
        """
        drawn = self._authority.warrants.standing(warrant_id)
        if drawn.record.purpose is not Purpose.NOTICE:
            raise OutOfScope("nobody is warned under a warrant of this purpose; draw one for a notice", warrant_id)
        venue = await self._venue(drawn.record.venue_id)
        asked = (
            None if drawn.release is None else self._authority.warrants.asked(warrant_id, release_digest(drawn.release))
        )
        named = None if asked is None else asked[1]
        request, release = await self._verify_released(drawn, venue, named, self._authority.clock())
        self._authority.warrants.store_asked(warrant_id, release.judgement.release, venue, request.commitments)
        return request, release

    async def released_then(self, warrant_id: bytes) -> tuple[SharesRequest, VerifiedRelease]:
        """The same as it was when the operator was asked, although the warrant may have expired since."""
        drawn = self._authority.warrants.get(warrant_id)
        asked = (
            None if drawn.release is None else self._authority.warrants.asked(warrant_id, release_digest(drawn.release))
        )
        if asked is None:
            raise NoRelease(warrant_id)
        return await self._verify_released(drawn, *asked, drawn.record.issued)

    async def _verify_released(
        self, drawn: DrawnWarrant, venue: JointStatement, named: HeldCommitments | None, now: int
    ) -> tuple[SharesRequest, VerifiedRelease]:
        if drawn.countersigned is None or drawn.release is None:
            raise NoRelease(drawn.record.warrant_id)
        keys = await warrant_epoch_keys(self._authority, self._session, drawn.record)
        release = await asyncio.to_thread(
            self._verify_release, drawn.countersigned, venue, drawn.release, now, keys, named
        )
        return SharesRequest(drawn.countersigned, venue, drawn.release, release.judgement.authority), release

    async def open(self, warrant_id: bytes) -> OpeningResult:
        """Obtain the operator's shares, add the authority's, store the transcript, and read the contacts.

        With the operator's shares at hand an opening is finished also when the warrant has expired.
        """
        drawn = self._authority.warrants.standing(warrant_id)
        if drawn.countersigned is None or drawn.release is None:
            raise NoRelease(warrant_id)
        keys = await warrant_epoch_keys(self._authority, self._session, drawn.record)
        opening = await asyncio.to_thread(kept_shares, self._authority, drawn, keys)
        if opening is None:
            venue = await self._venue(drawn.record.venue_id)
            opening = await ask_for_shares(self._authority, self._session, drawn, keys, venue)
        own = await record_and_share(self._authority, self._session, opening.release, opening.given)
        transcript = OpeningTranscript(drawn.countersigned, drawn.release, opening.statement, own)
        self._authority.warrants.store_transcript(warrant_id, transcript, opening.venue)
        result = await self.read(warrant_id)
        self._authority.warrants.note(warrant_id, Step.OPENED, visits=result.visits)
        return result

    async def read(self, warrant_id: bytes) -> OpeningResult:
        """The contacts of a warrant that was opened, from its transcript and the directory."""
        drawn = self._authority.warrants.get(warrant_id)
        if drawn.transcript is None or drawn.opened_venue is None:
            raise NotOpened(warrant_id)
        keys = await warrant_epoch_keys(self._authority, self._session, drawn.record)
        return await asyncio.to_thread(self._read, drawn, drawn.transcript, keys)

    def _read(self, drawn: DrawnWarrant, transcript: OpeningTranscript, keys: dict[int, EpochKey]) -> OpeningResult:
        received = ReceivedShares(transcript.operator_shares, drawn.record.issued)
        opening = judge_received(self._authority, drawn, transcript.release, received, keys)
        release, domain = opening.release, self._authority.domain
        authority = verify_party_shares(domain, Role.AUTHORITY, release, keys, transcript.authority_shares)
        elsewhere = self._authority.releases.elsewhere(release)
        records: dict[Person, IdentityRecord | AssertedRecord] = {}  # one person has a handle for each epoch
        visits: dict[Person, list[tuple[int | None, int | None]]] = {}
        set_aside = release.set_aside.copy()
        shared = set()
        every = []
        for visit, opened in open_release(release, opening.given, authority):
            epoch, u = visit.check_in.epoch, bytes(visit.check_in.message.u)
            shared.add((epoch, u))
            try:
                record = self._identify(keys[epoch], visit.check_in, opened)
            except InvalidEntry:
                set_aside["NoIdentity"] += 1
                every.append(OpenedVisit(epoch, u, visit.entered, visit.left, None))
                continue
            every.append(OpenedVisit(epoch, u, visit.entered, visit.left, record))
            person = isinstance(record, IdentityRecord), record.phone, record.name
            records[person] = record
            visits.setdefault(person, []).append((visit.entered, visit.left))
        total = sum(map(len, release.visits.values()))
        set_aside["ReleasedElsewhere"] += len(elsewhere - shared)
        set_aside["NoShare"] += total - len(elsewhere | shared)
        contacts = [
            Contact(record, tuple(sorted(visits[person], key=_first_time))) for person, record in records.items()
        ]
        contacts.sort(key=lambda contact: (_first_time(contact.visits[0]), contact.record.phone))
        verified = tuple(contact for contact in contacts if isinstance(contact.record, IdentityRecord))
        asserted = tuple(contact for contact in contacts if isinstance(contact.record, AssertedRecord))
        return OpeningResult(total, verified, asserted, +set_aside, len(elsewhere & shared), tuple(every))

    def _identify(
        self, epoch_key: EpochKey, check_in: AnyCheckIn, opened: Point | None
    ) -> IdentityRecord | AssertedRecord:
        """The record that a check-in's handle, or the key of an assisted one, opens; raises `InvalidEntry`.

        The operator is never asked about a handle.
        """
        if opened is None:
            raise InvalidEntry("the check-in opens to nobody")
        if isinstance(check_in, AssistedEntry):
            return open_assisted(epoch_key, check_in, opened)
        entry = self._authority.directory.find(epoch_key.epoch, directory_index(epoch_key, opened))
        if entry is None:
            raise InvalidEntry("the check-in opens to no entry")
        return open_entry(epoch_key, opened, entry)

    def _verify_release(
        self,
        joint: JointStatement,
        venue: JointStatement,
        release: bytes,
        now: int,
        keys: dict[int, EpochKey],
        named: HeldCommitments | None,
    ) -> VerifiedRelease:
        """The release by the commitments that were named for it, or by those that the authority holds now."""
        warrant = verify_warrant(self._authority.domain, joint, now)
        registered = verify_venue(self._authority.domain, venue)
        if named is None:
            commitments = self._authority.commitments.of(registered.record.venue_id)
        else:
            commitments = {held.time: held.commitment for held in named}
        return verify_release(warrant, registered, keys, commitments, release)

    async def _venue(self, venue_id: bytes) -> JointStatement:
        """A venue's record with both signatures; raises `VenueNotApproved`, or `Problem` without the operator's."""
        own = self._authority.venues.get(venue_id).statement
        if own is None:
            raise VenueNotApproved(venue_id)
        url = f"{self._authority.peer.url}/v1/venues/{venue_id.hex()}"
        return JointStatement(own, await call(self._session, "GET", url))


def _first_time(visit: tuple[int | None, int | None]) -> int:
    return min(time for time in visit if time is not None)
