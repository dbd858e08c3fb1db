"""A door whose decisions the venues' server makes on another machine. Spec: §5.5."""

from __future__ import annotations

from aiohttp import ClientSession

from protocol.errors import Malformed
from protocol.exchanges import Decision, DoorAnswer
from protocol.qrtext import from_qr_text
from service.http import call

ANSWER_SECONDS = 10
"""How long a visitor waits at the door for the server."""


class RemoteDoor:
    """A reader with its credential (32 bytes) at the base URL of a server."""

    def __init__(self, session: ClientSession, url: str, token: bytes) -> None:
        self._session, self._url, self._token = session, url, token

    async def decide_text(self, text: str) -> Decision:
        """The server's decision on the text of a QR code; raises `Problem`, `Unreachable` or `Malformed`.

        Where there is no answer it is not known whether the server has taken the check-in.
        """
        try:
            message = from_qr_text(text)
        except Malformed:
            return Decision.UNREADABLE
        answer = await call(self._session, "POST", f"{self._url}/v1/check-ins", message, self._token)
        return DoorAnswer.from_bytes(answer).decision
