"""Python and JavaScript parties in one run: what either makes, the other accepts."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from protocol.check_ins import CheckInMessage, Direction, sign_check_in, verify_check_in
from protocol.epochs import Role
from protocol.handles import (
    Handle,
    HandleGrant,
    HandleRegistration,
    IdentityRecord,
    directory_index,
    open_entry,
    seal_record,
    sign_receipt,
    verify_registration,
)
from protocol.opening import create_shares, open_release, verify_party_shares
from protocol.passes import AllowanceRequest, verify_allowance
from protocol.primitives.group import Point
from protocol.qr_text import from_qr_text, to_qr_text
from tests.support.domain import NOW, OpenEpoch, Parties, Visitor
from tests.vectors.javascript import WEB, NodeMissing, Peer, Refused, install_packages, program

ACCOUNT = bytes(range(16))


@dataclass(frozen=True)
class Enrolled:
    """A JavaScript visitor that has a handle and passes from Python's parties."""

    peer: Peer
    handle: Handle
    grant: HandleGrant
    passes: list[bytes]


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    with Peer() as running:
        yield running


@pytest.fixture(scope="module")
def enrolled(peer: Peer, parties: Parties, today: OpenEpoch) -> Enrolled:
    key = today.key
    registration = peer.call("registerHandle", today, accountId=ACCOUNT)["registration"]
    handle = verify_registration(key, ACCOUNT, HandleRegistration.from_bytes(bytes.fromhex(registration)))
    record = IdentityRecord(parties.domain.number, key.epoch, handle, "+821055554444", "변학도", key.epoch)
    signed, entry = seal_record(key, record, parties.keys[Role.OPERATOR])
    grant = HandleGrant(signed, entry, sign_receipt(key, entry, parties.keys[Role.AUTHORITY]))
    request = AllowanceRequest.from_bytes(bytes.fromhex(peer.call("requestAllowance", today)["request"]))
    answers = today.issue(verify_allowance(key, handle, request))
    passes = peer.call("acceptAnswers", today, answers=answers)["passes"]
    assert len(passes) == key.domain.allowance
    return Enrolled(peer, handle, grant, [bytes.fromhex(u) for u in passes])


def test_node_passes_every_vector() -> None:
    install_packages()
    run = subprocess.run(
        [program("node"), "--test", "test/vectors.test.js"], cwd=WEB, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout


def test_javascript_accepts_a_grant_that_python_sealed(enrolled: Enrolled, today: OpenEpoch) -> None:
    assert enrolled.peer.call("verifyGrant", today, grant=enrolled.grant) == {
        "phone": "+821055554444",
        "name": "변학도",
    }


def test_javascript_refuses_the_grant_of_another(enrolled: Enrolled, visitor: Visitor, today: OpenEpoch) -> None:
    with pytest.raises(Refused, match="InvalidEntry"):
        enrolled.peer.call("verifyGrant", today, grant=visitor.grant)
    mixed = replace(enrolled.grant, receipt=visitor.grant.receipt)
    with pytest.raises(Refused, match="InvalidReceipt"):
        enrolled.peer.call("verifyGrant", today, grant=mixed)


@pytest.mark.parametrize("direction", list(Direction))
def test_python_accepts_what_javascript_shows(enrolled: Enrolled, today: OpenEpoch, direction: Direction) -> None:
    text = enrolled.peer.call("showCheckIn", today, **{"pass": 0}, time=NOW, direction=direction)["text"]
    message = from_qr_text(text)
    assert (message.time, message.direction, message.u) == (NOW, direction, enrolled.passes[0])
    assert verify_check_in(today.key, message).epoch == today.key.epoch


def test_python_opens_what_javascript_signed(enrolled: Enrolled, parties: Parties, today: OpenEpoch) -> None:
    key = today.key

    def signed(number: int, time: int, direction: Direction, venue_id: bytes | None) -> bytes:
        made = enrolled.peer.call(
            "signCheckIn", today, **{"pass": number}, time=time, direction=direction, venueId=venue_id
        )
        return bytes.fromhex(made["message"])

    here = parties.venue.venue_id
    check_ins = [
        signed(0, NOW, Direction.ENTRY, None),
        signed(0, NOW + 600, Direction.EXIT, None),
        signed(1, NOW, Direction.ENTRY, here),
        signed(1, NOW + 600, Direction.EXIT, here),
    ]
    for encoding in check_ins:
        verify_check_in(key, CheckInMessage.from_bytes(encoding))
    warrant = parties.warrant(NOW - 3600, NOW + 3600)
    release = parties.verify(warrant, {key.epoch: key}, parties.release(warrant, {key.epoch: check_ins}))
    assert not release.set_aside
    operator, authority = (
        verify_party_shares(
            parties.domain,
            role,
            release,
            {key.epoch: key},
            create_shares(parties.domain, role, release, {key.epoch: (key, today.secrets[role])}, parties.keys[role]),
        )
        for role in Role
    )
    opened = {visit.check_in.message.u: handle for visit, handle in open_release(release, operator, authority)}
    assert opened == dict.fromkeys(enrolled.passes[:2], Point(bytes(enrolled.handle)))
    entry = enrolled.grant.entry
    assert entry.index == directory_index(key, enrolled.handle)
    assert open_entry(key, enrolled.handle, entry).name == "변학도"


@pytest.mark.parametrize("direction", list(Direction))
def test_javascript_accepts_what_python_shows_and_scans(
    peer: Peer, parties: Parties, today: OpenEpoch, visitor: Visitor, direction: Direction
) -> None:
    owned = visitor.passes[0]
    expected = {"epoch": today.key.epoch, "u": owned.public.u.hex()}
    shown = sign_check_in(today.key, owned, NOW, direction)
    assert peer.call("readCheckIn", today, text=to_qr_text(shown)) == expected
    scanned = sign_check_in(today.key, owned, NOW, direction, parties.venue.venue_id)
    assert peer.call("verifyCheckIn", today, message=scanned) == expected


def test_javascript_refuses_a_changed_check_in(
    peer: Peer, parties: Parties, today: OpenEpoch, tomorrow: OpenEpoch, visitor: Visitor
) -> None:
    shown = sign_check_in(today.key, visitor.passes[0], NOW, Direction.ENTRY)
    for error, changed in {
        "InvalidSignature": replace(shown, time=NOW + 15),
        "WrongDomain": replace(shown, domain=shown.domain ^ 1),
        "WrongEpoch": replace(shown, time=NOW + 86_400),
    }.items():
        with pytest.raises(Refused, match=error):
            peer.call("verifyCheckIn", today, message=changed)
    with pytest.raises(Refused, match="InvalidSignature"):
        peer.call("verifyCheckIn", today, message=replace(shown, venue_id=parties.venue.venue_id))
    with pytest.raises(Refused, match="WrongEpoch"):
        peer.call("verifyCheckIn", tomorrow, message=shown)
    with pytest.raises(Refused, match="MalformedText"):
        peer.call("readCheckIn", today, text=to_qr_text(shown).lower())


def test_javascript_accepts_answers_one_by_one(today: OpenEpoch) -> None:
    """A visitor of its own process, so that it does not disturb the other tests."""
    with Peer() as other:
        registration = other.call("registerHandle", today, accountId=ACCOUNT)["registration"]
        handle = verify_registration(today.key, ACCOUNT, HandleRegistration.from_bytes(bytes.fromhex(registration)))
        request = AllowanceRequest.from_bytes(bytes.fromhex(other.call("requestAllowance", today)["request"]))
        answers = today.issue(verify_allowance(today.key, handle, request))
        first, *rest = answers.answers
        spoiled = replace(answers, answers=(first[:-1] + bytes([first[-1] ^ 1]), *rest))
        assert len(other.call("acceptAnswers", today, answers=spoiled)["passes"]) == len(rest)
        with pytest.raises(Refused, match="InvalidAnswer"):
            other.call("acceptAnswers", today, answers=replace(answers, answers=tuple(rest)))


def test_javascript_accepts_a_venue_that_both_signed(peer: Peer, parties: Parties, today: OpenEpoch) -> None:
    joint = parties.both_sign(parties.venue)
    assert peer.call("verifyVenue", today, joint=joint) == {"name": parties.venue.name, "url": parties.venue.url}
    with pytest.raises(Refused, match="InvalidSignature"):
        peer.call("verifyVenue", today, joint=replace(joint, operator=joint.authority))


def test_a_missing_node_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NodeMissing, match=r"node is not installed: install Node\.js"):
        program("node")
