"""Doors that do one thing wrong each, and the checks that find it: the one in Python, broken in a test alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from base45 import b45decode

import protocol.check_ins
import service.epoch_cache
import venue.gate
import venue.store
from conformance.doors.python_door import Adapter, Values
from protocol.any_check_in import verify_any_check_in
from protocol.check_ins import CheckInMessage
from protocol.http_messages import Decision
from protocol.primitives import statements
from protocol.primitives.errors import InvalidProof, Malformed, SplitPassError, WrongDomain, WrongEpoch
from protocol.primitives.signatures import verify
from protocol.qr_text import from_qr_text
from tests.conformance.broken import AllBroken, Patch
from venue.code_text import parse_code
from venue.gate import DoorDomain, Gate
from venue.store import Store

BROKEN = AllBroken()
broken = BROKEN.add


def _with_lax_keys(patch: Patch, error: type[SplitPassError]) -> None:
    """Have keys be taken although this is wrong with them."""
    for name in ("verify_epoch_statement", "verify_epoch"):
        good = getattr(service.epoch_cache, name)

        def lax(*args: Any, good: Callable[..., Any] = good) -> Any:
            try:
                return good(*args)
            except error:
                return None

        patch.setattr(service.epoch_cache, name, lax)


@broken("3.5/forged-keys")
def takes_any_signature_of_a_statement(patch: Patch) -> None:
    patch.setattr(statements, "verify", lambda *_: True)


@broken("3.5/keys-of-another-day")
def takes_keys_of_any_day(patch: Patch) -> None:
    _with_lax_keys(patch, WrongEpoch)


@broken("3.5/keys-of-another-domain")
def takes_keys_of_any_domain(patch: Patch) -> None:
    _with_lax_keys(patch, WrongDomain)


@broken("3.5/rogue-key")
def takes_rogue_keys(patch: Patch) -> None:
    _with_lax_keys(patch, InvalidProof)


@broken("3.5/keys-for-one-door")
def compares_no_statements(patch: Patch) -> None:
    patch.setattr(service.epoch_cache, "check_same_statement", lambda *_: None)


@broken("3.8/restart")
def forgets_whom_it_admitted(patch: Patch) -> None:
    good = Adapter._operations["restart"]

    def restart(adapter: Adapter, request: Values) -> Values:
        (adapter._home / "venue.db").unlink()
        return good(adapter, request)

    patch.setitem(Adapter._operations, "restart", restart)


def _finding(patch: Patch, find: Callable[[Adapter, int], DoorDomain | None]) -> None:
    patch.setattr(Adapter, "_find", find)


GOOD_FIND = Adapter._find


@broken("3.8/two-domains", "3.8/another-domain", "3.8/one-pass-in-two-domains", "3.8/exit-in-another-domain")
def does_not_look_at_the_domain(patch: Patch) -> None:
    _finding(patch, lambda adapter, _number: GOOD_FIND(adapter, adapter._pinned[0]["number"]))


@broken("3.8/one-pass-in-two-domains", "3.8/exit-in-another-domain")
def has_one_store_for_all_domains(patch: Patch) -> None:
    def find(adapter: Adapter, number: int) -> DoorDomain | None:
        of = GOOD_FIND(adapter, number)
        assert adapter._engine is not None
        return of and replace(of, store=Store(adapter._engine, 0, adapter._venue_id))

    _finding(patch, find)


@broken("3.8/closed-domain")
def does_not_know_that_a_domain_is_closed(patch: Patch) -> None:
    _finding(patch, lambda adapter, number: (of := GOOD_FIND(adapter, number)) and replace(of, closed=False))


@broken("3.8/closed-domain")
def keeps_visitors_of_a_closed_domain_in(patch: Patch) -> None:
    _finding(patch, lambda adapter, number: None if number in adapter._closed else GOOD_FIND(adapter, number))


@broken("3.8/keys-of-another-day")
def takes_a_pass_of_tomorrow(patch: Patch) -> None:
    good = venue.gate._verify

    def verify_of_tomorrow(of: DoorDomain, message: Any) -> Any:
        found = good(of, message)
        tomorrow = of.epoch_key(of.domain.epoch_at(message.time) + 1)
        if not isinstance(found, Decision) or tomorrow is None:
            return found
        with pytest.MonkeyPatch.context() as lax:
            lax.setattr(protocol.check_ins, "possible_epochs", lambda *_: range(10**6))
            return of.store.spending(verify_any_check_in(tomorrow, message))

    patch.setattr(venue.gate, "_verify", verify_of_tomorrow)


def _not_verifying(patch: Patch, name: bytes) -> None:
    """Have no signature be looked at whose input has this name."""

    def careless(key: bytes, message: bytes, signature: bytes) -> bool:
        return name in message[:40] or verify(key, message, signature)

    for module in ("check_ins", "paper_passes"):
        patch.setattr(f"protocol.{module}.verify", careless)


LABELS = (
    "3.4/large-s",
    "3.4/not-canonical-r",
    "3.4/small-order-r",
    "3.4/cofactor",
    "3.4/off-curve-key",
    "3.4/not-canonical-key",
    "3.4/small-order-key",
    "3.4/identity-key",
    "3.8/a-label-that-was-altered",
    "3.8/a-false-exit-that-may-be-of-a-day-whose-keys-are-missing",
    "3.8/a-false-exit-before-anybody-came-in",
    "3.8/false-codes-of-a-pass-that-was-spent",
)


@broken(*LABELS)
def verifies_no_label(patch: Patch) -> None:
    _not_verifying(patch, b"check-in")


@broken("3.8/self-made-pass")
def verifies_no_pass(patch: Patch) -> None:
    _not_verifying(patch, b"/pass")


@broken(*LABELS, "3.8/self-made-pass", "3.8/a-pass-that-was-altered", "3.8/two-domains", "3.8/keys-of-another-day")
def verifies_nothing_that_is_shown(patch: Patch) -> None:
    patch.setattr(protocol.check_ins, "verify", lambda *_: True)


@broken("3.8/a-false-paper")
def verifies_no_delegation(patch: Patch) -> None:
    _not_verifying(patch, b"paper-pass")


@broken("3.8/as-early-as-it-may-be")
def tolerates_early_codes(patch: Patch) -> None:
    _tolerating(patch, Decision.TOO_EARLY)


@broken("3.8/as-late-as-it-may-be")
def tolerates_late_codes(patch: Patch) -> None:
    _tolerating(patch, Decision.TOO_OLD)


@broken("3.8/sent-to-the-venues-server", "3.8/another-venue-too-late")
def admits_to_any_venue(patch: Patch) -> None:
    _tolerating(patch, Decision.OTHER_VENUE)


def _tolerating(patch: Patch, fault: Decision) -> None:
    good = Gate._label_fault

    def label_fault(gate: Gate, of: DoorDomain, message: Any, now: int) -> Decision | None:
        found = good(gate, of, message, now)
        return None if found is fault else found

    patch.setattr(Gate, "_label_fault", label_fault)


@broken(
    "3.8/an-exit-without-an-entry",
    "3.8/an-exit-as-long-after-its-entry-as-it-may-be",
    "3.8/an-exit-with-its-entrys-time-and-one-before-it",
    "3.8/exit-in-another-domain",
)
def lets_anybody_leave(patch: Patch) -> None:
    patch.setattr(venue.store, "_is_inside", lambda *_: True)


@broken(
    "3.8/a-paper-comes-and-goes",
    "3.8/a-paper-goes-as-late-as-it-may",
    "3.8/an-entry-twice",
    "3.8/an-exit-twice-and-an-entry-after-it",
    "3.8/false-codes-of-a-pass-that-was-spent",
    "3.8/in-on-a-screen-out-on-paper",
    "3.8/in-on-paper-out-on-a-screen",
    "3.8/restart",
)
def admits_a_pass_twice(patch: Patch) -> None:
    good = Store.decide

    def decide(store: Store, spending: Any) -> Decision:
        decision = good(store, spending)
        return Decision.ADMITTED if decision is Decision.ALREADY_SPENT else decision

    patch.setattr(Store, "decide", decide)


@broken(
    "3.8/a-paper-comes-and-goes",
    "3.8/a-paper-goes-after-midnight",
    "3.8/a-paper-goes-as-late-as-it-may",
    "3.8/an-entry-and-its-exit",
    "3.8/an-exit-after-midnight",
    "3.8/an-exit-as-long-after-its-entry-as-it-may-be",
    "3.8/an-exit-twice-and-an-entry-after-it",
    "3.8/an-exit-with-its-entrys-time-and-one-before-it",
    "3.8/closed-domain",
    "3.8/in-on-a-screen-out-on-paper",
    "3.8/in-on-paper-out-on-a-screen",
    "3.8/restart",
)
def lets_nobody_leave(patch: Patch) -> None:
    patch.setattr(venue.store, "_is_inside", lambda *_: False)


@broken("3.8/what-is-no-code", "3.8/a-text-that-names-a-venue", "4.1/encodings")
def takes_any_text_for_forged(patch: Patch) -> None:
    good = Gate.decide_text

    def decide_text(gate: Gate, text: str, now: int) -> Decision:
        decision = good(gate, text, now)
        return Decision.FORGED if decision is Decision.UNREADABLE else decision

    patch.setattr(Gate, "decide_text", decide_text)


@broken("4.1/encodings")
def strips_texts(patch: Patch) -> None:
    patch.setattr(venue.gate, "parse_code", lambda text: parse_code(text.strip()))


@broken("3.8/a-text-that-names-a-venue", "4.1/encodings")
def reads_codes_that_name_a_venue(patch: Patch) -> None:
    def parse(text: str) -> Any:
        try:
            return parse_code(text)
        except Malformed as error:
            try:
                return CheckInMessage.from_bytes(b45decode(text[4:] if text.startswith("SP1:") else ":"))
            except ValueError:
                raise error from None

    patch.setattr(venue.gate, "parse_code", parse)


@broken("3.8/a-paper-comes-and-goes", "3.8/in-on-a-screen-out-on-paper")
def has_papers_leave_at_once(patch: Patch) -> None:
    patch.setattr(venue.gate, "PAPER_STAY", 0)


@broken("3.8/a-paper-goes-as-late-as-it-may", "3.8/an-exit-as-long-after-its-entry-as-it-may-be")
def has_papers_stay_too_long(patch: Patch) -> None:
    for module in (venue.gate, venue.store):
        patch.setattr(module, "MAX_STAY", 10**6)


@broken(
    "3.8/a-false-paper",
    "3.8/a-paper-comes-and-goes",
    "3.8/a-paper-goes-after-midnight",
    "3.8/a-paper-goes-as-late-as-it-may",
    "3.8/a-paper-of-another-day",
    "3.8/another-domain",
    "3.8/in-on-a-screen-out-on-paper",
    "3.8/in-on-paper-out-on-a-screen",
)
def decides_no_paper(patch: Patch) -> None:
    patch.setattr(venue.gate, "parse_code", from_qr_text)


@broken("3.8/a-paper-of-another-day")
def takes_papers_of_any_day(patch: Patch) -> None:
    good = Gate.decide_paper

    def decide_paper(gate: Gate, paper: Any, now: int) -> Decision:
        decision = good(gate, paper, now)
        return Decision.ADMITTED if decision in {Decision.TOO_OLD, Decision.TOO_EARLY} else decision

    patch.setattr(Gate, "decide_paper", decide_paper)


@broken("3.8/an-entry-after-midnight", "3.8/a-false-exit-that-may-be-of-a-day-whose-keys-are-missing")
def takes_yesterdays_keys_for_those_of_today(patch: Patch) -> None:
    def find(adapter: Adapter, number: int) -> DoorDomain | None:
        of = GOOD_FIND(adapter, number)
        return of and replace(of, epoch_key=lambda epoch: of.epoch_key(epoch) or of.epoch_key(epoch - 1))

    _finding(patch, find)
