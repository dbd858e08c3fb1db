"""The numbered steps of the spec's validations stand, with their numbers, in the code that performs them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from client import posters
from client.lists import ListSource
from escrow import shares, venues
from escrow.audit import cli as audit_command
from escrow.audit.audit import Audit
from escrow.commitments import CommitmentRegister
from escrow.log.witness import Witness
from escrow.operator.accounts import Accounts
from escrow.party import Party
from escrow.server import keep_house
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
from service.clock import PassedTime
from venue import release
from venue.gate import Gate

SPEC = Path(__file__).parents[2] / "spec"
CRYPTOGRAPHY, MESSAGES, HTTP, OPERATIONS = (
    "03-cryptography.md",
    "04-messages.md",
    "05-http-interface.md",
    "06-operations.md",
)
Source = Callable[..., object] | ModuleType

VALIDATIONS: list[tuple[str, str, list[Source]]] = [
    (CRYPTOGRAPHY, "To\ndecode 32 bytes as a point:", [group.Point.__init__]),
    (CRYPTOGRAPHY, "To decode one:", [group.Scalar.__init__]),
    (CRYPTOGRAPHY, "### Knowledge of a logarithm", [proofs.verify_knowledge]),
    (CRYPTOGRAPHY, "### Ownership of a pass request", [proofs.verify_ownership]),
    (CRYPTOGRAPHY, "### Equality of logarithms", [proofs._verify_equality]),
    (CRYPTOGRAPHY, "### One rule for Ed25519", [signatures.verify]),
    (
        CRYPTOGRAPHY,
        "To verify a statement of a given kind under a given key:",
        [statements.verify_statement, statements.verify_payload, statements._split],
    ),
    (CRYPTOGRAPHY, "To verify one:", [statements.verify_joint_statement]),
    (CRYPTOGRAPHY, "To verify a party's statement for a domain, role and epoch:", [epochs.verify_epoch_statement]),
    (CRYPTOGRAPHY, "To obtain the keys of an epoch:", [epochs.verify_epoch]),
    (CRYPTOGRAPHY, "session. The operator:", [handles.verify_registration]),
    (CRYPTOGRAPHY, "To open an entry with a handle `U`, each failure giving `InvalidEntry`:", [handles.open_entry]),
    (CRYPTOGRAPHY, "missing or wrong could not be warned, and only the visitor can notice:", [handles.verify_grant]),
    (CRYPTOGRAPHY, "The operator, for the handle that it verified", [passes.verify_allowance]),
    (CRYPTOGRAPHY, "The authority answers each 160-byte request by itself:", [passes.issue_batch, passes.issue_pass]),
    (CRYPTOGRAPHY, "The client, for each answer;", [passes.accept_answer]),
    (CRYPTOGRAPHY, "To verify a check-in against the keys of an epoch:", [check_ins.verify_check_in]),
    (
        CRYPTOGRAPHY,
        "To verify a paper pass against the keys of its epoch:",
        [paper_passes.verify_paper, paper_passes.verify_delegation],
    ),
    (
        CRYPTOGRAPHY,
        "To verify a paper check-in against the keys of an epoch:",
        [paper_check_ins.verify_paper_check_in, paper_passes.verify_delegation],
    ),
    (CRYPTOGRAPHY, "To verify one against the keys of an epoch:", [assisted_check_ins.verify_assisted]),
    (CRYPTOGRAPHY, "To open one with `S = D_operator + D_authority` (§3.10)", [assisted_check_ins.open_assisted]),
    (CRYPTOGRAPHY, "once both have, because a party", [warrants.verify_venue]),
    (CRYPTOGRAPHY, "To verify an application:", [warrants.verify_application, warrants.is_agreed]),
    (
        CRYPTOGRAPHY,
        "A door decides on a check-in as follows;",
        [Gate.decide_text, Gate.decide, Gate._label_fault, Gate._verify],
    ),
    (CRYPTOGRAPHY, "A warrant fits itself,", [warrants.Warrant.__post_init__]),
    (CRYPTOGRAPHY, "To verify a warrant at Unix time `now`:", [warrants.verify_warrant]),
    (CRYPTOGRAPHY, "To take a commitment at Unix time `now`:", [commitments.verify_commitment]),
    (
        CRYPTOGRAPHY,
        "To verify a release for a verified warrant and venue:",
        [releases.verify_release, releases._verify_leaves, releases._verify_content],
    ),
    (CRYPTOGRAPHY, "The operator, shown a `SharesRequest`", [shares.give_shares]),
    (CRYPTOGRAPHY, "To verify a party's shares for a release:", [opening.verify_party_shares]),
    (
        CRYPTOGRAPHY,
        "To verify a checkpoint of the log of a name and a key;",
        [signed_notes.parse_note, signed_notes.verify_note, signed_notes.verify_checkpoint],
    ),
    (CRYPTOGRAPHY, "proof]` (§5.2) and verifies it:", [logs.verify_logged_entry, logs.verify_logged_epoch]),
    (CRYPTOGRAPHY, "To make a notice of passes,", [notices.sign_notice]),
    (CRYPTOGRAPHY, "are lists that a client fetches and searches by itself:", [ListSource]),
    (CRYPTOGRAPHY, "To verify a notice, asked for by its number or not:", [notices.verify_notice]),
    (
        CRYPTOGRAPHY,
        "To\nverify a disclosure for a domain and role, asked for by its number or not:",
        [disclosures.verify_disclosure],
    ),
    (MESSAGES, "To decode a message of a known type;", [encoding.decode_item, encoding._codec_of.__wrapped__]),
    (MESSAGES, "To read a text:", [qr_text.from_qr_text, qr_text.decode_text]),
    (MESSAGES, "To read\na link:", [posters.read_poster]),
    (MESSAGES, "To accept one at time `now`:", [party_requests.verify_request]),
    (HTTP, "The\nwitness:", [Witness.add_checkpoint]),
    (HTTP, "An application is taken as follows,", [venues.VenueRegister.apply, venues._take_change]),
    (HTTP, "A commitment is taken as follows,", [CommitmentRegister.receive]),
    (HTTP, "For a `VerificationAnswer`:", [Accounts.verify, Accounts._spend_attempt]),
    (HTTP, "A release is given as follows:", [release.release, release.open_log]),
    (OPERATIONS, "a party MUST NOT erase by its\nclock alone:", [PassedTime.check, keep_house]),
    (OPERATIONS, "then erases, in this order:", [Party.erase]),
    (OPERATIONS, "An audit:", [Audit._follow, audit_command]),
]


@pytest.mark.parametrize(("chapter", "introduction", "functions"), VALIDATIONS)
def test_the_code_carries_the_numbers_of_the_spec(chapter: str, introduction: str, functions: list[Source]) -> None:
    text = (SPEC / chapter).read_text("utf-8")
    assert text.count(introduction) == 1
    listed = re.search(r"\n\n(1\. .*?)(?=\n\n(?!\d+\. )[^ ]|\Z)", text.split(introduction)[1], re.DOTALL)
    assert listed is not None
    steps = [int(number) for number in re.findall(r"^(\d+)\. ", listed[1], re.MULTILINE)]
    assert steps == list(range(1, len(steps) + 1))
    comments = re.findall(r"(?:# |; )[sS]teps? [^\n]*", "".join(map(inspect.getsource, functions)))
    numbers = sorted({int(number) for comment in comments for number in re.findall(r"\d+", comment)})
    assert numbers == steps
