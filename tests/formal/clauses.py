"""The secrecy queries of `spec/formal/clauses`: from rules to the input of SPASS, a first-order prover.

A rule is `knows(a) :- knows(b), knows(c).`, an equation `a = b.`, the query `?- knows(a).`; variables begin with a
capital. The query holds if it does not follow from the rules: SPASS then completes them without finding a proof.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.formal.models import FORMAL, preprocess

PROVER = "SPASS"
CLAUSES = sorted((FORMAL / "clauses").glob("*.rules"))
_TOKEN = re.compile(r"\s*([A-Za-z]\w*|[(),=])")


@dataclass(frozen=True)
class Term:
    """A variable, or a symbol with its arguments."""

    name: str
    arguments: tuple[Term, ...] = ()

    @property
    def is_variable(self) -> bool:
        """Whether the name begins with a capital."""
        return self.name[0].isupper()

    def parts(self) -> Iterator[Term]:
        """The term and all terms inside it."""
        yield self
        for argument in self.arguments:
            yield from argument.parts()

    def __str__(self) -> str:
        return f"{self.name}({','.join(map(str, self.arguments))})" if self.arguments else self.name


@dataclass(frozen=True)
class Rule:
    """`head` follows from `body`."""

    head: Term
    body: tuple[Term, ...]

    def __str__(self) -> str:
        parts = [part for term in (self.head, *self.body) for part in term.parts()]
        variables = list(dict.fromkeys(part.name for part in parts if part.is_variable))
        body = str(self.body[0]) if len(self.body) == 1 else f"and({','.join(map(str, self.body))})"
        text = f"implies({body},{self.head})" if self.body else str(self.head)
        return f"forall([{','.join(variables)}],{text})" if variables else text


def to_spass(text: str) -> str:
    """What SPASS reads, for rules and one query."""
    sentences = re.sub(r"%.*", "", text).split(".")[:-1]
    rules = [_rule(sentence) for sentence in sentences if not sentence.strip().startswith("?-")]
    [query] = [_term(sentence.strip()[2:]) for sentence in sentences if sentence.strip().startswith("?-")]
    terms = [term for rule in rules for term in (rule.head, *rule.body)] + [query]
    predicates = _signature(term for term in terms if term.name != "equal")
    functions = _signature(
        part for term in terms for argument in term.arguments for part in argument.parts() if not part.is_variable
    )
    return "\n".join(
        [
            "begin_problem(SplitPass).",
            "list_of_descriptions. name({**}). author({**}). status(unknown). description({**}). end_of_list.",
            f"list_of_symbols. functions[{functions}]. predicates[{predicates}]. end_of_list.",
            "list_of_formulae(axioms).",
            *(f"formula({rule})." for rule in rules),
            "end_of_list.",
            f"list_of_formulae(conjectures). formula({query}). end_of_list.",
            "end_problem.",
        ]
    )


def follows(source: str, seconds: int = 60) -> bool:
    """Whether the query of the rules follows, which means that there is an attack."""
    with tempfile.TemporaryDirectory(prefix="splitpass-clauses-") as temporary:
        path = Path(temporary, "problem.dfg")
        path.write_text(to_spass(source), "ascii")
        command = [PROVER, f"-TimeLimit={seconds}", "-PGiven=0", "-PProblem=0", str(path)]
        shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    result = re.search(r"SPASS beiseite: (.*)", shown)
    assert result, shown[-2000:]
    assert result[1] in {"Proof found.", "Completion found."}, result[1]
    return result[1] == "Proof found."


def source(path: Path, run: str) -> str:
    """The rules of a run, with what the run's names switch on."""
    return preprocess(path.read_text("utf-8"), set(run.split()) - {"-"})


def runs(path: Path, kind: str) -> list[str]:
    """The runs that the file's first lines list behind `holds:` or `attack:`; the plain one is `-`."""
    [line] = re.findall(rf"^% {kind}: (.*)$", path.read_text("utf-8"), re.MULTILINE)
    return [run.strip() for run in line.split(",")]


def _rule(sentence: str) -> Rule:
    head, _, body = sentence.partition(":-")
    terms = _terms(body) if body.strip() else []
    if "=" in head:
        left, right = map(_term, head.split("="))
        return Rule(Term("equal", (left, right)), tuple(terms))
    return Rule(_term(head), tuple(terms))


def _term(text: str) -> Term:
    [term] = _terms(text)
    return term


def _terms(text: str) -> list[Term]:
    tokens = _TOKEN.findall(text)
    assert "".join(tokens) == re.sub(r"\s", "", text), f"not a term: {text}"
    terms = _parse(tokens)
    assert not tokens, f"not a term: {text}"
    return terms


def _parse(tokens: list[str]) -> list[Term]:
    terms = []
    while True:
        name, arguments = tokens.pop(0), []
        if tokens[:1] == ["("]:
            tokens.pop(0)
            arguments = _parse(tokens)
            assert tokens.pop(0) == ")", f"a bracket of {name} is not closed"
        terms.append(Term(name, tuple(arguments)))
        if tokens[:1] != [","]:
            return terms
        tokens.pop(0)


def _signature(terms: Iterable[Term]) -> str:
    found: dict[str, int] = {}
    for term in terms:
        assert found.setdefault(term.name, len(term.arguments)) == len(term.arguments), f"{term.name} has two arities"
    return ",".join(f"({name},{arity})" for name, arity in found.items())
