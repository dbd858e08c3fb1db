"""All parts of the benchmark, in the order in which they are measured and read."""

from __future__ import annotations

from benchmarks import (
    big,
    case,
    door_section,
    issuing_section,
    operation_section,
    peers_section,
    phone,
    rows,
    small_sections,
)

SECTIONS = {
    section.name: section
    for section in (
        operation_section.SECTION,
        peers_section.SECTION,
        small_sections.THREADS,
        issuing_section.SECTION,
        door_section.SECTION,
        small_sections.QR,
        small_sections.APPENDS,
        small_sections.SEARCHES,
        phone.SECTION,
        rows.SECTION,
        big.SECTION,
        case.SECTION,
        case.MILLION_SECTION,
        small_sections.READER,
        small_sections.PAGE,
    )
}
