"""When a client asks for passes, and what it does with answers that are none. Spec: §3.7."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from conformance.clients.bench import BASIC, LONGEST_WAIT, OTHER_PHONE, ClientChecks, Tested, expect
from conformance.imitated import ALLOWANCE, ImitatedParties
from conformance.parties import TODAY
from protocol.passes import IssueBatch, PassAnswers, issue_batch
from protocol.primitives.group import B, Scalar
from protocol.primitives.signatures import SigningKey
from service.http import cbor_response
from service.problems import Problem

checks, basic = ClientChecks(BASIC), ClientChecks()
REGISTERING, ASKING = "operator POST /v1/handles", "operator POST /v1/passes"
Alter = Callable[[PassAnswers], PassAnswers]


@basic.add(BASIC)
async def _allowance(tested: Tested) -> None:
    """A client asks for exactly the allowance, and holds what came."""
    await tested.supply()
    [asked] = tested.parties.allowances
    expect(len(asked.requests) == ALLOWANCE, f"asked for {len(asked.requests)} passes")


@checks.add("3.7/drawn-times")
async def _drawn(tested: Tested) -> None:
    """For a day that has not begun it first draws a time; then it registers, and asks at a later one."""
    await tested.enrol()
    epoch = TODAY + 1
    with tested.nothing_sent():
        await tested.fetch(epoch)
        tested.now += LONGEST_WAIT // 3 - 1  # before the shortest time that can be drawn
        await tested.fetch(epoch)
    tested.now += LONGEST_WAIT
    for steps in ([REGISTERING], [ASKING]):
        before = len(tested.lines)
        await tested.fetch(epoch)
        sent = [line for line in tested.lines[before:] if line in {REGISTERING, ASKING}]
        expect(sent == steps, f"sent {', '.join(sent) or 'nothing'}; expected {', '.join(steps)}")
        with tested.nothing_sent():
            await tested.fetch(epoch)
        tested.now += LONGEST_WAIT
    await tested.holds(ALLOWANCE, epoch)


@checks.add("3.7/no-early-retry")
async def _no_early_retry(tested: Tested) -> None:
    """An error makes no early retry, also after a restart: what failed is done at the next drawn time."""
    await tested.enrol()
    with tested.lying(instead={ASKING: _try_later}):
        await tested.refuses("NotIssued", "fetch", epoch=TODAY)
    with tested.nothing_sent():
        await tested.fetch()
        await tested.ask("restart")
        tested.now += LONGEST_WAIT // 3 - 1
        await tested.fetch()
    tested.now += LONGEST_WAIT
    await tested.fetch()
    await tested.holds(ALLOWANCE)


def _decoys(count: int) -> Callable[[ImitatedParties], Alter]:
    def alter(answers: PassAnswers) -> PassAnswers:
        spoiled = tuple(bytes(Scalar.random() * B) + one[32:] for one in answers.answers[:count])
        return PassAnswers(spoiled + answers.answers[count:])

    return lambda _: alter


def _by_another_key(parties: ImitatedParties) -> Alter:
    """Passes that somebody else signed."""

    def alter(_answers: PassAnswers) -> PassAnswers:
        requests = tuple(bytes(request) for request in parties.allowances[-1].requests)
        return issue_batch(parties.epoch(TODAY).key, SigningKey.generate(), IssueBatch(TODAY, requests))

    return alter


def _another_number(_parties: ImitatedParties) -> Alter:
    return lambda answers: PassAnswers((*answers.answers, answers.answers[0]))


LIES: dict[str, tuple[str, int, Callable[[ImitatedParties], Alter]]] = {
    "decoys": ("Passes that came beside decoys are kept", ALLOWANCE - 1, _decoys(1)),
    "only-decoys": ("An answer of decoys alone gives no passes", 0, _decoys(ALLOWANCE)),
    "passes-by-another-key": ("Passes that the authority has not signed are not kept", 0, _by_another_key),
    "another-number-of-answers": ("Another number of answers gives no passes", 0, _another_number),
}

for _name, (_requirement, _kept, _make) in LIES.items():

    @checks.add(
        f"3.7/{_name}", requirement=f"{_requirement}, the visitor is told, and that day is never asked for again (A3)."
    )
    async def _lie(tested: Tested, kept: int = _kept, make: Callable[[ImitatedParties], Alter] = _make) -> None:
        await tested.enrol()
        with tested.lying(alter_answers=make(tested.parties)):
            await _withheld(tested, kept)


@checks.add("3.7/no-answer-at-all")
async def _no_answer(tested: Tested) -> None:
    """A body with status 200 that is no answer gives no passes, and that day is never asked for again."""

    async def say_nothing(_request: web.Request) -> web.StreamResponse:
        return cbor_response(b"\xf6")

    await tested.enrol()
    with tested.lying(instead={ASKING: say_nothing}):
        await _withheld(tested, 0)


@checks.add("3.7/another-account")
async def _another_account(tested: Tested) -> None:
    """Unused passes of another account are dropped: they would open to another person."""
    await tested.supply()
    await tested.enrol()
    await tested.holds(ALLOWANCE)
    await tested.enrol(OTHER_PHONE, "성춘향")
    await tested.holds(0)


async def _withheld(tested: Tested, kept: int) -> None:
    """Demand that this fetch gives so many passes, and that those after it send nothing."""
    await tested.refuses("PassesWithheld", "fetch", epoch=TODAY)
    await tested.holds(kept)
    with tested.nothing_sent():
        for _ in range(2):
            tested.now += LONGEST_WAIT
            await tested.fetch()
        await tested.ask("restart")
        await tested.fetch()


async def _try_later(_request: web.Request) -> web.StreamResponse:
    raise Problem(503, "try-later", "too few visitors are asking just now")
