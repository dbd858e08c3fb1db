"""Handle registration and the sealed directory."""

from __future__ import annotations

from typing import Any

from protocol.epochs import EpochKey
from protocol.handles import (
    DirectoryEntry,
    HandleGrant,
    HandleRegistration,
    IdentityRecord,
    open_entry,
    register_handle,
    seal_record,
    sign_receipt,
    verify_grant,
    verify_receipt,
    verify_registration,
)
from protocol.primitives.group import Point
from protocol.primitives.signatures import SigningKey
from tests.vectors.replay import Draws, Operation


def make_registration(*, epoch_key: EpochKey, account: bytes, random: Draws) -> dict[str, Any]:
    return {"registration": register_handle(epoch_key, account, random)[1]}


def check_registration(*, epoch_key: EpochKey, account: bytes, registration: HandleRegistration) -> dict[str, Any]:
    return {"handle": verify_registration(epoch_key, account, registration)}


def make_entry(*, epoch_key: EpochKey, seed: SigningKey, record: IdentityRecord, random: Draws) -> dict[str, Any]:
    return {"entry": seal_record(epoch_key, record, seed, random)[1]}


def check_entry(*, epoch_key: EpochKey, handle: Point, entry: DirectoryEntry) -> dict[str, Any]:
    return {"record": open_entry(epoch_key, handle, entry)}


def make_receipt(*, epoch_key: EpochKey, seed: SigningKey, entry: DirectoryEntry) -> dict[str, Any]:
    return {"receipt": sign_receipt(epoch_key, entry, seed)}


def check_receipt(*, epoch_key: EpochKey, entry: DirectoryEntry, receipt: bytes) -> None:
    verify_receipt(epoch_key, entry, receipt)


def check_grant(*, epoch_key: EpochKey, handle: Point, grant: HandleGrant) -> dict[str, Any]:
    return {"record": verify_grant(epoch_key, handle, grant)}


OPERATIONS = {
    "handle-registration": Operation(check_registration, make_registration),
    "directory-entry": Operation(check_entry, make_entry),
    "directory-receipt": Operation(check_receipt, make_receipt),
    "handle-grant": Operation(check_grant),
}
