"""SPASS decides the secrecy queries of `spec/formal/clauses`, and finds the attack when a step is left out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.formal.clauses import CLAUSES, PROVER, follows, runs, source, to_spass


def cases(kind: str) -> list[object]:
    return [pytest.param(path, run, id=f"{path.stem}-{run}") for path in CLAUSES for run in runs(path, kind)]


@pytest.fixture
def prover() -> None:
    if shutil.which(PROVER) is None:
        pytest.fail(f"the prover {PROVER} is missing; run: sudo apt-get install spass", pytrace=False)


@pytest.mark.usefixtures("prover")
@pytest.mark.parametrize(("path", "run"), cases("holds"))
def test_what_is_secret_cannot_be_derived(path: Path, run: str) -> None:
    assert not follows(source(path, run))


@pytest.mark.usefixtures("prover")
@pytest.mark.parametrize(("path", "run"), cases("attack"))
def test_the_prover_finds_the_attack(path: Path, run: str) -> None:
    assert follows(source(path, run))


def test_rules_are_written_for_the_prover() -> None:
    shown = to_spass("p(f(X), a) :- p(X, Y), q.  % why\nf(a) = a.\nq.\n?- p(a, a).")
    assert "functions[(f,1),(a,0)]" in shown
    assert "predicates[(p,2),(q,0)]" in shown
    assert "formula(forall([X,Y],implies(and(p(X,Y),q),p(f(X),a))))." in shown
    assert "formula(equal(f(a),a))." in shown
    assert "list_of_formulae(conjectures). formula(p(a,a))." in shown


@pytest.mark.parametrize("text", ["p(a.\n?- p.", "p(a)) .\n?- p.", "p a.\n?- p.", "p(a).\np(a, b).\n?- p(a)."])
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises((AssertionError, ValueError, IndexError)):
        to_spass(text)
