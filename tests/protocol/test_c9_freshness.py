"""C9: a label's time decides its epoch, never a reader's clock; an exit stays in its entry's epoch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.check_ins import TIME_STEP, Direction, possible_epochs, sign_check_in, verify_check_in
from protocol.epochs import EPOCH_SECONDS, MAX_STAY, Domain
from protocol.primitives.errors import Rejected, WrongEpoch
from tests.support.domain import NOW, TODAY, OpenEpoch, Parties, Visitor, enrol, found_domain, open_epoch

offsets = st.integers(-50_400, 50_400)
times = st.integers(EPOCH_SECONDS, 2**32 - 1)
MIDNIGHT = 86_400 * TODAY - 32_400
"""The Unix time at which the epoch after yesterday begins in Seoul."""


def domain_with(parties: Parties, offset: int) -> Domain:
    pinned = parties.domain
    return Domain(pinned.number, pinned.operator_key, pinned.authority_key, offset, pinned.allowance)


@given(time=times, offset=offsets)
def test_c9_an_epoch_is_a_day_of_the_domains_own_time(parties: Parties, time: int, offset: int) -> None:
    domain = domain_with(parties, offset)
    epoch = domain.epoch_at(time)
    assert domain.epoch_begins(epoch) <= time < domain.epoch_begins(epoch + 1)
    assert domain.epoch_at(domain.epoch_begins(epoch)) == epoch
    assert domain.epoch_at(domain.epoch_begins(epoch) - 1) == epoch - 1


@given(time=times, offset=offsets)
def test_c9_an_entry_belongs_to_one_epoch_and_an_exit_to_that_of_any_entry_before_it(
    parties: Parties, time: int, offset: int
) -> None:
    domain = domain_with(parties, offset)
    assert list(possible_epochs(domain, time, Direction.ENTRY)) == [domain.epoch_at(time)]
    of_entries = {domain.epoch_at(entered) for entered in (time - MAX_STAY, time - MAX_STAY // 2, time)}
    assert set(possible_epochs(domain, time, Direction.EXIT)) == of_entries


@given(minutes=st.integers(0, 24 * 60), offset=offsets)
def test_c9_an_exit_may_be_up_to_twelve_hours_after_midnight(parties: Parties, minutes: int, offset: int) -> None:
    domain = domain_with(parties, offset)
    midnight = domain.epoch_begins(TODAY)
    epochs = possible_epochs(domain, midnight + 60 * minutes, Direction.EXIT)
    assert (TODAY - 1 in epochs) is (minutes < 12 * 60)
    assert (TODAY in epochs) is True
    assert TODAY - 2 not in epochs
    assert TODAY + 1 not in epochs or minutes == 24 * 60


@given(time=st.integers(NOW - 3600, NOW + 3600))
def test_c9_a_label_time_is_rounded_down_to_its_step(today: OpenEpoch, visitor: Visitor, time: int) -> None:
    message = sign_check_in(today.key, visitor.passes[0], time, Direction.ENTRY)
    assert message.time % TIME_STEP == 0
    assert 0 <= time - message.time < TIME_STEP
    assert verify_check_in(today.key, message)


@given(step=st.integers(-6000, 6000), direction=st.sampled_from(Direction))
def test_c9_a_check_in_verifies_in_the_epochs_that_its_label_allows(
    parties: Parties,
    today: OpenEpoch,
    tomorrow: OpenEpoch,
    visitor: Visitor,
    visitor_tomorrow: Visitor,
    step: int,
    direction: Direction,
) -> None:
    """Around the midnight between two epochs, with passes of both."""
    time = parties.domain.epoch_begins(TODAY + 1) + TIME_STEP * step
    for epoch, person in ((today, visitor), (tomorrow, visitor_tomorrow)):
        message = sign_check_in(epoch.key, person.passes[0], time, direction)
        if epoch.key.epoch in possible_epochs(parties.domain, time, direction):
            assert verify_check_in(epoch.key, message).epoch == epoch.key.epoch
        else:
            with pytest.raises(WrongEpoch):
                verify_check_in(epoch.key, message)
        other = tomorrow if epoch is today else today
        with pytest.raises(Rejected):
            verify_check_in(other.key, message)


@pytest.mark.parametrize("offset", [-50_400, -12_600, 0, 20_700, 32_400, 50_400])
def test_c9_midnight_is_the_domains_midnight(offset: int) -> None:
    parties = found_domain(utc_offset=offset, allowance=1)
    epoch = open_epoch(parties, TODAY)
    owned = enrol(parties, epoch, "홍길동", "+821012345678").passes[0]
    begins, ends = parties.domain.epoch_begins(TODAY), parties.domain.epoch_begins(TODAY + 1)
    for time, direction, accepted in (
        (begins, Direction.ENTRY, True),
        (begins - TIME_STEP, Direction.ENTRY, False),
        (begins - TIME_STEP, Direction.EXIT, False),
        (ends - TIME_STEP, Direction.ENTRY, True),
        (ends, Direction.ENTRY, False),
        (ends, Direction.EXIT, True),
        (ends + MAX_STAY - TIME_STEP, Direction.EXIT, True),
        (ends + MAX_STAY, Direction.EXIT, False),
    ):
        message = sign_check_in(epoch.key, owned, time, direction)
        if accepted:
            assert verify_check_in(epoch.key, message).epoch == TODAY
        else:
            with pytest.raises(WrongEpoch):
                verify_check_in(epoch.key, message)
