"""The door in Python, driven as README.md says: `python -m conformance.doors.python_door`.

It keeps keys and check-ins where a venue's server keeps them, in a temporary directory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar

import sqlalchemy as sql

from conformance.driven import answer_lines
from protocol.check_ins import CheckInMessage
from protocol.epochs import Role
from protocol.primitives.errors import Malformed, SplitPassError
from service.epoch_cache import EpochCache
from service.settings import DomainSettings, load_settings
from venue.gate import DoorDomain, Gate
from venue.store import Store, metadata

Values = dict[str, Any]


class Adapter:
    """A door of one venue."""

    def __init__(self, directory: Path) -> None:
        self._directory, self._homes = directory, 0
        self._home = directory
        self._venue_id = b""
        self._pinned: list[Values] = []
        self._closed: set[int] = set()
        self._engine: sql.Engine | None = None

    def answer(self, request: Values) -> Values:
        """The answer to a request."""
        operation = self._operations.get(request["do"])
        if operation is None:
            return {"error": "unsupported"}
        try:
            return {"result": operation(self, request)}
        except SplitPassError as error:
            return {"error": type(error).__name__}

    def _begin(self, request: Values) -> Values:
        self._homes += 1
        self._home = self._directory / str(self._homes)
        self._home.mkdir()
        self._venue_id, self._pinned = bytes.fromhex(request["venue"]), request["domains"]
        self._closed = set()
        return self._restart(request)

    def _restart(self, _request: Values) -> Values:
        if self._engine is not None:
            self._engine.dispose()
        self._engine = sql.create_engine(f"sqlite:///{self._home / 'venue.db'}")
        metadata.create_all(self._engine)
        self._caches = {pinned["number"]: self._cache(pinned) for pinned in self._pinned}
        self._gate = Gate(self._venue_id, self._find)
        return {}

    def _cache(self, pinned: Values) -> EpochCache:
        file = self._home / f"{pinned['number']}.toml"
        lines = [f"{name} = {pinned[name]}" for name in ("number", "utc_offset", "allowance")]
        for party in ("operator", "authority"):
            lines += [f"[{party}]", f'key = "{pinned[party]["key"]}"', f'url = "https://{party}.example"']
        file.write_text("\n".join(lines))
        settings = load_settings(DomainSettings, file, required=True)
        return EpochCache(self._home / f"epochs-{pinned['number']}", settings)

    def _find(self, number: int) -> DoorDomain | None:
        cache = self._caches.get(number)
        if cache is None or self._engine is None:
            return None
        tolerance = next(pinned["tolerance"] for pinned in self._pinned if pinned["number"] == number)
        store = Store(self._engine, number, self._venue_id)
        return DoorDomain(cache.domain, cache.key, store, tolerance, number in self._closed)

    def _learn(self, request: Values) -> Values:
        cache = self._caches[request["domain"]]
        for role in Role:
            cache.keep(role, request["epoch"], bytes.fromhex(request[role.name.lower()]))
        return {}

    def _decide(self, request: Values) -> Values:
        return {"decision": self._gate.decide_text(request["text"], request["now"]).name}

    def _receive(self, request: Values) -> Values:
        try:
            message = CheckInMessage.from_bytes(bytes.fromhex(request["message"]))
        except Malformed:
            return {"decision": "UNREADABLE"}
        return {"decision": self._gate.decide(message, request["now"]).name}

    def _close(self, request: Values) -> Values:
        self._closed.add(request["domain"])
        return {}

    _operations: ClassVar[dict[str, Callable[[Adapter, Values], Values]]] = {
        "begin": _begin,
        "restart": _restart,
        "learn": _learn,
        "decide": _decide,
        "receive": _receive,
        "close": _close,
    }


def main() -> None:
    """Answer each line of the standard input."""
    with ExitStack() as stack:
        answer_lines(Adapter(Path(stack.enter_context(tempfile.TemporaryDirectory()))).answer)


if __name__ == "__main__":
    main()
