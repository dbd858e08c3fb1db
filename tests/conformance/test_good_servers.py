"""Our own servers pass every check, and what a tester does not give is listed as not run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.catalogue import CHECKS
from conformance.check import Outcome, Result
from conformance.tester import Server
from service import http
from tests.conformance.good_servers import GoodServers, failed, not_run


def unpassed(outcomes: dict[str, Outcome]) -> dict[str, str]:
    return {name: outcome.detail for name, outcome in outcomes.items() if outcome.result is not Result.PASSED}


SLOW = {f"5.1/slow-body/{server}" for server in Server}


def test_everything_passes_when_everything_is_given(good: GoodServers) -> None:
    options = replace(good.options(), slow=False)
    assert unpassed(good.check(options)) == dict.fromkeys(SLOW, "needs --slow")

    again = good.check(options)
    assert failed(again) == set()
    assert "use a phone that was not used today" in again["5.3/handle"].detail


def test_slow_bodies_are_given_up(good: GoodServers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "BODY_SECONDS", 0.2)
    answers = {f"5.1/answers/{server}" for server in Server}
    checks = [check for check in CHECKS if check.identifier in SLOW | answers]
    assert unpassed(good.check(good.options(), checks)) == {}


def test_without_phones_nothing_is_enrolled(good: GoodServers) -> None:
    codes = good.outbox.read_text() if good.outbox.exists() else ""
    outcomes = good.check(replace(good.options(), phones=(), read_code=None, slow=False))
    assert failed(outcomes) == set()
    assert {outcomes[name].detail for name in not_run(outcomes)} == {"needs --phone", "needs --slow"}
    assert (good.outbox.read_text() if good.outbox.exists() else "") == codes


def test_one_server_alone_can_be_checked(good: GoodServers) -> None:
    for server, url in good.urls.items():
        options = replace(good.options(), urls={server: url}, domain=None, phones=(), slow=False)
        outcomes = good.check(options)
        assert failed(outcomes) == set()
        passed = outcomes.keys() - not_run(outcomes)
        assert all(outcomes[name].check.needs[0] in {f"--{server}", f"5.1/answers/{server}"} for name in passed)
        assert {f"5.1/health/{server}", f"4.1/tagged/{server}", f"5.1/problem-documents/{server}"} <= passed


def test_too_few_phones_for_a_batch_are_said_to_be_too_few(good: GoodServers) -> None:
    options = good.options()
    outcomes = good.check(replace(options, phones=options.phones[:1], slow=False))
    assert failed(outcomes) == set()
    assert "give more --phone" in outcomes["5.3/passes"].detail
    assert outcomes["3.8/admitted"].detail == outcomes["5.3/passes"].detail


def test_checks_have_their_own_names_and_a_requirement() -> None:
    assert len({check.identifier for check in CHECKS}) == len(CHECKS)
    assert all(check.requirement.endswith((".", ")")) for check in CHECKS)


def test_what_a_check_needs_runs_before_it() -> None:
    before: set[str] = set()
    for check in CHECKS:
        assert {need for need in check.needs if not need.startswith("--")} <= before
        before.add(check.identifier)
