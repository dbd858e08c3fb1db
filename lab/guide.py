"""What somebody who started a town wants to know: where everything is, and what to try first."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path

from lab.town import Town
from service.cli import local_time
from service.pages import is_built

VISITOR = "you"
"""The home of whoever tries the town as a visitor."""
SCRIPT = "first-check-in.sh"
PHONE, NAME, PASSPHRASE = "+821012345678", "홍길동", "town"


def write_script(town: Town) -> None:
    """Write what is to be tried first as a shell script."""
    commands = "\n".join(command for _, command in _first_check_in(town))
    script = f"cd {shlex.quote(str(Path.cwd()))}\nset -ex\n{commands}\n"
    (town.directory / SCRIPT).write_text(script, "utf-8")


def guide(town: Town, messages_port: int, desks: str = "") -> str:
    """Addresses, homes, what there is for officers, and the commands to try first."""
    servers = [
        (town.settings.operator.url, town.operator, "the operator"),
        (town.settings.authority.url, town.authority, "the authority"),
        *((place.url, place.home, place.name) for place in town.places),
    ]
    width = max(len(short_path(home)) for _, home, _ in servers)
    listed = "".join(f"  {url}  {short_path(home):{width}}  {who}\n" for url, home, who in servers)
    tried = "".join(
        f"{number}. {what}:\n{command}\n" for number, (what, command) in enumerate(_first_check_in(town), start=1)
    )
    return f"""
The town is ready. On its clocks it is {clock(town)}.

{listed}
{_pages(town, messages_port)}
{desks}
Each server's log is beside its home, as {short_path(town.directory)}/operator.log.
A real operator issues passes when ten visitors ask at a time. Here two are
enough, and the second is a neighbour, who asks when you do.

Try these in another terminal, in this folder, one after the other. All of them:
sh {short_path(town.directory / SCRIPT)}

{tried}
Messages with codes are shown here. Ctrl-C stops the town; it is kept.
"""


def _pages(town: Town, messages_port: int) -> str:
    """The address of every page."""
    pages = [(f"http://127.0.0.1:{messages_port}/", "the messages that phones got")]
    if is_built("visitor"):
        pages.insert(0, (f"{town.settings.operator.url}/visitor/", "the page for visitors"))
    for place in town.places:
        if is_built("door"):
            pages.append((town.door_link(place), f"the page for the door of {place.name}"))
        pages.append((f"{place.url}/v/{place.id.hex()}", f"what a poster of {place.name} opens"))
    listed = "".join(f"  {address}  {what}\n" for address, what in pages)
    if is_built("door"):
        venue = f"{short_path(Path(sys.executable))} -m venue --home {short_path(town.places[0].home)}"
        listed += (
            f"A door's link pairs one browser, once and within 15 minutes. For another:\n  {venue} readers add tablet\n"
        )
    missing = (
        ""
        if is_built("visitor")
        else "The pages for visitors and doors are not built: that needs Node.js, and make web.\n"
    )
    return f"Pages, for a browser on this machine:\n{listed}{missing}"


def clock(town: Town) -> str:
    """The time in a town."""
    return local_time(int(time.time()), town.settings.utc_offset)[11:]


def _first_check_in(town: Town) -> list[tuple[str, str]]:
    """What to do, and the command that does it."""
    python, home = short_path(Path(sys.executable)), short_path(town.directory / VISITOR)
    client = f"SPLITPASS_PASSPHRASE={PASSPHRASE} {python} -m client --home {home}"
    door, picture = town.places[0], short_path(town.directory / VISITOR / "code.png")
    venue = f"{python} -m venue --home {short_path(door.home)}"
    outbox = short_path(town.operator / "outbox.txt")
    return [
        (
            "Verify a phone number, with the code of the message",
            f"{client} enrol \\\n  --phone {PHONE} --name {NAME} --code-file {outbox}",
        ),
        ("Fetch passes for today and the next three days", f"{client} fetch"),
        ("Show a code as a picture; it is good for half a minute", f"{client} show \\\n  --once --png {picture}"),
        (f"Read it at the door of {door.name}", f"{venue} read {picture}"),
        ("See how many came", f"{venue} status"),
    ]


def short_path(path: Path) -> str:
    """A path for a shell, from the current folder if it is in there."""
    absolute, here = Path.cwd() / path, Path.cwd()
    return shlex.quote(str(absolute.relative_to(here) if absolute.is_relative_to(here) else absolute))
