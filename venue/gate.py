"""The door's decision on a check-in, made without a network. Spec: §3.8."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from protocol.any_check_in import PassCheckInMessage, verify_any_check_in
from protocol.assisted_check_ins import AssertedRecord, AssistedEntry, seal_assisted, verify_assisted
from protocol.check_ins import Direction, label_time, possible_epochs
from protocol.epochs import MAX_STAY, Domain, EpochKey
from protocol.http_messages import Decision
from protocol.paper_check_ins import PaperCheckIn, sign_paper_check_in
from protocol.paper_passes import PaperPass, verify_paper
from protocol.primitives.ed25519_selftest import run_selftest
from protocol.primitives.errors import InvalidSignature, Malformed
from venue.code_text import parse_code
from venue.store import Spending, Store

PAPER_STAY = 60
"""How many seconds after its entry a paper can be shown for an exit: who shows it twice at once does not leave."""


Judgement: TypeAlias = Spending | Decision
"""What is to be spent in a store before somebody comes in or leaves; or why nobody does."""


@dataclass(frozen=True, slots=True)
class DoorDomain:
    """What a door has of one domain: the keys of each epoch that is known, and what it admitted.

    `tolerance` is in seconds. One that is `closed` is being removed: nobody comes in any more.
    """

    domain: Domain
    epoch_key: Callable[[int], EpochKey | None]
    store: Store
    tolerance: int
    closed: bool = False


class Gate:
    """Decides who comes in at a venue (16-byte id), and keeps what it admits.

    `find` gives what the door has of the domain of a number, None if it takes no codes of this domain. Raises
    `UnfitLibrary` if the installed Ed25519 library does not keep the project's rule.
    """

    def __init__(self, venue_id: bytes, find: Callable[[int], DoorDomain | None]) -> None:
        run_selftest()
        self._venue_id, self._find = venue_id, find

    def decide_text(self, text: str, now: int) -> Decision:
        """Decide on the text of a QR code that a visitor shows, on a screen or on paper."""
        try:
            code = parse_code(text)  # step 1
        except Malformed:
            return Decision.UNREADABLE
        return self.decide_paper(code, now) if isinstance(code, PaperPass) else self.decide(code, now)

    def decide_paper(self, paper: PaperPass, now: int) -> Decision:
        """Decide on a paper pass as `judge_paper` does. An admitted one is stored, durably, when this returns."""
        return _spend(self.judge_paper(paper, now))

    def judge_paper(self, paper: PaperPass, now: int) -> Judgement:
        """Sign for a paper pass, an entry and later an exit, and judge that; its key is forgotten here.

        Both signatures on the paper are verified, once. The third one is this door's own.
        """
        of = self._find(paper.domain)
        if of is None:
            return Decision.UNKNOWN_DOMAIN
        key = of.epoch_key(paper.epoch)
        if key is None:
            return Decision.UNKNOWN_EPOCH
        try:
            delegated = verify_paper(key, paper)
        except InvalidSignature:
            return Decision.FORGED
        today, direction = of.domain.epoch_at(label_time(now)), _paper_direction(of, paper, now)
        if of.closed and direction is Direction.ENTRY:
            return Decision.UNKNOWN_DOMAIN
        if direction is Direction.ENTRY and paper.epoch != today:
            return Decision.TOO_OLD if paper.epoch < today else Decision.TOO_EARLY
        message = sign_paper_check_in(key, delegated, now, direction, self._venue_id)
        fault = self._label_fault(of, message, now)
        return of.store.spending(PaperCheckIn(message, paper.epoch)) if fault is None else fault

    def paper_direction(self, paper: PaperPass, now: int) -> Direction:
        """Whether a paper that is shown now would come in or leave."""
        of = self._find(paper.domain)
        return Direction.ENTRY if of is None else _paper_direction(of, paper, now)

    def decide(self, message: PassCheckInMessage, now: int) -> Decision:
        """Decide on a check-in at Unix time `now`. An admitted one is stored, durably, when this returns."""
        return _spend(self.judge(message, now))

    def judge(self, message: PassCheckInMessage, now: int) -> Judgement:
        """Judge a check-in at Unix time `now` without the store.

        What costs nothing is checked first. What the store knows of a pass is told only to who can sign with it.
        """
        of = self._find(message.domain)  # step 2
        if of is None or (of.closed and message.direction is Direction.ENTRY):
            return Decision.UNKNOWN_DOMAIN
        fault = self._label_fault(of, message, now)
        return _verify(of, message) if fault is None else fault

    def admit(self, of: DoorDomain, record: AssertedRecord, now: int) -> AssistedEntry | None:
        """Seal for a domain what staff took down of somebody without a phone; that is kept durably when this returns.

        None if the day's keys are not known. Raises `MalformedEncoding` if name or number is of a wrong size.
        """
        key = of.epoch_key(of.domain.epoch_at(label_time(now)))
        if key is None:
            return None
        entry = verify_assisted(key, seal_assisted(key, record, now, self._venue_id))
        of.store.spend(entry)
        return entry

    def _label_fault(self, of: DoorDomain, message: PassCheckInMessage, now: int) -> Decision | None:
        """What is wrong with a label here and now, before any signature is checked."""
        if message.venue_id not in (None, self._venue_id):  # step 3
            return Decision.OTHER_VENUE
        if message.time < now - of.tolerance:  # step 4
            return Decision.TOO_OLD
        if message.time > now + of.tolerance:
            return Decision.TOO_EARLY
        return None


def _spend(judgement: Judgement) -> Decision:
    return judgement if isinstance(judgement, Decision) else judgement.store.decide(judgement)


def _paper_direction(of: DoorDomain, paper: PaperPass, now: int) -> Direction:
    entered = of.store.entered(paper.epoch, paper.u)
    is_inside = entered is not None and PAPER_STAY <= now - entered <= MAX_STAY
    return Direction.EXIT if is_inside else Direction.ENTRY


def _verify(of: DoorDomain, message: PassCheckInMessage) -> Judgement:
    """What is to be spent in the one epoch whose keys a check-in was signed for, or why there is none."""
    refusal = Decision.FORGED
    for epoch in possible_epochs(of.domain, message.time, message.direction):  # step 5
        key = of.epoch_key(epoch)
        if key is None:
            refusal = Decision.UNKNOWN_EPOCH
            continue
        try:
            return of.store.spending(verify_any_check_in(key, message))
        except InvalidSignature:
            continue
    return refusal
