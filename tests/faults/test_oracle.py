"""That the oracle finds what it looks for, when things are taken away behind a real town's back."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest

from conformance.vectors.world import DOMAIN, OPERATOR
from lab.processes import Servers
from protocol.check_ins import CheckInMessage, Direction, label_time
from protocol.disclosures import OpeningRecord
from protocol.epochs import Role
from protocol.http_messages import Decision, DoorAnswer, Session, VerificationAnswer, VerificationRequest
from protocol.notices import VISIT_DIGEST_BYTES
from protocol.party_requests import sign_request
from protocol.passes import REQUEST_BYTES, IssueBatch, request_allowance
from protocol.primitives.encoding import Message
from protocol.primitives.group import Scalar
from service.background import log_failures
from service.http_client import new_session
from service.media_types import PROBLEM, PROBLEM_TYPE
from tests.faults import checks
from tests.faults.load import Load
from tests.faults.logs import Forked, Logs
from tests.faults.officers import MANY
from tests.faults.oracle import Kind, Oracle
from tests.faults.proxy import Answered, Asked, Proxies
from tests.faults.running_town import RunningTown
from tests.faults.town import DATABASE_FILES, PARTIES, VENUE, FaultyTown
from tests.support.domain import OpenEpoch
from tests.support.programs import launch

PHONE = "+821012345678"
COME_IN = DoorAnswer(Decision.ADMITTED, Direction.ENTRY)
WITH = {Kind.PAPER: {Kind.CHECK_IN, Kind.ASSISTED}, Kind.CHECK_IN: {Kind.PAPER}, Kind.PROPOSAL: {Kind.DECISION}}
"""What is lost together."""


@dataclass
class Past:
    """A town after an honest day, whose servers have ended."""

    town: FaultyTown
    logs: Logs
    oracle: Oracle
    before: bytes = b""
    """The operator's checkpoint when no share had been given."""

    def file(self, party: str, path: str) -> Path:
        return self.town.directory / party / path

    def lost(self) -> set[Kind]:
        return {kind for kind, _ in checks.lost(self.town, self.logs, self.oracle)}

    def found(self) -> list[str]:
        """Everything but what is lost."""
        return [
            *checks.exceeded(self.town, self.oracle),
            *checks.unrecorded(self.town, self.logs, self.oracle),
            *checks.traces(self.town, self.oracle),
            *checks.tracebacks(self.town),
            *self.oracle.findings,
        ]


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    return asyncio.run(_live(tmp_path_factory.mktemp("town")))


@dataclass
class Day:
    """A town while it lives."""

    past: Past
    load: Load

    async def warrant(self, most: int = MANY) -> None:
        """Somebody comes in, and a warrant is carried out."""
        while not await self.load.visitors.probe():
            pass
        await self.load.officers.investigate(most)


@asynccontextmanager
async def a_day(directory: Path) -> AsyncIterator[Day]:
    with ExitStack() as stack:
        proxies = stack.enter_context(Proxies())
        oracle = Oracle(lambda party, shares: logs.recorded(party, shares))  # noqa: PLW0108  the logs come next
        town = FaultyTown(directory, proxies, oracle, None)
        logs = Logs(town)
        servers = stack.enter_context(Servers(directory, launch))
        async with new_session() as session:
            await town.found(servers, session)
            await town.open_venue(servers, session, "클럽 스플릿")
            yield Day(
                Past(town, logs, oracle), Load(RunningTown(town, servers, session, oracle, Random(), None), directory)
            )


async def _live(directory: Path) -> Past:
    async with a_day(directory) as day:
        past, load = day.past, day.load
        while not await load.visitors.probe():
            pass
        person = load.visitors.somebody()
        assert person is not None
        assert await load.visitors.by_paper(person) is Decision.ADMITTED
        assert await load.staff.admit()
        past.before = past.file("operator", "log/checkpoint").read_bytes()
        await day.warrant()
        await load.officers.erase("operator")
    return past


@contextmanager
def changed(path: Path, content: bytes) -> Iterator[None]:
    """A file that holds something else for a while."""
    before = path.read_bytes() if path.exists() else None
    path.write_bytes(content)
    try:
        yield
    finally:
        path.unlink() if before is None else path.write_bytes(before)


@contextmanager
def executed(past: Past, server: str, statement: str) -> Iterator[None]:
    """A database in which a statement was carried out for a while."""
    path = past.file(server, DATABASE_FILES[server])
    copy = shutil.copy(path, path.with_suffix(".copy"))
    try:
        connection = sqlite3.connect(path)
        with connection:
            connection.execute(statement)
        connection.close()
        yield
    finally:
        shutil.move(copy, path)


def test_an_honest_day_has_no_findings(past: Past) -> None:
    acknowledged = {kind for kind, keys in past.oracle.acknowledged.items() if keys}
    assert acknowledged == set(Kind)
    assert past.lost() == set()
    assert past.found() == []
    assert all(map(past.oracle.has_shares, PARTIES))
    assert checks.doubled(past.town, past.oracle) == 0


@pytest.mark.parametrize(
    ("kind", "server", "statement"),
    [
        (Kind.ACCOUNT, "operator", "DELETE FROM accounts"),
        (Kind.HANDLE, "operator", "UPDATE handles SET deposited = FALSE"),
        (Kind.ENTRY, "authority", "DELETE FROM directory"),
        (Kind.APPLICATION, "authority", "DELETE FROM venues"),
        (Kind.PROPOSAL, "operator", "DELETE FROM warrants"),
        (Kind.DECISION, "operator", "UPDATE warrants SET countersignature = NULL"),
        (Kind.OPENING, "authority", "UPDATE released_parts SET opened_venue = NULL"),
        (Kind.CHECK_IN, VENUE, "DELETE FROM check_ins WHERE substr(encoded, 1, 1) = x'85'"),
        (Kind.ASSISTED, VENUE, "DELETE FROM check_ins WHERE substr(encoded, 1, 1) = x'86'"),
        (Kind.PAPER, VENUE, "DELETE FROM check_ins"),
    ],
)
def test_what_is_deleted_is_lost(past: Past, kind: Kind, server: str, statement: str) -> None:
    with executed(past, server, statement):
        assert kind in past.lost() <= {kind, *WITH.get(kind, ())}
    assert past.lost() == set()


def test_an_erased_epoch_that_comes_back_is_lost_and_a_trace(past: Past) -> None:
    (((party, epoch), sealed),) = past.oracle.erased.items()
    with changed(past.file(party, f"vault/{epoch}.secret"), sealed):
        assert past.lost() == {Kind.ERASURE}
    with changed(past.file(party, "forgotten"), b"in front" + sealed + b"behind"):
        assert past.found() == ["forgotten of the operator holds an erased secret"]


def test_a_stored_pass_request_is_a_trace(past: Past) -> None:
    for content in (past.oracle.traces[0], b"log: " + past.oracle.traces[-1].hex().encode()):
        with changed(past.file("authority", "notes"), content):
            assert past.found() == ["notes of the authority holds a part of a pass request"]


def test_a_traceback_is_found(past: Past) -> None:
    with changed(past.town.directory / "other.log", b"Traceback (most recent call last):\nValueError: what\n"):
        assert past.found() == ["other.log has a traceback: ValueError: what"]


def test_an_error_in_a_line_of_json_is_found(past: Past, caplog: pytest.LogCaptureFixture) -> None:
    with log_failures("housekeeping failed"):
        raise LookupError
    (unthought,) = caplog.records
    log = past.town.directory / "operator.log"
    for told in ({"exc_info": "Traceback (most recent call last):\n what"}, {"reason": vars(unthought)["reason"]}):
        line = {"levelname": "ERROR", "message": "housekeeping failed: LookupError", **told}
        with changed(log, log.read_bytes() + json.dumps(line).encode() + b"\n"):
            (found,) = past.found()
        assert found.startswith("operator.log has a traceback in a line")


def test_a_log_that_changes_is_found(past: Past) -> None:
    for party in ("operator", "authority"):
        assert past.logs.said(party)
    tile = max(past.file("operator", "log/tile/entries/000.p").iterdir(), key=lambda path: int(path.name))
    with changed(tile, tile.read_bytes()[:-1] + b"?"), pytest.raises(Forked):
        past.logs.said("operator")


def test_a_statement_that_is_not_on_record_is_found(past: Past) -> None:
    with changed(past.file("authority", "epochs/99999.authority"), b"statement"):
        assert past.found() == ["the authority published 99999.authority and has not put it on record"]


@pytest.mark.parametrize("party", PARTIES)
@pytest.mark.parametrize(
    "forget", ["DELETE FROM released_passes", "DELETE FROM openings", "UPDATE openings SET record = x'{}'"]
)
def test_shares_that_a_party_gave_and_forgot_are_found(past: Past, party: str, forget: str) -> None:
    ((encoded,),) = past.town.query(party, "SELECT record FROM openings")
    record = OpeningRecord.from_bytes(encoded)
    other = replace(record, digests=(bytes(VISIT_DIGEST_BYTES), *record.digests[1:]))
    with executed(past, party, forget.format(other.to_bytes().hex())):
        assert past.found() == [f"the {party} has no record of shares that it gave"]
    assert past.found() == []


def test_shares_that_are_not_in_the_log_are_found(past: Past) -> None:
    with changed(past.file("operator", "log/checkpoint"), past.before):
        assert past.found() == ["the operator has no record of shares that it gave"]


@pytest.mark.long
def test_an_operator_that_keeps_no_record_is_found_while_it_gives_the_shares(tmp_path: Path) -> None:
    """A real process, with a line of `give_shares` removed."""

    async def story() -> list[list[str]]:
        found = []
        async with a_day(tmp_path) as day:
            running = day.load.running
            for what in ("ledger", "log"):
                await running.kill("operator")
                await running.start("operator", "tests.faults.careless", what, *running.command("operator"))
                await day.warrant()
                found.append(list(dict.fromkeys(day.past.oracle.findings)))
                day.past.oracle.findings.clear()
        return found

    assert asyncio.run(story()) == [["the operator released shares without a record of them"]] * 2


@pytest.fixture
def oracle(past: Past) -> Oracle:
    """One that knows nothing but what the warrants of the past allow."""
    fresh = Oracle(lambda _party, _shares: False)
    fresh.max_records = past.oracle.max_records
    return fresh


def tell(
    oracle: Oracle,
    server: str,
    path: str,
    body: Message | bytes,
    status: int,
    answer: Message | str,
    session: Session | None = None,
) -> None:
    """Have the oracle see an answer, in a visitor's session or in none: a message, or the name of a problem."""
    if isinstance(answer, str):
        document = {"type": PROBLEM_TYPE + answer, "status": status}
        answered = Answered(status, {"Content-Type": PROBLEM}, json.dumps(document).encode())
    else:
        answered = Answered(status, {}, answer.to_bytes())
    encoded = body if isinstance(body, bytes) else body.to_bytes()
    headers = {} if session is None else {"Authorization": f"Bearer {session.token.hex()}"}
    asked = Asked(server, "POST", path, headers, encoded)
    oracle.asked(asked)
    oracle.answered(asked, answered)


def test_a_pass_that_is_admitted_twice_is_doubled(past: Past, oracle: Oracle) -> None:
    check_in = next(iter(past.oracle.acknowledged[Kind.CHECK_IN]))
    for answer in (COME_IN, DoorAnswer(Decision.ALREADY_SPENT)):
        tell(oracle, VENUE, "/v1/check-ins", check_in, 200, answer)
        assert checks.doubled(past.town, oracle) == 0
    tell(oracle, VENUE, "/v1/check-ins", check_in, 200, COME_IN)
    assert checks.doubled(past.town, oracle) == 1


def test_a_paper_that_is_admitted_more_often_than_it_was_stored_is_doubled(past: Past, oracle: Oracle) -> None:
    (u,) = past.oracle.acknowledged[Kind.PAPER]
    oracle.admit_paper(u)
    assert checks.doubled(past.town, oracle) == 0
    oracle.admit_paper(u)
    assert checks.doubled(past.town, oracle) == 1


def test_a_code_that_is_tried_too_often_is_found(past: Past, oracle: Oracle) -> None:
    guess = VerificationAnswer(PHONE, "123456", "아무개")
    tell(oracle, "operator", "/v1/verifications", VerificationRequest(PHONE), 202, COME_IN)
    for _ in range(5):
        tell(oracle, "operator", "/v1/sessions", guess, 403, "wrong-code")
    assert list(checks.exceeded(past.town, oracle)) == []
    tell(oracle, "operator", "/v1/sessions", guess, 403, "wrong-code")
    assert list(checks.exceeded(past.town, oracle)) == ["a one-time code was tried too often"]


def test_too_many_codes_are_found(past: Past, oracle: Oracle) -> None:
    for _ in range(10):
        tell(oracle, "operator", "/v1/verifications", VerificationRequest(PHONE), 202, COME_IN)
    assert list(checks.exceeded(past.town, oracle)) == []
    tell(oracle, "operator", "/v1/verifications", VerificationRequest(PHONE), 202, COME_IN)
    assert list(checks.exceeded(past.town, oracle)) == ["a phone was sent too many codes"]


def test_passes_that_are_given_too_often_are_found(past: Past, oracle: Oracle, today: OpenEpoch) -> None:
    session = Session(bytes(16), bytes(32))
    enrolled = VerificationAnswer(PHONE, "123456", "아무개")
    tell(oracle, "operator", "/v1/sessions", enrolled, 200, session)
    *allowed, one_more = (request_allowance(today.key, Scalar.random())[1] for _ in range(4))
    for request in (*allowed, *allowed):  # a network may bring each twice, and both are answered
        tell(oracle, "operator", "/v1/passes", request, 200, COME_IN, session)
    tell(oracle, "operator", "/v1/passes", one_more, 429, "allowance-used", session)
    assert list(checks.exceeded(past.town, oracle)) == []
    tell(oracle, "operator", "/v1/passes", one_more, 200, COME_IN, session)
    assert list(checks.exceeded(past.town, oracle)) == ["an account was given passes too often"]


def test_an_error_without_a_problem_document_is_found(oracle: Oracle) -> None:
    tell(oracle, "authority", "/v1/directory", b"", 503, "storage-failed")
    assert oracle.findings == []
    oracle.answered(Asked("authority", "POST", "/v1/directory", {}, b""), Answered(404, {}, b"Traceback"))
    assert oracle.findings == ["authority answered /v1/directory with 404 and no problem document"]


def test_an_internal_error_is_found(oracle: Oracle) -> None:
    tell(oracle, "operator", "/v1/handles", b"", 500, "internal-error")
    assert oracle.findings == ["operator answered /v1/handles with 500 internal-error"]


def batch(*first_bytes: int) -> bytes:
    """A party request of a batch; nobody signed it."""
    requests = tuple(bytes([first]) * REQUEST_BYTES for first in first_bytes)
    body = IssueBatch(1, requests).to_bytes()
    return sign_request(DOMAIN, Role.OPERATOR, "authority", "/v1/passes", 1, body, OPERATOR)


def test_a_pass_request_that_the_authority_sees_twice_is_found(oracle: Oracle) -> None:
    first = batch(1, 2, 3)
    for body in (first, first, batch(4, 5)):  # a network may repeat a whole batch, which the authority knows
        tell(oracle, "authority", "/v1/passes", body, 409, "replayed-request")
    assert oracle.findings == []
    tell(oracle, "authority", "/v1/passes", batch(6, 2), 502, "peer-failed")
    assert oracle.findings == ["the authority was sent a pass request twice"]


def test_a_code_of_another_time_that_is_admitted_is_found(past: Past, oracle: Oracle) -> None:
    (some, *_) = map(CheckInMessage.from_bytes, past.oracle.acknowledged[Kind.CHECK_IN])
    check_in = replace(some, time=label_time(int(time.time())))
    oracle.admit(check_in)
    assert oracle.findings == []
    late = replace(check_in, time=check_in.time - 420)
    tell(oracle, VENUE, "/v1/check-ins", late, 200, COME_IN)
    assert oracle.findings == ["a door admitted a code of another time"]


def test_a_pass_that_is_sent_in_two_entries_is_found(past: Past, oracle: Oracle) -> None:
    sent = map(CheckInMessage.from_bytes, past.oracle.sent.values())
    entry = next(sent)
    oracle.send(entry)
    oracle.send(entry)  # a network brought it twice
    assert oracle.findings == []
    oracle.send(replace(entry, time=entry.time + 15))
    assert oracle.findings == ["a wallet showed a pass twice"]


def test_a_pass_that_is_shown_twice_is_found(oracle: Oracle) -> None:
    oracle.show(b"u")
    oracle.show(b"v")
    assert oracle.findings == []
    oracle.show(b"u")
    assert oracle.findings == ["a wallet showed a pass twice"]
