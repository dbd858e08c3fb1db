"""What bodies are: CBOR, and problem documents. Spec: §5.1."""

from __future__ import annotations

CBOR = "application/cbor"
PROBLEM = "application/problem+json"
PROBLEM_TYPE = "urn:splitpass:problem:"
"""What the `type` of a problem document begins with; the problem's stable name follows."""
