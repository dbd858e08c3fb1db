"""Real servers answer what the OpenAPI documents say, all of it and nothing else."""

from __future__ import annotations

from pathlib import Path

from tests.openapi.documents import SERVERS, operations, outcomes
from tests.openapi.recorder import check_answer, check_body
from tests.openapi.story import record_story


def test_servers_answer_what_is_documented(tmp_path: Path) -> None:
    happened = set()
    for exchange in record_story(tmp_path):
        operation = exchange.operation
        if operation is None:
            assert exchange.outcome in {(404, "not-found"), (405, "method-not-allowed")}
            continue
        happened.add((operation.server, operation.method, operation.path, *exchange.outcome))
        assert exchange.status in operation.responses, f"{operation.method} {operation.path}: {exchange.outcome}"
        check_answer(exchange, operation.responses[exchange.status])
        if operation.body is not None and exchange.status < 300:
            check_body(exchange.asked, operation.body["x-cddl"])
    assert happened == {
        (server, one.method, one.path, *outcome)
        for server in SERVERS
        for one in operations(server)
        for outcome in outcomes(one)
    }
