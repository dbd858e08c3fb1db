"""The client in Python, driven as README.md says: `python -m conformance.clients.python_client`.

Its homes are in a temporary directory. Their passphrase protects nothing, and costs no time.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from aiohttp import ClientSession

from client.enrolment import confirm_code, request_code
from client.errors import NoVisit, VisitorError
from client.list_search import search_lists
from client.list_sources import Source, list_sources
from client.papers import print_papers
from client.passes import fetch_passes
from client.posters import fetch_poster
from client.visitor import Visitor
from client.visits import Screen, check_in, check_out, group_to_leave, open_entries, open_exits
from client.wallet_contents import Visit
from conformance.driven import answer_lines
from protocol.primitives.errors import SplitPassError
from service.http_client import new_session
from service.problems import Problem, Unreachable

PASSPHRASE = b"nothing is protected by this"
SETTINGS = "passphrase_operations = 1\npassphrase_memory = 8192\n"
REFUSALS = (SplitPassError, VisitorError, Problem)

T = TypeVar("T")
Values = dict[str, Any]


class Adapter:
    """A visitor whose clock says what the request says."""

    def __init__(self, directory: Path) -> None:
        self._directory, self._homes, self._now = directory, 0, 0
        self._visitor: Visitor
        self._screens: list[Screen] = []

    def answer(self, request: Values) -> Values:
        """The answer to a request."""
        self._now = request["now"]
        operation = self._operations.get(request["do"])
        if operation is None:
            return {"error": "unsupported"}
        try:
            return {"result": operation(self, request)}
        except Unreachable:
            return {"error": "Unreachable"}
        except REFUSALS as error:
            return {"error": type(error).__name__}

    def _begin(self, request: Values) -> Values:
        self._homes += 1
        home = self._directory / str(self._homes)
        home.mkdir()
        (home / "settings.toml").write_text(SETTINGS)
        (home / "domain.toml").write_text(_domain_toml(request["domain"]))
        self._visitor = Visitor(home, PASSPHRASE, lambda: self._now, create=True)
        self._screens = []
        return {}

    def _restart(self, _request: Values) -> Values:
        self._visitor = Visitor(self._visitor.home, PASSPHRASE, lambda: self._now)
        self._screens = []
        return {}

    def _enrol(self, request: Values) -> Values:
        phone, name, code = request["phone"], request["name"], request["code"]
        _online(lambda session: request_code(self._visitor, session, phone))
        _online(lambda session: confirm_code(self._visitor, session, phone, name, code))
        return {}

    def _fetch(self, request: Values) -> Values:
        _online(lambda session: fetch_passes(self._visitor, session, request["epoch"]))
        return {}

    def _show(self, request: Values) -> Values:
        self._screens = open_entries(self._visitor, request["people"])
        return self._renew(request)

    def _renew(self, _request: Values) -> Values:
        return {"texts": [screen.text(self._now) for screen in self._screens]}

    def _leave(self, request: Values) -> Values:
        self._screens = open_exits(self._visitor, group_to_leave(self._visitor))
        return self._renew(request)

    def _print(self, request: Values) -> Values:
        return {"texts": print_papers(self._visitor, request["epoch"], request["count"])}

    def _read_poster(self, request: Values) -> Values:
        venue = _online(lambda session: fetch_poster(session, self._visitor.domain, request["link"]))
        return {"name": venue.name, "url": venue.url}

    def _check_in(self, request: Values) -> Values:
        venue = _online(lambda session: fetch_poster(session, self._visitor.domain, request["link"]))
        decision = _online(lambda session: check_in(self._visitor, session, venue, request["people"]))
        return {"decision": decision.name}

    def _check_out(self, _request: Values) -> Values:
        group = group_to_leave(self._visitor)
        if group[0].venue is None:
            raise NoVisit("that visit is left with a code")
        return {"decision": _online(lambda session: check_out(self._visitor, session, group)).name}

    def _search(self, _request: Values) -> Values:
        async def search_all(session: ClientSession) -> list[list[str]]:
            sources = list_sources(self._visitor)
            return await asyncio.gather(*(self._search_one(session, source) for source in sources))

        names = [source.name for source in list_sources(self._visitor)]
        return {"faults": dict(zip(names, _online(search_all), strict=True))}

    async def _search_one(self, session: ClientSession, source: Source) -> list[str]:
        try:
            return [fault.value for fault in await search_lists(self._visitor, session, source)]
        except Unreachable:
            failure = "unreachable"
        except (Problem, SplitPassError):
            failure = "refused"
        return [failure, *(fault.value for fault in source.faults(self._now))]

    def _wallet(self, _request: Values) -> Values:
        wallet, findings = self._visitor.wallet(), self._visitor.findings()
        return {
            "passes": {day.epoch: len(day.passes) for day in wallet.days},
            "visits": [_visit(visit) for visit in wallet.visits],
            "papers": [paper.u.hex() for paper in wallet.papers],
            "notices": [{"u": one.u.hex(), "number": one.number, "advice": one.advice} for one in findings.notices],
            "openings": [
                {"u": one.u.hex(), "warrant": one.warrant_id.hex(), "reference": one.legal_reference}
                for one in findings.openings
            ],
        }

    _operations: ClassVar[dict[str, Callable[[Adapter, Values], Values]]] = {
        "begin": _begin,
        "restart": _restart,
        "enrol": _enrol,
        "fetch": _fetch,
        "show": _show,
        "renew": _renew,
        "leave": _leave,
        "print": _print,
        "read-poster": _read_poster,
        "check-in": _check_in,
        "check-out": _check_out,
        "search": _search,
        "wallet": _wallet,
    }


def _visit(visit: Visit) -> Values:
    return {
        "u": visit.u.hex(),
        "epoch": visit.epoch,
        "entered": visit.entered,
        "left": visit.left,
        "venue": None if visit.venue is None else visit.venue.venue_id.hex(),
        "answer": None if visit.answer is None else visit.answer.name,
    }


def _domain_toml(domain: Values) -> str:
    lines = [f"{name} = {domain[name]}" for name in ("number", "utc_offset", "allowance")]
    for party in ("operator", "authority"):
        lines += [f"[{party}]", f'key = "{domain[party]["key"]}"', f'url = "{domain[party]["url"]}"']
    return "\n".join(lines)


def _online(work: Callable[[ClientSession], Awaitable[T]]) -> T:
    async def with_session() -> T:
        async with new_session() as session:
            return await work(session)

    return asyncio.run(with_session())


def main() -> None:
    """Answer each line of the standard input."""
    with ExitStack() as stack:
        answer_lines(Adapter(Path(stack.enter_context(tempfile.TemporaryDirectory()))).answer)


if __name__ == "__main__":
    main()
