"""What a wallet holds, as messages: strict to decode, and silent when printed. Spec: §6.1."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Self

from client.hidden import Hidden
from protocol.epochs import EPOCH_SECONDS, MAX_STAY, Domain
from protocol.handles import HandleRegistration, Name, Phone
from protocol.http_messages import Decision, Session
from protocol.passes import PASS_BYTES, OwnedPass, Pass
from protocol.primitives.encoding import Bytes16, Bytes32, Range, Size, Uint32
from protocol.primitives.group import Scalar
from protocol.warrants import Venue

MAX_PASSES = 1000
"""In an allowance."""
MAX_DAYS = 32
"""Today, and as far ahead as passes are fetched."""
MAX_VISITS, MAX_PAPERS, MAX_PAST = 2**13, 2**13, 2**16


@dataclass(frozen=True, slots=True, repr=False)
class Account(Hidden):
    """Who the operator verified, and its session."""

    phone: Phone
    name: Name
    session: Session


@dataclass(frozen=True, slots=True, repr=False)
class StoredPass(Hidden):
    """A pass (`u || v || signature`) and its signing key `r`."""

    public: Annotated[bytes, Size(PASS_BYTES, PASS_BYTES)]
    r: Scalar

    @classmethod
    def of(cls, owned: OwnedPass) -> Self:
        """What is stored of a pass."""
        return cls(bytes(owned.public), owned.r)

    @property
    def u(self) -> bytes:
        """The one-time public key, 32 bytes."""
        return self.public[:32]

    @property
    def owned(self) -> OwnedPass:
        """The pass as the protocol uses it."""
        return OwnedPass(Pass(self.public[:32], self.public[32:64], self.public[64:]), self.r)


@dataclass(frozen=True, slots=True, repr=False)
class PendingHandle(Hidden):
    """A day's handle secret `h`, kept until its passes are issued.

    `registration` is what the operator was or will be sent; `granted` is 1 when the handle was granted, 0 before.
    """

    h: Scalar
    registration: HandleRegistration
    granted: Annotated[int, Range(0, 1)]


@dataclass(frozen=True, slots=True, repr=False)
class Day(Hidden):
    """An epoch's unused passes.

    `next_at` is the Unix time that was drawn for the next step. `pending` is null before the first step, and when the
    answer has come; `issued` is how many passes this held, null before.
    """

    epoch: Uint32
    next_at: Uint32
    pending: PendingHandle | None
    passes: Annotated[tuple[StoredPass, ...], Size(0, MAX_PASSES)]
    issued: Annotated[int, Range(0, MAX_PASSES)] | None


@dataclass(frozen=True, slots=True, repr=False)
class Visit(Hidden):
    """A pass that was used, or may have been: nobody tells a phone whether its code was read.

    `group` is the same for all who went together, and drawn anew each time.
    `entered` and `left` are Unix times of the first entry and the latest exit label. In scan mode `venue` is the
    venue's record and `answer` what its door said to the entry, null if no answer came; both are null in present
    mode. `exit_pass` is kept for as long as an exit may be made.
    """

    epoch: Uint32
    u: Bytes32
    group: Bytes16
    entered: Uint32
    venue: Venue | None
    answer: Decision | None
    left: Uint32 | None
    exit_pass: StoredPass | None


@dataclass(frozen=True, slots=True, repr=False)
class Paper(Hidden):
    """A pass that was printed. The wallet holds no key of it any more; whether it was used, only a door knows."""

    epoch: Uint32
    u: Bytes32


@dataclass(frozen=True, slots=True, repr=False)
class PastPass(Hidden):
    """A pass of a visit or paper that is forgotten but for this: it may still be disclosed that it was opened."""

    epoch: Uint32
    u: Bytes32


@dataclass(frozen=True, slots=True, repr=False)
class Wallet(Hidden):
    """Keys and what they were used for: days in order of epoch, visits in order of time, papers in that of printing.

    It is within its limits (`within_limits`) whenever it is written, and then fits what can be read.
    """

    account: Account | None
    days: Annotated[tuple[Day, ...], Size(0, MAX_DAYS)]
    visits: Annotated[tuple[Visit, ...], Size(0, MAX_VISITS)]
    papers: Annotated[tuple[Paper, ...], Size(0, MAX_PAPERS)]
    past: Annotated[tuple[PastPass, ...], Size(0, MAX_PAST)]

    @property
    def used(self) -> dict[bytes, Visit | Paper | PastPass]:
        """What is kept of every pass that was used or printed, by its `u`."""
        kept: tuple[Visit | Paper | PastPass, ...] = (*self.past, *self.papers, *self.visits)
        return {used.u: used for used in kept}

    @property
    def groups(self) -> list[list[Visit]]:
        """The visits by who went together, in order of time; most are groups of one."""
        found: dict[bytes, list[Visit]] = {}
        for visit in self.visits:
            found.setdefault(visit.group, []).append(visit)
        return list(found.values())

    def day(self, epoch: int) -> Day | None:
        """What is kept for an epoch."""
        return next((day for day in self.days if day.epoch == epoch), None)

    def with_day(self, day: Day) -> Wallet:
        """This wallet with `day` in the place of what was kept for its epoch."""
        others = [other for other in self.days if other.epoch != day.epoch]
        return replace(self, days=tuple(sorted([*others, day], key=lambda stored: stored.epoch)))

    def with_visits(self, *visits: Visit) -> Wallet:
        """This wallet with visits in the place of those with the same pass, and the others behind them."""
        by_pass = {visit.u: visit for visit in (*self.visits, *visits)}
        return replace(self, visits=tuple(by_pass.values()))

    def without_expired(self, domain: Domain, now: int, retention_days: int, memory_days: int) -> Wallet:
        """This wallet without past days, exits that come too late, and what is older than the retention period.

        Of the last, the passes alone are kept until `memory_days` after their day.
        """
        today, oldest = domain.epoch_at(now), now - retention_days * EPOCH_SECONDS
        visits = [visit for visit in self.visits if visit.entered >= oldest]
        papers = [paper for paper in self.papers if domain.epoch_begins(paper.epoch + 1) >= oldest]
        kept = {visit.u for visit in visits} | {paper.u for paper in papers}
        past = tuple(
            PastPass(used.epoch, u)
            for u, used in self.used.items()
            if u not in kept and domain.epoch_begins(used.epoch + 1) >= now - memory_days * EPOCH_SECONDS
        )
        return replace(
            self,
            days=tuple(day for day in self.days if day.epoch >= today),
            visits=tuple(
                visit if now <= visit.entered + MAX_STAY else replace(visit, exit_pass=None) for visit in visits
            ),
            papers=tuple(papers),
            past=past,
        )

    def within_limits(self) -> Wallet:
        """This wallet without what is too much of it, so that nothing ever hinders a pass from being marked as used.

        Of the oldest visits and papers the passes alone are kept, and of those the newest.
        """
        visits, papers = self.visits[-MAX_VISITS:], self.papers[-MAX_PAPERS:]
        older: tuple[Visit | Paper, ...] = (*self.papers[:-MAX_PAPERS], *self.visits[:-MAX_VISITS])
        past = (*self.past, *(PastPass(used.epoch, used.u) for used in older))
        return replace(self, days=self.days[:MAX_DAYS], visits=visits, papers=papers, past=past[-MAX_PAST:])
