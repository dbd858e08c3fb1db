"""What the operator's server shows to browsers: what it is, and the page for visitors, on record. Spec: §3.11, §5.6."""

from __future__ import annotations

import asyncio

from aiohttp import web

from escrow.operator.operator import Operator
from protocol.epochs import Role
from protocol.transparency.log_entries import PagePublished
from protocol.transparency.page_records import PageFile, PageRecord, describe_file
from service.media_types import CBOR
from service.pages import Page, built_page
from service.plain_documents import front_page
from service.refusals import TryLater

RECORD_FILE = "record.cbor"
"""What of the page is on record, beside its files."""
COSIGNED_SOON = 30
"""After how many seconds a browser may ask again: a log that has grown is cosigned by then."""
_WHAT = (
    "이 서버는 전자출입명부 SplitPass의 운영자입니다. 전화번호를 확인하고 출입증을 나누어 줍니다. "
    "누가 어디에 갔는지는 모릅니다.",
    "This server is the operator of SplitPass, an electronic visitor log. It verifies telephone numbers and gives out "
    "passes. It does not know who went where.",
)


def page_routes(operator: Operator) -> list[web.RouteDef]:
    """The routes of everything that browsers open. What they are shown is put on record first."""
    settings = operator.domain_settings
    urls = (url(role) for url in (settings.url, settings.files) for role in Role)
    page = built_page("visitor", settings, urls) if operator.settings.pages else None
    if page is None:
        _put_on_record(operator, ())
        return [front_page("SplitPass", _WHAT)]
    served = _PageOnRecord(operator, page)
    return [front_page("SplitPass", _WHAT, [("/visitor/", "방문자 페이지 / Visitor's page")]), *served.routes]


class _PageOnRecord:
    """A page that is served once everybody can see in the log that it is."""

    def __init__(self, operator: Operator, page: Page) -> None:
        self._log, self._is_shown = operator.log, False
        files = (describe_file(name, file.body, file.headers.items()) for name, file in sorted(page.files.items()))
        self._record, self._index = _put_on_record(operator, tuple(files))
        page.guard = self._demand_shown
        self.routes = [web.get(f"/{page.name}/{RECORD_FILE}", self._give_record), *page.routes]

    async def _demand_shown(self) -> None:
        if not self._is_shown:
            self._is_shown = await asyncio.to_thread(self._log.shows, self._index)
        if not self._is_shown:
            raise TryLater("the page is being put on record; try again in a moment", COSIGNED_SOON)

    async def _give_record(self, _request: web.Request) -> web.Response:
        await self._demand_shown()
        return web.Response(body=self._record, content_type=CBOR, headers={"Cache-Control": "no-cache"})


def _put_on_record(operator: Operator, files: tuple[PageFile, ...]) -> tuple[bytes, int]:
    """The record of a page that these are the files of, and the index of its entry, which is made if it is new.

    An operator that never had a page has none on record.
    """
    newest = operator.log.newest_page()
    number = 0 if newest is None else newest.number
    record = PageRecord(number, files)
    if newest is not None and record.digest != newest.digest:
        record = PageRecord(number + 1, files)
    if newest is None and not files:
        return record.to_bytes(), 0
    return record.to_bytes(), operator.log.append(PagePublished(record.number, record.digest), operator.clock())
