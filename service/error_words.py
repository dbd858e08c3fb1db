"""What visitors and a door's staff are told when something fails, in English with the Korean beside it. Spec: §5.1."""

from __future__ import annotations

import errno
import re

from protocol.primitives.ed25519_selftest import UnfitLibrary
from protocol.primitives.errors import (
    ConflictingStatements,
    InconsistentLog,
    InvalidAnswer,
    InvalidEntry,
    InvalidNotice,
    InvalidProof,
    InvalidReceipt,
    InvalidSignature,
    Malformed,
    NotLogged,
    SplitPassError,
    WrongAllowance,
    WrongDomain,
    WrongEpoch,
    WrongNumber,
    WrongParty,
)
from service.cli import explain, is_of_database, printable
from service.errors import ConfigurationError
from service.problems import Problem, Unreachable

_PROBLEMS = {
    "invalid-phone": "이 전화번호로는 인증 번호를 보낼 수 없습니다",
    "invalid-name": "이름에 쓸 수 없는 글자가 있습니다",
    "too-many-codes": "오늘은 이 번호로 인증 번호를 더 보낼 수 없습니다. 내일 다시 해 주세요",
    "too-many-requests": "요청이 너무 많습니다. 잠시 후 다시 해 주세요",
    "code-not-sent": "인증 번호를 보내지 못했습니다. 잠시 후 다시 해 주세요",
    "wrong-code": "받은 인증 번호와 다릅니다. 다시 입력해 주세요",
    "code-expired": "인증 번호의 유효 시간이 지났습니다. enrol을 다시 실행해 주세요",
    "too-many-attempts": "인증 번호를 너무 여러 번 틀렸습니다. enrol을 다시 실행해 주세요",
    "try-later": "지금은 처리할 수 없습니다. 나중에 다시 해 주세요",
    "unauthenticated": "로그인이 유효하지 않습니다. enrol을 다시 실행해 주세요",
    "verification-expired": "전화번호를 확인한 지 오래되었습니다. enrol을 다시 실행해 주세요",
    "epoch-not-open": "지금은 이날의 출입증을 받을 수 없습니다",
    "handle-exists": "이날에는 이미 다르게 등록되어 있습니다",
    "no-handle": "이날에 등록된 것이 없습니다",
    "allowance-used": "이날의 출입증은 이미 받아 갔습니다",
    "replayed-request": "이미 보낸 요청입니다",
    "wrong-allowance": "요청한 출입증 수가 맞지 않습니다",
    "unknown-epoch": "이날의 키가 아직 공개되지 않았습니다",
    "epoch-erased": "이날의 키는 이미 삭제되었습니다",
    "peer-unreachable": "운영자가 보건당국의 응답을 받지 못했습니다. 나중에 다시 해 주세요",
    "peer-failed": "보건당국이 요청을 처리하지 못했습니다. 나중에 다시 해 주세요",
    "storage-failed": "서버가 저장하지 못했습니다. 나중에 다시 해 주세요",
    "internal-error": "서버에 오류가 있습니다. 나중에 다시 해 주세요",
}
"""What a server refuses a visitor, in Korean, by the problem's name."""
_REFUSED = "서버가 요청을 거절했습니다"

_ERRORS: dict[type[SplitPassError], str] = {
    SplitPassError: "규칙에 맞지 않아 받아들이지 않았습니다",
    Malformed: "형식이 올바르지 않습니다",
    InvalidSignature: "서명이 올바르지 않습니다",
    InvalidProof: "증명이 올바르지 않습니다",
    WrongParty: "다른 기관의 것입니다",
    WrongDomain: "다른 명부의 것입니다",
    WrongEpoch: "다른 날의 것입니다",
    WrongNumber: "요청한 번호의 목록이 아닙니다",
    WrongAllowance: "요청한 출입증 수가 맞지 않습니다",
    ConflictingStatements: "같아야 하는 두 문서의 내용이 다릅니다",
    NotLogged: "공개 기록에 올라 있지 않습니다",
    InconsistentLog: "공개 기록이 전에 받은 것과 맞지 않습니다",
    InvalidEntry: "등록된 내용이 회원님의 것과 다릅니다",
    InvalidReceipt: "등록 확인서가 올바르지 않습니다",
    InvalidAnswer: "받은 출입증을 쓸 수 없습니다",
    InvalidNotice: "알림이 올바르지 않습니다",
    UnfitLibrary: "암호 라이브러리에 문제가 있어 확인할 수 없습니다. 프로그램을 다시 설치해 주세요",
}
"""What the protocol's errors mean to a person, in Korean; an error that is not here, as the nearest of its bases."""

_DISK = {
    errno.EROFS: "읽기 전용 디스크입니다. 내용을 바꾸지 않는 명령만 쓸 수 있습니다",
    errno.ENOSPC: "디스크에 남은 공간이 없습니다",
    errno.EACCES: "파일이나 폴더에 접근할 권한이 없습니다",
    errno.EPERM: "파일이나 폴더에 접근할 권한이 없습니다",
    errno.ENOENT: "파일이나 폴더가 없습니다",
}


def problem_in_words(error: Problem | Unreachable) -> str:
    """Why a server did not do what a visitor asked for, in one line."""
    if isinstance(error, Unreachable):
        return error_in_words(error)
    return f"{printable(error.detail)} ({printable(error.name)}) / {_PROBLEMS.get(error.name, _REFUSED)}"


def error_in_words(error: Exception) -> str:
    """Why a command did not do what it should, in one line. Text that has its Korean already stays as it is."""
    told = explain(error)
    if isinstance(error, ConfigurationError) or (not isinstance(error, OSError) and re.search(" / .*[가-힣]", told)):
        return printable(str(error))
    return f"{printable(told)} / {_in_korean(error)}"


def _in_korean(error: Exception) -> str:
    if isinstance(error, SplitPassError):
        return next(_ERRORS[kind] for kind in type(error).__mro__ if kind in _ERRORS)
    if isinstance(error, Unreachable):
        return "서버가 응답하지 않습니다"
    if isinstance(error, OSError):
        return _DISK.get(error.errno or 0, "파일을 읽거나 쓸 수 없습니다")
    return "데이터베이스를 쓸 수 없습니다" if is_of_database(error) else _REFUSED
