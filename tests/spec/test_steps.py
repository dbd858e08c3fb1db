"""The numbered steps of the spec's validations stand, with their numbers, in the code that performs them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from types import ModuleType

import pytest

from client import posters, timing
from client.lists import ListSource
from escrow import custody, shares, venues
from escrow.audit import checks as audit_checks
from escrow.audit.audit import Audit
from escrow.commitments import CommitmentRegister
from escrow.desk import passkeys
from escrow.epochs import Epochs
from escrow.housekeeping import keep_house
from escrow.log.witness import Witness
from escrow.operator.accounts import Accounts
from escrow.operator.notices import give_notice
from escrow.operator.signed_notices import SignedNotices
from protocol import (
    assisted_check_ins,
    check_ins,
    commitments,
    disclosures,
    epochs,
    handles,
    notices,
    opening,
    paper_check_ins,
    paper_passes,
    party_requests,
    passes,
    qr_text,
    releases,
    warrants,
)
from protocol.primitives import encoding, group, proofs, signatures, statements
from protocol.transparency import logs, signed_notes
from service.confirmed_time import ConfirmedTime
from tests.spec.text import CHAPTERS, procedures
from venue import duty, gate, release, store
from venue.deliveries import Deliveries
from venue.gate import Gate
from venue.pairing import Pairings

Source = Callable[..., object] | ModuleType

PROCEDURES: list[list[Source]] = [
    [group.Point.__init__],
    [group.Scalar.__init__],
    [proofs.verify_knowledge],
    [proofs.verify_ownership],
    [proofs._verify_equality],
    [signatures.verify],
    [statements.verify_statement, statements.verify_payload, statements._split],
    [statements.verify_joint_statement],
    [epochs.create_epoch],
    [epochs.verify_epoch_statement],
    [epochs.verify_epoch],
    [handles.verify_registration],
    [handles.open_entry],
    [handles.verify_grant],
    [timing.draw_time],
    [passes.verify_allowance],
    [passes.issue_batch, passes.issue_pass],
    [passes.accept_answer],
    [check_ins.verify_check_in],
    [Gate.decide_text, Gate.judge, Gate._label_fault, gate._verify, store.decide_all, store.spend_all],
    [Deliveries.take, Deliveries._judge, Deliveries._decide],
    [paper_passes.print_pass],
    [paper_passes.verify_paper, paper_passes.verify_delegation],
    [paper_check_ins.verify_paper_check_in, paper_passes.verify_delegation],
    [assisted_check_ins.seal_assisted],
    [assisted_check_ins.verify_assisted],
    [assisted_check_ins.open_assisted],
    [warrants.verify_venue],
    [warrants.verify_application, warrants.is_agreed],
    [warrants.Warrant.__post_init__],
    [warrants.verify_warrant],
    [duty.is_held, duty.out_of_touch],
    [commitments.verify_commitment],
    [
        releases.verify_release,
        releases._read_release,
        releases._verify,
        releases._verify_leaves,
        releases._read_content,
    ],
    [releases.deciding_commitments, releases._deciding],
    [releases.judge_release],
    [shares.give_shares, shares.record_and_share],
    [opening.judge_shares, opening._judge],
    [opening.verify_party_shares, opening._read_shares, opening._verify_shares],
    [signed_notes.verify_checkpoint, signed_notes.verify_note, signed_notes.parse_note],
    [logs.verify_logged_epoch, logs.verify_logged_entry],
    [notices.list_passes],
    [give_notice, SignedNotices],
    [notices.verify_notice_answer],
    [notices.verify_notice],
    [ListSource.follow, ListSource],
    [disclosures.verify_disclosure],
    [encoding.Message.from_bytes, encoding.decode_item, encoding._codec_of.__wrapped__],
    [qr_text.from_qr_text, qr_text.decode_text],
    [posters.read_poster, posters.fetch_poster],
    [party_requests.verify_request],
    [Witness.add_checkpoint],
    [venues.VenueRegister.apply, venues.VenueRegister._take_change],
    [CommitmentRegister.receive],
    [Accounts.verify, Accounts._spend_attempt],
    [Pairings.use],
    [release.release, release.open_log],
    [ConfirmedTime.check, keep_house],
    [Epochs.erase],
    [custody.split_keys],
    [Audit.run, Audit._follow, audit_checks],
    [passkeys.verify_vote],
]
"""The functions that carry the steps of one procedure; it has the name of the first."""

UNNAMED = {"02-threat-model.md": 1, "06-operations.md": 1, "07-limits.md": 1}
"""Numbered lists that no program performs: the known limits, how people restore a machine, and the sources."""


def name(function: Source) -> str:
    """The function's name, that of its class in front of a method's; a class is what decodes its instances."""
    assert not isinstance(function, ModuleType)
    return ".".join(
        part for part in inspect.unwrap(function).__qualname__.split(".") if not part.startswith("__")
    ).removeprefix("_")


def test_every_numbered_list_is_a_named_procedure() -> None:
    lists = {path: len(re.findall(r"^1\. ", text, re.MULTILINE)) for path, text in CHAPTERS.items()}
    assert sum(lists.values()) == len(procedures()) + sum(UNNAMED.values())
    assert all(lists[path] >= count for path, count in UNNAMED.items())


def test_the_procedures_are_those_of_the_code() -> None:
    assert [named for named, _ in procedures()] == [name(functions[0]) for functions in PROCEDURES]


@pytest.mark.parametrize("functions", PROCEDURES, ids=[name(functions[0]) for functions in PROCEDURES])
def test_the_code_carries_the_numbers_of_the_spec(functions: list[Source]) -> None:
    steps = [int(number) for number in re.findall(r"^(\d+)\. ", dict(procedures())[name(functions[0])], re.MULTILINE)]
    assert steps == list(range(1, len(steps) + 1))
    comments = re.findall(r"(?:# |; )[sS]teps? [^\n]*", "".join(map(inspect.getsource, functions)))
    numbers = sorted({int(number) for comment in comments for number in re.findall(r"\d+", comment)})
    assert numbers == steps
