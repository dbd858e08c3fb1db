"""Test vectors of every operation of the protocol, for `spec/vectors/`.

`python -m conformance.vectors` writes them; with `--check` it fails if a file there differs. All randomness is pinned.
Intermediate values are computed here step by step, as the spec writes them, and each ends in what `protocol` makes.
"""
