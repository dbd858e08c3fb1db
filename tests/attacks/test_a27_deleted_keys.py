"""A27: "deleted" keys are still in the database's write-ahead log or free pages."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from client.visits import open_entry
from escrow.party import Party
from protocol.epochs import Role
from protocol.http_messages import Decision
from protocol.opening import Shares
from protocol.primitives.encoding import encode_item
from protocol.primitives.statements import statement_payload
from tests.support.contacts import contacts
from tests.support.investigations import stored_transcript
from tests.support.town import Town


def found(secrets: Iterable[bytes], *places: Path) -> list[bytes]:
    """Which of the secrets any file holds, as bytes, hexadecimal or base64."""
    contents = [path.read_bytes() for place in places for path in place.rglob("*") if path.is_file()]
    assert contents
    return [secret for secret in secrets if any(form in content for form in forms(secret) for content in contents)]


def forms(secret: bytes) -> list[bytes]:
    """How a program might have written a secret down; of base64 the part that does not depend on what is around."""
    hexadecimal = secret.hex()
    encoded = [base64.b64encode(bytes(shift) + secret)[4:-4] for shift in range(3)]
    return [secret, secret[::-1], hexadecimal.encode(), hexadecimal.upper().encode(), *encoded]


def key_material(party: Party, epoch: int) -> list[bytes]:
    """What opens an epoch, or signs its passes, and the sealed file that holds it."""
    secret = party.epochs.secret(epoch)
    sealed = sealed_file(party, epoch).read_bytes()
    seed = [] if secret.pass_seed is None else [secret.pass_seed]
    return [bytes(secret.share), *seed, sealed, sealed[len(sealed) // 2 :]]


def sealed_file(party: Party, epoch: int) -> Path:
    (path,) = party.home.rglob(f"{epoch}.secret")
    return path


def opened_town(town: Town) -> Town:
    """A day on which everything happened that a party could write down: passes, check-ins, an opening."""
    club = town.open_venue()
    for person in town.visitors("홍길동", "성춘향"):
        assert town.show(open_entry(person.visitor).text(town.now), club) is Decision.ADMITTED
    assert len(contacts(town.investigate(club))) == 2
    return town


@pytest.mark.parametrize("role", Role)
def test_a27_no_file_holds_an_erased_key(town: Town, role: Role) -> None:
    """The thief comes after the officer has erased the day, while the server still runs: it searches every byte of
    every file, the write-ahead logs among them, and what the sealed file left on the disk.

    Happened: measured on SQLite in WAL mode. Answer: secrets never enter a database; their file is overwritten and
    unlinked (§6.3).
    """
    world, epoch = opened_town(town).world, town.world.today
    party: Party = world.operator if role is Role.OPERATOR else world.authority
    material = key_material(party, epoch)
    blocks = town.directory / "blocks"  # another name of the same blocks of the disk
    os.link(sealed_file(party, epoch), blocks)
    assert found(material, party.home) == material[-2:]  # only sealed, also before
    assert list(party.home.glob("*.db-wal"))

    assert world.officer(role, "erase", str(epoch), "--yes").exit_code == 0
    assert found(material, party.home) == []
    assert set(blocks.read_bytes()) <= {0}
    assert found(material, *(home for home in town.directory.iterdir() if home.is_dir())) == []


def test_a27_the_search_of_this_file_finds_keys(town: Town) -> None:
    """The search that the parties' files pass is one that fails for a key in a database that deleted it."""
    party = town.world.operator
    share = bytes(party.epochs.secret(town.world.today).share)
    for number, form in enumerate(
        (share, share.hex().encode(), base64.b64encode(b"key=" + share), encode_item([share]))
    ):
        directory = town.directory / f"careless-{number}"
        directory.mkdir()
        (directory / "file").write_bytes(os.urandom(100) + form + os.urandom(100))
        assert found([share], directory) == [share]


@pytest.mark.parametrize("role", Role)
def test_a27_what_was_deleted_with_the_epoch_is_in_no_log(town: Town, role: Role) -> None:
    """The thief looks in the databases for what was deleted with the day: handles, which open directory entries, and
    the shares of openings, which together with a venue's records give the handles.

    Happened: as above. Answer: erasing a day should reach the write-ahead log too (§6.3, step 3).
    """
    world, epoch = opened_town(town).world, town.world.today
    party: Party = world.operator if role is Role.OPERATOR else world.authority
    if role is Role.OPERATOR:
        with world.operator.engine.begin() as connection:
            deleted = list(connection.exec_driver_sql("SELECT handle FROM handles").scalars())
    else:
        (drawn,) = world.authority.warrants.all()
        transcript = stored_transcript(world, drawn.record.warrant_id)
        statements = (transcript.operator_shares, transcript.authority_shares)
        parts = [part for one in statements for part in Shares.from_bytes(statement_payload(one)).epochs]
        deleted = [bytes(share) for part in parts for share in part.shares]
    assert len(deleted) == (2 if role is Role.OPERATOR else 4)
    assert found(deleted, party.home) == deleted
    town.world.now += 3600  # the window of the opening is over
    assert world.officer(role, "erase", str(epoch), "--yes").exit_code == 0
    assert found(deleted, party.home) == []
