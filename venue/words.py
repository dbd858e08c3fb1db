"""What a door says to people, in English and Korean. Spec: §5.5."""

from __future__ import annotations

from protocol.http_messages import Decision
from service.cli import printable
from service.decisions import decision_in_words
from service.problems import Problem, Unreachable

NOT_STORED = (
    "the check-in could not be stored: there may be no room on the disk; admit nobody until it is / "
    "저장하지 못했습니다. 디스크나 데이터베이스를 확인해 주세요"
)


def explain(decision: Decision) -> str:
    """Why a door decided as it did, in one line for its staff."""
    return " / ".join(decision_in_words(decision))


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
