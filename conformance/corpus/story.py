"""Four days of two parties, from the day on which a visitor checked in to the audit; everything in it is pinned.

Both publish three epochs ahead. The operator keeps an epoch for one day after its end, the authority for two.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache

from conformance.corpus.party import Party, witnessed
from conformance.corpus.recording import Answer, Found, Recording, Seen
from conformance.vectors.joint_notices import publish_notice as sign_both
from conformance.vectors.pinned import Draws, pinned
from conformance.vectors.world import DOMAIN, EPOCH, IDENTITY, NOW, PASSES, STATEMENTS, TIME, WARRANT
from protocol.disclosures import DisclosedOpening, OpeningRecord, record_opening, sign_disclosure
from protocol.epochs import EPOCH_SECONDS, Role, create_epoch
from protocol.notices import list_digest, notice_digest
from protocol.transparency.log_entries import (
    DisclosurePublished,
    EpochErased,
    EpochPublished,
    NoticePublished,
    SharesReleased,
    WarrantDecided,
    WarrantDecision,
    commit_to_warrant,
)
from protocol.transparency.logs import other_party

BOTH = (None, "notices")
"""Neither party signs a notice."""
DAYS = 4
AHEAD = 3
RETENTION_DAYS = {Role.OPERATOR: 1, Role.AUTHORITY: 2}
HOUR = 3600
HOUSEKEEPING = 600
"""When a party does, each day, what is to be done: so many seconds after the day began."""
OPENED_PASSES = tuple(owned.public.u for owned in PASSES)


def day(number: int) -> int:
    """When a day of the story begins; the first is 0."""
    return DOMAIN.epoch_begins(EPOCH + number)


DISCLOSES = day(2) + 12 * HOUR
OPENING_WARRANT = replace(WARRANT, discloses=DISCLOSES)
AUDITED = day(3) + 13 * HOUR
"""When the audit is made: the parties' time to disclose the opening has been over for an hour."""


def record_of(role: Role, passes: tuple[bytes, ...] = OPENED_PASSES, warrant_id: bytes = b"") -> OpeningRecord:
    """A party's record of opening passes under the warrant of the story, or of another id."""
    warrant = replace(OPENING_WARRANT, warrant_id=warrant_id or OPENING_WARRANT.warrant_id)
    return record_opening(warrant, pinned("corpus release"), passes, Draws(f"corpus opening {role.name}"))


@dataclass(frozen=True, slots=True)
class Opened:
    """What a party puts on record when it gives shares, and the number of the disclosure in which it tells of it."""

    record: OpeningRecord
    told_in: int | None = 3
    discloses: int = DISCLOSES
    count: int | None = None

    @property
    def entry(self) -> SharesReleased:
        """What its log says."""
        count = len(self.record.digests) if self.count is None else self.count
        return SharesReleased(count, self.discloses, self.record.commitment)


HONEST = {role: Opened(record_of(role)) for role in Role}


@dataclass
class World:
    """Both parties at Unix time `now`. `cosigned` is when each log was last; `instead` is answered in another's place.

    An answer that is None is none. A party that is `silent` has no server.
    """

    parties: dict[Role, Party] = field(default_factory=lambda: {role: Party(role) for role in Role})
    now: int = AUDITED
    cosigned: dict[Role, int] = field(default_factory=lambda: dict.fromkeys(Role, AUDITED - HOUSEKEEPING))
    instead: dict[Role, dict[str, Answer | None]] = field(default_factory=lambda: {role: {} for role in Role})
    silent: set[Role] = field(default_factory=set)
    seen: list[Seen] = field(default_factory=list)
    findings: list[Found] = field(default_factory=list)
    after: str | None = None
    most_new_entries: int | None = None

    @property
    def operator(self) -> Party:
        """The operator."""
        return self.parties[Role.OPERATOR]

    @property
    def authority(self) -> Party:
        """The authority."""
        return self.parties[Role.AUTHORITY]

    def checkpoint(self, role: Role) -> bytes:
        """The newest checkpoint of a party's log."""
        return self.parties[role].checkpoint(self.cosigned[role])

    def goes_on(self, seconds: int) -> None:
        """Time passes, in which both logs are cosigned again."""
        self.now += seconds
        self.cosigned = {role: time + seconds for role, time in self.cosigned.items()}

    def found(self, role: Role, fault: str, evidence: bytes = b"", **about: int | str) -> None:
        """The report is to name this."""
        self.findings.append(Found(role, fault, about, evidence))

    def recording(self, title: str) -> Recording:
        """All that an auditor is told and answered."""
        answers: dict[Role, dict[str, Answer] | None] = {}
        for role, party in self.parties.items():
            said: dict[str, Answer | None] = dict(party.answers(self.cosigned[role]))
            said[witnessed(other_party(role))] = Answer(self.checkpoint(other_party(role)))
            said |= self.instead[role]
            kept = {request: answer for request, answer in said.items() if answer is not None}
            answers[role] = None if role in self.silent else kept
        return Recording(title, self.now, answers, self.seen, self.findings, self.after, self.most_new_entries)


def tell(
    operator: Opened | None = HONEST[Role.OPERATOR],
    authority: Opened | None = HONEST[Role.AUTHORITY],
    erased: tuple[Role, int] | None = None,
    stops: tuple[Role | None, str] | None = None,
) -> World:
    """The story up to the audit, with what each party puts on record of the opening; by default it is honest.

    `erased` is who erased the epoch of the day after, and how many seconds after the operator gave shares. A party that
    `stops` puts no further list of that kind on record after the first day; None is both parties.
    """
    world, opened = World(), {Role.OPERATOR: operator, Role.AUTHORITY: authority}
    releases: dict[Role, int] = {}
    for number in range(DAYS):
        for role, party in world.parties.items():
            _keep_epochs(party, number)
            its = opened[role]
            told = DisclosedOpening(releases[role], its.record) if its is not None and its.told_in == number else None
            if not number or stops != (role, "disclosures"):
                publish_disclosure(party, number, told)
        stopped = stops if number else None
        publish_notice(world, number, *(role for role in Role if stopped not in {(role, "notices"), BOTH}))
        if number == 1:
            decide(world.operator)
            if erased is not None and erased[1] < 0:
                erase_epoch(world.parties[erased[0]], EPOCH + 2, NOW + erased[1])
            for delay, (role, its) in enumerate(opened.items()):
                if its is not None:
                    releases[role] = world.parties[role].say(NOW + delay, its.entry)
            if erased is not None and erased[1] > 0:
                erase_epoch(world.parties[erased[0]], EPOCH + 2, NOW + erased[1])
        if number == 0:
            _client_sees(world, checked_in=True)
        if number == 2:
            _client_sees(world, checked_in=False)
    return world


@cache
def statement_of(role: Role, epoch: int, name: str = "corpus") -> bytes:
    """A party's statement of an epoch; that of another `name` is another one."""
    if epoch == EPOCH and name == "corpus":
        return STATEMENTS[role]
    return create_epoch(DOMAIN, role, epoch, Party(role).identity, Draws(f"{name} epoch {epoch} {role.name}"))[1]


def erase_by(role: Role, epoch: int) -> int:
    """By when a party promises to erase an epoch."""
    return DOMAIN.epoch_begins(epoch + 1) + RETENTION_DAYS[role] * EPOCH_SECONDS


def publish_epoch(party: Party, epoch: int, time: int) -> None:
    """The party publishes an epoch."""
    party.statements[epoch] = statement_of(party.role, epoch)
    party.say(time, EpochPublished(party.statements[epoch], erase_by(party.role, epoch)))


def erase_epoch(party: Party, epoch: int, time: int) -> None:
    """The party erases an epoch."""
    party.say(time, EpochErased(epoch))
    party.erased.add(epoch)
    del party.statements[epoch]


def decide(operator: Party) -> None:
    """The operator's officer countersigns the warrant of the opening and refuses another one."""
    other = replace(OPENING_WARRANT, warrant_id=pinned("corpus refused warrant", 16))
    decided = {WarrantDecision.REFUSED: other, WarrantDecision.COUNTERSIGNED: OPENING_WARRANT}
    for hours, (decision, warrant) in enumerate(decided.items(), start=1):
        commitment = commit_to_warrant(warrant.to_bytes(), pinned(f"corpus salt {decision.name}"))
        operator.say(WARRANT.issued + HOUR * hours, WarrantDecided(decision, commitment))


def disclosure(role: Role, number: int, time: int, *openings: DisclosedOpening) -> bytes:
    """A party's disclosure."""
    return sign_disclosure(DOMAIN, role, number, time, openings, Party(role).identity)


def publish_disclosure(party: Party, number: int, opening: DisclosedOpening | None, time: int | None = None) -> None:
    """The party publishes its disclosure of a day."""
    made = day(number) + HOUSEKEEPING if time is None else time
    statement = disclosure(party.role, number, made, *([opening] if opening else []))
    party.lists["disclosures"][number] = statement
    party.say(made, DisclosurePublished(number, list_digest(statement)))


@cache
def notice(number: int, time: int, advice: str = "", passes: tuple[bytes, ...] = ()) -> bytes:
    """A notice that both parties have signed."""
    seed = pinned(f"corpus notice {number} {advice}")
    return sign_both(DOMAIN, IDENTITY, number, time, advice, passes, seed)


def publish_notice(world: World, number: int, *signers: Role) -> None:
    """The notice of a day; that of the third is for those whose visits were opened. The authority gives it."""
    said = ("가까운 보건소에서 검사를 받으십시오.", OPENED_PASSES) if number == 2 else ("", ())
    time = day(number) + HOUSEKEEPING
    published = notice(number, time, *said)
    for role in signers:
        world.parties[role].say(time, NoticePublished(number, notice_digest(published)))
    if Role.AUTHORITY in signers:
        world.authority.lists["notices"][number] = published


def _keep_epochs(party: Party, number: int) -> None:
    """What is due on a day is erased, and the epochs ahead are published."""
    time = day(number) + HOUSEKEEPING
    for epoch in sorted(party.statements):
        if erase_by(party.role, epoch) <= time:
            erase_epoch(party, epoch, time)
    for ahead in range(AHEAD + 1):
        if EPOCH + number + ahead not in party.statements:
            publish_epoch(party, EPOCH + number + ahead, time)


def _client_sees(world: World, *, checked_in: bool) -> None:
    """What a visitor's client keeps: of the day of the visit keys and checkpoints, of a later day lists."""
    for role, party in world.parties.items():
        if checked_in:
            world.seen.append(Seen(role, "epoch", party.statements[EPOCH]))
            world.seen.append(Seen(role, "checkpoint", party.checkpoint(TIME - HOUR)))
        else:
            for kind, lists in party.lists.items():
                if lists:
                    world.seen.append(Seen(role, kind, lists[max(lists)]))
