"""Two commands at once that make a wallet: one of them makes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.errors import WalletError
from client.wallet import WalletFile
from service.files import write_private
from tests.support.at_once import after_meeting, at_once


def test_of_two_wallets_that_are_made_at_once_one_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "wallet.cbor"
    monkeypatch.setattr("client.wallet.write_private", after_meeting(write_private))
    made = at_once(*(lambda word=word: WalletFile.create(path, word, 1, 8192) for word in (b"one", b"other")))
    assert {*map(type, made)} == {WalletFile, WalletError}
    (kept,) = (wallet for wallet in made if isinstance(wallet, WalletFile))
    assert kept.read().account is None
