"""Of servers that do one thing wrong each, exactly that is said, and only what depends on it is not run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

import pytest
from aiohttp import web

from conformance.forgeries import FORGERIES
from conformance.tester import Server
from conformance.vectors.joint_notices import publish_notice
from lab.processes import free_ports
from protocol import passes
from protocol.check_ins import CheckInMessage, Direction
from protocol.deliveries import Delivery, DeliveryAnswer
from protocol.epochs import EpochStatement, Role, create_epoch
from protocol.http_messages import Decision, DoorAnswer, VerificationAnswer
from protocol.primitives.errors import Malformed
from protocol.primitives.group import L
from protocol.primitives.proofs import KnowledgeProof
from protocol.primitives.statements import sign_statement, statement_payload
from service.caching import FOR_EVER, FOR_HOURS, REVALIDATED, lasting_response
from service.http import cbor_response
from service.media_types import CBOR, PROBLEM
from tests.conformance.good_servers import GoodServers, expect_failures
from tests.conformance.proxy import Asked, Spoil, problem, said, spoiled

pytestmark = pytest.mark.long

OPERATOR, AUTHORITY, VENUE = Server
COME_IN = DoorAnswer(Decision.ADMITTED, Direction.ENTRY)
MakeSpoil = Callable[[GoodServers], Spoil]


def expect(good: GoodServers, urls: dict[Server, str], expected: set[str]) -> None:
    expect_failures(good, replace(good.options(urls), slow=False), expected)


def crashing(_place: GoodServers) -> Spoil:
    async def spoil(asked: Asked) -> web.Response:
        answer = await asked.answer()
        return web.Response(status=500, text="Traceback: …") if b"problem:not-found" in said(answer) else answer

    return spoil


def speaking_plain_json(_place: GoodServers) -> Spoil:
    async def spoil(asked: Asked) -> web.Response:
        answer = await asked.answer()
        if answer.content_type == PROBLEM:
            answer.content_type = "application/json"
        return answer

    return spoil


def with_a_small_limit(_place: GoodServers) -> Spoil:
    async def spoil(asked: Asked) -> web.Response:
        small = len(asked.body) <= 1024 * 1024 or "Content-Encoding" in asked.headers
        return await asked.answer() if small else problem(413, "request-entity-too-large")

    return spoil


def storable(_place: GoodServers) -> Spoil:
    async def spoil(asked: Asked) -> web.Response:
        answer = await asked.answer()
        answer.headers.pop("Cache-Control", None)
        return answer

    return spoil


def having_the_newest_kept(_place: GoodServers) -> Spoil:
    async def spoil(asked: Asked) -> web.Response:
        answer = await asked.answer()
        if asked.path == "/v1/log/checkpoint":
            answer.headers["Cache-Control"] = FOR_EVER
        return answer

    return spoil


def blind_to_trailing_bytes(_place: GoodServers) -> Spoil:
    async def spoil(asked: Asked) -> web.Response:
        try:
            CheckInMessage.from_bytes(asked.body[:-1])
        except Malformed:
            return await asked.answer()
        asked.body = asked.body[:-1]
        return await asked.answer()

    return spoil


def drawing_new_keys(good: GoodServers) -> Spoil:
    """Every epoch statement after the first is another, signed with the authority's own key."""
    given = Counter[str]()

    async def spoil(asked: Asked) -> web.Response:
        answer = await asked.answer()
        if answer.status == 200:
            given[asked.path] += 1
        epoch = asked.path.removeprefix("/v1/epochs/")
        if not epoch.isdigit() or given[asked.path] < 2:
            return answer
        authority = good.world.authority
        _, statement = create_epoch(authority.domain, Role.AUTHORITY, int(epoch), authority.identity)
        return lasting_response(statement, CBOR, FOR_HOURS)

    return spoil


def warning_alone(good: GoodServers) -> Spoil:
    """The authority signs the notice in both names."""

    async def spoil(asked: Asked) -> web.Response:
        answer = await asked.answer()
        if asked.path != "/v1/notices":
            return answer
        world = good.world
        keys = dict.fromkeys(Role, world.authority.identity)
        notice = publish_notice(world.settings.domain, keys, 0, world.now, "", [])
        return lasting_response(notice, CBOR, REVALIDATED)

    return spoil


def not_knowing_its_share(good: GoodServers) -> Spoil:
    """The authority's key share is one for which it cannot prove possession."""

    async def spoil(asked: Asked) -> web.Response:
        answer = await asked.answer()
        if not asked.path.removeprefix("/v1/epochs/").isdigit() or answer.status != 200:
            return answer
        statement = EpochStatement.from_bytes(statement_payload(said(answer)))
        false = replace(statement, possession=KnowledgeProof.from_bytes(bytes(64)))
        return lasting_response(sign_statement(false, good.world.authority.identity), CBOR, FOR_HOURS)

    return spoil


def hiding_an_entry(_place: GoodServers) -> Spoil:
    """The operator's tile of entries has another one in the place of its first."""

    async def spoil(asked: Asked) -> web.Response:
        answer = await asked.answer()
        if not asked.path.startswith("/v1/log/tile/entries/") or answer.status != 200:
            return answer
        return web.Response(body=said(answer)[:2] + bytes(4) + said(answer)[6:], headers=dict(answer.headers))

    return spoil


def taking_any_code(good: GoodServers) -> Spoil:
    async def spoil(asked: Asked) -> web.Response:
        if asked.path == "/v1/sessions" and asked.body[:1] == b"\x83":
            answer = VerificationAnswer.from_bytes(asked.body)
            if good.outbox.exists() and answer.phone in good.outbox.read_text():
                asked.body = replace(answer, code=good.world.last_code(answer.phone)).to_bytes()
        return await asked.answer()

    return spoil


def taking_any_number_of_codes(_place: GoodServers) -> Spoil:
    async def spoil(asked: Asked) -> web.Response:
        answer = await asked.answer()
        return problem(403, "wrong-code") if b"problem:too-many-attempts" in said(answer) else answer

    return spoil


def giving_passes_without_end(good: GoodServers) -> Spoil:
    async def spoil(asked: Asked) -> web.Response:
        if asked.path == "/v1/passes":  # before and not after a refusal, so that those who ask together stay together
            with good.world.operator.engine.begin() as connection:
                connection.exec_driver_sql("UPDATE handles SET requests = 0")
        return await asked.answer()

    return spoil


def taking_any_commitment(_place: GoodServers) -> Spoil:
    async def spoil(asked: Asked) -> web.Response:
        return web.Response(status=202) if asked.path == "/v1/commitments" and asked.body else await asked.answer()

    return spoil


def admitting_replays(_place: GoodServers) -> Spoil:
    async def spoil(asked: Asked) -> web.Response:
        answer = await asked.answer()
        spent = DoorAnswer(Decision.ALREADY_SPENT).to_bytes()
        return cbor_response(COME_IN) if said(answer) == spent else answer

    return spoil


def telling_who_was_here(_place: GoodServers) -> Spoil:
    """A door that looks into its store before it verifies."""
    entered: set[bytes] = set()

    async def spoil(asked: Asked) -> web.Response:
        answer = await asked.answer()
        if asked.path != "/v1/check-ins" or answer.status != 200:
            return answer
        message = CheckInMessage.from_bytes(asked.body)
        if message.direction is Direction.ENTRY and message.u in entered:
            return cbor_response(DoorAnswer(Decision.ALREADY_SPENT))
        if DoorAnswer.from_bytes(said(answer)).decision is Decision.ADMITTED:
            entered.add(message.u)
        return answer

    return spoil


def looking_papers_up_first(_place: GoodServers) -> Spoil:
    """A door that tells what it knows of the pass on a paper, also if the paper is forged."""

    async def spoil(asked: Asked) -> web.Response:
        answer = await asked.answer()
        forged = asked.path == "/v1/papers" and said(answer) == DoorAnswer(Decision.FORGED).to_bytes()
        return cbor_response(DoorAnswer(Decision.ALREADY_SPENT)) if forged else answer

    return spoil


def sending_papers_out(_place: GoodServers) -> Spoil:
    async def spoil(asked: Asked) -> web.Response:
        answer = await asked.answer()
        is_entry = asked.path == "/v1/papers" and said(answer) == COME_IN.to_bytes()
        return cbor_response(DoorAnswer(Decision.ADMITTED, Direction.EXIT)) if is_entry else answer

    return spoil


def asking_for_no_token(good: GoodServers) -> Spoil:
    async def spoil(asked: Asked) -> web.Response:
        if asked.path in {"/v1/check-ins", "/v1/papers", "/v1/door", "/v1/deliveries", "/v1/assisted"}:
            asked.headers["Authorization"] = f"Bearer {good.token.hex()}"
        return await asked.answer()

    return spoil


def believing_readers(_place: GoodServers) -> Spoil:
    """A venue's server that takes whatever a reader says that it admitted, of any time and as often as it comes."""

    async def spoil(asked: Asked) -> web.Response:
        answer = await asked.answer()
        if asked.path != "/v1/deliveries" or answer.status != 200:
            return answer
        true = DeliveryAnswer.from_bytes(said(answer))
        late = {Decision.TOO_OLD, Decision.ALREADY_SPENT}
        taken = (Decision.ADMITTED if decision in late else decision for decision in true.decisions)
        return cbor_response(replace(true, decisions=tuple(taken)))

    return spoil


def forgetting_deliveries(_place: GoodServers) -> Spoil:
    """One that takes a delivery whose answer was lost for double use."""
    known: set[bytes] = set()

    async def spoil(asked: Asked) -> web.Response:
        answer = await asked.answer()
        if asked.path != "/v1/deliveries" or answer.status != 200:
            return answer
        true = DeliveryAnswer.from_bytes(said(answer))
        check_ins = Delivery.from_bytes(asked.body).check_ins
        decisions = [
            Decision.ALREADY_SPENT if decision is Decision.ADMITTED and encoded in known else decision
            for encoded, decision in zip(check_ins, true.decisions, strict=True)
        ]
        known.update(check_ins)
        return cbor_response(replace(true, decisions=tuple(decisions)))

    return spoil


def ready_in_other_words(_place: GoodServers) -> Spoil:
    async def spoil(asked: Asked) -> web.Response:
        return web.json_response({"status": "ok"}) if asked.path == "/readyz" else await asked.answer()

    return spoil


def reducing_scalars(_place: GoodServers) -> Spoil:
    """A door whose library takes `S + L` for `S`."""

    async def spoil(asked: Asked) -> web.Response:
        try:
            message = CheckInMessage.from_bytes(asked.body)
        except Malformed:
            return await asked.answer()
        S = int.from_bytes(message.signed_pass[-32:], "little") % L
        asked.body = replace(message, signed_pass=message.signed_pass[:-32] + S.to_bytes(32, "little")).to_bytes()
        return await asked.answer()

    return spoil


CRASH = {
    f"5.1/{name}/operator"
    for name in ("unknown-path", "leading-zero", "upper-case", "problem-documents", "internal-errors")
}
PAPERS = {"3.8/paper-forged-pass", "3.8/paper-not-delegated", "3.8/paper-other-key"}
PAPERS |= {f"3.4/{name}/paper" for name in FORGERIES}
REPLAYS = {"3.8/replay", "3.8/signed-again", "3.8/exit", "3.8/at-once", "5.5/present-mode", "3.8/paper", "3.8/delivery"}


@pytest.mark.parametrize(
    "bad",
    [
        {
            OPERATOR: (crashing, CRASH),
            AUTHORITY: (speaking_plain_json, {"5.1/problem-documents/authority"}),
            VENUE: (storable, {"5.1/no-store/venue"}),
        },
        {
            OPERATOR: (with_a_small_limit, {"5.1/largest-batch/operator"}),
            AUTHORITY: (not_knowing_its_share, {"5.2/possession/authority", "5.2/inclusion/authority"}),
            VENUE: (blind_to_trailing_bytes, {"4.1/trailing-bytes/venue"}),
        },
        {
            OPERATOR: (taking_any_code, {"5.3/wrong-code", "5.3/new-code"}),
            AUTHORITY: (drawing_new_keys, {"5.2/same-statement/authority"}),
            VENUE: (
                asking_for_no_token,
                {
                    "5.5/no-token",
                    "5.5/other-token",
                    "5.5/paper-no-token",
                    "5.5/door-no-token",
                    "5.5/delivery-no-token",
                    "5.5/assisted-no-token",
                },
            ),
        },
        {
            OPERATOR: (taking_any_number_of_codes, {"5.3/attempts"}),
            AUTHORITY: (
                taking_any_commitment,
                {"5.2/commitment-venue/authority", "5.2/commitment-signature/authority"},
            ),
            VENUE: (admitting_replays, REPLAYS),
        },
        {
            OPERATOR: (giving_passes_without_end, {"5.3/allowance-used"}),
            AUTHORITY: (warning_alone, {"3.12/joint"}),
            VENUE: (telling_who_was_here, {"3.8/spent-but-forged"}),
        },
        {
            AUTHORITY: (having_the_newest_kept, {"5.2/caching/authority"}),
            VENUE: (looking_papers_up_first, PAPERS),
        },
        {VENUE: (believing_readers, {"3.8/delivery-times", "3.8/delivery"})},
        {VENUE: (forgetting_deliveries, {"3.8/delivery"})},
        {VENUE: (sending_papers_out, {"3.8/paper"})},
        {
            OPERATOR: (hiding_an_entry, {"5.2/tiles/operator"}),
            AUTHORITY: (ready_in_other_words, {"5.1/readiness/authority"}),
            VENUE: (reducing_scalars, {"3.4/large-s/venue"}),
        },
    ],
    ids=lambda bad: "-".join(make.__name__ for make, _ in bad.values()),
)
def test_what_bad_servers_do_wrong_is_found(good: GoodServers, bad: dict[Server, tuple[MakeSpoil, set[str]]]) -> None:
    expected = {identifier for _, failures in bad.values() for identifier in failures}
    with ExitStack() as stack:
        urls = {
            server: stack.enter_context(spoiled(good.urls[server], make(good))) for server, (make, _) in bad.items()
        }
        expect(good, urls, expected)


def test_an_authority_that_checks_no_ownership_is_found(good: GoodServers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "verify_ownership", lambda *_: True)
    expect(good, {}, {"3.7/false-ownership", "3.7/decoys"})


def test_a_server_that_does_not_answer_is_one_failure(good: GoodServers) -> None:
    (port,) = free_ports(1)
    expect(good, {VENUE: f"http://127.0.0.1:{port}"}, {"5.1/answers/venue"})
