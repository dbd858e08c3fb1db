"""A visitor's visits, and what was published about them, in words."""

from __future__ import annotations

from collections import Counter

from client.findings import FoundNotice, FoundOpening
from client.visitor import Visitor
from client.wallet_contents import Day, Paper, PastPass, Visit
from service.cli import printable
from service.words import answer_in_words, notice_in_words, opening_in_words


def describe_day(visitor: Visitor, day: Day) -> str:
    """How many passes of a day are left, or when the client takes its next step to get them."""
    count, allowance = len(day.passes), visitor.domain.allowance
    if day.issued is None:
        english, korean = _describe_step(visitor, day)
    else:
        english, korean = f"{count} passes left", f"출입증 {count}장 남음"
        if day.issued < allowance:
            english += f"; only {day.issued} of {allowance} came, and the client does not ask again"
            korean += f" ({allowance}장 중 {day.issued}장만 도착했고 다시 요청하지 않습니다)"
    return f"{visitor.day_name(day.epoch)}: {english} / {korean}"


def _describe_step(visitor: Visitor, day: Day) -> tuple[str, str]:
    """When passes that have not come are waited for."""
    if day.next_at >= visitor.domain.epoch_begins(day.epoch + 1):
        return "no passes came, and no time to ask is left", "출입증을 받지 못했고 남은 요청 시각이 없습니다"
    moment = visitor.local_time(day.next_at)
    if day.next_at <= visitor.clock():
        return f"no passes yet, a step was due at {moment}: run fetch", f"출입증 없음, {moment}부터 fetch를 실행할 차례"
    if day.pending is not None and day.pending.granted:
        return f"registered, no passes yet; fetch asks for them after {moment}", f"등록됨, {moment} 이후 fetch가 요청"
    return f"no passes yet; fetch registers after {moment}", f"출입증 없음, {moment} 이후 fetch가 등록"


def describe_group(visitor: Visitor, group: list[Visit]) -> str:
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
        answers = [answer_in_words(visit.answer) for visit in group]
        english[-1] += f" at {printable(first.venue.name)}"
        english.append(_counted([answer for answer, _ in answers]))
        korean.append(_counted([answer for _, answer in answers]))
    left = [visitor.local_time(visit.left) for visit in group if visit.left is not None]
    if left:
        some, some_korean = ("", "") if len(left) == len(group) else (f"{len(left)} ", f"{len(left)}명 ")
        done, done_korean = ("exit code shown", "퇴장 QR 코드 표시") if first.venue is None else ("left", "퇴장")
        english.append(f"{some}{done} {max(left)}")
        korean.append(f"{some_korean}{max(left)} {done_korean}")
    return f"{', '.join(english)} / {', '.join(korean)}"


def describe_notice(visitor: Visitor, found: FoundNotice, used: Visit | Paper | PastPass) -> str:
    """A notice that concerns a pass."""
    return notice_in_words(_describe_place(visitor, used), printable(found.advice))


def describe_opening(visitor: Visitor, found: FoundOpening, used: Visit | Paper | PastPass) -> str:
    """The opening of a pass."""
    warrant = f"{found.warrant_id.hex()}, {printable(found.legal_reference)}"
    return opening_in_words(_describe_place(visitor, used), warrant)


def _describe_place(visitor: Visitor, used: Visit | Paper | PastPass) -> str:
    """When and, if the wallet knows, where a pass was used."""
    if not isinstance(used, Visit):
        return visitor.day_name(used.epoch)
    entered = visitor.local_time(used.entered)
    return entered if used.venue is None else f"{entered}, {printable(used.venue.name)}"


def _counted(words: list[str]) -> str:
    """What all have in common, or each with how often it occurs."""
    counts = Counter(words)
    return words[0] if len(counts) == 1 else ", ".join(f"{count} {word}" for word, count in counts.items())
