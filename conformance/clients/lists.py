"""Lists that are forged, stale, missing, withdrawn, too long, or two of one number. Spec: §3.12, §3.13."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from aiohttp import web

from conformance.clients.bench import BASIC, OTHER_PHONE, PHONE, ClientChecks, Tested, expect, headers_of
from conformance.clients.epochs import AUTHORITY, OPERATOR
from conformance.errors import Failed
from conformance.imitated import ALLOWANCE, ImitatedParties
from conformance.parties import found_domain
from conformance.vectors.joint_notices import publish_notice
from protocol.disclosures import DisclosedOpening, OpeningRecord, record_opening, sign_disclosure
from protocol.epochs import EPOCH_SECONDS, Role
from protocol.notices import MAX_LIST_AGE, PublishedNotice, list_passes
from protocol.primitives.encoding import MAX_MESSAGE_BYTES
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import JointStatement
from service.problems import Problem

checks = ClientChecks(BASIC)
ADVICE = "검사를 받으십시오."
MAX_LISTS = 1000
GIVEN_UP_SECONDS = 10
"""How long a client may take to end the connection of an answer that is too long."""
NOTICES, OF_OPERATOR, OF_AUTHORITY = "notices.authority", "disclosures.operator", "disclosures.authority"
REFUSED = frozenset({"refused", "unreachable"})
"""What a client may say of a source whose list does not hold, or that does not answer."""


class Published:
    """What both parties have published: for each source its lists by number."""

    def __init__(self, tested: Tested) -> None:
        self._tested, self._parties = tested, tested.parties
        self._signers = tested.parties.parties
        self.lists = tested.parties.lists

    def notice(self, number: int, *passes: str, time: int | None = None) -> None:
        """A notice of both parties for passes (each a `u` in hexadecimal)."""
        published = _notice(self._parties, number, self._time(time), passes)
        self.lists.setdefault((AUTHORITY, "notices"), {})[number] = published

    def disclosure(self, role: Role, number: int, *records: OpeningRecord, time: int | None = None) -> None:
        """A party's disclosure of some openings."""
        published = self.signed(role, number, *records, time=time)
        self.lists.setdefault((role, "disclosures"), {})[number] = published

    def signed(self, role: Role, number: int, *records: OpeningRecord, time: int | None = None) -> bytes:
        """The same, without publishing it."""
        openings = tuple(DisclosedOpening(index, record) for index, record in enumerate(records))
        return sign_disclosure(self._parties.domain, role, number, self._time(time), openings, self._signers.keys[role])

    def opening(self, *passes: str) -> OpeningRecord:
        """The record of the opening of passes."""
        warrant = self._signers.warrant(self._tested.now - 900, self._tested.now + 900)
        return record_opening(warrant.record, bytes(32), [bytes.fromhex(u) for u in passes])

    def nothing(self) -> None:
        """A list of each source that concerns nobody."""
        self.notice(0)
        for role in Role:
            self.disclosure(role, 0)

    def _time(self, time: int | None) -> int:
        return self._tested.now if time is None else time


def _notice(parties: ImitatedParties, number: int, time: int, passes: tuple[str, ...]) -> bytes:
    advice = ADVICE if passes else ""
    return publish_notice(
        parties.domain, parties.parties.keys, number, time, advice, [bytes.fromhex(u) for u in passes]
    )


async def _visit(tested: Tested) -> str:
    """The `u` of a pass that the client shows now, in hexadecimal."""
    [text] = await tested.show()
    return tested.read(text).message.u.hex()


async def _faults(tested: Tested) -> dict[str, set[str]]:
    """What the client says of each source after it has searched all of them."""
    said = (await tested.ask("search")).get("faults")
    expect(
        isinstance(said, dict) and set(said) == {NOTICES, OF_OPERATOR, OF_AUTHORITY},
        "search: expected faults by source",
    )
    return {source: set(faults) for source, faults in said.items()}


async def _expect_faults(tested: Tested, source: str, expected: set[str]) -> None:
    faults = (await _faults(tested))[source]
    expect(faults == expected, f"says of {source}: {_words(faults)}; expected {_words(expected)}")


def _words(faults: set[str]) -> str:
    return ", ".join(sorted(faults)) or "nothing"


async def _noticed(tested: Tested) -> list[tuple[str, int, str]]:
    return [(found["u"], found["number"], found["advice"]) for found in (await tested.wallet()).notices]


async def _opened(tested: Tested) -> set[str]:
    return {found["u"] for found in (await tested.wallet()).openings}


@checks.add("3.12/found")
async def _found(tested: Tested) -> None:
    """A notice is found by those whom it concerns, with its advice, and is kept over a restart."""
    await tested.supply()
    mine, _ = await _visit(tested), await _visit(tested)
    published = Published(tested)
    published.nothing()
    published.notice(1, mine, bytes(32).hex())
    await _expect_faults(tested, NOTICES, set())
    await tested.ask("restart")
    found = await _noticed(tested)
    expect(found == [(mine, 1, ADVICE)], f"found {len(found)} notices; expected the one that concerns the visitor")


@checks.add("3.13/found")
async def _found_opening(tested: Tested) -> None:
    """An opening is found in the disclosures of either party (C8)."""
    await tested.supply()
    mine, other = await _visit(tested), await _visit(tested)
    published = Published(tested)
    published.nothing()
    published.disclosure(OPERATOR, 1, published.opening(mine))
    published.disclosure(AUTHORITY, 1, published.opening(bytes(32).hex()), published.opening(other))
    await _faults(tested)
    expect(await _opened(tested) == {mine, other}, "the openings that were found are not those that were disclosed")


def _by_one(signer: Role) -> Callable[[Tested, str], bytes]:
    def make(tested: Tested, mine: str) -> bytes:
        domain, keys = tested.parties.domain, dict.fromkeys(Role, tested.parties.parties.keys[signer])
        return publish_notice(domain, keys, 1, tested.now, ADVICE, [bytes.fromhex(mine)])

    return make


def _with_another_list(tested: Tested, mine: str) -> bytes:
    honest = PublishedNotice.from_bytes(_notice(tested.parties, 1, tested.now, ()))
    return replace(honest, digests=list_passes(1, [bytes.fromhex(mine)], bytes(32))).to_bytes()


def _of_two_notices(tested: Tested, mine: str) -> bytes:
    one, other = (
        PublishedNotice.from_bytes(_notice(tested.parties, 1, tested.now, passes)) for passes in ((mine,), ())
    )
    joint = JointStatement(one.notice.authority, other.notice.operator)
    return PublishedNotice(joint, one.digests).to_bytes()


def _of_another_domain(tested: Tested, mine: str) -> bytes:
    parties = tested.parties
    domain = replace(parties.domain, number=parties.domain.number - 1)
    return publish_notice(domain, parties.parties.keys, 1, tested.now, ADVICE, [bytes.fromhex(mine)])


LIES: dict[str, tuple[str, Callable[[Tested, str], bytes]]] = {
    "notice-by-the-authority": ("A notice that the authority alone has signed warns nobody (A35).", _by_one(AUTHORITY)),
    "notice-by-the-operator": ("A notice that the operator alone has signed warns nobody (A35).", _by_one(OPERATOR)),
    "another-list": ("A list that is not the one that was signed warns nobody.", _with_another_list),
    "two-notices": ("A notice of which the parties signed two versions warns nobody.", _of_two_notices),
    "notice-of-another-domain": ("A notice of another domain warns nobody.", _of_another_domain),
}

for _name, (_requirement, _make) in LIES.items():

    @checks.add(f"3.12/{_name}", requirement=_requirement)
    async def _lie(tested: Tested, make: Callable[[Tested, str], bytes] = _make) -> None:
        await tested.supply()
        mine = await _visit(tested)
        published = Published(tested)
        published.nothing()
        honest = published.lists[AUTHORITY, "notices"]
        honest[1] = make(tested, mine)
        await _is_refused(tested, NOTICES)
        expect(not await _noticed(tested), "a notice that does not hold was found")
        published.notice(1, mine)
        await _expect_faults(tested, NOTICES, set())
        expect(await _noticed(tested) == [(mine, 1, ADVICE)], "an honest notice after it was not found")


@checks.add("3.12/another-number")
async def _another_number(tested: Tested) -> None:
    """A list of another number than the one that was asked for is refused."""
    await tested.supply()
    published = Published(tested)
    published.nothing()
    published.notice(1)
    lists = published.lists[AUTHORITY, "notices"]
    honest, lists[0] = lists[0], lists[1]
    await _is_refused(tested, NOTICES)
    lists[0] = honest
    await _expect_faults(tested, NOTICES, set())


@checks.add("3.13/forged-disclosure")
async def _forged_disclosure(tested: Tested) -> None:
    """A disclosure that another than its party has signed is refused."""
    stranger = found_domain(tested.parties.domain.number)
    await _refuses_disclosure(tested, OPERATOR, stranger.keys[OPERATOR])


@checks.add("3.13/disclosure-of-another-party")
async def _of_another_party(tested: Tested) -> None:
    """A disclosure that says to be of the other party is refused, although its own party has signed it."""
    await _refuses_disclosure(tested, AUTHORITY, tested.parties.parties.keys[OPERATOR])


async def _refuses_disclosure(tested: Tested, says: Role, signer: SigningKey) -> None:
    """Demand that this is not taken for a disclosure of the operator, and that an honest one is found afterwards."""
    await tested.supply()
    mine = await _visit(tested)
    published = Published(tested)
    published.nothing()
    opening = DisclosedOpening(0, published.opening(mine))
    forged = sign_disclosure(tested.parties.domain, says, 1, tested.now, (opening,), signer)
    published.lists[OPERATOR, "disclosures"][1] = forged
    await _is_refused(tested, OF_OPERATOR)
    expect(not await _opened(tested), "an opening was found that nobody disclosed")
    published.disclosure(OPERATOR, 1, published.opening(mine))
    await _expect_faults(tested, OF_OPERATOR, set())
    expect(await _opened(tested) == {mine}, "an honest disclosure after it was not found")


@checks.add("3.12/stale")
async def _stale(tested: Tested) -> None:
    """Who has no list of the last 48 hours is said to be late, and so is one that is dated ahead (A25)."""
    await tested.supply()
    Published(tested).nothing()
    tested.now += MAX_LIST_AGE
    await _expect_faults(tested, NOTICES, set())
    tested.now += 1
    await _expect_faults(tested, NOTICES, {"stale"})
    Published(tested).notice(1, time=tested.now + 1000)
    await _expect_faults(tested, NOTICES, {"stale"})


@checks.add("3.12/missing")
async def _missing(tested: Tested) -> None:
    """A list that is missing is noticed, and asked for until it is there (A25)."""
    await tested.supply()
    mine = await _visit(tested)
    published = Published(tested)
    for number in range(4):
        published.notice(number, *[mine] * (number == 1))
    withheld = published.lists[AUTHORITY, "notices"].pop(1)
    for _ in range(2):
        await _expect_faults(tested, NOTICES, {"missing", "stale"})
    published.lists[AUTHORITY, "notices"][1] = withheld
    await _expect_faults(tested, NOTICES, set())
    expect(await _noticed(tested) == [(mine, 1, ADVICE)], "the notice that was missing is not found")


@checks.add("3.12/no-lists")
async def _no_lists(tested: Tested) -> None:
    """A party that publishes nothing at all is said to."""
    await tested.supply()
    await _expect_faults(tested, NOTICES, {"missing", "stale"})


@checks.add("3.12/withdrawn")
async def _withdrawn(tested: Tested) -> None:
    """A newest list with a lower number than one before is noticed until it is mended (A25)."""
    await tested.supply()
    published = Published(tested)
    published.notice(0)
    published.notice(1)
    await _expect_faults(tested, NOTICES, set())
    newest = published.lists[AUTHORITY, "notices"].pop(1)
    await _expect_faults(tested, NOTICES, {"withdrawn"})
    published.lists[AUTHORITY, "notices"][1] = newest
    await _expect_faults(tested, NOTICES, set())


@checks.add("3.12/conflicting")
async def _conflicting(tested: Tested) -> None:
    """A second list of one number is noticed for good, and what it says is found all the same (A21)."""
    await tested.supply()
    mine = await _visit(tested)
    published = Published(tested)
    published.notice(0)
    await _expect_faults(tested, NOTICES, set())
    first = published.lists[AUTHORITY, "notices"][0]
    published.notice(0, mine)
    await _expect_faults(tested, NOTICES, {"conflicting"})
    published.lists[AUTHORITY, "notices"][0] = first
    await _expect_faults(tested, NOTICES, {"conflicting"})
    expect(await _noticed(tested) == [(mine, 0, ADVICE)], "what the second list says was not found")


@checks.add("3.12/found-before-a-failure")
async def _kept(tested: Tested) -> None:
    """What was found in a list is kept if an older one does not hold."""
    await tested.supply()
    mine = await _visit(tested)
    published = Published(tested)
    published.nothing()
    published.notice(1, mine)
    published.lists[AUTHORITY, "notices"][0] = b"no list"
    await _is_refused(tested, NOTICES)
    expect(await _noticed(tested) == [(mine, 1, ADVICE)], "a notice that held was lost")


@checks.add("3.12/independent")
async def _independent(tested: Tested) -> None:
    """A party that does not answer keeps no list of the other from being searched."""
    await tested.supply()
    mine = await _visit(tested)
    published = Published(tested)
    published.nothing()
    published.disclosure(OPERATOR, 1, published.opening(mine))
    refusing = {f"authority GET /v1/{kind}": _unavailable for kind in ("notices", "disclosures")}
    with tested.lying(instead=refusing):
        faults = await _faults(tested)
    expect(faults[NOTICES] & REFUSED, f"says of {NOTICES}: {_words(faults[NOTICES])}")
    expect(not faults[OF_OPERATOR], f"says of {OF_OPERATOR}: {_words(faults[OF_OPERATOR])}")
    expect(await _opened(tested) == {mine}, "the opening that the operator disclosed was not found")


@checks.add("3.12/bloated-list")
async def _bloated(tested: Tested) -> None:
    """An answer that is longer than a message may be is given up, and keeps no other list from being searched."""
    await tested.supply()
    mine, flood = await _visit(tested), _Flood()
    published = Published(tested)
    published.nothing()
    published.disclosure(OPERATOR, 1, published.opening(mine))
    with tested.lying(instead={"authority GET /v1/notices": flood.answer}):
        faults = await _faults(tested)
    expect(faults[NOTICES] & REFUSED, f"says of {NOTICES}: {_words(faults[NOTICES])}")
    expect(await _opened(tested) == {mine}, "the opening that the operator disclosed was not found")
    try:
        await asyncio.wait_for(flood.ended.wait(), GIVEN_UP_SECONDS)
    except TimeoutError:
        raise Failed("what is too long is not read on, and its connection is left open") from None
    expect(flood.sent < 2 * MAX_MESSAGE_BYTES, f"reads {flood.sent} bytes of an answer")


@checks.add("3.12/too-many-lists", "--slow")
async def _too_many(tested: Tested) -> None:
    """At most `MAX_LISTS` of one source are followed at a time, and more are said to be too many."""
    await tested.supply()
    Published(tested).nothing()
    lists = Published(tested)
    lists.lists[OPERATOR, "disclosures"] = _Endless(lists)
    before = len(tested.lines)
    await _expect_faults(tested, OF_OPERATOR, {"too many", "stale"})
    asked = sum(line.startswith("operator GET /v1/disclosures") for line in tested.lines[before:])
    expect(asked <= MAX_LISTS, f"asked for {asked} lists")


@checks.add("3.12/asks-the-same")
async def _asks_the_same(tested: Tested) -> None:
    """Whatever it has and finds, a client asks for lists in the same way, without its session (A3)."""
    asked = []
    for phone, has_visit in ((PHONE, False), (OTHER_PHONE, True)):
        await tested.begin()
        await tested.supply(phone)
        mine = await _visit(tested) if has_visit else bytes(32).hex()
        published = Published(tested)
        published.lists.clear()
        published.nothing()
        tested.parties.asked.clear()
        for number in (1, 2):
            published.notice(number, mine)
            published.disclosure(OPERATOR, number, published.opening(mine))
            await _faults(tested)
        asked.append(sorted(tested.lines))
        expect(bool(await _noticed(tested)) is has_visit, "what was found does not fit the visits")
    expect(asked[0] == asked[1], "asks for other lists when there is a visit")
    tokens = [line for line in set(tested.lines) if "authorization" in headers_of(tested.parties.asked, line)]
    expect(not tokens, f"{', '.join(tokens)} carries a session's token")


@checks.add("3.12/only-what-is-new")
async def _only_new(tested: Tested) -> None:
    """The first search goes as far back as visits are kept, and those after it ask for what came since."""
    await tested.supply()
    published = Published(tested)
    published.nothing()
    for number in range(40):
        published.notice(number, time=tested.now - (39 - number) * EPOCH_SECONDS)
    first = await _numbers_asked(tested)
    expect(first[:27] == list(range(38, 11, -1)), f"the first search asked for {len(first)} older notices")
    tested.now += EPOCH_SECONDS
    published.notice(40)
    published.notice(41)
    expect(await _numbers_asked(tested) == [40], "the second search asked for other notices than the new ones")


@checks.add("6.4/filled-lists")
async def _filled(tested: Tested) -> None:
    """Lists full of one's own passes hinder no pass from being marked as used and shown (A34)."""
    await tested.supply()
    mine = await _visit(tested)
    published = Published(tested)
    published.nothing()
    for number in range(1, 4):
        published.disclosure(OPERATOR, number, *(published.opening(mine) for _ in range(16)))
    await _faults(tested)
    expect(await _opened(tested) == {mine}, "the opening was not found")
    await _visit(tested)
    await tested.holds(ALLOWANCE - 2)


async def _numbers_asked(tested: Tested) -> list[int]:
    """The numbers of the notices that a search asks for, in this order."""
    tested.parties.asked.clear()
    await _expect_faults(tested, NOTICES, set())
    start = "authority GET /v1/notices/"
    return [int(line.removeprefix(start)) for line in tested.lines if line.startswith(start)]


async def _is_refused(tested: Tested, source: str) -> None:
    faults = (await _faults(tested))[source]
    expect(faults & REFUSED, f"says of {source}: {_words(faults)}; expected refused")


async def _unavailable(_request: web.Request) -> web.StreamResponse:
    raise Problem(503, "try-later", "this server is being restarted")


class _Flood:
    """Answers with twice as many bytes as a message may have; `ended` when nobody takes them any more."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.sent = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/cbor"})
        await response.prepare(request)
        try:
            while self.sent < 2 * MAX_MESSAGE_BYTES:
                await response.write(bytes(2**20))
                self.sent += 2**20
        except ConnectionError:
            pass  # nobody takes them any more
        finally:
            self.ended.set()
        return response


class _Endless(dict[int, bytes]):
    """Disclosures of more numbers than are followed, each signed when it is asked for."""

    def __init__(self, published: Published) -> None:
        super().__init__({2 * MAX_LISTS: b""})
        self._published = published

    def __contains__(self, _number: object) -> bool:
        return True

    def __getitem__(self, number: int) -> bytes:
        return self._published.signed(OPERATOR, number)
