"""An outbreak at three venues with two operators, on real servers: commands that are killed, and repeated. §6.8."""

from __future__ import annotations

import asyncio
import csv
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import pytest

from lab.processes import Servers, free_ports
from protocol.check_ins import Direction, sign_check_in
from protocol.epochs import Role
from protocol.http_messages import Decision
from service.cli import local_time
from service.http_client import new_session
from tests.support.processes import real_world
from tests.support.programs import Program, launch, output_of
from tests.support.running import run
from tests.support.servers import World
from venue.domain_setup import add_domain
from venue.home import VenueHome
from venue.registration import apply, confirm
from venue.setup import add_venue, create_home

CASE = "5월 클럽"
LAW = "감염병예방법 제76조의2"
NAMES = "클럽", "카페", "술집"
THERE = {(1, "클럽"): [1, 2], (1, "카페"): [1, 3], (2, "클럽"): [2, 4], (2, "술집"): [1, 5]}
"""Who was where, by domain and venue: the last digits of their numbers."""

pytestmark = pytest.mark.long


@dataclass
class Outbreak:
    """Two domains of one authority and the home of three venues, whose servers are processes."""

    worlds: list[World]
    venues: Path
    servers: Servers
    ids: dict[str, bytes] = field(default_factory=dict)

    def officer(self, *command: str) -> tuple[str, ...]:
        return "escrow", "authority", "--home", str(self.worlds[0].home(Role.AUTHORITY)), "case", *command

    def case(self, *command: str) -> str:
        return output_of(*self.officer(*command))

    def states(self) -> Counter[str]:
        """How many parts of the case are in each state."""
        told = re.findall(r", domain \d: ([a-z ]+)$", self.case("show", CASE), re.MULTILINE)
        return Counter(told)

    def progress(self) -> int:
        """How many steps of all warrants are stored in the authority's homes."""
        listed = [one for world in self.worlds for one in world.authority.warrants.listed()]
        return sum(1 + len(one.steps) for one in listed)

    def kill(self, log: Path, *command: str) -> bool:
        """Run a command and kill it as soon as a step is stored; whether it was killed before it ended."""
        before, started = self.progress(), Program(log, self.officer(*command))
        while self.progress() == before and started.poll() is None:
            time.sleep(0.002)
        started.kill()
        return started.wait(30) != 0

    def countersign(self) -> None:
        for world in self.worlds:
            home = ("escrow", "operator", "--home", str(world.home(Role.OPERATOR)), "warrants")
            for line in output_of(*home, "list", "--state", "pending").splitlines():
                if not line.startswith(" "):
                    output_of(*home, "countersign", line.split()[0])


@pytest.fixture
def outbreak(tmp_path: Path) -> Iterator[Outbreak]:
    worlds = []
    for number in (1, 2):
        (tmp_path / str(number)).mkdir()
        worlds.append(real_world(tmp_path / str(number), number=number))
    others = worlds[0].home(Role.AUTHORITY) / "settings.toml"
    others.write_text(others.read_text() + f'other_domains = ["{worlds[1].home(Role.AUTHORITY)}"]\n')
    with Servers(tmp_path, launch) as servers:
        outbreak = Outbreak(worlds, tmp_path / "venues", servers)
        run(begin(outbreak))
        yield outbreak


async def begin(outbreak: Outbreak) -> None:
    """Start every server, have both operators' visitors come, and have the venues commit to that."""
    (port,) = free_ports(1)
    home, url = outbreak.venues, f"http://127.0.0.1:{port}"
    for name in NAMES:
        outbreak.ids[name] = (add_venue if outbreak.ids else create_home)(home, name, url)
    (home / "settings.toml").write_text(f"port = {port}\n")
    async with new_session() as session:
        for world in outbreak.worlds:
            add_domain(home, world.settings.to_toml(), f"domain-{world.settings.number}")
            for role in Role:
                name, party = f"{world.settings.number}-{role.name}", role.name.lower()
                outbreak.servers.start(name, "escrow", party, "--home", str(world.home(role)), "serve")
        for world in outbreak.worlds:
            for role in Role:
                name = f"{world.settings.number}-{role.name}"
                await outbreak.servers.wait_ready(session, name, world.urls[role])
        served = VenueHome(home)
        for membership in served.memberships:
            membership.draw_first_key()
            await apply(membership, session)
            world = outbreak.worlds[membership.pinned.domain.number - 1]
            for role in Role:
                assert world.approve(role, membership.record).exit_code == 0
            assert await confirm(membership, session) == []
        for pinned in served.domains:
            today = pinned.domain.epoch_at(int(time.time()))
            await pinned.epochs.refresh(session, today, today)
        outbreak.servers.start("venue", "venue", "--home", str(home), "serve")
        await outbreak.servers.wait_ready(session, "venue", url)
    for world in outbreak.worlds:
        await visit(outbreak, world, served)


async def visit(outbreak: Outbreak, world: World, served: VenueHome) -> None:
    key, number = await world.epoch_key(), world.settings.number
    people = sorted({person for (domain, _), those in THERE.items() if domain == number for person in those})
    enrolled = {person: await world.enrol(person) for person in people}
    secrets = {person: (await world.register(enrolled[person], key))[0] for person in people}
    fetched = await asyncio.gather(*(world.fetch(enrolled[person], key, secrets[person]) for person in people))
    passes = {person: list(owned) for person, owned in zip(people, fetched, strict=True)}
    for (domain, name), those in THERE.items():
        for person in those if domain == number else ():
            venue = served.venue(outbreak.ids[name])
            assert venue is not None
            now = int(time.time())
            check_in = sign_check_in(key, passes[person].pop(), now - now % 15, Direction.ENTRY)
            assert venue.gate.decide(check_in, now) is Decision.ADMITTED


def test_killed_at_any_point_a_case_goes_on_and_gives_one_list(outbreak: Outbreak, tmp_path: Path) -> None:
    case, log = outbreak.case, tmp_path / "killed.log"
    for venue_id in outbreak.ids.values():
        output_of("venue", "--home", str(outbreak.venues), "commit", "--venue", venue_id.hex())
    offset = outbreak.worlds[0].settings.utc_offset
    now = int(time.time())
    window = ("--from", local_time(now - 3600, offset)[:16], "--until", local_time(now + 1, offset))
    case("start", CASE, "--legal-reference", LAW)
    chain = ("--chain", outbreak.ids["클럽"].hex())
    for _ in range(2):
        assert case("add", CASE, *chain, *window) == "1 window at 3 venues, 6 warrants to draw"
    assert outbreak.states() == {"not drawn": 6}
    assert case("check", CASE).count("commitments from its start to 12 hours after its end: ") == 6
    time.sleep(1)
    assert outbreak.kill(log, "draw", CASE, "--yes")
    case("draw", CASE, "--yes")
    assert outbreak.states() == {"drawn": 6}
    assert outbreak.kill(log, "propose", CASE)
    case("propose", CASE)
    case("watch", CASE, "--once")  # which proposes what never left
    outbreak.countersign()
    case("watch", CASE)
    assert outbreak.states() == {"countersigned": 6}
    assert outbreak.kill(log, "release", CASE)
    case("release", CASE)
    assert outbreak.states() == {"released": 6}
    kills, opening = 0, cycle([("open", CASE), ("carry-out", CASE, "-o", str(tmp_path / "carried out"))])
    while outbreak.kill(log, *next(opening)):  # whenever it has stored something, until nothing is left
        kills += 1
    assert kills >= 6
    case("open", CASE)
    assert outbreak.states() == {"opened": 6}
    assert case("open", CASE).startswith("there is nothing to do. ")

    exported = tmp_path / "export"
    assert case("export", CASE, "-o", str(exported)).startswith("5 people, ")
    with (exported / "visits.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    found: dict[tuple[int, str], list[int]] = {}
    for row in rows:
        found.setdefault((int(row["domain"].split()[0]), row["venue"]), []).append(int(row["phone"][-1]))
    assert {place: sorted(those) for place, those in found.items()} == THERE
    with (exported / "people.csv").open(encoding="utf-8-sig", newline="") as file:
        (everywhere,) = [row for row in csv.DictReader(file) if row["phone"].endswith("1")]
    assert (everywhere["visits"], set(everywhere["venues"].split(" · "))) == ("3", set(NAMES))
    for world in outbreak.worlds:  # nothing was given or counted twice
        there = sum(len(those) for (domain, _), those in THERE.items() if domain == world.settings.number)
        assert sum(world.operator.releases.totals().values()) == there
        assert sum(world.authority.releases.totals().values()) == there
    assert case("close", CASE) == f"{CASE} is closed"
