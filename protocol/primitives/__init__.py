"""What the protocol is made of: a group, hashing, proofs, signatures, encoding, and the errors of them all."""
