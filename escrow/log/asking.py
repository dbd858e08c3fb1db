"""How a witness is asked, by a log and by an audit alike (C2SP tlog-witness). Spec: §3.11, §5.2."""

from __future__ import annotations

WITNESS_SECONDS = 15
"""How long a witness may take: somebody may be waiting for the proof."""
SIZE = "text/x.tlog.size"
"""The media type with which a witness says what it cosigned last."""
