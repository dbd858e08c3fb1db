"""What the person who runs a program has to set right. Spec: §6.1."""

from __future__ import annotations


class ConfigurationError(Exception):
    """What the person who runs this has to set right; the text says how."""
