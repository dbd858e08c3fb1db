"""What stands for a page: the bytes of its files, and of their headers those that decide what a browser does."""

from __future__ import annotations

from hashlib import sha256

import pytest

from protocol.primitives.errors import MalformedEncoding
from protocol.transparency.page_records import COVERED_HEADERS, PageFile, PageRecord, describe_file, headers_digest

PLAIN = [("X-Content-Type-Options", "nosniff"), ("Content-Type", "text/html")]


def test_a_digest_covers_the_headers_that_decide_in_their_order() -> None:
    text = "content-type: text/html\nx-content-type-options: nosniff\n"
    assert headers_digest(PLAIN) == sha256(text.encode()).digest()
    assert headers_digest([]) == sha256(b"").digest()


def test_neither_order_nor_case_of_names_nor_other_headers_matter() -> None:
    for same in (PLAIN[::-1], [("content-TYPE", "text/html"), PLAIN[0]], [*PLAIN, ("Date", "x"), ("ETag", "y")]):
        assert headers_digest(same) == headers_digest(PLAIN)


@pytest.mark.parametrize("name", COVERED_HEADERS)
def test_every_covered_header_counts_with_its_value_and_as_often_as_it_comes(name: str) -> None:
    once, other = headers_digest([(name, "a")]), headers_digest([(name, "b")])
    assert len({headers_digest([]), once, other, headers_digest([(name, "a"), (name, "a")])}) == 4
    assert headers_digest([(name, "a"), (name, "b")]) == headers_digest([(name, "b"), (name, "a")])


def test_a_file_is_described_by_its_name_content_and_headers() -> None:
    described = describe_file("index.html", b"abc", PLAIN)
    assert described == PageFile("index.html", sha256(b"abc").digest(), headers_digest(PLAIN))


def test_a_record_stands_for_its_number_and_all_its_files() -> None:
    file, other = describe_file("a", b"", []), describe_file("b", b"", [])
    records = [PageRecord(0, ()), PageRecord(1, ()), PageRecord(0, (file,)), PageRecord(0, (other,))]
    records.append(PageRecord(0, (file, other)))
    assert len({record.digest for record in records}) == len(records)
    assert PageRecord(0, ()).digest.hex() == "9afc45960cffaa54298ef009bd0d3d8bff8b58af3edd980c5a5ea9f8b7cbcf92"


def test_a_record_has_at_most_256_files_with_names() -> None:
    file = describe_file("a", b"", [])
    full = PageRecord(0, (file,) * 256)
    assert PageRecord.from_bytes(full.to_bytes()) == full
    for wrong in (PageRecord(0, (file,) * 257), describe_file("", b"", []), describe_file("a" * 129, b"", [])):
        with pytest.raises(MalformedEncoding):
            wrong.to_bytes()
