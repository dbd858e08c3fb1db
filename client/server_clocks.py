"""What the `Date` of the servers' answers says about the clock here, on which a door lets nobody in. Spec: §6.2."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiohttp import TraceConfig, TraceRequestEndParams

WARNING_SECONDS = 5
"""How wrong a clock is whose user is warned: codes change every 15 s, and a door tolerates 30."""
DOUBTFUL_SECONDS = 4
"""Who answered so slowly tells nothing."""


class ServerClocks:
    """Collects, in the requests that are sent anyway, between which bounds each server's clock is from this one."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._bounds: dict[object, tuple[float, float]] = {}

    def trace(self) -> TraceConfig:
        """What a session reports its requests to."""
        from aiohttp import TraceConfig  # noqa: PLC0415 - most commands send nothing

        async def begin(_session: Any, context: SimpleNamespace, _params: Any) -> None:
            context.sent = self._clock()

        async def end(_session: Any, context: SimpleNamespace, params: TraceRequestEndParams) -> None:
            headers = params.response.headers
            if re.search("no-(?:store|cache)", headers.get("Cache-Control", "")):  # else it may be of a cache, and old
                self.note(params.url.origin(), headers.get("Date", ""), context.sent, self._clock())

        trace = TraceConfig()
        trace.on_request_start.append(begin)
        trace.on_request_end.append(end)
        return trace

    def note(self, server: object, date: str, sent: float, received: float) -> None:
        """Note the `Date` of an answer, which is cut to seconds, to what was sent and received at these times here."""
        try:
            told = parsedate_to_datetime(date)
            moment = (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return
        least, most = self._bounds.get(server, (-float("inf"), float("inf")))
        self._bounds[server] = max(least, moment - received), min(most, moment + 1 - sent)

    def seconds_behind(self) -> int:
        """How many seconds the clock here is behind all the servers', below 0 if it is ahead of them; 0 if they differ.

        A server whose own clock is wrong is no reason to set this one, if another is right.
        """
        known = [(least + most) / 2 for least, most in self._bounds.values() if 0 <= most - least <= DOUBTFUL_SECONDS]
        nearest = min(known, key=abs, default=0)
        return round(nearest) if all(one * nearest > 0 for one in known) else 0


def clock_warning(behind: int) -> str | None:
    """What to tell whose clock is so many seconds behind, or ahead if that is below 0; None if it is right enough."""
    if abs(behind) < WARNING_SECONDS:
        return None
    english, korean = ("behind", "늦습니다") if behind > 0 else ("ahead of", "빠릅니다")
    return (
        f"This clock is {abs(behind)} s {english} the servers'. Set it, or doors may refuse your codes.\n"
        f"이 기기의 시계가 서버보다 {abs(behind)}초 {korean}. 출입문에서 거절될 수 있으니 시계를 맞춰 주세요."
    )
