"""Every change that mutmut would make in the parties' programs, and a sample of them that a seed draws."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from random import Random

import libcst as cst
import libcst.matchers as m
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import NEVER_MUTATE_FUNCTION_NAMES, Mutation, MutationVisitor
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode

ROOT = Path(__file__).parents[2]
PACKAGES = ("client", "escrow", "service", "venue")
FOR_PEOPLE = re.compile(
    r"\b(raise|click\.echo|click\.confirm|click\.prompt|logger\.\w+|log_failures|_?tell)\b|\bhelp=|\bassert\b"
    r'|super\(\)\.__init__\(f?"'  # an error's text
)
"""Statements with what people read. What they say is looked at by people; whether it is said is decided before."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: of which function in which file, and from which line to which."""

    name: str
    path: Path
    first: int
    last: int
    module: cst.Module
    mutation: Mutation

    def code(self) -> str:
        """The whole file with it."""
        changed = self.module.deep_replace(self.mutation.original_node, self.mutation.mutated_node)
        assert isinstance(changed, cst.Module)
        return changed.code

    def diff(self) -> str:
        """The lines that it changes."""
        before, after = self.module.code.splitlines(), self.code().splitlines()
        return "\n".join(unified_diff(before, after, str(self.path.relative_to(ROOT)), self.name, "", "", 1, ""))


class _Visitor(MutationVisitor):
    """mutmut's, and into functions that have decorators: files are changed here, and no function is put in a place."""

    def _skip_node_and_children(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.FunctionDef) and node.decorators:
            return node.name.value in NEVER_MUTATE_FUNCTION_NAMES
        return super()._skip_node_and_children(node)


def all_mutants(*prefixes: str) -> list[Mutant]:
    """Every mutant of the files whose paths begin with one of the prefixes, in an order that is always the same."""
    return [
        mutant
        for path in code_files()
        if str(path.relative_to(ROOT)).startswith(prefixes or PACKAGES)
        for mutant in mutants_of(path)
    ]


def code_files() -> list[Path]:
    """What is broken."""
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def draw(mutants: list[Mutant], count: int, seed: int) -> list[Mutant]:
    """So many of the mutants, in the order in which they are drawn: a smaller sample is the beginning of a larger."""
    shuffled = sorted(mutants, key=lambda mutant: mutant.name)
    Random(seed).shuffle(shuffled)
    return shuffled[:count]


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Every mutant of a file, called by module, function and number."""
    code = path.read_text("utf-8")
    wrapper = MetadataWrapper(cst.parse_module(code))
    visitor = _Visitor(mutation_operators, IgnoredCode(set(), set(), set()))
    module = wrapper.visit(visitor)
    places = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    statements = [places[found] for found in m.findall(module, m.SimpleStatementLine())]
    for_people = _lines_for_people(code.splitlines(), statements)
    names, numbers = _function_names(module), Counter[str]()
    dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for mutation in visitor.mutations:
        function = names.get(id(mutation.contained_by_top_level_function))
        place = places.get(mutation.original_node)
        if function is None or place is None or place.start.line in for_people or _is_sentence(mutation):
            continue
        numbers[function] += 1
        name = f"{dotted}.{function}#{numbers[function]}"
        yield Mutant(name, path, place.start.line, place.end.line, module, mutation)


def _lines_for_people(lines: list[str], statements: list[CodeRange]) -> set[int]:
    """Those that match `FOR_PEOPLE`, and the others of a statement whose first line does."""
    found = {number for number, line in enumerate(lines, 1) if FOR_PEOPLE.search(line)}
    starting = (place for place in statements if place.start.line in found)
    return found.union(*(range(place.start.line, place.end.line + 1) for place in starting))


def _is_sentence(mutation: Mutation) -> bool:
    """Whether it changes a text with spaces in it."""
    return isinstance(mutation.original_node, cst.BaseString) and " " in _text(mutation.original_node)


def _text(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node)


def _function_names(module: cst.Module) -> dict[int, str]:
    names = {}
    for one in module.body:
        if isinstance(one, cst.FunctionDef):
            names[id(one)] = one.name.value
        elif isinstance(one, cst.ClassDef):
            for method in one.body.body:
                if isinstance(method, cst.FunctionDef):
                    names[id(method)] = f"{one.name.value}.{method.name.value}"
    return names
