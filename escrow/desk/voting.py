"""How an officer decides at a desk: what is asked, what the passkey signs, and what follows. Spec: §6.9."""

from __future__ import annotations

import asyncio
from secrets import token_bytes
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec
from aiohttp import web

from escrow.desk.approvals import CastVote
from escrow.desk.enrolment import Answered
from escrow.desk.errors import ChallengeUsed, MatterClosed, NotApproved
from escrow.desk.evidence import evidence
from escrow.desk.json_http import NO_STORE, answer, read_json
from escrow.desk.passkeys import Assertion, request_options, verify_assertion, verify_vote
from escrow.desk.records import REASON_RULE, Decision, Vote, is_reason, set_digest, vote_challenge
from escrow.desk.sessions import CHALLENGE_SECONDS, Challenges, Session

if TYPE_CHECKING:
    from escrow.desk.desk import Desk
    from escrow.desk.matters import Matter


class Choice(msgspec.Struct, forbid_unknown_fields=True):
    """What an officer is about to say. A refusal has a reason, an approval has none."""

    decision: Literal["approve", "refuse"]
    reason: str = ""

    def __post_init__(self) -> None:
        if bool(self.reason) is not (self.decision == "refuse"):
            raise ValueError("a refusal has a reason, and an approval has none")
        if self.reason and not is_reason(self.reason):
            raise ValueError(REASON_RULE)


class _Given(NamedTuple):
    """A vote that a session was asked to sign."""

    session: Session
    matter_id: str
    vote: Vote


class VotingRoutes:
    """The routes for what is decided."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._party = desk, desk.party
        self._given: Challenges[_Given] = Challenges(desk.party.clock)

    @property
    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        one = "matters/{matter}"
        return [
            self._desk.get("matters", self.all),
            self._desk.get(one, self.one),
            self._desk.post(f"{one}/vote/options", self.begin_vote),
            self._desk.post(f"{one}/vote", self.vote),
            self._desk.post(f"{one}/carry-out", self.carry_out),
            self._desk.get(f"{one}/evidence", self.evidence),
        ]

    async def all(self, _request: web.Request, session: Session) -> web.Response:
        """What is not done yet."""
        matters = await self._desk.matters()
        views = await asyncio.to_thread(
            lambda: [one.view(self._party, session.officer) for one in matters if not one.is_done]
        )
        return answer({"matters": views})

    async def one(self, request: web.Request, session: Session) -> web.Response:
        """One of them."""
        return answer(await self._desk.matter_view(request.match_info["matter"], session))

    async def begin_vote(self, request: web.Request, session: Session) -> web.Response:
        """The vote that the officer's passkey is to sign, and its challenge."""
        choice, matter = await read_json(request, Choice), await self._open(request)
        present = await asyncio.to_thread(self._party.officers.present)
        owner = present and present.owner(session.credential_id)
        if present is None or not owner:
            raise ChallengeUsed
        subject = matter.subject
        vote = Vote(
            self._party.role,
            subject.action,
            Decision[choice.decision.upper()],
            choice.reason,
            subject.payload,
            subject.replaced,
            present.version,
            set_digest(present),
            token_bytes(32),
            self._party.clock() + CHALLENGE_SECONDS,
        )
        challenge = vote_challenge(self._party.domain, vote)
        self._given.give(_Given(session, matter.matter_id, vote), challenge)
        options = request_options(present.origin, challenge, owner[0].passkeys)
        return answer({"vote": vote.to_bytes().hex(), "challenge": options["challenge"], "options": options})

    async def vote(self, request: web.Request, session: Session) -> web.Response:
        """Take a vote, keep it, and begin what it decides."""
        assertion = Assertion.of((await read_json(request, Answered)).credential)
        given, matter = self._given.take(assertion.challenge), await self._open(request)
        if given.session is not session or given.matter_id != matter.matter_id:
            raise ChallengeUsed
        await asyncio.to_thread(self._cast, given.vote, assertion, session)
        action = f"{given.vote.decision.name.lower()} {given.vote.action.name.lower()}"
        await asyncio.to_thread(self._party.journal.note, session.officer, action, warrant_id=matter.warrant_id)
        decided = await asyncio.to_thread(matter.decided, self._party)
        job = self._desk.jobs.begin(decided[0], matter.matter_id, decided[1]) if decided else None
        view = await asyncio.to_thread(matter.view, self._party, session.officer)
        return answer({"matter": view, "job": job and job.job_id})

    async def carry_out(self, request: web.Request, session: Session) -> web.Response:
        """Begin again what was decided; raises `NotApproved`."""
        matter = await self._open(request)
        decided = await asyncio.to_thread(matter.decided, self._party)
        if decided is None:
            raise await asyncio.to_thread(self._not_approved, matter)
        await asyncio.to_thread(self._party.journal.note, session.officer, f"carry out {decided[0]}")
        return answer({"job": self._desk.jobs.begin(decided[0], matter.matter_id, decided[1]).job_id})

    async def evidence(self, request: web.Request, _session: Session) -> web.Response:
        """The votes on something with what the passkeys signed, as a file."""
        matter = await self._desk.matter(request.match_info["matter"])
        text = await asyncio.to_thread(
            lambda: evidence(self._party.role, self._party.officers.sets(), self._party.approvals.of(matter.subject))
        )
        named = {"Content-Disposition": f'attachment; filename="votes-{matter.matter_id[:16]}.json"'}
        return web.Response(text=text, content_type="application/json", headers=NO_STORE | named)

    async def _open(self, request: web.Request) -> Matter:
        matter = await self._desk.matter(request.match_info["matter"])
        if matter.is_done:
            raise MatterClosed
        return matter

    def _cast(self, vote: Vote, assertion: Assertion, session: Session) -> None:
        party, present = self._party, self._party.officers.present()
        enrolled = party.officers.passkey(assertion.credential_id)
        if present is None or enrolled is None or vote.officers != set_digest(present):
            raise ChallengeUsed
        name = verify_vote(party.domain, present, vote, assertion)
        if name != session.officer:
            raise ChallengeUsed
        counter = verify_assertion(present.origin, assertion.challenge, *enrolled, assertion)
        party.officers.count(assertion.credential_id, counter)
        signed = assertion.authenticator_data, assertion.client_data, assertion.signature
        party.approvals.cast(vote, CastVote(vote, name, assertion.credential_id, *signed, party.clock()))

    def _not_approved(self, matter: Matter) -> Exception:
        try:
            self._party.approvals.demand(matter.subject)
        except NotApproved as error:
            return error
        return MatterClosed()
