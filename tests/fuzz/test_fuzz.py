"""A short run of the fuzzer: every decoder and every route, and that the fuzzer itself can find something."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path
from random import Random

import pytest
from aiohttp import web

from protocol.transparency.tiles import Tile
from service.http import create_app
from tests.fuzz import __main__ as fuzz
from tests.fuzz.answers import fuzz_answers
from tests.fuzz.decoders import all_decoders
from tests.fuzz.discovery import byte_encoded_types, message_types, settings_types
from tests.fuzz.drawn import fuzz_drawn
from tests.fuzz.foreign import called, readers
from tests.fuzz.generation import random_message
from tests.fuzz.guard import run_guarded
from tests.fuzz.guided import fuzz_guided, is_available
from tests.fuzz.local import fuzz_decoders
from tests.fuzz.mutation import mutate
from tests.fuzz.recipes import tile_path
from tests.fuzz.routes import fuzz_routes, send
from tests.fuzz.servers_under_test import Route
from tests.fuzz.trial import Decoder, Findings
from tests.fuzz.wire import Connection, WireRequest
from tests.spec.messages import every_message_type

SEED = 20200610
LATER = 600
"""Seconds; the runs end by the number of their inputs."""
OVER_HTTP = {
    "escrow.authority.server.AuthorityServer.issue_passes",
    "escrow.log.server.LogRoutes.checkpoint",
    "escrow.operator.accounts.Accounts.verify",
    "escrow.operator.issuing.Issuing.issue",
    "escrow.operator.operator.Operator.open_epoch",
    "escrow.peer.Peer.verify",
    "escrow.operator.accounts.check_name",
    "escrow.operator.server.OperatorServer.issue_passes",
    "escrow.operator.server.OperatorServer.open_session",
    "protocol.warrants.warrant_epochs",
    "service.http.read_any_body",
    "service.http.read_body",
    "service.http.read_message",
    "service.inbox.Inbox.verify",
    "service.inbox.accept",
    "venue.release.open_log",
    "venue.server.VenueServer.check_in",
}
"""What the fuzzed routes reach, and their handlers."""
OF_ONES_OWN = {
    *("client.locked_home.LockedHome.open", "client.show.check_console", "client.descriptions.describe_opening"),
    *("client.enrolment.checked_name", "client.enrolment.checked_code"),
    *("escrow.program.Program.load_settings", "escrow.program.Program.open", "service.words.opening_in_words"),
    *("escrow.operator.cli.OperatorProgram.load_settings", "escrow.authority.program.AuthorityProgram.load_settings"),
    *("escrow.operator.cli.OperatorProgram.open", "escrow.authority.program.AuthorityProgram.open"),
    *("escrow.authority.case.open_homes", "venue.domains.checked_name"),
    *(f"client.visits.{name}" for name in ("check_in", "check_out", "open_entries", "open_entry", "open_exits")),
    *("escrow.audit.disclosures.check_openings", "escrow.audit.epochs.check_epochs", "escrow.audit.lists.check_lists"),
    *("escrow.audit.pages.check_page", "escrow.authority.released_parts.ReleasedParts.opened_venue"),
    *("escrow.audit.releases.check_releases", "escrow.audit.kept_evidence.KeptEvidence.checkpoints"),
    *("escrow.audit.witness.WitnessCheck.check_time", "venue.expiry.Expiry.check_and_delete"),
    *("escrow.authority.investigation.Investigation.open", "escrow.authority.investigation.Investigation.open_parts"),
    "escrow.authority.investigation.Investigation.read",
    *("escrow.custody.split_keys", "escrow.operator.code_sender.load_sender", "escrow.housekeeping.check_clock"),
    *(
        "escrow.vault_key.KeyEncryption.open",
        "service.cli.parse_local_time",
        "service.confirmed_time.ConfirmedTime.check",
    ),
    *("escrow.authority.reading.opened_part", "escrow.authority.reading.read_opened"),
    *("escrow.shares.verify_on_all_cores", "escrow.published.PublishedFiles.read", "escrow.desk.json_http.read_json"),
    *("service.log_client.KnownLogs.check_epoch", "service.storage.open_database", "venue.setup.checked_url"),
    *("venue.settings.VenueDescription.read", "escrow.venues.VenueRegister.names"),
}
"""What is given one's own values, and what only passes on to the readers what it fetches."""


@pytest.fixture(scope="module")
def decoders(tmp_path_factory: pytest.TempPathFactory) -> list[Decoder]:
    return all_decoders(Random(SEED), tmp_path_factory.mktemp("files"))


def test_every_message_of_the_protocol_is_fuzzed(decoders: list[Decoder]) -> None:
    names = {decoder.name for decoder in decoders}
    assert every_message_type() <= set(message_types())
    assert {kind.__name__ for kind in (*message_types(), *byte_encoded_types(), *settings_types())} <= names
    assert {f"{kind.TAG} statement" for kind in message_types() if hasattr(kind, "TAG")} <= names


def test_every_public_function_that_reads_is_reached(decoders: list[Decoder], findings: Findings) -> None:
    """What a new one of these takes must be fuzzed, too; or it belongs to those below."""

    def try_all() -> None:
        for decoder in decoders:
            for sample in decoder.samples:
                findings.try_decoder(decoder, sample)

    calls = called(try_all)
    unreached = {name for name, code in readers().items() if code not in calls}
    assert unreached - OVER_HTTP - OF_ONES_OWN == set()


def test_samples_are_valid(decoders: list[Decoder]) -> None:
    """Mutations of what is refused at the first byte would test nothing."""
    for kind in message_types():
        message = random_message(Random(SEED), kind)
        assert kind.from_bytes(message.to_bytes()) == message
    for decoder in decoders:
        accepted = Findings(Path())
        for sample in decoder.samples:
            accepted.try_decoder(decoder, sample)
        assert accepted.accepted, decoder.name


@pytest.mark.long
def test_no_decoder_crashes(decoders: list[Decoder], findings: Findings) -> None:
    run_guarded(findings, lambda to: fuzz_decoders(to, Random(SEED), decoders, 6_000, time.monotonic() + LATER))
    assert findings.files == {}
    assert findings.decoders == {decoder.name for decoder in decoders}


@pytest.mark.long
def test_no_decoder_crashes_on_what_hypothesis_draws(decoders: list[Decoder], findings: Findings) -> None:
    run_guarded(findings, lambda to: fuzz_drawn(to, decoders, SEED, 300, time.monotonic() + LATER))
    assert findings.files == {}
    assert findings.decoders == {decoder.name for decoder in decoders}


@pytest.mark.long
def test_no_route_fails(tmp_path: Path, findings: Findings) -> None:
    (tmp_path / "town").mkdir()
    asyncio.run(fuzz_routes(findings, SEED, 400, time.monotonic() + LATER, tmp_path / "town", extremes=False))
    assert findings.files == {}
    assert len(findings.routes) > 30
    assert findings.routes - findings.succeeded == set()
    assert findings.routes - findings.refused == set()


def test_the_answer_500_of_a_route_is_counted(findings: Findings) -> None:
    async def fail(_request: web.Request) -> web.Response:
        raise RuntimeError("nobody had thought of it")

    async def story() -> None:
        runner = web.AppRunner(create_app([web.get("/v1/fails", fail)]), access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        route = Route("operator", "GET", "/v1/fails")
        request = WireRequest(b"GET /v1/fails HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        connection = Connection(f"http://{host}:{port}")
        await send(findings, connection, route, request)
        await connection.close()
        await runner.cleanup()

    asyncio.run(story())
    assert (findings.errors_500, findings.crashes) == (1, 0)
    assert list(findings.files) == ["operator GET /v1/fails: 500 internal-error"]


def test_paths_of_tiles_are_of_every_length() -> None:
    """Those that are too long for an index, or for a file's name, too."""
    paths = [tile_path(Random(number)) for number in range(500)]
    assert {path.count("/x") for path in paths} >= {0, 4, 5, 1500}
    assert any(Tile.at(path) for path in paths)
    for path in paths:
        tile = Tile.at(path)
        assert tile is None or len(tile.path) < 60


@pytest.mark.long
@pytest.mark.skipif(not is_available(), reason="atheris is only there for Linux on x86-64")
def test_no_decoder_crashes_on_what_coverage_guides_to(
    tmp_path: Path, findings: Findings, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    fuzz_guided(findings, SEED, 3_000, LATER, tmp_path / "guided")
    assert findings.files == {}
    assert findings.inputs >= 3_000
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.long
@pytest.mark.skipif(not is_available(), reason="atheris is only there for Linux on x86-64")
def test_what_its_starter_used_does_not_count_against_the_guided_part(tmp_path: Path, findings: Findings) -> None:
    """Linux has a started process inherit the peak; libFuzzer would look at it after a second."""
    bytearray(b"1") * (1100 * 2**20)
    fuzz_guided(findings, SEED, 1_000_000, 3, tmp_path / "guided")
    assert findings.files == {}


def run_fuzzer(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.fuzz", "--seed", "1", "--findings", str(directory / "findings"), *arguments]
    (directory / "temporary").mkdir()
    environment = {**os.environ, "TMPDIR": str(directory / "temporary")}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.long
def test_a_run_that_stops_early_says_so(tmp_path: Path) -> None:
    done = run_fuzzer(tmp_path, "--inputs", "1000000", "--seconds", "1", "--without-guided")
    assert done.returncode == 1, done.stdout + done.stderr
    *_, missing, figures = done.stdout.splitlines()
    assert re.fullmatch(r"not done: only \d+ of 1000000 inputs were tried within the 1 s that were allowed", missing)
    assert figures.endswith("crashes=0 errors_500=0")
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_run_without_its_guided_part_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "is_available", lambda: False)
    enough = Findings(Path(), inputs=10)
    assert list(fuzz._missing(enough, 10, 1, guided=False)) == []
    (missing,) = fuzz._missing(enough, 10, 1, guided=True)
    assert "atheris is not installed" in missing


@pytest.mark.long
def test_no_answer_crashes_a_client(findings: Findings) -> None:
    asyncio.run(fuzz_answers(findings, Random(SEED), 150, time.monotonic() + LATER))
    assert findings.files == {}


def test_a_crash_is_found_and_its_input_kept(findings: Findings) -> None:
    def decode(data: bytes) -> object:
        return 1 // (data[0] - 7)

    decoder = Decoder("divides", decode, (IndexError,), (b"\x03",))
    fuzz_decoders(findings, Random(SEED), [decoder], 5000, time.monotonic() + LATER)
    (path,) = findings.files.values()
    assert path.read_bytes()[0] == 7
    assert findings.crashes > 0
    assert "crashes=0" not in findings.line()


def test_hypothesis_shrinks_a_crash(findings: Findings) -> None:
    def decode(data: bytes) -> object:
        if len(data) > 3:
            raise RuntimeError("too long")
        return data

    fuzz_drawn(findings, [Decoder("short", decode, (), (b"1234567",))], SEED, 500, time.monotonic() + LATER)
    (path,) = findings.files.values()
    assert len(path.read_bytes()) == 4


def test_mutations_differ_and_repeat() -> None:
    kind = message_types()[0]
    assert fields(kind)
    sample = random_message(Random(SEED), kind).to_bytes()
    first, again = ([mutate(Random(number), sample) for number in range(500)] for _ in range(2))
    assert first == again
    assert len(set(first)) > 400
