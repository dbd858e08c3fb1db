"""The SplitPass protocol: pure functions over checked types.

Nothing here reads a clock, a file or a socket. Randomness is an argument, and `secure_random` unless it is given.
`primitives/` holds what the cryptography is made of, `transparency/` the logs. Each file beside them implements one
part of `spec/03-cryptography/`, in the order of its sections:

`epochs · handles · passes · check_ins · qr_text · paper_passes · paper_check_ins · assisted_check_ins · any_check_in ·
deliveries · visits · warrants · commitments · releases · opening · notices · disclosures`

`party_requests` and `http_messages` hold what servers send each other besides. The import contracts in
`pyproject.toml` say which file may import which.
"""

SPEC_REVISION = 2
"""The revision of the specification that this program implements; `spec/CHANGES.md` lists them."""
