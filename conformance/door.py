"""A door's decisions on check-ins. Spec: §3.8, §5.5.

Steps 2 to 4 come before the signatures, so that a label which fails there needs no pass.
"""

from __future__ import annotations

import asyncio
import functools
from collections import Counter
from dataclasses import replace
from secrets import token_bytes

from conformance.answer import Answer
from conformance.check import Checks
from conformance.errors import Failed, NotRun
from conformance.forgeries import FORGERIES
from conformance.statements import Sign
from conformance.tester import Server, Tester
from protocol.check_ins import (
    SIGNED_PASS_BYTES,
    TIME_STEP,
    CheckInMessage,
    Direction,
    label_signing_input,
    sign_check_in,
)
from protocol.http_messages import Decision, DoorAnswer
from protocol.paper_passes import PaperPass, delegation_signing_input, from_paper_text, print_pass
from protocol.passes import PASS_BYTES, OwnedPass
from protocol.primitives.encoding import Message, encode_item
from protocol.primitives.group import B, Scalar
from protocol.primitives.signatures import SIGNATURE_BYTES

checks = Checks(Server.VENUE)
VENUE = Server.VENUE
AT_ONCE = 8
HOUR = 3600
"""Further from the door's clock than any sensible tolerance."""


async def _send(tester: Tester, message: Message | bytes, token: bytes | None = None) -> Answer:
    return await tester.post(VENUE, "/v1/check-ins", message, token)


async def _decision(tester: Tester, message: CheckInMessage, token: bytes | None = None) -> Decision:
    """What the door says. A pass that was admitted is no fresh one for another check."""
    answer = (await _send(tester, message, token)).expect_message(DoorAnswer)
    if answer.decision is Decision.ADMITTED:
        tester.passes = [one for one in tester.passes if one.public.u != message.u]
        _expect_direction(answer, message.direction)
    return answer.decision


def _expect_direction(answer: DoorAnswer, expected: Direction) -> None:
    if answer.direction is not expected:
        raise Failed(f"the direction of what was admitted is {answer.direction}; expected {expected.name}")


async def expect_decision(
    tester: Tester, message: CheckInMessage, expected: Decision, token: bytes | None = None
) -> None:
    """Demand a decision on a check-in that is sent."""
    decision = await _decision(tester, message, token)
    if decision is not expected:
        raise Failed(f"the door said {decision.name}; expected {expected.name}")


def fresh_pass(tester: Tester) -> OwnedPass:
    """A pass that was not used yet; raises `NotRun` without one."""
    if not tester.passes:
        raise NotRun("no pass is left: give more --phone")
    return tester.passes[0]


def _signed(tester: Tester, owned: OwnedPass, direction: Direction = Direction.ENTRY) -> CheckInMessage:
    return sign_check_in(tester.key, owned, tester.clock(), direction, tester.venue.venue_id)


def _with_label_signature(message: CheckInMessage, signature: bytes) -> CheckInMessage:
    return replace(message, signed_pass=message.signed_pass[:PASS_BYTES] + signature)


def worthless_label(tester: Tester) -> CheckInMessage:
    """A label of this venue and this moment, with zeros for a pass and for signatures."""
    now = tester.clock()
    time, venue = now - now % TIME_STEP, tester.venue.venue_id
    return CheckInMessage(tester.domain.number, time, Direction.ENTRY, venue, bytes(SIGNED_PASS_BYTES))


@checks.add("3.8/time-step", "5.5/record")
async def time_step(tester: Tester) -> None:
    """A label time that is no multiple of 15 is refused with 400, `malformed-encoding`."""
    label = worthless_label(tester)
    encoded = encode_item([label.domain, label.time + 1, 1, label.venue_id, label.signed_pass])
    (await _send(tester, encoded)).expect_problem(400, "malformed-encoding")


@checks.add("3.8/direction", "5.5/record")
async def direction(tester: Tester) -> None:
    """A direction other than 1 and 2 is refused with 400, `malformed-encoding`."""
    label = worthless_label(tester)
    encoded = encode_item([label.domain, label.time, 3, label.venue_id, label.signed_pass])
    (await _send(tester, encoded)).expect_problem(400, "malformed-encoding")


@checks.add("3.8/other-domain", "5.5/record")
async def other_domain(tester: Tester) -> None:
    """Step 2: a check-in of a domain that the server does not pin is `UNKNOWN_DOMAIN`."""
    label = worthless_label(tester)
    for number in range(256):  # the server may take others
        record = await tester.get(VENUE, f"{tester.venue_path.rpartition('/')[0]}/{number}")
        if record.is_problem(404, "unknown-venue"):
            await expect_decision(tester, replace(label, domain=number), Decision.UNKNOWN_DOMAIN)
            return
    raise NotRun("the server takes every domain that there can be")


@checks.add("3.8/other-venue", "5.5/record")
async def other_venue(tester: Tester) -> None:
    """Step 3: a check-in that names another venue is `OTHER_VENUE`."""
    await expect_decision(tester, replace(worthless_label(tester), venue_id=token_bytes(16)), Decision.OTHER_VENUE)


@checks.add("3.8/too-old", "5.5/record")
async def too_old(tester: Tester) -> None:
    """Step 4: a time behind the door's clock by more than its tolerance is `TOO_OLD`."""
    label = worthless_label(tester)
    await expect_decision(tester, replace(label, time=label.time - HOUR), Decision.TOO_OLD)


@checks.add("3.8/too-early", "5.5/record")
async def too_early(tester: Tester) -> None:
    """Step 4: a time ahead of the door's clock by more than its tolerance is `TOO_EARLY`."""
    label = worthless_label(tester)
    await expect_decision(tester, replace(label, time=label.time + HOUR), Decision.TOO_EARLY)


@checks.add("3.8/worthless", "5.5/record")
async def worthless(tester: Tester) -> None:
    """Step 5: a pass that nobody issued is `FORGED`."""
    await expect_decision(tester, worthless_label(tester), Decision.FORGED)


@checks.add("5.5/no-token", "5.5/record")
async def no_token(tester: Tester) -> None:
    """A present-mode check-in without a reader's token is refused with 401, `unauthenticated`."""
    answer = await _send(tester, replace(worthless_label(tester), venue_id=None))
    answer.expect_problem(401, "unauthenticated")


@checks.add("5.5/other-token", "5.5/record")
async def other_token(tester: Tester) -> None:
    """A present-mode check-in with a token that is no reader's is refused with 401, `unauthenticated`."""
    answer = await _send(tester, replace(worthless_label(tester), venue_id=None), token_bytes(32))
    answer.expect_problem(401, "unauthenticated")


async def forged_label(tester: Tester, sign: Sign) -> None:
    """Demand that a good pass with such a label signature is forged."""
    owned = fresh_pass(tester)
    message = _signed(tester, owned)
    signing_input = label_signing_input(
        tester.key, message.time, message.direction, message.venue_id, bytes(owned.public)
    )
    await expect_decision(
        tester, _with_label_signature(message, sign(owned.r, owned.public.u, signing_input)), Decision.FORGED
    )


for _name, (_rule, _sign) in FORGERIES.items():
    checks.add(f"3.4/{_name}/venue", "5.5/record", "5.3/passes", requirement=f"{_rule} (Label)")(
        functools.partial(forged_label, sign=_sign)
    )


@checks.add("3.8/moved-time", "5.5/record", "5.3/passes")
async def moved_time(tester: Tester) -> None:
    """Step 5: a check-in whose time was changed after it was signed is `FORGED`."""
    message = _signed(tester, fresh_pass(tester))
    await expect_decision(tester, replace(message, time=message.time - TIME_STEP), Decision.FORGED)


@checks.add("3.8/added-venue", "5.5/record", "5.3/passes")
async def added_venue(tester: Tester) -> None:
    """Step 5: a present-mode check-in to which a venue was added is `FORGED`."""
    message = sign_check_in(tester.key, fresh_pass(tester), tester.clock(), Direction.ENTRY)
    await expect_decision(tester, replace(message, venue_id=tester.venue.venue_id), Decision.FORGED)


@checks.add("3.8/forged-pass", "5.5/record", "5.3/passes")
async def forged_pass(tester: Tester) -> None:
    """Step 5: a pass whose signature is not the authority's is `FORGED`, although its label is signed with `r`."""
    owned = fresh_pass(tester)
    flipped = bytes([owned.public.signature[0] ^ 1]) + owned.public.signature[1:]
    forged = replace(owned, public=replace(owned.public, signature=flipped))
    await expect_decision(tester, _signed(tester, forged), Decision.FORGED)


@checks.add("3.8/no-entry", "5.5/record", "5.3/passes")
async def no_entry(tester: Tester) -> None:
    """Step 6: an exit with a pass that did not come in here is `NO_ENTRY`."""
    await expect_decision(tester, _signed(tester, fresh_pass(tester), Direction.EXIT), Decision.NO_ENTRY)


@checks.add("3.8/admitted", "5.5/record", "5.3/passes")
async def admitted(tester: Tester) -> None:
    """Step 8: a good scan-mode check-in is `ADMITTED`."""
    owned = fresh_pass(tester)
    tester.entry = owned, _signed(tester, owned)
    await expect_decision(tester, tester.entry[1], Decision.ADMITTED)


@checks.add("3.8/replay", "3.8/admitted")
async def replay(tester: Tester) -> None:
    """Step 7: the same check-in again is `ALREADY_SPENT`."""
    await expect_decision(tester, tester.admitted[1], Decision.ALREADY_SPENT)


@checks.add("3.8/signed-again", "3.8/admitted")
async def signed_again(tester: Tester) -> None:
    """Step 7: an admitted pass that signs a new label is `ALREADY_SPENT`."""
    await expect_decision(tester, _signed(tester, tester.admitted[0]), Decision.ALREADY_SPENT)


@checks.add("3.8/spent-but-forged", "3.8/admitted")
async def spent_but_forged(tester: Tester) -> None:
    """What the store knows of a pass is told only after both signatures held: a spent pass, forged, is `FORGED`."""
    forged = _with_label_signature(tester.admitted[1], bytes(64))
    await expect_decision(tester, forged, Decision.FORGED)


@checks.add("3.8/exit", "3.8/admitted")
async def leaving(tester: Tester) -> None:
    """An exit with the pass of an entry is `ADMITTED`, once."""
    message = _signed(tester, tester.admitted[0], Direction.EXIT)
    await expect_decision(tester, message, Decision.ADMITTED)
    await expect_decision(tester, message, Decision.ALREADY_SPENT)


@checks.add("3.8/at-once", "3.8/admitted")
async def at_once(tester: Tester) -> None:
    """Step 7: of several readers that send one check-in at the same moment, one is told `ADMITTED`."""
    message = _signed(tester, fresh_pass(tester))
    decisions = Counter(await asyncio.gather(*(_decision(tester, message) for _ in range(AT_ONCE))))
    if decisions != {Decision.ADMITTED: 1, Decision.ALREADY_SPENT: AT_ONCE - 1}:
        raise Failed("; ".join(f"{count} times {decision.name}" for decision, count in decisions.items()))


@checks.add("5.5/present-mode", "--reader-token-file", "3.8/admitted")
async def present_mode(tester: Tester) -> None:
    """A good present-mode check-in with a reader's token is `ADMITTED`, and its pass is then spent for scans too."""
    owned, token = fresh_pass(tester), tester.options.reader_token
    message = sign_check_in(tester.key, owned, tester.clock(), Direction.ENTRY)
    await expect_decision(tester, message, Decision.ADMITTED, token)
    await expect_decision(tester, message, Decision.ALREADY_SPENT, token)
    await expect_decision(tester, _signed(tester, owned), Decision.ALREADY_SPENT)


@checks.add("5.5/paper-no-token", "5.5/record")
async def paper_no_token(tester: Tester) -> None:
    """A paper pass without a reader's token is refused with 401, `unauthenticated`."""
    signature = bytes(SIGNATURE_BYTES)
    paper = PaperPass(tester.domain.number, tester.today, bytes(PASS_BYTES), Scalar.random(), signature)
    (await _send_paper(tester, paper)).expect_problem(401, "unauthenticated")


async def forged_delegation(tester: Tester, sign: Sign) -> None:
    """Demand that a paper with such a delegation is forged."""
    owned = fresh_pass(tester)
    paper = _paper(tester, owned)
    signing_input = delegation_signing_input(tester.key, paper.public_pass, paper.k * B)
    forged = replace(paper, delegation=sign(owned.r, owned.public.u, signing_input))
    await _expect_of_paper(tester, forged, Decision.FORGED)


for _name, (_rule, _sign) in FORGERIES.items():
    checks.add(f"3.4/{_name}/paper", "--reader-token-file", "5.3/passes", requirement=f"{_rule} (Delegation)")(
        functools.partial(forged_delegation, sign=_sign)
    )


@checks.add("3.8/paper-forged-pass", "--reader-token-file", "5.3/passes")
async def paper_forged_pass(tester: Tester) -> None:
    """A paper whose pass signature is not the authority's is `FORGED`, although the pass delegated to its key."""
    owned = fresh_pass(tester)
    flipped = bytes([owned.public.signature[0] ^ 1]) + owned.public.signature[1:]
    forged = replace(owned, public=replace(owned.public, signature=flipped))
    await _expect_of_paper(tester, _paper(tester, forged), Decision.FORGED)


@checks.add("3.8/paper-not-delegated", "--reader-token-file", "5.3/passes")
async def paper_not_delegated(tester: Tester) -> None:
    """A paper whose delegation was signed with another key than the pass's is `FORGED`."""
    await _expect_of_paper(tester, _paper(tester, replace(fresh_pass(tester), r=Scalar.random())), Decision.FORGED)


@checks.add("3.8/paper-other-key", "--reader-token-file", "5.3/passes")
async def paper_other_key(tester: Tester) -> None:
    """A paper whose `k` is not the key that its pass delegated to, or is zero, is `FORGED`."""
    paper = _paper(tester, fresh_pass(tester))
    for k in (Scalar.random(), Scalar(bytes(32))):
        await _expect_of_paper(tester, replace(paper, k=k), Decision.FORGED)


@checks.add("3.8/paper-other-day", "--reader-token-file", "5.3/passes")
async def paper_other_day(tester: Tester) -> None:
    """A paper that says to be of a day for which there are no keys is `UNKNOWN_EPOCH`."""
    paper = replace(_paper(tester, fresh_pass(tester)), epoch=2**32 - 1)
    await _expect_of_paper(tester, paper, Decision.UNKNOWN_EPOCH)


@checks.add("3.8/paper", "--reader-token-file", "3.8/admitted")
async def paper_admitted(tester: Tester) -> None:
    """A good paper is `ADMITTED`; within 60 s it is no exit but `ALREADY_SPENT`, as is its pass on a screen."""
    owned = fresh_pass(tester)
    await _expect_of_paper(tester, _paper(tester, owned), Decision.ADMITTED)
    await _expect_of_paper(tester, _paper(tester, owned), Decision.ALREADY_SPENT)
    await expect_decision(tester, _signed(tester, owned), Decision.ALREADY_SPENT)


def _paper(tester: Tester, owned: OwnedPass) -> PaperPass:
    return from_paper_text(print_pass(tester.key, owned))


async def _send_paper(tester: Tester, paper: PaperPass, token: bytes | None = None) -> Answer:
    return await tester.post(VENUE, "/v1/papers", paper, token)


async def _expect_of_paper(tester: Tester, paper: PaperPass, expected: Decision) -> None:
    answer = await _send_paper(tester, paper, tester.options.reader_token)
    said = answer.expect_message(DoorAnswer)
    if said.decision is Decision.ADMITTED:
        tester.passes = [one for one in tester.passes if one.public.u != paper.u]
        _expect_direction(said, Direction.ENTRY)
    if said.decision is not expected:
        raise Failed(f"the door said {said.decision.name}; expected {expected.name}")
