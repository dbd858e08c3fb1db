"""The verb that breaks one rule at a time, on two rules."""

from __future__ import annotations

from tests.vectors.mutants import all_mutants, explained, reached, try_all

NOTICED = "protocol.check_ins.check_label_time: without"
UNNOTICED = "protocol.primitives.statements._split: without `if statement[:1] != TAG_18`"


def test_a_vector_notices_a_broken_rule_and_no_other_one() -> None:
    mutants = [mutant for mutant in all_mutants() if mutant.name.startswith((NOTICED, UNNOTICED))]
    assert len(mutants) == 2
    calls = reached(["messages", "statements"])
    assert try_all(mutants, calls, jobs=2) == [UNNOTICED]


def test_every_explained_rule_is_in_the_code() -> None:
    mutants = list(all_mutants())
    names = {mutant.name for mutant in mutants} | {f"{mutant.function}: no vector calls it" for mutant in mutants}
    assert explained()
    assert explained() <= names
