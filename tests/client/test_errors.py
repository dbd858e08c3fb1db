"""Visitors and a door's staff are told everything in English and in Korean."""

from __future__ import annotations

import ast
import errno
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from sqlalchemy.exc import OperationalError

from protocol.primitives.errors import SplitPassError, WrongEpoch
from service.error_words import _PROBLEMS, error_in_words, problem_in_words
from service.problems import Problem, Unreachable
from tests.spec.text import ROOT

DOOR = ("admit_command", "camera", "cli", "decode_command", "decoding", "pictures", "read_command")
FILES = [
    *sorted((ROOT / "client").glob("*.py")),
    *(ROOT / "venue" / f"{name}.py" for name in DOOR),
    *(ROOT / "service" / f"{name}.py" for name in ("files", "passphrase", "storage", "words")),
]
SAYING = {"echo", "prompt", "confirm", "UsageError", "ClickException", "BadParameter", "VisitorError", "WalletError"}
SAYING |= {"NotIssued", "NoVisit", "NoPassLeft", "ConfigurationError", "CameraLost", "MalformedText", "WrongEpoch"}
SENTENCE = re.compile("[A-Za-z]{2,} [a-z]{2,}")
LONGER_SENTENCE = re.compile("[A-Za-z]+,? [a-z]+,? [a-z]+")
KOREAN = re.compile("[가-힣]")


def said_in(path: Path) -> Iterator[tuple[str, str]]:
    """The sentences that a module says, where they are, each with all that is said with it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and node.args:
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            parts = [one.value for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant)]
            text = "".join(part for part in parts if isinstance(part, str))
            if name in SAYING and SENTENCE.search(text):
                yield f"{path.name}:{node.lineno}", text


def constants_of(path: Path) -> Iterator[tuple[str, str]]:
    """The sentences that a module has as constants, as members, or in their tables, each with its neighbours."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Assign) and not isinstance(node.value, ast.Call):
            rows = node.value.values if isinstance(node.value, ast.Dict) else [node.value]
            for row in rows:
                parts = [one.value for one in ast.walk(row) if isinstance(one, ast.Constant)]
                text = "".join(part for part in parts if isinstance(part, str))
                if LONGER_SENTENCE.search(text) and ast.unparse(node.targets[0]) != "help_text":
                    yield f"{path.name}:{row.lineno}", text


def every_kind(kind: type[SplitPassError] = SplitPassError) -> Iterator[type[SplitPassError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from every_kind(child)


SAID = [one for path in FILES for one in (*said_in(path), *constants_of(path))]


@pytest.mark.parametrize("text", [pytest.param(text, id=where) for where, text in SAID])
def test_what_is_said_has_korean(text: str) -> None:
    assert KOREAN.search(text)


def test_the_sentences_are_found() -> None:
    assert len(SAID) > 60


@pytest.mark.parametrize("kind", list(every_kind()))
def test_an_error_of_the_protocol_has_korean(kind: type[SplitPassError]) -> None:
    error = kind.__new__(kind)
    error.args = ("a rule",)
    assert re.fullmatch(r"a rule \(\w+\) / [가-힣 .]+", error_in_words(error))


def test_what_is_in_both_languages_stays_as_it_is() -> None:
    assert error_in_words(WrongEpoch("a new day / 새 날", 1)) == "a new day / 새 날"


@pytest.mark.parametrize(
    ("error", "korean"),
    [
        (Unreachable("https://op.example does not answer"), "서버가 응답하지 않습니다"),
        (Problem(409, "venue-changed", "ask again"), "서버가 요청을 거절했습니다"),
        (OSError(errno.EROFS, "Read-only file system", "/home/홍/wallet"), "읽기 전용 디스크입니다"),
        (PermissionError(errno.EACCES, "Permission denied", "/home/홍 / 길"), "접근할 권한이 없습니다"),
        (OSError(errno.EIO, "I/O error"), "파일을 읽거나 쓸 수 없습니다"),
    ],
)
def test_any_other_error_has_korean(error: Exception, korean: str) -> None:
    assert korean in error_in_words(error)


def test_a_database_quotes_nothing() -> None:
    error = OperationalError("INSERT / 홍길동", None, Exception("홍길동 / 홍길동"))
    assert "홍길동" not in error_in_words(error)
    assert "데이터베이스를 쓸 수 없습니다" in error_in_words(error)


def test_what_an_operator_refuses_a_visitor_has_korean_of_its_own() -> None:
    paths = yaml.safe_load((ROOT / "spec" / "openapi" / "operator.yaml").read_text("utf-8"))["paths"]
    asked = [paths[f"/v1/{name}"] for name in ("verifications", "sessions", "handles", "passes")]
    names = set(re.findall("urn:splitpass:problem:([a-z-]+)", str(asked))) - {"invalid-proof"}
    assert len(names) > 12
    assert names <= _PROBLEMS.keys()
    for name in names:
        assert problem_in_words(Problem(400, name, "no")).startswith(f"no ({name}) / ")
