"""The whole story with real parts, from enrolment to erasure and the audit of what the parties put on record."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from aiohttp import ClientSession
from rich.console import Console

from client.errors import NotIssued
from client.papers import print_papers
from client.posters import fetch_poster
from client.visits import check_in, group_to_leave, open_entries, open_entry, open_exits
from escrow.authority.authority import Authority
from escrow.operator.operator import Operator
from lab.coalition import (
    assisted_opened_by,
    opened_by,
    recognised_by_authority,
    recognised_by_operator,
    stored_assisted,
    stored_check_ins,
    traces_on_disk,
)
from lab.disks import disk_table
from lab.door import Door
from lab.outbreak import Day, Outbreak
from lab.processes import ProcessFailed, Servers, command_output
from lab.result import Result
from lab.second_operator import SecondOperator
from lab.story import Story
from lab.town import CAFE, CLUB, Person, Town
from protocol.check_ins import TIME_STEP, CheckInMessage
from protocol.http_messages import Decision
from protocol.passes import PASS_BYTES, Pass
from protocol.qr_text import from_qr_text, to_qr_text
from service.clock import unix_time
from service.http_client import new_session
from venue.poster import poster_text

STRANGER = ("변학도", "+821099990000")
"""What somebody without a phone tells the club's staff."""
CHILDREN, PAPERS = 2, 1
"""Who comes with the passes of somebody who is there anyway: with a parent's phone, and with a grandchild's paper."""
FAMILY = 1 + CHILDREN
PASS_SECONDS = 180
BY_CODE = 2
"""A visitor who is at the club in the window, by code."""


class Demo:
    """One run of the story, in a directory that the caller removes."""

    def __init__(self, directory: Path, visitors: int, console: Console) -> None:
        self._directory, self._visitors = directory, visitors
        self._town = Town(directory, minimum_accounts=min(5, visitors), mixing_seconds=min(10, 3 + visitors // 10))
        self._pictures = directory / "pictures"
        self._pictures.mkdir()
        self._club: Door
        self._cafe: Door
        self._second: SecondOperator
        self._result = Result(visitors)
        self._story = Story(console, self._result)

    async def run(self) -> Result:
        """Tell the story; what does not hold is in the result's failures."""
        second = self._directory / "second"
        second.mkdir()
        async with new_session(PASS_SECONDS) as session:
            with Servers(self._directory) as servers, Servers(second) as others:
                self._second = SecondOperator(
                    self._story, self._town, self._directory, session, BY_CODE, self._visitors
                )
                await self._tell(servers, others, session)
        return self._result

    async def _tell(self, servers: Servers, others: Servers, session: ClientSession) -> None:
        town, stage = self._town, self._story.stage
        with stage("setup", "Two operators, their authority and two venues start, each with keys of its own"):
            await town.found(servers, session)
            self._club = Door(await town.open_venue(servers, session, CLUB), session, self._pictures)
            self._cafe = Door(await town.open_venue(servers, session, CAFE), session, self._pictures)
            await self._second.settle(others, self._club.place)
        with stage("enrolment", f"{self._visitors} visitors verify their phone numbers"):
            await self._story.each(range(self._visitors), lambda _: town.enrol(session), "enrolled", at_once=1)
        with stage("passes", "Each fetches passes for today; the operator mixes their requests"):
            await self._fetch_passes(session)
            await self._second.supply()
        with stage("doors", "They show one-time QR codes at the doors, scan a poster, or come without a phone"):
            day = await self._visits(session)
        with stage("refusals", "Somebody tries codes that are not theirs, or not of now"):
            await self._tricks()
        with stage("one_party", "One escrow party and all venues try to open all that they hold"):
            await asyncio.to_thread(self._try_alone)
        outbreak = Outbreak(self._story, town, day, session, self._directory)
        with stage("notice", f"The authority warns whoever was at {CAFE}, and opens nothing"):
            await outbreak.warn()
        with stage("commitments", f"An outbreak at {CLUB}, and a warrant of both parties; its owner tries to cheat"):
            warrant = await asyncio.to_thread(outbreak.draw_and_countersign)
            await outbreak.cheat(bytes.fromhex(warrant))
        with stage("outbreak", "The venue releases what the warrant covers, and both parties open it together"):
            await asyncio.to_thread(outbreak.open, warrant)
        with stage("disclosure", "This warrant has no embargo: both parties publish at once what they opened"):
            await outbreak.disclose()
        with stage("case", "The same outbreak as one case, with the visitors of both operators in one list"):
            await asyncio.to_thread(self._second.investigate, day)
        with stage("erasure", "The operator alone erases its share of the day; the authority asks again"):
            await outbreak.ask_after_erasure()
        with stage("audit", "Anybody audits the public logs, with domain.toml and the keys and lists a visitor got"):
            await asyncio.to_thread(outbreak.audit)
        self._story.show(disk_table(town, town.people[4], self._cafe.place))

    async def _fetch_passes(self, session: ClientSession) -> None:
        """All at once, so that there is one batch."""
        counts: list[int] = []

        async def fetch(person: Person) -> None:
            try:
                counts.append(await self._town.fetch_passes(session, person))
            except NotIssued:  # the others' batch left without this one, and a small one is not sent
                counts.append(0)

        await self._story.each(self._town.people, fetch, "asked for passes", at_once=self._visitors)
        if 0 in counts:
            raise ProcessFailed("this machine is too busy to mix all visitors' requests in one batch; try again")
        allowance = self._town.settings.allowance
        self._result.expect("everyone gets the allowance", holds=set(counts) == {allowance})

    async def _visits(self, session: ClientSession) -> Day:
        """Come and gone early, in the window, and late at the club; some at the cafe as well."""
        early, by_code, also_by_code, by_poster, late = (self._town.people[start::5] for start in range(5))
        await self._story.each(early, lambda person: self._enter(person, self._club), "early at the club")
        await self._story.each(
            early, lambda person: self._leave(person, self._club), "checked out before the time of the outbreak"
        )
        begins = await self._story.next_label_time("the window begins")
        family, *alone = by_code
        await self._story.each(
            [*alone, *also_by_code], lambda person: self._enter(person, self._club), "at the club, by code"
        )
        await self._second.come(self._club)
        await self._story.each(by_poster, lambda person: self._scan(session, person), "at the club, by its poster")
        await self._enter(family, self._club, FAMILY)
        self._story.say("club", f"a family of {FAMILY} came in with one phone, a pass for each")
        await self._without_phones(also_by_code[0])
        await self._story.each(alone, lambda person: self._leave(person, self._club), "left the club")
        self._result.left_together = await self._leave(family, self._club)
        self._story.say("club", f"the family left together: {self._result.left_together} exits, children too")
        self._result.expect("a family leaves together", holds=self._result.left_together == FAMILY)
        await self._story.each([*early, *late], lambda person: self._enter(person, self._cafe), "at the cafe")
        window = begins, await self._story.next_label_time("the window ends")
        await self._story.each(late, lambda person: self._enter(person, self._club), "late at the club")
        return Day(
            club=self._club.place,
            cafe=self._cafe.place,
            window=window,
            at_club=frozenset(person.phone for person in [*by_code, *also_by_code, *by_poster]),
            at_cafe=frozenset(person.phone for person in [*early, *late]),
            asserted=STRANGER,
            family=family.phone,
            family_size=FAMILY,
            companions=CHILDREN + PAPERS,
            left_before=frozenset(person.phone for person in early),
        )

    async def _without_phones(self, grandchild: Person) -> None:
        """Somebody comes with a paper pass, and somebody tells staff a name."""
        (paper,) = await asyncio.to_thread(print_papers, grandchild.visitor, self._town.today, 1)
        self._admitted(await self._club.show(paper))
        self._story.say("club", "somebody came in with a paper pass that a grandchild had printed")
        typed = "\n".join((*STRANGER, "y", ""))
        command = ("venue", "--home", str(self._club.place.home), "admit")
        output = await asyncio.to_thread(command_output, *command, typed=typed)
        self._story.say("club", output[output.index("ADMITTED") :].splitlines()[0])

    async def _enter(self, person: Person, door: Door, people: int = 1) -> None:
        for screen in await asyncio.to_thread(open_entries, person.visitor, people):
            self._admitted(await door.show(screen.text(unix_time())))

    async def _leave(self, person: Person, door: Door) -> int:
        """Leave with everyone of the latest group; returns how many that were."""
        visitor = person.visitor
        screens = await asyncio.to_thread(lambda: open_exits(visitor, group_to_leave(visitor)))
        for screen in screens:
            self._admitted(await door.show(screen.text(unix_time())))
        return len(screens)

    async def _scan(self, session: ClientSession, person: Person) -> None:
        _, link = poster_text(self._club.place.venue)
        venue = await fetch_poster(session, person.visitor.domain, link)
        self._admitted(await check_in(person.visitor, session, venue))

    def _admitted(self, decision: Decision) -> None:
        if decision is Decision.ADMITTED:
            self._result.checkins_accepted += 1
        self._result.expect("every honest check-in is admitted", holds=decision is Decision.ADMITTED)

    async def _tricks(self) -> None:
        """What must be refused, each from a code that would have been admitted."""
        person, other = self._town.people[0], self._town.people[1]
        screen = await asyncio.to_thread(open_entry, person.visitor)
        picture = await asyncio.to_thread(self._cafe.photograph, screen.text(unix_time()))
        self._admitted(await self._cafe.read(picture))
        shown = from_qr_text(screen.text(unix_time()))
        earlier = await asyncio.to_thread(open_entry, other.visitor)
        later = replace(shown, time=shown.time + TIME_STEP)
        tricks = {
            "the same picture again": (picture, Decision.ALREADY_SPENT, "a pass comes in once"),
            "a code of ten minutes ago": (
                self._photograph(earlier.text(unix_time() - 600)),
                Decision.TOO_OLD,
                "a code is good for half a minute",
            ),
            "a pass of one's own making": (
                self._photograph(to_qr_text(_with_forged_pass(shown))),
                Decision.FORGED,
                "the authority signs passes",
            ),
            "that code with another time": (
                self._photograph(to_qr_text(later)),
                Decision.FORGED,
                "the pass signs the time",
            ),
        }
        for trick, (tried, expected, reason) in tricks.items():
            decision = await self._cafe.read(tried)
            if decision is not Decision.ADMITTED:
                self._result.checkins_refused[decision.name.lower()] += 1
            self._result.expect(f"{trick} is refused as {expected.name.lower()}", holds=decision is expected)
            self._story.tell(f"{trick}: {_verdict(decision)}: {reason}")

    def _photograph(self, text: str) -> Path:
        return self._cafe.photograph(text)

    def _try_alone(self) -> None:
        """Each party with all venues' databases; then both, to show that the attempt can succeed."""
        town = self._town
        operator, authority = Operator(town.operator), Authority(town.authority)
        engines = [place.venue.home.engine for place in town.places]
        check_ins = stored_check_ins(engines, town.settings.number)
        epoch_key = authority.epochs.cache.key(town.today)
        assert epoch_key is not None
        secrets = {party: party.epochs.secret(town.today) for party in (operator, authority)}
        by_operator, by_authority = recognised_by_operator(operator), recognised_by_authority(authority, epoch_key)
        assisted = stored_assisted(engines)
        attempts = {
            "operator and venues": opened_by([secrets[operator]], check_ins, by_operator)
            + assisted_opened_by([secrets[operator]], epoch_key, assisted)
            + traces_on_disk(town.operator, self._directory / "operator.log", check_ins),
            "authority and venues": opened_by([secrets[authority]], check_ins, by_authority)
            + assisted_opened_by([secrets[authority]], epoch_key, assisted)
            + traces_on_disk(town.authority, self._directory / "authority.log", check_ins),
        }
        for who, opened in attempts.items():
            self._story.tell(f"{who}: {opened} of {len(check_ins) + len(assisted)} opened")
            self._result.opened_by_one_party += opened
        both = opened_by(list(secrets.values()), check_ins, by_authority)
        both += assisted_opened_by(list(secrets.values()), epoch_key, assisted)
        stored = len(check_ins) + len(assisted)
        self._story.tell(f"for comparison, the same attempt with both shares: {both} of {stored}")
        self._result.expect("no party opens anything alone", holds=self._result.opened_by_one_party == 0)
        self._result.expect("both parties together can open everything", holds=both == stored > 0)


def _verdict(decision: Decision) -> str:
    words = decision.name.lower().replace("_", " ")
    return f"[red]{words}[/]" if decision is Decision.ADMITTED else f"[green]refused[/], {words}"


def _with_forged_pass(message: CheckInMessage) -> CheckInMessage:
    """The same check-in with a pass that the authority never signed: `v` of another."""
    forged = Pass(message.u, bytes(reversed(message.v)), message.pass_signature)
    return replace(message, signed_pass=bytes(forged) + message.signed_pass[PASS_BYTES:])
