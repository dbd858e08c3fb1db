"""Clients that do one thing wrong each, and the checks that find it: the one in Python, broken in a test alone."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from http.cookies import SimpleCookie
from secrets import token_hex
from types import SimpleNamespace
from typing import Any

import aiohttp

import client.list_search
import client.list_sources
import client.lists
import client.passes
import client.posters
import client.visits
import client.wallet_contents
import service.epoch_cache
import service.http_client
import service.log_client
from client.errors import NoPassLeft, NoVisit, PassesWithheld
from client.findings import Found
from client.list_sources import list_sources
from client.passes import Due, _begin
from client.visitor import Visitor
from client.visits import Screen
from client.wallet_contents import StoredPass, Wallet
from conformance.clients import python_client
from conformance.clients.python_client import Adapter, Values
from conformance.imitated import ALLOWANCE
from conformance.vectors.pinned import Draws
from protocol.check_ins import Direction, sign_check_in
from protocol.disclosures import Disclosure
from protocol.epochs import EpochStatement, Role
from protocol.handles import HandleGrant, IdentityRecord, register_handle, verify_grant
from protocol.http_messages import Decision
from protocol.notices import Notice, PublishedNotice, VerifiedNotice
from protocol.passes import PassAnswers, accept_answers
from protocol.primitives import statements
from protocol.primitives.errors import (
    ConflictingStatements,
    InvalidEntry,
    InvalidNotice,
    InvalidProof,
    InvalidReceipt,
    InvalidSignature,
    MalformedEncoding,
    NotLogged,
    SplitPassError,
    WrongDomain,
    WrongEpoch,
    WrongNumber,
    WrongParty,
)
from protocol.primitives.statements import JointStatement, statement_payload
from protocol.qr_text import to_qr_text
from protocol.transparency.logs import Inclusion, verify_witnessed
from protocol.transparency.signed_notes import verify_checkpoint
from protocol.transparency.tiles import TILE_WIDTH, Tile
from protocol.warrants import Venue, verify_venue
from service.http_client import call, new_session
from service.log_client import KnownLogs
from service.problems import Problem
from tests.conformance.broken import AllBroken, Patch

NOTICES = "notices.authority"

BROKEN = AllBroken()
broken = BROKEN.add


def _does(patch: Patch, name: str, operation: Callable[[Adapter, Values], Values]) -> None:
    patch.setitem(Adapter._operations, name, operation)


def _after(patch: Patch, name: str, then: Callable[[Adapter, Values, Values], Values]) -> None:
    """Have an operation's result be altered."""
    good = Adapter._operations[name]
    _does(patch, name, lambda adapter, request: then(adapter, request, good(adapter, request)))


def _unless(patch: Patch, target: Any, name: str, error: type[SplitPassError], otherwise: Callable[..., Any]) -> None:
    """Have a function not raise this error, and return something else instead."""
    good = getattr(target, name)

    def lenient(*args: Any) -> Any:
        try:
            return good(*args)
        except error:
            return otherwise(*args)

    patch.setattr(target, name, lenient)


# Keys and logs.


@broken(
    "3.5/forged-keys",
    "3.6/receipt-by-the-operator",
    "3.6/record-by-a-stranger",
    "4.3/unregistered-venue",
    "4.3/registered-by-the-operator",
    "4.3/registered-by-the-authority",
    "3.12/notice-by-the-authority",
    "3.12/notice-by-the-operator",
    "3.13/forged-disclosure",
)
def takes_any_signature_of_a_statement(patch: Patch) -> None:
    patch.setattr(statements, "verify", lambda *_: True)


def _said(_domain: object, _role: Role, _epoch: int, statement: bytes) -> EpochStatement:
    return EpochStatement.from_bytes(statement_payload(statement))


@broken("3.5/keys-of-another-day")
def takes_keys_of_any_day(patch: Patch) -> None:
    _unless(patch, service.epoch_cache, "verify_epoch_statement", WrongEpoch, _said)


@broken("3.5/keys-of-another-domain")
def takes_keys_of_any_domain(patch: Patch) -> None:
    _unless(patch, service.epoch_cache, "verify_epoch_statement", WrongDomain, _said)


@broken("3.5/no-statement", "3.11/other-tiles")
def takes_whatever_comes_for_nothing(patch: Patch) -> None:
    good = Adapter._operations["fetch"]

    def fetch(adapter: Adapter, request: Values) -> Values:
        try:
            return good(adapter, request)
        except MalformedEncoding:
            return {}

    _does(patch, "fetch", fetch)


@broken("3.5/rogue-key")
def takes_rogue_keys(patch: Patch) -> None:
    _unless(patch, service.epoch_cache, "verify_epoch_statement", InvalidProof, _said)


@broken("3.5/keys-for-one-visitor")
def compares_no_statements(patch: Patch) -> None:
    patch.setattr(service.epoch_cache, "check_same_statement", lambda *_: None)


@broken("3.11/another-entry", "3.11/altered-entry", "3.11/longer-proof")
def needs_no_proof_of_the_log(patch: Patch) -> None:
    def unproven(domain: Any, role: Role, _statement: bytes, inclusion: Inclusion) -> object:
        return verify_witnessed(domain, role, inclusion.checkpoint)

    _unless(patch, service.log_client, "verify_logged_epoch", NotLogged, unproven)


@broken("3.11/unwitnessed")
def needs_no_witness(patch: Patch) -> None:
    def unwitnessed(domain: Any, role: Role, _statement: bytes, inclusion: Inclusion) -> object:
        name = inclusion.checkpoint.decode().splitlines()[0]
        return SimpleNamespace(checkpoint=verify_checkpoint(inclusion.checkpoint, name, domain.identity_key(role)))

    _unless(patch, service.log_client, "verify_logged_epoch", InvalidSignature, unwitnessed)


@broken("3.11/forked-log", "3.11/other-tiles")
def follows_no_log(patch: Patch) -> None:
    async def follow(*_args: object) -> None:
        pass

    patch.setattr(KnownLogs, "_follow", follow)


@broken("3.11/grown-log")
def reads_no_full_tile(patch: Patch) -> None:
    good = service.log_client.fetch_hashes

    async def fetch_hashes(session: Any, url: str, tile: Tile) -> list[bytes]:
        if tile.width == TILE_WIDTH:
            raise Problem(404, "not-found", "this client knows no full tiles")
        return await good(session, url, tile)

    patch.setattr(service.log_client, "fetch_hashes", fetch_hashes)


@broken("3.11/older-checkpoint")
def takes_no_older_checkpoint(patch: Patch) -> None:
    good = KnownLogs._follow

    async def follow(logs: KnownLogs, session: Any, role: Role, note: bytes, received: Any) -> None:
        known = logs._known(role)
        if known is not None and known.checkpoint.size > received.checkpoint.size:
            raise NotLogged("this client takes newer checkpoints alone")
        await good(logs, session, role, note, received)

    patch.setattr(KnownLogs, "_follow", follow)


# Handles and passes.


@broken("3.6/another-name", "3.6/another-phone")
def compares_no_name(patch: Patch) -> None:
    async def register(visitor: Any, session: Any, epoch_key: Any, account: Any, pending: Any) -> None:
        url = f"{visitor.servers.url(Role.OPERATOR)}/v1/handles"
        answer = await call(session, "POST", url, pending.registration, account.session.token)
        verify_grant(epoch_key, pending.registration.handle, HandleGrant.from_bytes(answer))

    patch.setattr(client.passes, "_register", register)


def _granted(_key: object, _handle: object, grant: HandleGrant) -> IdentityRecord:
    return IdentityRecord.from_bytes(statement_payload(grant.record))


@broken("3.6/another-entry", "3.6/sealed-for-nobody")
def opens_no_entry(patch: Patch) -> None:
    _unless(patch, client.passes, "verify_grant", InvalidEntry, _granted)


@broken("3.6/receipt-of-another-entry")
def reads_no_receipt(patch: Patch) -> None:
    _unless(patch, client.passes, "verify_grant", InvalidReceipt, _granted)


@broken("3.6/fresh-handle")
def has_one_handle_for_all_days(patch: Patch) -> None:
    patch.setattr(client.passes, "register_handle", lambda key, account: register_handle(key, account, Draws("handle")))


@broken("3.6/lost-grant", "3.7/no-early-retry")
def forgets_its_handle_in_a_restart(patch: Patch) -> None:
    def restarted(adapter: Adapter, _request: Values, said: Values) -> Values:
        def forget(wallet: Wallet) -> tuple[Wallet, None]:
            return replace(wallet, days=tuple(replace(day, pending=None) for day in wallet.days)), None

        adapter._visitor.change(forget)
        return said

    _after(patch, "restart", restarted)


@broken("3.7/drawn-times")
def asks_as_soon_as_it_has_registered(patch: Patch) -> None:
    def begin(wallet: Wallet, visitor: Visitor, epoch: int) -> tuple[Wallet, Due]:
        after, due = _begin(wallet, visitor, epoch)
        is_ahead = visitor.domain.epoch_begins(epoch) > visitor.clock()
        return after, Due.BOTH_STEPS if is_ahead and due is Due.ONE_STEP else due

    patch.setattr(client.passes, "_begin", begin)


@broken("3.7/no-early-retry")
def retries_at_once(patch: Patch) -> None:
    def begin(wallet: Wallet, visitor: Visitor, epoch: int) -> tuple[Wallet, Due]:
        after, due = _begin(wallet, visitor, epoch)
        day = after.day(epoch)
        failed = day is not None and day.issued is None and day.epoch == visitor.domain.epoch_at(visitor.clock())
        return after, Due.ONE_STEP if failed and due is Due.NOTHING else due

    patch.setattr(client.passes, "_begin", begin)


@broken(
    "3.7/decoys",
    "3.7/only-decoys",
    "3.7/passes-by-another-key",
    "3.7/another-number-of-answers",
    "3.7/no-answer-at-all",
)
def asks_again_for_what_was_withheld(patch: Patch) -> None:
    good = client.passes._keep

    def keep(wallet: Wallet, epoch: int, pending: Any, passes: list[Any]) -> tuple[Wallet, None]:
        after, _ = good(wallet, epoch, pending, passes)
        day = after.day(epoch)
        assert day is not None
        return (after if len(passes) == ALLOWANCE else after.with_day(replace(day, issued=None))), None

    patch.setattr(client.passes, "_keep", keep)


@broken("3.7/decoys")
def takes_all_passes_or_none(patch: Patch) -> None:
    def accept(key: Any, pending: Any, answers: PassAnswers) -> list[Any]:
        passes = accept_answers(key, pending, answers)
        return passes if len(passes) == len(pending) else []

    patch.setattr(client.passes, "accept_answers", accept)


@broken("3.7/passes-by-another-key")
def takes_passes_that_anybody_signed(patch: Patch) -> None:
    patch.setattr("protocol.passes.verify", lambda *_: True)


@broken("3.7/another-number-of-answers")
def counts_no_answers(patch: Patch) -> None:
    def accept(key: Any, pending: Any, answers: PassAnswers) -> list[Any]:
        return accept_answers(key, pending, PassAnswers(answers.answers[: len(pending)]))

    patch.setattr(client.passes, "accept_answers", accept)


@broken("3.7/only-decoys", "3.7/no-answer-at-all", "3.7/another-number-of-answers", "3.7/passes-by-another-key")
def says_nothing_when_no_pass_came(patch: Patch) -> None:
    good = Adapter._operations["fetch"]

    def fetch(adapter: Adapter, request: Values) -> Values:
        try:
            return good(adapter, request)
        except PassesWithheld as withheld:
            if withheld.count:
                raise
            return {}

    _does(patch, "fetch", fetch)


@broken("3.7/another-account")
def keeps_the_passes_of_another_account(patch: Patch) -> None:
    good = Adapter._operations["enrol"]

    def enrol(adapter: Adapter, request: Values) -> Values:
        days = adapter._visitor.wallet().days
        said = good(adapter, request)
        adapter._visitor.change(lambda wallet: (replace(wallet, days=days), None))
        return said

    _does(patch, "enrol", enrol)


# Check-ins.


@broken("3.8/entry", "3.8/after-midnight", "3.8/exit")
def shows_the_time_of_the_next_code(patch: Patch) -> None:
    def text(screen: Screen, now: int) -> str:
        time = now - now % 15 + 15
        return to_qr_text(sign_check_in(screen.epoch_key, screen.stored.owned, time, screen.direction))

    patch.setattr(Screen, "text", text)


@broken("3.8/renewed", "3.8/after-midnight")
def shows_the_same_code_for_ever(patch: Patch) -> None:
    shown: dict[str, Any] = {}
    _after(patch, "show", lambda _adapter, _request, said: shown.update(said) or said)
    _does(patch, "renew", lambda _adapter, _request: shown)


@broken("3.8/burned")
def has_its_passes_back_after_a_restart(patch: Patch) -> None:
    def restarted(adapter: Adapter, _request: Values, said: Values) -> Values:
        adapter._visitor.change(_put_back)
        return said

    _after(patch, "restart", restarted)


def _put_back(wallet: Wallet) -> tuple[Wallet, None]:
    """The passes of all visits are unused again."""
    for visit in wallet.visits:
        day = wallet.day(visit.epoch)
        if day is not None and visit.exit_pass is not None:
            wallet = wallet.with_day(replace(day, passes=(*day.passes, visit.exit_pass)))
    return wallet, None


def _taking(patch: Patch, otherwise: Callable[[Wallet, int, int], tuple[list[StoredPass], Wallet] | None]) -> None:
    """Have passes be taken from elsewhere where there are too few."""
    good = Visitor.take_passes

    def take(visitor: Visitor, wallet: Wallet, epoch: int, count: int) -> tuple[list[StoredPass], Wallet]:
        try:
            return good(visitor, wallet, epoch, count)
        except NoPassLeft:
            taken = otherwise(wallet, epoch, count)
            if taken is None:
                raise
            return taken

    patch.setattr(Visitor, "take_passes", take)


@broken("3.8/no-passes")
def shows_passes_of_another_day(patch: Patch) -> None:
    good = Visitor.epoch_key

    def of_any_day(wallet: Wallet, _epoch: int, count: int) -> tuple[list[StoredPass], Wallet] | None:
        day = next((day for day in wallet.days if len(day.passes) >= count), None)
        return None if day is None else (list(day.passes[:count]), wallet)

    patch.setattr(Visitor, "epoch_key", lambda visitor, epoch: visitor.epochs.key(epoch) or good(visitor, epoch + 1))
    _taking(patch, of_any_day)


@broken("3.8/group")
def lets_some_of_a_group_in(patch: Patch) -> None:
    def some(wallet: Wallet, epoch: int, _count: int) -> tuple[list[StoredPass], Wallet] | None:
        day = wallet.day(epoch)
        if day is None or not day.passes:
            return None
        return list(day.passes), wallet.with_day(replace(day, passes=()))

    _taking(patch, some)


@broken("3.8/after-midnight")
def shows_yesterdays_pass(patch: Patch) -> None:
    patch.setattr(client.visits, "possible_epochs", lambda *_: range(10**6))


@broken("3.8/exit", "3.8/group-leaves")
def leaves_with_another_pass(patch: Patch) -> None:
    def open_exits(visitor: Visitor, group: list[Any]) -> list[Screen]:
        entries = client.visits.open_entries(visitor, len(group))
        return [replace(screen, direction=Direction.EXIT) for screen in entries]

    patch.setattr(python_client, "open_exits", open_exits)


@broken("3.8/too-long-a-stay", "3.8/forgotten")
def never_forgets_an_exit(patch: Patch) -> None:
    patch.setattr(client.wallet_contents, "MAX_STAY", 100 * 86_400)


@broken("3.8/nothing-to-leave", "3.8/too-long-a-stay", "3.8/forgotten")
def says_that_it_left(patch: Patch) -> None:
    good = Adapter._operations["leave"]

    def leave(adapter: Adapter, request: Values) -> Values:
        try:
            return good(adapter, request)
        except NoVisit:
            return {"texts": []}

    _does(patch, "leave", leave)


@broken("3.8/offline")
def fetches_when_it_is_opened(patch: Patch) -> None:
    def shown(adapter: Adapter, _request: Values, said: Values) -> Values:
        url = f"{adapter._visitor.servers.url(Role.OPERATOR)}/healthz"
        python_client._online(lambda session: call(session, "GET", url))
        return said

    _after(patch, "show", shown)


@broken("3.8/paper")
def prints_a_pass_twice(patch: Patch) -> None:
    _after(patch, "print", lambda _adapter, _request, said: {"texts": [said["texts"][0]] * len(said["texts"])})


@broken("3.8/forgotten")
def keeps_visits_for_ever(patch: Patch) -> None:
    patch.setattr(python_client, "SETTINGS", python_client.SETTINGS + "retention_days = 36500\n")


# Posters.


@broken("4.3/poster")
def checks_in_by_a_link_alone(patch: Patch) -> None:
    def read(adapter: Adapter, request: Values, said: Values) -> Values:
        Adapter._operations["check-in"](adapter, {**request, "people": 1})
        return said

    _after(patch, "read-poster", read)


@broken("4.3/no-poster")
def takes_any_link(patch: Patch) -> None:
    loose = re.compile(r"(https?://[^\s/?#@\\]+(?:/[^\s?#@\\]+)*)/v/([0-9a-fA-F]{32})")
    patch.setattr(client.posters, "_LINK", loose)


@broken("4.3/poster-without-tls")
def asks_without_tls(patch: Patch) -> None:
    patch.setattr(client.posters, "is_protected", lambda _: True)


def _by_the_authority(_domain: object, joint: JointStatement) -> object:
    return SimpleNamespace(record=Venue.from_bytes(statement_payload(joint.authority)))


@broken("4.3/two-records")
def compares_no_records(patch: Patch) -> None:
    _unless(patch, client.posters, "verify_venue", ConflictingStatements, _by_the_authority)


@broken("4.3/venue-of-another-domain")
def takes_venues_of_any_domain(patch: Patch) -> None:
    _unless(patch, client.posters, "verify_venue", WrongDomain, _by_the_authority)


@broken("4.3/another-venue", "4.3/another-url")
def compares_no_link(patch: Patch) -> None:
    def read(domain: Any, _link: str, record: bytes) -> Venue:
        return verify_venue(domain, JointStatement.from_bytes(record)).record

    patch.setattr(client.posters, "read_poster", read)


@broken("3.8/scan")
def keeps_no_answer_of_a_door(patch: Patch) -> None:
    def forgetful(_adapter: Adapter, _request: Values, said: Values) -> Values:
        return {**said, "visits": [{**visit, "answer": None} for visit in said["visits"]]}

    _after(patch, "wallet", forgetful)


@broken("3.8/scan-out")
def repeats_an_exit_for_ever(patch: Patch) -> None:
    good = client.visits._submit

    async def submit(*args: Any) -> Decision:
        decision = await good(*args)
        is_repeated = args[-1] is Direction.EXIT and decision is Decision.ALREADY_SPENT
        return Decision.NO_ENTRY if is_repeated else decision

    patch.setattr(client.visits, "_submit", submit)


@broken("3.8/refused-at-the-door")
def says_that_everybody_may_enter(patch: Patch) -> None:
    _after(patch, "check-in", lambda *_: {"decision": "ADMITTED"})


@broken("3.8/venue-does-not-answer")
def uses_a_pass_again_that_got_no_answer(patch: Patch) -> None:
    good = Adapter._operations["check-in"]

    def check_in(adapter: Adapter, request: Values) -> Values:
        try:
            return good(adapter, request)
        except Problem:
            adapter._visitor.change(_put_back)
            raise

    _does(patch, "check-in", check_in)


# Lists.


@broken("3.12/found")
def forgets_what_it_found(patch: Patch) -> None:
    def restarted(adapter: Adapter, _request: Values, said: Values) -> Values:
        for path in (adapter._visitor.home / "findings").glob("*"):
            path.unlink()
        return said

    _after(patch, "restart", restarted)


@broken("3.13/found")
def reads_the_first_opening_alone(patch: Patch) -> None:
    good = client.list_search.matches

    def matches(published: Any, used: Iterable[bytes]) -> Iterable[Found]:
        is_disclosure = isinstance(published, Disclosure)
        return good(replace(published, openings=published.openings[:1]) if is_disclosure else published, used)

    patch.setattr(client.list_search, "matches", matches)


@broken("3.13/disclosure-of-another-party")
def takes_disclosures_of_either_party(patch: Patch) -> None:
    def said(_domain: object, _role: Role, statement: bytes, _number: object) -> Disclosure:
        return Disclosure.from_bytes(statement_payload(statement))

    _unless(patch, client.list_sources, "verify_disclosure", WrongParty, said)


def _by_the_authority_alone(_domain: object, encoding: bytes, _number: object) -> VerifiedNotice:
    published = PublishedNotice.from_bytes(encoding)
    made = object.__new__(VerifiedNotice)
    object.__setattr__(made, "record", Notice.from_bytes(statement_payload(published.notice.authority)))
    object.__setattr__(made, "digests", published.digests)
    return made


@broken("3.12/another-list")
def takes_any_list_of_a_notice(patch: Patch) -> None:
    _unless(patch, client.list_sources, "verify_notice", InvalidNotice, _by_the_authority_alone)


@broken("3.12/two-notices")
def compares_no_notices(patch: Patch) -> None:
    _unless(patch, client.list_sources, "verify_notice", ConflictingStatements, _by_the_authority_alone)


@broken("3.12/notice-of-another-domain")
def takes_notices_of_any_domain(patch: Patch) -> None:
    _unless(patch, client.list_sources, "verify_notice", WrongDomain, _by_the_authority_alone)


@broken("3.12/another-number")
def takes_a_notice_of_any_number(patch: Patch) -> None:
    _unless(patch, client.list_sources, "verify_notice", WrongNumber, _by_the_authority_alone)


@broken("3.12/stale")
def takes_lists_of_any_age(patch: Patch) -> None:
    patch.setattr(client.lists, "MAX_LIST_AGE", 10**8)


def _silent(*faults: str) -> Callable[[Adapter, Values, Values], Values]:
    """Have nothing be said of the notices if this is all that is wrong with them."""

    def say(_adapter: Adapter, _request: Values, said: Values) -> Values:
        found = said["faults"]
        return {"faults": {**found, NOTICES: [] if set(found[NOTICES]) == set(faults) else found[NOTICES]}}

    return say


@broken("3.12/missing", "3.12/no-lists")
def says_nothing_of_missing_lists(patch: Patch) -> None:
    _after(patch, "search", _silent("missing", "stale"))


@broken("3.12/withdrawn")
def says_nothing_of_withdrawn_lists(patch: Patch) -> None:
    _after(patch, "search", _silent("withdrawn"))


@broken("3.12/conflicting")
def says_nothing_of_two_lists(patch: Patch) -> None:
    _after(patch, "search", _silent("conflicting"))


@broken("3.12/found-before-a-failure")
def forgets_what_it_found_before_a_failure(patch: Patch) -> None:
    good = Visitor.keep_found

    def keep(visitor: Visitor, name: str, found: Iterable[Found]) -> None:
        good(visitor, name, found if sys.exc_info()[0] is None else ())

    patch.setattr(Visitor, "keep_found", keep)


@broken("3.12/independent", "3.12/bloated-list")
def gives_up_with_the_first_party(patch: Patch) -> None:
    def search(adapter: Adapter, _request: Values) -> Values:
        async def one_by_one(session: Any) -> dict[str, list[str]]:
            said: dict[str, list[str]] = {}
            for source in list_sources(adapter._visitor):
                failed = any({"refused", "unreachable"} & set(faults) for faults in said.values())
                said[source.name] = ["unreachable"] if failed else await adapter._search_one(session, source)
            return said

        return {"faults": python_client._online(one_by_one)}

    _does(patch, "search", search)


@broken("3.12/bloated-list")
def reads_without_an_end(patch: Patch) -> None:
    read = service.http_client._read_limited
    patch.setattr(service.http_client, "_read_limited", lambda response, _max_bytes: read(response, 10**9))


@broken("3.12/too-many-lists")
def follows_lists_without_an_end(patch: Patch) -> None:
    patch.setattr(client.lists, "MAX_LISTS", 10**6)


@broken("3.12/asks-the-same")
def asks_more_about_a_visit(patch: Patch) -> None:
    def searched(adapter: Adapter, _request: Values, said: Values) -> Values:
        if adapter._visitor.findings().notices:
            url = f"{adapter._visitor.servers.url(Role.AUTHORITY)}/v1/notices/0"
            python_client._online(lambda session: call(session, "GET", url))
        return said

    _after(patch, "search", searched)


@broken("3.12/only-what-is-new", "3.12/withdrawn", "3.12/conflicting")
def begins_anew_each_time(patch: Patch) -> None:
    good = client.lists.ListSource.follow

    async def follow(source: Any, *args: Any) -> Any:
        source.start_over()
        return await good(source, *args)

    patch.setattr(client.lists.ListSource, "follow", follow)


@broken("6.4/filled-lists")
def has_no_room_for_findings_and_visits(patch: Patch) -> None:
    good = Adapter._operations["show"]

    def show(adapter: Adapter, request: Values) -> Values:
        if len(adapter._visitor.findings().openings) > 1:
            raise NoPassLeft("the wallet is full")
        return good(adapter, request)

    _does(patch, "show", show)


# Requests.


@broken("5.1/redirect")
def follows_redirects(patch: Patch) -> None:
    good = aiohttp.ClientSession.request

    def request(session: Any, method: str, url: str, **options: Any) -> Any:
        return good(session, method, url, **{**options, "allow_redirects": True})

    patch.setattr(aiohttp.ClientSession, "request", request)


@broken("5.1/no-marks")
def keeps_cookies(patch: Patch) -> None:
    kept = SimpleCookie()

    def keep(_jar: object, headers: Sequence[str], _url: object) -> None:
        for header in headers:
            kept.load(header)

    patch.setattr(aiohttp.DummyCookieJar, "update_cookies_from_headers", keep)
    patch.setattr(aiohttp.DummyCookieJar, "filter_cookies", lambda _jar, _url: kept)


@broken("5.1/same-headers")
def sends_its_own_header(patch: Patch) -> None:
    good = new_session

    def begun(adapter: Adapter, _request: Values, said: Values) -> Values:
        name = token_hex(4)

        def named() -> Any:
            session = good()
            session.headers["X-Client"] = name
            return session

        patch.setattr(python_client, "new_session", named)
        return said

    _after(patch, "begin", begun)
