"""What was acknowledged: written down outside of every process that could forget it."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum

from escrow.log.asking import SIZE
from protocol.check_ins import CheckInMessage, Direction
from protocol.handles import DirectoryBatch, DirectoryReceipts, HandleGrant
from protocol.http_messages import Decision, DoorAnswer, Session, VerificationAnswer, VerificationRequest
from protocol.opening import Shares
from protocol.paper_passes import PaperPass
from protocol.party_requests import PartyRequest
from protocol.passes import AllowanceRequest, IssueBatch
from protocol.primitives.group import POINT_BYTES
from protocol.primitives.statements import statement_payload
from protocol.warrants import VenueApplication, Warrant
from service.media_types import PROBLEM, PROBLEM_TYPE
from tests.faults.proxy import Answered, Asked

PAPER = b"paper"
TRACES_KEPT = 6
LATE_SECONDS = 120
"""How far the time of an admitted code may be from now: a door's tolerance, a label's step, and a busy machine."""


class Kind(Enum):
    """What can be acknowledged, and is looked for afterwards."""

    ACCOUNT = "account"
    PAPER = "check-in with a paper"
    ASSISTED = "assisted check-in"
    HANDLE = "handle"
    ENTRY = "directory entry"
    CHECK_IN = "check-in"
    PROPOSAL = "warrant"
    DECISION = "countersignature"
    APPLICATION = "venue's application"
    ERASURE = "erasure"
    OPENING = "opening"


class Oracle:
    """What servers answered, and what officers' commands ended with.

    `recorded(party, shares)` says whether a party has it on record, just now, that it gives these shares.
    """

    def __init__(self, recorded: Callable[[str, Shares], bool]) -> None:
        self._recorded = recorded
        self.acknowledged: dict[Kind, set[bytes]] = {kind: set() for kind in Kind}
        self.admitted: Counter[bytes] = Counter()
        """How often each pass was admitted: `u` and the direction, or `PAPER` and `u`."""
        self.granted: defaultdict[tuple[bytes, int], set[bytes]] = defaultdict(set)
        """The requests for which an account was given passes of an epoch. One that a network brings twice is one."""
        self.codes_drawn: Counter[str] = Counter()
        """How many codes for a phone there may be, also without an answer."""
        self.codes_sent: Counter[str] = Counter()
        self.codes_tried: Counter[str] = Counter()
        self.given: dict[tuple[str, bytes, bytes], Shares] = {}
        """The shares that a party gave under a warrant for a release."""
        self.max_records: Counter[bytes] = Counter()
        """What each warrant allows."""
        self.erased: dict[tuple[str, int], bytes] = {}
        """The sealed secrets that a party erased."""
        self.shown: set[bytes] = set()
        """The passes that were shown to a door, or printed."""
        self.sent: dict[bytes, bytes] = {}
        """The entry that was sent to a venue with each pass."""
        self.traces: list[bytes] = []
        """Parts of the latest pass requests: nobody may store them."""
        self.findings: list[str] = []
        """What must not happen, and did."""
        self.lost = 0
        """How much was acknowledged and then gone."""
        self._answers: Counter[tuple[str, str]] = Counter()
        self._batches: set[bytes] = set()
        self._requested: set[bytes] = set()
        self._accounts: dict[str, bytes] = {}

    def acknowledge(self, kind: Kind, key: bytes) -> None:
        """Note that something was said to be done for good."""
        self.acknowledged[kind].add(key)

    def show(self, u: bytes) -> None:
        """Note that a wallet opened a screen with this pass, or sent it."""
        if u in self.shown or u in self.sent:
            self.find("a wallet showed a pass twice")
        self.shown.add(u)

    def send(self, entry: CheckInMessage) -> None:
        """Note that a wallet sent an entry to a venue; a network may bring it twice."""
        encoded = entry.to_bytes()
        if entry.u in self.shown or self.sent.setdefault(entry.u, encoded) != encoded:
            self.find("a wallet showed a pass twice")

    def count(self, server: str, *names: str) -> int:
        """How often a server answered with one of these problems or decisions."""
        return sum(self._answers[server, name] for name in names)

    def has_shares(self, party: str, warrant_id: bytes | None = None) -> bool:
        """Whether a party gave any share, under this warrant if one is given."""
        return any(
            shares.epochs
            for (who, what, _), shares in self.given.items()
            if who == party and warrant_id in {None, what}
        )

    def find(self, what: str) -> None:
        """Note what must not happen."""
        self.findings.append(what)

    def asked(self, asked: Asked) -> None:
        """Note what a request says, whatever becomes of it."""
        with self._understood("a request", asked):
            match asked.server.partition("-")[0], asked.path:
                case "operator", "/v1/verifications":
                    self.codes_drawn[VerificationRequest.from_bytes(asked.body).phone] += 1
                case "operator", "/v1/passes":
                    (first, *_) = AllowanceRequest.from_bytes(asked.body).requests
                    self.traces = [*self.traces, bytes(first)[:POINT_BYTES]][-TRACES_KEPT:]
                case "authority", "/v1/passes":
                    self._see_batch(_party_request(asked).body)
                case "venue", "/v1/check-ins":
                    message = CheckInMessage.from_bytes(asked.body)
                    if message.venue_id is not None and message.direction is Direction.ENTRY:
                        self.send(message)

    def answered(self, asked: Asked, answered: Answered) -> None:
        """Note what an answer says."""
        self._answers[asked.server, _problem(answered) or ""] += 1
        if answered.status == 500 or _problem(answered) == "internal-error":
            self.find(f"{asked.server} answered {asked.path} with {answered.status} {_problem(answered)}")
        if answered.status >= 400 and _problem(answered) is None and not _is_log_size(answered):
            self.find(f"{asked.server} answered {asked.path} with {answered.status} and no problem document")
        with self._understood("an answer", asked):
            self._see_answer(asked, answered)

    @contextmanager
    def _understood(self, what: str, asked: Asked) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001  whatever it is, the run must not go on as if nothing was
            self.find(f"{what} at {asked.path} could not be understood: {error!r}")

    def _see_answer(self, asked: Asked, answered: Answered) -> None:
        done, token = answered.status in (200, 202), asked.headers.get("Authorization", "")
        if asked.server == "operator":
            self._see_operator(asked, answered, done, token)
        match asked.server.partition("-")[0], asked.path:
            case "authority", "/v1/directory" if done:
                entries = DirectoryBatch.from_bytes(_party_request(asked).body).entries
                receipts = DirectoryReceipts.from_bytes(answered.body).receipts
                for entry, receipt in zip(entries, receipts, strict=True):
                    if receipt is not None:
                        self.acknowledge(Kind.ENTRY, entry.to_bytes())
            case "venue", "/v1/check-ins" if done:
                if self._decision(asked, answered) is Decision.ADMITTED:
                    self.admit(CheckInMessage.from_bytes(asked.body))
            case "venue", "/v1/papers" if done:
                if self._decision(asked, answered) is Decision.ADMITTED:
                    self.admit_paper(PaperPass.from_bytes(asked.body).u)
            case (("operator" | "authority"), "/v1/venues") if done:
                application = VenueApplication.from_bytes(statement_payload(asked.body))
                self.acknowledge(Kind.APPLICATION, asked.server.encode() + application.venue.venue_id)
        if answered.status == 401 and token in self._accounts:
            self.lost += 1
            self.find("the operator forgot a session")

    def _see_operator(self, asked: Asked, answered: Answered, done: bool, token: str) -> None:
        match asked.path:
            case "/v1/verifications":
                phone = VerificationRequest.from_bytes(asked.body).phone
                if answered.status == 429:
                    self.codes_drawn[phone] -= 1
                if done:
                    self.codes_sent[phone] += 1
            case "/v1/sessions":
                if _problem(answered) == "wrong-code":
                    self.codes_tried[VerificationAnswer.from_bytes(asked.body).phone] += 1
                if done:
                    session = Session.from_bytes(answered.body)
                    self._accounts[f"Bearer {session.token.hex()}"] = session.account_id
                    self.acknowledge(Kind.ACCOUNT, session.account_id)
            case "/v1/handles" if done:
                entry = HandleGrant.from_bytes(answered.body).entry
                self.acknowledge(Kind.HANDLE, entry.to_bytes())
                self.acknowledge(Kind.ENTRY, entry.to_bytes())
            case "/v1/passes" if done:
                self.granted[self._accounts[token], AllowanceRequest.from_bytes(asked.body).epoch].add(asked.body)
            case "/v1/shares" if done:
                self.give("operator", answered.body)
            case "/v1/warrants" if done:
                warrant = Warrant.from_bytes(statement_payload(_party_request(asked).body))
                self.acknowledge(Kind.PROPOSAL, warrant.warrant_id)

    def _decision(self, asked: Asked, answered: Answered) -> Decision:
        decision = DoorAnswer.from_bytes(answered.body).decision
        self._answers[asked.server, decision.name] += 1
        return decision

    def _see_batch(self, body: bytes) -> None:
        """The authority sees each `u0` once; that a network brings it a batch twice tells it nothing."""
        if body in self._batches:
            return
        self._batches.add(body)
        for request in IssueBatch.from_bytes(body).requests:
            u0 = request[:POINT_BYTES]
            if u0 in self._requested:
                self.find("the authority was sent a pass request twice")
            self._requested.add(u0)

    def admit(self, message: CheckInMessage) -> None:
        """Note that a door let somebody in or out."""
        self.admitted[message.u + bytes([message.direction])] += 1
        self.acknowledge(Kind.CHECK_IN, message.to_bytes())
        if abs(message.time - time.time()) > LATE_SECONDS:
            self.find("a door admitted a code of another time")

    def admit_paper(self, u: bytes) -> None:
        """Note that a door let somebody with a paper in or out."""
        self.admitted[PAPER + u] += 1
        self.acknowledge(Kind.PAPER, u)

    def give(self, party: str, statement: bytes) -> None:
        """Note that a party gives these shares just now; its record of them has to be there."""
        shares = self.note_given(party, statement)
        if not self._recorded(party, shares):
            self.find(f"the {party} released shares without a record of them")

    def note_given(self, party: str, statement: bytes) -> Shares:
        """Note that a party gave these shares; its record of them is looked for at the end of the trial."""
        shares = Shares.from_bytes(statement_payload(statement))
        self.given[party, shares.warrant_id, shares.judgement.release] = shares
        return shares


def _party_request(asked: Asked) -> PartyRequest:
    return PartyRequest.from_bytes(statement_payload(asked.body))


def _is_log_size(answered: Answered) -> bool:
    """Whether this is how a witness says which checkpoint it cosigned last."""
    return answered.status == 409 and answered.headers.get("Content-Type") == SIZE


def _problem(answered: Answered) -> str | None:
    """The name of the problem that an answer is, None if it is no problem document."""
    try:
        document = json.loads(answered.body)
        whole = answered.headers["Content-Type"].startswith(PROBLEM) and document["status"] == answered.status
        name = document["type"]
    except (ValueError, KeyError, TypeError):
        return None
    return name.removeprefix(PROBLEM_TYPE) if whole and isinstance(name, str) else None
