"""`python -m tests.party_mutants`: a drawn sample of the changes that could be made in the parties' programs."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from tests.party_mutants.drawing import PACKAGES, ROOT, all_mutants, code_files, draw
from tests.party_mutants.ends import Ends
from tests.party_mutants.reaching import digest_of, run_all
from tests.party_mutants.trying import End, Outcome, copy_tree, try_mutant

FOLDER = ROOT / "mutants" / "parties"
SURVIVORS = Path(__file__).with_name("SURVIVORS.md")
DEMANDED = 0.95


@click.command()
@click.option("--count", type=click.IntRange(1), default=400, show_default=True, help="How many mutants are drawn.")
@click.option("--seed", type=int, default=1, show_default=True, help="Which ones.")
@click.option("--only", "prefixes", multiple=True, help="Only of files whose path begins so; may be repeated.")
@click.option("--seconds", default=40.0, show_default=True, help="Of tests for each mutant, the fastest first.")
@click.option("--tests", multiple=True, help="Only these folders or files of tests; may be repeated.")
@click.option("--names", multiple=True, help="These mutants instead of a sample; may be repeated.")
def main(
    count: int, seed: int, prefixes: tuple[str, ...], seconds: float, tests: tuple[str, ...], names: tuple[str, ...]
) -> None:
    """Break the parties' programs by one change at a time, and run the tests that reach it.

    First all tests that are not long run once, to find out which reach what. This and the ends of mutants are kept in
    mutants/parties, for as long as the programs do not change: a run that was broken off goes on where it was, with
    those that no test noticed tried again, for there may be new tests. The exit status is 0 if 95 % were noticed and
    tests/party_mutants/SURVIVORS.md explains the others.
    """
    folder = FOLDER / digest_of(*code_files())[:12]
    tree = folder / "tree"
    copy_tree(tree)
    every = all_mutants(*prefixes)
    drawn = [mutant for mutant in every if mutant.name in names] if names else draw(every, count, seed)
    click.echo(f"{len(drawn)} of {len(every)} mutants, seed {seed}")
    reach = run_all(tree, folder / "reach", tests or [f"tests/{package}" for package in (*PACKAGES, "attacks")])
    for test in sorted(reach.failing):
        click.echo(f"left out, because it fails although nothing is broken: {test}")
    outcomes, ends = [], Ends(folder / "ends")
    for number, mutant in enumerate(drawn, 1):
        outcome = ends.noticed(mutant.name) or try_mutant(tree, mutant, reach, seconds)
        ends.keep(outcome)
        outcomes.append(outcome)
        tried = f"{outcome.tried} of {outcome.reaching} tests"
        click.echo(f"{number}/{len(drawn)} {mutant.name}: {outcome.end}, {tried} {outcome.said}")
        if not outcome.is_noticed:
            click.echo(mutant.diff())
    sys.exit(_report(outcomes))


def _report(outcomes: list[Outcome]) -> int:
    left = [outcome.name for outcome in outcomes if not outcome.is_noticed]
    explained = set(re.findall(r"^- `(.+?)`", SURVIVORS.read_text("utf-8"), re.MULTILINE))
    unexplained = [name for name in left if name not in explained]
    share = 1 - len(left) / len(outcomes)
    for name in unexplained:
        click.echo(f"not explained in {SURVIVORS.relative_to(ROOT)}: {name}")
    hung = sum(outcome.end is End.HUNG for outcome in outcomes)
    click.echo(
        f"mutants={len(outcomes)} noticed={share:.1%} hung={hung} left={len(left)} unexplained={len(unexplained)}"
    )
    return 1 if unexplained or share < DEMANDED else 0


if __name__ == "__main__":
    main(prog_name="python -m tests.party_mutants")
