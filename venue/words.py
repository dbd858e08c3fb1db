"""What a door says to people, in English and Korean. Spec: §5.5."""

from __future__ import annotations

from protocol.exchanges import Decision
from service.cli import printable
from service.http import Problem, Unreachable

_WORDS = {
    Decision.ADMITTED: ("welcome", "확인되었습니다"),
    Decision.UNREADABLE: ("this is not a SplitPass code", "SplitPass QR 코드가 아닙니다"),
    Decision.UNKNOWN_DOMAIN: (
        "the code belongs to a log that this door does not serve",
        "이 출입문에서 쓰지 않는 명부의 코드입니다",
    ),
    Decision.UNKNOWN_EPOCH: (
        "this door does not have the day's keys; run `python -m venue fetch` while online",
        "이 출입문에 오늘의 키가 없습니다. 인터넷에 연결해 키를 받아 주세요",
    ),
    Decision.TOO_OLD: (
        "the code is too old; show the live screen, not a picture, or a paper of today, and check the clock",
        "시간이 지난 코드입니다. 사진이 아닌 현재 화면이나 오늘의 종이 출입증을 보여 주세요",
    ),
    Decision.TOO_EARLY: (
        "the code is from the future; check the paper's day, the phone's clock and this device's",
        "코드의 시각이 미래입니다. 종이의 날짜, 휴대전화와 이 기기의 시계를 확인해 주세요",
    ),
    Decision.OTHER_VENUE: ("the code was made for another venue", "다른 시설에서 만든 코드입니다"),
    Decision.FORGED: ("the code's signatures do not hold", "서명이 올바르지 않은 코드입니다"),
    Decision.ALREADY_SPENT: (
        "this pass was used here before; ask for a new code",
        "이미 사용한 코드입니다. 새 코드를 보여 주세요",
    ),
    Decision.NO_ENTRY: (
        "a check-out, but this pass did not check in here within twelve hours",
        "나가는 코드이지만 12시간 안에 여기서 들어온 기록이 없습니다",
    ),
}

NOT_STORED = (
    "the check-in could not be stored: there may be no room on the disk; admit nobody until it is / "
    "저장하지 못했습니다. 디스크나 데이터베이스를 확인해 주세요"
)


def explain(decision: Decision) -> str:
    """Why a door decided as it did, in one line for its staff."""
    english, korean = _WORDS[decision]
    return f"{english} / {korean}"


def explain_problem(error: Exception) -> str:
    """Why there is no decision of the server that a door asks, in one line for its staff."""
    if isinstance(error, Unreachable):
        return (
            "the server does not answer; show a new code in a moment / "
            "서버가 응답하지 않습니다. 잠시 후 새 코드를 보여 주세요"
        )
    if isinstance(error, Problem) and error.status == 401:
        return (
            "the server does not know this reader, or it was revoked; it needs a new credential / "
            "서버에 등록되지 않았거나 해지된 리더기입니다. 새 인증 파일이 필요합니다"
        )
    detail = printable(error.detail) if isinstance(error, Problem) else type(error).__name__
    return f"the server could not decide: {detail} / 서버가 확인하지 못했습니다"
