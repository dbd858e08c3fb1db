"""The officers of a town: their desks, and the links with which each of them makes a passkey."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession

from lab.guide import short_path
from lab.processes import Servers
from lab.town import Town
from service.pages import is_built

OFFICERS = {"operator": ("김하나", "이두나"), "authority": ("박세나", "최네오")}
"""Two of each party, because a decision takes two."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A party's desk, where it is, and a link for each officer; none once there are officers."""

    role: str
    url: str
    links: Mapping[str, str]


def appoint_custodians(town: Town) -> None:
    """Split each party's keys for two custodians, who put the first officers into force."""
    for role in OFFICERS:
        shares = str(_shares(town, role))
        town.officer(role, "custody", "split", "--threshold", "2", "--custodians", "2", "--output", shares)


async def open_desks(town: Town, servers: Servers, session: ClientSession, ports: Mapping[str, int]) -> list[Desk]:
    """Start both desks, at these ports, if their page is built."""
    if not is_built("desk"):
        return []
    desks = []
    for role, names in OFFICERS.items():
        url, name = f"http://localhost:{ports[role]}", f"{role}-desk"
        servers.start(name, "escrow", role, "--home", str(town.directory / role), "desk")
        is_new = not town.officer(role, "officers", "list").startswith("set ")
        links = {one: town.officer(role, "officers", "add", one) for one in names} if is_new else {}
        await servers.wait_ready(session, name, url)
        desks.append(Desk(role, url, links))
    return desks


def desks_guide(town: Town, desks: list[Desk]) -> str:
    """Where officers go, and how they become officers."""
    if not desks:
        return "The officers' page is not built: that needs Node.js, and make web.\n"
    lines = ["Officers' desks, for a browser on this machine:"]
    lines += [f"  {desk.url}/desk/  the {desk.role}'s officers" for desk in desks]
    for desk in desks:
        if desk.links:
            lines.append(f"Officers of the {desk.role} each make a passkey, within a day, with a link of their own:")
            lines += [f"  {name}  {link}" for name, link in desk.links.items()]
            lines += ["Then custodians, whose shares a town keeps, put them into force:", _establish(town, desk.role)]
    return "\n".join([*lines, ""])


def _establish(town: Town, role: str) -> str:
    python, home = short_path(Path(sys.executable)), short_path(town.directory / role)
    shares = " ".join(short_path(_shares(town, role) / f"{role}-{number}-of-2.share") for number in (1, 2))
    return f"{python} -m escrow {role} --home {home} officers establish \\\n  {shares}"


def _shares(town: Town, role: str) -> Path:
    return town.directory / f"{role}-custodians"
