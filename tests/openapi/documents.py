"""The OpenAPI documents, with every reference replaced by what it refers to."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from openapi_spec_validator.readers import read_from_filename

from tests.spec.text import ROOT

FOLDER = ROOT / "spec" / "openapi"
SERVERS = ("operator", "authority", "venue")
CBOR, PROBLEM = "application/cbor", "application/problem+json"
PROBLEM_TYPE = "urn:splitpass:problem:"


@dataclass(frozen=True)
class Operation:
    """One method of one path of one server, as its document describes it."""

    server: str
    method: str
    path: str
    description: dict[str, Any]

    @property
    def body(self) -> dict[str, Any] | None:
        """The media type object of the request's CBOR body, if it has one."""
        body: dict[str, Any] | None = self.description.get("requestBody", {}).get("content", {}).get(CBOR)
        return body

    @property
    def responses(self) -> dict[int, dict[str, Any]]:
        """The responses by status, without the one for everything else."""
        return {int(status): one for status, one in self.description["responses"].items() if status != "default"}

    @property
    def is_party_request(self) -> bool:
        return self.body is not None and self.body["x-cddl"][:2] == ["sign1", "PartyRequest"]

    def matches(self, method: str, path: str) -> bool:
        parts = self.path.replace("{tile}", ".+").replace("{domain}", "[0-9]+")  # a tile's path has slashes
        pattern = re.sub(r"\{\w+\}", "[^/]+", parts)
        return method == self.method and re.fullmatch(pattern, path) is not None

    def at(self, **parts: object) -> str:
        """The path with its parts filled in."""
        return self.path.format(**parts)


@functools.cache
def operations(server: str) -> list[Operation]:
    """Every operation of a server's document."""
    paths = _resolved(f"{server}.yaml", read(f"{server}.yaml"))["paths"]
    return [
        Operation(server, method.upper(), path, description)
        for path, item in paths.items()
        for method, description in item.items()
        if method != "parameters"
    ]


def problem_names(media_type: dict[str, Any]) -> list[str]:
    """The names of the problems that a response may carry."""
    types: list[str] = media_type["schema"]["properties"]["type"]["enum"]
    return [one.removeprefix(PROBLEM_TYPE) for one in types]


def outcomes(operation: Operation) -> Iterator[tuple[int, str]]:
    """Every status of an operation with each problem's name or the body's media type, or nothing for no body."""
    for status, response in operation.responses.items():
        if not response.get("content"):
            yield status, ""
        for kind, media_type in response.get("content", {}).items():
            for what in problem_names(media_type) if kind == PROBLEM else [kind]:
                yield status, what


@functools.cache
def read(file: str) -> Any:
    """A document as it is written."""
    return read_from_filename(str(FOLDER / file))[0]


def _resolved(file: str, node: Any) -> Any:
    if isinstance(node, list):
        return [_resolved(file, one) for one in node]
    if not isinstance(node, dict):
        return node
    beside = {key: _resolved(file, value) for key, value in node.items() if key != "$ref"}
    if "$ref" not in node:
        return beside
    target, _, pointer = node["$ref"].partition("#/")
    found = functools.reduce(lambda inner, key: inner[key], pointer.split("/"), read(target or file))
    referred = _resolved(target or file, found)
    return {"allOf": [referred], **beside} if beside else referred
