"""What the operator's server shows to browsers: what it is, and the page for visitors. Spec: §5.6."""

from __future__ import annotations

from aiohttp import web

from escrow.operator.operator import Operator
from protocol.epochs import Role
from service.pages import built_page
from service.plain_documents import front_page

_WHAT = (
    "이 서버는 전자출입명부 SplitPass의 운영자입니다. 전화번호를 확인하고 출입증을 나누어 줍니다. "
    "누가 어디에 갔는지는 모릅니다.",
    "This server is the operator of SplitPass, an electronic visitor log. It verifies telephone numbers and gives out "
    "passes. It does not know who went where.",
)


def page_routes(operator: Operator) -> list[web.RouteDef]:
    """The routes of everything that browsers open."""
    settings = operator.domain_settings
    page = built_page("visitor", settings, map(settings.url, Role)) if operator.settings.pages else None
    links = [] if page is None else [("/visitor/", "방문자 페이지 / Visitor's page")]
    return [front_page("SplitPass", _WHAT, links), *([] if page is None else page.routes)]
