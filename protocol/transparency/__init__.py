"""Transparency logs: Merkle trees, tiles, signed notes, entries and witnesses. Spec: §3.11."""
