"""The desk: a program of its own that serves officers' page, and what it asks. Spec: §6.9."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol
from urllib.parse import urlsplit

import msgspec
from aiohttp import ClientSession, web
from aiohttp.typedefs import Middleware

from escrow.desk.enrolment import EnrolmentRoutes
from escrow.desk.errors import UnknownMatter, WrongOrigin
from escrow.desk.health import health
from escrow.desk.jobs import Jobs
from escrow.desk.json_http import answer, read_json
from escrow.desk.matters import Matter, common_matters
from escrow.desk.records import Action, of_erasure, of_officers, set_digest
from escrow.desk.sessions import Session, Sessions
from escrow.desk.views import View, journal_view, officers_view, venue_view
from escrow.desk.voting import VotingRoutes
from escrow.party import Party
from escrow.server import PEER_SECONDS
from service.http import Handler, bearer_token, create_app, problem_response
from service.http_client import new_session
from service.pages import Page, built_page
from service.plain_documents import front_page
from service.refusals import STATUSES, NotFound, Refusal

STATUSES_HERE = {
    "unknown-invitation": 404,
    "unknown-matter": 404,
    "unknown-job": 404,
    "unknown-case": 404,
    "wrong-passkey": 403,
    "not-an-officer": 403,
    "wrong-origin": 403,
    "not-approved": 403,
}
"""Of what a desk refuses beside the problems of §5.1; all else that officers alone meet is a conflict (409)."""
MOST_ENTRIES = 500
"""So many entries of the journal are shown."""
_WHAT = (
    "전자출입명부 SplitPass 담당자용 프로그램입니다. 이 기기에서만 열 수 있습니다.",
    "This is the program for SplitPass's officers. It can be opened on this machine alone.",
)
_NOT_BUILT = (
    "담당자 페이지가 아직 만들어지지 않았습니다. `make web`을 실행한 뒤 다시 시작해 주세요.",
    "The officers' page is not built. Run `make web`, and start this program again.",
)

SignedIn = Callable[[web.Request, Session], Awaitable[web.Response]]


class RoleDesk(Protocol):
    """What one party's desk has beside what both have."""

    @property
    def party(self) -> Party:
        """The party."""

    def matters(self) -> list[Matter]:
        """What its officers decide on, beside venues, erasures and themselves."""

    def name(self) -> str:
        """The domain as officers tell it from others."""

    def routes(self, desk: Desk) -> list[web.RouteDef]:
        """Its own routes."""


class Desk:
    """The handlers that both parties' desks have, and what their own handlers need."""

    def __init__(self, own: RoleDesk, session: ClientSession) -> None:
        self.own, self.party, self.session = own, own.party, session
        self.sessions = Sessions(self.party.clock)
        self.jobs = Jobs(session, self.party.clock)

    @property
    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        enrolment, voting = EnrolmentRoutes(self), VotingRoutes(self)
        return [
            web.get("/v1/desk/info", self.info),
            *enrolment.routes,
            self.post("sign-out", self.sign_out),
            self.get("session", self.tell_session),
            self.get("officers", self.officers),
            self.post("officers/change", self.change_officers),
            self.get("journal", self.journal),
            self.get("health", self.health),
            self.post("erasures", self.erase),
            self.get("venues", self.venues),
            self.get("jobs", self.all_jobs),
            self.get("jobs/{job}", self.job),
            *voting.routes,
            *self.own.routes(self),
        ]

    def get(self, path: str, handler: SignedIn) -> web.RouteDef:
        """A route for whoever is signed in."""
        return web.get(f"/v1/desk/{path}", self._signed_in(handler))

    def post(self, path: str, handler: SignedIn) -> web.RouteDef:
        """The same, for what does something."""
        return web.post(f"/v1/desk/{path}", self._signed_in(handler))

    def _signed_in(self, handler: SignedIn) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            token = bearer_token(request)
            session = self.sessions.get(token)
            present = await asyncio.to_thread(self.party.officers.present)
            owner = present and present.owner(session.credential_id)
            if not owner or owner[0].name != session.officer:
                self.sessions.end(token)
                self.sessions.get(token)
            return await handler(request, session)

        return handle

    async def info(self, _request: web.Request) -> web.Response:
        """What a page needs before anybody signs in."""
        party = self.party
        present = await asyncio.to_thread(party.officers.present)
        return answer(
            {
                "role": party.role.name.lower(),
                "domain": party.domain.number,
                "domain_bytes": party.domain.to_bytes().hex(),
                "utc_offset": party.domain.utc_offset,
                "name": self.own.name(),
                "origin": party.settings.desk_url,
                "rp_id": urlsplit(party.settings.desk_url).hostname,
                "set": present and {"version": present.version, "digest": set_digest(present).hex()},
                "now": party.clock(),
            }
        )

    async def sign_out(self, request: web.Request, _session: Session) -> web.Response:
        """End the session."""
        self.sessions.end(bearer_token(request))
        return web.Response(status=204)

    async def tell_session(self, _request: web.Request, session: Session) -> web.Response:
        """Who is signed in."""
        return answer({"officer": session.officer, "expires": session.ends})

    async def officers(self, _request: web.Request, _session: Session) -> web.Response:
        """The present set, and the passkeys that it does not have."""

        def look() -> View:
            (*_, kept) = self.party.officers.sets()
            of_set = {passkey for one in kept.record.officers for passkey in one.passkeys}
            enrolled = [
                {"name": one.name, "fingerprint": one.passkey.fingerprint, "time": one.time}
                for one in self.party.officers.enrolled()
                if one.passkey not in of_set
            ]
            told = {
                "set": kept.record.to_bytes().hex(),
                "digest": set_digest(kept.record).hex(),
                "established": kept.time,
            }
            return {**officers_view(kept.record), **told, "by_custodians": kept.by_custodians, "enrolled": enrolled}

        return answer(await asyncio.to_thread(look))

    async def change_officers(self, request: web.Request, session: Session) -> web.Response:
        """Ask the officers for another set."""
        asked = await read_json(request, OfficersChange)
        needed = {Action[kind.upper()]: number for kind, number in asked.approvals.items()}

        def ask() -> str:
            register, origin = self.party.officers, self.party.settings.desk_url
            subject = of_officers(register.changed(origin, asked.add, asked.remove, needed))
            self.party.journal.note(session.officer, "ask for another set of officers")
            self.party.approvals.ask(subject, session.officer)
            return subject.subject_id.hex()

        return answer(await self.matter_view(await asyncio.to_thread(ask), session))

    async def erase(self, request: web.Request, session: Session) -> web.Response:
        """Ask the officers to erase an epoch before its time."""
        asked = await read_json(request, Erasure)

        def ask() -> str:
            if asked.epoch not in self.party.epochs.vault.epochs():
                raise NotFound("there is no share of this day to erase")
            subject = of_erasure(asked.epoch)
            self.party.journal.note(session.officer, f"ask for erasure of epoch {asked.epoch}")
            self.party.approvals.ask(subject, session.officer)
            return subject.subject_id.hex()

        return answer(await self.matter_view(await asyncio.to_thread(ask), session))

    async def journal(self, _request: web.Request, _session: Session) -> web.Response:
        """Who did what, the newest first."""
        entries = await asyncio.to_thread(self.party.journal.entries)
        return answer({"entries": journal_view(entries[-MOST_ENTRIES:])})

    async def health(self, _request: web.Request, _session: Session) -> web.Response:
        """How the party is."""
        return answer(await asyncio.to_thread(health, self.party))

    async def venues(self, _request: web.Request, _session: Session) -> web.Response:
        """Every venue that applied, with the changes that somebody applied for."""
        register = self.party.venues

        def look() -> list[View]:
            return [
                {
                    **venue_view(listed.record),
                    "approved": listed.statement is not None,
                    "matter": None if listed.statement else register.subject(listed.record).subject_id.hex(),
                    "changes": [
                        {
                            **venue_view(change.record),
                            "agreed": change.agreed,
                            "matter": register.subject(change.record).subject_id.hex(),
                        }
                        for change in register.changes(listed.record.venue_id)
                    ],
                }
                for listed in register.all()
            ]

        return answer({"venues": await asyncio.to_thread(look)})

    async def all_jobs(self, _request: web.Request, _session: Session) -> web.Response:
        """What the desk is doing, and did since it was started."""
        return answer({"jobs": [job.to_json() for job in self.jobs.all()]})

    async def job(self, request: web.Request, _session: Session) -> web.Response:
        """How far a job is."""
        return answer(self.jobs.get(request.match_info["job"]).to_json())

    async def matters(self) -> list[Matter]:
        """Everything that there is to decide on, and what was asked for and is done."""
        return await asyncio.to_thread(lambda: [*self.own.matters(), *common_matters(self.party)])

    async def matter(self, matter_id: str) -> Matter:
        """One of them; raises `UnknownMatter`."""
        for matter in await self.matters():
            if matter.matter_id == matter_id:
                return matter
        raise UnknownMatter

    async def matter_view(self, matter_id: str, session: Session) -> View:
        """One of them as the page shows it; raises `UnknownMatter`."""
        return await asyncio.to_thread((await self.matter(matter_id)).view, self.party, session.officer)


class OfficersChange(msgspec.Struct, forbid_unknown_fields=True):
    """Who joins and who leaves the officers, and what is to take how many of them."""

    add: list[str] = []
    remove: list[str] = []
    approvals: dict[str, int] = {}

    def __post_init__(self) -> None:
        known = {action.name.lower() for action in Action}
        if not self.approvals.keys() <= known or any(not 0 <= number <= 255 for number in self.approvals.values()):
            raise ValueError(f"approvals are for {', '.join(sorted(known))}, and no more than 255")


class Erasure(msgspec.Struct, forbid_unknown_fields=True):
    """An epoch to erase."""

    epoch: int


async def create_desk_app(own: RoleDesk) -> web.Application:
    """The desk of a party; call it inside the event loop that will run it."""
    session = new_session(PEER_SECONDS)
    desk, party = Desk(own, session), own.party
    page = desk_page(party)
    shown = front_page("SplitPass", _WHAT, [("/desk/", "담당자 페이지 / Officers' page")])
    pages = [shown, *page.routes] if page else [front_page("SplitPass", _NOT_BUILT)]
    app = create_app([*desk.routes, *pages], party.clock)
    app.middlewares.append(_own_problems)
    app.middlewares.append(_guard(party.settings.desk_url))

    async def keep(_app: web.Application) -> AsyncIterator[None]:
        yield
        await desk.jobs.finish()
        await session.close()

    app.cleanup_ctx.append(keep)
    return app


def desk_page(party: Party) -> Page | None:
    """The officers' page, if it is built."""
    return built_page("desk", {"role": party.role.name.lower(), "domain": party.domain_settings}, ())


def _guard(origin: str) -> Middleware:
    host = urlsplit(origin).netloc

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer only what is asked of this very origin: another name may be bound to this machine."""
        if request.host != host or request.headers.get("Origin", origin) != origin:
            raise WrongOrigin(origin)
        return await handler(request)

    return guard


@web.middleware
async def _own_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give what officers alone meet a status too."""
    try:
        return await handler(request)
    except Refusal as refusal:
        if refusal.name in STATUSES:
            raise
        status = STATUSES_HERE.get(refusal.name, 409)
        return problem_response(status, refusal.name, str(refusal), refusal.retry_after)
