"""A party as the witness of the other party's log, as that log's audit sees it. Spec: §6.7."""

from __future__ import annotations

from aiohttp import ClientSession

from escrow.audit.findings import Fault, Finding
from escrow.log.asking import SIZE, WITNESS_SECONDS
from protocol.epochs import Domain, Role
from protocol.party_requests import REQUEST_TOLERANCE
from protocol.primitives.errors import SplitPassError
from protocol.transparency.logs import WitnessedCheckpoint, log_id, other_party, verify_witnessed
from protocol.transparency.witnesses import WitnessRequest
from service.cli import local_time
from service.http_client import call, exchange
from service.problems import Problem, Unreachable


class WitnessCheck:
    """The check of the witness, at `url`, of the log of `role`. What it finds is in `findings`."""

    def __init__(self, session: ClientSession, domain: Domain, role: Role, url: str, now: int) -> None:
        self._session, self._domain, self._role, self._url, self._now = session, domain, role, url, now
        self._log, self._witness = role.name.lower(), other_party(role)
        self.findings: list[Finding] = []

    async def shown(self) -> tuple[bytes, WitnessedCheckpoint] | None:
        """The checkpoint that the witness says it cosigned last, as a note and verified."""
        try:
            note = await call(
                self._session, "GET", f"{self._url}/v1/witness/{log_id(self._domain, self._role)}/checkpoint"
            )
            witnessed = verify_witnessed(self._domain, self._role, note)
        except Unreachable:
            return None  # found when its own log is followed
        except (Problem, SplitPassError) as error:
            self._find(f"it does not show what it cosigned last of the {self._log}'s log: {error}")
            return None
        self.check_time(witnessed.time)
        return note, witnessed

    def check_time(self, time: int) -> None:
        """Find a cosignature whose time is not yet: it would make a log that stops look alive."""
        if time > self._now + REQUEST_TOLERANCE:
            when = local_time(time, self._domain.utc_offset)
            self._find(f"it cosigned the {self._log}'s log with a time that has not come, {when}")

    async def blame(self, note: bytes, size: int) -> str | None:
        """Who may be to blame that a log's checkpoint was not cosigned lately; None if it is the witness alone.

        The witness is asked to cosign it once more, which everybody may ask for.
        """
        witness = self._witness.name.lower()
        request, kind = WitnessRequest(size, (), note).encode(), {"Content-Type": "text/plain"}
        url = f"{self._url}/v1/witness/add-checkpoint"
        try:
            answer = await exchange(self._session, "POST", url, request, kind, WITNESS_SECONDS)
        except Unreachable:
            return f"it did not ask, or its witness, the {witness}, which does not answer, did not cosign"
        if answer.content_type == SIZE:
            return f"its witness, the {witness}, has cosigned another size since"
        if answer.status != 200:
            self._find(f"it does not cosign the {self._log}'s log, and answered {answer.status} when this audit asked")
            return f"it did not ask, or its witness, the {witness}, which refuses this audit too, did not cosign"
        try:
            time = verify_witnessed(self._domain, self._role, note + answer.body).time
        except SplitPassError as error:
            self._find(f"it answered no cosignature of the {self._log}'s log when this audit asked: {error}")
            return None
        if abs(self._now - time) > REQUEST_TOLERANCE:
            when = local_time(time, self._domain.utc_offset)
            self._find(f"it cosigns the {self._log}'s log with a time that is not the present, {when}")
            return None
        return f"its witness, the {witness}, cosigns when this audit asks: it did not ask, or was refused"

    def _find(self, detail: str) -> None:
        finding = Finding(self._witness, Fault.BAD_WITNESS, detail)
        if finding not in self.findings:
            self.findings.append(finding)
