"""Vectors of §3.11: what stands on record for the visitors' page."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.vectors.files import VectorFile
from protocol.transparency.page_records import COVERED_HEADERS, MAX_FILES, PageRecord, describe_file

File = tuple[str, bytes, Sequence[tuple[str, str]]]
"""A file's name, its content, and its answer's headers."""

HTML = ("Content-Type", "text/html; charset=utf-8")
POLICY = ("Content-Security-Policy", "default-src 'none'; script-src 'self'")
SNIFF = ("X-Content-Type-Options", "nosniff")
INDEX = "<!doctype html><title>방문</title>".encode()
SCRIPT = ("main-1a2b3c4d.js", b"document.title = 'SplitPass';", [("Content-Type", "text/javascript"), SNIFF])


def page_record() -> VectorFile:
    """`describe_file` and `PageRecord.digest`."""
    file = VectorFile(
        "page-record",
        "The record of the visitors' page, and the digest that the operator's log has of it",
        "§3.11",
        {
            "check.number": "the number of the page",
            "check.names": "the names of its files, in their order",
            "check.contents": "the content of each",
            "check.headers": "the headers of each one's answer as they came, with name and value",
            "result.record": "the encoding of the PageRecord",
            "result.digest": "the digest in the log entry",
        },
    )
    pages: dict[str, list[File]] = {
        "no page any more": [],
        "a file without headers or content": [("index.html", b"", [])],
        "two files": [("index.html", INDEX, [HTML, POLICY, SNIFF]), SCRIPT],
        "headers in another order and case": [
            ("index.html", INDEX, [SNIFF, POLICY, ("CONTENT-TYPE", HTML[1])]),
            SCRIPT,
        ],
        "headers that decide nothing": [("index.html", INDEX, [("Date", "now"), HTML, ("ETag", "1"), POLICY, SNIFF])],
        "a header twice": [("index.html", INDEX, [HTML, ("Link", "</b>"), ("Link", "</a>"), ("Link", "</a>")])],
        "every header that decides": [("index.html", INDEX, [(name, "1") for name in reversed(COVERED_HEADERS)])],
        "as many files as there may be": [(f"{number:03}", b"", []) for number in range(MAX_FILES)],
    }
    for number, (name, files) in enumerate(pages.items()):
        record = PageRecord(number, tuple(describe_file(*one) for one in files))
        names, contents, headers = ([one[part] for one in files] for part in range(3))
        file.accept(
            name,
            check={"number": number, "names": names, "contents": contents, "headers": headers},
            result={"record": record.to_bytes(), "digest": record.digest},
        )
    return file
