"""The command line, from enrolment to the exit, on the machine's own clock."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result

from client.__main__ import FETCH_SECONDS, main
from conformance.imitated import ALLOWANCE, ImitatedParties
from escrow.operator.issuing import ISSUING_SECONDS
from protocol.check_ins import Direction
from protocol.http_messages import Decision
from protocol.passes import PassAnswers
from service.cli import printable
from service.files import write_private
from service.problems import Problem
from tests.client.conftest import NAME, PASSPHRASE, PHONE
from tests.client.test_posters import link_to
from tests.support.camera import read_png, read_terminal

Run = Callable[..., Result]


@pytest.fixture
def run(home: Path, imitated: ImitatedParties, tmp_path: Path) -> Run:
    secret = tmp_path / "passphrase"
    write_private(secret, PASSPHRASE + b"\n")
    imitated.outbox = tmp_path / "outbox.txt"

    def invoke(*arguments: object, typed: str | None = None) -> Result:
        options = ["--home", str(home), "--passphrase-file", str(secret)]
        return CliRunner().invoke(main, [*options, *map(str, arguments)], input=typed)

    return invoke


@pytest.fixture
def ready(run: Run, imitated: ImitatedParties) -> Run:
    """Enrolled, with passes for today and tomorrow."""
    assert run("enrol", "--phone", PHONE, "--name", NAME, "--code-file", imitated.outbox).exit_code == 0
    assert run("fetch", "--ahead", 1).exit_code == 0
    return run


def fails(result: Result, text: str) -> None:
    """One line says what is wrong, and no traceback."""
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert text in result.output
    assert result.output.count("\n") == 1


def test_help_names_every_command() -> None:
    shown = CliRunner().invoke(main, ["--help"])
    assert shown.exit_code == 0
    for command in ("enrol", "fetch", "show", "check-in", "check-out", "paper", "status"):
        assert command in shown.output
        assert CliRunner().invoke(main, [command, "--help"]).exit_code == 0


def test_from_enrolment_to_the_door_and_out(ready: Run, imitated: ImitatedParties, tmp_path: Path) -> None:
    png = tmp_path / "code.png"
    assert ready("show", "--once", "--png", png).exit_code == 0
    entry = imitated.verify(read_png(png))
    imitated.check_ins.append(entry)
    assert ready("check-out", "--once", "--png", png).exit_code == 0
    exit_ = imitated.verify(read_png(png))
    assert exit_.message.u == entry.message.u
    assert exit_.message.direction is Direction.EXIT
    status = ready("status").output
    assert f"Enrolled: {NAME}, {PHONE}" in status
    assert f"{ALLOWANCE - 1} passes left" in status
    assert f"{ALLOWANCE} passes left" in status
    assert "Visit 1: " in status
    assert "code shown, exit code shown " in status  # whether somebody read it, the phone does not know


def test_two_uses_of_show_never_use_one_pass(ready: Run, imitated: ImitatedParties) -> None:
    codes = [imitated.verify(read_terminal(ready("show", "--once").output)).message.u for _ in range(ALLOWANCE)]
    assert len(set(codes)) == ALLOWANCE
    fails(ready("show", "--once"), "no pass left")


def test_a_terminal_that_is_too_small_costs_no_pass(ready: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TERM", "xterm"), ("FORCE_COLOR", "1"), ("COLUMNS", "60"), ("LINES", "50")):
        monkeypatch.setenv(name, value)
    fails(ready("show", "--once"), "enlarge it")
    assert "Visit 1" not in ready("status").output


def test_a_picture_that_cannot_be_written_costs_no_pass(ready: Run, tmp_path: Path) -> None:
    fails(ready("show", "--png", tmp_path / "nowhere" / "code.png"), "cannot be written")
    assert "Visit 1" not in ready("status").output


def test_show_ends_after_its_seconds(ready: Run, imitated: ImitatedParties, tmp_path: Path) -> None:
    png = tmp_path / "code.png"
    result = ready("show", "--seconds", 1, "--png", png)
    assert result.exit_code == 0
    assert str(png) in result.output
    imitated.verify(read_png(png))


def test_show_can_be_interrupted(ready: Run, home: Path, tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "client", "--home", str(home), "show", "--png", str(tmp_path / "code.png")]
    environment = {**os.environ, "SPLITPASS_PASSPHRASE": PASSPHRASE.decode()}
    process = subprocess.Popen(
        arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    assert process.stdout is not None
    assert "Ctrl-C" in process.stdout.readline()
    assert "15초마다" in process.stdout.readline()
    while not (tmp_path / "code.png").exists():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate()
    assert (process.returncode, output, errors) == (0, "Closed. / 닫았습니다.\n", "")


def test_a_poster_asks_before_anything_is_sent(ready: Run, imitated: ImitatedParties) -> None:
    link, host = link_to(imitated.poster()), urlsplit(imitated.urls["venue"]).netloc
    before = set(imitated.requests)
    refused = ready("check-in", link, typed="n\n")
    assert refused.exit_code == 1
    assert f"Check in at 클럽 스플릿 ({host}) for 1 person?\n클럽 스플릿 ({host})에 1명 입장" in refused.output
    assert ready("check-in", link, typed="").exit_code == 1
    assert ready("check-in", link, typed="\n").exit_code == 1
    assert {one.split()[:2][-1] for one in set(imitated.requests) - before} == {"record"}
    assert imitated.check_ins == []
    assert "Visit 1" not in ready("status").output

    agreed = ready("check-in", link, typed="y\n")
    assert "Checked in at 클럽 스플릿." in agreed.output
    left = ready("check-out")
    assert "Checked out of 클럽 스플릿." in left.output
    assert [one.message.direction for one in imitated.check_ins] == [Direction.ENTRY, Direction.EXIT]
    assert "at 클럽 스플릿, admitted, left" in ready("status").output


def test_a_refusal_is_an_error(ready: Run, imitated: ImitatedParties) -> None:
    imitated.door = lambda _: Decision.TOO_OLD
    result = ready("check-in", link_to(imitated.poster()), "--yes")
    assert result.exit_code == 1
    assert "the door refused: the code is too old" in result.output
    assert "시간이 지난 코드입니다" in result.output
    assert "시계도 확인해 주세요" in result.output
    assert "입장이 확인되지 않았습니다" in result.output
    assert "refused (the code is too old" in ready("status").output


def test_people_come_and_leave_together(ready: Run, imitated: ImitatedParties) -> None:
    link = link_to(imitated.poster())
    asked = ready("check-in", link, "--people", ALLOWANCE, typed="n\n")
    assert f" for {ALLOWANCE} people?\n" in asked.output
    assert f"에 {ALLOWANCE}명 입장 등록을 할까요?" in asked.output
    assert imitated.check_ins == []
    agreed = ready("check-in", link, "--people", ALLOWANCE, typed="y\n")
    assert f"Checked in at 클럽 스플릿, {ALLOWANCE} people.\n입장이 확인되었습니다 ({ALLOWANCE}명)." in agreed.output
    left = ready("check-out")
    assert f"Checked out of 클럽 스플릿, {ALLOWANCE} people.\n퇴장이 확인되었습니다 ({ALLOWANCE}명)." in left.output
    entries, exits = imitated.check_ins[:ALLOWANCE], imitated.check_ins[ALLOWANCE:]
    assert [one.message.u for one in exits] == [one.message.u for one in entries]


def test_who_of_a_group_was_admitted_is_told_and_nobody_comes_twice_unawares(
    ready: Run, imitated: ImitatedParties
) -> None:
    link, answers = link_to(imitated.poster()), iter([Decision.ADMITTED, Decision.TOO_OLD])
    imitated.door = lambda _: next(answers, Decision.ADMITTED)
    partly = ready("check-in", link, "--people", 2, "--yes")
    assert partly.exit_code == 1
    assert "the door refused: the code is too old" in partly.output
    assert "Checked in at 클럽 스플릿: 1 of 2. Do not repeat it for all" in partly.output
    assert "2명 중 1명의 입장이 확인되었습니다" in partly.output
    again = ready("check-in", link, typed="n\n")
    assert "You are checked in at 클럽 스플릿 already, 1 person, since " in again.output
    assert "this adds 1." in again.output
    assert "이미 1명이 입장해 있습니다. 1명이 더 등록됩니다." in again.output
    assert len(imitated.check_ins) == 1
    assert ready("check-out").exit_code == 0
    assert "already" not in ready("check-in", link, typed="n\n").output


def test_who_of_a_group_was_let_out_is_told(ready: Run, imitated: ImitatedParties) -> None:
    people, gone = ALLOWANCE, 1
    assert ready("check-in", link_to(imitated.poster()), "--people", people, "--yes").exit_code == 0
    answers = iter([Decision.ADMITTED] * gone)
    imitated.door = lambda _: next(answers, Decision.TOO_OLD)
    partly = ready("check-out")
    assert partly.exit_code == 1
    assert f"Checked out of 클럽 스플릿: {gone} of {people}." in partly.output
    assert f"{people}명 중 {gone}명의 퇴장이 확인되었습니다" in partly.output
    imitated.door = lambda _: Decision.ADMITTED
    assert f"Checked out of 클럽 스플릿, {people - gone} people." in ready("check-out").output


def test_a_group_that_no_server_answers_is_told_how_many_are_in(ready: Run, imitated: ImitatedParties) -> None:
    answers = iter([Decision.ADMITTED])
    imitated.door = lambda _: next(answers)  # and then it fails
    result = ready("check-in", link_to(imitated.poster()), "--people", ALLOWANCE, "--yes")
    assert result.exit_code == 1
    assert f"Checked in at 클럽 스플릿: 1 of {ALLOWANCE}. Do not repeat it for all" in result.output
    assert "no answer came" in result.output


def test_a_new_wallet_says_what_to_run_and_does_not_alarm(ready: Run, imitated: ImitatedParties) -> None:
    status = ready("status")
    assert status.output.endswith(
        "Nothing that the parties publish was fetched yet: run notices.\n"
        "공개된 알림을 아직 받지 않았습니다. notices를 실행해 주세요.\n"
    )
    assert "48" not in status.output
    fetched = ready("notices")
    assert "missing" in fetched.output  # nobody publishes any here


def test_one_code_on_paper_or_screen_does_not_claim_to_change(ready: Run) -> None:
    shown = ready("show", "--once").output
    assert "Good for half a minute" in shown
    assert "New every" not in shown


def test_help_shows_whole_sentences_and_plain_defaults() -> None:
    for command in ([], ["check-out"]):
        shown = CliRunner().invoke(main, [*command, "--help"], terminal_width=80).output
        assert "..." not in shown.partition("Commands:")[2]
        assert "[default: (" not in shown
    assert "[default: ~/.splitpass/client]" in CliRunner().invoke(main, ["--help"], terminal_width=80).output


def test_what_is_no_poster_is_one_line(ready: Run, imitated: ImitatedParties) -> None:
    other = imitated.venue(domain=imitated.domain.number - 1)
    links = ["javascript:alert(1)", "https://door.example", link_to(imitated.poster(other))]
    for link in links:
        fails(ready("check-in", link, "--yes"), "no check-in by this link")
    assert imitated.check_ins == []


def test_a_venues_name_does_not_command_the_terminal(ready: Run, imitated: ImitatedParties) -> None:
    result = ready("check-in", link_to(imitated.poster(imitated.venue(name="\x1b[2Jclub\u202e\r\nOK"))), "--yes")
    assert "Checked in at ?[2Jclub???OK." in result.output
    assert "\x1b" not in result.output + ready("status").output
    assert printable("클럽 A·B") == "클럽 A·B"


def test_passes_are_not_fetched_twice(ready: Run, imitated: ImitatedParties) -> None:
    asked = imitated.requests.count("passes")
    result = ready("fetch", "--ahead", 1)
    assert result.exit_code == 0
    assert result.output.count(f"{ALLOWANCE} passes left") == 2
    assert imitated.requests.count("passes") == asked == 2


def test_a_day_that_fails_does_not_stop_the_next(run: Run, imitated: ImitatedParties) -> None:
    run("enrol", "--phone", PHONE, "--name", NAME, "--code-file", imitated.outbox)
    answer = imitated.alter_answers

    def fail_once(_: PassAnswers) -> PassAnswers:
        imitated.alter_answers = answer
        raise Problem(503, "try-later", "too few visitors are asking just now; try again at a random later time")

    imitated.alter_answers = fail_once
    result = run("fetch", "--ahead", 1)
    assert result.exit_code == 1
    assert "this time: too few visitors are asking just now / 이번에는 출입증을 받지 못했습니다\n" in result.output
    assert f"{ALLOWANCE} passes" in result.output
    fails(run("show", "--once"), "have come yet")
    status = run("status").output
    late_at_night = "no passes came, and no time to ask is left"
    assert "registered, no passes yet; fetch asks for them after " in status or late_at_night in status
    assert f"{ALLOWANCE} passes left" in status


def test_a_day_that_is_not_published_yet_is_no_failure(run: Run, imitated: ImitatedParties) -> None:
    run("enrol", "--phone", PHONE, "--name", NAME, "--code-file", imitated.outbox)
    assert "No passes: run fetch." in run("status").output
    imitated.publishes = False
    result = run("fetch", "--ahead", 1)
    assert (result.exit_code, result.output.count("not published yet")) == (0, 2)
    fails(run("show", "--once"), "have come yet; fetch gets them, and status says when / ")


@pytest.fixture
def patient(run: Run, home: Path, imitated: ImitatedParties) -> Run:
    """Enrolled, and going by drawn times."""
    settings = home / "settings.toml"
    settings.write_text(settings.read_text().replace("at_once = true\n", ""))
    enrolled = run("enrol", "--phone", PHONE, "--name", NAME, "--code-file", imitated.outbox)
    assert "have a timer run it every hour" in enrolled.output
    return run


def test_on_the_day_of_enrolment_it_is_told_what_asking_at_once_shows(patient: Run, imitated: ImitatedParties) -> None:
    result = patient("fetch", "--ahead", 1)
    assert result.exit_code == 0
    assert result.output.count("can tell which passes of this day are one person's") == 1
    assert "어느 출입증들이 한 사람의 것인지" in result.output
    assert f"{ALLOWANCE} passes left" in result.output
    assert (imitated.requests.count("handle"), imitated.requests.count("passes")) == (1, 1)
    assert "one person's" not in patient("fetch", "--ahead", 1).output, "there is nothing left to ask at once for"


def test_a_client_waits_longer_than_an_operator_may_take() -> None:
    assert ISSUING_SECONDS + 60 < FETCH_SECONDS  # and for the network


def test_whoever_runs_fetch_early_is_told_when_it_is_time(patient: Run, imitated: ImitatedParties) -> None:
    first = patient("fetch", "--ahead", 1).output
    before = list(imitated.requests)
    again = patient("fetch", "--ahead", 1)
    assert again.exit_code == 0
    assert imitated.requests == before
    (line,) = [one for one in first.splitlines() if "fetch registers after" in one]
    assert re.search(
        r"no passes yet; fetch registers after \d{4}-\d\d-\d\d \d\d:\d\d / 출입증 없음, .* 이후 fetch가 등록", line
    )
    assert line in again.output
    assert line in patient("status").output


def test_passes_that_were_kept_back_are_a_fault_that_is_told(ready: Run, run: Run, imitated: ImitatedParties) -> None:
    imitated.alter_answers = lambda answers: PassAnswers((bytes(len(answers.answers[0])), *answers.answers[1:]))
    result = run("fetch", "--ahead", 2)
    assert result.exit_code == 1
    assert f"only {ALLOWANCE - 1} of {ALLOWANCE} passes came" in result.output
    assert f"{ALLOWANCE}장 중 {ALLOWANCE - 1}장만" in result.output
    again = run("fetch", "--ahead", 2)
    told = f"only {ALLOWANCE - 1} of {ALLOWANCE} came, and the client does not ask again"
    assert (again.exit_code, told in again.output, told in run("status").output) == (0, True, True)


@pytest.mark.parametrize(
    ("operator", "authority", "told"),
    [
        (20, 20, r"(19|20|21) s behind the servers'[^\n]*\n이 기기의 시계가 서버보다 (19|20|21)초 늦습니다"),
        (-7, -30, r"[678] s ahead of the servers'[^\n]*\n이 기기의 시계가 서버보다 [678]초 빠릅니다"),
        (0, 30, None),
        (-30, 30, None),
        (0, 0, None),
    ],
)
def test_a_clock_that_is_wrong_is_told(
    run: Run, imitated: ImitatedParties, operator: int, authority: int, told: str | None
) -> None:
    run("enrol", "--phone", PHONE, "--name", NAME, "--code-file", imitated.outbox)
    imitated.date = {"operator": operator, "authority": authority}
    fetched = run("fetch", "--ahead", 0)
    assert fetched.exit_code == 0
    if told is None:
        assert "This clock" not in fetched.output
    else:
        assert re.search(told, fetched.output)


def test_settings_and_servers_that_are_wrong_are_one_line(run: Run, home: Path, imitated: ImitatedParties) -> None:
    fails(run("show", "--once"), "run enrol first")
    (home / "settings.toml").write_text("retention = 3")
    fails(run("status"), "settings.toml: there is no setting `retention`; do you mean `retention_days`?")
    (home / "settings.toml").unlink()
    settings = (home / "domain.toml").read_text()
    (home / "domain.toml").write_text(settings.replace(imitated.urls["operator"], "http://127.0.0.1:9"))
    (home / "settings.toml").write_text("passphrase_operations = 1\npassphrase_memory = 8192\n")
    fails(
        run("enrol", "--phone", PHONE, "--name", NAME, "--code-file", imitated.outbox),
        "does not answer (ClientConnectorError) / 서버가 응답하지 않습니다",
    )
    fails(run("enrol", "--phone", "1", "--name", NAME), "country code")
    (home / "domain.toml").unlink()
    fails(run("status"), "domain.toml is missing")


def test_a_wrong_passphrase_and_a_damaged_wallet_are_one_line(ready: Run, home: Path) -> None:
    wrong = CliRunner(env={"SPLITPASS_PASSPHRASE": "wrong"}).invoke(main, ["--home", str(home), "status"])
    fails(wrong, "passphrase is wrong")
    wallet = home / "wallet"
    whole = wallet.read_bytes()
    wallet.write_bytes(whole[:-1])
    fails(ready("status"), "damaged")
    wallet.write_bytes(whole)
    assert ready("status").exit_code == 0


def test_a_passphrase_file_that_others_can_read_is_refused(ready: Run, tmp_path: Path) -> None:
    (tmp_path / "passphrase").chmod(0o644)
    fails(ready("status"), "passphrase can be read by others")


def test_the_passphrase_and_the_code_are_asked_for(home: Path, imitated: ImitatedParties) -> None:
    typed = f"{PHONE}\n{NAME}\nsecret\nsecret\nnot a code\n"
    result = CliRunner(env={"SPLITPASS_PASSPHRASE": None}).invoke(main, ["--home", str(home), "enrol"], input=typed)
    assert "secret" not in result.output
    assert "a code has six digits" in result.output
    status = CliRunner(env={"SPLITPASS_PASSPHRASE": "secret"}).invoke(main, ["--home", str(home), "status"])
    assert "run enrol" in status.output
    empty = CliRunner(env={"SPLITPASS_PASSPHRASE": ""}).invoke(main, ["--home", str(home), "status"])
    fails(empty, "empty passphrase")


def test_what_is_mistyped_is_asked_for_again_and_costs_one_message(
    run: Run, home: Path, imitated: ImitatedParties, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conformance.imitated.secrets.randbelow", lambda _: 123_456)
    typed = "12\n010-1234-5678\nHong, Gildong/x\n홍길동\n12\n654321\n123 456\n"
    result = run("enrol", typed=typed)
    assert result.exit_code == 0, result.output
    assert imitated.requests.count("verification") == 1
    assert imitated.requests.count("session") == 2
    assert "leave out , /" in result.output
    assert "not the one that was sent (wrong-code) / 받은 인증 번호와 다릅니다" in result.output
    assert f"Enrolled: 홍길동, {PHONE}" in run("status").output


def test_what_the_operator_does_not_take_is_asked_for_again_unless_it_was_given(
    run: Run, imitated: ImitatedParties, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number and a name that look right here. Nothing else that it refuses is."""
    monkeypatch.setattr("conformance.imitated.secrets.randbelow", lambda _: 123_456)
    imitated.refused = {
        "+821011111111": Problem(422, "invalid-phone", "codes are not sent there"),
        "+821022222222": Problem(429, "too-many-codes", "this number was sent too many codes today"),
        "성춘향": Problem(422, "invalid-name", "nobody is called so"),
        "이몽룡": Problem(429, "too-many-attempts", "the code was tried too often"),
    }
    fails(run("enrol", "--phone", "+821011111111", "--name", NAME), "invalid-phone")
    fails(run("enrol", "--phone", PHONE, "--name", "성춘향", "--code-file", imitated.outbox), "invalid-name")
    for typed, name in (
        ("+821022222222\n홍길동\n", "too-many-codes"),
        (f"{PHONE}\n이몽룡\n123456\n", "too-many-attempts"),
    ):
        refused = run("enrol", typed=typed)
        assert (refused.exit_code, refused.output.count(name)) == (1, 1)
    imitated.requests.clear()
    result = run("enrol", typed=f"+821011111111\n성춘향\n{PHONE}\n123456\n홍길동\n")
    assert result.exit_code == 0, result.output
    assert [result.output.count(name) for name in ("invalid-phone", "invalid-name")] == [1, 1]
    assert (imitated.requests.count("verification"), imitated.requests.count("session")) == (2, 2)
    assert f"Enrolled: 홍길동, {PHONE}" in run("status").output


def test_what_is_given_and_wrong_is_not_asked_for(run: Run, imitated: ImitatedParties) -> None:
    fails(run("enrol", "--phone", PHONE, "--name", "Hong/Gildong"), "leave out /")
    assert imitated.requests == []


def test_a_code_file_without_a_code_is_one_line(run: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("+821012345678 has no code")
    fails(run("enrol", "--phone", PHONE, "--name", NAME, "--code-file", empty), "no six-digit code")
    fails(run("enrol", "--phone", PHONE, "--name", NAME, "--code-file", tmp_path / "none"), "No such file")


def test_status_needs_no_home_that_can_be_written(
    ready: Run, home: Path, imitated: ImitatedParties, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = ready("status").output
    (home / "wallet.lock").unlink(missing_ok=True)
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    monkeypatch.setattr(os, "access", lambda _path, mode: not mode & os.W_OK)  # as on a disk that takes no writes
    assert ready("status").output == told
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == before
