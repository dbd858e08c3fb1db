"""What a source may fill, and what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.findings import MAX_FOR_PASS, MAX_FOUND, Findings, FindingsFile, FoundNotice, FoundOpening
from client.wallet import WalletFile
from protocol.primitives.encoding import MAX_MESSAGE_BYTES
from tests.client.conftest import PASSPHRASE

U, OTHER = bytes(32), bytes(31) + b"\1"


def notices(u: bytes, count: int, first: int = 0) -> tuple[FoundNotice, ...]:
    return tuple(FoundNotice(u, first + number, "검사") for number in range(count))


@pytest.fixture
def wallet(tmp_path: Path) -> WalletFile:
    return WalletFile.create(tmp_path / "wallet", PASSPHRASE, 1, 8192)


def test_a_source_says_so_much_about_a_pass_and_no_more() -> None:
    some = Findings().with_more(notices(U, MAX_FOR_PASS))
    assert (some.notices, some.left_out) == (notices(U, MAX_FOR_PASS), 0)
    assert some.with_more(notices(U, MAX_FOR_PASS)) == some
    more = some.with_more([*notices(U, 1, first=99), *notices(OTHER, 1)])
    assert (more.notices, more.left_out) == ((*some.notices, *notices(OTHER, 1)), 1)
    assert more.with_more(()).left_out == 1


def test_a_source_says_so_much_in_all_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client.findings.MAX_FOUND", 3)
    opening = FoundOpening(OTHER, bytes(16), "제76조의2")
    some = Findings().with_more([*notices(U, 2), opening])
    assert (some.notices, some.openings, some.left_out) == (notices(U, 2), (opening,), 0)
    assert some.with_more(notices(OTHER, 1)) == Findings(some.notices, some.openings, 1)


def test_two_sources_are_added_up_and_each_thing_is_there_once() -> None:
    opening = FoundOpening(U, bytes(16), "제76조의2")
    assert Findings(openings=(opening,)) + Findings(notices(U, 1), (opening,), 1) == Findings(
        notices(U, 1), (opening,), 1
    )


def test_what_is_about_other_passes_goes() -> None:
    opening = FoundOpening(OTHER, bytes(16), "제76조의2")
    both = Findings(notices(U, 1), (opening,), 1)
    assert both.about({OTHER}) == Findings((), (opening,), 1)
    assert both.about({U}) == Findings(notices(U, 1), (), 1)
    assert both.about(()) == Findings()


def test_the_most_that_is_kept_fits_what_is_read() -> None:
    notice = FoundNotice(U, 2**32 - 1, "가" * 333 + "a")
    opening = FoundOpening(U, bytes(16), "가" * 85 + "a")
    assert len(Findings((notice,) * MAX_FOUND, (opening,) * MAX_FOUND, 1).to_bytes()) + 40 <= MAX_MESSAGE_BYTES


def test_a_file_is_sealed_bound_to_its_name_and_to_its_wallet(wallet: WalletFile, tmp_path: Path) -> None:
    file = FindingsFile(tmp_path / "findings" / "notices.authority", wallet)
    assert file.read() is None
    found = Findings(notices(U, 1))
    file.write(found)
    sealed = file.path.read_bytes()
    assert (file.read(), "검사".encode() in sealed) == (found, False)
    file.path.with_name("disclosures.authority").write_bytes(sealed)
    assert FindingsFile(file.path.with_name("disclosures.authority"), wallet).read() is None
    (tmp_path / "other").mkdir()
    other = WalletFile.create(tmp_path / "other" / "wallet", PASSPHRASE, 1, 8192)
    assert FindingsFile(file.path, other).read() is None


@pytest.mark.parametrize("length", [0, 10, 30, -1])
def test_a_damaged_file_is_none(wallet: WalletFile, tmp_path: Path, length: int) -> None:
    file = FindingsFile(tmp_path / "findings" / "notices.authority", wallet)
    file.write(Findings(notices(U, 1)))
    file.path.write_bytes(file.path.read_bytes()[:length])
    assert file.read() is None
    file.path.write_bytes(wallet.seal(b"no findings", b"findings notices.authority"))
    assert file.read() is None
