"""A list that a party gave somebody and has not put on record: how long it may be on its way there (C8, A24)."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.vectors.joint_notices import publish_notice
from escrow.audit.findings import Fault
from protocol.epochs import Role, create_epoch
from protocol.party_requests import REQUEST_TOLERANCE
from tests.escrow.audit.test_audit import audit, found, in_front
from tests.support.servers import World


@pytest.mark.parametrize(
    ("age", "excused"),
    [
        (0, True),
        (3599, True),
        (3600, False),
        (-REQUEST_TOLERANCE, True),
        (-REQUEST_TOLERANCE - 1, False),
        (-86_400, False),
    ],
)
def test_a_list_that_is_not_on_record_is_excused_for_an_hour(
    world: World, tmp_path: Path, age: int, excused: bool
) -> None:
    """Not for longer by a date in the future."""
    phone, parties = tmp_path / "phone", (world.operator, world.authority)
    phone.mkdir()
    keys = {party.role: party.identity for party in parties}
    made = publish_notice(world.settings.domain, keys, 1, world.now - age, "", [])
    (phone / "notices.authority.conflict").write_bytes(made)
    faults = {(finding.role, finding.fault) for finding in audit(world, seen=(phone,)).findings}
    assert faults == (set() if excused else {(role, Fault.UNLOGGED_LIST) for role in Role})


def test_a_key_in_secret_is_found_as_far_ahead_as_one_may_be_published(world: World) -> None:
    last = world.today + 30  # the most that `publish_ahead_days` can be
    _, statement = create_epoch(world.settings.domain, Role.OPERATOR, last, world.operator.identity)
    with in_front(world, Role.OPERATOR, {}, instead={f"/v1/epochs/{last}": statement}) as urls:
        assert found(world, urls=urls) == {(Role.OPERATOR, Fault.UNLOGGED_KEY)}
