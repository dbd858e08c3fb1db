"""The ProVerif models as text: their runs, their queries, and the steps of the specification that they name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tests.spec.text import SPEC, procedures

FORMAL = SPEC / "formal"
THEORY = FORMAL / "theory.pvl"

_QUERY = re.compile(r"\(\* (query|reached): (.*?) \*\)", re.DOTALL)
_COMMENT = re.compile(r"\(\*.*?\*\)", re.DOTALL)
_REFERENCE = re.compile(r"\b([A-Za-z_][\w.]*)/(\d+(?:[-,]\d+)*)")


@dataclass(frozen=True)
class Query:
    """What a run is asked: a claim, or (`reached`) something that an honest run has to be able to do."""

    words: str
    reached: bool


@dataclass(frozen=True)
class Model:
    """One file of `spec/formal`."""

    path: Path

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.stem

    @property
    def text(self) -> str:
        """The model without the theory."""
        return self.path.read_text("utf-8")

    def runs(self, kind: str) -> list[str]:
        """The runs that the model's first comment lists behind `holds:` or `attack:`; the plain one is `-`."""
        head = self.text.partition("*)")[0]
        lines = re.findall(rf"^ *{kind}: (.*)$", head, re.MULTILINE)
        return [run.strip() for line in lines for run in line.split(",")]

    def source(self, run: str) -> str:
        """What the prover is given in a run: theory and model, with what the run's names switch on."""
        theory = re.findall(r"^ *theory: (.*)$", self.text.partition("*)")[0], re.MULTILINE)
        names = {name for words in [*theory, run] for name in words.split()} - {"-"}
        return preprocess(THEORY.read_text("utf-8") + self.text, names)

    def queries(self, run: str) -> list[Query]:
        """The queries of a run in their order."""
        found = _QUERY.findall(self.source(run))
        return [Query(" ".join(words.split()), reached=kind == "reached") for kind, words in found]

    def all_runs(self) -> list[str]:
        """The runs that are to hold, and those that are to find an attack."""
        return [*self.runs("holds"), *self.runs("attack")]

    def digest(self) -> str:
        """The digest of what the prover is given in all runs, without comments and line breaks."""
        sources = [" ".join(_COMMENT.sub("", self.source(run)).split()) for run in self.all_runs()]
        return _digest("\n".join(sources))

    def steps(self) -> dict[str, str]:
        """The digest of each numbered step that the comments of all runs name as `procedure/number`."""
        named = references("".join(map(self.source, self.all_runs())))
        return {step: _digest(step_text(step)) for step in named}


def models() -> list[Model]:
    """All models, in the order of their names."""
    return [Model(path) for path in sorted(FORMAL.glob("*.pv"))]


def preprocess(text: str, names: set[str]) -> str:
    """Keep what `#ifdef NAME`, `#ifndef NAME`, `#else` and `#endif` leave when `names` are defined."""
    kept: list[str] = []
    shown = [True]
    for line in text.splitlines():
        word, _, name = line.partition(" ")
        if word in {"#ifdef", "#ifndef"}:
            shown.append((name.split()[0] in names) == (word == "#ifdef"))
        elif word == "#else":
            shown[-1] = not shown[-1]
        elif word == "#endif":
            shown.pop()
        elif all(shown):
            kept.append(line)
    assert shown == [True], "an #ifdef is not closed"
    return "\n".join(kept) + "\n"


def references(text: str) -> list[str]:
    """The steps that a text names: `verify_check_in/3` and `verify_check_in/3-4`, one by one."""
    found: dict[str, None] = {}
    for name, numbers in _REFERENCE.findall(text):
        for part in numbers.split(","):
            first, _, last = part.partition("-")
            found |= {f"{name}/{number}": None for number in range(int(first), int(last or first) + 1)}
    return sorted(found)


def step_text(step: str) -> str:
    """The words of a numbered step of the specification, given as `procedure/number`."""
    name, _, number = step.partition("/")
    text = dict(procedures()).get(name, "")
    found = re.search(rf"^{number}\. (.*?)(?=^\d+\. |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"the specification has no step {step}"
    return " ".join(found[1].split())


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]
