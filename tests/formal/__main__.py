"""`python -m tests.formal`: prove the models of spec/formal again that changed, and write the transcript."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from tests.formal.models import Model, models
from tests.formal.proverif import Outcome, run_model, version
from tests.formal.transcript import HEAD, TRANSCRIPT, sections, write_section


@click.command(help=__doc__)
@click.option("--all", "everything", is_flag=True, help="Also the models that did not change.")
@click.option("--only", help="Show the runs of one model, and write nothing.")
@click.option("--run", "wanted", help="With --only: this run alone.")
def main(*, everything: bool, only: str | None, wanted: str | None) -> None:
    """Run what is due; each model's section is written when it is whole."""
    prover = version()
    if only:
        [model] = [model for model in models() if model.name == only]
        _run_all(model, [wanted] if wanted else None)
        return
    for model in models():
        known = sections()
        if everything or model.name not in known or not known[model.name][0].is_of(model):
            date = datetime.now(UTC).date().isoformat()
            _write(model.name, write_section(model, date, prover, _run_all(model)))


def _run_all(model: Model, runs: list[str] | None = None) -> list[Outcome]:
    outcomes = []
    for run in runs or model.all_runs():
        outcome = run_model(model, run)
        click.echo(f"{model.name} {run} ({outcome.seconds:.0f} s)")
        for verdict, words in outcome.verdicts:
            click.echo(f"    {verdict:11}  {words}")
        outcomes.append(outcome)
    return outcomes


def _write(name: str, section: str) -> None:
    names = [model.name for model in models()]
    texts = {known: text for known, (_, text) in sections().items()} | {name: section}
    TRANSCRIPT.write_text("\n".join([HEAD, *(texts[name] for name in names if name in texts)]), "utf-8")


if __name__ == "__main__":
    main()
