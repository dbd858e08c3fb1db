"""The spec's sections that have checks, by their titles."""

from __future__ import annotations

SECTIONS = {
    "3.1": "Group",
    "3.4": "Signatures and statements",
    "3.5": "Epochs",
    "3.6": "Handles",
    "3.7": "Passes",
    "3.8": "Check-ins",
    "3.10": "Opening",
    "3.11": "Transparency logs",
    "3.12": "Notices",
    "3.13": "Disclosures",
    "4.1": "Encoding and errors",
    "4.3": "QR text",
    "4.4": "Party requests",
    "5.1": "Conventions",
    "5.2": "Epochs, logs, disclosures and venues, at both parties",
    "5.3": "Operator",
    "5.4": "Authority",
    "5.5": "Venue",
    "6.4": "Storage and durability",
}
