"""A desk that serves in a thread, and officers who use it as the page does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec
from aiohttp import ClientSession, web

from escrow.authority.authority import Authority
from escrow.authority.desk import AuthorityDesk
from escrow.desk.server import create_desk_app
from escrow.operator.desk import OperatorDesk
from escrow.operator.operator import Operator
from escrow.party import Party
from tests.support.authenticator import Authenticator
from tests.support.running import online, serving


@contextmanager
def running_desk(party: Party) -> Iterator[str]:
    """Serve a party's desk; its origin."""

    async def apps() -> list[tuple[web.Application, int]]:
        if isinstance(party, Authority):
            return [(await create_desk_app(AuthorityDesk(party)), party.settings.desk_port)]
        assert isinstance(party, Operator)
        return [(await create_desk_app(OperatorDesk(party)), party.settings.desk_port)]

    with serving(apps):
        yield party.settings.desk_url


def invite(party: Party, name: str) -> str:
    """The link with which somebody enrols a passkey."""
    return f"{party.settings.desk_url}/desk/#enrol={party.officers.invite(name).hex()}"


class Answer(NamedTuple):
    """What a desk answered: its status, its JSON if it is one, its bytes and its headers."""

    status: int
    value: Any
    body: bytes
    headers: dict[str, str]

    @property
    def problem(self) -> str:
        """The name of the problem."""
        return str(self.value["type"]).rpartition(":")[2].rpartition("/")[2]


class Officer:
    """An officer at a desk, with a passkey; `token` is that of the session."""

    def __init__(self, origin: str, device: Authenticator) -> None:
        self.origin, self.device, self.token = origin, device, ""

    def ask(self, method: str, path: str, value: object = None, **headers: str) -> Answer:
        """Send a request, as the page does."""
        own = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if method == "POST":
            own |= {"Content-Type": "application/json", "Origin": self.origin}
        body = msgspec.json.encode(value) if method == "POST" else None

        async def send(session: ClientSession) -> Answer:
            url = f"{self.origin}{path}"
            async with session.request(method, url, data=body, headers=own | headers) as response:
                received = await response.read()
                is_json = response.content_type.endswith("json")
                return Answer(
                    response.status,
                    msgspec.json.decode(received) if is_json else None,
                    received,
                    dict(response.headers),
                )

        return online(send)

    def get(self, path: str) -> Any:
        """The JSON at a path."""
        answer = self.ask("GET", f"/v1/desk/{path}")
        assert answer.status == 200, answer.body
        return answer.value

    def post(self, path: str, value: object = None) -> Any:
        """What something gives."""
        answer = self.ask("POST", f"/v1/desk/{path}", {} if value is None else value)
        assert answer.status in {200, 204}, answer.body
        return answer.value

    def enrol(self, link: str) -> Answer:
        """Open a link and make a passkey."""
        secret = link.partition("#enrol=")[2]
        begun = self.ask("POST", "/v1/desk/enrolment/options", {"secret": secret})
        if begun.status != 200:
            return begun
        created = self.device.create(begun.value["options"])
        return self.ask("POST", "/v1/desk/enrolment", {"secret": secret, "credential": created})

    def sign_in(self) -> Answer:
        """Begin a session."""
        options = self.post("sign-in/options")["options"]
        answer = self.ask("POST", "/v1/desk/sign-in", {"credential": self.device.get(options)})
        self.token = answer.value.get("token", "")
        return answer

    def vote(self, matter: str, decision: str = "approve", reason: str = "") -> Any:
        """Decide on a matter, and wait for what follows."""
        begun = self.post(f"matters/{matter}/vote/options", {"decision": decision, "reason": reason})
        given = self.post(f"matters/{matter}/vote", {"credential": self.device.get(begun["options"])})
        return {**given, "job": self.finished(given["job"])}

    def finished(self, job: str | None) -> Any:
        """A job once it is done."""
        while job and (known := self.get(f"jobs/{job}"))["state"] == "running":
            time.sleep(0.05)
        return known if job else None
