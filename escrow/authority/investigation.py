"""An investigation, step by step: warrant, countersignature, release, opening. Spec: §3.9, §3.10."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from aiohttp import ClientSession

from escrow.authority.authority import Authority
from escrow.authority.errors import NoRelease, NotOpened, VenueNotApproved, VenueOffline
from escrow.authority.found_visits import FoundVisits
from escrow.authority.operators_shares import ask_for_shares, kept_shares
from escrow.authority.reading import OpeningResult, closed_part, opened_part, read_opened
from escrow.authority.released_parts import ReleasedPart
from escrow.authority.warrants import NOT_TOLD, DrawnWarrant, Step
from escrow.desk.records import MAX_REASON
from escrow.errors import REFUSED, AlreadyOpened, ErasedEpoch
from escrow.shares import record_and_share, verify_on_all_cores, warrant_epoch_keys
from protocol.epochs import EpochKey
from protocol.http_messages import ReleaseRequest, SharesRequest
from protocol.opening import OpeningTranscript
from protocol.primitives.errors import OutOfScope
from protocol.primitives.statements import JointStatement, sign_statement
from protocol.releases import HeldCommitments, VerifiedRelease, verify_release
from protocol.warrants import Purpose, RegisteredVenue, ValidWarrant, Warrant, verify_venue, verify_warrant
from service.http_client import call
from service.problems import Problem

AT_A_TIME = 2
"""So many parts are released or opened at a time: while the operator works on one, the authority works on another.

Each is in memory. Shares are asked for one part at a time in each domain (§3.10).
"""


@dataclass(frozen=True, slots=True)
class ReleaseResult:
    """What the venue has released under a warrant, in how many `parts`, as the authority judged it when it came.

    `visits` lie in the window; one whose entry is in one part and whose exit is in another counts in both. `check_ins`
    have a label in the window and were committed to, `uncommitted` were not in time, as the venue says. `set_aside`
    counts by the name of the reason.

    Of the visits that came now `closed` are of days that the authority has erased, and the passes of `elsewhere` were
    opened for another venue: what it knows before the operator is asked for shares.
    """

    visits: int
    check_ins: int
    uncommitted: int
    set_aside: Counter[str]
    parts: int
    closed: int = 0
    elsewhere: int = 0


class Investigation:
    """The steps of the authority's officer. Each may be repeated and carries on where the last one ended."""

    def __init__(
        self,
        authority: Authority,
        session: ClientSession,
        say: Callable[[str], None] = lambda _: None,
        places: asyncio.Semaphore | None = None,
    ) -> None:
        """`say` is told how far a step has come that takes several parts.

        Investigations that share `places` have so many parts in memory together.
        """
        self._authority, self._session, self._say = authority, session, say
        self._places = places or asyncio.Semaphore(AT_A_TIME)

    def draw_warrant(self, warrant: Warrant) -> None:
        """Sign a warrant and store it. Where officers have to approve it, it is signed once they have."""
        self._authority.warrants.add(warrant, self._authority.sign_drawn(warrant))

    async def propose_warrant(self, warrant_id: bytes) -> None:
        """Propose a warrant that was drawn to the operator; raises `NotApproved`."""
        drawn = self._authority.warrants.standing(warrant_id)
        self._authority.demand_approved(drawn.record)
        statement = drawn.statement or sign_statement(drawn.record, self._authority.identity)
        if not drawn.statement:
            self._authority.warrants.store_statement(warrant_id, statement)
        self._authority.warrants.note(warrant_id, Step.PROPOSED, reason=NOT_TOLD)  # before: no answer may come
        await self._authority.peer.ask(self._session, "/v1/warrants", statement)
        self._authority.warrants.note(warrant_id, Step.PROPOSED, reason="")

    async def withdraw_warrant(self, warrant_id: bytes) -> None:
        """Take a warrant back under which nothing was given: here at once, and at the operator, which may know it.

        Raises `AlreadyOpened`, also if the operator alone has given shares or signed a notice, and its answer was lost:
        then the warrant stands. Raises what asking the operator raises: then it has to be repeated.
        """
        warrants = self._authority.warrants
        listed = warrants.listed_one(warrant_id)
        steps = listed.steps
        is_warned = any(part.notice is not None for part in warrants.parts.of(warrant_id))
        if listed.is_shared or is_warned or warrant_id in self._authority.releases.totals():
            raise AlreadyOpened(warrant_id)
        warrants.note(warrant_id, Step.WITHDRAWN, reason=NOT_TOLD)
        if Step.PROPOSED in steps or Step.COUNTERSIGNED in steps:
            try:
                await self._authority.peer.ask(self._session, f"/v1/warrants/{warrant_id.hex()}/withdrawal", b"")
            except Problem as problem:
                if problem.name == AlreadyOpened.name:
                    warrants.strike(warrant_id, Step.WITHDRAWN)
                    raise AlreadyOpened(warrant_id) from None
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
                reason = problem.detail.removeprefix(REFUSED)[:MAX_REASON]  # longer if it keeps to no rule
                self._authority.warrants.note(warrant_id, Step.REFUSED, reason=reason)
            if problem.name != "unknown-warrant":
                if problem.name in {"warrant-pending", "warrant-refused"}:  # so it has the warrant
                    self._authority.warrants.note(warrant_id, Step.PROPOSED, reason="")
                raise
            await self.propose_warrant(warrant_id)
            countersignature = await self._authority.peer.ask(self._session, path, b"")
        joint = JointStatement(self._authority.warrants.get(warrant_id).statement, countersignature)
        verify_warrant(self._authority.domain, joint, self._authority.clock())
        self._authority.warrants.note(warrant_id, Step.PROPOSED, reason="")
        self._authority.warrants.store_countersigned(warrant_id, joint)
        return joint

    async def request_release(self, warrant_id: bytes) -> ReleaseResult:
        """Show the venue the warrant, and verify and store one part after the other of what it hands over.

        It goes on after the last part that is here. If all are here it asks again for the last one, because more may
        have been committed to meanwhile, and for all after the first that was not opened.
        """
        self._authority.demand_approved(self._authority.warrants.standing(warrant_id).record)
        joint = await self.countersigned(warrant_id)
        valid = verify_warrant(self._authority.domain, joint, self._authority.clock())
        venue = verify_venue(self._authority.domain, await self._venue(valid.record.venue_id))
        if not venue.record.url:
            raise VenueOffline(venue.record.venue_id, venue.record.name)
        keys = await warrant_epoch_keys(self._authority, self._session, valid.record)
        ended, is_last, number = _goes_on_after(self._authority.warrants.get(warrant_id)), False, 0
        closed = elsewhere = 0
        while not is_last:
            async with self._places:
                ended, shut, reused = await self._request_part(joint, valid, venue, keys, ended)
            closed, elsewhere = closed + shut, elsewhere + reused
            number += 1
            self._say(f"{number} parts are here")
            is_last = ended is None
        result = replace(_summary(self._authority.warrants.get(warrant_id).parts), closed=closed, elsewhere=elsewhere)
        self._authority.warrants.note(warrant_id, Step.RELEASED, visits=result.visits)
        return result

    async def _request_part(
        self,
        joint: JointStatement,
        valid: ValidWarrant,
        venue: RegisteredVenue,
        keys: dict[int, EpochKey],
        ended: int | None,
    ) -> tuple[int | None, int, int]:
        """Have the part verified and stored that comes after the one that `ended`: its end, and what is `_foreseen`."""
        request = ReleaseRequest(joint, ended).to_bytes()
        venue_id = venue.record.venue_id
        statement = await self._authority.peer.ask_server(
            self._session, venue.record.url, venue_id.hex(), "/v1/releases", request
        )
        commitments = await asyncio.to_thread(self._authority.commitments.of, venue_id)
        release = await asyncio.to_thread(
            verify_release, valid, venue, keys, commitments, statement, ended, verify_on_all_cores
        )
        await asyncio.to_thread(self._authority.warrants.parts.store, statement, release)
        return release.part_ends, *await asyncio.to_thread(self._foreseen, release)

    def _foreseen(self, release: VerifiedRelease) -> tuple[int, int]:
        """How many visits are of erased days, and how many passes of the others were opened for another venue."""
        is_erased = self._authority.epochs.vault.is_erased
        closed = sum(len(visits) for epoch, visits in release.visits.items() if is_erased(epoch))
        passes = [(epoch, u) for epoch, visits in release.visits.items() if not is_erased(epoch) for u in visits]
        return closed, len(self._authority.releases.elsewhere(release.warrant.venue_id, passes))

    async def released(self, warrant_id: bytes, part: ReleasedPart) -> tuple[SharesRequest, VerifiedRelease]:
        """A part that was released under a warrant (16-byte id) for a notice that is valid now, and what shows it.

        The commitments that are named are stored first: the operator repeats its judgement by them.

        Raises `OutOfScope` for a warrant that is for opening, and what `verify_release` raises.
        """
        drawn = self._authority.warrants.standing(warrant_id)
        if drawn.record.purpose is not Purpose.NOTICE:
            raise OutOfScope("nobody is warned under a warrant of this purpose; draw one for a notice", warrant_id)
        venue = await self._venue(drawn.record.venue_id)
        asked = self._authority.warrants.asked(warrant_id, part.digest)
        named = None if asked is None else asked[1]
        request, release = await self._verify_released(drawn, part, venue, named, self._authority.clock())
        self._authority.warrants.store_asked(warrant_id, part.digest, venue, request.commitments)
        return request, release

    async def released_then(self, digest: bytes) -> tuple[SharesRequest, VerifiedRelease]:
        """The release of a digest as it was when the operator was asked, although the warrant may have expired since.

        Raises `NoRelease` if it is not here.
        """
        part = self._authority.warrants.parts.find(digest)
        asked = None if part is None else self._authority.warrants.asked(part.warrant_id, digest)
        if part is None or asked is None:
            raise NoRelease(digest)
        drawn = self._authority.warrants.get(part.warrant_id)
        return await self._verify_released(drawn, part, *asked, drawn.record.issued)

    async def _verify_released(
        self, drawn: DrawnWarrant, part: ReleasedPart, venue: JointStatement, named: HeldCommitments | None, now: int
    ) -> tuple[SharesRequest, VerifiedRelease]:
        joint, signed = drawn.countersigned, self._authority.warrants.parts.release(part)
        assert joint is not None, "what both signed was shown to the venue"
        keys = await warrant_epoch_keys(self._authority, self._session, drawn.record)
        ended = _ended_before(drawn, part)
        release = await asyncio.to_thread(self._verify_release, joint, venue, signed, ended, now, keys, named)
        return SharesRequest(joint, venue, signed, release.judgement.authority), release

    async def open(self, warrant_id: bytes, found: FoundVisits | None = None) -> OpeningResult:
        """Do what `open_parts` does, then what `finish` does."""
        await self.open_parts(warrant_id)
        return await self.finish(warrant_id, found)

    async def open_parts(self, warrant_id: bytes) -> None:
        """Obtain the operator's shares of each part, add the authority's, and store the transcript.

        A part that was opened is not opened again, and one that can never be opened keeps no other shut. With the
        operator's shares at hand an opening is finished also when the warrant has expired.
        """
        drawn = self._authority.warrants.standing(warrant_id)
        self._authority.demand_approved(drawn.record)
        if not drawn.parts:
            raise NoRelease(warrant_id)
        keys = await warrant_epoch_keys(self._authority, self._session, drawn.record)
        unopened = ((number, part) for number, part in enumerate(drawn.parts, 1) if not part.is_finished)

        async def open_those_left() -> None:
            for number, part in unopened:
                async with self._places:
                    self._say(f"part {number} of {len(drawn.parts)}")
                    await self._open_or_close(drawn, part, keys)

        ended = await asyncio.gather(*(open_those_left() for _ in range(AT_A_TIME)), return_exceptions=True)
        for error in filter(None, ended):
            raise error

    async def finish(self, warrant_id: bytes, found: FoundVisits | None = None) -> OpeningResult:
        """Read the visits of what was opened, as `read` does, and note if that is all."""
        self._say("reading whose visits they are")
        result = await self.read(warrant_id, found)
        if result.complete:
            self._authority.warrants.note(warrant_id, Step.OPENED, visits=result.opened)
        return result

    async def _open_or_close(self, drawn: DrawnWarrant, part: ReleasedPart, keys: dict[int, EpochKey]) -> None:
        try:
            await self._open_part(drawn, part, keys)
        except (ErasedEpoch, Problem) as error:
            if error.name != ErasedEpoch.name:
                raise
            await self._close_part(drawn, part)

    async def _open_part(self, drawn: DrawnWarrant, part: ReleasedPart, keys: dict[int, EpochKey]) -> None:
        joint, signed = drawn.countersigned, self._authority.warrants.parts.release(part)
        assert joint is not None, "what both signed was shown to the venue"
        with ExitStack() as turn:
            await self._authority.sharing.acquire()
            turn.callback(self._authority.sharing.release)
            opening = await asyncio.to_thread(kept_shares, self._authority, drawn, signed, keys)
            if opening is None:
                venue, ended = await self._venue(drawn.record.venue_id), _ended_before(drawn, part)
                opening = await ask_for_shares(self._authority, self._session, drawn, signed, ended, keys, venue)
            given = opening.release, opening.given
            own = await record_and_share(self._authority, self._session, *given, turn.close)  # the next one's turn
        transcript = OpeningTranscript(joint, signed, opening.statement, own.statement)

        def keep() -> None:
            opened = opened_part(self._authority, opening.release, opening.given, own.given, keys)
            self._authority.warrants.parts.store_transcript(part, transcript, opening.venue, opened)

        await asyncio.to_thread(keep)

    async def _close_part(self, drawn: DrawnWarrant, part: ReleasedPart) -> None:
        """Keep what a part shows that nobody can open any more: another part may show something of the same visit."""
        asked = self._authority.warrants.asked(drawn.record.warrant_id, part.digest)
        venue, named = asked or (await self._venue(drawn.record.venue_id), None)
        _, release = await self._verify_released(drawn, part, venue, named, drawn.record.issued)
        await asyncio.to_thread(self._authority.warrants.parts.store_closed, part, closed_part(release))

    async def read(self, warrant_id: bytes, found: FoundVisits | None = None) -> OpeningResult:
        """What was opened under a warrant, and whose it is as the directory says, added to a list or to a new one."""
        drawn = self._authority.warrants.get(warrant_id)
        if not any(part.is_readable for part in drawn.parts):
            was_opened = Step.OPENED in self._authority.warrants.listed_one(warrant_id).steps
            raise NotOpened(warrant_id, was_opened=was_opened)
        keys = await warrant_epoch_keys(self._authority, self._session, drawn.record)
        found = FoundVisits() if found is None else found
        known = self._authority.opened.counts(warrant_id)
        for part in drawn.parts:
            if part.closed and part.begins not in known:  # an older program kept nothing of it
                await self._close_part(drawn, part)
        return await asyncio.to_thread(read_opened, self._authority, drawn, keys, found)

    def _verify_release(
        self,
        joint: JointStatement,
        venue: JointStatement,
        release: bytes,
        ended: int | None,
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
        return verify_release(warrant, registered, keys, commitments, release, ended, verify_on_all_cores)

    async def _venue(self, venue_id: bytes) -> JointStatement:
        """A venue's record with both signatures; raises `VenueNotApproved`, or `Problem` without the operator's."""
        own = self._authority.venues.get(venue_id).statement
        if own is None:
            raise VenueNotApproved(venue_id)
        url = f"{self._authority.peer.url}/v1/venues/{venue_id.hex()}"
        return JointStatement(own, await call(self._session, "GET", url))


def _goes_on_after(drawn: DrawnWarrant) -> int | None:
    """The end of the last part that need not be asked for again."""
    kept = list(drawn.parts)
    if drawn.is_released:
        undone = [place for place, part in enumerate(kept) if not part.is_done]
        kept = kept[: min([*undone, len(kept) - 1])]
    return kept[-1].ends if kept else None


def _ended_before(drawn: DrawnWarrant, part: ReleasedPart) -> int | None:
    """When the part before this one ended; None for the first."""
    return None if part.digest == drawn.parts[0].digest else part.begins


def _summary(parts: Sequence[ReleasedPart]) -> ReleaseResult:
    return ReleaseResult(
        sum(part.visits for part in parts),
        sum(part.check_ins for part in parts),
        parts[-1].uncommitted,
        sum((part.set_aside for part in parts), Counter[str]()),
        len(parts),
    )
