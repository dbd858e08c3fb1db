"""The transcript of the provers: what was proved, when, and of which text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tests.formal.models import FORMAL, Model
from tests.formal.proverif import Outcome

TRANSCRIPT = FORMAL / "transcript.txt"
HEAD = """\
What ProVerif said of the models in this folder. `python -m tests.formal` writes this file; see README.md.
Each section has the day and the prover, the digest of theory and model, and the digest of each step of the
specification that they name. A run is named by what it switches on; `-` is the model as it stands.
"""


@dataclass
class Section:
    """What was found of one model."""

    name: str
    date: str = ""
    prover: str = ""
    digest: str = ""
    steps: dict[str, str] = field(default_factory=dict)
    verdicts: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def is_of(self, model: Model) -> bool:
        """Whether model, steps, runs and queries are still those of the section."""
        asked = {run: [query.words for query in model.queries(run)] for run in model.all_runs()}
        answered = {run: [words for _, words in verdicts] for run, verdicts in self.verdicts.items()}
        return (self.digest, self.steps, answered) == (model.digest(), model.steps(), asked)


def write_section(model: Model, date: str, prover: str, outcomes: list[Outcome]) -> str:
    """The text of a model's section."""
    lines = [f"## {model.name}", f"date    {date}", f"prover  {prover}", f"model   {model.digest()}"]
    lines += [f"step    {digest} {step}" for step, digest in model.steps().items()]
    for outcome in outcomes:
        lines.append(f"run {outcome.run}    ({outcome.seconds:.0f} s)")
        lines += [f"    {verdict:11}  {words}" for verdict, words in outcome.verdicts]
    return "\n".join(lines) + "\n"


def sections() -> dict[str, tuple[Section, str]]:
    """The sections of the transcript by their models, each with its text."""
    parts = TRANSCRIPT.read_text("utf-8").split("\n## ")[1:] if TRANSCRIPT.exists() else []
    texts = [f"## {part.rstrip()}\n" for part in parts]
    return {section.name: (section, text) for text in texts for section in [_parse(text)]}


def _parse(text: str) -> Section:
    section = Section(text.partition("\n")[0].removeprefix("## "))
    run = ""
    for line in text.splitlines()[1:]:
        word, _, rest = line.partition(" ")
        if word == "run":
            run = re.sub(r" {4}\(\d+ s\)$", "", rest)
            section.verdicts[run] = []
        elif word == "step":
            digest, step = rest.split()
            section.steps[step] = digest
        elif not word:
            verdict, words = re.split(r" {2,}", line.strip(), maxsplit=1)
            section.verdicts[run].append((verdict, words))
        else:
            setattr(section, {"model": "digest"}.get(word, word), rest.strip())
    return section
