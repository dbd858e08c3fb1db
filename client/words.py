"""What a person reads about visits and doors."""

from __future__ import annotations

from collections import Counter

from client.lists import Fault
from client.visitor import Visitor
from client.wallet_contents import FoundNotice, FoundOpening, Paper, PastPass, Visit
from protocol.epochs import Role
from protocol.http_messages import Decision
from service.cli import printable
from service.decisions import decision_in_words


def group_in_words(visitor: Visitor, group: list[Visit]) -> str:
    """One line about the visits of those who went together, in English and Korean."""
    first, moment = group[0], visitor.local_time(group[0].entered)
    english, korean = [moment], []
    if len(group) > 1:
        english.append(f"{len(group)} people")
        korean.append(f"{len(group)}명")
    if first.venue is None:
        english.append("code shown")
        korean.append("QR 코드 표시")
    else:
        answers = [_answer_in_words(visit) for visit in group]
        english[-1] += f" at {printable(first.venue.name)}"
        english.append(_counted([answer for answer, _ in answers]))
        korean.append(_counted([answer for _, answer in answers]))
    left = [visitor.local_time(visit.left) for visit in group if visit.left is not None]
    if left:
        some, some_korean = ("", "") if len(left) == len(group) else (f"{len(left)} ", f"{len(left)}명 ")
        english.append(f"{some}left {max(left)}")
        korean.append(f"{some_korean}{max(left)} 퇴장")
    return f"{', '.join(english)} / {', '.join(korean)}"


def notice_in_words(visitor: Visitor, found: FoundNotice, used: Visit | Paper | PastPass) -> str:
    """A notice that concerns a pass."""
    where, advice = _place_in_words(visitor, used), printable(found.advice)
    return (
        f"The health authority warns those who were there with you ({where}): {advice}\n"
        f"보건당국이 회원님의 방문({where})에 대해 알립니다: {advice}"
    )


def opening_in_words(visitor: Visitor, found: FoundOpening, used: Visit | Paper | PastPass) -> str:
    """The opening of a pass."""
    where, warrant = _place_in_words(visitor, used), f"{found.warrant_id.hex()}, {printable(found.legal_reference)}"
    return (
        f"Your visit ({where}) was opened under a warrant ({warrant}), for the health authority to learn who you are.\n"
        f"회원님의 방문 기록({where})이 열람 승인서({warrant})에 따라 열람되어 "
        "보건당국이 회원님의 신원을 확인할 수 있게 되었습니다."
    )


def fault_in_words(fault: Fault, role: Role, kind: str) -> str:
    """What is wrong with a party's lists."""
    english, korean = _FAULTS[fault]
    return f"The {role.name.lower()}'s {kind}: {english}\n{_LISTS[role, kind]}: {korean}"


_FAULTS = {
    Fault.STALE: (
        "none of the last 48 hours. You may be missing a warning; run notices.",
        "최근 48시간 안에 나온 것이 없습니다. 놓친 알림이 있을 수 있으니 notices를 실행해 주세요.",
    ),
    Fault.MISSING: (
        "some are missing. You may be missing a warning.",
        "빠진 것이 있습니다. 놓친 알림이 있을 수 있습니다.",
    ),
    Fault.TOO_MANY: (
        "there are so many new ones that not all were looked at. You may be missing a warning.",
        "새로 나온 것이 너무 많아 모두 확인하지 못했습니다. 놓친 알림이 있을 수 있습니다.",
    ),
    Fault.WITHDRAWN: (
        "the newest is older than one that was there before.",
        "전에 받은 것보다 오래된 것이 왔습니다.",
    ),
    Fault.CONFLICTING: (
        "two different ones have the same number. Both are kept in the directory lists, as evidence.",
        "번호가 같은데 내용이 다른 것이 둘 있습니다. 증거로 lists 폴더에 둘 다 보관합니다.",
    ),
}
_LISTS = {
    (Role.AUTHORITY, "notices"): "보건당국의 알림",
    (Role.AUTHORITY, "disclosures"): "보건당국의 열람 공개 목록",
    (Role.OPERATOR, "disclosures"): "운영자의 열람 공개 목록",
}


def _place_in_words(visitor: Visitor, used: Visit | Paper | PastPass) -> str:
    """When and, if the wallet knows, where a pass was used."""
    if not isinstance(used, Visit):
        return visitor.day_name(used.epoch)
    entered = visitor.local_time(used.entered)
    return entered if used.venue is None else f"{entered}, {printable(used.venue.name)}"


def _answer_in_words(visit: Visit) -> tuple[str, str]:
    if visit.answer is None:
        return "no answer came", "응답 없음"
    if visit.answer is Decision.ADMITTED:
        return "admitted", "입장"
    english, korean = decision_in_words(visit.answer)
    return f"refused ({english})", f"거절({korean})"


def _counted(words: list[str]) -> str:
    """What all have in common, or each with how often it occurs."""
    counts = Counter(words)
    return words[0] if len(counts) == 1 else ", ".join(f"{count} {word}" for word, count in counts.items())
