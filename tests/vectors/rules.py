"""The rules in a module's source, and what it would be without one of them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from types import CodeType, ModuleType

_EDGES: dict[type[ast.cmpop], ast.cmpop] = {ast.Lt: ast.LtE(), ast.LtE: ast.Lt(), ast.Gt: ast.GtE(), ast.GtE: ast.Gt()}
Function = ast.FunctionDef | ast.AsyncFunctionDef
Path = tuple[tuple[str, int | None], ...]
"""The way from one node of a syntax tree to another: fields, and places in lists."""


@dataclass(frozen=True)
class Mutant:
    """A module in which one rule of one function is another.

    `name` says which, by the names of module and function and the source of what was changed; `compiled` gives the
    function's code.
    """

    name: str
    function: str
    compiled: Callable[[], CodeType]


def mutants_of(module: ModuleType, source: str) -> Iterator[Mutant]:
    """Every mutant of a module: a condition or check left out, an edge moved, a limit larger by one."""
    tree = ast.parse(source)
    for function, path in _functions(tree):
        name = f"{module.__name__}.{_qualified(tree, path)}"
        seen: dict[str, int] = {}
        for inner, node in _inside(function):
            for change, make in _changes_of(node, module):
                seen[change] = seen.get(change, 0) + 1
                again = f" ({seen[change]})" if seen[change] > 1 else ""
                yield Mutant(
                    f"{name}: {change}{again}", name, partial(_compiled, tree, path + inner, make, name, module)
                )


def _compiled(
    tree: ast.Module, path: Path, make: Callable[[ast.AST], ast.AST], function: str, module: ModuleType
) -> CodeType:
    mutated = deepcopy(tree)
    target = _at(mutated, path)
    replaced = make(target)
    if replaced is not target:
        _put(mutated, path, replaced)
    return _code(compile(ast.fix_missing_locations(mutated), module.__file__ or "", "exec"), function, module)


def _changes_of(node: ast.AST, module: ModuleType) -> Iterator[tuple[str, Callable[[ast.AST], ast.AST]]]:
    if isinstance(node, ast.If | ast.IfExp | ast.comprehension):
        tests = node.ifs if isinstance(node, ast.comprehension) else [node.test]
        for place, test in enumerate(tests):
            yield f"without `if {ast.unparse(test)}`", lambda target, place=place: _without_test(target, place)  # type: ignore[misc]
    if isinstance(node, ast.Return) and isinstance(node.value, ast.Compare | ast.BoolOp):
        yield f"always true: `{ast.unparse(node.value)}`", lambda target: ast.Return(ast.Constant(True))
    if isinstance(node, ast.BoolOp):
        for place, operand in enumerate(node.values):
            text = f"without `{ast.unparse(operand)}` in `{ast.unparse(node)}`"
            yield text, lambda target, place=place: _without_operand(target, place)  # type: ignore[misc]
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            if type(operator) in _EDGES:
                text = f"another edge: `{ast.unparse(node)}`" + (f", {place + 1}" if len(node.ops) > 1 else "")
                yield text, lambda target, place=place: _other_edge(target, place)  # type: ignore[misc]
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and "super()" not in ast.unparse(node):
        yield f"without `{ast.unparse(node.value)}`", lambda target: ast.Pass()
    if isinstance(node, ast.Name) and node.id.isupper() and type(getattr(module, node.id, None)) is int:
        yield f"`{node.id} + 1`", lambda target: ast.BinOp(deepcopy(node), ast.Add(), ast.Constant(1))


def _without_test(node: ast.AST, place: int) -> ast.AST:
    if isinstance(node, ast.comprehension):
        del node.ifs[place]
    else:
        node.test = ast.Constant(False)  # type: ignore[attr-defined]
    return node


def _without_operand(node: ast.AST, place: int) -> ast.AST:
    assert isinstance(node, ast.BoolOp)
    del node.values[place]
    return node.values[0] if len(node.values) == 1 else node


def _other_edge(node: ast.AST, place: int) -> ast.AST:
    assert isinstance(node, ast.Compare)
    node.ops[place] = _EDGES[type(node.ops[place])]
    return node


def _functions(node: ast.AST, path: Path = ()) -> Iterator[tuple[Function, Path]]:
    for step, child in _children(node):
        if isinstance(child, Function):
            yield child, (*path, step)
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, (*path, step))


def _inside(node: ast.AST, path: Path = ()) -> Iterator[tuple[Path, ast.AST]]:
    """Every node of a function's body; its annotations and decorators have no rules."""
    for step, child in _children(node):
        if step[0] not in {"args", "returns", "decorator_list", "annotation", "exc"}:
            yield (*path, step), child
            yield from _inside(child, (*path, step))


def _children(node: ast.AST) -> Iterator[tuple[tuple[str, int | None], ast.AST]]:
    for field, value in ast.iter_fields(node):
        if isinstance(value, list):
            yield from (((field, place), item) for place, item in enumerate(value) if isinstance(item, ast.AST))
        elif isinstance(value, ast.AST):
            yield (field, None), value


def _at(node: ast.AST, path: Path) -> ast.AST:
    for field, place in path:
        node = getattr(node, field) if place is None else getattr(node, field)[place]
    return node


def _put(tree: ast.AST, path: Path, node: ast.AST) -> None:
    [*way, (field, place)] = path
    parent = _at(tree, tuple(way))
    if place is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[place] = node


def _qualified(tree: ast.AST, path: Path) -> str:
    nodes = [_at(tree, path[: length + 1]) for length in range(len(path))]
    return ".".join(node.name for node in nodes if isinstance(node, Function | ast.ClassDef))


def _code(compiled: CodeType, name: str, module: ModuleType) -> CodeType:
    waiting = [compiled]
    for code in waiting:
        if f"{module.__name__}.{code.co_qualname}" == name:
            return code
        waiting += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    raise LookupError(name)
