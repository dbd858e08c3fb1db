"""The visitors' page: everyone is served the one on record. Spec: §6.7."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

from escrow.audit.audit import Audit
from escrow.audit.findings import Fault, Finding
from protocol.epochs import Domain, Role
from protocol.primitives.errors import Malformed
from protocol.transparency.log_entries import PagePublished
from protocol.transparency.page_records import PageFile, PageRecord, describe_file
from service.http_client import Answer, exchange
from service.problems import Unreachable

DOMAIN_FILE, RECORD_FILE = "domain.json", "record.cbor"
BROWSER = {
    "User-Agent": "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
    "Mobile Safari/537.36",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
    "Accept-Language": "ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "none",
}
"""What a phone's browser sends: a server could show auditors another page."""


async def check_page(audit: Audit) -> AsyncIterator[Finding]:
    """Compare the page that the operator serves with the newest one in its log."""
    followed = audit.logs.get(Role.OPERATOR)
    if followed is None:
        return
    said = [record.contents for record in followed.records if isinstance(record.contents, PagePublished)]
    newest = said[-1] if said else None
    check = PageCheck(audit, newest)
    try:
        detail = await check.difference()
    except Unreachable as error:
        yield Finding(Role.OPERATOR, Fault.UNREACHABLE, str(error))
        return
    if detail is not None:
        about = {} if newest is None else {"number": newest.number}
        yield Finding(Role.OPERATOR, Fault.UNLOGGED_PAGE, detail, about=about)


class PageCheck:
    """The comparison of what is served with the `newest` page on record, if there is one."""

    def __init__(self, audit: Audit, newest: PagePublished | None) -> None:
        self._audit, self._newest = audit, newest
        self._address = f"{audit.urls[Role.OPERATOR]}/visitor/"

    async def difference(self) -> str | None:
        """The first difference in words, or None; raises `Unreachable`."""
        nothing = self._newest is None or PageRecord(self._newest.number, ()).digest == self._newest.digest
        if nothing:
            served = await self._fetch("")
            return "it serves a page, and has none on record" if served.status == 200 else None
        record = self._read(await self._fetch(RECORD_FILE))
        if record is None:
            return "it does not give the record of its page that is in its log"
        for done, file in enumerate(record.files):
            self._audit.tell("files of the visitors' page", done, len(record.files))
            for name in (file.name, "") if file.name == "index.html" else (file.name,):
                if detail := self._compare(file, await self._fetch(name)):
                    return detail
        return None

    def _read(self, answer: Answer) -> PageRecord | None:
        try:
            record = PageRecord.from_bytes(answer.body)
        except Malformed:
            return None
        return record if self._newest is not None and record.digest == self._newest.digest else None

    def _compare(self, on_record: PageFile, answer: Answer) -> str | None:
        served = describe_file(on_record.name, answer.body, answer.headers)
        if answer.status != 200 or served.content != on_record.content:
            return f"its {on_record.name} is not the one on record"
        if served.headers != on_record.headers:
            return f"its {on_record.name} has other headers than on record"
        if on_record.name == DOMAIN_FILE and not _pins(self._audit.domain, answer.body):
            return "its page pins another domain"
        return None

    async def _fetch(self, name: str) -> Answer:
        return await exchange(self._audit.session, "GET", self._address + name, b"", BROWSER)


def _pins(domain: Domain, written: bytes) -> bool:
    """Whether a `domain.json` says this domain."""
    try:
        said = json.loads(written)
        return (
            said["number"],
            said["utc_offset"],
            said["allowance"],
            said["operator"]["key"],
            said["authority"]["key"],
        ) == (
            domain.number,
            domain.utc_offset,
            domain.allowance,
            bytes(domain.operator_key).hex(),
            bytes(domain.authority_key).hex(),
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return False
