"""What programs say to visitors and to a door's staff, in English with the Korean beside it. Spec: §4.2, §5.5.

A pair is the English text and the Korean one.
"""

from __future__ import annotations

from protocol.check_ins import Direction
from protocol.epochs import Role
from protocol.http_messages import Decision
from service.cli import printable
from service.problems import Problem, Unreachable

_WORDS = {
    Decision.ADMITTED: ("welcome", "확인되었습니다"),
    Decision.UNREADABLE: ("this is not a SplitPass code", "SplitPass QR 코드가 아닙니다"),
    Decision.UNKNOWN_DOMAIN: (
        "the code belongs to a log that this door does not serve",
        "이 출입문에서 쓰지 않는 명부의 코드입니다",
    ),
    Decision.UNKNOWN_EPOCH: (
        "this door does not have the day's keys, and must fetch them online",
        "이 출입문에 오늘의 키가 없습니다. 인터넷에 연결해 키를 받아야 합니다",
    ),
    Decision.TOO_OLD: (
        "the code is too old; show the live screen, not a picture, or a paper of today, and check the clock",
        "시간이 지난 코드입니다. 사진이 아닌 현재 화면이나 오늘의 종이 출입증을 보여 주시고, 시계도 확인해 주세요",
    ),
    Decision.TOO_EARLY: (
        "the code is from the future; check the paper's day, the phone's clock and the door's",
        "코드의 시각이 미래입니다. 종이의 날짜, 휴대전화와 출입문 기기의 시계를 확인해 주세요",
    ),
    Decision.OTHER_VENUE: ("the code was made for another venue", "다른 시설에서 만든 코드입니다"),
    Decision.FORGED: ("the code's signatures do not hold", "서명이 올바르지 않은 코드입니다"),
    Decision.ALREADY_SPENT: (
        "this pass was used here before; show a new code",
        "이미 사용한 코드입니다. 새 코드를 보여 주세요",
    ),
    Decision.NO_ENTRY: (
        "this is an exit code, but its pass did not check in here within twelve hours",
        "퇴장 코드인데 12시간 안에 여기서 입장한 기록이 없습니다",
    ),
}


def decision_in_words(decision: Decision) -> tuple[str, str]:
    """Why a door decided as it did, in English and in Korean."""
    return _WORDS[decision]


_LEAVES = "goodbye", "퇴장이 확인되었습니다"
_PAPER_SHOWN_AGAIN = (
    "this paper was shown here before; to leave, show it again a minute after coming in",
    "이미 사용한 종이 출입증입니다. 나갈 때에는 입장하고 1분이 지난 뒤에 다시 보여 주세요",
)


def decision_in_a_line(decision: Decision, direction: Direction | None, *, paper: bool = False) -> str:
    """Why a door decided as it did, in one line for its staff."""
    words = decision_in_words(decision)
    if decision is Decision.ADMITTED and direction is Direction.EXIT:
        words = _LEAVES
    elif decision is Decision.ALREADY_SPENT and paper:
        words = _PAPER_SHOWN_AGAIN
    return " / ".join(words)


NOT_STORED = (
    "the check-in could not be stored: there may be no room on the disk; admit nobody until it is / "
    "저장하지 못했습니다. 디스크나 데이터베이스를 확인하고, 그때까지 아무도 입장시키지 마세요"
)


def no_decision_in_a_line(error: Exception) -> str:
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


def answer_in_words(decision: Decision | None) -> tuple[str, str]:
    """What a visitor's client was told by a door; None if no answer came."""
    if decision is None:
        return "no answer came", "응답 없음"
    if decision is Decision.ADMITTED:
        return "admitted", "입장"
    english, korean = decision_in_words(decision)
    return f"refused ({english})", f"거절({korean})"


def notice_in_words(where: str, advice: str) -> str:
    """A notice that concerns a visit: when and where it was, what is advised, and what following that may tell."""
    return (
        f"The health authority warns those who were there with you ({where}): {advice}\n"
        "Nobody else knows that this concerns you. Whoever you call or tell learns it.\n"
        f"보건당국이 회원님의 방문({where})에 대해 알립니다: {advice}\n"
        "이 알림이 회원님에 관한 것임은 회원님만 압니다. 연락하거나 말하면 상대방이 알게 됩니다."
    )


def opening_in_words(where: str, warrant: str) -> str:
    """The opening of a visit: when and where it was, and the warrant's id and legal reference."""
    return (
        f"Your visit ({where}) was opened under a warrant ({warrant}), for the health authority to learn who you are.\n"
        f"회원님의 방문 기록({where})이 열람 승인서({warrant})에 따라 열람되어 "
        "보건당국이 회원님의 신원을 확인할 수 있게 되었습니다."
    )


_LIST_FAULTS = {
    "stale": (
        "none of the last 48 hours. You may be missing a warning; run notices.",
        "최근 48시간 안에 나온 것이 없습니다. 놓친 알림이 있을 수 있으니 notices를 실행해 주세요.",
    ),
    "missing": (
        "some are missing. You may be missing a warning.",
        "빠진 것이 있습니다. 놓친 알림이 있을 수 있습니다.",
    ),
    "too many": (
        "there are so many new ones that not all were looked at. You may be missing a warning.",
        "새로 나온 것이 너무 많아 모두 확인하지 못했습니다. 놓친 알림이 있을 수 있습니다.",
    ),
    "withdrawn": (
        "the newest is older than one that was there before.",
        "전에 받은 것보다 오래된 것이 왔습니다.",
    ),
    "conflicting": (
        "two different ones have the same number. Both are kept in the directory lists, as evidence.",
        "번호가 같은데 내용이 다른 것이 둘 있습니다. 증거로 lists 폴더에 둘 다 보관합니다.",
    ),
    "lost": (
        "what was found in them is lost or damaged here. Run notices, which fetches them again.",
        "찾아 둔 내용이 없거나 손상되었습니다. notices를 실행하면 다시 받습니다.",
    ),
}
"""What is wrong with a party's lists, by the value of the client's `Fault`."""
_LISTS = {
    (Role.AUTHORITY, "notices"): "보건당국의 알림",
    (Role.AUTHORITY, "disclosures"): "보건당국의 열람 공개 목록",
    (Role.OPERATOR, "disclosures"): "운영자의 열람 공개 목록",
}


def list_fault_in_words(fault: str, role: Role, kind: str) -> str:
    """What is wrong (the value of the client's `Fault`) with the lists of this kind of a party."""
    english, korean = _LIST_FAULTS[fault]
    return f"The {role.name.lower()}'s {kind}: {english}\n{_LISTS[role, kind]}: {korean}"
