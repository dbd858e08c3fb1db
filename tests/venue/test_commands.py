"""The venue's command line, as its staff use it."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import re
import resource
import shutil
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image

from protocol.check_ins import Direction, sign_check_in
from protocol.commitments import verify_commitment
from protocol.epochs import Role
from protocol.primitives.signatures import public_key
from protocol.primitives.statements import sign_statement, statement_payload, verify_statement
from protocol.qr_text import to_qr_text
from protocol.warrants import Venue, VenueApplication, verify_venue
from service.clock import Clock, unix_time
from service.errors import ConfigurationError
from service.files import private_directory
from service.http import cbor_response, create_app, read_body
from service.keys import fingerprint, load_signing_key
from service.problems import Problem
from service.qr import qr_image
from service.words import NOT_STORED
from tests.support.domain import OpenEpoch, Parties, Visitor, open_epoch
from tests.support.venue_server import until_up
from tests.support.venues import only
from tests.venue.conftest import (
    NOBODY,
    MakeVenue,
    environment,
    free_port,
    invoke_venue,
    run_venue,
    stored,
    venue_command,
)
from venue.__main__ import cli
from venue.decoding import read_codes
from venue.poster import can_draw
from venue.verdicts import Verdict

PATIENT = "tolerance = 600\n"
"""For codes that other processes read, on a machine that may be busy."""


class Register:
    """Both parties' registers of venues and published epochs at one address, with the parties' real keys."""

    def __init__(self, parties: Parties, epochs: list[OpenEpoch]) -> None:
        self.parties = parties
        self.epochs = {epoch.key.epoch: epoch.statements for epoch in epochs}
        self.applications: list[Venue] = []
        self.approved: dict[Role, Venue] = {}
        self.commitments: dict[Role, dict[int, bytes]] = {role: {} for role in Role}
        self.clock: Clock = unix_time

    async def apply(self, request: web.Request) -> web.Response:
        body = await read_body(request)
        key = VenueApplication.from_bytes(statement_payload(body)).venue.key
        self.applications.append(verify_statement(VenueApplication, body, key).venue)
        return cbor_response(b"", 202)

    async def venue(self, request: web.Request) -> web.Response:
        role = Role[request.match_info["role"].upper()]
        if role not in self.approved or self.approved[role].venue_id.hex() != request.match_info["venue"]:
            raise Problem(404, "unknown-venue", "no such venue was approved")
        return cbor_response(sign_statement(self.approved[role], self.parties.keys[role]))

    async def commit(self, request: web.Request) -> web.Response:
        role = Role[request.match_info["role"].upper()]
        if role not in self.approved:
            raise Problem(404, "unknown-venue", "no such venue was approved")
        message = verify_commitment(self.approved[role], await read_body(request), self.clock())
        self.commitments[role][message.time] = message.commitment
        return cbor_response(b"", 202)

    async def healthy(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def epoch(self, request: web.Request) -> web.Response:
        statements = self.epochs.get(int(request.match_info["epoch"]))
        if statements is None:
            raise Problem(404, "unknown-epoch", "not published")
        return cbor_response(statements[Role[request.match_info["role"].upper()]])

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve in a thread of its own; gives the base URL."""
        loop = asyncio.new_event_loop()
        app = create_app(
            [
                web.post("/{role}/v1/venues", self.apply),
                web.get("/{role}/v1/venues/{venue}", self.venue),
                web.post("/{role}/v1/commitments", self.commit),
                web.get("/{role}/healthz", self.healthy),
                web.get("/{role}/v1/epochs/{epoch}", self.epoch),
            ]
        )
        server = TestServer(app)
        loop.run_until_complete(server.start_server())
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            yield str(server.make_url("")).rstrip("/")
        finally:
            asyncio.run_coroutine_threadsafe(server.close(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


def write_domain(parties: Parties, home: Path, url: str) -> None:
    domain = parties.domain
    text = f"number = {domain.number}\nutc_offset = {domain.utc_offset}\nallowance = {domain.allowance}\n"
    for role in Role:
        name = role.name.lower()
        text += f'[{name}]\nkey = "{bytes(domain.identity_key(role)).hex()}"\nurl = "{url}/{name}"\n'
    (private_directory(home / "domains") / "first.toml").write_text(text)


def test_from_init_to_the_poster(tmp_path: Path, parties: Parties, present: OpenEpoch) -> None:
    home = tmp_path / "venue"
    name, url = '노래방 "스플릿" \\ <&>', "https://door.example"
    assert run_venue(home, "init", "--name", name, "--url", url + "/").returncode == 0
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    files = [path for path in home.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}

    register = Register(parties, [present, open_epoch(parties, present.key.epoch + 1)])
    with register.serving() as server:
        write_domain(parties, home, server)
        applied = run_venue(home, "register")
        assert applied.returncode == 0, applied.stderr
        assert len(register.applications) == 2
        assert len(set(register.applications)) == 1
        record = register.applications[0]
        assert (record.name, record.url) == (name, url)

        pending = run_venue(home, "confirm")
        assert (pending.returncode, pending.stderr) == (
            1,
            "Error: not approved yet by the operator and the authority; try again later\n",
        )
        register.approved[Role.OPERATOR] = record
        assert "not approved yet by the authority;" in invoke_venue(home, "confirm").stderr
        register.approved[Role.AUTHORITY] = record
        assert invoke_venue(home, "confirm").exit_code == 0

        fetched = run_venue(home, "fetch")
        assert fetched.returncode == 0, fetched.stderr
        assert [line.split("  ")[1].partition(" / ")[0] for line in fetched.stdout.splitlines()] == [
            "not known",
            "known",
            "known",
            "not known",
            "not known",
        ]

    for file in ("poster.svg", "poster.png"):
        made = invoke_venue(home, "poster", "--output", str(tmp_path / file))
        assert made.exit_code == 0, made.stderr
    assert "&lt;&amp;&gt;" in (tmp_path / "poster.svg").read_text("utf-8")
    assert ("no font" in made.stderr) is not can_draw(name)
    [link] = read_codes(Image.open(tmp_path / "poster.png"))
    assert re.fullmatch("https://door.example/v/[0-9a-f]{32}", link)


@pytest.mark.parametrize("change", [{"name": "another"}, {"url": "https://another.example"}, {"venue_id": bytes(16)}])
def test_a12_a_record_that_is_not_the_venue_s_own_is_not_kept(
    make_venue: MakeVenue, parties: Parties, change: dict[str, str | bytes]
) -> None:
    venue = make_venue()
    fields = {name: getattr(only(venue).record, name) for name in ("domain", "venue_id", "name", "url", "key")}
    register = Register(parties, [])
    with register.serving() as server:
        write_domain(parties, venue.home.path, server)
        register.approved = dict.fromkeys(Role, Venue(**{**fields, **change}))
        refused = invoke_venue(venue.home.path, "confirm")
    assert refused.exit_code == 1
    assert refused.stderr.startswith("Error: ")
    assert only(venue).registration is None


@pytest.fixture
def codes(present: OpenEpoch, guest: Visitor, tmp_path: Path) -> list[Path]:
    """Pictures of three live codes."""
    paths = []
    for number, owned in enumerate(guest.passes):
        shown = sign_check_in(present.key, owned, int(time.time()), Direction.ENTRY)
        paths.append(tmp_path / f"code{number}.png")
        qr_image(to_qr_text(shown)).save(paths[-1])
    return paths


def test_read_decides_offline_and_tells_why(
    make_venue: MakeVenue, present: OpenEpoch, codes: list[Path], tmp_path: Path, database: str
) -> None:
    venue = make_venue([present], url=NOBODY, settings=PATIENT + database)
    admitted = run_venue(venue.home.path, "read", *map(str, codes[:2]))
    assert admitted.returncode == 0, admitted.stderr
    assert [line.split(":")[0] for line in admitted.stdout.splitlines()] == [
        "ADMITTED  code0.png",
        "ADMITTED  code1.png",
    ]
    empty = tmp_path / "empty.png"
    Image.new("L", (200, 200), 255).save(empty)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    mixed = invoke_venue(venue.home.path, "read", *map(str, [codes[0], codes[2], empty, broken]))
    assert mixed.exit_code == 1
    lines = mixed.stdout.splitlines()
    assert [line.split("  ")[0] for line in lines] == ["REFUSED", "ADMITTED", "REFUSED", "REFUSED"]
    assert "used here before" in lines[0]
    assert "이미 사용한" in lines[0]
    day = invoke_venue(venue.home.path, "status").stdout
    assert day.split("  ", 1)[1] == "3 in, 0 out\n"


def test_read_watches_a_folder_until_interrupted(make_venue: MakeVenue, present: OpenEpoch, codes: list[Path]) -> None:
    venue = make_venue([present], settings=PATIENT)
    folder = venue.home.path.parent / "folder"
    folder.mkdir()
    command = venue_command(venue.home.path, "read", "--folder", str(folder))
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            for code in codes:
                code.rename(folder / code.name)
                assert process.stdout.readline().startswith(f"ADMITTED  {code.name}: ")
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_a_disk_that_takes_nothing_does_not_end_the_reading(
    make_venue: MakeVenue, present: OpenEpoch, codes: list[Path]
) -> None:
    venue = make_venue([present], settings=PATIENT)
    folder = venue.home.path.parent / "folder"
    folder.mkdir()
    command = venue_command(venue.home.path, "read", "--folder", str(folder))
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            for name, code, size, said in (
                ("first", codes[0], resource.RLIM_INFINITY, "ADMITTED  "),
                ("second", codes[1], 0, "REFUSED  second: the check-in could not be stored"),
                ("again", codes[1], resource.RLIM_INFINITY, "ADMITTED  "),
            ):
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
                shutil.copy(code, folder / name)
                assert process.stdout.readline().startswith(said)
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(30) == 1  # not all were admitted
    assert len(stored(venue)[present.key.epoch]) == 2


@pytest.mark.long
def test_readers_at_one_door_spend_a_pass_once(
    make_venue: MakeVenue, present: OpenEpoch, codes: list[Path], database: str
) -> None:
    venue = make_venue([present], settings=PATIENT + database)
    processes = [
        subprocess.Popen(
            venue_command(venue.home.path, "read", *map(str, codes)),
            env=environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    lines = [line for process in processes for line in process.communicate(timeout=60)[0].splitlines()]
    for code in codes:
        assert sorted(line.split("  ")[0] for line in lines if code.name in line) == ["ADMITTED", "REFUSED", "REFUSED"]


def test_a_chain_has_several_venues_in_one_home(tmp_path: Path, parties: Parties) -> None:
    home = tmp_path / "venue"
    assert invoke_venue(home, "init", "--name", "클럽").exit_code == 0
    write_domain(parties, home, NOBODY)
    added = invoke_venue(home, "add", "--name", "카페", "--url", "https://cafe.example").stdout.strip()
    listed = invoke_venue(home, "list").stdout.splitlines()
    assert sorted(line.split("  ")[3] for line in listed) == ["카페", "클럽"]
    assert f"{added}  {'-' * 20}  first  카페  not registered" in listed
    assert invoke_venue(home, "register", "--venue", added).exit_code == 1  # nobody answers, but it has a key
    key = fingerprint(public_key(load_signing_key(home / "venues" / added / "first" / "venue.key")))
    assert f"{added}  {key}  first  카페  not registered" in invoke_venue(home, "list").stdout.splitlines()
    for command in ("status", "register"):
        assert "say which venue" in invoke_venue(home, command).stderr
    assert invoke_venue(home, "status", "--venue", added).exit_code == 0
    assert "say which venue" in invoke_venue(home, "status", "--venue", "00" * 16).stderr


def test_what_could_not_be_stored_is_told_for_each_code(
    make_venue: MakeVenue, present: OpenEpoch, codes: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anything else that fails ends the reading."""
    home = make_venue([present], settings=PATIENT).home.path
    number = errno.ENOSPC

    def fail(*_: object) -> Verdict:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("venue.verdicts.gate_verdict", fail)
    refused = invoke_venue(home, "read", *map(str, codes[:2]))
    assert (refused.exit_code, refused.stdout) == (
        1,
        "".join(f"REFUSED  {code.name}: {NOT_STORED}\n" for code in codes[:2]),
    )
    number = errno.ENOENT
    assert invoke_venue(home, "read", str(codes[0])).stdout == ""


def commands_about_a_venue(group: click.Group = cli) -> Iterator[tuple[str, ...]]:
    """Each command that takes `--venue`, with what else it demands."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from ((name, *found) for found in commands_about_a_venue(command))
        elif "--venue" in [option for parameter in command.params for option in parameter.opts]:
            yield (name, *REQUIRED.get(name, ()))


REQUIRED = {
    "add": ("정문", "--output", "token"),
    "revoke": ("정문",),
    "poster": ("--output", "poster.svg"),
    "read": ("--camera", "0"),
}


@pytest.mark.parametrize("command", [found for found in commands_about_a_venue() if found[0] not in {"init", "add"}])
def test_a_command_about_a_venue_that_the_home_does_not_have_does_nothing(
    make_venue: MakeVenue, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """Although there is one venue alone, which it would be about without the id."""
    home = make_venue().home.path
    monkeypatch.chdir(home)
    assert "say which venue" in invoke_venue(home, *command, "--venue", "00" * 16).stderr
    assert not {home / "token", home / "poster.svg"} & set(home.iterdir())


def test_readers_are_those_of_the_venue_that_is_named(make_venue: MakeVenue, tmp_path: Path) -> None:
    venue = make_venue()
    home, first = venue.home.path, venue.venue_id.hex()
    second = invoke_venue(home, "add", "--name", "카페").stdout.strip()
    for name in (first, second):
        added = invoke_venue(home, "readers", "add", "정문", "--output", str(tmp_path / name), "--venue", name)
        assert added.exit_code == 0
        reader = venue.home.reader_tokens.find(bytes.fromhex((tmp_path / name).read_text()))
        assert reader is not None
        assert (reader.venue_id.hex(), reader.door) == (name, "정문")
    assert invoke_venue(home, "readers", "revoke", "정문", "--venue", second).exit_code == 0
    listed = {name: invoke_venue(home, "readers", "list", "--venue", name).stdout for name in (first, second)}
    assert ["revoked" in listed[name] for name in (first, second)] == [False, True]


def test_readers_are_added_listed_and_revoked(make_venue: MakeVenue, tmp_path: Path, database: str) -> None:
    venue = make_venue(settings=database)
    home, token_file = venue.home.path, tmp_path / "front-door.token"
    assert invoke_venue(home, "readers", "add", "정문", "--output", str(token_file)).exit_code == 0
    assert stat.S_IMODE(token_file.stat().st_mode) == 0o600
    token = bytes.fromhex(token_file.read_text())
    reader = venue.home.reader_tokens.find(token)
    assert reader is not None
    assert (reader.venue_id, reader.door, reader.revoked) == (venue.venue_id, "정문", None)
    again = invoke_venue(home, "readers", "add", "정문", "--output", str(tmp_path / "another"))
    assert again.stderr == "Error: there is a reader of this name (정문); revoke it first\n"
    assert not (tmp_path / "another").exists()
    assert "exists already" in invoke_venue(home, "readers", "add", "후문", "--output", str(token_file)).stderr
    assert bytes.fromhex(token_file.read_text()) == token
    assert invoke_venue(home, "readers", "revoke", "정문").exit_code == 0
    assert "no reader of this name" in invoke_venue(home, "readers", "revoke", "정문").stderr
    [line] = invoke_venue(home, "readers", "list").stdout.splitlines()
    assert line.startswith("정문  added ")
    assert "revoked" in line
    assert "printable" in invoke_venue(home, "readers", "add", "\x1b[2J", "--output", str(tmp_path / "x")).stderr


def test_lists_need_no_home_that_can_be_written(
    make_venue: MakeVenue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_venue().home.path
    lists = ["list"], ["status"], ["readers", "list"]
    assert invoke_venue(home, "readers", "add", "정문", "--output", str(tmp_path / "token")).exit_code == 0
    told = [invoke_venue(home, *command).stdout for command in lists]
    gc.collect()  # the connections of these commands, which would take their files away later
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    assert home / "epochs" not in before
    monkeypatch.setattr(os, "access", lambda _path, mode: not mode & os.W_OK)  # as on a disk that takes no writes
    assert [invoke_venue(home, *command).stdout for command in lists] == told
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == before
    assert "cannot be written" in invoke_venue(home, "serve").stderr


def test_a_door_with_its_own_machine_asks_the_server(
    make_venue: MakeVenue, present: OpenEpoch, codes: list[Path], tmp_path: Path, database: str
) -> None:
    """It says clearly what happened when the server does not know it, does not answer, or answers again."""
    port, token_file = free_port(), tmp_path / "door.token"
    venue = make_venue([present], settings=PATIENT + f"port = {port}\n" + database)
    assert invoke_venue(venue.home.path, "readers", "add", "정문", "--output", str(token_file)).exit_code == 0
    nowhere, folder = tmp_path / "nowhere", tmp_path / "folder"
    folder.mkdir()
    remote = ("read", "--server", f"http://127.0.0.1:{port}", "--token-file", str(token_file))
    command = venue_command(nowhere, *remote, "--folder", str(folder))
    with ExitStack() as stack:
        reader = stack.enter_context(subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True))
        stack.callback(reader.send_signal, signal.SIGINT)
        assert reader.stdout is not None

        def hold_up(code: Path, name: str) -> str:
            shutil.copy(code, folder / name)
            assert reader.stdout is not None
            return reader.stdout.readline()

        offline = hold_up(codes[0], "1.png")
        assert offline.startswith("REFUSED  1.png: the server does not answer")
        assert "서버가 응답하지 않습니다" in offline
        server = stack.enter_context(subprocess.Popen(venue_command(venue.home.path, "serve"), env=environment()))
        stack.callback(server.terminate)
        asyncio.run(until_up(f"http://127.0.0.1:{port}"))
        assert hold_up(codes[0], "2.png").startswith("ADMITTED  2.png: welcome")
        assert hold_up(codes[0], "3.png").startswith("REFUSED  3.png: this pass was used here before")
        venue.home.reader_tokens.revoke(venue.venue_id, "정문", int(time.time()))
        assert hold_up(codes[1], "4.png").startswith("REFUSED  4.png: the server does not know this reader")
    assert not nowhere.exists()
    [day] = only(venue).store.days()
    assert (day.entries, day.exits) == (1, 0)
    # What decides here goes on without the server (A29).
    assert invoke_venue(venue.home.path, "read", str(codes[1])).exit_code == 0


def test_a_door_needs_its_credential_to_ask_a_server(tmp_path: Path) -> None:
    picture, token_file = tmp_path / "picture.png", tmp_path / "door.token"
    Image.new("L", (200, 200), 255).save(picture)
    token_file.write_text("00" * 32)
    token_file.chmod(0o644)
    read = ("read", str(picture), "--server", "http://127.0.0.1:1")
    assert invoke_venue(tmp_path, *read).exit_code == 2
    assert "chmod 600" in invoke_venue(tmp_path, *read, "--token-file", str(token_file)).stderr


def test_a_key_changes_when_both_parties_have_approved(make_venue: MakeVenue, parties: Parties) -> None:
    venue = make_venue()
    home, known, register = venue.home.path, only(venue).record, Register(parties, [])
    register.approved = dict.fromkeys(Role, known)
    with register.serving() as server:
        write_domain(parties, home, server)
        assert invoke_venue(home, "confirm").exit_code == 0
        told = [invoke_venue(home, "rotate-key").stdout for _ in range(2)]
        assert told[0] == told[1]
        assert len(set(register.applications)) == 1
        [wanted] = set(register.applications)
        assert (wanted.venue_id, wanted.name, wanted.url) == (known.venue_id, known.name, known.url)
        assert fingerprint(wanted.key) in told[0]
        assert "another key is applied for" in invoke_venue(home, "list").stdout
        for approved, waiting in (
            ({}, "operator and the authority"),
            ({Role.AUTHORITY: wanted}, "operator"),
            ({Role.OPERATOR: wanted}, ""),
        ):
            register.approved |= approved
            confirmed = invoke_venue(home, "confirm")
            assert confirmed.exit_code == (1 if waiting else 0)
            assert f"not approved yet by the {waiting};" in confirmed.output or not waiting
            assert public_key(only(venue).signing_key) == (known if waiting else wanted).key
    assert only(venue).next_key is None
    joint = only(venue).registration
    assert joint is not None
    assert verify_venue(parties.domain, joint).record == wanted == only(venue).record


def test_a_change_of_the_key_is_given_up_unless_it_was_approved(make_venue: MakeVenue, parties: Parties) -> None:
    venue = make_venue()
    home, known, register = venue.home.path, only(venue).record, Register(parties, [])
    abandon = ("rotate-key", "--abandon")
    with register.serving() as server:
        write_domain(parties, home, server)
        assert "no change of this venue's key is under way" in invoke_venue(home, *abandon).stderr
        for approved in ({}, dict.fromkeys(Role, known)):  # also before the venue's first approval
            register.approved = approved
            assert invoke_venue(home, "rotate-key").exit_code == 0
            wanted = register.applications[-1]
            given_up = invoke_venue(home, *abandon)
            assert given_up.exit_code == 0
            assert fingerprint(wanted.key) in given_up.stdout
            assert not (only(venue).path / "next.key").exists()
            assert only(venue).record == known
        assert invoke_venue(home, "confirm").exit_code == 0
        assert invoke_venue(home, "rotate-key").exit_code == 0
        assert register.applications[-1].key != wanted.key
        register.approved[Role.OPERATOR] = register.applications[-1]
        assert "approved by the operator already" in invoke_venue(home, *abandon).stderr
        assert only(venue).record == register.applications[-1]
    assert "does not answer" in invoke_venue(home, *abandon).stderr
    assert only(venue).next_key is not None


class TestErrorsAreOneLine:
    def check(self, home: Path, *arguments: str) -> str:
        result = invoke_venue(home, *arguments)
        assert result.exit_code == 1
        assert result.stdout == ""
        assert result.stderr.startswith("Error: ")
        assert result.stderr.count("\n") == 1
        return result.stderr

    @pytest.mark.parametrize("command", ["register", "confirm", "fetch", "serve", "status"])
    def test_before_init(self, tmp_path: Path, command: str) -> None:
        assert "init" in self.check(tmp_path, command)

    @pytest.mark.parametrize("command", ["register", "confirm"])
    def test_when_nobody_answers(self, make_venue: MakeVenue, command: str) -> None:
        assert "does not answer" in self.check(make_venue().home.path, command)

    def test_a_lost_key(self, make_venue: MakeVenue, parties: Parties) -> None:
        venue = make_venue()
        only(venue).keep_registration(parties.both_sign(parties.venue))
        (only(venue).path / "venue.key").unlink()
        assert "rotate-key" in self.check(venue.home.path, "register")
        assert "its key is lost" in invoke_venue(venue.home.path, "list").stdout
        assert invoke_venue(venue.home.path, "status").exit_code == 0

    def test_a_key_that_was_never_drawn(self, make_venue: MakeVenue) -> None:
        venue = make_venue()
        (only(venue).path / "venue.key").unlink()
        with pytest.raises(ConfigurationError, match="run register if it was never drawn"):
            only(venue).signing_key  # noqa: B018  reading it is what raises

    def test_init_twice(self, make_venue: MakeVenue) -> None:
        assert "exists already" in self.check(make_venue().home.path, "init", "--name", "x")

    @pytest.mark.parametrize(
        "arguments",
        [
            ("--name", ""),
            ("--name", "가" * 43),
            ("--name", "a\nb"),
            ("--name", "x", "--url", "door.example"),
            ("--name", "x", "--url", "https://door.example/#fragment"),
            ("--name", "x", "--url", "javascript:alert(1)"),
            ("--name", "x", "--url", "http://[::1"),
        ],
    )
    def test_names_and_urls_that_will_not_do(self, tmp_path: Path, arguments: tuple[str, ...]) -> None:
        self.check(tmp_path / "venue", "init", *arguments)
        assert not (tmp_path / "venue").exists()

    def test_settings_that_are_wrong(self, make_venue: MakeVenue) -> None:
        home = make_venue().home.path
        for name, value in (("port", 70_000), ("tolerence", 30)):
            (home / "settings.toml").write_text(f"{name} = {value}\n")
            assert name in self.check(home, "status")

    @pytest.mark.parametrize("database", ["nonsense", "sqlite:////nowhere/venue.db", "mysql+nodriver://x/y"])
    def test_a_database_that_does_not_open(self, make_venue: MakeVenue, database: str) -> None:
        assert "database" in self.check(make_venue(settings=f'database = "{database}"\n').home.path, "status")

    def test_a_key_that_others_may_read(self, make_venue: MakeVenue) -> None:
        venue = make_venue()
        (only(venue).path / "venue.key").chmod(0o644)
        assert "chmod 600" in self.check(venue.home.path, "register")

    def test_a_poster_before_the_registration(self, make_venue: MakeVenue, tmp_path: Path) -> None:
        result = self.check(make_venue().home.path, "poster", "--output", str(tmp_path / "poster.svg"))
        assert "have not both signed" in result

    def test_another_program_on_the_port(self, make_venue: MakeVenue, parties: Parties) -> None:
        with Register(parties, []).serving() as server:
            home = make_venue(settings=f"port = {server.rsplit(':', 1)[1]}\n").home.path
            result = run_venue(home, "serve")
        assert result.returncode == 1
        assert "Traceback" not in result.stderr
