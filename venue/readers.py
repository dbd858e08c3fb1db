"""Who asks a venue's server as one of its readers. Spec: §5.5."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from service.batches import BatchesInThread
from service.refusals import Unauthenticated
from venue.home import ServedVenue, VenueHome
from venue.reader_tokens import ReaderToken

logger = logging.getLogger("splitpass.venue")


def find_reader(home: VenueHome, token: bytes) -> tuple[ServedVenue, ReaderToken]:
    """The reader that has a token (32 bytes), and its venue; raises `Unauthenticated` also for one that is revoked."""
    return _admitted(home, *home.reader_tokens.find_all([token]))


class Readers(BatchesInThread[bytes, ReaderToken | None]):
    """Finds the readers of all who ask at once together."""

    def __init__(self, home: VenueHome) -> None:
        super().__init__("readers")
        self._home = home

    async def find(self, token: bytes) -> tuple[ServedVenue, ReaderToken]:
        """The same as `find_reader`, each time anew; raises `TryLater` too, if the database is slow."""
        return _admitted(self._home, await self._join(token))

    def _do_in_thread(self, items: Sequence[bytes]) -> Sequence[ReaderToken | Exception | None]:
        try:
            return self._home.reader_tokens.find_all(items)
        except Exception as error:  # noqa: BLE001  whatever it is, those who wait must hear of it
            return [error] * len(items)


def _admitted(home: VenueHome, reader: ReaderToken | None) -> tuple[ServedVenue, ReaderToken]:
    if reader is not None and reader.revoked is not None:
        logger.warning("a reader that was revoked still asks: %s", reader.door)
    venue = None if reader is None or reader.revoked is not None else home.venue(reader.venue_id)
    if reader is None or venue is None:
        raise Unauthenticated("this is not the token of a reader at this server's venues")
    return venue, reader
