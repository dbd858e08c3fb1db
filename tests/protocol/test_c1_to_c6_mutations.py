"""Every message starts out accepted; whatever is done to its bytes, its receiver refuses it.

Each case's name begins with the claim that the message's integrity serves.
"""

from __future__ import annotations

import cbor2
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from protocol.primitives.statements import TAG_18
from tests.protocol.mutations import exchanged, flipped, lax_encodings
from tests.support.visit import AcceptedMessage, accepted_messages, accepts, other_visits, recorded_visit

ACCEPTED = accepted_messages(recorded_visit())
CBOR = [case for case in ACCEPTED if case.name not in {"qr-text", "paper-text"}]
SLOWLY_JUDGED = {"pass-answers", "allowance-request", "issue-batch", "handle-grant", "opening-transcript"}
"""Of these one bit of every byte is flipped instead of all eight."""

every_message = pytest.mark.parametrize("case", ACCEPTED, ids=str)
every_cbor_message = pytest.mark.parametrize("case", CBOR, ids=str)


@every_message
def test_the_message_itself_is_accepted(case: AcceptedMessage) -> None:
    assert accepts(case.judge, case.message)


@every_message
def test_every_flipped_bit_is_refused(case: AcceptedMessage) -> None:
    bits = range(3, 4) if case.name in SLOWLY_JUDGED else range(8)
    assert [changed for changed in flipped(case.message, bits) if accepts(case.judge, changed)] == []


@every_message
@given(data=st.data())
def test_replaced_inserted_and_deleted_bytes_are_refused(case: AcceptedMessage, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(case.message)))
    end = data.draw(st.integers(start, len(case.message)))
    changed = case.message[:start] + data.draw(st.binary(max_size=64)) + case.message[end:]
    assume(changed != case.message)
    assert not accepts(case.judge, changed)


@every_message
def test_truncated_and_extended_messages_are_refused(case: AcceptedMessage) -> None:
    for length in range(len(case.message)):
        assert not accepts(case.judge, case.message[:length])
    for trailing in (b"\x00", b"\xf6", b"\xff", b"\n", case.message):
        assert not accepts(case.judge, case.message + trailing)


@pytest.mark.parametrize("respect", ["visitor", "epoch", "domain"])
@every_cbor_message
def test_every_field_of_another_session_is_refused(case: AcceptedMessage, respect: str) -> None:
    [other] = [accepted for accepted in accepted_messages(other_visits()[respect]) if accepted.name == case.name]
    assert accepts(other.judge, other.message)
    assert [changed for changed in exchanged(case.message, other.message) if accepts(case.judge, changed)] == []


@every_cbor_message
def test_the_same_message_of_another_domain_is_refused(case: AcceptedMessage) -> None:
    [other] = [accepted for accepted in accepted_messages(other_visits()["domain"]) if accepted.name == case.name]
    assert not accepts(case.judge, other.message)


@every_cbor_message
def test_every_lax_encoding_is_refused(case: AcceptedMessage) -> None:
    prefix = TAG_18 if case.message[:1] == TAG_18 else b""
    item = cbor2.loads(case.message.removeprefix(prefix))
    assert [changed for changed in lax_encodings(item) if accepts(case.judge, prefix + changed)] == []
