"""The venues' server: check-ins from readers and from visitors' clients, posters, releases. Spec: §5.5."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from functools import cache
from random import uniform

from aiohttp import ClientSession, web

from protocol.check_ins import CheckInMessage, Direction
from protocol.http_messages import Decision, DoorAnswer
from protocol.paper_passes import PaperPass
from service.background import log_failures
from service.clock import HOUR, Clock, unix_time
from service.errors import ConfigurationError
from service.http import bearer_token, cbor_response, create_app, path_bytes, path_domain, read_body, read_message
from service.http_client import new_session
from service.monitoring import forget_housekeeping, note_housekeeping
from service.readiness import missing_database, missing_keys
from service.storage import warn_of_archive
from venue import duty
from venue.committing import commit
from venue.domains import PinnedDomain
from venue.errors import NoScanMode, UnknownVenue
from venue.expiry import UNDELETED, Expiry
from venue.gate import Judgement
from venue.home import VenueHome
from venue.membership import Membership
from venue.pages import page_routes
from venue.poster import poster_png, poster_svg, poster_text
from venue.reader_routes import door_routes
from venue.readers import Readers, find_reader
from venue.release import RELEASE_PATH, release
from venue.writer import Writer

MINUTE = 60
COMMITTING = 8
"""So many venues commit at a time in each domain."""

logger = logging.getLogger("splitpass.venue")


class VenueServer:
    """The handlers of the server. What the database does happens in threads, and for all check-ins in one of its own.

    A check-in's signatures are verified at once: that takes less time than to have another thread do it.
    """

    def __init__(self, home: VenueHome, clock: Clock) -> None:
        self._home, self._clock = home, clock
        self._expiry = Expiry(home, clock)
        self._gates = [venue.gate for venue in home.venues]  # made now, so that what is missing shows at the start
        self._engine = home.engine
        self._writer, self._readers = Writer(self._engine), Readers(home)
        self._measured: set[int] = set()

    async def venue(self, request: web.Request) -> web.Response:
        """GET /v1/venues/{venue}/{domain}: the record that both parties of the domain signed."""
        return cbor_response(self._membership(request).registered)

    async def poster_svg(self, request: web.Request) -> web.Response:
        """GET /v1/venues/{venue}/poster.svg."""
        document = await asyncio.to_thread(poster_svg, *self._poster_text(request))
        return web.Response(text=document, content_type="image/svg+xml")

    async def poster_png(self, request: web.Request) -> web.Response:
        """GET /v1/venues/{venue}/poster.png."""
        picture = await asyncio.to_thread(poster_png, *self._poster_text(request))
        return web.Response(body=picture, content_type="image/png")

    async def check_in(self, request: web.Request) -> web.Response:
        """POST /v1/check-ins: from anyone whose label names a venue; without one, from a reader for its own venue."""
        message = await read_message(request, CheckInMessage)
        if message.venue_id is None:
            venue, _ = await self._readers.find(bearer_token(request))
        elif (named := self._home.venue(message.venue_id)) is not None:
            venue = named
        else:
            is_known = self._home.domains.find(message.domain) is not None
            return cbor_response(DoorAnswer(Decision.OTHER_VENUE if is_known else Decision.UNKNOWN_DOMAIN))
        return await self._answer(venue.gate.judge(message, self._clock()), message.direction)

    async def paper(self, request: web.Request) -> web.Response:
        """POST /v1/papers: from a reader; the gate signs for the paper and forgets its key."""
        paper = await read_message(request, PaperPass)
        return await self._answer(*await asyncio.to_thread(self._judge_paper, paper, bearer_token(request)))

    async def release(self, request: web.Request) -> web.Response:
        """POST /v1/releases: the check-ins of a warrant's window, for the authority."""
        body = await read_body(request)
        return cbor_response(await asyncio.to_thread(release, self._home, body, self._clock()))

    async def upkeep(self, session: ClientSession) -> None:
        """Delete what is past its retention and fetch epoch keys ahead, hourly; never ends, whatever fails.

        While the door lacks the key of today or tomorrow of a domain, it tries again every minute. It looks as often
        whether the domains have changed.
        """
        due, before = 0.0, list[PinnedDomain]()
        while True:
            self._home.domains.look()
            domains = list(self._home.domains)
            if domains != before or time.monotonic() >= due:
                with log_failures(UNDELETED):
                    await self._expiry.check_and_delete(session)
                known = await self._refresh_all(session, domains)
                due, before = time.monotonic() + (HOUR if known else 0), domains
            await _pause()

    async def commitments(self, session: ClientSession) -> None:
        """Commit to every registered venue's check-ins at both parties of each domain, hourly; never ends.

        Whatever fails for one domain or venue, the others are committed to.
        """
        while True:
            with log_failures("the venues of this home could not be listed"):
                await asyncio.gather(*(self._commit_in(session, pinned) for pinned in self._home.domains))
            await _pause()

    def missing(self) -> list[str]:
        """What the server lacks to do its work. A domain that lacks its keys does not keep those of others away."""
        domains = list(self._home.domains)
        keys = {pinned.name: missing_keys(pinned.epochs, pinned.domain.epoch_at(self._clock())) for pinned in domains}
        missing = missing_database(self._engine) + ([] if domains else ["no domain is pinned"])
        if all(keys.values()):
            missing += [f"{name}: {text}" for name, texts in keys.items() for text in texts]
        return missing

    async def _commit_in(self, session: ClientSession, pinned: PinnedDomain) -> None:
        """Commit to the check-ins of a domain, of some venues at a time.

        What one domain's parties keep waiting does not hold up another domain.
        """
        places = asyncio.Semaphore(COMMITTING)
        own = [membership for membership in self._home.memberships if membership.pinned is pinned]
        await asyncio.gather(*(self._commit(session, membership, places) for membership in own))
        with log_failures("the readers of %s could not be counted", pinned.name):
            await asyncio.to_thread(duty.measure, pinned, self._home.memberships, self._clock())

    async def _commit(self, session: ClientSession, membership: Membership, places: asyncio.Semaphore) -> None:
        """Commit to the check-ins of a venue in a domain, when there is a place."""
        venue_id, name = membership.venue_id.hex(), membership.pinned.name
        async with places:
            with log_failures("the check-ins of venue %s in %s could not be committed to", venue_id, name):
                if membership.registration is not None:
                    await commit(membership, session, self._clock(), self._home.settings.commitment_seconds)

    async def _refresh_all(self, session: ClientSession, domains: Sequence[PinnedDomain]) -> bool:
        """Fetch epoch keys of every domain; returns whether those of today and tomorrow are known of all."""
        for number in self._measured - {pinned.domain.number for pinned in domains}:
            forget_housekeeping(number)
            duty.forget(number)
            self._measured.remove(number)
        return all(await asyncio.gather(*(self._refresh(session, pinned) for pinned in domains)))

    async def _refresh(self, session: ClientSession, pinned: PinnedDomain) -> bool:
        """The same of one domain. Works without a network."""
        with log_failures("epoch keys of %s could not be refreshed", pinned.name):
            now, domain = self._clock(), pinned.domain
            wanted, today = pinned.wanted_epochs(now), domain.epoch_at(now)
            known = await pinned.epochs.refresh(session, wanted.start, wanted.stop - 1)
            logger.info("epoch keys of %s known: %d of %d", pinned.name, len(known), len(wanted))
            note_housekeeping(domain.number, today, known)
            self._measured.add(domain.number)
            return {today, today + 1} <= set(known)
        return False

    def _judge_paper(self, paper: PaperPass, token: bytes) -> tuple[Judgement, Direction]:
        gate, now = find_reader(self._home, token)[0].gate, self._clock()
        direction = gate.paper_direction(paper, now)  # before it is decided
        return gate.judge_paper(paper, now), direction

    async def _answer(self, judgement: Judgement, direction: Direction) -> web.Response:
        decision = judgement if isinstance(judgement, Decision) else await self._writer.spend(judgement)
        return cbor_response(_answer(decision, direction if decision is Decision.ADMITTED else None))

    def _poster_text(self, request: web.Request) -> tuple[str, str]:
        venue = self._home.venue(path_bytes(request, "venue", 16))
        if venue is None:
            raise UnknownVenue("this server does not serve this venue")
        try:
            return poster_text(venue)
        except ConfigurationError as error:
            raise NoScanMode(str(error)) from None

    def _membership(self, request: web.Request) -> Membership:
        venue = self._home.venue(path_bytes(request, "venue", 16))
        membership = None if venue is None else venue.membership(path_domain(request))
        if membership is None:
            raise UnknownVenue("this server does not serve this venue in this domain")
        return membership


@cache
def _answer(decision: Decision, direction: Direction | None) -> bytes:
    """The encoding of an answer. There are only so many."""
    return DoorAnswer(decision, direction).to_bytes()


async def _pause() -> None:
    """Wait for up to a minute, drawn at random: servers that a party kept waiting must not all come back at once."""
    await asyncio.sleep(uniform(MINUTE / 2, MINUTE))  # noqa: S311  nobody gains by guessing it


def create_venue_app(home: VenueHome, clock: Clock = unix_time) -> web.Application:
    """The venues' server; raises `ConfigurationError` or `UnfitLibrary` when it cannot work."""
    server = VenueServer(home, clock)
    app = create_app(
        [
            web.get("/v1/venues/{venue}/poster.svg", server.poster_svg),
            web.get("/v1/venues/{venue}/poster.png", server.poster_png),
            web.post("/v1/papers", server.paper),
            web.post(RELEASE_PATH, server.release),
            *door_routes(home, clock),
            *page_routes(home),
        ],
        clock,
        server.missing,
        [web.get("/v1/venues/{venue}/{domain:[0-9]+}", server.venue), web.post("/v1/check-ins", server.check_in)],
    )

    async def upkeep(_app: web.Application) -> AsyncIterator[None]:
        await asyncio.to_thread(warn_of_archive, home.engine)
        await asyncio.to_thread(home.make_room, clock())
        for one in home.memberships:
            if one.registration is None:
                venue_id = one.venue_id.hex()
                logger.warning(
                    "the venue %s is not registered in %s: run register and confirm", venue_id, one.pinned.name
                )
        async with new_session() as session:
            tasks = [asyncio.create_task(work(session)) for work in (server.upkeep, server.commitments)]
            yield
            for task in tasks:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*tasks)

    app.cleanup_ctx.append(upkeep)
    return app
