"""What there is for officers to decide on, and what is done once they have. Spec: §6.9."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import ClientSession

from escrow.desk.approvals import Asked, CastVote
from escrow.desk.jobs import Job, Work
from escrow.desk.records import Action, OfficerSet, Subject, of_venue
from escrow.desk.views import View, officers_view, venue_view
from escrow.party import Party
from escrow.venues import Application
from protocol.primitives.encoding import decode_item
from protocol.warrants import Venue, Warrant
from service.keys import fingerprint


@dataclass(frozen=True, slots=True)
class Matter:
    """Something to decide on. `title` is what it is about, as the page shows it.

    `approve` and `refuse` are what is done when enough officers have, with a word for it; nothing if there is nothing
    to do. `is_done`: it was.
    """

    subject: Subject
    title: View
    approve: tuple[str, Work] | None = None
    refuse: Callable[[str], tuple[str, Work]] | None = None
    is_done: bool = False
    asked: Asked | None = None

    @property
    def matter_id(self) -> str:
        """What the page calls it."""
        return self.subject.subject_id.hex()

    @property
    def warrant_id(self) -> bytes | None:
        """The warrant that it is about, if it is about one."""
        is_warrant = self.subject.action is Action.WARRANT
        return Warrant.from_bytes(self.subject.payload).warrant_id if is_warrant else None

    def view(self, party: Party, officer: str) -> View:
        """As the page shows it to an officer."""
        tally = party.approvals.tally(self.subject)
        mine = next((cast.vote.decision for cast in tally.standing if cast.officer == officer), None)
        state = "refused" if tally.is_refused else "approved" if tally.is_approved else "waiting"
        counting = {cast.vote.nonce for cast in tally.standing}
        return {
            "id": self.matter_id,
            "kind": self.subject.action.name.lower(),
            "title": self.title,
            "payload": self.subject.payload.hex(),
            "replaced": self.subject.replaced.hex(),
            "needed": tally.needed,
            "state": "done" if self.is_done else state,
            "asked_by": (self.asked and self.asked.asked_by) or None,
            "since": self.asked and self.asked.time,
            "votes": [_vote_view(cast, counts=cast.vote.nonce in counting) for cast in tally.votes],
            "approvals": tally.approvals,
            "refusals": tally.refusals[0],
            "mine": mine and mine.name.lower(),
        }

    def decided(self, party: Party) -> tuple[str, Work] | None:
        """What is to be done now, as the votes are."""
        if self.is_done:
            return None
        tally = party.approvals.tally(self.subject)
        if self.refuse and tally.is_refused:
            return self.refuse(tally.refusals[1])
        return self.approve if tally.is_approved else None


def asked_matters(party: Party) -> list[Matter]:
    """What somebody asked both parties' officers for: erasures, and other sets of officers."""
    return [matter for asked in party.approvals.asked() for matter in _asked(party, asked)]


def venue_matters(party: Party, subject_id: bytes | None = None) -> list[Matter]:
    """Applications of venues, and changes of their keys; or the one with this subject alone."""
    return [_of_venue(party, application) for application in party.venues.waiting(subject_id)]


def _of_venue(party: Party, application: Application) -> Matter:
    record, approved, agreed = application
    replaces = fingerprint(approved.key) if approved else None
    title = {**venue_view(record), "replaces": replaces, "agreed": agreed}
    approve = "approve venue", _approve_venue(party, record)
    return Matter(of_venue(record, approved), title, approve, _refuse_venue(party, record))


def _approve_venue(party: Party, record: Venue) -> Work:
    async def work(_session: ClientSession, job: Job) -> None:
        await asyncio.to_thread(party.venues.approve, record, party.identity)
        job.tell(record.name, "approved")

    return work


def _refuse_venue(party: Party, record: Venue) -> Callable[[str], tuple[str, Work]]:
    def refuse(_reason: str) -> tuple[str, Work]:
        async def work(_session: ClientSession, job: Job) -> None:
            await asyncio.to_thread(party.venues.refuse, record)
            job.tell(record.name, "refused")

        return "refuse venue", work

    return refuse


def _asked(party: Party, asked: Asked) -> list[Matter]:
    subject = asked.subject

    def close(_reason: str) -> tuple[str, Work]:
        async def work(_session: ClientSession, job: Job) -> None:
            await asyncio.to_thread(party.approvals.close, subject)
            job.tell("", "refused")

        return "refuse", work

    if subject.action is Action.ERASE:
        (epoch,) = decode_item(subject.payload)
        title: View = {"epoch": epoch, "begins": party.domain.epoch_begins(epoch)}
        is_done = asked.done is not None or party.epochs.vault.is_erased(epoch)
        return [Matter(subject, title, ("erase", _erase(party, epoch)), close, is_done, asked)]
    if subject.action is Action.OFFICERS:
        made, present = OfficerSet.from_bytes(subject.payload), party.officers.present()
        is_done = asked.done is not None or present is None or made.version != present.version + 1
        return [
            Matter(
                subject, _change_title(made, present), ("change officers", _change(party, made)), close, is_done, asked
            )
        ]
    return []


def _change_title(made: OfficerSet, present: OfficerSet | None) -> View:
    before, after = set(present.names if present else ()), set(made.names)
    return {**officers_view(made), "added": sorted(after - before), "removed": sorted(before - after)}


def _erase(party: Party, epoch: int) -> Work:
    async def work(_session: ClientSession, job: Job) -> None:
        await asyncio.to_thread(party.erase_early, epoch)
        faults = await asyncio.to_thread(party.epochs.vault.mirror)
        job.tell(f"epoch {epoch}", "erased", warnings=tuple(faults.all))

    return work


def _change(party: Party, made: OfficerSet) -> Work:
    async def work(_session: ClientSession, job: Job) -> None:
        await asyncio.to_thread(party.change_officers, made)
        job.tell("", f"set {made.version} is in force")

    return work


def _vote_view(cast: CastVote, *, counts: bool) -> View:
    vote = cast.vote
    return {
        "officer": cast.officer,
        "decision": vote.decision.name.lower(),
        "reason": vote.reason,
        "time": cast.time,
        "counts": counts,
    }
