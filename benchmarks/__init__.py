"""What each operation of the protocol costs, next to its floor and its peers: `python -m benchmarks`.

The floor of an operation is the sum of the libsodium primitives that the spec makes unavoidable. Operation, floor
and peer are measured in turn in every round, so that their ratio holds on a machine whose speed drifts.
"""
