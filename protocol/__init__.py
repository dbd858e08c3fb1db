"""The SplitPass protocol: pure functions over checked types.

Nothing here reads a clock, a file or a socket, and randomness is an argument. Each module implements one
section of `spec/03-cryptography.md` and imports only modules that stand before it:

`errors · group · encoding · transcript → proofs · signatures → statements → epochs → handles → passes →
checkins → warrants → notices → disclosures → opening → exchanges → entries → logs`; `requests` and `qrtext` stand
beside them, `merkle` by itself, and `tiles`, `notes` and `witnessing` are the formats of logs in general.
"""
