"""The form of a recording: what an auditor is told and answered, and what the report says. See `spec/corpus/README.md`.

A recording is a file by itself, or what it has otherwise than the one that it is a variant of.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from protocol.epochs import Domain, Role

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a party answers to a request: a body, or the problem of a name."""

    body: bytes = b""
    status: int = 200
    problem: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> Json:
        """The answer as it stands in a file."""
        if self.problem:
            return {"status": self.status, "problem": self.problem}
        return ({"headers": dict(self.headers)} if self.headers else {}) | as_bytes(self.body)


@dataclass(frozen=True, slots=True)
class Seen:
    """Something of a party that somebody was shown; `kind` is `epoch`, `checkpoint`, `notices` or `disclosures`."""

    role: Role
    kind: str
    body: bytes

    def to_json(self) -> Json:
        """What was seen as it stands in a file."""
        return {"party": name_of(self.role), "kind": self.kind} | as_bytes(self.body)


@dataclass(frozen=True, slots=True)
class Found:
    """What the report says: a fault of a party, the values concerned, and what the party has signed to its cost."""

    role: Role
    fault: str
    about: Mapping[str, int | str] = field(default_factory=dict)
    evidence: bytes = b""

    def to_json(self) -> Json:
        """The finding as it stands in a file."""
        evidence = sha256(self.evidence).hexdigest() if self.evidence else None
        return {"party": name_of(self.role), "fault": self.fault, "about": dict(self.about), "evidence": evidence}


@dataclass
class Recording:
    """Two parties at Unix time `time`. A party whose answers are None has no server.

    `after`: the recording that the same auditor has audited before. `most_new_entries`: how many it reads at a time.
    """

    title: str
    time: int
    answers: dict[Role, dict[str, Answer] | None]
    seen: list[Seen]
    findings: list[Found] = field(default_factory=list)
    after: str | None = None
    most_new_entries: int | None = None

    def to_json(self, domain: Domain) -> Json:
        """All of the recording, as it stands in a file."""
        written: Json = {
            "title": self.title,
            "domain": {
                "number": domain.number,
                "operator_key": bytes(domain.operator_key).hex(),
                "authority_key": bytes(domain.authority_key).hex(),
                "utc_offset": domain.utc_offset,
                "allowance": domain.allowance,
            },
            "time": self.time,
        }
        if self.after is not None:
            written["after"] = self.after
        if self.most_new_entries is not None:
            written["most_new_entries"] = self.most_new_entries
        written["findings"] = [found.to_json() for found in self.findings]
        written["seen"] = [one.to_json() for one in self.seen]
        for role, answers in self.answers.items():
            written[name_of(role)] = answers and {path: answer.to_json() for path, answer in sorted(answers.items())}
        return written


def differences(name: str, variant: Json, base: Json) -> Json:
    """A variant of the recording `name`, as what it has otherwise; an answer that it lacks is null."""
    different = {"title": variant["title"], "variant_of": name}
    for key, value in variant.items():
        if key == "findings":
            different[key] = value
        elif key in {"operator", "authority"} and value is not None:
            requests = sorted({*value, *base[key]})
            changed = {one: value.get(one) for one in requests if value.get(one) != base[key].get(one)}
            if changed:
                different[key] = changed
        elif value != base.get(key):
            different[key] = value
    return different


def as_text(written: Json) -> str:
    """The text of a file."""
    return json.dumps(written, indent=1, ensure_ascii=False) + "\n"


def as_bytes(body: bytes) -> Json:
    """Bytes in a file: checkpoints, their lines and files of pages as text, everything else in hexadecimal."""
    is_text = body.startswith((b"splitpass/", "— ".encode(), b"<!doctype", b"{"))
    return {"text": body.decode()} if is_text else {"hex": body.hex()}


def name_of(role: Role) -> str:
    """What a party is called in a file."""
    return role.name.lower()
