"""Notices and disclosures."""

from __future__ import annotations

from typing import Any

from protocol.disclosures import (
    DisclosedOpening,
    OpeningRecord,
    record_opening,
    sign_disclosure,
    verify_disclosure,
)
from protocol.epochs import Domain, Role
from protocol.notices import sign_notice, verify_notice
from protocol.primitives.signatures import SigningKey
from protocol.warrants import Warrant
from tests.vectors.replay import Draws, Operation


def make_notice(
    *, seed: SigningKey, number: int, time: int, advice: str, noticed: list[bytes], random: Draws, domain: Domain
) -> dict[str, Any]:
    return {"statement": sign_notice(domain, number, time, advice, noticed, seed, random)}


def check_notice(*, domain: Domain, number: int | None, statement: bytes, passes: list[bytes]) -> dict[str, Any]:
    notice = verify_notice(domain, statement, number)
    return {"advice": notice.advice, "concerned": [u for u in passes if notice.concerns(u)]}


def make_record(*, warrant: Warrant, release: bytes, opened: list[bytes], random: Draws) -> dict[str, Any]:
    return {"record": record_opening(warrant, release, opened, random)}


def check_record(*, record: OpeningRecord, passes: list[bytes]) -> dict[str, Any]:
    return {"commitment": record.commitment, "named": [u for u in passes if record.names(u)]}


def make_disclosure(
    *, seed: SigningKey, number: int, time: int, openings: list[DisclosedOpening], domain: Domain, role: Role
) -> dict[str, Any]:
    return {"statement": sign_disclosure(domain, role, number, time, tuple(openings), seed)}


def check_disclosure(*, domain: Domain, role: Role, number: int | None, statement: bytes) -> dict[str, Any]:
    return {"openings": verify_disclosure(domain, role, statement, number).openings}


OPERATIONS = {
    "notice": Operation(check_notice, make_notice),
    "opening-record": Operation(check_record, make_record),
    "disclosure": Operation(check_disclosure, make_disclosure),
}
