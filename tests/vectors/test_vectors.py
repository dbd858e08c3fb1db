"""Every vector of `spec/vectors/`, replayed through `protocol`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from click.testing import CliRunner

from conformance.vectors import __main__ as generator
from protocol.primitives import errors
from tests.vectors.operations import OPERATIONS
from tests.vectors.replay import DIRECTORY, Vector, load, run_check, run_make

TOP = {"title", "spec", "format", "vectors"}
PARTS = {
    "accept": ({"name", "kind", "check"}, {"make", "intermediate", "result"}),
    "reject": ({"name", "kind", "check", "baseline", "change", "error"}, {"make"}),
}
NAMES = sorted(path.stem for path in DIRECTORY.glob("*.json"))
VECTORS = [pytest.param(name, v, id=f"{name}: {v['name']}") for name in NAMES for v in load(name)["vectors"]]


def test_there_is_one_file_per_operation() -> None:
    assert set(NAMES) == set(OPERATIONS)
    assert {path.name for path in DIRECTORY.iterdir()} == {f"{name}.json" for name in NAMES}


@pytest.mark.parametrize(("name", "vector"), VECTORS)
def test_the_protocol_replays_it(name: str, vector: Vector) -> None:
    setting, operation = load(name).get("setting"), OPERATIONS[name]
    run_make(operation, vector, setting)
    if vector["kind"] == "accept":
        run_check(operation, vector, setting)
    else:
        with pytest.raises(errors.SplitPassError) as caught:
            run_check(operation, vector, setting)
        assert type(caught.value).__name__ == vector["error"]


@pytest.mark.parametrize("name", NAMES)
def test_it_has_only_the_keys_that_it_describes(name: str) -> None:
    content = load(name)
    assert content.keys() - {"setting"} == TOP
    used = set(_keys([{"setting": content["setting"]}] if "setting" in content else []))
    for vector in content["vectors"]:
        required, optional = PARTS[vector["kind"]]
        assert required <= vector.keys() <= required | optional
        used |= set(_keys([vector]))
    assert used == content["format"].keys()


@pytest.mark.parametrize("name", NAMES)
def test_rejected_vectors_mutate_an_accepted_one(name: str) -> None:
    vectors = load(name)["vectors"]
    assert len({vector["name"] for vector in vectors}) == len(vectors)
    accepted = {vector["name"]: vector for vector in vectors if vector["kind"] == "accept"}
    for vector in vectors:
        if vector["kind"] == "reject":
            baseline = accepted[vector["baseline"]]
            assert vector["check"].keys() == baseline["check"].keys()
            assert vector["check"] != baseline["check"]
            assert vector["change"]
            assert issubclass(getattr(errors, vector["error"]), errors.SplitPassError)


def test_an_unknown_key_fails() -> None:
    vector = load("knowledge-proof")["vectors"][0]
    for part in ("check", "make"):
        wrong = vector | {part: vector[part] | {"surprise": "00"}}
        with pytest.raises(KeyError, match="surprise"):
            (run_check if part == "check" else run_make)(OPERATIONS["knowledge-proof"], wrong, None)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_key_fails(name: str) -> None:
    """Also one for which the function has a default, as it has for randomness and for a number."""
    content, operation = load(name), OPERATIONS[name]
    [first, *_] = content["vectors"]
    for part, run in (("check", run_check), ("make", run_make)):
        for key in first.get(part, {}):
            if part == "make" and key in first["check"]:  # is given to the maker from there
                continue
            wrong = first | {part: {other: value for other, value in first[part].items() if other != key}}
            with pytest.raises(AssertionError):
                run(operation, wrong, content.get("setting"))


def test_a_wrong_draw_fails() -> None:
    vector = load("knowledge-proof")["vectors"][0]
    for draws in (["00" * 32], ["00" * 31], vector["make"]["random"] * 2):
        wrong = vector | {"make": vector["make"] | {"random": draws}}
        with pytest.raises(AssertionError):
            run_make(OPERATIONS["knowledge-proof"], wrong, None)


def test_the_files_are_what_the_protocol_makes() -> None:
    result = CliRunner().invoke(generator.main, ["--check"])
    assert (result.exit_code, result.output) == (0, "")


def test_a_changed_file_is_found(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        (tmp_path / f"{name}.json").write_text((DIRECTORY / f"{name}.json").read_text("utf-8"), "utf-8")
    scalars = tmp_path / "scalars.json"
    scalars.write_text(scalars.read_text("utf-8").replace("one", "won"), "utf-8")
    (tmp_path / "surplus.json").write_text("{}", "utf-8")
    monkeypatch.setattr(generator, "DIRECTORY", tmp_path)
    result = CliRunner().invoke(generator.main, ["--check"])
    assert result.exit_code == 1
    assert [line.split()[0] for line in result.output.splitlines()] == [
        "spec/vectors/scalars.json",
        "spec/vectors/surplus.json",
    ]
    assert CliRunner().invoke(generator.main).exit_code == 0
    assert CliRunner().invoke(generator.main, ["--check"]).exit_code == 0


def _keys(objects: Iterable[Vector]) -> Iterable[str]:
    for values in objects:
        for key, value in values.items():
            yield key
            if isinstance(value, dict):
                yield from (f"{key}.{inner}" for inner in value)
