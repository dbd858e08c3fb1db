"""Having the other party cosign the log, and publishing what it cosigned. Spec: §3.11."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from aiohttp import ClientSession

from escrow.errors import PeerFailed
from escrow.log.asking import SIZE, WITNESS_SECONDS
from protocol.party_requests import REQUEST_TOLERANCE
from protocol.primitives.errors import InvalidSignature, MalformedNote, SplitPassError
from protocol.transparency.logs import log_id, verify_log, verify_witnessed
from protocol.transparency.witnesses import WitnessRequest
from service.clock import Clock
from service.errors import ConfigurationError
from service.http_client import exchange

if TYPE_CHECKING:
    from escrow.log.log import TransparencyLog

ATTEMPTS = 5
"""This party's other processes may have had a checkpoint cosigned in between."""


async def have_cosigned(log: TransparencyLog, session: ClientSession, url: str, clock: Clock) -> None:
    """Have the witness at `url` cosign the newest checkpoint of a log, also if it did before, and publish it.

    Raises `Unreachable`, `PeerFailed` if the witness refuses or its time is not that of the `clock`, and
    `ConfigurationError` if it shows that it knows a longer log: then this one is an old copy and must not go on.
    """
    published = await asyncio.to_thread(log.published)
    known_size = 0 if published is None else published[1].checkpoint.size
    for _ in range(ATTEMPTS):
        newest = await asyncio.to_thread(log.pending)
        if newest is None:
            return
        note, size = newest[0], newest[1].size
        if known_size > size:
            seen = await _seen_by_witness(log, session, url)
            if seen > size:
                raise ConfigurationError(
                    f"the log has {size} entries, and the witness has seen {seen}: restore its newest copy"
                )
            break
        proof = await asyncio.to_thread(log.consistency, known_size, size)
        request = WitnessRequest(known_size, proof, note).encode()
        address, kind = f"{url}/v1/witness/add-checkpoint", {"Content-Type": "text/plain"}
        answer = await exchange(session, "POST", address, request, kind, WITNESS_SECONDS)
        if answer.status == 200:
            await asyncio.to_thread(_publish, log, note + answer.body, clock())
            return
        if answer.content_type != SIZE or not re.fullmatch(rb"[0-9]{1,16}\n", answer.body):
            break
        known_size = int(answer.body)
    raise PeerFailed(f"the witness answered {answer.status} and does not cosign the log")


async def _seen_by_witness(log: TransparencyLog, session: ClientSession, url: str) -> int:
    """How many entries the witness has seen, by a checkpoint that the log itself has signed; 0 without one.

    A number is only what somebody says, and must not stop the log.
    """
    address = f"{url}/v1/witness/{log_id(log.domain, log.role)}/checkpoint"
    answer = await exchange(session, "GET", address, b"", {}, WITNESS_SECONDS)
    try:
        return verify_log(log.domain, log.role, answer.body).size
    except SplitPassError:
        return 0


def _publish(log: TransparencyLog, note: bytes, now: int) -> None:
    try:
        time = verify_witnessed(log.domain, log.role, note).time
    except (MalformedNote, InvalidSignature):
        raise PeerFailed("the witness answered no cosignature") from None
    if abs(time - now) > REQUEST_TOLERANCE:
        raise PeerFailed(f"the witness's clock is {time - now} seconds ahead of this one")
    log.publish(note)
