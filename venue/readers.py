"""Who asks a venue's server as one of its readers. Spec: §5.5."""

from __future__ import annotations

import logging

from service.refusals import Unauthenticated
from venue.home import ServedVenue, VenueHome
from venue.reader_tokens import ReaderToken

logger = logging.getLogger("splitpass.venue")


def find_reader(home: VenueHome, token: bytes) -> tuple[ServedVenue, ReaderToken]:
    """The reader that has a token (32 bytes), and its venue; raises `Unauthenticated` also for one that is revoked."""
    reader = home.reader_tokens.find(token)
    if reader is not None and reader.revoked is not None:
        logger.warning("a reader that was revoked still asks: %s", reader.door)
    venue = None if reader is None or reader.revoked is not None else home.venue(reader.venue_id)
    if reader is None or venue is None:
        raise Unauthenticated("this is not the token of a reader at this server's venues")
    return venue, reader
