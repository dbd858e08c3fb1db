"""Break one rule of `protocol/` at a time, and demand that a vector of `spec/vectors/` notices.

An implementation that follows the spec but for one rule would pass its vectors if none did. The rules that no vector
can notice are explained in SURVIVORS.md beside this file.
"""

from __future__ import annotations

import inspect
import multiprocessing
import re
import signal
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import CodeType, FrameType, FunctionType
from typing import Any

import click
from rich.progress import track

import protocol
from protocol.primitives.encoding import _codec_of
from protocol.primitives.errors import SplitPassError
from tests.vectors.operations import OPERATIONS
from tests.vectors.replay import Vector, load, run_check, run_make
from tests.vectors.rules import Mutant, mutants_of

EXPLAINED = Path(__file__).with_name("SURVIVORS.md")
PROTOCOL = str(Path(protocol.__file__).parent)
SECONDS = 60
"""A vector that takes so long under a mutant has noticed it."""
Place = tuple[str, int]
"""A vector: the name of its file, and its number there."""


def passes(name: str, vector: Vector) -> bool:
    """Whether the protocol, as it is now, replays a vector."""
    setting, operation = load(name).get("setting"), OPERATIONS[name]
    try:
        run_make(operation, vector, setting)
        run_check(operation, vector, setting)
    except SplitPassError as error:
        return bool(type(error).__name__ == vector.get("error"))
    except Exception:  # noqa: BLE001 a mutant can fail in any way
        return False
    return bool(vector["kind"] == "accept")


def reached(files: Iterable[str] = OPERATIONS) -> dict[CodeType, list[Place]]:
    """For every function of the protocol that a vector calls, the vectors that do; the shortest replays first."""
    calls: dict[CodeType, list[Place]] = {}
    lengths: dict[Place, int] = {}
    for name in files:
        for number, vector in enumerate(load(name)["vectors"]):
            called: dict[CodeType, None] = {}
            place, count = (name, number), 0

            def profile(frame: FrameType, event: str, _argument: object) -> None:
                nonlocal count
                count += 1
                if event == "call" and frame.f_code.co_filename.startswith(PROTOCOL):
                    called[frame.f_code] = None  # noqa: B023 called before the next one is made

            _codec_of.cache_clear()  # or only the first vector would call what makes it
            sys.setprofile(profile)
            try:
                assert passes(name, vector), place
            finally:
                sys.setprofile(None)
            lengths[place] = count
            for code in called:
                calls.setdefault(code, []).append(place)
    return {code: sorted(places, key=lengths.__getitem__) for code, places in calls.items()}


@cache
def functions() -> dict[str, FunctionType]:
    """Every function and method of the protocol by the name of its module and its own."""
    found: dict[str, FunctionType] = {}
    for module in walk_packages(protocol.__path__, "protocol."):
        for member in vars(import_module(module.name)).values():
            inner = vars(member).values() if inspect.isclass(member) else [member]
            for candidate in inner:
                plain = getattr(candidate, "fget", None) or getattr(candidate, "func", None) or candidate
                plain = inspect.unwrap(getattr(plain, "__func__", plain))
                if isinstance(plain, FunctionType) and plain.__module__ == module.name:
                    found[f"{module.name}.{plain.__qualname__}"] = plain
    return found


def all_mutants() -> Iterator[Mutant]:
    """The mutants of every module of the protocol."""
    for info in walk_packages(protocol.__path__, "protocol."):
        module = import_module(info.name)
        yield from mutants_of(module, inspect.getsource(module))


_tasks: list[tuple[Mutant, list[Place]]] = []
"""What forked processes are to try: code cannot be sent to them."""


def survives(task: int) -> bool:
    """Whether no vector notices a mutant. For a process of its own: the function stays broken."""
    mutant, places = _tasks[task]
    signal.alarm(SECONDS)
    functions()[mutant.function].__code__ = mutant.compiled()
    _codec_of.cache_clear()  # what it made before has the rules of before
    return all(passes(name, load(name)["vectors"][number]) for name, number in places)


def explained() -> set[str]:
    """What SURVIVORS.md names."""
    return set(re.findall(r"^- `` (.+) ``$", EXPLAINED.read_text("utf-8"), re.MULTILINE))


def try_all(mutants: list[Mutant], calls: dict[CodeType, list[Place]], jobs: int) -> list[str]:
    """The names of the mutants that no vector notices; of functions that no vector calls, the functions' names."""
    unreached = set()
    _tasks.clear()
    for mutant in mutants:
        places = calls.get(functions()[mutant.function].__code__) if mutant.function in functions() else None
        if places:
            _tasks.append((mutant, places))
        else:
            unreached.add(f"{mutant.function}: no vector calls it")
    context: Any = multiprocessing.get_context("fork")
    surviving = []
    with context.Pool(jobs, maxtasksperchild=1) as pool:
        results = [pool.apply_async(survives, (task,)) for task in range(len(_tasks))]
        for task, result in enumerate(track(results, "mutants", disable=not sys.stdout.isatty())):
            try:
                if result.get(SECONDS * 2):
                    surviving.append(_tasks[task][0].name)
            except multiprocessing.TimeoutError:  # the alarm ended the process
                pass
    return surviving + sorted(unreached)


@click.command(help=__doc__)
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Processes at a time.")
@click.option("--only", default="", help="Only mutants whose names contain this.")
def main(jobs: int, only: str) -> None:
    """Fail if a mutant survives that is not explained, or one is explained that does not."""
    mutants = [mutant for mutant in all_mutants() if only in mutant.name]
    surviving = set(try_all(mutants, reached(), jobs))
    named = explained()
    for name in sorted(surviving - named):
        click.echo(f"no vector notices: {name}")
    noticed = sorted(name for name in named - surviving if only in name)
    for name in noticed:
        click.echo(f"explained, but a vector notices: {name}")
    click.echo(
        f"{len(mutants)} mutants, {len(surviving)} lines of what no vector notices, of them "
        f"{len(surviving & named)} explained"
    )
    sys.exit(bool(surviving - named or noticed))


if __name__ == "__main__":
    main()
