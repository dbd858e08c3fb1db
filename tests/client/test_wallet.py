from __future__ import annotations

import shutil
import stat
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from filelock import FileLock

from client.errors import WalletError
from client.wallet import SealedWallet, WalletFile
from client.wallet_contents import (
    MAX_DAYS,
    MAX_PAPERS,
    MAX_PASSES,
    MAX_PAST,
    MAX_VISITS,
    Account,
    Day,
    Paper,
    PastPass,
    PendingHandle,
    StoredPass,
    Visit,
    Wallet,
)
from protocol.epochs import MAX_STAY
from protocol.handles import register_handle
from protocol.http_messages import Decision, Session
from protocol.primitives.encoding import MAX_MESSAGE_BYTES
from protocol.primitives.group import Scalar
from protocol.primitives.signatures import SigningKey, public_key
from protocol.warrants import Venue
from service.passphrase import Passphrase
from tests.client.conftest import NAME, PASSPHRASE, PHONE
from tests.support.domain import NOW, TODAY, OpenEpoch, Parties
from tests.support.domain import Visitor as Person

LIMITS = (1, 8192)
DAY = 86_400


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "wallet"


@pytest.fixture
def contents(today: OpenEpoch, visitor: Person) -> Wallet:
    """A wallet with something of everything."""
    h, registration = register_handle(today.key, visitor.account_id)
    first, second, third = map(StoredPass.of, visitor.passes)
    return Wallet(
        Account(PHONE, NAME, Session(visitor.account_id, bytes(range(32)))),
        (Day(TODAY, NOW, None, (first,), 1), Day(TODAY + 1, NOW, PendingHandle(h, registration, 1), (), None)),
        (Visit(TODAY, second.u, bytes(range(16)), NOW, None, None, None, second),),
        (Paper(TODAY, third.u),),
        (PastPass(TODAY - 30, bytes(range(32))),),
    )


def filled(path: Path, contents: Wallet) -> WalletFile:
    wallet = WalletFile.create(path, PASSPHRASE, *LIMITS)
    wallet.update(lambda _: (contents, None))
    return wallet


def test_what_was_saved_is_read_again(path: Path, contents: Wallet) -> None:
    filled(path, contents)
    assert WalletFile.open(path, PASSPHRASE).read().to_bytes() == contents.to_bytes()


def test_what_an_interrupted_write_left_goes_with_the_next_one(path: Path, contents: Wallet) -> None:
    wallet = filled(path, contents)
    shutil.copy(path, path.with_name(".wallet.0badc0de.tmp"))
    wallet.update(lambda kept: (kept, None))
    assert {file.name for file in path.parent.iterdir()} == {"wallet", "wallet.lock"}


def test_only_the_owner_may_read_any_file(path: Path, contents: Wallet) -> None:
    filled(path, contents)
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_nothing_is_in_the_clear(path: Path, contents: Wallet) -> None:
    filled(path, contents)
    assert contents.account is not None
    assert contents.days[1].pending is not None
    secrets = [
        PHONE.encode(),
        NAME.encode(),
        PASSPHRASE,
        contents.account.session.token,
        bytes(contents.days[1].pending.h),
        bytes(contents.days[0].passes[0].r),
        contents.days[0].passes[0].u,
        contents.visits[0].u,
    ]
    assert all(secret in contents.to_bytes() for secret in secrets if secret != PASSPHRASE)
    on_disk = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert not any(secret in on_disk for secret in secrets)


def test_two_saves_of_the_same_contents_differ(path: Path, contents: Wallet) -> None:
    wallet = filled(path, contents)
    before = path.read_bytes()
    wallet.update(lambda same: (same, None))
    assert path.read_bytes() != before


def test_printing_shows_nothing(path: Path, contents: Wallet) -> None:
    wallet = filled(path, contents)
    shown = repr(
        [
            contents,
            contents.account,
            *contents.days,
            *contents.visits,
            *contents.papers,
            contents.days[1].pending,
            wallet,
        ]
    )
    shown += repr(contents.days[0].passes)
    for secret in (PHONE, NAME, PASSPHRASE.decode(), contents.visits[0].u.hex(), repr(contents.visits[0].u)):
        assert secret not in shown


@pytest.mark.parametrize("passphrase", [b"", b"Correct horse battery staple", PASSPHRASE + b"\n"])
def test_a_wrong_passphrase_is_refused(path: Path, contents: Wallet, passphrase: bytes) -> None:
    filled(path, contents)
    before = path.read_bytes()
    with pytest.raises(WalletError, match="passphrase is wrong"):
        WalletFile.open(path, passphrase)
    assert path.read_bytes() == before


def test_a_truncated_file_is_refused_and_left_alone(path: Path, contents: Wallet) -> None:
    wallet = filled(path, contents)
    whole = path.read_bytes()
    for length in [0, 1, 20, 60, len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(WalletError, match="damaged"):
            WalletFile.open(path, PASSPHRASE)
        with pytest.raises(WalletError, match="damaged"):
            wallet.update(lambda _: (contents, None))
        assert path.read_bytes() == whole[:length]


def test_every_changed_byte_is_noticed(path: Path, contents: Wallet) -> None:
    wallet = filled(path, contents)
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(WalletError):
            wallet.read()


def test_the_header_is_authenticated(path: Path, contents: Wallet) -> None:
    """Cheaper limits with the same key are refused: the ciphertext belongs to its header."""
    wallet = filled(path, contents)
    file = SealedWallet.from_bytes(path.read_bytes())
    changed = replace(file.header, operations=2)
    wallet._header = changed
    path.write_bytes(replace(file, header=changed).to_bytes())
    with pytest.raises(WalletError):
        wallet.read()


def test_a_header_cannot_ask_for_all_memory(path: Path, contents: Wallet) -> None:
    filled(path, contents)
    file = path.read_bytes()
    asking = file.replace(bytes.fromhex("192000"), bytes.fromhex("1b0000100000000000"), 1)
    assert asking != file
    path.write_bytes(asking)
    with pytest.raises(WalletError, match="damaged"):
        WalletFile.open(path, PASSPHRASE)


def test_another_wallet_in_its_place_is_noticed(path: Path, contents: Wallet) -> None:
    wallet = filled(path, contents)
    path.unlink()
    filled(path, contents)
    with pytest.raises(WalletError, match="replaced"):
        wallet.update(lambda same: (same, None))


def test_a_wallet_is_never_overwritten(path: Path, contents: Wallet) -> None:
    filled(path, contents)
    with pytest.raises(WalletError, match="never overwritten"):
        WalletFile.create(path, PASSPHRASE, *LIMITS)
    assert WalletFile.open(path, PASSPHRASE).read().to_bytes() == contents.to_bytes()


def test_a_missing_wallet_says_what_to_do(path: Path) -> None:
    with pytest.raises(WalletError, match="run enrol"):
        WalletFile.open(path, PASSPHRASE)


def test_a_change_that_fails_changes_nothing(path: Path, contents: Wallet) -> None:
    wallet = filled(path, contents)
    before = path.read_bytes()

    def fail(_: Wallet) -> tuple[Wallet, None]:
        raise WalletError("no")

    with pytest.raises(WalletError, match="no"):
        wallet.update(fail)
    assert path.read_bytes() == before
    wallet.update(lambda same: (same, None))


def test_a_wallet_in_use_is_waited_for_and_then_given_up(path: Path, contents: Wallet) -> None:
    wallet = filled(path, contents)
    wallet._lock.timeout = 0
    with FileLock(path.with_suffix(".lock")), pytest.raises(WalletError, match="another command"):
        wallet.update(lambda same: (same, None))
    wallet.update(lambda same: (same, None))


def test_contents_of_another_version_are_refused(path: Path, contents: Wallet) -> None:
    wallet = filled(path, contents)
    header = SealedWallet.from_bytes(path.read_bytes()).header
    sealed = bytes(wallet._box.encrypt(b"\x80", header.to_bytes()))
    path.write_bytes(SealedWallet(header, sealed).to_bytes())
    with pytest.raises(WalletError, match="another version"):
        wallet.read()


def test_changes_from_two_sides_are_all_kept(path: Path, contents: Wallet) -> None:
    filled(path, replace(contents, visits=()))
    visit = contents.visits[0]

    def add(mine: Visit, known: Wallet) -> tuple[Wallet, None]:
        return known.with_visits(mine), None

    def visit_often(side: int) -> None:
        wallet = WalletFile.open(path, PASSPHRASE)
        for number in range(20):
            wallet.update(partial(add, replace(visit, u=bytes([side, number]) + bytes(30))))

    threads = [threading.Thread(target=visit_often, args=(side,)) for side in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.u for one in WalletFile.open(path, PASSPHRASE).read().visits}) == 40


def largest(pending: PendingHandle) -> Wallet:
    """A wallet that is as large as one within its limits can be."""
    stored = StoredPass(bytes(128), Scalar(bytes(31) + b"\1"))
    venue = Venue(255, bytes(16), "가" * 42 + "aa", "u" * 256, public_key(SigningKey(bytes(32))))
    late, u = 2**32 - 1, bytes(32)
    visit = Visit(late, u, bytes(16), late, venue, Decision.NO_ENTRY, late, stored)
    return Wallet(
        Account("+" + "8" * 15, "가" * 42 + "aa", Session(bytes(16), bytes(32))),
        (Day(late, late, pending, (stored,) * MAX_PASSES, MAX_PASSES),) * MAX_DAYS,
        (visit,) * MAX_VISITS,
        (Paper(late, u),) * MAX_PAPERS,
        (PastPass(late, u),) * MAX_PAST,
    )


def test_the_largest_wallet_fits_what_is_read(contents: Wallet) -> None:
    pending = contents.days[1].pending
    assert pending is not None
    encoding = largest(pending).to_bytes()
    assert len(encoding) > 10 * 2**20
    header = Passphrase.new(16, 2**30)
    assert len(SealedWallet(header, encoding + bytes(40)).to_bytes()) <= MAX_MESSAGE_BYTES


def test_what_is_too_much_never_hinders_a_pass_from_being_marked_as_used(
    path: Path, contents: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest goes; of a visit and a paper the pass stays, among those that are past."""
    for name, limit in (("DAYS", 3), ("VISITS", 4), ("PAPERS", 3), ("PAST", 6)):
        monkeypatch.setattr(f"client.wallet_contents.MAX_{name}", limit)
    (visit,), (paper,), (past,), (day, _) = contents.visits, contents.papers, contents.past, contents.days
    newest = replace(visit, u=bytes(31) + b"\7")
    wallet = filled(path, contents)
    full = replace(
        contents,
        days=(day, *(replace(day, epoch=TODAY + 1 + number) for number in range(3))),
        visits=(visit,) * 5,
        papers=(paper,) * 5,
        past=(past,) * 6,
    )
    wallet.update(lambda _: (replace(full, visits=(*full.visits, newest)), None))
    kept = wallet.read()
    assert (len(kept.visits), len(kept.papers), len(kept.past)) == (4, 3, 6)
    assert kept.visits[-1] == newest
    assert kept.past[-4:] == (*[PastPass(TODAY, paper.u)] * 2, *[PastPass(TODAY, visit.u)] * 2)
    assert [one.epoch for one in kept.days] == [TODAY, TODAY + 1, TODAY + 2]


def test_what_expired_is_dropped(parties: Parties, contents: Wallet) -> None:
    def after(seconds: int) -> Wallet:
        return contents.without_expired(parties.domain, NOW + seconds, retention_days=28, memory_days=120)

    assert after(0).to_bytes() == contents.to_bytes()
    assert after(MAX_STAY).visits[0].exit_pass is not None
    assert after(MAX_STAY + 1).visits[0].exit_pass is None
    assert [day.epoch for day in after(DAY).days] == [TODAY + 1]
    assert after(2 * DAY).days == ()
    assert len(after(28 * DAY).visits) == 1
    assert after(28 * DAY + 1).visits == ()
    ends = parties.domain.epoch_begins(TODAY + 1) - NOW
    assert len(after(ends + 28 * DAY).papers) == 1
    assert after(ends + 28 * DAY + 1).papers == ()
    assert {one.u for one in after(ends + 28 * DAY + 1).past} == {
        bytes(range(32)),
        contents.visits[0].u,
        contents.papers[0].u,
    }
    assert len(after(ends + 120 * DAY).past) == 2
    assert after(ends + 120 * DAY + 1).past == ()
    assert (
        bytes(contents.days[1].pending.h if contents.days[1].pending else Scalar.random())
        not in after(2 * DAY).to_bytes()
    )
