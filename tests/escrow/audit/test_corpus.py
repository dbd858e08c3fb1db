"""Our audit of every recording in `spec/corpus/`, read as its README says, reports what is to be found and no more."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import ClientSession
from click.testing import CliRunner

from conformance.corpus import __main__ as generator
from escrow.audit.audit import Audit
from escrow.audit.checks import CHECKS
from escrow.audit.findings import Fault
from escrow.audit.kept_evidence import KeptEvidence
from escrow.audit.report import as_json
from escrow.audit.state import AuditState
from protocol.epochs import Domain, Role
from protocol.primitives.group import Point
from service.http_client import Answer
from service.media_types import CBOR, PROBLEM, PROBLEM_TYPE
from service.problems import Unreachable
from tests.spec.text import SPEC
from tests.support.running import run

CORPUS = SPEC / "corpus"
CHAPTER = SPEC / "06-operations.md"
NAMES = sorted(path.stem for path in CORPUS.glob("*.json"))
PARTIES = {role.name.lower(): role for role in Role}
FILES = {"epoch": "1.{}", "checkpoint": "{}.checkpoint", "notices": "notices.{}", "disclosures": "disclosures.{}"}
"""How a client names what it keeps of a party."""

Recording = dict[str, Any]


def load(name: str) -> Recording:
    """A recording, with what it has in common with the one that it is a variant of."""
    written: Recording = json.loads((CORPUS / f"{name}.json").read_text("utf-8"))
    if "variant_of" not in written:
        return written
    whole = load(written["variant_of"])
    for key, value in written.items():
        if key in PARTIES and value is not None:
            answers = whole[key] | value
            whole[key] = {request: answer for request, answer in answers.items() if answer is not None}
        else:
            whole[key] = value
    return whole


def body(written: dict[str, str]) -> bytes:
    return written["text"].encode() if "text" in written else bytes.fromhex(written["hex"])


class Answers:
    """What is answered in the place of HTTP: `https://<recording>.<party>` is the server of a party."""

    def __init__(self) -> None:
        self._recordings = {name: load(name) for name in NAMES}

    async def __call__(self, _session: ClientSession, method: str, url: str, *_: Any, **_more: object) -> Answer:
        host, slash, path = url.removeprefix("https://").partition("/")
        name, party = host.split(".")
        answers = self._recordings[name][party]
        if answers is None:
            raise Unreachable("nobody answers")
        said = answers.get(f"{method} {slash}{path}", {"status": 404, "problem": "not-found"})
        if "problem" not in said:
            return Answer(200, "OK", CBOR, body(said), tuple(said.get("headers", {}).items()))
        document = {"type": PROBLEM_TYPE + said["problem"], "title": "", "status": said["status"], "detail": ""}
        return Answer(said["status"], "", PROBLEM, json.dumps(document).encode())


@pytest.fixture(scope="module", autouse=True)
def answers() -> Iterator[None]:
    """The parties of all recordings answer."""
    with pytest.MonkeyPatch.context() as patch:
        answers = Answers()
        for module in ("service.http_client", "escrow.audit.witness", "escrow.audit.pages"):
            patch.setattr(f"{module}.exchange", answers)
        yield


def audit(name: str, directory: Path) -> Audit:
    """Our audit of a recording, by an auditor who has made the one before, if it says so."""
    recording = load(name)
    if "after" in recording:
        audit(recording["after"], directory)
    pinned = recording["domain"]
    keys = {key: Point(bytes.fromhex(pinned[key])) for key in ("operator_key", "authority_key")}
    domain = Domain(**{**pinned, **keys})
    seen = []
    for number, one in enumerate(recording["seen"]):
        seen.append(directory / "seen" / name / str(number))
        seen[-1].mkdir(parents=True)
        (seen[-1] / FILES[one["kind"]].format(one["party"])).write_bytes(body(one))
    urls = {role: f"https://{name}.{party}" for party, role in PARTIES.items()}
    state, kept = AuditState(directory / "state", domain), KeptEvidence(tuple(seen))
    made = Audit(cast(ClientSession, None), domain, urls, state, recording["time"], kept)
    with pytest.MonkeyPatch.context() as patch:
        if "most_new_entries" in recording:
            patch.setattr("escrow.audit.log_follower.MAX_READ", recording["most_new_entries"])
        run(made.run(CHECKS))
    return made


def in_order(findings: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(finding, sort_keys=True) for finding in findings)


@pytest.mark.parametrize("name", NAMES)
def test_our_audit_reports_what_is_to_be_found(name: str, tmp_path: Path) -> None:
    reported = as_json(audit(name, tmp_path))["findings"]
    for one in reported:
        assert not re.search(r"^$|None|True|False|[<>{}]|  | -\d", one.pop("detail")), (
            "a value is missing, or is no word"
        )
        one["evidence"] = one["evidence"] and sha256(Path(one["evidence"]).read_bytes()).hexdigest()
    assert in_order(reported) == in_order(load(name)["findings"])


def called_after(name: str) -> str | None:
    """The fault that a variant is called after."""
    return max((fault for fault in Fault if f"{name}-".startswith(f"{fault}-")), key=len, default=None)


def test_every_fault_that_an_audit_names_has_a_variant() -> None:
    assert set(Fault) <= set(NAMES)
    found = {name: {one["fault"] for one in load(name)["findings"]} for name in NAMES}
    assert [name for name in NAMES if found[name] and called_after(name) not in found[name]] == []
    assert {name for name in NAMES if not found[name]} == {name for name in NAMES if called_after(name) is None}
    assert all(name == "honest" or name.startswith("clean-") for name in NAMES if not found[name])


def test_the_specification_names_the_values_that_each_fault_is_about() -> None:
    findings = [finding for name in NAMES for finding in load(name)["findings"]]
    used = {fault: {key for one in findings if one["fault"] == fault for key in one["about"]} for fault in Fault}
    rows = re.findall(
        r"^\| `([a-z-]+)` \|.*\|(.*)\|$", CHAPTER.read_text("utf-8").split("<!-- faults -->")[1], re.MULTILINE
    )
    assert {fault: set(re.findall("`([a-z]+)`", about)) for fault, about in rows} == used


def test_the_readme_has_every_key() -> None:
    text = (CORPUS / "README.md").read_text("utf-8")
    written = [json.loads((CORPUS / f"{name}.json").read_text("utf-8")) for name in NAMES]
    assert set(re.findall("`([a-z_]+)`", text.partition("## The domain")[0])) >= {key for one in written for key in one}


def test_the_files_are_what_is_made_today_and_small() -> None:
    result = CliRunner().invoke(generator.main, ["--check"])
    assert (result.exit_code, result.output) == (0, "")
    assert sum(path.stat().st_size for path in CORPUS.iterdir()) < 2 * 2**20
