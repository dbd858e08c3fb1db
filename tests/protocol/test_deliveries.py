"""What a reader delivers, and which labels may be in it (§3.8)."""

from __future__ import annotations

import pytest

from protocol.deliveries import MAX_DELIVERY, Delivery, DeliveryAnswer, Duty, Pairing, delivered_label_fault
from protocol.http_messages import Decision
from protocol.primitives.errors import MalformedEncoding
from protocol.releases import COMMITMENT_DELAY, MAX_RELEASED_CHECK_IN
from tests.support.domain import NOW

TOLERANCE = 30


@pytest.mark.parametrize(
    ("time", "fault"),
    [
        (NOW, None),
        (NOW - TOLERANCE, None),
        (NOW - TOLERANCE - 1, Decision.TOO_OLD),
        (NOW + 600 + TOLERANCE, None),
        (NOW + 600 + TOLERANCE + 1, Decision.TOO_EARLY),
    ],
)
def test_a_label_is_between_the_last_contact_and_now(time: int, fault: Decision | None) -> None:
    assert delivered_label_fault(time, NOW, NOW + 600, TOLERANCE) is fault


@pytest.mark.parametrize(("age", "fault"), [(COMMITMENT_DELAY, None), (COMMITMENT_DELAY + 1, Decision.TOO_OLD)])
def test_a_label_is_at_most_a_day_old(age: int, fault: Decision | None) -> None:
    assert delivered_label_fault(NOW - age, 0, NOW, TOLERANCE) is fault


def test_a_delivery_and_its_answer_have_their_limits() -> None:
    longest = bytes(MAX_RELEASED_CHECK_IN)
    full = Delivery(2**32 - 1, Duty.ON, (longest,) * MAX_DELIVERY)
    assert Delivery.from_bytes(full.to_bytes()) == full
    assert DeliveryAnswer.from_bytes(DeliveryAnswer(NOW, ()).to_bytes()) == DeliveryAnswer(NOW, ())
    for check_ins in ((longest,) * (MAX_DELIVERY + 1), (longest + b"\0",), (b"",)):
        with pytest.raises(MalformedEncoding):
            Delivery(0, Duty.OFF, check_ins).to_bytes()
    with pytest.raises(MalformedEncoding):
        DeliveryAnswer(NOW, (Decision.ADMITTED,) * (MAX_DELIVERY + 1)).to_bytes()


def test_a_pairing_shows_nothing_of_itself() -> None:
    assert repr(Pairing(bytes(16), bytes(32))) == "Pairing(hidden)"
