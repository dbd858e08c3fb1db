"""The desk: a program of its own that serves officers' page, and what it asks. Spec: §6.9."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware

from escrow.desk.common_routes import CommonRoutes
from escrow.desk.desk import Desk, RoleDesk
from escrow.desk.enrolment import EnrolmentRoutes
from escrow.desk.errors import WrongOrigin
from escrow.desk.voting import VotingRoutes
from escrow.party import Party
from escrow.settings import PEER_SECONDS
from service.http import Handler, create_app, problem_response
from service.http_client import new_session
from service.pages import Page, built_page
from service.plain_documents import front_page
from service.refusals import STATUSES, Refusal

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
_WHAT = (
    "전자출입명부 SplitPass 담당자용 프로그램입니다. 이 기기에서만 열 수 있습니다.",
    "This is the program for SplitPass's officers. It can be opened on this machine alone.",
)
_NOT_BUILT = (
    "담당자 페이지가 아직 만들어지지 않았습니다. `make web`을 실행한 뒤 다시 시작해 주세요.",
    "The officers' page is not built. Run `make web`, and start this program again.",
)


async def create_desk_app(own: RoleDesk) -> web.Application:
    """The desk of a party; call it inside the event loop that will run it."""
    session = new_session(PEER_SECONDS)
    desk, party = Desk(own, session), own.party
    page = desk_page(party)
    shown = front_page("SplitPass", _WHAT, [("/desk/", "담당자 페이지 / Officers' page")])
    pages = [shown, *page.routes] if page else [front_page("SplitPass", _NOT_BUILT)]
    routes = [
        *CommonRoutes(desk).routes,
        *EnrolmentRoutes(desk).routes,
        *VotingRoutes(desk).routes,
        *own.routes(desk),
    ]
    app = create_app([*routes, *pages], party.clock)
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
