"""What a client shows, and that it never shows a pass twice. Spec: §3.8."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.clients.bench import BASIC, MORNING, ClientChecks, Tested, expect
from conformance.imitated import ALLOWANCE
from conformance.parties import TODAY
from protocol.check_ins import TIME_STEP, Direction
from protocol.epochs import EPOCH_SECONDS, MAX_STAY
from protocol.paper_passes import from_paper_text, verify_paper

checks = ClientChecks(BASIC)
FOUR_DAYS = 4 * EPOCH_SECONDS


@checks.add("3.8/entry")
async def _entry(tested: Tested) -> None:
    """A code is an entry with the clock's time, rounded down, for no venue, and both its signatures hold."""
    await tested.supply()
    tested.now += 7
    [text] = await tested.show()
    message = tested.read(text).message
    expect(message.time == tested.now - tested.now % TIME_STEP, f"the label's time is {message.time} at {tested.now}")
    expect(message.direction is Direction.ENTRY, "the label is no entry")
    [visit] = (await tested.wallet()).visits
    expect(visit["u"] == message.u.hex(), "the wallet has another pass as used than the one that was shown")


@checks.add("3.8/renewed")
async def _renewed(tested: Tested) -> None:
    """An open screen shows the same pass, signed again for the time that it is then."""
    await tested.supply()
    [first] = await tested.show()
    tested.now += TIME_STEP
    [second] = await tested.texts("renew")
    shown = [tested.read(text).message for text in (first, second)]
    expect(shown[0].u == shown[1].u, "the open screen shows another pass")
    expect(shown[1].time == shown[0].time + TIME_STEP, "the open screen does not show the present time")
    await tested.holds(ALLOWANCE - 1)


@checks.add("3.8/burned")
async def _burned(tested: Tested) -> None:
    """Each opening of the screen burns a pass, which never comes again, also not after a restart."""
    await tested.supply()
    shown = list[bytes]()
    for left in reversed(range(ALLOWANCE)):
        [text] = await tested.show()
        shown.append(tested.read(text).message.u)
        await tested.ask("restart")
        await tested.holds(left)
    expect(len(set(shown)) == ALLOWANCE, "a pass was shown at two openings of the screen")
    await tested.refuses("NoPassLeft", "show", people=1)


@checks.add("3.8/no-passes")
async def _no_passes(tested: Tested) -> None:
    """Without a pass of today nothing is shown, also if there are passes of another day."""
    await tested.enrol()
    await tested.fetch_ahead()
    await tested.refuses("NoPassLeft", "show", people=1)
    await tested.holds(ALLOWANCE, TODAY + 1)


@checks.add("3.8/group")
async def _group(tested: Tested) -> None:
    """A group burns as many passes as it has people, or none if there are fewer."""
    await tested.supply()
    await tested.refuses("NoPassLeft", "show", people=ALLOWANCE + 1)
    await tested.holds(ALLOWANCE)
    _differ(tested, await tested.show(2), 2)
    await tested.refuses("NoPassLeft", "show", people=2)
    await tested.holds(ALLOWANCE - 2)
    await tested.show()


@checks.add("3.8/after-midnight")
async def _after_midnight(tested: Tested) -> None:
    """A screen that is open at midnight does not show yesterday's pass as an entry of today."""
    await tested.supply()
    tested.now = tested.parties.domain.epoch_begins(TODAY + 1) - 1
    await tested.show()
    tested.now += 1
    await tested.refuses("WrongEpoch", "renew")


@checks.add("3.8/exit")
async def _exit(tested: Tested) -> None:
    """An exit is signed by the pass of the entry, also after midnight."""
    await tested.supply()
    tested.now = tested.parties.domain.epoch_begins(TODAY + 1) - TIME_STEP
    entry = tested.read((await tested.show())[0]).message
    tested.now += 3600
    left = tested.read((await tested.texts("leave"))[0]).message
    expect(left.direction is Direction.EXIT, "the label is no exit")
    expect(left.u == entry.u, "the exit is by another pass than the entry")


@checks.add("3.8/group-leaves")
async def _group_leaves(tested: Tested) -> None:
    """Who came in together leaves together, each with the pass of its entry."""
    await tested.supply()
    entered = _differ(tested, await tested.show(2), 2)
    tested.now += 600
    left = _differ(tested, await tested.texts("leave", 2), 2)
    expect(entered == left, "the exits are by other passes than the entries")


@checks.add("3.8/too-long-a-stay")
async def _too_long(tested: Tested) -> None:
    """There is no exit later than `MAX_STAY` after the entry, and its key is gone."""
    await tested.supply()
    await tested.show()
    tested.now += MAX_STAY + TIME_STEP
    await tested.refuses("NoVisit", "leave")


@checks.add("3.8/nothing-to-leave")
async def _nothing_to_leave(tested: Tested) -> None:
    """Without an entry there is no exit."""
    await tested.supply()
    await tested.refuses("NoVisit", "leave")
    await tested.holds(ALLOWANCE)


@checks.add("3.8/offline")
async def _offline(tested: Tested) -> None:
    """To show a code it sends nothing."""
    await tested.supply()
    with tested.nothing_sent():
        await tested.show()
        await tested.texts("renew")
        await tested.texts("leave")


@checks.add("3.8/paper")
async def _paper(tested: Tested) -> None:
    """A paper pass verifies, each has a key of its own, and its pass is never shown or printed again."""
    await tested.supply()
    said = await tested.ask("print", epoch=TODAY, count=2)
    papers = [from_paper_text(text) for text in said["texts"]]
    key = tested.parties.epoch(TODAY).key
    for paper in papers:
        verify_paper(key, paper)
    printed = {paper.u for paper in papers}
    expect(len(printed) == 2 and len({bytes(paper.k) for paper in papers}) == 2, "two papers share a pass or a key")
    expect({bytes.fromhex(u) for u in (await tested.wallet()).papers} == printed, "the wallet has other papers")
    await tested.holds(ALLOWANCE - 2)
    shown = tested.read((await tested.show())[0]).message.u
    expect(shown not in printed, "a pass was printed and shown")
    await tested.refuses("NoPassLeft", "print", epoch=TODAY, count=1)


@checks.add("3.8/forgotten")
async def _forgotten(tested: Tested) -> None:
    """Visits are deleted after the retention period, and a code of four days ago cannot be left with."""
    await tested.supply()
    await tested.show()
    tested.now = MORNING + FOUR_DAYS
    expect((await tested.wallet()).visits, "a visit of four days ago is gone")
    await tested.refuses("NoVisit", "leave")
    tested.now = MORNING + 10 * FOUR_DAYS
    expect(not (await tested.wallet()).visits, "a visit of forty days ago is there")


def _differ(tested: Tested, texts: Sequence[str], count: int) -> set[bytes]:
    """The `u` of the texts, each another one, for one time."""
    shown = [tested.read(text).message for text in texts]
    expect(len({message.u for message in shown}) == count, "two people have one pass")
    expect(len({message.time for message in shown}) == 1, "a group is signed for different times")
    return {message.u for message in shown}
