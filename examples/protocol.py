"""The whole protocol in memory, from two keys to one name: `python -m examples.protocol`.

Each paragraph is a step of the story. Whoever receives something verifies it first; a `verify` that finds anything
wrong raises an error. The module before a function's name is the file of `protocol/` that it is in.
"""

from random import SystemRandom
from secrets import token_bytes

from protocol import check_ins, commitments, epochs, handles, opening, passes, qr_text, releases, warrants
from protocol.check_ins import Direction
from protocol.epochs import Domain, Role
from protocol.primitives.group import B, Point
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import JointStatement, sign_statement
from protocol.transparency.merkle import CompactRange

NOW = 1_600_000_005
"""A Sunday evening in Seoul, in Unix time."""


def main() -> None:
    """Tell the story."""
    # The operator and the authority are known by their identity keys.
    operator, authority = SigningKey.generate(), SigningKey.generate()
    domain = Domain(1, public_key(operator), public_key(authority), utc_offset=9 * 3600, allowance=3)

    # Each day has a key that nobody holds: each party publishes its half and keeps the secret of that half.
    today = domain.epoch_at(NOW)
    operator_secret, operator_half = epochs.create_epoch(domain, Role.OPERATOR, today, operator)
    authority_secret, authority_half = epochs.create_epoch(domain, Role.AUTHORITY, today, authority)
    key = epochs.verify_epoch(domain, today, operator_half, authority_half)

    # A visitor draws a secret h. Its handle of the day is h * B, and it proves to the operator that it knows h.
    account_id = token_bytes(16)
    h, registration = handles.register_handle(key, account_id)
    handle = handles.verify_registration(key, account_id, registration)

    # The operator knows who the visitor is. It seals that for the authority, so that only the handle opens it.
    record = handles.IdentityRecord(domain.number, today, handle, "+821012345678", "홍길동", verified_on=today)
    signed_record, entry = handles.seal_record(key, record, operator)
    directory = {entry.index: entry}
    receipt = handles.sign_receipt(key, entry, authority)
    handles.verify_grant(key, h * B, handles.HandleGrant(signed_record, entry, receipt))

    # The visitor asks for three passes. Each is its handle, encrypted to the day's key, and the operator checks that.
    # It mixes the requests of many visitors. The authority signs them and cannot tell whose they are.
    pending, request = passes.request_allowance(key, h)
    requests = passes.verify_allowance(key, handle, request)
    mixed = SystemRandom().sample(requests, len(requests))
    signed = passes.issue_batch(key, authority_secret.pass_signing_key, passes.IssueBatch(today, tuple(mixed)))
    answer_to = dict(zip(mixed, signed.answers, strict=True))
    answers = passes.PassAnswers(tuple(answer_to[request] for request in requests))
    my_passes = passes.accept_answers(key, pending, answers)

    # At a door the phone shows a pass as a QR code. The door needs the day's key, and no network.
    code = qr_text.to_qr_text(check_ins.sign_check_in(key, my_passes[0], NOW, Direction.ENTRY))
    admitted = check_ins.verify_check_in(key, qr_text.from_qr_text(code)).message

    # Both parties have registered the venue. It commits to all that it has admitted, and does not say how much that is.
    venue_key = SigningKey.generate()
    venue = warrants.Venue(domain.number, token_bytes(16), "Club Split", "", public_key(venue_key))
    both_signed = JointStatement(sign_statement(venue, authority), sign_statement(venue, operator))
    registered = warrants.verify_venue(domain, both_signed)
    leaf = releases.ReleasedLeaf(today, admitted.time, admitted.direction, admitted.to_bytes())
    tree = commitments.append_check_ins(CompactRange(), [leaf.committed])
    committed, commitment = commitments.sign_commitment(venue, venue_key, NOW + 600, tree)
    known = {NOW + 600: commitments.verify_commitment(venue, commitment, now=NOW + 600).commitment}

    # A guest was infectious. Officers of both parties sign a warrant for this venue and these two hours.
    warrant = warrants.Warrant(
        domain=domain.number,
        warrant_id=token_bytes(16),
        venue_id=venue.venue_id,
        purpose=warrants.Purpose.OPENING,
        begins=NOW - 3600,
        ends=NOW + 3600,
        assumed_stay=0,
        legal_reference="감염병예방법 제76조의2",
        max_records=100,
        issued=NOW + 7200,
        expires=NOW + 86_400,
        discloses=NOW + 86_400,
    )
    both_signed = JointStatement(sign_statement(warrant, authority), sign_statement(warrant, operator))
    valid = warrants.verify_warrant(domain, both_signed, now=NOW + 7200)

    # The venue releases what the warrant asks for, and both parties check that it is what it was committed to.
    start = commitments.KeptCommitment(commitments.BEGINNING, CompactRange())
    released = releases.sign_release(valid, venue_key, start, [committed], [leaf])
    release = releases.verify_release(valid, registered, {today: key}, known, released)

    # Each party gives its share of the visit, and proves that it is the right one.
    given = opening.create_shares(domain, Role.OPERATOR, release, {today: (key, operator_secret)}, operator)
    operator_shares = opening.verify_party_shares(domain, Role.OPERATOR, release, {today: key}, given)
    given = opening.create_shares(domain, Role.AUTHORITY, release, {today: (key, authority_secret)}, authority)
    authority_shares = opening.verify_party_shares(domain, Role.AUTHORITY, release, {today: key}, given)

    # Both shares together give the handle, and the handle opens its entry in the directory.
    ((_, opened),) = opening.open_release(release, operator_shares, authority_shares)
    assert opened == handle
    person = handles.open_entry(key, opened, directory[handles.directory_index(key, opened)])
    print(f"{person.name} ({person.phone}) was at {venue.name}.")

    # One share alone gives a point that is nobody's handle. Once either party has erased its secret, nobody can go on.
    for alone in (operator_shares, authority_shares):
        nobody = Point(admitted.v) - alone.shares[today][admitted.u]
        assert handles.directory_index(key, nobody) not in directory
    print("Neither party could have found out alone.")


if __name__ == "__main__":
    main()
