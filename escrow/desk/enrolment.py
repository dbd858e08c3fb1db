"""How an officer comes to a desk: a passkey is enrolled with a link, and signs in. Spec: §6.9."""

from __future__ import annotations

import asyncio
import re
from secrets import token_bytes
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from escrow.desk.errors import NotAnOfficer, UnknownInvitation, WrongPasskey
from escrow.desk.json_http import answer, read_json
from escrow.desk.passkeys import (
    Assertion,
    challenge_of,
    creation_options,
    request_options,
    verify_assertion,
    verify_new,
)
from escrow.desk.sessions import Challenges, SignInChallenges

if TYPE_CHECKING:
    from escrow.desk.desk import Desk


class Invitation(msgspec.Struct, forbid_unknown_fields=True):
    """The secret of a link, in hexadecimal."""

    secret: str

    def data(self) -> bytes:
        """Its 32 bytes; raises `UnknownInvitation`."""
        if not re.fullmatch("[0-9a-f]{64}", self.secret):
            raise UnknownInvitation
        return bytes.fromhex(self.secret)


class Created(Invitation):
    """The same, with a new passkey."""

    credential: dict[str, Any]


class Answered(msgspec.Struct, forbid_unknown_fields=True):
    """What a passkey signed."""

    credential: dict[str, Any]


class EnrolmentRoutes:
    """The routes that take no session.

    They have no limit: nobody guesses a secret of 32 bytes or a signature, and one would lock out the officers.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk, self._party = desk, desk.party
        self._origin = desk.party.settings.desk_url
        self._enrolling: Challenges[bytes] = Challenges(desk.party.clock)
        self._signing_in = SignInChallenges(desk.party.clock)

    @property
    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            web.post("/v1/desk/enrolment/options", self.begin_enrolment),
            web.post("/v1/desk/enrolment", self.enrol),
            web.post("/v1/desk/sign-in/options", self.begin_sign_in),
            web.post("/v1/desk/sign-in", self.sign_in),
        ]

    async def begin_enrolment(self, request: web.Request) -> web.Response:
        """What a browser is to make a passkey with."""
        secret = (await read_json(request, Invitation)).data()
        name = await asyncio.to_thread(self._party.officers.invited, secret)
        known = [one.passkey for one in await asyncio.to_thread(self._party.officers.enrolled) if one.name == name]
        challenge = self._enrolling.give(secret)
        return answer(
            {"name": name, "options": creation_options(self._origin, name, token_bytes(32), challenge, known)}
        )

    async def enrol(self, request: web.Request) -> web.Response:
        """Keep a new passkey; the link is then used."""
        created = await read_json(request, Created)
        challenge = challenge_of(created.credential)
        if self._enrolling.take(challenge) != created.data():
            raise UnknownInvitation
        passkey, counter = await asyncio.to_thread(verify_new, self._origin, challenge, created.credential)
        name = await asyncio.to_thread(self._party.officers.enrol, created.data(), passkey, counter)
        await asyncio.to_thread(self._party.journal.note, name, f"enrol passkey {passkey.fingerprint}")
        return answer({"name": name, "fingerprint": passkey.fingerprint})

    async def begin_sign_in(self, _request: web.Request) -> web.Response:
        """What a browser is to ask for a passkey with. Nobody is told who the officers are."""
        return answer({"options": request_options(self._origin, self._signing_in.give())})

    async def sign_in(self, request: web.Request) -> web.Response:
        """Begin a session of an officer of the present set."""
        assertion = Assertion.of((await read_json(request, Answered)).credential)
        self._signing_in.check(assertion.challenge)
        name = await asyncio.to_thread(self._verify, assertion)
        self._signing_in.take(assertion.challenge)
        token, session = self._desk.sessions.begin(name, assertion.credential_id)
        await asyncio.to_thread(self._party.journal.note, name, "sign in")
        return answer({"token": token.hex(), "officer": name, "expires": session.ends})

    def _verify(self, assertion: Assertion) -> str:
        officers = self._party.officers
        enrolled, present = officers.passkey(assertion.credential_id), officers.present()
        if enrolled is None:
            raise WrongPasskey("this passkey is not enrolled here")
        counter = verify_assertion(self._origin, assertion.challenge, *enrolled, assertion)
        officers.count(assertion.credential_id, counter)
        owner = present and present.owner(assertion.credential_id)
        if not owner or owner[1] != enrolled[0]:
            raise NotAnOfficer
        return owner[0].name
