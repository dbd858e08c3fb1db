"""`admit`: somebody without a phone, whose name and number staff take down. Spec: §3.8."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli import local_time
from service.clock import unix_time
from service.errors import ConfigurationError
from venue.cli import chosen_venue, venue_option

if TYPE_CHECKING:
    from protocol.assisted_check_ins import AssertedRecord


@click.command()
@venue_option
@click.pass_obj
def admit(path: Path, venue_id: bytes | None) -> None:
    """Admit somebody without a phone.

    Asks for a name and a telephone number, which are sealed at once, so that nobody here can read them any more. Works
    without a network while the day's keys are known.
    """
    from rich.console import Console

    served = chosen_venue(path, venue_id)
    membership = served.assisted
    with Console().screen(hide_cursor=False):  # nothing of what is typed stays in the terminal's history
        record = _ask(served.home.settings.region)
    entry = served.gate.admit(membership.door, record, unix_time())
    if entry is None:
        raise ConfigurationError(
            "this door does not have the day's keys; run `python -m venue fetch` while online / "
            "이 출입문에 오늘의 키가 없습니다. 인터넷에 연결해 키를 받아 주세요"
        )
    message = entry.message
    click.echo(
        f"ADMITTED  {local_time(message.time, membership.pinned.domain.utc_offset)}: sealed in "
        f"{len(message.to_bytes())} bytes under {bytes(message.u).hex()[:16]}…, and kept nowhere else\n"
        "입장 처리되었습니다. 이름과 전화번호는 봉인되어 여기서는 아무도 볼 수 없습니다."
    )


def _ask(region: str) -> AssertedRecord:
    """What was typed, once staff say that it is right."""
    from protocol.assisted_check_ins import AssertedRecord

    while True:
        name = click.prompt("Name / 이름", value_proc=_name)
        phone = click.prompt("Phone number / 전화번호", value_proc=partial(_phone, region))
        if click.confirm(f"{name}, {phone}: is this right? / 맞습니까?"):
            return AssertedRecord(name, phone)


def _name(text: str) -> str:
    from service.names import canonical_name, fault_of

    name = canonical_name(text)
    if fault := fault_of(name):
        raise click.BadParameter(fault)
    return name


def _phone(region: str, text: str) -> str:
    from service.phone_numbers import international_number, is_assigned

    phone = international_number(text, region)
    if phone is None or not is_assigned(phone):
        raise click.BadParameter(
            "this is no telephone number / 전화번호를 확인해 주세요. 예: 010-1234-5678, +82 10-1234-5678"
        )
    return phone
