"""A visitor's visits, and what was published about them, in words."""

from __future__ import annotations

from collections import Counter

from client.visitor import Visitor
from client.wallet_contents import FoundNotice, FoundOpening, Paper, PastPass, Visit
from service.cli import printable
from service.words import answer_in_words, notice_in_words, opening_in_words


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
        english.append(f"{some}left {max(left)}")
        korean.append(f"{some_korean}{max(left)} 퇴장")
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
