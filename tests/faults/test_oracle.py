"""That the oracle finds what it looks for, when things are taken away behind a real town's back."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from lab.faults import checks
from lab.faults.logs import Forked, Logs
from lab.faults.officers import Officers
from lab.faults.oracle import Kind, Oracle
from lab.faults.programs import launch
from lab.faults.proxy import Answered, Asked, Proxies
from lab.faults.scene import Scene
from lab.faults.town import DATABASE_FILES, VENUE, FaultyTown
from lab.faults.visitors import Visitors
from lab.processes import Servers
from protocol.encoding import Message
from protocol.exchanges import Decision, DoorAnswer, VerificationAnswer, VerificationRequest
from service.http import PROBLEM, PROBLEM_TYPE, new_session

PHONE, WARRANT = "+821012345678", bytes(16)


@dataclass
class Past:
    """A town after an honest day, whose servers have ended."""

    town: FaultyTown
    logs: Logs
    oracle: Oracle

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


async def _live(directory: Path) -> Past:
    with ExitStack() as stack:
        proxies = stack.enter_context(Proxies())
        oracle = Oracle(lambda party, warrant: logs.recorded(party, warrant))  # noqa: PLW0108  the logs come next
        town = FaultyTown(directory, proxies, oracle.witness, None)
        logs = Logs(town)
        servers = stack.enter_context(Servers(directory, launch))
        async with new_session() as session:
            await town.found(servers, session)
            await town.open_venue(servers, session, "클럽 스플릿")
            scene = Scene(town, servers, session, oracle, Random(), None)
            visitors = Visitors(scene)
            while not await visitors.probe():
                pass
            await Officers(scene).erase("operator")
    return Past(town, logs, oracle)


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
    assert acknowledged == {Kind.ACCOUNT, Kind.HANDLE, Kind.ENTRY, Kind.CHECK_IN, Kind.APPLICATION, Kind.ERASURE}
    assert past.lost() == set()
    assert past.found() == []
    assert checks.doubled(past.oracle) == 0


@pytest.mark.parametrize(
    ("kind", "server", "statement"),
    [
        (Kind.ACCOUNT, "operator", "DELETE FROM accounts"),
        (Kind.HANDLE, "operator", "UPDATE handles SET deposited = FALSE"),
        (Kind.ENTRY, "authority", "DELETE FROM directory"),
        (Kind.APPLICATION, "authority", "DELETE FROM venues"),
        (Kind.CHECK_IN, VENUE, "DELETE FROM check_ins"),
    ],
)
def test_what_is_deleted_is_lost(past: Past, kind: Kind, server: str, statement: str) -> None:
    with executed(past, server, statement):
        assert past.lost() == {kind}
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


def test_a_log_that_changes_is_found(past: Past) -> None:
    for party in ("operator", "authority"):
        assert past.logs.said(party)
    tile = max(past.file("operator", "log/tile/entries/000.p").iterdir(), key=lambda path: int(path.name))
    with changed(tile, tile.read_bytes()[:-1] + b"?"), pytest.raises(Forked):
        past.logs.said("operator")


def test_a_statement_that_is_not_on_record_is_found(past: Past) -> None:
    with changed(past.file("authority", "epochs/99999.authority"), b"statement"):
        assert past.found() == ["the authority published 99999.authority and has not put it on record"]


def test_shares_without_a_record_are_found(past: Past) -> None:
    past.oracle.given["operator", WARRANT] = 1
    assert past.found() == ["the operator has no record of shares that it gave"]
    del past.oracle.given["operator", WARRANT]


@pytest.fixture
def oracle() -> Oracle:
    return Oracle(lambda _party, _warrant: 0)


def tell(oracle: Oracle, server: str, path: str, body: Message | bytes, status: int, answer: Message | str) -> None:
    """Have the oracle see an answer: a message, or the name of a problem."""
    if isinstance(answer, str):
        document = {"type": PROBLEM_TYPE + answer, "status": status}
        answered = Answered(status, {"Content-Type": PROBLEM}, json.dumps(document).encode())
    else:
        answered = Answered(status, {}, answer.to_bytes())
    encoded = body if isinstance(body, bytes) else body.to_bytes()
    oracle.witness(Asked(server, "POST", path, {}, encoded), answered)


def test_a_pass_that_is_admitted_twice_is_doubled(past: Past, oracle: Oracle) -> None:
    check_in = next(iter(past.oracle.acknowledged[Kind.CHECK_IN]))
    for decision in (Decision.ADMITTED, Decision.ALREADY_SPENT):
        tell(oracle, VENUE, "/v1/check-ins", check_in, 200, DoorAnswer(decision))
        assert checks.doubled(oracle) == 0
    tell(oracle, VENUE, "/v1/check-ins", check_in, 200, DoorAnswer(Decision.ADMITTED))
    assert checks.doubled(oracle) == 1


def test_a_code_that_is_tried_too_often_is_found(past: Past, oracle: Oracle) -> None:
    guess = VerificationAnswer(PHONE, "123456", "아무개")
    tell(oracle, "operator", "/v1/verifications", VerificationRequest(PHONE), 202, DoorAnswer(Decision.ADMITTED))
    for _ in range(5):
        tell(oracle, "operator", "/v1/sessions", guess, 403, "wrong-code")
    assert list(checks.exceeded(past.town, oracle)) == []
    tell(oracle, "operator", "/v1/sessions", guess, 403, "wrong-code")
    assert list(checks.exceeded(past.town, oracle)) == ["a one-time code was tried too often"]


def test_too_many_codes_and_passes_are_found(past: Past, oracle: Oracle) -> None:
    for _ in range(10):
        tell(oracle, "operator", "/v1/verifications", VerificationRequest(PHONE), 202, DoorAnswer(Decision.ADMITTED))
    oracle.grants[bytes(16), 1] = 3
    assert list(checks.exceeded(past.town, oracle)) == []
    tell(oracle, "operator", "/v1/verifications", VerificationRequest(PHONE), 202, DoorAnswer(Decision.ADMITTED))
    oracle.grants[bytes(16), 1] = 4
    assert list(checks.exceeded(past.town, oracle)) == [
        "an account was given passes too often",
        "a phone was sent too many codes",
    ]


def test_an_error_without_a_problem_document_is_found(oracle: Oracle) -> None:
    tell(oracle, "authority", "/v1/passes", b"", 503, "storage-failed")
    assert oracle.findings == []
    oracle.witness(Asked("authority", "POST", "/v1/passes", {}, b""), Answered(500, {}, b"Traceback"))
    assert oracle.findings == ["authority answered /v1/passes with 500 and no problem document"]


def test_a_pass_that_is_shown_twice_is_found(oracle: Oracle) -> None:
    oracle.show(b"u")
    oracle.show(b"v")
    assert oracle.findings == []
    oracle.show(b"u")
    assert oracle.findings == ["a wallet showed a pass twice"]
