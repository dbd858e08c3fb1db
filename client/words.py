"""What a person reads about visits and doors."""

from __future__ import annotations

from collections import Counter

from client.contents import Visit
from client.visitor import Visitor
from protocol.exchanges import Decision
from service.cli import printable


def decision_in_words(decision: Decision) -> str:
    """A door's decision, in lower case."""
    return decision.name.lower().replace("_", " ")


def group_in_words(visitor: Visitor, group: list[Visit]) -> str:
    """One line about the visits of those who went together."""
    first = group[0]
    text = visitor.local_time(first.entered)
    if len(group) > 1:
        text += f", {len(group)} people"
    if first.venue is None:
        text += ", code shown"
    else:
        text += f" at {printable(first.venue.name)}, {_counted([_answer_in_words(visit) for visit in group])}"
    left = [visitor.local_time(visit.left) for visit in group if visit.left is not None]
    if left:
        text += f", left {max(left)}" if len(left) == len(group) else f", {len(left)} left {max(left)}"
    return text


def _answer_in_words(visit: Visit) -> str:
    return "no answer came" if visit.answer is None else decision_in_words(visit.answer)


def _counted(words: list[str]) -> str:
    """What all have in common, or each with how often it occurs."""
    counts = Counter(words)
    return words[0] if len(counts) == 1 else ", ".join(f"{count} {word}" for word, count in counts.items())
