"""A step of a migration that has landed never changes: databases have taken it, and none takes it again."""

from __future__ import annotations

import ast
import hashlib
import inspect
import textwrap
from collections.abc import Callable
from types import FunctionType

import pytest

from escrow.authority.migrations import STEPS as AUTHORITY_STEPS
from escrow.operator.migrations import STEPS as OPERATOR_STEPS
from venue.migrations import steps

STEPS: dict[str, tuple[Callable[..., None], ...]] = {
    "operator": OPERATOR_STEPS,
    "authority": AUTHORITY_STEPS,
    "venue": steps([bytes(16)], [255]),
}
LANDED = {
    "operator": [
        ("find_decisions_in_the_log", "5ba0bd8d28b869e8"),
        ("index_epochs", "3c102b59a7c1cd03"),
        ("tell_released_passes_by_epoch", "af12b55cadef65be"),
        ("tell_reused_passes", "de81dbc9bb9eaf23"),
        ("tell_handles_by_epoch", "fa026cee8596fe8d"),
        ("tell_noticed_parts", "fb41817556aec96a"),
        ("index_commitment_times", "2b8892dc0931828f"),
        ("index_accounts", "35438d2ef1bef9e0"),
        ("keep_handles_in_partitions", "14ea3a8000580889"),
        ("index_released_passes", "ba5a2b61952969eb"),
        ("void_votes_on_venues", "fdc37245259a196a"),
        ("date_applications", "3809302760d137fc"),
        ("widen_actions", "532bd4edd1e4eb44"),
    ],
    "authority": [
        ("keep_the_opened_venue", "4ca7518df3812c4c"),
        ("index_released_epochs", "f9adcf9846a17f8e"),
        ("tell_released_passes_by_epoch", "af12b55cadef65be"),
        ("tell_reused_passes", "de81dbc9bb9eaf23"),
        ("name_the_warrants", "b82097f20af0df9a"),
        ("tell_the_directory_by_epoch", "970fb72b93b6c5f1"),
        ("keep_parts_apart", "3aae47f9971285eb"),
        ("index_commitment_times", "2b8892dc0931828f"),
        ("keep_the_directory_in_partitions", "9b2adaddc2c25099"),
        ("note_verified_entries", "27ef3a210bedca2a"),
        ("index_released_passes", "ba5a2b61952969eb"),
        ("void_votes_on_venues", "fdc37245259a196a"),
        ("date_applications", "3809302760d137fc"),
        ("widen_actions", "532bd4edd1e4eb44"),
    ],
    "venue": [
        ("name_the_venue", "d14e1c45f646695b"),
        ("place_in_the_log", "6fff9179c519455a"),
        ("name_the_domain", "0583e336e9ab6853"),
        ("keep_days_in_partitions", "2a092719aba09751"),
    ],
}
"""The steps of each party in order, with the digest of what they do. Append to it; change nothing."""


def digest(step: Callable[..., None]) -> str:
    """What stands for the code of a step and of our functions that it calls, without comments and docstrings."""
    assert isinstance(step, FunctionType)
    (function,) = ast.parse(textwrap.dedent(inspect.getsource(step))).body
    assert isinstance(function, ast.FunctionDef)
    if ast.get_docstring(function) is not None:
        del function.body[0]
    called = [step.__globals__[name] for name in step.__code__.co_names if name in step.__globals__]
    helpers = [digest(helper) for helper in called if isinstance(helper, FunctionType)]
    return hashlib.sha256("\n".join([ast.unparse(function), *helpers]).encode()).hexdigest()[:16]


@pytest.mark.parametrize("party", STEPS)
def test_what_has_landed_is_as_it_was(party: str) -> None:
    """A new step is appended here too, with its digest."""
    assert [(step.__name__, digest(step)) for step in STEPS[party]] == LANDED[party]


def helper(operations: list[str]) -> None:
    operations.append("called")


def step(operations: list[str]) -> None:
    """Do this."""
    operations.append("index")  # as was done
    helper(operations)


def test_the_digest_is_of_what_a_step_does(monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest(step)
    source = inspect.getsource(step)
    for change, differs in (
        (("as was done", "as will be done"), False),
        (("Do this", "Do that"), False),
        (('"index"', '"another"'), True),
        (("    helper(operations)\n", ""), True),
    ):
        assert source.count(change[0]) == 1
        monkeypatch.setattr(inspect, "getsource", lambda of, change=change: SOURCES[of].replace(*change))
        assert (digest(step) != before) is differs
    monkeypatch.setattr(inspect, "getsource", lambda of: SOURCES[of].replace('"called"', '"changed"'))
    assert digest(step) != before


SOURCES = {function: inspect.getsource(function) for function in (step, helper)}
