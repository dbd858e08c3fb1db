"""A visitor is told in English and in Korean what cannot be done."""

from __future__ import annotations

import ast
import re

import pytest

from tests.spec.text import ROOT

ERRORS = {"VisitorError", "WalletError", "NotIssued", "NoVisit", "ConfigurationError"}
RAISED = [
    (f"{path.name}:{node.lineno}", ast.unparse(node.exc.args[0]))
    for path in sorted((ROOT / "client").glob("*.py"))
    for node in ast.walk(ast.parse(path.read_text("utf-8")))
    if isinstance(node, ast.Raise)
    and isinstance(node.exc, ast.Call)
    and isinstance(node.exc.func, ast.Name)
    and node.exc.func.id in ERRORS
    and isinstance(node.exc.args[0], ast.Constant | ast.JoinedStr)
]


@pytest.mark.parametrize("text", [pytest.param(text, id=where) for where, text in RAISED])
def test_an_error_has_korean(text: str) -> None:
    assert re.search(" / .*[가-힣]", text)
