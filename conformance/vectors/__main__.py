"""Write the test vectors, or with `--check` fail if those that are there differ."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from conformance.vectors import (
    assisted_check_ins,
    check_ins,
    encoding,
    epochs,
    group,
    handles,
    hashing,
    logs,
    notices,
    opening,
    paper_passes,
    party_requests,
    passes,
    proofs,
    releases,
    signatures,
    warrants,
)

DIRECTORY = Path(__file__).parents[2] / "spec" / "vectors"

FILES = (
    group.scalars,
    group.scalar_arithmetic,
    group.points,
    group.point_arithmetic,
    hashing.hashing,
    hashing.nonces,
    proofs.knowledge_proof,
    proofs.ownership_proof,
    proofs.encryptions_proof,
    proofs.shares_proof,
    signatures.ed25519_rule,
    signatures.signature_with_scalar,
    signatures.statements,
    epochs.epoch_statement,
    epochs.epoch_key,
    epochs.conflicting_statements,
    epochs.epochs_of_times,
    handles.handle_registration,
    handles.directory_entry,
    handles.directory_receipt,
    handles.handle_grant,
    passes.pass_request,
    passes.issuing,
    passes.issue_batches,
    passes.acceptance,
    check_ins.check_in,
    check_ins.qr_text,
    paper_passes.paper_pass,
    paper_passes.paper_check_in,
    assisted_check_ins.assisted_check_in,
    warrants.venue,
    warrants.warrant,
    releases.venue_commitment,
    releases.release,
    notices.notice,
    notices.opening_record,
    notices.disclosure,
    opening.shares,
    opening.opening,
    encoding.items,
    encoding.messages,
    party_requests.party_request,
    logs.checkpoint,
    logs.consistency,
    logs.logged_epoch,
)


@click.command(help=__doc__)
@click.option("--check", is_flag=True, help="Write nothing; name the files that differ and fail.")
def main(check: bool) -> None:
    """Write or check every file of `spec/vectors/`."""
    wanted = {f"{file.name}.json": file.to_json() for file in (make() for make in FILES)}
    present = {path.name: path.read_text("utf-8") for path in DIRECTORY.glob("*.json")}
    different = sorted(name for name in wanted | present if wanted.get(name) != present.get(name))
    if check:
        for name in different:
            click.echo(f"spec/vectors/{name} differs from what the protocol makes")
        sys.exit(bool(different))
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    for name in different:
        if name in wanted:
            (DIRECTORY / name).write_text(wanted[name], "utf-8")
        else:
            (DIRECTORY / name).unlink()
        click.echo(f"spec/vectors/{name}")


if __name__ == "__main__":
    main()
