"""What officers of both parties ask a desk: sets of officers, the journal, the party's health, venues. Spec: §6.9."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import msgspec
from aiohttp import web

from escrow.desk.desk import Desk
from escrow.desk.health import health
from escrow.desk.json_http import answer, read_json
from escrow.desk.records import Action, of_erasure, of_officers, of_venue, set_digest
from escrow.desk.sessions import Session
from escrow.desk.views import View, journal_view, officers_view, venue_view
from service.http import bearer_token
from service.refusals import NotFound

MOST_ENTRIES = 500
"""So many entries of the journal are shown."""


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


class CommonRoutes:
    """The routes that both parties' desks have, beside those for coming in and for voting."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._party = desk, desk.party

    @property
    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        desk = self._desk
        return [
            web.get("/v1/desk/info", self.info),
            desk.post("sign-out", self.sign_out),
            desk.get("session", self.tell_session),
            desk.get("officers", self.officers),
            desk.post("officers/change", self.change_officers),
            desk.get("journal", self.journal),
            desk.get("health", self.health),
            desk.post("erasures", self.erase),
            desk.get("venues", self.venues),
            desk.get("jobs", self.all_jobs),
            desk.get("jobs/{job}", self.job),
        ]

    async def info(self, _request: web.Request) -> web.Response:
        """What a page needs before anybody signs in."""
        party = self._party
        present = await asyncio.to_thread(party.officers.present)
        return answer(
            {
                "role": party.role.name.lower(),
                "domain": party.domain.number,
                "domain_bytes": party.domain.to_bytes().hex(),
                "utc_offset": party.domain.utc_offset,
                "name": self._desk.own.name(),
                "origin": party.settings.desk_url,
                "rp_id": urlsplit(party.settings.desk_url).hostname,
                "set": present and {"version": present.version, "digest": set_digest(present).hex()},
                "now": party.clock(),
            }
        )

    async def sign_out(self, request: web.Request, _session: Session) -> web.Response:
        """End the session."""
        self._desk.sessions.end(bearer_token(request))
        return web.Response(status=204)

    async def tell_session(self, _request: web.Request, session: Session) -> web.Response:
        """Who is signed in."""
        return answer({"officer": session.officer, "expires": session.ends})

    async def officers(self, _request: web.Request, _session: Session) -> web.Response:
        """The present set, and the passkeys that it does not have."""

        def look() -> View:
            (*_, kept) = self._party.officers.sets()
            of_set = {passkey for one in kept.record.officers for passkey in one.passkeys}
            enrolled = [
                {"name": one.name, "fingerprint": one.passkey.fingerprint, "time": one.time}
                for one in self._party.officers.enrolled()
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
            register, origin = self._party.officers, self._party.settings.desk_url
            subject = of_officers(register.changed(origin, asked.add, asked.remove, needed))
            self._party.journal.note(session.officer, "ask for another set of officers")
            self._party.approvals.ask(subject, session.officer)
            return subject.subject_id.hex()

        return answer(await self._desk.matter_view(await asyncio.to_thread(ask), session))

    async def erase(self, request: web.Request, session: Session) -> web.Response:
        """Ask the officers to erase an epoch before its time."""
        asked = await read_json(request, Erasure)

        def ask() -> str:
            if asked.epoch not in self._party.epochs.vault.epochs():
                raise NotFound("there is no share of this day to erase")
            subject = of_erasure(asked.epoch)
            self._party.journal.note(session.officer, f"ask for erasure of epoch {asked.epoch}")
            self._party.approvals.ask(subject, session.officer)
            return subject.subject_id.hex()

        return answer(await self._desk.matter_view(await asyncio.to_thread(ask), session))

    async def journal(self, _request: web.Request, _session: Session) -> web.Response:
        """Who did what, the newest first."""
        entries = await asyncio.to_thread(self._party.journal.entries)
        return answer({"entries": journal_view(entries[-MOST_ENTRIES:])})

    async def health(self, _request: web.Request, _session: Session) -> web.Response:
        """How the party is."""
        return answer(await asyncio.to_thread(health, self._party))

    async def venues(self, _request: web.Request, _session: Session) -> web.Response:
        """Every venue that applied, with the changes that somebody applied for."""
        register = self._party.venues

        def look() -> list[View]:
            return [
                {
                    **venue_view(listed.record),
                    "approved": listed.statement is not None,
                    "matter": None if listed.statement else of_venue(listed.record, None).subject_id.hex(),
                    "changes": [
                        {
                            **venue_view(change.record),
                            "agreed": change.agreed,
                            "matter": of_venue(change.record, listed.approved).subject_id.hex(),
                        }
                        for change in register.changes(listed.record.venue_id)
                    ],
                }
                for listed in register.all()
            ]

        return answer({"venues": await asyncio.to_thread(look)})

    async def all_jobs(self, _request: web.Request, _session: Session) -> web.Response:
        """What the desk is doing, and did since it was started."""
        return answer({"jobs": [job.to_json() for job in self._desk.jobs.all()]})

    async def job(self, request: web.Request, _session: Session) -> web.Response:
        """How far a job is."""
        return answer(self._desk.jobs.get(request.match_info["job"]).to_json())
