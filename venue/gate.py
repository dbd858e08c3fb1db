"""The door's decision on a check-in, made without a network. Spec: §3.8."""

from __future__ import annotations

from collections.abc import Callable

from protocol.any_check_in import AnyCheckIn, PassCheckInMessage, verify_any_check_in
from protocol.assisted_check_ins import AssertedRecord, AssistedEntry, seal_assisted, verify_assisted
from protocol.check_ins import MAX_STAY, Direction, label_time, possible_epochs
from protocol.epochs import Domain, EpochKey
from protocol.http_messages import Decision
from protocol.paper_check_ins import PaperCheckIn, sign_paper_check_in
from protocol.paper_passes import PaperPass, verify_paper
from protocol.primitives.ed25519_selftest import run_selftest
from protocol.primitives.errors import InvalidSignature, Malformed
from venue.code_text import parse_code
from venue.store import Store

PAPER_STAY = 60
"""How many seconds after its entry a paper can be shown for an exit: who shows it twice at once does not leave."""


class Gate:
    """Decides who comes in, and keeps what it admits.

    `epoch_key` gives the verified key of an epoch that is known, `venue_id` has 16 bytes, `tolerance` is in
    seconds. Raises `UnfitLibrary` if the installed Ed25519 library does not keep the project's rule.
    """

    def __init__(
        self, domain: Domain, epoch_key: Callable[[int], EpochKey | None], store: Store, venue_id: bytes, tolerance: int
    ) -> None:
        run_selftest()
        self._domain, self._epoch_key, self._store = domain, epoch_key, store
        self._venue_id, self._tolerance = venue_id, tolerance

    def decide_text(self, text: str, now: int) -> Decision:
        """Decide on the text of a QR code that a visitor shows, on a screen or on paper."""
        try:
            code = parse_code(text)  # step 1
        except Malformed:
            return Decision.UNREADABLE
        return self.decide_paper(code, now) if isinstance(code, PaperPass) else self.decide(code, now)

    def decide_paper(self, paper: PaperPass, now: int) -> Decision:
        """Sign for a paper pass, an entry and later an exit, and decide on that; its key is forgotten here.

        Both signatures on the paper are verified, once. The third one is this door's own.
        """
        if paper.domain != self._domain.number:
            return Decision.UNKNOWN_DOMAIN
        key = self._epoch_key(paper.epoch)
        if key is None:
            return Decision.UNKNOWN_EPOCH
        try:
            delegated = verify_paper(key, paper)
        except InvalidSignature:
            return Decision.FORGED
        today, direction = self._domain.epoch_at(label_time(now)), self.paper_direction(paper, now)
        if direction is Direction.ENTRY and paper.epoch != today:
            return Decision.TOO_OLD if paper.epoch < today else Decision.TOO_EARLY
        message = sign_paper_check_in(key, delegated, now, direction, self._venue_id)
        fault = self._label_fault(message, now)
        return self._admit(PaperCheckIn(message, paper.epoch)) if fault is None else fault

    def paper_direction(self, paper: PaperPass, now: int) -> Direction:
        """Whether a paper that is shown now would come in or leave."""
        entry = self._store.entry(paper.u)
        is_inside = entry is not None and PAPER_STAY <= now - entry.time <= MAX_STAY
        return Direction.EXIT if is_inside else Direction.ENTRY

    def decide(self, message: PassCheckInMessage, now: int) -> Decision:
        """Decide on a check-in at Unix time `now`. An admitted one is stored, durably, when this returns.

        What costs nothing is checked first. What the store knows of a pass is told only to who can sign with it.
        """
        fault = self._label_fault(message, now)
        if fault is not None:
            return fault
        check_in = self._verify(message)
        return check_in if isinstance(check_in, Decision) else self._admit(check_in)

    def admit(self, record: AssertedRecord, now: int) -> AssistedEntry | None:
        """Seal what staff took down for somebody without a phone, and keep that, durably when this returns.

        None if the day's keys are not known. Raises `MalformedEncoding` if name or number is of a wrong size.
        """
        key = self._epoch_key(self._domain.epoch_at(label_time(now)))
        if key is None:
            return None
        entry = verify_assisted(key, seal_assisted(key, record, now, self._venue_id))
        self._store.spend(entry)
        return entry

    def _label_fault(self, message: PassCheckInMessage, now: int) -> Decision | None:
        """What is wrong with a label here and now, before any signature is checked."""
        if message.domain != self._domain.number:  # step 2
            return Decision.UNKNOWN_DOMAIN
        if message.venue_id not in (None, self._venue_id):  # step 3
            return Decision.OTHER_VENUE
        if message.time < now - self._tolerance:  # step 4
            return Decision.TOO_OLD
        if message.time > now + self._tolerance:
            return Decision.TOO_EARLY
        return None

    def _verify(self, message: PassCheckInMessage) -> AnyCheckIn | Decision:
        """The check-in in the one epoch whose keys it was signed for, or why there is none."""
        refusal = Decision.FORGED
        for epoch in possible_epochs(self._domain, message.time, message.direction):  # step 5
            key = self._epoch_key(epoch)
            if key is None:
                refusal = Decision.UNKNOWN_EPOCH
                continue
            try:
                return verify_any_check_in(key, message)
            except InvalidSignature:
                continue
        return refusal

    def _admit(self, check_in: AnyCheckIn) -> Decision:
        """Decide on a check-in whose signatures hold, and keep it if it is admitted."""
        if check_in.message.direction is Direction.EXIT and not self._has_entered(check_in):  # step 6
            return Decision.NO_ENTRY
        return Decision.ADMITTED if self._store.spend(check_in) else Decision.ALREADY_SPENT  # steps 7, 8

    def _has_entered(self, check_in: AnyCheckIn) -> bool:
        """Whether the pass of an exit came in here, in the same epoch and not too long ago."""
        entry = self._store.entry(bytes(check_in.message.u))
        return (
            entry is not None and entry.epoch == check_in.epoch and 0 <= check_in.message.time - entry.time <= MAX_STAY
        )
