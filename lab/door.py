"""A reader at a venue's door: a picture of a QR code becomes a decision of the venue's server."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

from aiohttp import ClientSession

from lab.town import Place
from protocol.http_messages import Decision
from service.qr import qr_png
from venue.pictures import read_file
from venue.remote import RemoteDoor


class Door:
    """One reader of one venue, with its credential. Pictures go into a directory first, as a camera's would."""

    _numbers = itertools.count()

    def __init__(self, place: Place, session: ClientSession, pictures: Path) -> None:
        self.place, self._pictures = place, pictures
        self._reader = RemoteDoor(session, place.url, place.token)

    def photograph(self, text: str) -> Path:
        """A QR code as a picture file."""
        picture = self._pictures / f"{next(self._numbers)}.png"
        picture.write_bytes(qr_png(text))
        return picture

    async def show(self, text: str) -> Decision:
        """Show a text as a QR code to the reader."""
        return await self.read(await asyncio.to_thread(self.photograph, text))

    async def read(self, picture: Path) -> Decision:
        """Read a picture and ask the venue's server."""
        (text,) = await asyncio.to_thread(read_file, picture)
        return (await self._reader.decide_text(text)).decision
