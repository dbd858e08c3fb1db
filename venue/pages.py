"""What a venues' server shows to browsers: what it is, the page of a poster, and the page for doors. Spec: §5.6."""

from __future__ import annotations

from aiohttp import web

from service.http import path_bytes
from service.pages import built_page
from service.plain_documents import front_page, plain_document
from venue.errors import UnknownVenue
from venue.home import VenueHome

_WHAT = (
    "이 서버는 SplitPass 전자출입명부를 쓰는 곳의 출입 확인 서버입니다. 방문자의 이름도 전화번호도 모릅니다.",
    "This server checks visitors in at places with SplitPass, an electronic visitor log. It knows neither names nor "
    "telephone numbers.",
)
_POSTER = (
    (
        "이곳은 전자출입명부 SplitPass를 씁니다. 이 QR 코드는 체크인용이며, 이 페이지에서는 체크인할 수 없습니다.",
        "This place keeps the electronic visitor log SplitPass. The code is for checking in. You cannot check in on "
        "this page.",
    ),
    (
        "휴대전화에서 평소 쓰는 SplitPass 방문자 페이지를 열고 ‘포스터 스캔’을 눌러 코드를 다시 찍으세요. "
        "포스터의 링크로 처음 등록하지 마세요. 페이지 주소는 SplitPass를 제공하는 곳에서 알려 줍니다.",
        "Open your own SplitPass page on your phone, tap “Scan poster” there, and scan the code again. Do not register "
        "by a link on a poster. Who provides SplitPass tells you the address of the page.",
    ),
    (
        "휴대전화가 없으면 직원에게 말씀하세요. 종이 출입증을 보이거나, 함께 온 사람의 휴대전화로 들어가거나, "
        "직원에게 이름을 알려 줄 수 있습니다.",
        "Without a phone, speak to the staff. You can show a paper pass, come in with somebody who has a phone, or "
        "tell the staff your name.",
    ),
)


def page_routes(home: VenueHome) -> list[web.RouteDef]:
    """The routes of everything that browsers open."""

    async def poster(request: web.Request) -> web.Response:
        """GET /v/{venue}: what an ordinary camera opens that scans a poster."""
        venue = home.venue(path_bytes(request, "venue", 16))
        if venue is None:
            raise UnknownVenue("this server does not serve this venue")
        return plain_document(venue.description.name, _POSTER)

    routes, links = [web.get("/v/{venue}", poster)], []
    door = built_page("door", None, ()) if home.settings.pages else None
    if door is not None:
        routes += door.routes
        links = [("/door/", "직원용 출입 확인 페이지 / Page for staff at the door")]
    return [front_page("SplitPass", _WHAT, links), *routes]
