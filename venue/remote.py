"""A door whose decisions the venues' server makes on another machine. Spec: §5.5."""

from __future__ import annotations

from aiohttp import ClientSession

from protocol.http_messages import Decision, DoorAnswer
from protocol.paper_passes import PaperPass
from protocol.primitives.errors import Malformed
from service.http_client import call
from venue.code_text import parse_code

ANSWER_SECONDS = 10
"""How long a visitor waits at the door for the server."""


class RemoteDoor:
    """A reader with its credential (32 bytes) at the base URL of a server."""

    def __init__(self, session: ClientSession, url: str, token: bytes) -> None:
        self._session, self._url, self._token = session, url, token

    async def decide_text(self, text: str) -> DoorAnswer:
        """The server's answer to the text of a QR code; raises `Problem`, `Unreachable` or `Malformed`.

        Where there is no answer it is not known whether the server has taken the check-in.
        """
        try:
            code = parse_code(text)
        except Malformed:
            return DoorAnswer(Decision.UNREADABLE)
        path = "/v1/papers" if isinstance(code, PaperPass) else "/v1/check-ins"
        return DoorAnswer.from_bytes(await call(self._session, "POST", self._url + path, code, self._token))
